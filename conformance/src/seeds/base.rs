//! Valid ceremonies in parts, so that a part can be replaced.

use rp_core::attestation::{AppAttest, AppAttestError, AttestedAppKey};
use rp_core::x509::CertificateError;
use rp_core::{AttestationObject, StaticAnchors, TrustAnchor, base64url, cbor};
use serde_json::Value;

use super::layout::NOW;
use crate::authenticator::app_attest::{self, AppAttestation};
use crate::authenticator::{Cbor, ClientError};
use crate::format::{Authentication, Body, Bytes, Case, Ceremony, Registration};
use crate::matrix;
use crate::run::{Driver, DriverError, RpCore};

/// A registration, and the relying party that accepts it.
#[derive(Clone, Debug)]
pub struct BaseRegistration {
    /// The relying party and its options.
    pub case: Registration,
    /// `RegistrationResponseJSON`.
    pub response: Value,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// The attestation object.
    pub attestation_object: Vec<u8>,
}

/// An authentication, and the relying party that accepts it.
#[derive(Clone, Debug)]
pub struct BaseAuthentication {
    /// The relying party and its options.
    pub case: Authentication,
    /// `AuthenticationResponseJSON`.
    pub response: Value,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// Authenticator data.
    pub authenticator_data: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// An app's attestation, and the server that accepts it.
#[derive(Clone, Debug)]
pub struct BaseAppAttestation {
    attestation: AppAttestation,
    hash: [u8; 32],
    trust: StaticAnchors,
}

impl BaseRegistration {
    /// Every registration of the [`matrix`] that must be accepted, including the unusual ones.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn all() -> Result<Vec<Self>, ClientError> {
        Ok(accepted()?.iter().filter_map(Self::of).collect())
    }

    /// The parts of a case, if it is a registration whose members are readable.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        let Body::Registration(case) = &case.body else { return None };
        let response: Value = serde_json::from_str(case.response.get()).ok()?;
        Some(Self {
            client_data: member(&response, "clientDataJSON")?,
            attestation_object: member(&response, "attestationObject")?,
            response,
            case: case.clone(),
        })
    }

    /// The object, read.
    #[must_use]
    pub fn object(&self) -> Option<AttestationObject<'_>> {
        AttestationObject::parse(&self.attestation_object).ok()
    }

    /// Whether its statement is of a format, by the word in the object.
    #[must_use]
    pub fn is_of(&self, fmt: &str) -> bool {
        self.object().is_some_and(|object| object.fmt == fmt)
    }

    /// The statement's bytes.
    #[must_use]
    pub fn statement(&self) -> Option<&[u8]> {
        statement(&self.attestation_object)
    }

    /// The attestation object with another statement, and the response that carries it.
    #[must_use]
    pub fn with_statement(&self, statement: &[u8]) -> Value {
        let object = self.object();
        let object = object.map(|object| object_of(object.fmt, statement, object.auth_data.as_bytes()));
        self.with_parts(&self.client_data, &object.unwrap_or_default())
    }

    /// The response with these bytes for client data and attestation object.
    #[must_use]
    pub fn with_parts(&self, client_data: &[u8], attestation_object: &[u8]) -> Value {
        let mut response = self.response.clone();
        set(&mut response, "clientDataJSON", client_data);
        set(&mut response, "attestationObject", attestation_object);
        response
    }

    /// The verdict of rp-core on a response in place of this one.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    pub fn judge(&self, response: &Value) -> Result<Ceremony, DriverError> {
        let response = serde_json::value::to_raw_value(response);
        let response = response.map_err(|error| DriverError::Unrepresentable(error.to_string()))?;
        RpCore.registration(&Registration { response, ..self.case.clone() })
    }

    /// The certificates that the relying party trusts.
    #[must_use]
    pub fn anchors(&self) -> &[Bytes] {
        &self.case.attestation.trust_anchors
    }
}

impl BaseAuthentication {
    /// Every authentication of the [`matrix`] that must be accepted, including the unusual ones.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn all() -> Result<Vec<Self>, ClientError> {
        Ok(accepted()?.iter().filter_map(Self::of).collect())
    }

    /// The parts of a case, if it is an authentication whose members are readable.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        let Body::Authentication(case) = &case.body else { return None };
        let response: Value = serde_json::from_str(case.response.get()).ok()?;
        Some(Self {
            client_data: member(&response, "clientDataJSON")?,
            authenticator_data: member(&response, "authenticatorData")?,
            signature: member(&response, "signature")?,
            response,
            case: case.clone(),
        })
    }

    /// The response with these bytes for client data, authenticator data and signature.
    #[must_use]
    pub fn with_parts(&self, client_data: &[u8], authenticator_data: &[u8], signature: &[u8]) -> Value {
        let mut response = self.response.clone();
        set(&mut response, "clientDataJSON", client_data);
        set(&mut response, "authenticatorData", authenticator_data);
        set(&mut response, "signature", signature);
        response
    }

    /// The verdict of rp-core on a response in place of this one.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    pub fn judge(&self, response: &Value) -> Result<Ceremony, DriverError> {
        let response = serde_json::value::to_raw_value(response);
        let response = response.map_err(|error| DriverError::Unrepresentable(error.to_string()))?;
        RpCore.authentication(&Authentication { response, ..self.case.clone() })
    }
}

impl BaseAppAttestation {
    /// One of production.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn minted() -> Result<Self, CertificateError> {
        let hash = [7; 32];
        let attestation = app_attest::attest("seeds", APP_ID, hash, app_attest::PRODUCTION, None);
        let anchor = TrustAnchor::from_der(&attestation.anchor)?;
        Ok(Self { attestation, hash, trust: StaticAnchors::new(vec![anchor]) })
    }

    /// The statement's bytes.
    #[must_use]
    pub fn statement(&self) -> Option<&[u8]> {
        statement(&self.attestation.object)
    }

    /// The attestation object with another statement.
    #[must_use]
    pub fn with_statement(&self, statement: &[u8]) -> Vec<u8> {
        let object = AttestationObject::parse(&self.attestation.object);
        object.map(|object| object_of(object.fmt, statement, object.auth_data.as_bytes())).unwrap_or_default()
    }

    /// The verdict of rp-core on an object in place of this one.
    ///
    /// # Errors
    /// [`AppAttestError`] if it is not accepted.
    pub fn judge(&self, object: &[u8]) -> Result<AttestedAppKey, AppAttestError> {
        AppAttest::new(APP_ID).verify(object, &self.attestation.key_id, &self.hash, &self.trust, NOW)
    }
}

const APP_ID: &str = "TEAM000000.org.example.app";

/// An attestation object around a statement's bytes.
pub(super) fn object_of(fmt: &str, statement: &[u8], auth_data: &[u8]) -> Vec<u8> {
    let statement = Cbor::Raw(statement.to_vec());
    let auth_data = Cbor::Bytes(auth_data.to_vec());
    Cbor::object([("fmt", fmt.into()), ("attStmt", statement), ("authData", auth_data)]).encode()
}

/// The bytes of `attStmt` in an attestation object.
pub(super) fn statement(object: &[u8]) -> Option<&[u8]> {
    let head = match object.first()? & 0b1_1111 {
        24 => 2,
        25 => 3,
        26 => 5,
        27 => 9,
        _ => 1,
    };
    let mut rest = object.get(head..)?;
    let mut item = || {
        let (item, behind) = rest.split_at_checked(cbor::parse_prefix(rest).ok()?.1)?;
        rest = behind;
        Some(item)
    };
    loop {
        let (key, value) = (item()?, item()?);
        if cbor::parse(key).ok()?.as_text() == Some("attStmt") {
            return Some(value);
        }
    }
}

fn accepted() -> Result<Vec<Case>, ClientError> {
    Ok([matrix::honest()?, matrix::odd()?].concat())
}

fn member(response: &Value, name: &str) -> Option<Vec<u8>> {
    base64url::decode(response.get("response")?.get(name)?.as_str()?).ok()
}

fn set(response: &mut Value, name: &str, bytes: &[u8]) {
    if let Some(member) = response.get_mut("response").and_then(|response| response.get_mut(name)) {
        *member = base64url::encode(bytes).into();
    }
}
