//! rp-core, and rp-mds for metadata, under test.

use rp_core::attestation::AttestationPolicy;
use rp_core::options::UserVerificationRequirement;
use rp_core::{Algorithm, ConfigError, RelyingParty, RelyingPartyBuilder};
use serde_json::{Map, Value};

use super::{Driver, Refusal, authentication, chain, mds, registration, signature};
use crate::format::{
    self, Authentication, Bytes, Ceremony, Chain, Mds, Metadata, Profile, Registration, Signature,
    UserVerification,
};

/// rp-core and rp-mds, as they were built with this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct RpCore;

impl Driver for RpCore {
    fn registration(&self, case: &Registration) -> Result<Ceremony, Refusal> {
        registration::judge(case)
    }

    fn authentication(&self, case: &Authentication) -> Result<Ceremony, Refusal> {
        authentication::judge(case)
    }

    fn chain(&self, case: &Chain) -> Result<(), Refusal> {
        chain::judge(case)
    }

    fn mds(&self, case: &Mds) -> Result<Metadata, Refusal> {
        mds::judge(case)
    }

    fn signature(&self, case: &Signature) -> Result<(), Refusal> {
        signature::judge(case)
    }
}

/// Refused by rp-core, for a code and in its words.
macro_rules! refused {
    ($error:expr) => {{
        let error = $error;
        crate::run::Refusal::Refused { code: error.code(), detail: error.to_string() }
    }};
}
pub(super) use refused;

/// The case could not be put, because rp-core's own types do not hold what it says.
pub(super) fn not_put(what: &str, error: impl ToString) -> Refusal {
    Refusal::NotPut(format!("{what}: {}", error.to_string()))
}

/// The relying party of a case, all that a case may set and nothing else.
pub(super) fn relying_party(
    rp: &format::RelyingParty,
    algorithms: Vec<Algorithm>,
    policy: AttestationPolicy,
) -> Result<RelyingParty, Refusal> {
    let mut builder: RelyingPartyBuilder = RelyingParty::builder(&rp.id)
        .verbatim_rp_id()
        .algorithms(algorithms)
        .attestation_policy(policy)
        .profile(profile(rp.profile));
    for origin in &rp.origins {
        builder = builder.verbatim_origin(origin);
    }
    if rp.allow_subdomains {
        builder = builder.allow_subdomains();
    }
    if rp.allow_cross_origin {
        builder = builder.allow_cross_origin();
        for origin in &rp.top_origins {
            builder = builder.top_origin(origin);
        }
    }
    if let Some(appid) = &rp.appid {
        builder = builder.appid(appid);
    }
    builder.build().map_err(|error: ConfigError| not_put("rp", error))
}

/// Every algorithm of this build that a profile accepts.
pub(super) fn supported(profile: Profile) -> Vec<Algorithm> {
    let accepted = |algorithm: &Algorithm| profile == Profile::Fido || *algorithm != Algorithm::Rs1;
    Algorithm::SUPPORTED.iter().copied().filter(accepted).collect()
}

const fn profile(profile: Profile) -> rp_core::Profile {
    match profile {
        Profile::Webauthn => rp_core::Profile::Webauthn,
        Profile::Fido => rp_core::Profile::Fido,
    }
}

pub(super) const fn user_verification(asked: UserVerification) -> UserVerificationRequirement {
    match asked {
        UserVerification::Required => UserVerificationRequirement::Required,
        UserVerification::Preferred => UserVerificationRequirement::Preferred,
        UserVerification::Discouraged => UserVerificationRequirement::Discouraged,
    }
}

/// The authenticator's extension outputs as JSON: byte strings in base64url, keys that are no text as they print.
pub(super) fn extensions(outputs: Option<&[u8]>) -> Result<Value, Refusal> {
    let Some(outputs) = outputs else { return Ok(Value::Object(Map::new())) };
    let outputs = rp_core::cbor::parse(outputs).map_err(|error| not_put("extensions", error))?;
    Ok(json(&outputs))
}

fn json(value: &rp_core::cbor::Value<'_>) -> Value {
    use rp_core::cbor::Value as Cbor;
    match value {
        Cbor::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
            (Ok(integer), _) => integer.into(),
            (_, Ok(integer)) => integer.into(),
            _ => integer.to_string().into(),
        },
        Cbor::Bytes(bytes) => Bytes::from(*bytes).to_string().into(),
        Cbor::Text(text) => (*text).into(),
        Cbor::Array(items) => items.iter().map(json).collect(),
        Cbor::Map(map) => {
            let key = |key: &Cbor<'_>| match json(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            map.iter().map(|(name, value)| (key(name), json(value))).collect()
        }
        Cbor::Bool(value) => (*value).into(),
        Cbor::Null | Cbor::Undefined => Value::Null,
        Cbor::Float(float) => (*float).into(),
        Cbor::Simple(value) => (*value).into(),
    }
}
