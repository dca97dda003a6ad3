use rp_service::admin::{CheckedUser, UserState};
use rp_service::store::UserRecord;
use rp_service::{CredentialsJson, EventRecord, Outlook, Passkeys};
use serde::Serialize;

/// A user and the state under the policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    handle: String,
    name: String,
    display_name: String,
    is_locked: bool,
    standing: &'static str,
    reason: String,
}

/// A user in a list.
#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    state: State,
    passkeys: usize,
    factors: usize,
    groups: Vec<String>,
}

/// A user whose state changes in a dry run.
#[derive(Serialize)]
pub(super) struct Change {
    pub(super) now: &'static str,
    #[serde(flatten)]
    pub(super) then: Row,
}

/// One user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(flatten)]
    state: State,
    has_password: bool,
    #[serde(flatten)]
    credentials: CredentialsJson,
    factors: Vec<String>,
    sessions: usize,
    events: Vec<EventRecord>,
}

impl State {
    fn of(user: &UserRecord, outlook: &Outlook) -> Self {
        Self {
            handle: user.handle.to_string(),
            name: user.name.clone(),
            display_name: user.display_name.clone(),
            is_locked: user.locked_at.is_some(),
            standing: outlook.standing.as_str(),
            reason: outlook.decision.reason.to_string(),
        }
    }
}

impl Row {
    pub(super) fn of(checked: &CheckedUser) -> Self {
        Self {
            state: State::of(&checked.user, &checked.outlook),
            passkeys: checked.passkeys,
            factors: checked.factors,
            groups: checked.groups.iter().map(|group| group.group.as_str().into()).collect(),
        }
    }
}

impl Details {
    pub(super) fn of(
        passkeys: &Passkeys,
        shown: &UserState,
        has_password: bool,
        events: Vec<EventRecord>,
    ) -> Self {
        Self {
            state: State::of(&shown.user, &shown.outlook),
            has_password,
            credentials: passkeys.credentials_json(&shown.passkeys),
            factors: shown.factors.iter().map(|factor| factor.name.to_string()).collect(),
            sessions: shown.sessions.len(),
            events,
        }
    }
}
