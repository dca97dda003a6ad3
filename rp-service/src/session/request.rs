use std::future::Future;

use super::SessionData;
use crate::store::StoreError;

/// The session of a request, as whoever keeps sessions hands it to the service.
///
/// What a ceremony verified changes two things, which two stores may keep: an account or a counter, and a session.
/// So the new session is kept first, under an identifier that no browser knows ([`RequestSession::open`]); then
/// what was verified is stored, in one call of its store; and only then may a browser learn the identifier. Wherever
/// that breaks off, nothing was changed that anybody can reach: what remains at most is a session that nobody
/// can name, until its time is up.
///
/// The session that the browser had ends after that. It is worth no more than it was before, so where it cannot
/// be ended the answer stands, and the operator is told.
pub trait RequestSession: Send + Sync {
    /// What it holds of a sign-in.
    fn data(&self) -> Option<&SessionData>;

    /// Keeps a new session that holds this beside what the session holds already, or alone where another account is
    /// signed in than before ([`SessionChange::clears`](crate::SessionChange::clears)). Called once at most.
    ///
    /// # Errors
    /// [`StoreError`]; the request is refused then, and nothing is stored.
    fn open(&self, data: &SessionData) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Drops the new session, if one was opened: what it was opened for was refused.
    fn abandon(&self) -> impl Future<Output = ()> + Send;

    /// Ends the session that the browser has.
    ///
    /// # Errors
    /// [`StoreError`]; nobody is signed out then.
    fn end(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
