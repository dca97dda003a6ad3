use rp_core::{Aaguid, CredentialId, Timestamp, UserHandle};

use crate::acr::Acr;
use crate::assurance::Assurance;
use crate::error::{ErrorKind, ServiceError};
use crate::factor_name::FactorName;
use crate::session::{Client, Session, SessionId};
use crate::store::Passkey;

/// The outcome of a request, successful or not.
///
/// It contains no challenge, cookie, token, key, signature or extension result, and no username: people type passwords into
/// that field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The time.
    pub at: Timestamp,
    /// The requested action.
    pub action: Action,
    /// The exact reason of a failure; `None` if the action succeeded.
    pub error: Option<&'a ServiceError>,
    /// The user, if known.
    pub user: Option<&'a UserHandle>,
    /// The session, if there is one.
    pub session: Option<SessionId>,
    /// The assurance of the session and its reasons, if the action verified a factor.
    pub assurance: Option<&'a Assurance>,
    /// The client.
    pub client: Option<&'a Client>,
    /// The credential; in a failure, the one that the response names.
    pub credential: Option<&'a CredentialId>,
    /// The second factor other than a passkey.
    pub factor: Option<&'a FactorName>,
    /// The AAGUID of its authenticator, as the authenticator reported it.
    pub aaguid: Option<Aaguid>,
    /// Whether a trusted attestation proves the AAGUID.
    pub is_model_proven: bool,
    /// Whether the authenticator verified the user; `None` if no response was verified.
    pub user_verified: Option<bool>,
    /// The authenticator did not verify the user, although it did so earlier with this passkey.
    pub user_verification_omitted: bool,
    /// The counter did not increase, and the policy accepted that: the key may have been copied.
    pub counter_regressed: bool,
    /// The backup eligibility that an imported record learned.
    pub backup_eligible_learned: Option<bool>,
}

/// The action of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Creates a user with a first passkey.
    SignUp,
    /// Adds a passkey to the user of the session.
    AddPasskey,
    /// Completes a registration that was not identified as one of the two.
    Register,
    /// Signs in with a passkey.
    SignIn,
    /// Verifies the user of the session again.
    StepUp,
    /// Reports a first factor that the application verified.
    FirstFactor,
    /// Completes a sign-in with a second factor.
    SecondFactor,
    /// Authorises an enrolment with a recovery code.
    Recovery,
    /// Enrols a second factor other than a passkey.
    EnrolFactor,
    /// Deletes a second factor other than a passkey.
    DeleteFactor,
    /// Names a passkey.
    RenamePasskey,
    /// Deletes a passkey.
    DeletePasskey,
    /// Reads the data of the user.
    Read,
    /// Checks a requirement of the application.
    Guard,
    /// Signs out.
    SignOut,
    /// Ends sessions.
    EndSessions,
    /// Creates a user without a passkey.
    CreateUser,
    /// Changes the names of a user.
    ChangeUser,
    /// Locks a user.
    LockUser,
    /// Unlocks a user.
    UnlockUser,
    /// Deletes a user.
    DeleteUser,
    /// Creates an enrolment grant.
    CreateGrant,
    /// Confirms the request of a command line.
    Authorize,
    /// Exchanges the code of a command line for a session.
    IssueToken,
    /// Proves that a genuine authenticator is present. The event contains no client.
    Proof,
    /// Deletes expired entries; reported only if it fails.
    Sweep,
    /// A request that was rejected before its action was known.
    Request,
}

impl Action {
    /// The action as it appears in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::AddPasskey => "add-passkey",
            Self::Register => "register",
            Self::SignIn => "sign-in",
            Self::StepUp => "step-up",
            Self::FirstFactor => "first-factor",
            Self::SecondFactor => "second-factor",
            Self::Recovery => "recovery",
            Self::EnrolFactor => "enrol-factor",
            Self::DeleteFactor => "delete-factor",
            Self::RenamePasskey => "rename-passkey",
            Self::DeletePasskey => "delete-passkey",
            Self::Read => "read",
            Self::Guard => "guard",
            Self::SignOut => "sign-out",
            Self::EndSessions => "end-sessions",
            Self::CreateUser => "create-user",
            Self::ChangeUser => "change-user",
            Self::LockUser => "lock-user",
            Self::UnlockUser => "unlock-user",
            Self::DeleteUser => "delete-user",
            Self::CreateGrant => "create-grant",
            Self::Authorize => "authorize",
            Self::IssueToken => "issue-token",
            Self::Proof => "proof",
            Self::Sweep => "sweep",
            Self::Request => "request",
        }
    }
}

/// A receiver of events. It is called while the request waits, so slow work belongs behind a queue.
pub trait EventSink: Send + Sync {
    /// Records an event.
    fn record(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> EventSink for F {
    fn record(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Emits events through `tracing` with the target `rp`: `info` in general, `warn` for a counter that did not increase, and
/// `error` for failures of the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl EventSink for TracingSink {
    fn record(&self, event: &Event<'_>) {
        macro_rules! emit {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    target: "rp",
                    action = event.action.as_str(),
                    code = event.error.map(ServiceError::code),
                    public_code = event.error.map(ServiceError::public_code),
                    step = event.error.and_then(ServiceError::step),
                    user = event.user.map(tracing::field::display),
                    session = event.session.map(tracing::field::display),
                    aal = event.assurance.map(|assurance| assurance.aal),
                    acr = event.assurance.and_then(|assurance| assurance.acr).map(Acr::as_str),
                    amr = event.assurance.map(methods).as_deref(),
                    aal_reason = event.assurance.map(|assurance| tracing::field::display(assurance.aal_reason)),
                    acr_reason = event.assurance.map(|assurance| tracing::field::display(assurance.acr_reason)),
                    address = event.client.and_then(|client| client.address.as_deref()),
                    request = event.client.and_then(|client| client.request_id.as_deref()),
                    credential = event.credential.map(tracing::field::display),
                    factor = event.factor.map(tracing::field::display),
                    aaguid = event.aaguid.map(tracing::field::display),
                    model_proven = event.aaguid.map(|_| event.is_model_proven),
                    user_verified = event.user_verified,
                    user_verification_omitted = event.user_verification_omitted.then_some(true),
                    counter_regressed = event.counter_regressed.then_some(true),
                    backup_eligible_learned = event.backup_eligible_learned,
                    detail = event.error.map(describe).as_deref(),
                    $message
                )
            };
        }
        let counter = event.counter_regressed
            || event.error.is_some_and(|error| error.code() == "sign-count-regressed");
        match event.error {
            Some(error) if error.kind() == ErrorKind::Server => emit!(error, "failed"),
            Some(_) if counter => emit!(warn, "rejected"),
            Some(_) => emit!(info, "rejected"),
            None if counter => emit!(warn, "done"),
            None => emit!(info, "done"),
        }
    }
}

impl ServiceError {
    /// The error of a request that did not pass a part of the set-up, such as the layer of an adapter. It is logged by
    /// [`TracingSink`], because the service's own receiver of events is not known.
    #[must_use]
    pub fn misconfigured(missing: &'static str) -> Self {
        let error = Self::Misconfigured { missing };
        TracingSink.record(&EventBuilder::new(Action::Request).build(Timestamp::now(), Some(&error)));
        error
    }
}

/// The error with its causes. A client may have chosen parts of the text, so it is shortened, and control characters are
/// escaped.
fn describe(error: &ServiceError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let message = cause.to_string();
        // Some errors contain the message of their cause.
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text.chars().take(MAX_DETAIL_CHARS).flat_map(escape).collect()
}

/// The authentication methods, with spaces between them.
fn methods(assurance: &Assurance) -> String {
    assurance.amr.iter().map(|amr| amr.as_str()).collect::<Vec<_>>().join(" ")
}

fn escape(character: char) -> Box<dyn Iterator<Item = char>> {
    if character.is_control() {
        Box::new(character.escape_default())
    } else {
        Box::new(std::iter::once(character))
    }
}

/// Longer than any message of ours; a longer text contains input of a client.
const MAX_DETAIL_CHARS: usize = 300;

/// Collects the members of an event while a request is processed.
#[derive(Debug)]
pub(crate) struct EventBuilder {
    pub(crate) action: Action,
    pub(crate) user: Option<UserHandle>,
    pub(crate) session: Option<SessionId>,
    assurance: Option<Assurance>,
    pub(crate) client: Option<Client>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) factor: Option<FactorName>,
    aaguid: Option<Aaguid>,
    is_model_proven: bool,
    pub(crate) user_verified: Option<bool>,
    pub(crate) user_verification_omitted: bool,
    pub(crate) counter_regressed: bool,
    pub(crate) backup_eligible_learned: Option<bool>,
}

impl EventBuilder {
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            user: None,
            session: None,
            assurance: None,
            client: None,
            credential: None,
            factor: None,
            aaguid: None,
            is_model_proven: false,
            user_verified: None,
            user_verification_omitted: false,
            counter_regressed: false,
            backup_eligible_learned: None,
        }
    }

    pub(crate) fn user(mut self, user: &UserHandle) -> Self {
        self.user = Some(user.clone());
        self
    }

    /// A session that was opened or renewed by a verification.
    pub(crate) fn opened(&mut self, session: &Session) {
        self.session = Some(session.id);
        self.assurance = Some(Assurance::of(session));
    }

    pub(crate) fn passkey(&mut self, passkey: &Passkey) {
        self.user = Some(passkey.record.user_handle.clone());
        self.credential = Some(passkey.record.id.clone());
        self.aaguid = Some(passkey.record.aaguid);
        self.is_model_proven = passkey.record.attestation.model == Some(passkey.record.aaguid);
    }

    pub(crate) fn build<'a>(&'a self, at: Timestamp, error: Option<&'a ServiceError>) -> Event<'a> {
        Event {
            at,
            action: self.action,
            error,
            user: self.user.as_ref(),
            session: self.session,
            assurance: self.assurance.as_ref(),
            client: self.client.as_ref(),
            credential: self.credential.as_ref(),
            factor: self.factor.as_ref(),
            aaguid: self.aaguid,
            is_model_proven: self.is_model_proven,
            user_verified: self.user_verified,
            user_verification_omitted: self.user_verification_omitted,
            counter_regressed: self.counter_regressed,
            backup_eligible_learned: self.backup_eligible_learned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_shortened_and_control_characters_escaped() {
        let error = ServiceError::Body { detail: "a\nb\u{1b}[31m".into() };
        assert_eq!(describe(&error), "a\\nb\\u{1b}[31m");
        let error = ServiceError::Body { detail: "x".repeat(1_000) };
        assert_eq!(describe(&error).len(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn details_name_the_cause() {
        let error = ServiceError::Storage(crate::store::StoreError::unavailable("the disk is full"));
        assert_eq!(describe(&error), "storage backend error: the disk is full");
    }
}
