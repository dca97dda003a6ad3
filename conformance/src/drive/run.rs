//! The run.

use rp_core::Timestamp;

use super::binding::Binding;
use super::case::Case;
use super::player::Player;
use super::settings::{BindingName, Drive};
use super::transport::{Transport, TransportError};
use super::{cases, fido, rp};
use crate::http::HttpRequest;
use crate::parallel;
use crate::report::{Outcome, Report};

impl Drive {
    /// Whether the server responds at all.
    ///
    /// # Errors
    /// [`TransportError`] if it does not.
    pub fn check(&self, transport: &dyn Transport) -> Result<(), TransportError> {
        let request = HttpRequest { method: "GET".into(), path: "/".into(), ..HttpRequest::default() };
        transport.send(&request).map(drop)
    }

    /// The number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases().len()
    }

    /// Whether no case is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases().is_empty()
    }

    fn cases(&self) -> Vec<Case> {
        let mut cases = cases::cases(self);
        cases.retain(|case| self.only.as_ref().is_none_or(|only| case.id.contains(only.as_str())));
        cases
    }

    /// Plays the cases, and calls `each` with every outcome as it arrives.
    pub fn run(&self, transport: &dyn Transport, each: impl FnMut(&Outcome)) -> Report {
        let started = Timestamp::now();
        let binding: Box<dyn Binding> = match self.binding {
            BindingName::Fido => Box::new(fido::Fido),
            BindingName::Http => Box::new(rp::Rp::new(&self.origin)),
        };
        let start = |job| Player::new(&*binding, transport, self, job);
        let outcomes = parallel::map(&self.cases(), self.jobs, start, |player, case| case.play(player), each);
        Report::new(&self.subject, started, outcomes)
    }
}
