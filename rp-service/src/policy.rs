//! The policy of the application: data that can be read from a file, and decisions that follow from it.

mod aal3;
mod decision;
mod enrolment;
mod file;
mod limits;
mod lockout;
mod outlook;
mod passkey;
#[cfg(test)]
mod properties;
mod rules;
mod sessions;
mod text;
mod word;

use std::collections::BTreeMap;
use std::time::Duration;

use rp_core::options::UserVerificationRequirement;
use serde::Deserialize;

pub use aal3::Aal3Rules;
pub use decision::{
    Access, Decision, Membership, Reason, Reminder, SessionFacts, Subject, Verified, VerifiedMethod,
};
pub use enrolment::{EnrolmentPeriod, Phase};
#[cfg(feature = "toml")]
pub use file::PolicyFileError;
pub use limits::Limits;
pub(crate) use lockout::Environment;
pub use lockout::{PolicyError, PolicyProblem};
pub use outlook::{Outlook, Standing};
pub use passkey::{ModelFacts, PasskeyFacts, PasskeyRuleError};
pub use rules::{
    AfterRecovery, AttestationRule, Certification, Contradiction, Fips, PasskeyRules, PasskeyRulesOverride,
    Preference, Reauthentication, ReauthenticationOverride, Rules, RulesOverride, SecondFactorPolicy,
    SecondFactorPrompt,
};
pub use sessions::{SessionLimits, SessionPolicy};
pub use text::{MaxAge, UtcDate};
pub use word::{Allowed, Attachment, Word};

/// The policy of the application, as data. The requirements of the ceremonies themselves (algorithms, attestation, user
/// verification, counters) are in the [`RelyingParty`](rp_core::RelyingParty); rules for passkeys tighten them.
///
/// `default` has the rules of everyone; groups override them member by member, and for a user of several groups the
/// strictest value of each member applies ([`Policy::rules`]). [`Policy::decide`] says what a session may do.
/// `Policy::from_toml` reads a file.
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schema",
    schemars(description = "The policy of a site, for users and groups of users.")
)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// The rules of everyone.
    pub default: Rules,
    /// The rules that groups override, by the name of the group ([`Groups`](crate::Groups)).
    pub group: BTreeMap<String, RulesOverride>,
    /// Whether anyone may create an account.
    pub sign_up: bool,
    /// How long a verification counts as recent, for adding and deleting passkeys.
    #[serde(deserialize_with = "text::duration::deserialize")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "text::duration_schema"))]
    pub recent_verification: Duration,
    /// The user verification that a step-up requests; `None` is the setting of the relying party. It is `required` in
    /// any case if all passkeys of the user are capable of it, or once a response in the session lacked it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Preference>"))]
    pub step_up_user_verification: Option<UserVerificationRequirement>,
    /// Whether a use of a passkey without user verification may add and delete passkeys although the passkey verified
    /// its user earlier. Risk: the finder of an unlocked or stolen device can take over the account.
    pub allow_omitted_user_verification: bool,
    /// Whether a user's last passkey may be deleted. Risk: a user without another factor is locked out.
    pub allow_deleting_last: bool,
    /// Whether a signed-in user may get a passkey without a prompt (conditional create). Risk: UP and UV may be 0 in such
    /// a registration.
    pub conditional_create: bool,
    /// Whether clients that send no `Origin` receive a bearer token when they sign in or sign up. Together with a cookie,
    /// such a client sends `Sec-Fetch-Site: none`.
    pub bearer_tokens: bool,
    /// The maximum length of a passkey's nickname, in characters.
    pub nickname_max_chars: usize,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// The keys that are accepted at AAL3.
    pub aal3: Aal3Rules,
    /// Whether options for a username contain credentials.
    pub username_lists: UsernameLists,
    /// How much one client may try and create.
    pub limits: Limits,
}

/// Whether options for a username contain the user's credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
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

impl Default for Policy {
    fn default() -> Self {
        Self {
            default: Rules::default(),
            group: BTreeMap::new(),
            sign_up: false,
            recent_verification: Duration::from_secs(5 * 60),
            step_up_user_verification: None,
            allow_omitted_user_verification: false,
            allow_deleting_last: false,
            conditional_create: false,
            bearer_tokens: false,
            nickname_max_chars: 64,
            sessions: SessionPolicy::default(),
            aal3: Aal3Rules::default(),
            username_lists: UsernameLists::default(),
            limits: Limits::default(),
        }
    }
}
