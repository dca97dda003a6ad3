use alloc::borrow::Cow;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;

use super::{AttestationType, Procedure, Verified, X5c};
use crate::base64url;
use crate::cbor::FieldError;
use crate::cose::Algorithm;
use crate::crypto::{self, SpkiError};
use crate::error::Code;
use crate::json::parse_object;
use crate::jws::{Compact, Header, JwsError, JwsSignatureError, X5cEncoding};
use crate::x509::{Certificate, CertificateError, GeneralName};
use crate::{Profile, Timestamp};

/// Why an `android-safetynet` statement was refused
/// ([section 8.5](https://www.w3.org/TR/webauthn-3/#sctn-android-safetynet-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AndroidSafetynetError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `ver` is empty.
    #[error("attStmt.ver is empty")]
    Version,
    /// `response` is no JWS.
    #[error("attStmt.response: {0}")]
    Jws(#[from] JwsError),
    /// The payload is not base64url without padding.
    #[error("attStmt.response: the payload is not base64url without padding")]
    PayloadBase64,
    /// The payload is not what SafetyNet writes.
    #[error("attStmt.response: the payload is not an object with nonce, timestampMs and ctsProfileMatch")]
    Payload,
    /// The JWS carries no certificate.
    #[error("attStmt.response: x5c is empty")]
    NoCertificate,
    /// The signer's certificate cannot be read.
    #[error("attStmt.response, x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The signer's key is none that this build can verify with.
    #[error("attStmt.response, x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// The JWS is signed with an algorithm that SafetyNet does not use.
    #[error("attStmt.response: alg {got} is neither RS256 nor ES256")]
    Algorithm {
        /// What it is.
        got: Algorithm,
    },
    /// The JWS's signature does not verify.
    #[error("attStmt.response: {0}")]
    Signature(#[from] JwsSignatureError),
    /// The signer's certificate is not for SafetyNet's host.
    #[error("attStmt.response, x5c[0]: not for attest.android.com")]
    HostName,
    /// `nonce` is not the hash of authenticatorData and clientDataHash.
    #[error("nonce is not the hash of authenticatorData and clientDataHash")]
    Nonce,
    /// `ctsProfileMatch` is not true: the device is not one that Google certified.
    #[error("ctsProfileMatch is false")]
    CtsProfile,
    /// The answer was made in the future, or too long ago (`fido` profile).
    #[error("timestampMs {timestamp_ms} is in the future, or more than a minute ago")]
    Timestamp {
        /// Milliseconds since the epoch.
        timestamp_ms: u64,
    },
}

impl AndroidSafetynetError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_)
            | Self::Version
            | Self::Jws(_)
            | Self::PayloadBase64
            | Self::Payload
            | Self::NoCertificate => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            _ => Code::AttestationInvalid,
        }
    }
}

/// What is asked for of the answer's payload; members that are not known are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    timestamp_ms: u64,
    cts_profile_match: bool,
}

/// 8.5, verification procedure.
///
/// Whether the answer came from SafetyNet is for trust to say: its certificate is one of the web's, so an anchor
/// for it must vouch for nothing else (see [`FormatAnchors`](crate::trust::FormatAnchors)).
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, AndroidSafetynetError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = procedure.members()?;
    let ver = statement.text("ver")?;
    let response = statement.bytes("response")?;
    if ver.is_empty() {
        return Err(AndroidSafetynetError::Version);
    }
    // response is a valid SafetyNet response of version ver: a JWS that the leaf of its x5c signs
    let jws = Compact::split(response)?;
    let header = Header::parse(jws.header, X5cEncoding::Strict)?;
    let chain: Vec<&[u8]> = header.x5c.iter().map(Vec::as_slice).collect();
    let X5c { leaf, trust_path } = X5c::read(&chain)?.ok_or(AndroidSafetynetError::NoCertificate)?;
    if !matches!(header.algorithm, Algorithm::Rs256 | Algorithm::Es256) {
        return Err(AndroidSafetynetError::Algorithm { got: header.algorithm });
    }
    jws.verify(header.algorithm, &leaf.public_key()?)?;
    let payload = core::str::from_utf8(jws.payload).ok().and_then(|payload| base64url::decode(payload).ok());
    let payload = payload.ok_or(AndroidSafetynetError::PayloadBase64)?;
    let payload: Payload<'_> = parse_object(&payload).map_err(|_| AndroidSafetynetError::Payload)?;
    // nonce is the Base64 encoding of the SHA-256 of authenticatorData || clientDataHash
    let nonce = crypto::sha256(&[procedure.authenticator_data.as_bytes(), procedure.client_data_hash]);
    if Base64::encode_string(&nonce) != payload.nonce {
        return Err(AndroidSafetynetError::Nonce);
    }
    // The response actually came from the SafetyNet service: its certificate is for attest.android.com
    if !is_for_host(&leaf, HOST) {
        return Err(AndroidSafetynetError::HostName);
    }
    if !payload.cts_profile_match {
        return Err(AndroidSafetynetError::CtsProfile);
    }
    let max_age_ms = max_age_ms(procedure.profile, procedure.is_fresh);
    check_timestamp(payload.timestamp_ms, procedure.at, max_age_ms)?;
    // Return implementation-specific values representing Basic attestation, and trust path x5c
    Ok(Verified::with_path(AttestationType::Basic, trust_path))
}

/// The host that signs for SafetyNet.
const HOST: &str = "attest.android.com";
/// How old FIDO's server requirements let an answer be.
const MAX_AGE_MS: i128 = 60_000;

/// Whether a DNS name of the subject alternative name is this host; SafetyNet's has no wildcard.
fn is_for_host(leaf: &Certificate, host: &str) -> bool {
    let names = leaf.subject_alt_name().ok().flatten().unwrap_or_default();
    names.iter().any(|name| matches!(name, GeneralName::Dns(dns) if dns.eq_ignore_ascii_case(host)))
}

/// A stored answer is as old as its registration.
fn max_age_ms(profile: Profile, is_fresh: bool) -> Option<i128> {
    (profile == Profile::Fido && is_fresh).then_some(MAX_AGE_MS)
}

/// `at` counts whole seconds, so the second that has begun is not the future yet.
fn check_timestamp(
    timestamp_ms: u64,
    at: Timestamp,
    max_age_ms: Option<i128>,
) -> Result<(), AndroidSafetynetError> {
    let since_ms =
        i128::from(at.as_unix_seconds()).saturating_mul(1000).saturating_sub(i128::from(timestamp_ms));
    let is_future = since_ms <= -1000;
    let is_old = max_age_ms.is_some_and(|max_age_ms| since_ms > max_age_ms);
    if is_future || is_old { Err(AndroidSafetynetError::Timestamp { timestamp_ms }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn is_refused(timestamp_ms: u64, profile: Profile) -> bool {
        let refused = AndroidSafetynetError::Timestamp { timestamp_ms };
        match check_timestamp(timestamp_ms, AT, max_age_ms(profile, true)) {
            Ok(()) => false,
            Err(error) => {
                assert_eq!(error, refused);
                true
            }
        }
    }

    #[test]
    fn an_answer_of_the_future_is_refused_in_any_profile() {
        for profile in [Profile::Webauthn, Profile::Fido] {
            assert!(!is_refused(1_000_000, profile));
            assert!(!is_refused(1_000_999, profile), "within the second that has begun");
            assert!(is_refused(1_001_000, profile));
            assert!(is_refused(u64::MAX, profile));
        }
    }

    #[test]
    fn an_answer_older_than_a_minute_is_refused_in_the_fido_profile() {
        assert!(!is_refused(940_000, Profile::Fido));
        assert!(is_refused(939_999, Profile::Fido));
        assert!(!is_refused(0, Profile::Webauthn));
    }

    #[test]
    fn a_stored_answer_may_be_of_any_age() {
        assert_eq!(check_timestamp(0, AT, max_age_ms(Profile::Fido, false)), Ok(()));
    }

    #[test]
    fn a_payload_is_an_object_without_members_that_come_twice() {
        let read = |json: &'static str| parse_object::<Payload<'_>>(json.as_bytes()).is_ok();
        assert!(read(r#"{"nonce":"AA\u003d\u003d","timestampMs":1,"ctsProfileMatch":true,"advice":[]}"#));
        for wrong in [
            r#"{"nonce":"AA==","timestampMs":1}"#,
            r#"{"nonce":"AA==","timestampMs":-1,"ctsProfileMatch":true}"#,
            r#"{"nonce":"AA==","timestampMs":"1","ctsProfileMatch":true}"#,
            r#"{"nonce":"AA==","timestampMs":1,"ctsProfileMatch":1}"#,
            r#"{"nonce":"AA==","timestampMs":1,"ctsProfileMatch":false,"ctsProfileMatch":true}"#,
            r#"["AA==",1,true]"#,
        ] {
            assert!(!read(wrong), "{wrong}");
        }
    }
}
