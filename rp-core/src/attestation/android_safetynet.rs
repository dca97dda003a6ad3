use alloc::borrow::Cow;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;

use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::x5c::{X5c, X5cError};
use crate::base64url;
use crate::cbor::FieldError;
use crate::cose::Algorithm;
use crate::crypto;
use crate::error::Code;
use crate::json::parse_object;
use crate::jws::{Compact, Header, JwsError, JwsSignatureError, X5cEncoding};
use crate::profile::Profile;
use crate::timestamp::Timestamp;
use crate::x509::{Certificate, GeneralName};

/// Why an `android-safetynet` statement was rejected
/// ([section 8.5](https://www.w3.org/TR/webauthn-3/#sctn-android-safetynet-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AndroidSafetynetError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `ver` is empty.
    #[error("attStmt.ver is empty")]
    Version,
    /// `response` is not a JWS.
    #[error("attStmt.response: {0}")]
    Jws(#[from] JwsError),
    /// The payload is not base64url without padding.
    #[error("attStmt.response: the payload is not base64url without padding")]
    PayloadBase64,
    /// The payload lacks members of a SafetyNet response.
    #[error("attStmt.response: the payload is not an object with nonce, timestampMs and ctsProfileMatch")]
    Payload,
    /// The certificates of the JWS were rejected.
    #[error("attStmt.response: {0}")]
    X5c(#[from] X5cError),
    /// The JWS has an algorithm that SafetyNet does not use.
    #[error("attStmt.response: alg {got} is neither RS256 nor ES256")]
    Algorithm {
        /// The algorithm of the JWS.
        got: Algorithm,
    },
    /// The signature of the JWS is invalid.
    #[error("attStmt.response: {0}")]
    Signature(#[from] JwsSignatureError),
    /// The signer's certificate was not issued for SafetyNet's host.
    #[error("attStmt.response, x5c[0]: not for attest.android.com")]
    HostName,
    /// `nonce` is not the hash of authenticatorData and clientDataHash.
    #[error("nonce is not the hash of authenticatorData and clientDataHash")]
    Nonce,
    /// `ctsProfileMatch` is false: the device is not certified by Google.
    #[error("ctsProfileMatch is false")]
    CtsProfile,
    /// The response is from the future, or too old (`fido` profile).
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
            Self::Statement(_) | Self::Version | Self::Jws(_) | Self::PayloadBase64 | Self::Payload => {
                Code::MalformedAttestationStatement
            }
            Self::X5c(error) => error.code(),
            _ => Code::AttestationInvalid,
        }
    }
}

/// The members of the payload that are checked; unknown members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    timestamp_ms: u64,
    cts_profile_match: bool,
}

/// 8.5, verification input.
///
/// Only trust shows that the response came from SafetyNet. Its certificate is an ordinary server certificate, so an
/// anchor for it must be trusted for nothing else (see [`FormatAnchors`](crate::trust::FormatAnchors)).
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, AndroidSafetynetError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = input.members()?;
    let ver = statement.text("ver")?;
    let response = statement.bytes("response")?;
    if ver.is_empty() {
        return Err(AndroidSafetynetError::Version);
    }
    // response is a valid SafetyNet response of version ver: a JWS that the leaf of its x5c signs
    let jws = Compact::split(response)?;
    let header = Header::parse(jws.header, X5cEncoding::Strict)?;
    let chain: Vec<&[u8]> = header.x5c.iter().map(Vec::as_slice).collect();
    let x5c = X5c::read(&chain)?;
    if !matches!(header.algorithm, Algorithm::Rs256 | Algorithm::Es256) {
        return Err(AndroidSafetynetError::Algorithm { got: header.algorithm });
    }
    let key = x5c.leaf.key().map_err(X5cError::from)?;
    jws.verify(header.algorithm, &key)?;
    let payload = core::str::from_utf8(jws.payload).ok().and_then(|payload| base64url::decode(payload).ok());
    let payload = payload.ok_or(AndroidSafetynetError::PayloadBase64)?;
    let payload: Payload<'_> = parse_object(&payload).map_err(|_| AndroidSafetynetError::Payload)?;
    // nonce is the Base64 encoding of the SHA-256 of authenticatorData || clientDataHash
    let nonce = crypto::sha256(&[input.authenticator_data.as_bytes(), input.client_data_hash]);
    if Base64::encode_string(&nonce) != payload.nonce {
        return Err(AndroidSafetynetError::Nonce);
    }
    // The response actually came from the SafetyNet service: its certificate is for attest.android.com
    if !is_for_host(&x5c.leaf, HOST) {
        return Err(AndroidSafetynetError::HostName);
    }
    if !payload.cts_profile_match {
        return Err(AndroidSafetynetError::CtsProfile);
    }
    let max_age_ms = max_age_ms(input.profile, input.is_fresh);
    check_timestamp(payload.timestamp_ms, input.at, max_age_ms)?;
    // Return implementation-specific values representing Basic attestation, and trust path x5c
    Ok(Verified::with_x5c(AttestationType::Basic, x5c))
}

/// The host that signs for SafetyNet.
const HOST: &str = "attest.android.com";
/// The greatest age of a response (FIDO's server requirements).
const MAX_AGE_MS: i128 = 60_000;

/// Whether the subject alternative name contains this host; SafetyNet's certificate has no wildcard.
fn is_for_host(leaf: &Certificate, host: &str) -> bool {
    let names = leaf.subject_alt_name().ok().flatten().unwrap_or_default();
    names.iter().any(|name| matches!(name, GeneralName::Dns(dns) if dns.eq_ignore_ascii_case(host)))
}

/// No limit for a stored response, which is as old as its registration.
fn max_age_ms(profile: Profile, is_fresh: bool) -> Option<i128> {
    (profile == Profile::Fido && is_fresh).then_some(MAX_AGE_MS)
}

/// `at` has whole seconds, so the current second is not the future.
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
