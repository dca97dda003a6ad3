use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::config_error::ConfigError;
use super::{BackupPolicy, CounterPolicy, RelyingParty, rp_id_hash};
use crate::attestation::{AttestationPolicy, Format};
use crate::cose::{Algorithm, KeyCache};
use crate::extensions::ExtensionPolicy;
use crate::options::{
    AttestationConveyancePreference, AuthenticatorAttachment, AuthenticatorSelectionCriteria,
    PublicKeyCredentialHint, PublicKeyCredentialRpEntity, ResidentKeyRequirement,
    UserVerificationRequirement,
};
use crate::origin::{AcceptedOrigins, WebOrigin, is_lower_case_host};
use crate::profile::Profile;
use crate::x509::CertificateCache;

/// Builds a [`RelyingParty`]; [`RelyingPartyBuilder::build`] validates the configuration.
///
/// The defaults accept every authenticator: `residentKey` and user verification `preferred`, algorithms -8, -7 and
/// -257, attestation `none`, a timeout of five minutes. A counter that did not increase is rejected.
#[derive(Clone, Debug)]
#[must_use]
pub struct RelyingPartyBuilder {
    rp_id: String,
    verbatim_rp_id: bool,
    other_rp_ids: Vec<String>,
    name: Option<String>,
    appid: Option<String>,
    origins: Vec<(String, Kind)>,
    subdomains: bool,
    any_port: bool,
    cross_origin: bool,
    top_origins: Vec<String>,
    algorithms: Vec<Algorithm>,
    selection: AuthenticatorSelectionCriteria,
    hints: Vec<PublicKeyCredentialHint>,
    attestation: AttestationConveyancePreference,
    attestation_formats: Vec<String>,
    attestation_policy: AttestationPolicy,
    extension_policy: ExtensionPolicy,
    counter_policy: CounterPolicy,
    backup_policy: BackupPolicy,
    profile: Profile,
    timeout: Duration,
    grace: Duration,
    key_cache: usize,
    certificate_cache: usize,
}

/// The kind of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Own,
    Related,
    Native,
    Verbatim,
}

impl RelyingParty {
    /// Starts a configuration. The RP ID is the domain that credentials are scoped to: `example.org`, or `localhost`
    /// during development.
    pub fn builder(rp_id: &str) -> RelyingPartyBuilder {
        RelyingPartyBuilder::new(rp_id)
    }
}

impl RelyingPartyBuilder {
    fn new(rp_id: &str) -> Self {
        Self {
            rp_id: rp_id.into(),
            verbatim_rp_id: false,
            other_rp_ids: Vec::new(),
            name: None,
            appid: None,
            origins: Vec::new(),
            subdomains: false,
            any_port: false,
            cross_origin: false,
            top_origins: Vec::new(),
            algorithms: default_algorithms(),
            selection: AuthenticatorSelectionCriteria::default(),
            hints: Vec::new(),
            attestation: AttestationConveyancePreference::None,
            attestation_formats: Vec::new(),
            attestation_policy: AttestationPolicy::default(),
            extension_policy: ExtensionPolicy::default(),
            counter_policy: CounterPolicy::Refuse,
            backup_policy: BackupPolicy::Any,
            profile: Profile::Webauthn,
            timeout: Duration::from_secs(300),
            grace: Duration::from_secs(60),
            key_cache: KeyCache::CAPACITY,
            certificate_cache: CertificateCache::CAPACITY,
        }
    }

    /// Sets the display name. The default is the RP ID.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Accepts the RP ID unchecked, for recorded ceremonies and test vectors. The risk: browsers create no credentials
    /// for an IP address or a misspelt domain.
    pub fn verbatim_rp_id(mut self) -> Self {
        self.verbatim_rp_id = true;
        self
    }

    /// Accepts a web origin whose host is the RP ID or a subdomain.
    pub fn origin(mut self, origin: &str) -> Self {
        self.origins.push((origin.into(), Kind::Own));
        self
    }

    /// Accepts a web origin of another domain that uses this RP ID through `/.well-known/webauthn`
    /// ([section 5.11](https://www.w3.org/TR/webauthn-3/#sctn-related-origins)).
    pub fn related_origin(mut self, origin: &str) -> Self {
        self.origins.push((origin.into(), Kind::Related));
        self
    }

    /// Accepts a native application: `android:apk-key-hash:…`, or `ios:bundle-id:…`.
    pub fn native_origin(mut self, origin: &str) -> Self {
        self.origins.push((origin.into(), Kind::Native));
        self
    }

    /// Accepts an origin unchecked, for recorded ceremonies and test vectors. The risk: a misspelt origin, or one without
    /// TLS, goes unnoticed.
    pub fn verbatim_origin(mut self, origin: &str) -> Self {
        self.origins.push((origin.into(), Kind::Verbatim));
        self
    }

    /// Accepts every subdomain of the RP ID with the scheme and port of an accepted origin of the RP ID, with TLS or
    /// within `localhost`. The risk: an attacker who takes over a forgotten subdomain can run ceremonies.
    pub fn allow_subdomains(mut self) -> Self {
        self.subdomains = true;
        self
    }

    /// Accepts every port of the host of an accepted web origin. The risk: any user of that host who can open a port can
    /// run ceremonies.
    pub fn allow_any_port(mut self) -> Self {
        self.any_port = true;
        self
    }

    /// Accepts ceremonies in cross-origin frames (`crossOrigin`). The risk: the page that contains the frame can mislead
    /// the user. See also [`Self::top_origin`].
    pub fn allow_cross_origin(mut self) -> Self {
        self.cross_origin = true;
        self
    }

    /// Accepts frames in a top-level page of this origin, if the client reports it (`topOrigin`).
    pub fn top_origin(mut self, origin: &str) -> Self {
        self.top_origins.push(origin.into());
        self
    }

    /// Accepts assertions for another RP ID as well, while credentials migrate. The risk: the pages of the other RP ID can
    /// obtain assertions that are accepted here.
    pub fn also_accept_rp_id(mut self, rp_id: &str) -> Self {
        self.other_rp_ids.push(rp_id.into());
        self
    }

    /// Supports U2F credentials of this FIDO AppID: authentication requests them (10.1.1), registration excludes them
    /// (10.1.2). Clients reject it on pages of other sites: see [`RegistrationRequest::for_page`] and
    /// [`AuthenticationRequest::for_page`].
    ///
    /// [`RegistrationRequest::for_page`]: crate::RegistrationRequest::for_page
    /// [`AuthenticationRequest::for_page`]: crate::AuthenticationRequest::for_page
    pub fn appid(mut self, appid: &str) -> Self {
        self.appid = Some(appid.into());
        self
    }

    /// Sets the offered algorithms, preferred first.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets whether the user must be verified, unless a request sets it.
    pub fn user_verification(mut self, requirement: UserVerificationRequirement) -> Self {
        self.selection.user_verification = requirement;
        self
    }

    /// Sets whether credentials must be discoverable.
    pub fn resident_key(mut self, requirement: ResidentKeyRequirement) -> Self {
        self.selection.resident_key = requirement;
        self.selection.require_resident_key = requirement == ResidentKeyRequirement::Required;
        self
    }

    /// Accepts only authenticators with this attachment, which the client reports unsigned.
    pub fn authenticator_attachment(mut self, attachment: AuthenticatorAttachment) -> Self {
        self.selection.authenticator_attachment = Some(attachment);
        self
    }

    /// Sets which authenticators the client offers first.
    pub fn hints(mut self, hints: impl IntoIterator<Item = PublicKeyCredentialHint>) -> Self {
        self.hints = hints.into_iter().collect();
        self
    }

    /// Sets the attestation to request.
    pub fn attestation(mut self, preference: AttestationConveyancePreference) -> Self {
        self.attestation = preference;
        self
    }

    /// Sets the preferred statement formats, a hint to the client.
    pub fn attestation_formats(mut self, formats: impl IntoIterator<Item = Format>) -> Self {
        self.attestation_formats = formats.into_iter().map(|format| format.as_str().to_string()).collect();
        self
    }

    /// Sets which statements are accepted, and what they must prove.
    pub fn attestation_policy(mut self, policy: AttestationPolicy) -> Self {
        self.attestation_policy = policy;
        self
    }

    /// Sets how extension outputs are handled that were not requested or are malformed.
    pub fn extension_policy(mut self, policy: ExtensionPolicy) -> Self {
        self.extension_policy = policy;
        self
    }

    /// Sets how a counter that did not increase is handled.
    pub fn counter_policy(mut self, policy: CounterPolicy) -> Self {
        self.counter_policy = policy;
        self
    }

    /// Sets which credentials are accepted by their backup eligibility.
    pub fn backup_policy(mut self, policy: BackupPolicy) -> Self {
        self.backup_policy = policy;
        self
    }

    /// Sets which rules apply.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the timeout for clients. [Section 15.1](https://www.w3.org/TR/webauthn-3/#sctn-timeout-recommended-range)
    /// recommends five to ten minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long after the timeout a response is still accepted: clients start to count when they have received the
    /// options, and the response takes time to arrive. One minute by default.
    pub fn ceremony_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how many public keys stay ready for the next authentication: parsed, checked and prepared for their back
    /// end. A key is found by the whole `COSE_Key` of the record, and kept once it has verified a signature. 1,024 by
    /// default, of some 2 KB each; 0 turns the cache off. The cache needs the feature `std`.
    pub fn key_cache(mut self, keys: usize) -> Self {
        self.key_cache = keys;
        self
    }

    /// Sets how many intermediate certificates are kept whose signatures have been verified, so that they are not
    /// verified again: see [`CertificateCache`]. 256 by default, of some 4 KB each; 0 turns the cache off.
    pub fn certificate_cache(mut self, certificates: usize) -> Self {
        self.certificate_cache = certificates;
        self
    }

    /// Validates the configuration.
    ///
    /// # Errors
    /// Returns the first [`ConfigError`] that is found.
    pub fn build(self) -> Result<RelyingParty, ConfigError> {
        let own = Some(&self.rp_id).filter(|_| !self.verbatim_rp_id);
        for rp_id in own.into_iter().chain(&self.other_rp_ids) {
            // The last label of a domain is never all digits; that of an IPv4 address is.
            let last = rp_id.rsplit('.').next().unwrap_or_default();
            if !is_lower_case_host(rp_id) || last.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(ConfigError::RpId { rp_id: rp_id.clone() });
            }
            #[cfg(feature = "public-suffix")]
            if is_public_suffix(rp_id) {
                return Err(ConfigError::PublicSuffix { rp_id: rp_id.clone() });
            }
        }
        if self.origins.is_empty() {
            return Err(ConfigError::NoOrigin);
        }
        for (origin, kind) in &self.origins {
            check_origin(&self.rp_id, origin, *kind)?;
        }
        if !self.cross_origin && !self.top_origins.is_empty() {
            return Err(ConfigError::TopOriginsUnused);
        }
        for origin in &self.top_origins {
            check_origin(&self.rp_id, origin, Kind::Related)?;
        }
        if let Some(appid) = self.appid.as_ref().filter(|appid| !is_appid(appid)) {
            return Err(ConfigError::AppId { appid: appid.clone() });
        }
        if self.algorithms.is_empty() {
            return Err(ConfigError::NoAlgorithm);
        }
        if let Some(&algorithm) = self.algorithms.iter().find(|algorithm| !algorithm.is_supported()) {
            return Err(ConfigError::AlgorithmNotSupported { algorithm });
        }
        if self.profile != Profile::Fido && self.algorithms.contains(&Algorithm::Rs1) {
            return Err(ConfigError::Rs1);
        }
        if self.timeout.is_zero() {
            return Err(ConfigError::Timeout);
        }
        Ok(RelyingParty {
            rp_id_hash: rp_id_hash(&self.rp_id),
            other_rp_id_hashes: self.other_rp_ids.iter().map(|rp_id| rp_id_hash(rp_id)).collect(),
            appid: self.appid,
            origins: AcceptedOrigins {
                rp_id: self.rp_id.clone(),
                origins: self.origins.into_iter().map(|(origin, _)| origin).collect(),
                subdomains: self.subdomains,
                any_port: self.any_port,
                cross_origin: self.cross_origin,
                top_origins: self.top_origins,
            },
            entity: PublicKeyCredentialRpEntity {
                name: self.name.unwrap_or_else(|| self.rp_id.clone()),
                id: self.rp_id,
            },
            algorithms: self.algorithms,
            selection: self.selection,
            hints: self.hints,
            attestation: self.attestation,
            attestation_formats: self.attestation_formats,
            attestation_policy: self.attestation_policy,
            extension_policy: self.extension_policy,
            counter_policy: self.counter_policy,
            backup_policy: self.backup_policy,
            profile: self.profile,
            timeout: self.timeout,
            grace: self.grace,
            keys: Arc::new(KeyCache::new(self.key_cache)),
            certificates: Arc::new(CertificateCache::new(self.certificate_cache)),
        })
    }
}

/// -8, -7 and -257: every authenticator has one of them. If the build supports none of these, all that it supports.
fn default_algorithms() -> Vec<Algorithm> {
    let supported = |algorithm: &Algorithm| algorithm.is_supported();
    let usual: Vec<_> =
        [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256].into_iter().filter(supported).collect();
    if !usual.is_empty() {
        return usual;
    }
    Algorithm::SUPPORTED.iter().copied().filter(|algorithm| *algorithm != Algorithm::Rs1).collect()
}

/// Whether a domain is a public suffix by a rule of the list, in either of its sections. `localhost` and the single labels
/// of an intranet are in no rule.
#[cfg(feature = "public-suffix")]
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == domain)
}

const SCHEME: &str = "https://";

/// Whether this is an AppID of a web page: an `https` URL. Clients hash it byte by byte.
fn is_appid(appid: &str) -> bool {
    let host_ends = |rest: &str| rest.find('/').map_or(appid.len(), |at| at.saturating_add(SCHEME.len()));
    let Some((origin, path)) =
        appid.strip_prefix(SCHEME).and_then(|rest| appid.split_at_checked(host_ends(rest)))
    else {
        return false;
    };
    let is_written = path.bytes().all(|c| c.is_ascii_graphic() && !matches!(c, b'#' | b'\\'));
    is_written && WebOrigin::parse(origin).is_some()
}

fn check_origin(rp_id: &str, origin: &str, kind: Kind) -> Result<(), ConfigError> {
    match kind {
        Kind::Verbatim => return Ok(()),
        Kind::Native => {
            let is_native = ["android:apk-key-hash:", "ios:bundle-id:"]
                .iter()
                .any(|prefix| origin.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()));
            return if is_native { Ok(()) } else { Err(ConfigError::NativeOrigin { origin: origin.into() }) };
        }
        Kind::Own | Kind::Related => {}
    }
    let Some(web) = WebOrigin::parse(origin) else {
        return Err(ConfigError::OriginSyntax { origin: origin.into() });
    };
    // Browsers take localhost for a secure context without TLS.
    if !web.is_secure() {
        return Err(ConfigError::OriginNotSecure { origin: origin.into() });
    }
    if kind == Kind::Own && !web.is_within(rp_id) {
        return Err(ConfigError::OriginNotWithinRpId { origin: origin.into(), rp_id: rp_id.into() });
    }
    Ok(())
}
