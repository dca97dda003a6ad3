//! Conversions between the types of the vector format and those of rp-core.

use rp_core::attestation::AttestationPolicy;
use rp_core::{Algorithm, ConfigError, Profile, RelyingParty};
use serde_json::{Map, Value};

use super::DriverError;
use crate::format::{self, AttestationSettings, Bytes};

/// A rejection by rp-core or rp-mds: the error's code and message.
macro_rules! rejected {
    ($error:expr) => {{
        let error = $error;
        crate::run::DriverError::Rejected { code: error.code(), detail: error.to_string() }
    }};
}
pub(super) use rejected;

/// The types of rp-core cannot represent a part of the case.
pub(super) fn unrepresentable(what: &str, error: impl ToString) -> DriverError {
    DriverError::Unrepresentable(format!("{what}: {}", error.to_string()))
}

/// The relying party that a case describes.
pub(super) fn relying_party(
    rp: &format::RelyingParty,
    algorithms: Vec<Algorithm>,
    policy: AttestationPolicy,
) -> Result<RelyingParty, DriverError> {
    let mut builder = RelyingParty::builder(&rp.id)
        .verbatim_rp_id()
        .algorithms(algorithms)
        .attestation_policy(policy)
        .profile(rp.profile);
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
    builder.build().map_err(|error: ConfigError| unrepresentable("rp", error))
}

pub(super) fn policy(settings: &AttestationSettings) -> AttestationPolicy {
    let mut policy = AttestationPolicy::default().all_formats();
    if !settings.verify {
        policy = policy.ignore_statements();
    }
    if settings.require_trusted {
        policy = policy.require_trusted();
    }
    policy
}

/// The algorithms of this build that a profile accepts.
pub(super) fn supported(profile: Profile) -> Vec<Algorithm> {
    let accepted = |algorithm: &Algorithm| profile == Profile::Fido || *algorithm != Algorithm::Rs1;
    Algorithm::SUPPORTED.iter().copied().filter(accepted).collect()
}

/// The authenticator's extension outputs as JSON: byte strings in base64url, keys that are not text in JSON notation.
pub(super) fn extensions(outputs: Option<&[u8]>) -> Result<Value, DriverError> {
    let Some(outputs) = outputs else { return Ok(Value::Object(Map::new())) };
    let outputs = rp_core::cbor::parse(outputs).map_err(|error| unrepresentable("extensions", error))?;
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
