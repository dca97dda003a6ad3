//! The configuration, and the relying party that it describes.

use std::sync::Arc;

use rp_core::{
    Algorithm, AttestationPolicy, ConfigError, CounterPolicy, Profile, RandomnessError, RelyingParty,
    TrustSource,
};

use super::check::Check;
use super::request::CreationRequest;

/// The configuration of a [`Server`](super::Server).
#[derive(Clone)]
pub struct Config {
    /// The origin of the pages whose responses are accepted. Its host is the RP ID unless `rp_id` is set.
    pub origin: String,
    /// The RP ID.
    pub rp_id: Option<String>,
    /// The rules that apply.
    pub profile: Profile,
    /// The algorithms that are offered, in this order.
    pub algorithms: Vec<Algorithm>,
    /// The models that are trusted. With a source, a statement with certificates must be trusted; without one, it only has
    /// to verify.
    pub trust: Option<Arc<dyn TrustSource + Send + Sync>>,
    /// Whether the TPM manufacturer of FIDO's conformance tools is accepted.
    pub accepts_tool_tpm: bool,
    /// The check that the server does not make: for tests of test suites.
    pub without: Option<Check>,
}

impl Config {
    /// The `fido` profile for pages of an origin, with every algorithm except ML-DSA-87, and without metadata.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            profile: Profile::Fido,
            algorithms: offered(),
            trust: None,
            accepts_tool_tpm: false,
            without: None,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("origin", &self.origin)
            .field("profile", &self.profile)
            .field("trust", &self.trust.is_some())
            .field("without", &self.without)
            .finish_non_exhaustive()
    }
}

/// Every algorithm except ML-DSA-87, so that a test can use one that was not offered.
fn offered() -> Vec<Algorithm> {
    Algorithm::SUPPORTED.iter().copied().filter(|algorithm| *algorithm != Algorithm::MlDsa87).collect()
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Origin, RP ID or algorithms cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The operating system provides no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// The relying party of one request, which decides about attestation and authenticators. `origin` is accepted too.
pub(super) fn relying_party(
    config: &Config,
    request: &CreationRequest,
    origin: Option<&str>,
) -> Result<RelyingParty, ConfigError> {
    let lacks = |check| config.without == Some(check);
    let host = config.origin.split_once("://").map_or(config.origin.as_str(), |(_, rest)| rest);
    let host = host.split(':').next().unwrap_or(host);
    let mut policy = AttestationPolicy::default().all_formats();
    if lacks(Check::Attestation) {
        policy = policy.ignore_statements();
    }
    if config.accepts_tool_tpm {
        policy = policy.accept_conformance_tpm();
    }
    let selection = &request.authenticator_selection;
    let profile = if lacks(Check::TokenBinding) { Profile::Webauthn } else { config.profile };
    // RS1 can be offered only in the `fido` profile.
    let can_offer = |algorithm: &Algorithm| profile == Profile::Fido || *algorithm != Algorithm::Rs1;
    let mut builder = RelyingParty::builder(config.rp_id.as_deref().unwrap_or(host))
        .name("Conformance")
        .origin(&config.origin)
        .profile(profile)
        .algorithms(config.algorithms.iter().copied().filter(can_offer))
        .attestation(request.attestation)
        .attestation_policy(policy)
        .user_verification(selection.user_verification)
        .resident_key(selection.resident_key());
    if let Some(attachment) = selection.authenticator_attachment {
        builder = builder.authenticator_attachment(attachment);
    }
    if let Some(origin) = origin {
        builder = builder.verbatim_origin(origin);
    }
    if lacks(Check::Counter) {
        builder = builder.counter_policy(CounterPolicy::Report);
    }
    if lacks(Check::CrossOrigin) {
        builder = builder.allow_cross_origin();
    }
    builder.build()
}
