use alloc::vec::Vec;

use super::assess::PathFinder;
use super::format::{AttestationType, Format};
use super::object::{AttestationObject, AttestationObjectError};
use super::statement_input::members;
use super::verified::Verified;
use super::x5c::{AppleNonceError, X5c, X5cError, check_apple_nonce};
use crate::authenticator_data::{AuthenticatorData, AuthenticatorDataError, Layout};
use crate::bytes::Aaguid;
use crate::cbor::{self, CborError, FieldError};
use crate::cose::{PublicKey, PublicKeyError};
use crate::crypto::{self, constant_time_eq};
use crate::error::Code;
use crate::profile::Profile;
use crate::timestamp::Timestamp;
use crate::trust::{TrustError, TrustSource};
use crate::x509::Path;

/// Apple's App Attest: an unmodified app proves its identity on an Apple device ([Apple's procedure]).
///
/// It is not a WebAuthn ceremony: the app makes a hash of a challenge, and there is neither client data nor an origin.
/// The object is an attestation object with the format `apple-appattest`. Only this type verifies it; a registration
/// rejects the format as unsupported.
///
/// Deviations of authenticator data from WebAuthn, as Apple's systems send them: an assertion has the flag AT without
/// attested credential data, and a CBOR map of extensions may follow the other fields without the flag ED. The nonce
/// covers the map.
///
/// # Examples
/// ```
/// use rp_core::attestation::AppAttest;
///
/// let app = AppAttest::new("0352187391.org.example.app");
/// # let show = |object: &[u8], key_id: &[u8], challenge: &[u8], trust: &rp_core::StaticAnchors, now| {
/// let hash = rp_core::crypto::sha256(&[challenge]);
/// let attested = app.verify(object, key_id, &hash, trust, now)?;
/// // store attested.public_key, and the counter 0 for `verify_assertion`
/// # Ok::<(), rp_core::attestation::AppAttestError>(())
/// # };
/// ```
/// [Apple's procedure]: https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAttest {
    app_id_hash: [u8; 32],
    environment: AppAttestEnvironment,
}

/// Apple's environment that attested the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppAttestEnvironment {
    /// For apps that are distributed to users.
    #[default]
    Production,
    /// For apps in development.
    Development,
}

impl AppAttestEnvironment {
    /// The value in place of an AAGUID.
    #[must_use]
    pub const fn aaguid(self) -> Aaguid {
        match self {
            Self::Production => Aaguid::new(*b"appattest\0\0\0\0\0\0\0"),
            Self::Development => Aaguid::new(*b"appattestdevelop"),
        }
    }
}

/// The key of an app in the Secure Enclave of its device.
#[derive(Clone, Debug)]
#[must_use = "assertions are verified with the key, so store it"]
#[non_exhaustive]
pub struct AttestedAppKey {
    /// The key; its ID is [`AttestedAppKey::key_id`].
    pub public_key: PublicKey,
    /// SHA-256 of the key's uncompressed point.
    pub key_id: [u8; 32],
    /// The receipt, for Apple's risk metric.
    pub receipt: Vec<u8>,
    /// The path to the anchor.
    pub path: Path,
}

/// Why an App Attest object was rejected, in the order of Apple's steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppAttestError {
    /// The attestation object is malformed.
    #[error(transparent)]
    Object(#[from] AttestationObjectError),
    /// The format is another.
    #[error("format {format} is not apple-appattest")]
    Format {
        /// The identifier.
        format: Format,
    },
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// The certificates were rejected.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// The certificate was issued for another object.
    #[error("attStmt.{0}")]
    Nonce(#[from] AppleNonceError),
    /// The hash of the certificate's key differs from the key identifier of the app.
    #[error("the key does not match the key identifier")]
    KeyId,
    /// `rpIdHash` belongs to another app.
    #[error("rpIdHash does not match the App ID")]
    AppId,
    /// The counter is not zero.
    #[error("the counter is {got}, not 0")]
    Counter {
        /// The counter.
        got: u32,
    },
    /// The AAGUID belongs to another environment.
    #[error("aaguid {got} does not belong to {environment:?}")]
    Environment {
        /// The AAGUID.
        got: Aaguid,
        /// The environment that is accepted.
        environment: AppAttestEnvironment,
    },
    /// Authenticator data have no attested credential data.
    #[error("authenticator data: no attested credential data")]
    NoAttestedCredentialData,
    /// The credential ID differs from the key identifier.
    #[error("credentialId is not the key identifier")]
    CredentialId,
    /// The credential public key is malformed.
    #[error(transparent)]
    MalformedKey(#[from] PublicKeyError),
    /// The credential public key differs from the certificate's key.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
    /// The certificate has no path to an anchor.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl AppAttestError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Object(error) => error.code(),
            Self::Format { .. } => Code::UnsupportedAttestationFormat,
            Self::Statement(_) => Code::MalformedAttestationStatement,
            Self::X5c(error) => error.code(),
            Self::AppId => Code::RpIdMismatch,
            Self::NoAttestedCredentialData => Code::MalformedAuthenticatorData,
            Self::MalformedKey(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Nonce(_)
            | Self::KeyId
            | Self::Counter { .. }
            | Self::Environment { .. }
            | Self::CredentialId
            | Self::PublicKey => Code::AttestationInvalid,
        }
    }
}

impl AppAttest {
    /// An app by its App ID: team identifier, dot, bundle identifier.
    #[must_use]
    pub fn new(app_id: &str) -> Self {
        Self {
            app_id_hash: crypto::sha256(&[app_id.as_bytes()]),
            environment: AppAttestEnvironment::Production,
        }
    }

    /// Accepts keys of this environment only.
    #[must_use]
    pub fn environment(mut self, environment: AppAttestEnvironment) -> Self {
        self.environment = environment;
        self
    }

    /// Verifies an attestation object. `key_id` is the key identifier that the app sends, `client_data_hash` the hash
    /// that the app passed to the system. Make sure that it covers a challenge of yours that is used once.
    ///
    /// `trust` must have the anchor of the format `apple-appattest`, "Apple App Attestation Root CA", which Apple
    /// publishes on its [private PKI page]. This crate does not contain it.
    ///
    /// [private PKI page]: https://www.apple.com/certificateauthority/private/
    ///
    /// # Errors
    /// [`AppAttestError`]: the first step that failed. An untrusted certificate is always rejected.
    pub fn verify(
        &self,
        attestation_object: &[u8],
        key_id: &[u8],
        client_data_hash: &[u8; 32],
        trust: &dyn TrustSource,
        at: Timestamp,
    ) -> Result<AttestedAppKey, AppAttestError> {
        let object = AttestationObject::parse_as(attestation_object, Layout::AppAttestation)?;
        if object.fmt != FORMAT {
            return Err(AppAttestError::Format { format: object.fmt.into() });
        }
        let statement = members(&object.att_stmt)?;
        let x5c = X5c::read(&statement.byte_strings("x5c")?)?;
        let receipt = statement.bytes("receipt")?;
        let data = &object.auth_data;
        // 2. Append clientDataHash to authenticator data; 3. nonce is the SHA-256 of both; 4. the extension
        // 1.2.840.113635.100.8.2 of credCert equals nonce
        check_apple_nonce(&x5c.leaf, data.as_bytes(), client_data_hash)?;
        // 5. The SHA-256 of the public key in credCert is the key identifier from the app
        let key = x5c.leaf.key().map_err(X5cError::from)?;
        let point = key.sec1_uncompressed().ok_or(AppAttestError::KeyId)?;
        let id = crypto::sha256(&[point]);
        if !constant_time_eq(&id, key_id) {
            return Err(AppAttestError::KeyId);
        }
        // 6. rpIdHash is the SHA-256 of the App ID
        if *data.rp_id_hash() != self.app_id_hash {
            return Err(AppAttestError::AppId);
        }
        // 7. counter is 0
        if data.sign_count() != 0 {
            return Err(AppAttestError::Counter { got: data.sign_count() });
        }
        // 8. aaguid is that of the environment
        let attested = data.attested_credential().ok_or(AppAttestError::NoAttestedCredentialData)?;
        let environment = self.environment;
        if attested.aaguid != environment.aaguid() {
            return Err(AppAttestError::Environment { got: attested.aaguid, environment });
        }
        // 9. credentialId is the key identifier
        if attested.credential_id != id {
            return Err(AppAttestError::CredentialId);
        }
        // Beyond Apple's steps: the key in authenticator data is the certificate's
        let public_key = attested.credential_public_key.public_key_without_leading_zeros()?;
        if *public_key.key() != *key {
            return Err(AppAttestError::PublicKey);
        }
        // 1. x5c leads from credCert to Apple's root; last, because it is the most work
        let finder = PathFinder {
            aaguid: None,
            algorithm: public_key.algorithm(),
            source: trust,
            certificates_at: at,
            at,
            profile: Profile::Webauthn,
            cache: None,
        };
        let verified = Verified::with_x5c(AttestationType::AnonCa, x5c);
        let (path, _) = finder.find(&Format::from(FORMAT), &verified)?;
        Ok(AttestedAppKey { public_key, key_id: id, receipt: receipt.to_vec(), path: path? })
    }

    /// Verifies an assertion and returns its counter. Store it, and pass it as `previous_counter` the next time; the
    /// first time, `previous_counter` is 0.
    ///
    /// `client_data_hash` is the hash that the app passed to the system. Make sure that it covers a challenge of yours
    /// that is used once.
    ///
    /// # Errors
    /// [`AppAssertionError`]: the first step that failed.
    ///
    /// # Examples
    /// ```
    /// use rp_core::attestation::AppAttest;
    ///
    /// let app = AppAttest::new("0352187391.org.example.app");
    /// # let show = |assertion: &[u8], key: &rp_core::cose::PublicKey, challenge: &[u8]| {
    /// let hash = rp_core::crypto::sha256(&[challenge]);
    /// let counter = app.verify_assertion(assertion, key, &hash, 0)?;
    /// # Ok::<u32, rp_core::attestation::AppAssertionError>(counter)
    /// # };
    /// ```
    pub fn verify_assertion(
        &self,
        assertion: &[u8],
        public_key: &PublicKey,
        client_data_hash: &[u8; 32],
        previous_counter: u32,
    ) -> Result<u32, AppAssertionError> {
        let value = cbor::parse(assertion)?;
        let map = value.as_map().ok_or(AppAssertionError::NotMap)?.fields("assertion");
        let signature = map.bytes("signature")?;
        let data = AuthenticatorData::parse_as(map.bytes("authenticatorData")?, Layout::AppAssertion)?;
        // 1. clientDataHash is the SHA-256 of the client data; 2. nonce is the SHA-256 of authenticatorData and
        // clientDataHash
        let nonce = crypto::sha256(&[data.as_bytes(), client_data_hash]);
        // 3. The signature is valid for nonce, by the attested key
        public_key.verify(&[&nonce], signature).map_err(AppAssertionError::Signature)?;
        // 4. rpIdHash is the SHA-256 of the App ID
        if *data.rp_id_hash() != self.app_id_hash {
            return Err(AppAssertionError::AppId);
        }
        // 5. The counter is greater than the previous one; 6. the challenge is the caller's to check
        let counter = data.sign_count();
        if counter <= previous_counter {
            return Err(AppAssertionError::Counter { previous: previous_counter, got: counter });
        }
        Ok(counter)
    }
}

/// Why an App Attest assertion was rejected, in the order of [Apple's steps].
///
/// [Apple's steps]: https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppAssertionError {
    /// The assertion is not well-formed CBOR.
    #[error("assertion: {0}")]
    Cbor(#[from] CborError),
    /// The assertion is not a map.
    #[error("assertion: not a map")]
    NotMap,
    /// A member is missing or has another type.
    #[error(transparent)]
    Member(#[from] FieldError),
    /// Authenticator data are malformed.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// The signature is invalid: the assertion was made with another key, or for another challenge.
    #[error("signature: {0}")]
    Signature(#[source] crypto::Error),
    /// `rpIdHash` belongs to another app.
    #[error("rpIdHash does not match the App ID")]
    AppId,
    /// The counter did not increase: the assertion is a copy, or the key was.
    #[error("the counter is {got}, not greater than {previous}")]
    Counter {
        /// The stored counter.
        previous: u32,
        /// The counter of the assertion.
        got: u32,
    },
}

impl AppAssertionError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Cbor(_) | Self::NotMap | Self::Member(_) => Code::MalformedCbor,
            Self::AuthenticatorData(error) => error.code(),
            Self::Signature(_) => Code::SignatureInvalid,
            Self::AppId => Code::RpIdMismatch,
            Self::Counter { .. } => Code::SignCountRegressed,
        }
    }
}

const FORMAT: &str = "apple-appattest";
