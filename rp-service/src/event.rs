use rp_core::{Aaguid, CredentialId, Timestamp, UserHandle};

use crate::refusal::Refusal;
use crate::store::Passkey;

/// What came of a request: one for every outcome, right or wrong.
///
/// It names account, credential and model by what is no secret: no challenge, cookie, key, signature or
/// extension result is in it, and no username, in whose field people type passwords.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// What was asked for.
    pub action: Action,
    /// Why it was refused, truly; `None`: it was done.
    pub refusal: Option<&'a Refusal>,
    /// Whose account, where that is known.
    pub account: Option<&'a UserHandle>,
    /// Which credential; where it was refused, the one that the response names.
    pub credential: Option<&'a CredentialId>,
    /// Its model, as the authenticator said.
    pub model: Option<Aaguid>,
    /// Whether a trusted attestation proves the model.
    pub model_proved: bool,
    /// Whether the authenticator verified the user; `None` where no response was judged.
    pub user_verified: Option<bool>,
    /// The counter did not grow, and policy let it pass: the key may have been copied.
    pub counter_regressed: bool,
    /// An imported record that did not know whether it can be backed up has learned it.
    pub backup_eligible_learned: Option<bool>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// To open an account with its first passkey.
    OpenAccount,
    /// To add a passkey to the signed-in account.
    AddCredential,
    /// A registration of which it is not known yet which of the two it is.
    Register,
    /// To sign in.
    SignIn,
    /// To verify the signed-in account once more.
    StepUp,
    /// To name a passkey.
    RenameCredential,
    /// To delete a passkey.
    DeleteCredential,
    /// To read what the account has.
    ReadAccount,
    /// To sign out.
    SignOut,
    /// To drop what has ended; told only where it fails.
    Sweep,
    /// Something, by a request that was refused before it was read.
    Request,
}

impl Action {
    /// The action as it stands in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAccount => "open-account",
            Self::AddCredential => "add-credential",
            Self::Register => "register",
            Self::SignIn => "sign-in",
            Self::StepUp => "step-up",
            Self::RenameCredential => "rename-credential",
            Self::DeleteCredential => "delete-credential",
            Self::ReadAccount => "read-account",
            Self::SignOut => "sign-out",
            Self::Sweep => "sweep",
            Self::Request => "request",
        }
    }
}

/// Where events go. It is called on the way of a request: what takes long belongs behind a queue.
pub trait EventSink: Send + Sync {
    /// Takes note of an event.
    fn record(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> EventSink for F {
    fn record(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Events as `tracing` events with the target `rp`: `info`, but `warn` for a counter that did not grow, and
/// `error` for storage that fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl EventSink for TracingSink {
    fn record(&self, event: &Event<'_>) {
        macro_rules! emit {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    target: "rp",
                    action = event.action.as_str(),
                    code = event.refusal.map(Refusal::code),
                    told = event.refusal.map(Refusal::told),
                    step = event.refusal.and_then(Refusal::step),
                    account = event.account.map(tracing::field::display),
                    credential = event.credential.map(tracing::field::display),
                    model = event.model.map(tracing::field::display),
                    model_proved = event.model.map(|_| event.model_proved),
                    user_verified = event.user_verified,
                    counter_regressed = event.counter_regressed.then_some(true),
                    backup_eligible_learned = event.backup_eligible_learned,
                    detail = event.refusal.map(detail).as_deref(),
                    $message
                )
            };
        }
        let counter = event.counter_regressed
            || event.refusal.is_some_and(|refusal| refusal.code() == "sign-count-regressed");
        match event.refusal {
            Some(refusal) if refusal.status() == 503 => emit!(error, "failed"),
            Some(_) if counter => emit!(warn, "refused"),
            Some(_) => emit!(info, "refused"),
            None if counter => emit!(warn, "done"),
            None => emit!(info, "done"),
        }
    }
}

/// The refusal in words, and what caused it. A client may have chosen some of them, so they are cut, and
/// control characters are written out.
fn detail(refusal: &Refusal) -> String {
    let mut text = refusal.to_string();
    let mut source = std::error::Error::source(refusal);
    while let Some(cause) = source {
        let words = cause.to_string();
        // Some errors say their cause's words themselves.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text.chars().take(MAX_DETAIL_CHARS).flat_map(escape).collect()
}

fn escape(character: char) -> Box<dyn Iterator<Item = char>> {
    if character.is_control() {
        Box::new(character.escape_default())
    } else {
        Box::new(std::iter::once(character))
    }
}

/// Longer than any message of ours; what is longer holds something of a client's.
const MAX_DETAIL_CHARS: usize = 300;

/// What an event will say, gathered while a request is worked on.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) action: Action,
    pub(crate) account: Option<UserHandle>,
    pub(crate) credential: Option<CredentialId>,
    model: Option<Aaguid>,
    model_proved: bool,
    pub(crate) user_verified: Option<bool>,
    pub(crate) counter_regressed: bool,
    pub(crate) backup_eligible_learned: Option<bool>,
}

impl Trail {
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            account: None,
            credential: None,
            model: None,
            model_proved: false,
            user_verified: None,
            counter_regressed: false,
            backup_eligible_learned: None,
        }
    }

    pub(crate) fn passkey(&mut self, passkey: &Passkey) {
        self.account = Some(passkey.record.user_handle.clone());
        self.credential = Some(passkey.record.id.clone());
        self.model = Some(passkey.record.aaguid);
        self.model_proved = passkey.record.attestation.trusted && !passkey.record.aaguid.is_zero();
    }

    pub(crate) fn event<'a>(&'a self, at: Timestamp, refusal: Option<&'a Refusal>) -> Event<'a> {
        Event {
            at,
            action: self.action,
            refusal,
            account: self.account.as_ref(),
            credential: self.credential.as_ref(),
            model: self.model,
            model_proved: self.model_proved,
            user_verified: self.user_verified,
            counter_regressed: self.counter_regressed,
            backup_eligible_learned: self.backup_eligible_learned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_cut_and_control_characters_written_out() {
        let refusal = Refusal::Body { detail: "a\nb\u{1b}[31m".into() };
        assert_eq!(detail(&refusal), "a\\nb\\u{1b}[31m");
        let refusal = Refusal::Body { detail: "x".repeat(1_000) };
        assert_eq!(detail(&refusal).len(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn details_name_the_cause() {
        let refusal = Refusal::Storage(crate::store::StoreError::unavailable("the disk is full"));
        assert_eq!(detail(&refusal), "the storage did not do its work: the disk is full");
    }
}
