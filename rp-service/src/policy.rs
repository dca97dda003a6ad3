use std::time::Duration;

use rp_core::options::UserVerificationRequirement;

/// What the application allows, as data. What the ceremonies themselves ask for (algorithms, attestation, user
/// verification, counters) stands in the [`RelyingParty`](rp_core::RelyingParty).
///
/// The defaults are strict: no sign-up, a fresh verification within five minutes, the last passkey stays.
///
/// # Examples
/// ```
/// use rp_service::Policy;
///
/// let policy = Policy { sign_up: true, ..Policy::default() };
/// assert_eq!(policy.step_up_freshness.as_secs(), 300);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether anybody may open an account.
    pub sign_up: bool,
    /// How many passkeys an account may hold; `None` is no limit.
    pub max_credentials: Option<usize>,
    /// How long a verification counts as fresh: for adding and deleting passkeys, and for whatever the
    /// application guards with [`Passkeys::require_fresh`](crate::Passkeys::require_fresh).
    pub step_up_freshness: Duration,
    /// Whether a step-up verifies the user; `None` is the relying party's own setting.
    pub step_up_user_verification: Option<UserVerificationRequirement>,
    /// Whether an account's last passkey may be deleted. What is given up: an account without another way in
    /// is closed to its owner.
    pub allow_deleting_last: bool,
    /// Whether a signed-in account may be upgraded to a passkey without a prompt (conditional create). What is
    /// given up: UP and UV may be 0 in such a registration.
    pub conditional_create: bool,
    /// The longest nickname of a passkey, in characters.
    pub nickname_max_chars: usize,
    /// How much longer than the `timeout` that was sent a ceremony lives: an answer given in the last moment
    /// has a way to go yet.
    pub ceremony_grace: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sign_up: false,
            // Enough for every device and key of one person; bounds the lists that options carry.
            max_credentials: Some(20),
            step_up_freshness: Duration::from_secs(5 * 60),
            step_up_user_verification: None,
            allow_deleting_last: false,
            conditional_create: false,
            nickname_max_chars: 64,
            ceremony_grace: Duration::from_secs(5),
        }
    }
}
