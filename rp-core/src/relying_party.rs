//! The relying party: its validated configuration.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::attestation::AttestationPolicy;
use crate::authenticator_data::Flags;
use crate::cose::{Algorithm, KeyCache};
use crate::crypto;
use crate::extensions::ExtensionPolicy;
use crate::options::{
    AttestationConveyancePreference, AuthenticatorSelectionCriteria, PublicKeyCredentialHint,
    PublicKeyCredentialRpEntity, ResidentKeyRequirement,
};
use crate::origin::AcceptedOrigins;
use crate::profile::Profile;
use crate::x509::CertificateCache;

mod builder;
mod config_error;
#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests;

pub use builder::RelyingPartyBuilder;
pub use config_error::ConfigError;

/// A relying party: its RP ID, the accepted origins, and its policies. Immutable.
///
/// All clones share two bounded caches, which save work and decide nothing: the keys of recently used credentials
/// ([`RelyingPartyBuilder::key_cache`]) and verified intermediate certificates
/// ([`RelyingPartyBuilder::certificate_cache`]). Build a relying party once and clone it.
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
    /// The FIDO AppID of U2F credentials from before WebAuthn (10.1.1).
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
    /// Shared by all clones.
    pub(crate) keys: Arc<KeyCache>,
    pub(crate) certificates: Arc<CertificateCache>,
}

/// How a signature counter that did not increase is handled (7.2, step 22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterPolicy {
    /// Rejects the authentication: the key may have been copied.
    #[default]
    Refuse,
    /// Accepts the authentication and reports it. The stored counter does not decrease.
    Report,
}

/// Which credentials are accepted by their backup eligibility, in both ceremonies (7.1, step 18; 7.2, step 19).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupPolicy {
    /// All credentials.
    #[default]
    Any,
    /// Only credentials that can be backed up.
    RequireEligible,
    /// Only credentials that are bound to one device.
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

impl RelyingParty {
    /// The RP ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.entity.id
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entity.name
    }

    /// The accepted origins as they were given: those of the RP ID, related ones and native applications.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins.origins
    }

    /// Whether the origin is accepted: it is in the list, or accepted by the rules for subdomains and ports.
    #[must_use]
    pub fn accepts_origin(&self, origin: &str) -> bool {
        self.origins.accepts(origin)
    }

    /// Whether ceremonies in cross-origin frames are accepted.
    #[must_use]
    pub fn allows_cross_origin(&self) -> bool {
        self.origins.cross_origin
    }

    /// The time limit for clients to respond.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long a pending ceremony can be finished: the timeout and the grace period.
    #[must_use]
    pub fn ceremony_lifetime(&self) -> Duration {
        self.timeout.saturating_add(self.grace)
    }

    /// Whether passkeys have to be discoverable.
    #[must_use]
    pub fn requires_resident_key(&self) -> bool {
        self.selection.resident_key == ResidentKeyRequirement::Required
    }

    /// The algorithms that are offered, most wanted first.
    #[must_use]
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// The credentials that are accepted by their backup eligibility.
    #[must_use]
    pub fn backup_policy(&self) -> BackupPolicy {
        self.backup_policy
    }

    /// The authenticators that registrations ask for.
    #[must_use]
    pub fn authenticator_selection(&self) -> &AuthenticatorSelectionCriteria {
        &self.selection
    }

    /// How registrations ask for attestation to be conveyed.
    #[must_use]
    pub fn attestation(&self) -> AttestationConveyancePreference {
        self.attestation
    }

    /// The attestation policy.
    #[must_use]
    pub fn attestation_policy(&self) -> &AttestationPolicy {
        &self.attestation_policy
    }

    pub(crate) fn timeout_millis(&self) -> u64 {
        u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether clients reject the AppID on a page of this origin: the registrable domains differ (FIDO AppID and facets,
    /// section 3.1.2). Of an origin without a host, such as that of a native app, this is not known.
    #[cfg(feature = "public-suffix")]
    pub(crate) fn rejects_appid_on(&self, origin: &str) -> bool {
        let host_of = |url: &str| {
            let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
            let host = url.get(..end).and_then(crate::origin::WebOrigin::parse)?.host;
            Some(String::from(psl::domain_str(host).unwrap_or(host)))
        };
        match (self.appid.as_deref().and_then(host_of), host_of(origin)) {
            (Some(appid), Some(page)) => appid != page,
            _ => false,
        }
    }

    /// Without the public suffix list, this is not known.
    #[cfg(not(feature = "public-suffix"))]
    pub(crate) fn rejects_appid_on(&self, _: &str) -> bool {
        false
    }

    /// 7.2, step 15: whether this is the hash of the RP ID or of another accepted one.
    pub(crate) fn accepts_rp_id_hash(&self, hash: &[u8; 32]) -> bool {
        self.rp_id_hash == *hash || self.other_rp_id_hashes.contains(hash)
    }
}

pub(crate) fn rp_id_hash(rp_id: &str) -> [u8; 32] {
    crypto::sha256(&[rp_id.as_bytes()])
}
