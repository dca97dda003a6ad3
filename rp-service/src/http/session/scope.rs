//! What is known of a request's session while the request is answered: session crates pass none of it on between
//! their store and their middleware.

use std::cell::RefCell;
use std::future::Future;

use crate::http::Answer;
use crate::store::SessionKey;

/// What is known of one request's session.
#[derive(Default)]
struct Known {
    /// The session that came with the request, and its state.
    came: Option<(SessionKey, Vec<u8>)>,
    /// The session that a ceremony opened.
    opened: Option<Opened>,
    /// Whether what the request asked for is stored, so that no failure undoes it.
    is_done: bool,
    /// The session that was ended.
    over: Option<SessionKey>,
    /// What is answered where the store failed.
    failure: Option<Answer>,
}

/// A session that is kept, and that no browser knows yet.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) identifier: Vec<u8>,
    pub(super) state: Vec<u8>,
    /// Whether the session crate has its identifier, to set the cookie.
    pub(super) is_given: bool,
}

tokio::task_local! {
    static KNOWN: RefCell<Known>;
}

/// Keeps what becomes known while a request is answered. An adapter lays it around its session crate's middleware.
pub fn around<F: Future>(answered: F) -> impl Future<Output = F::Output> {
    KNOWN.scope(RefCell::default(), answered)
}

/// What is answered where the session store failed, and the session crate answered in its own words.
#[must_use]
pub fn failure() -> Option<Answer> {
    with(|known| known.failure.take()).flatten()
}

/// `None` outside a request.
fn with<T>(work: impl FnOnce(&mut Known) -> T) -> Option<T> {
    // Nothing that is passed in here comes back to this place, so the borrow is free.
    KNOWN.try_with(|known| known.try_borrow_mut().ok().map(|mut known| work(&mut known))).ok().flatten()
}

pub(super) fn failed(answer: Answer) {
    with(|known| known.failure = Some(answer));
}

pub(super) fn came(key: SessionKey, state: &[u8]) {
    with(|known| known.came = Some((key, state.to_vec())));
}

pub(super) fn key_that_came() -> Option<SessionKey> {
    with(|known| known.came.as_ref().map(|(key, _)| *key)).flatten()
}

pub(super) fn state_that_came() -> Option<Vec<u8>> {
    with(|known| known.came.as_ref().map(|(_, state)| state.clone())).flatten()
}

pub(in crate::http) fn done() {
    with(|known| known.is_done = true);
}

pub(super) fn is_done() -> bool {
    with(|known| known.is_done).unwrap_or_default()
}

pub(super) fn over(key: SessionKey) {
    with(|known| known.over = Some(key));
}

pub(super) fn over_key() -> Option<SessionKey> {
    with(|known| known.over).flatten()
}

/// Whether there is a request; else no browser would ever learn of a session that is opened.
pub(super) fn is_around() -> bool {
    with(|_| ()).is_some()
}

pub(super) fn open(identifier: Vec<u8>, state: Vec<u8>) {
    with(|known| known.opened = Some(Opened { identifier, state, is_given: false }));
}

/// The identifier of the session that was opened.
pub(super) fn opened() -> Option<Vec<u8>> {
    with(|known| known.opened.as_ref().map(|opened| opened.identifier.clone())).flatten()
}

/// Gives the session that was opened, once.
pub(super) fn give() -> Option<Opened> {
    with(|known| {
        let opened = known.opened.as_mut().filter(|opened| !opened.is_given)?;
        opened.is_given = true;
        Some(opened.clone())
    })
    .flatten()
}

pub(super) fn take_opened() -> Option<Opened> {
    with(|known| known.opened.take()).flatten()
}
