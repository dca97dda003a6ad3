//! Events: one for every outcome, and the receivers of them.

mod action;
mod builder;
mod detail;
mod json_lines;
mod ocsf;
mod recent;
mod record;
mod tracing_sink;

use rp_core::{Aaguid, CredentialId, Timestamp, UserHandle};

pub use action::Action;
pub(crate) use builder::EventBuilder;
pub use json_lines::JsonLinesSink;
pub use ocsf::OcsfSink;
pub use recent::RecentEvents;
pub use record::{EventOutcome, EventRecord, RecordedAssurance, RecordedDecision};
pub use tracing_sink::TracingSink;

use crate::assurance::Assurance;
use crate::error::ServiceError;
use crate::factor_name::FactorName;
use crate::policy::Decision;
use crate::session::{Client, Method, SessionId};

/// The outcome of a request, successful or not.
///
/// It contains no challenge, cookie, token, key, signature or extension result, and no username: people type passwords into
/// that field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The time.
    pub at: Timestamp,
    /// The requested action: the purpose of a ceremony, or another operation.
    pub action: Action,
    /// The exact reason of a failure; `None` if the action succeeded.
    pub error: Option<&'a ServiceError>,
    /// The user, if known.
    pub user: Option<&'a UserHandle>,
    /// The session, if there is one; after a sign-in, the new one.
    pub session: Option<SessionId>,
    /// The assurance of the session and its reasons, if the action verified a factor.
    pub assurance: Option<&'a Assurance>,
    /// The factors that were verified in the session, the latest last.
    pub factors: &'a [Method],
    /// The decision of the policy, if one was made.
    pub decision: Option<&'a Decision>,
    /// The client.
    pub client: Option<&'a Client>,
    /// The credential; in a failure, the one that the response names.
    pub credential: Option<&'a CredentialId>,
    /// The second factor other than a passkey.
    pub factor: Option<&'a FactorName>,
    /// The AAGUID of its authenticator, as the authenticator reported it.
    pub aaguid: Option<Aaguid>,
    /// The name of the model or provider, as the directory of the service names the AAGUID.
    pub model: Option<&'a str>,
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
    /// Whether the attestation is trusted after it was assessed again.
    pub attestation_trusted: Option<bool>,
    /// Why the attestation is not trusted after it was assessed again.
    pub distrust: Option<&'a str>,
    /// The operator's reason.
    pub reason: Option<&'a str>,
    /// The operator, if a user of the service is one.
    pub operator: Option<&'a UserHandle>,
}

impl Event<'_> {
    /// Whether the application should inform the user: a factor was added, removed, recovered or reset.
    #[must_use]
    pub fn notifies(&self) -> bool {
        self.error.is_none() && self.action.notifies()
    }

    /// Whether a counter did not increase, whether or not the policy accepted that.
    #[must_use]
    pub fn is_counter_regression(&self) -> bool {
        self.counter_regressed || self.error.is_some_and(|error| error.code() == "sign-count-regressed")
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
