use std::time::Duration;

use rp_core::Timestamp;
use rp_core::options::UserVerificationRequirement;

use crate::rate_limiter::Limit;

/// The policy of the application, as data. The requirements of the ceremonies themselves (algorithms, attestation, user
/// verification, counters) are in the [`RelyingParty`](rp_core::RelyingParty).
///
/// The defaults are strict: no sign-up, management only within five minutes of a verification, a passkey after every
/// other first factor as soon as the user has one.
///
/// # Examples
/// ```
/// use rp_service::{Policy, SessionPolicy};
///
/// let mut policy = Policy::default();
/// policy.sign_up = true;
/// policy.sessions = SessionPolicy::aal3();
/// assert_eq!(policy.recent_verification.as_secs(), 300);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether anyone may create an account.
    pub sign_up: bool,
    /// The maximum number of passkeys of a user; unlimited if `None`.
    pub max_credentials: Option<usize>,
    /// When a second factor is required after a first factor that the application verified.
    pub second_factor: SecondFactorPolicy,
    /// How long a verification counts as recent, for adding and deleting passkeys.
    pub recent_verification: Duration,
    /// The user verification that a step-up requests; `None` is the setting of the relying party. It is `required` in
    /// any case if all passkeys of the user are capable of it, or once a response in the session lacked it.
    pub step_up_user_verification: Option<UserVerificationRequirement>,
    /// Whether a use of a passkey without user verification may add and delete passkeys although the passkey verified
    /// its user earlier. Risk: the finder of an unlocked or stolen device can take over the account.
    pub allow_omitted_user_verification: bool,
    /// Whether a user's last passkey may be deleted. Risk: a user without another factor is locked out.
    pub allow_deleting_last: bool,
    /// Whether a signed-in user may get a passkey without a prompt (conditional create). Risk: UP and UV may be 0 in such
    /// a registration.
    pub conditional_create: bool,
    /// Whether clients without a browser may receive a bearer token.
    pub bearer_tokens: bool,
    /// The maximum length of a passkey's nickname, in characters.
    pub nickname_max_chars: usize,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// Whether options for a username list credentials.
    pub username_lists: UsernameLists,
    /// How much one client may try and create.
    pub limits: Limits,
}

/// Whether options for a username list the user's credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsernameLists {
    /// As the relying party requires resident keys: [`UsernameLists::Never`] if they are required, else
    /// [`UsernameLists::Always`].
    #[default]
    Auto,
    /// No list is sent before the user is known: passkeys are discoverable. Nothing about usernames can be inferred.
    Never,
    /// Always: keys that are not discoverable need it. Unknown usernames have credentials that look real, within the
    /// limits of the [`DecoyProfile`](crate::DecoyProfile).
    Always,
}

/// How much one client may try and create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Responses that reveal that a username is taken or that a credential exists, per browser or user. It is lower than the
    /// limit per address, so that one client does not block all others behind its address.
    pub reveals: Limit,
    /// The same, per address.
    pub reveals_per_address: Limit,
    /// Accounts that are created, per address.
    pub sign_ups_per_address: Limit,
    /// Ceremonies that are started, per address.
    pub ceremonies_per_address: Limit,
    /// Wrong second factors other than passkeys, per user.
    pub factors: Limit,
    /// The same, in a day.
    pub factors_per_day: Limit,
    /// The same, per address.
    pub factors_per_address: Limit,
}

/// When a second factor is required after a first factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecondFactorPolicy {
    /// Never: a first factor signs the user in. Such a session is AAL1 and passes no guard that requires a passkey.
    Never,
    /// If the user has one.
    #[default]
    WhereEnrolled,
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionPolicy {
    /// The time without a request after which a session expires; unlimited if `None`.
    pub idle: Option<Duration>,
    /// The time after sign-in at which a session expires.
    pub absolute: Duration,
    /// The lifetime of a session in the state [`FirstFactor`](crate::SessionState::FirstFactor).
    pub first_factor: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sign_up: false,
            // Enough for every device and key of one person; it bounds the lists in options.
            max_credentials: Some(20),
            second_factor: SecondFactorPolicy::default(),
            recent_verification: Duration::from_secs(5 * 60),
            step_up_user_verification: None,
            allow_omitted_user_verification: false,
            allow_deleting_last: false,
            conditional_create: false,
            bearer_tokens: false,
            nickname_max_chars: 64,
            sessions: SessionPolicy::default(),
            username_lists: UsernameLists::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Enough for choosing a name.
            reveals: Limit::new("reveals", 10, Duration::from_mins(10)),
            reveals_per_address: Limit::new("reveals per address", 30, Duration::from_mins(10)),
            // A class room in an hour. With the limit on the size of a registration it bounds what one address can store.
            sign_ups_per_address: Limit::new("sign-ups per address", 60, Duration::from_hours(1)),
            // Every visitor of a sign-in page behind a large company's address, five times a second. A ceremony takes about a
            // kilobyte until it expires.
            ceremonies_per_address: Limit::new("ceremonies per address", 3_000, Duration::from_mins(10)),
            // Three codes of six digits are valid at a time: five guesses are right with a probability of 1 in 66,000.
            factors: Limit::new("factors", 5, Duration::from_mins(5)),
            // An attacker who has the password and guesses every day needs 10 years for an even chance. NIST SP
            // 800-63B-4, section 3.2.2, allows 100 failures in a row.
            factors_per_day: Limit::new("factors per day", 50, Duration::from_hours(24)),
            // The users of an office behind one address mistype at the same time.
            factors_per_address: Limit::new("factors per address", 100, Duration::from_mins(10)),
        }
    }
}

impl SessionPolicy {
    /// The limits of NIST SP 800-63B-4 for AAL1: 30 days.
    #[must_use]
    pub const fn aal1() -> Self {
        Self::new(None, Duration::from_hours(30 * 24))
    }

    /// The limits of NIST SP 800-63B-4 for AAL2: 24 hours, and one hour without a request.
    #[must_use]
    pub const fn aal2() -> Self {
        Self::new(Some(Duration::from_hours(1)), Duration::from_hours(24))
    }

    /// The limits of NIST SP 800-63B-4 for AAL3: 12 hours, and 15 minutes without a request.
    #[must_use]
    pub const fn aal3() -> Self {
        Self::new(Some(Duration::from_mins(15)), Duration::from_hours(12))
    }

    /// Limits of your own.
    #[must_use]
    pub const fn new(idle: Option<Duration>, absolute: Duration) -> Self {
        // Ten minutes: enough to find a security key, and no longer than a ceremony may take.
        Self { idle, absolute, first_factor: Duration::from_mins(10) }
    }

    /// When a session expires that was created and used at these times.
    pub(crate) fn expires_at(&self, created_at: Timestamp, used_at: Timestamp) -> Timestamp {
        let absolute = created_at.saturating_add(self.absolute);
        self.idle.map_or(absolute, |idle| absolute.min(used_at.saturating_add(idle)))
    }
}

impl Default for SessionPolicy {
    /// [`SessionPolicy::aal2`].
    fn default() -> Self {
        Self::aal2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_expires_when_idle_or_at_its_absolute_limit() {
        let at = Timestamp::from_unix_seconds;
        let policy = SessionPolicy::aal2();
        assert_eq!(policy.expires_at(at(0), at(60)), at(60 + 3_600));
        assert_eq!(policy.expires_at(at(0), at(86_000)), at(86_400));
        assert_eq!(SessionPolicy::aal1().expires_at(at(0), at(60)), at(30 * 86_400));
    }
}
