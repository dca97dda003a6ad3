//! How long sessions live.

use std::time::Duration;

use rp_core::Timestamp;
use serde::Deserialize;

use super::text;
#[cfg(feature = "schema")]
use super::text::MaxAge;
use crate::session::SessionKind;

/// How long sessions live. Each limit that applies ends a session, so that the earliest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionPolicy {
    /// The time without a request after which a session expires; unlimited if `None`, which a file writes as `"never"`. It
    /// must be longer than one minute. A session can expire up to one minute earlier: the time of last use is exact to one
    /// minute.
    #[serde(deserialize_with = "text::duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "MaxAge"))]
    pub idle: Option<Duration>,
    /// The time after sign-in at which a session expires. Verifying a factor again does not extend it.
    #[serde(deserialize_with = "text::duration::deserialize")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "text::duration_schema"))]
    pub absolute: Duration,
    /// The time after sign-in at which a session with a bearer token expires, if that is before `absolute`: a token in a
    /// file is easier to copy than a cookie.
    #[serde(deserialize_with = "text::duration::deserialize")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "text::duration_schema"))]
    pub bearer: Duration,
    /// The lifetime of a session in the state [`FirstFactor`](crate::SessionState::FirstFactor).
    #[serde(deserialize_with = "text::duration::deserialize")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "text::duration_schema"))]
    pub first_factor: Duration,
    /// Further limits of sessions at AAL2 and AAL3; none by default.
    pub aal2: SessionLimits,
    /// Further limits of sessions at AAL3; none by default.
    pub aal3: SessionLimits,
}

/// The limits of sessions at an assurance level, which end such a session earlier than the other limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionLimits {
    /// The inactivity timeout: the time without a request. It must be longer than one minute.
    #[serde(deserialize_with = "text::duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "MaxAge"))]
    pub idle: Option<Duration>,
    /// The overall timeout: the time since the last verifications that reach the level together.
    #[serde(deserialize_with = "text::duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "MaxAge"))]
    pub absolute: Option<Duration>,
}

impl SessionPolicy {
    /// The limits of NIST SP 800-63B-4 for AAL1 (section 2.1.3) for every session: 30 days.
    #[must_use]
    pub const fn aal1() -> Self {
        Self::new(None, Duration::from_hours(30 * 24))
    }

    /// The limits of NIST SP 800-63B-4 for AAL2 (section 2.2.3) for every session: 24 hours, and one hour without a
    /// request.
    #[must_use]
    pub const fn aal2() -> Self {
        Self::new(Some(Duration::from_hours(1)), Duration::from_hours(24))
    }

    /// The limits of NIST SP 800-63B-4 for AAL3 (section 2.3.3) for every session: 12 hours, and 15 minutes without a
    /// request.
    #[must_use]
    pub const fn aal3() -> Self {
        Self::new(Some(Duration::from_mins(15)), Duration::from_hours(12))
    }

    /// The limits of NIST SP 800-63B-4 for the level that each session has.
    #[must_use]
    pub const fn by_level() -> Self {
        let aal2 = SessionLimits::new(Some(Duration::from_hours(1)), Some(Duration::from_hours(24)));
        let aal3 = SessionLimits::new(Some(Duration::from_mins(15)), Some(Duration::from_hours(12)));
        Self { aal2, aal3, ..Self::aal1() }
    }

    /// Limits of your own.
    #[must_use]
    pub const fn new(idle: Option<Duration>, absolute: Duration) -> Self {
        let none = SessionLimits::new(None, None);
        // A working day; and ten minutes: enough to find a security key, and no longer than a ceremony may take.
        let (bearer, first_factor) = (Duration::from_hours(8), Duration::from_mins(10));
        Self { idle, absolute, bearer, first_factor, aal2: none, aal3: none }
    }

    /// When a session of any level expires that was created and used at these times.
    pub(crate) fn expires_at(
        &self,
        kind: SessionKind,
        created_at: Timestamp,
        used_at: Timestamp,
    ) -> Timestamp {
        let absolute = match kind {
            SessionKind::Browser => self.absolute,
            SessionKind::Bearer => self.absolute.min(self.bearer),
        };
        SessionLimits::new(self.idle, Some(absolute)).expires_at(created_at, used_at)
    }

    /// The further limits, with the lowest level of the sessions to which they apply.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (u8, SessionLimits)> {
        [(2, self.aal2), (3, self.aal3)].into_iter()
    }
}

impl Default for SessionPolicy {
    /// [`SessionPolicy::aal2`].
    fn default() -> Self {
        Self::aal2()
    }
}

impl SessionLimits {
    /// Limits; `None` is unlimited.
    #[must_use]
    pub const fn new(idle: Option<Duration>, absolute: Option<Duration>) -> Self {
        Self { idle, absolute }
    }

    /// When a session expires that reached the level and was used at these times.
    pub(crate) fn expires_at(&self, since: Timestamp, used_at: Timestamp) -> Timestamp {
        let end = |from: Timestamp, limit: Option<Duration>| {
            limit.map_or(Timestamp::from_unix_seconds(i64::MAX), |limit| from.saturating_add(limit))
        };
        end(since, self.absolute).min(end(used_at, self.idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_expires_when_idle_or_at_its_absolute_limit() {
        let at = Timestamp::from_unix_seconds;
        let policy = SessionPolicy::aal2();
        let (browser, bearer) = (SessionKind::Browser, SessionKind::Bearer);
        assert_eq!(policy.expires_at(browser, at(0), at(60)), at(60 + 3_600));
        assert_eq!(policy.expires_at(browser, at(0), at(86_000)), at(86_400));
        assert_eq!(policy.expires_at(bearer, at(0), at(60)), at(60 + 3_600));
        assert_eq!(policy.expires_at(bearer, at(0), at(28_000)), at(8 * 3_600));
        assert_eq!(SessionPolicy::aal1().expires_at(browser, at(0), at(60)), at(30 * 86_400));
        let short = SessionPolicy::new(None, Duration::from_hours(1));
        assert_eq!(short.expires_at(bearer, at(0), at(60)), at(3_600));
    }

    #[test]
    fn limits_by_level_are_those_of_nist() {
        let limits: Vec<_> = SessionPolicy::by_level().levels().collect();
        let of = |preset: SessionPolicy| SessionLimits::new(preset.idle, Some(preset.absolute));
        assert_eq!(limits, [(2, of(SessionPolicy::aal2())), (3, of(SessionPolicy::aal3()))]);
        assert_eq!(
            SessionLimits::default()
                .expires_at(Timestamp::from_unix_seconds(0), Timestamp::from_unix_seconds(0)),
            Timestamp::from_unix_seconds(i64::MAX)
        );
    }
}
