use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rp_core::UserHandle;

use super::record::EventRecord;
use super::{Event, EventSink};

/// The latest events in the memory of this process, for a page that shows what happened to a user. Above the capacity, the
/// oldest are dropped. Clones share them.
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::{Passkeys, RecentEvents, TracingSink};
///
/// let recent = RecentEvents::new(10_000);
/// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
/// let builder = Passkeys::builder(rp).events(TracingSink).add_events(recent.clone());
/// assert!(recent.newest(10).is_empty());
/// # drop(builder);
/// # Ok::<(), rp_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecentEvents {
    capacity: usize,
    events: Arc<Mutex<VecDeque<EventRecord>>>,
}

impl RecentEvents {
    /// Keeps up to `capacity` events, of about half a kilobyte each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, events: Arc::default() }
    }

    /// Up to `limit` events, newest first.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Vec<EventRecord> {
        self.select(limit, |_| true)
    }

    /// Up to `limit` events of a user, newest first.
    #[must_use]
    pub fn of_user(&self, user: &UserHandle, limit: usize) -> Vec<EventRecord> {
        let user = user.to_string();
        self.select(limit, |event| event.user.as_ref() == Some(&user))
    }

    fn select(&self, limit: usize, matches: impl Fn(&EventRecord) -> bool) -> Vec<EventRecord> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().rev().filter(|event| matches(event)).take(limit).cloned().collect()
    }
}

impl EventSink for RecentEvents {
    fn record(&self, event: &Event<'_>) {
        let record = EventRecord::from(event);
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push_back(record);
        while events.len() > self.capacity {
            events.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use rp_core::Timestamp;

    use super::*;
    use crate::event::action::Action;
    use crate::event::builder::EventBuilder;

    #[test]
    fn the_oldest_events_are_dropped() {
        let recent = RecentEvents::new(2);
        let (kim, sam) =
            (UserHandle::try_from(&b"kim"[..]).unwrap(), UserHandle::try_from(&b"sam"[..]).unwrap());
        for (action, user) in [(Action::SignUp, &kim), (Action::SignIn, &sam), (Action::SignOut, &kim)] {
            let builder = EventBuilder::new(action).user(user);
            recent.record(&builder.build(Timestamp::from_unix_seconds(0), None, None));
        }
        let actions =
            |events: Vec<EventRecord>| events.into_iter().map(|event| event.action).collect::<Vec<_>>();
        assert_eq!(actions(recent.newest(9)), [Action::SignOut, Action::SignIn]);
        assert_eq!(actions(recent.newest(1)), [Action::SignOut]);
        assert_eq!(actions(recent.of_user(&kim, 9)), [Action::SignOut]);
    }
}
