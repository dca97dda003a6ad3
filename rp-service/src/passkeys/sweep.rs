//! Dropping what has ended, now and then, on the way of requests that make something new.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Passkeys;
use crate::event::{Action, Trail};
use crate::refusal::Refusal;
use crate::store::StoreError;

impl<S> Passkeys<S> {
    /// A sweep that fails holds nobody up: what it would have dropped has ended all the same.
    pub(crate) fn record_failed_sweep<T>(&self, swept: Result<T, StoreError>) {
        if let Err(error) = swept {
            self.record_refusal(&Trail::new(Action::Sweep), &Refusal::Storage(error));
        }
    }
}

/// When to sweep.
#[derive(Debug, Default)]
pub(super) struct Sweeps(AtomicU32);

impl Sweeps {
    /// A sweep takes a turn at writing, so not each time; it drops four times as many as came meanwhile
    /// ([`SWEEP_LIMIT`](crate::store::SWEEP_LIMIT)), so it keeps up. A power of two, so that the count may
    /// begin anew.
    const EVERY: u32 = 64;

    pub(super) fn is_due(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(Self::EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_at_first_and_every_64th_time_after() {
        let sweeps = Sweeps(AtomicU32::new(u32::MAX - 63));
        let due: Vec<_> = (0..130).filter(|_| sweeps.is_due()).collect();
        assert_eq!(due, [0, 64, 128]);
    }
}
