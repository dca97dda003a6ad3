//! The relying party: configuration that was checked when it was built.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::attestation::AttestationPolicy;
use crate::authenticator_data::Flags;
use crate::cose::Algorithm;
use crate::crypto;
use crate::extensions::ExtensionPolicy;
use crate::options::{
    AttestationConveyancePreference, AuthenticatorSelectionCriteria, PublicKeyCredentialHint,
    PublicKeyCredentialRpEntity,
};
use crate::origin::AcceptedOrigins;

mod builder;
#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests;

pub use builder::{ConfigError, RelyingPartyBuilder};

/// A relying party: its RP ID, the origins it accepts, and its policies. Cheap to share, immutable.
///
/// # Examples
/// ```
/// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
/// use rp_core::RelyingParty;
///
/// let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
/// assert_eq!(rp.id(), "example.org");
///
/// let foreign = RelyingParty::builder("example.org").origin("https://evil-example.org").build();
/// assert_eq!(foreign.unwrap_err().to_string(), "origin \"https://evil-example.org\" is not within RP ID \"example.org\": use related_origin for an origin of another domain");
/// # Ok::<(), rp_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RelyingParty {
    pub(crate) entity: PublicKeyCredentialRpEntity,
    pub(crate) rp_id_hash: [u8; 32],
    pub(crate) other_rp_id_hashes: Vec<[u8; 32]>,
    /// A FIDO AppID, under which U2F credentials were made before WebAuthn (10.1.1).
    pub(crate) appid: Option<String>,
    pub(crate) origins: AcceptedOrigins,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) selection: AuthenticatorSelectionCriteria,
    pub(crate) hints: Vec<PublicKeyCredentialHint>,
    pub(crate) attestation: AttestationConveyancePreference,
    pub(crate) attestation_formats: Vec<String>,
    pub(crate) attestation_policy: AttestationPolicy,
    pub(crate) extension_policy: ExtensionPolicy,
    pub(crate) counter_policy: CounterPolicy,
    pub(crate) backup_policy: BackupPolicy,
    pub(crate) profile: Profile,
    pub(crate) timeout: Duration,
    pub(crate) grace: Duration,
}

/// What happens when a signature counter does not grow (7.2, step 22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterPolicy {
    /// The authentication is refused: the key may have been copied.
    #[default]
    Refuse,
    /// The authentication succeeds and says so; the counter that is kept does not go back.
    Report,
}

/// Which credentials are accepted by their backup eligibility, in both ceremonies (7.1, step 18; 7.2, step 19).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupPolicy {
    /// Synced or bound to a device.
    #[default]
    Any,
    /// Only such as can be backed up.
    RequireEligible,
    /// Only such as stay on one device.
    RequireDeviceBound,
}

impl BackupPolicy {
    pub(crate) fn accepts(self, flags: Flags) -> bool {
        match self {
            Self::Any => true,
            Self::RequireEligible => flags.backup_eligible(),
            Self::RequireDeviceBound => !flags.backup_eligible(),
        }
    }
}

/// Which rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What WebAuthn Level 3 asks.
    #[default]
    Webauthn,
    /// As well what FIDO's server requirements add: a well-formed `tokenBinding`, a U2F AAGUID of zeroes, a
    /// TPM manufacturer of TCG's registry, a SafetyNet timestamp of the last minute, nothing behind the anchor
    /// in `x5c`; and RS1 credentials.
    Fido,
}

impl RelyingParty {
    /// Begins a configuration. The RP ID is the registrable domain, or one below it, that credentials are
    /// scoped to: `example.org`, or `localhost` while developing.
    pub fn builder(rp_id: &str) -> RelyingPartyBuilder {
        RelyingPartyBuilder::new(rp_id)
    }

    /// The RP ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.entity.id
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entity.name
    }

    /// The origins that are accepted, as they were given; the RP ID's own, related ones and those of native
    /// applications.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins.origins
    }

    /// Whether a caller of this origin is accepted: exactly, or by the switch for subdomains.
    #[must_use]
    pub fn accepts_origin(&self, origin: &str) -> bool {
        self.origins.accepts(origin)
    }

    /// Whether ceremonies in cross-origin frames are accepted.
    #[must_use]
    pub fn allows_cross_origin(&self) -> bool {
        self.origins.cross_origin
    }

    /// The time that clients are given to answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long a pending ceremony can be finished: the timeout and the grace period.
    #[must_use]
    pub fn ceremony_lifetime(&self) -> Duration {
        self.timeout.saturating_add(self.grace)
    }

    /// The attestation policy.
    #[must_use]
    pub fn attestation_policy(&self) -> &AttestationPolicy {
        &self.attestation_policy
    }

    pub(crate) fn timeout_millis(&self) -> u64 {
        u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX)
    }

    /// 7.2, step 15: the hash of the RP ID, or of another one that is accepted.
    pub(crate) fn accepts_rp_id_hash(&self, hash: &[u8; 32]) -> bool {
        self.rp_id_hash == *hash || self.other_rp_id_hashes.contains(hash)
    }
}

pub(crate) fn rp_id_hash(rp_id: &str) -> [u8; 32] {
    crypto::sha256(&[rp_id.as_bytes()])
}
