use serde::{Deserialize, Serialize};

use super::Event;
use super::action::Action;
use super::detail::describe;
use crate::assurance::Assurance;
use crate::error::{ErrorKind, ServiceError};
use crate::json::DateTime;

/// An event as it is written: one JSON object. Members that do not apply are omitted.
///
/// Identifiers are base64url. A line contains neither challenges, cookies, tokens, keys, codes and usernames nor names
/// that a user chose.
///
/// # Examples
/// ```
/// use rp_service::{Action, EventRecord};
///
/// let line = r#"{"time": "2026-06-01T00:00:00Z", "action": "delete-factor", "outcome": "done", "factor": "totp", "notify": true}"#;
/// let event: EventRecord = serde_json::from_str(line)?;
/// assert_eq!((event.action, event.notify), (Action::DeleteFactor, true));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(description = "The outcome of a request: one line of an event log."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventRecord {
    /// The time, RFC 3339 in UTC, exact to one second.
    pub time: String,
    /// The requested action: the purpose of a ceremony, or another operation.
    pub action: Action,
    /// The outcome.
    pub outcome: EventOutcome,
    /// The exact reason of a failure, a stable word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The code that the client received, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_code: Option<String>,
    /// The step of WebAuthn Level 3, section 7.1 or 7.2, that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u8>,
    /// The failure in words, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The user handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The public ID of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The assurance of the session, if the action verified a factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<RecordedAssurance>,
    /// The factors that were verified in the session, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<String>,
    /// The decision of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<RecordedDecision>,
    /// The network address of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The header `User-Agent`, at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The ID of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The credential ID; in a failure, the one that the response names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The second factor other than a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<String>,
    /// The AAGUID of the authenticator, as it reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<String>,
    /// The name of the model or provider with this AAGUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether a trusted attestation proves the AAGUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_proven: Option<bool>,
    /// Whether the authenticator verified the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_verified: Option<bool>,
    /// `true` if the authenticator did not verify the user, although it did so earlier with this passkey.
    #[serde(default, skip_serializing_if = "is_false")]
    pub user_verification_omitted: bool,
    /// `true` if the counter did not increase: the key may have been copied.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counter_regressed: bool,
    /// The backup eligibility that an imported record learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_eligible_learned: Option<bool>,
    /// Whether the attestation is trusted after it was assessed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation_trusted: Option<bool>,
    /// Why the attestation is not trusted after it was assessed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distrust: Option<String>,
    /// The operator's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The user handle of the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// `true` if the application should inform the user: a factor was added, removed, recovered or reset.
    #[serde(default, skip_serializing_if = "is_false")]
    pub notify: bool,
}

/// The outcome of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EventOutcome {
    /// The action succeeded.
    Done,
    /// The request is wrong, or a policy does not allow it.
    Rejected,
    /// The server failed.
    Failed,
}

/// The assurance of a session, as an event has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordedAssurance {
    /// The authenticator assurance level (NIST SP 800-63B-4): 1 to 3, or 0 if it knows none of the methods.
    pub aal: u8,
    /// The authentication context class: `phr` or `phrh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// Why the level is not higher.
    pub aal_reason: String,
    /// Why the class is not higher.
    pub acr_reason: String,
}

/// A decision of the policy, as an event has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordedDecision {
    /// The rights of the session: `signed-in`, `reauthenticate`, `second-factor`, `enrol` or `nothing`.
    pub access: String,
    /// Why.
    pub reason: String,
    /// The time from which the user cannot sign in without an enrolment, if the user is reminded of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrol_by: Option<String>,
}

impl EventOutcome {
    /// The outcome of an action that failed with this error, if with any.
    #[must_use]
    pub fn of(error: Option<&ServiceError>) -> Self {
        match error.map(ServiceError::kind) {
            None => Self::Done,
            Some(ErrorKind::Server) => Self::Failed,
            Some(ErrorKind::Client | ErrorKind::Denied) => Self::Rejected,
        }
    }

    /// The outcome as it appears in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

impl From<&Event<'_>> for EventRecord {
    fn from(event: &Event<'_>) -> Self {
        let client = event.client;
        let public_code = |error: &ServiceError| {
            let code = error.public_code();
            (code != error.code()).then(|| code.to_owned())
        };
        let decision = event.decision.map(|decision| RecordedDecision {
            access: decision.access.as_str().to_owned(),
            reason: decision.reason.to_string(),
            enrol_by: decision.reminder.as_ref().map(|reminder| DateTime(reminder.by).to_string()),
        });
        Self {
            time: DateTime(event.at).to_string(),
            action: event.action,
            outcome: EventOutcome::of(event.error),
            code: event.error.map(|error| error.code().to_owned()),
            public_code: event.error.and_then(public_code),
            step: event.error.and_then(ServiceError::step),
            detail: event.error.map(describe),
            user: event.user.map(ToString::to_string),
            session: event.session.map(|session| session.to_string()),
            assurance: event.assurance.map(RecordedAssurance::from),
            factors: event.factors.iter().map(|method| method.as_str().to_owned()).collect(),
            decision,
            address: client.and_then(|client| client.address.clone()),
            user_agent: client.and_then(|client| client.user_agent.clone()),
            request: client.and_then(|client| client.request_id.clone()),
            credential: event.credential.map(ToString::to_string),
            factor: event.factor.map(ToString::to_string),
            aaguid: event.aaguid.map(|aaguid| aaguid.to_string()),
            model: event.model.map(str::to_owned),
            model_proven: event.aaguid.map(|_| event.is_model_proven),
            user_verified: event.user_verified,
            user_verification_omitted: event.user_verification_omitted,
            counter_regressed: event.is_counter_regression(),
            backup_eligible_learned: event.backup_eligible_learned,
            attestation_trusted: event.attestation_trusted,
            distrust: event.distrust.map(str::to_owned),
            reason: event.reason.map(str::to_owned),
            operator: event.operator.map(ToString::to_string),
            notify: event.notifies(),
        }
    }
}

impl From<&Assurance> for RecordedAssurance {
    fn from(assurance: &Assurance) -> Self {
        Self {
            aal: assurance.aal,
            acr: assurance.acr.map(|acr| acr.as_str().to_owned()),
            amr: assurance.amr.iter().map(|amr| amr.as_str().to_owned()).collect(),
            aal_reason: assurance.aal_reason.to_string(),
            acr_reason: assurance.acr_reason.to_string(),
        }
    }
}

impl EventRecord {
    /// The JSON schema of a line.
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn json_schema() -> String {
        let settings = schemars::generate::SchemaSettings::draft2020_12();
        let schema = settings.into_generator().into_root_schema_for::<Self>();
        // A schema is JSON.
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use rp_core::Timestamp;

    use super::*;
    use crate::event::builder::EventBuilder;

    #[test]
    fn members_that_do_not_apply_are_omitted() {
        let builder = EventBuilder::new(Action::DeleteFactor);
        let event = builder.build(Timestamp::from_unix_seconds(0), None, None);
        let line = serde_json::to_string(&EventRecord::from(&event)).unwrap();
        let expected =
            r#"{"time":"1970-01-01T00:00:00Z","action":"delete-factor","outcome":"done","notify":true}"#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<EventRecord>(&line).unwrap(), EventRecord::from(&event));
    }

    #[test]
    fn a_change_that_failed_notifies_no_one() {
        let builder = EventBuilder::new(Action::DeleteFactor);
        let event = builder.build(Timestamp::from_unix_seconds(0), None, Some(&ServiceError::NoSuchFactor));
        let record = EventRecord::from(&event);
        assert_eq!((record.notify, record.outcome), (false, EventOutcome::Rejected));
        assert_eq!(record.code.as_deref(), Some("factor-unknown"));
        let failed = ServiceError::Storage(crate::store::StoreError::unavailable("full"));
        assert_eq!(EventOutcome::of(Some(&failed)), EventOutcome::Failed);
    }

    #[cfg(feature = "schema")]
    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/deployment/events.schema.json");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, EventRecord::json_schema()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == EventRecord::json_schema(),
            "run the test with UPDATE_SCHEMA=1 and commit the file"
        );
    }
}
