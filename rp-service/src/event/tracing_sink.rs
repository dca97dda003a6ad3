use rp_core::Timestamp;

use super::action::Action;
use super::builder::EventBuilder;
use super::detail::describe;
use super::{Event, EventSink};
use crate::acr::Acr;
use crate::assurance::Assurance;
use crate::error::{ErrorKind, ServiceError};

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
                    reason = event.reason,
                    operator = event.operator.map(tracing::field::display),
                    distrust = event.distrust,
                    $message
                )
            };
        }
        let counter = event.is_counter_regression();
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
    /// [`TracingSink`], because the service's own receiver of events is not known, and counted in the metrics.
    #[must_use]
    pub fn misconfigured(missing: &'static str) -> Self {
        let error = Self::Misconfigured { missing };
        let builder = EventBuilder::new(Action::Request);
        let event = builder.build(Timestamp::now(), None, Some(&error));
        crate::metrics::count_event(&event);
        TracingSink.record(&event);
        error
    }
}

/// The authentication methods, with spaces between them.
fn methods(assurance: &Assurance) -> String {
    assurance.amr.iter().map(|amr| amr.as_str()).collect::<Vec<_>>().join(" ")
}
