use alloc::string::ToString;
use alloc::vec::Vec;

use super::apple::nonce_of;
use super::{AttestationObject, AttestationObjectError, AttestationType, Format, PathFinder, X5c};
use crate::bytes::Aaguid;
use crate::cbor::FieldError;
use crate::cose::{PublicKey, PublicKeyError};
use crate::crypto::{self, SpkiError, constant_time_eq};
use crate::error::Code;
use crate::profile::Profile;
use crate::timestamp::Timestamp;
use crate::trust::{TrustError, TrustSource};
use crate::x509::path::Path;
use crate::x509::{CertificateError, DerError};

/// Apple's App Attest: an app proves that it is itself, on a device of Apple's ([Apple's procedure]).
///
/// It is no WebAuthn ceremony: there are neither client data nor an origin, and in their place stands a hash that
/// the app made of a challenge. The object is WebAuthn's, with the format `apple-appattest`, and is verified here
/// and nowhere else; in a registration it is refused as a format that is not supported.
///
/// # Examples
/// ```
/// use rp_core::attestation::AppAttest;
///
/// let app = AppAttest::new("0352187391.org.example.app");
/// # let show = |object: &[u8], key_id: &[u8], challenge: &[u8], trust: &rp_core::StaticAnchors, now| {
/// let hash = rp_core::crypto::sha256(&[challenge]);
/// let attested = app.verify(object, key_id, &hash, trust, now)?;
/// // keep attested.public_key, and a counter of 0
/// # Ok::<(), rp_core::attestation::AppAttestError>(())
/// # };
/// ```
/// [Apple's procedure]: https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAttest {
    app_id_hash: [u8; 32],
    environment: AppAttestEnvironment,
}

/// Which of Apple's servers attested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppAttestEnvironment {
    /// That for apps that users have.
    #[default]
    Production,
    /// That for apps under development.
    Development,
}

impl AppAttestEnvironment {
    /// What stands in place of a model.
    #[must_use]
    pub const fn aaguid(self) -> Aaguid {
        match self {
            Self::Production => Aaguid::new(*b"appattest\0\0\0\0\0\0\0"),
            Self::Development => Aaguid::new(*b"appattestdevelop"),
        }
    }
}

/// A key that an app holds in its device's Secure Enclave.
#[derive(Clone, Debug)]
#[must_use = "a key that is not kept cannot be asked for assertions"]
#[non_exhaustive]
pub struct AttestedAppKey {
    /// The key; its ID is [`AttestedAppKey::key_id`].
    pub public_key: PublicKey,
    /// SHA-256 of the key's uncompressed point.
    pub key_id: [u8; 32],
    /// What to ask Apple for a risk metric with.
    pub receipt: Vec<u8>,
    /// The path to the anchor.
    pub path: Path,
}

/// Why an App Attest object was refused, in the order of Apple's steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppAttestError {
    /// The object is not one.
    #[error(transparent)]
    Object(#[from] AttestationObjectError),
    /// The format is another.
    #[error("format {format} is not apple-appattest")]
    Format {
        /// The identifier.
        format: Format,
    },
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` is empty.
    #[error("attStmt.x5c is empty")]
    NoCertificate,
    /// The key's certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The certificate has no nonce.
    #[error("attStmt.x5c[0]: no nonce")]
    NoNonce,
    /// The nonce cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    NonceForm(#[from] DerError),
    /// The nonce is not the hash of authenticatorData and clientDataHash.
    #[error("attStmt.x5c[0]: the nonce is not the hash of authenticatorData and clientDataHash")]
    Nonce,
    /// The certificate's key is none that this build has.
    #[error("attStmt.x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// The hash of the certificate's key is not the ID that the app told.
    #[error("the key is not the one that the app named")]
    KeyId,
    /// `rpIdHash` is another app's.
    #[error("rpIdHash is another App ID's")]
    AppId,
    /// The counter is not zero.
    #[error("the counter is {got}, not 0")]
    Counter {
        /// What it is.
        got: u32,
    },
    /// The AAGUID is not the environment's.
    #[error("aaguid {got} is not that of {environment:?}")]
    Environment {
        /// What it is.
        got: Aaguid,
        /// The environment that is accepted.
        environment: AppAttestEnvironment,
    },
    /// Authenticator data hold no credential.
    #[error("authenticator data: no attested credential data")]
    NoAttestedCredentialData,
    /// The credential ID is not the key's ID.
    #[error("credentialId is not the key's ID")]
    CredentialId,
    /// The credential public key cannot be read.
    #[error(transparent)]
    MalformedKey(#[from] PublicKeyError),
    /// The credential public key is not the certificate's.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
    /// The certificate does not lead to an anchor.
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
            Self::Statement(_) | Self::NoCertificate => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            Self::AppId => Code::RpIdMismatch,
            Self::NoAttestedCredentialData => Code::MalformedAuthenticatorData,
            Self::MalformedKey(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::NoNonce
            | Self::NonceForm(_)
            | Self::Nonce
            | Self::CertificateKey(_)
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

    /// Accepts what this environment attests, and nothing of the other.
    #[must_use]
    pub fn environment(mut self, environment: AppAttestEnvironment) -> Self {
        self.environment = environment;
        self
    }

    /// Verifies an attestation object. `key_id` is what the app says that its key is called, `client_data_hash`
    /// the hash that the app handed to the system; whoever calls has made it of a challenge that is used once.
    ///
    /// `trust` is asked for the anchors of the format `apple-appattest`: Apple App Attestation Root CA.
    ///
    /// # Errors
    /// [`AppAttestError`]: the first step that failed. What leads to no anchor is always refused.
    pub fn verify(
        &self,
        attestation_object: &[u8],
        key_id: &[u8],
        client_data_hash: &[u8; 32],
        trust: &dyn TrustSource,
        at: Timestamp,
    ) -> Result<AttestedAppKey, AppAttestError> {
        let object = AttestationObject::parse(attestation_object)?;
        if object.fmt != FORMAT {
            return Err(AppAttestError::Format { format: object.fmt.into() });
        }
        let map = object.att_stmt.as_map();
        let not_map = || FieldError::Type {
            path: "attStmt".to_string(),
            expected: "a map",
            found: object.att_stmt.kind(),
        };
        let statement = map.ok_or_else(not_map)?.fields("attStmt");
        let chain = statement.byte_strings("x5c")?;
        let receipt = statement.bytes("receipt")?;
        let X5c { leaf: cred_cert, trust_path } = X5c::read(&chain)?.ok_or(AppAttestError::NoCertificate)?;
        let data = &object.auth_data;
        // 2. Append clientDataHash to authenticator data; 3. nonce is the SHA-256 of both
        let nonce = crypto::sha256(&[data.as_bytes(), client_data_hash]);
        // 4. The extension 1.2.840.113635.100.8.2 of credCert equals nonce
        if nonce_of(&cred_cert)?.ok_or(AppAttestError::NoNonce)? != nonce {
            return Err(AppAttestError::Nonce);
        }
        // 5. The SHA-256 of the public key in credCert is the key identifier from the app
        let key = cred_cert.public_key()?;
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
        let public_key = attested.credential_public_key.public_key()?;
        if *public_key.key() != key {
            return Err(AppAttestError::PublicKey);
        }
        // 1. x5c leads from credCert to Apple's root; last, as it takes the most work
        let format = Format::from(FORMAT);
        let algorithm = public_key.algorithm();
        let finder = PathFinder { aaguid: None, algorithm, source: trust, at, profile: Profile::Webauthn };
        let (path, _) = finder.find(&format, AttestationType::AnonCa, &trust_path)?;
        Ok(AttestedAppKey { public_key, key_id: id, receipt: receipt.to_vec(), path: path? })
    }
}

const FORMAT: &str = "apple-appattest";
