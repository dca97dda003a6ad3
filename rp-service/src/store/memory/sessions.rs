use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use rp_core::{CredentialId, Timestamp, UserHandle};

use crate::session::{Session, SessionId, SessionState};
use crate::store::{SWEEP_LIMIT, SessionKey};

/// Sessions, at most `MemoryStore::MAX_SESSIONS`.
pub(super) struct Sessions {
    sessions: HashMap<SessionKey, Session>,
    ids: HashMap<SessionId, SessionKey>,
    /// The same sessions, the next to expire first.
    by_end: BTreeSet<(Timestamp, SessionKey)>,
    of_user: HashMap<UserHandle, BTreeSet<Use>>,
    max: usize,
}

/// A session of a user. Those in one state are in a row, the least recently used first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    state: SessionState,
    last_used_at: Timestamp,
    /// Of sessions that were used in the same second, the one with the greatest ID is first, as in the other stores.
    id: Reverse<SessionId>,
    expires_at: Timestamp,
    key: SessionKey,
}

impl Use {
    fn of(key: SessionKey, session: &Session) -> Self {
        Self {
            state: session.state,
            last_used_at: session.last_used_at,
            id: Reverse(session.id),
            expires_at: session.expires_at,
            key,
        }
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.last_used_at.max(now) > self.expires_at
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self::with_max(MAX)
    }
}

impl Sessions {
    fn with_max(max: usize) -> Self {
        Self {
            sessions: HashMap::new(),
            ids: HashMap::new(),
            by_end: BTreeSet::new(),
            of_user: HashMap::new(),
            max,
        }
    }

    pub(super) fn create(&mut self, key: SessionKey, session: &Session) -> bool {
        if self.sessions.contains_key(&key) || self.ids.contains_key(&session.id) {
            return false;
        }
        self.insert(key, session.clone());
        true
    }

    /// Returns a session that has not expired; one that has is removed.
    pub(super) fn load(&mut self, key: SessionKey, now: Timestamp) -> Option<&Session> {
        if self.sessions.get(&key)?.is_expired(now) {
            self.remove(key);
        }
        self.sessions.get(&key)
    }

    /// Whether there is such a session of the user, and it has not expired.
    pub(super) fn is_alive(&self, key: SessionKey, user: &UserHandle, now: Timestamp) -> bool {
        self.sessions.get(&key).is_some_and(|session| session.user == *user && !session.is_expired(now))
    }

    pub(super) fn replace(&mut self, old: SessionKey, new: SessionKey, session: &Session) -> bool {
        let is_free = new == old || !self.sessions.contains_key(&new);
        let is_own_id = self.ids.get(&session.id).is_none_or(|holder| *holder == old);
        if !is_free || !is_own_id || self.remove(old).is_none() {
            return false;
        }
        self.insert(new, session.clone());
        true
    }

    pub(super) fn touch(&mut self, key: SessionKey, used_at: Timestamp, expires_at: Timestamp) -> bool {
        let Some(session) = self.sessions.get_mut(&key) else { return false };
        if session.is_expired(used_at) {
            return false;
        }
        if used_at >= session.last_used_at {
            let uses = self.of_user.entry(session.user.clone()).or_default();
            uses.remove(&Use::of(key, session));
            self.by_end.remove(&(session.expires_at, key));
            (session.last_used_at, session.expires_at) = (used_at, expires_at);
            self.by_end.insert((expires_at, key));
            uses.insert(Use::of(key, session));
        }
        true
    }

    pub(super) fn require_user_verification(&mut self, key: SessionKey) -> bool {
        let Some(session) = self.sessions.get_mut(&key) else { return false };
        session.user_verification_required = true;
        true
    }

    pub(super) fn end(&mut self, key: SessionKey) -> bool {
        self.remove(key).is_some()
    }

    /// The user's sessions that have not expired, most recently used first.
    pub(super) fn of_user(&self, user: &UserHandle, now: Timestamp) -> Vec<Session> {
        let uses = self.of_user.get(user).into_iter().flatten();
        let alive = uses.filter(|one| !one.is_expired(now));
        let mut sessions: Vec<_> = alive.filter_map(|one| self.sessions.get(&one.key)).cloned().collect();
        sessions.sort_by(|a, b| (b.last_used_at, &a.id).cmp(&(a.last_used_at, &b.id)));
        sessions
    }

    /// Ends the user's sessions that match, and returns the number.
    pub(super) fn end_where(&mut self, user: &UserHandle, matches: impl Fn(&Session) -> bool) -> u64 {
        let keys: Vec<_> = self.of_user.get(user).into_iter().flatten().map(|one| one.key).collect();
        let mut ended = 0_u64;
        for key in keys {
            if self.sessions.get(&key).is_some_and(&matches) {
                self.remove(key);
                ended = ended.saturating_add(1);
            }
        }
        ended
    }

    /// Ends the least recently used sessions of a user in the state of `opened`, until `max` are left with it.
    pub(super) fn end_oldest(&mut self, opened: &Session, max: usize, now: Timestamp) -> u64 {
        let Some(uses) = self.of_user.get(&opened.user).filter(|uses| uses.len() > max) else { return 0 };
        let is_counted =
            |one: &&Use| one.state == opened.state && one.id.0 != opened.id && !one.is_expired(now);
        let above = uses.iter().filter(is_counted).count().saturating_sub(max.saturating_sub(1));
        let oldest: Vec<_> = uses.iter().filter(is_counted).take(above).map(|one| one.key).collect();
        for key in oldest {
            self.remove(key);
        }
        u64::try_from(above).unwrap_or(u64::MAX)
    }

    pub(super) fn end_of_passkey(&mut self, user: &UserHandle, credential: &CredentialId) -> u64 {
        self.end_where(user, |session| session.credential.as_ref() == Some(credential))
    }

    pub(super) fn sweep(&mut self, before: Timestamp) -> u64 {
        let mut swept = 0;
        while swept < u64::from(SWEEP_LIMIT)
            && let Some(&(end, key)) = self.by_end.first()
            && end < before
        {
            self.remove(key);
            swept = swept.saturating_add(1);
        }
        swept
    }

    fn insert(&mut self, key: SessionKey, mut session: Session) {
        session.client.request_id = None;
        self.ids.insert(session.id, key);
        self.by_end.insert((session.expires_at, key));
        self.of_user.entry(session.user.clone()).or_default().insert(Use::of(key, &session));
        self.sessions.insert(key, session);
        while self.sessions.len() > self.max
            && let Some(&(_, first)) = self.by_end.first()
        {
            self.remove(first);
        }
    }

    fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.sessions.remove(&key)?;
        self.ids.remove(&session.id);
        self.by_end.remove(&(session.expires_at, key));
        if let Some(uses) = self.of_user.get_mut(&session.user) {
            uses.remove(&Use::of(key, &session));
            if uses.is_empty() {
                self.of_user.remove(&session.user);
            }
        }
        Some(session)
    }
}

/// `MemoryStore::MAX_SESSIONS`.
pub(super) const MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Client, SessionKind};

    fn session(byte: u8, expires_at: i64) -> Session {
        let start = Timestamp::from_unix_seconds(0);
        Session {
            id: SessionId::from_bytes([byte; 16]),
            user: UserHandle::try_from([byte].as_slice()).unwrap(),
            state: SessionState::SignedIn,
            kind: SessionKind::Browser,
            created_at: start,
            last_used_at: start,
            verified_at: start,
            expires_at: Timestamp::from_unix_seconds(expires_at),
            factors: Vec::new(),
            credential: None,
            client: Client::default(),
            user_verification_required: false,
        }
    }

    #[test]
    fn above_the_maximum_the_next_to_expire_is_dropped() {
        let mut sessions = Sessions::with_max(2);
        for (byte, expires_at) in [(1, 30), (2, 10), (3, 20)] {
            assert!(sessions.create(SessionKey([byte; 32]), &session(byte, expires_at)));
        }
        let is_there = [1, 2, 3].map(|byte| sessions.sessions.contains_key(&SessionKey([byte; 32])));
        assert_eq!(is_there, [true, false, true]);
    }

    #[test]
    fn nothing_is_left_of_sessions_that_have_ended() {
        let mut sessions = Sessions::default();
        for byte in 1..=4 {
            assert!(sessions.create(SessionKey([byte; 32]), &session(byte, 10)));
        }
        assert!(sessions.replace(SessionKey([1; 32]), SessionKey([9; 32]), &session(1, 20)));
        assert!(sessions.touch(
            SessionKey([2; 32]),
            Timestamp::from_unix_seconds(5),
            Timestamp::from_unix_seconds(30)
        ));
        assert!(sessions.end(SessionKey([2; 32])));
        assert_eq!(sessions.sweep(Timestamp::from_unix_seconds(100)), 3);
        let left =
            (sessions.sessions.len(), sessions.ids.len(), sessions.by_end.len(), sessions.of_user.len());
        assert_eq!(left, (0, 0, 0, 0));
    }
}
