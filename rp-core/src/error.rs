//! The stable codes of errors, and one error type for applications.

use core::fmt;

use crate::attestation::AttestationObjectError;
use crate::authentication::AuthenticationError;
use crate::authenticator_data::AuthenticatorDataError;
use crate::base64url::Base64UrlError;
use crate::bytes::{AaguidSyntax, ChallengeTooShort, CredentialIdLength, UserHandleLength};
use crate::cbor::CborError;
use crate::client_data::ClientDataError;
use crate::cose::PublicKeyError;
use crate::crypto;
use crate::json::JsonError;
use crate::jws::{JwsError, JwsSignatureError};
use crate::payment::StartPaymentError;
use crate::randomness::RandomnessError;
use crate::registration::RegistrationError;
use crate::relying_party::ConfigError;
use crate::response::ResponseError;
use crate::reverification::ReverificationError;
use crate::trust::TrustError;
use crate::x509::{CertificateError, CrlError, PathError};

/// Defines an enum of codes from one table.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every code, in the order of this list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is written in logs, HTTP responses and test vectors.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

codes! {
/// Why a response was rejected: a stable kebab-case word for programs, logs and test vectors.
///
/// A code does not change once it is released. The errors that have a code say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// A member of the JSON form is missing, duplicate or of another type.
    MalformedJson = "malformed-json",
    /// A member is not base64url without padding.
    MalformedBase64 = "malformed-base64",
    /// `clientDataJSON` is not of the form of section 5.8.1.
    MalformedClientData = "malformed-client-data",
    /// CBOR is not well-formed, or not of the expected form.
    MalformedCbor = "malformed-cbor",
    /// Authenticator data is truncated, or has trailing bytes.
    MalformedAuthenticatorData = "malformed-authenticator-data",
    /// An attestation statement lacks members of its format, or they have another type.
    MalformedAttestationStatement = "malformed-attestation-statement",
    /// A credential public key is not a valid key of its algorithm.
    MalformedPublicKey = "malformed-public-key",
    /// A certificate cannot be parsed.
    MalformedCertificate = "malformed-certificate",
    /// `type` is not that of the ceremony.
    TypeMismatch = "type-mismatch",
    /// The challenge is not the one that was issued.
    ChallengeMismatch = "challenge-mismatch",
    /// The origin is not in the accepted list.
    OriginMismatch = "origin-mismatch",
    /// The ceremony ran in a cross-origin frame, which is not accepted.
    CrossOriginNotAllowed = "cross-origin-not-allowed",
    /// The origin of the top-level page is not in the accepted list.
    TopOriginMismatch = "top-origin-mismatch",
    /// Authenticator data, or the pending ceremony, is for another RP ID.
    RpIdMismatch = "rp-id-mismatch",
    /// UP is not set.
    UserNotPresent = "user-not-present",
    /// UV is required and not set.
    UserNotVerified = "user-not-verified",
    /// BS is set and BE is not.
    BackupFlagsInvalid = "backup-flags-invalid",
    /// BE differs from its value at registration.
    BackupEligibilityChanged = "backup-eligibility-changed",
    /// The credential's algorithm was not offered, or is not part of this build.
    AlgorithmNotAllowed = "algorithm-not-allowed",
    /// `id` is not the credential's.
    CredentialIdMismatch = "credential-id-mismatch",
    /// The credential ID has more than 1023 bytes.
    CredentialIdTooLong = "credential-id-too-long",
    /// The credential is not in `allowCredentials`.
    CredentialNotAllowed = "credential-not-allowed",
    /// The credential is already registered.
    CredentialExists = "credential-exists",
    /// The user handle is that of another account, or is missing and required.
    UserHandleMismatch = "user-handle-mismatch",
    /// The statement format is unknown, or not accepted.
    UnsupportedAttestationFormat = "unsupported-attestation-format",
    /// The statement does not verify.
    AttestationInvalid = "attestation-invalid",
    /// The statement has no path to a trusted anchor, or policy does not accept it.
    AttestationUntrusted = "attestation-untrusted",
    /// A certificate is not yet or no longer valid.
    CertificateExpired = "certificate-expired",
    /// A certificate was revoked.
    CertificateRevoked = "certificate-revoked",
    /// The signature of the assertion does not verify.
    SignatureInvalid = "signature-invalid",
    /// The signature counter did not increase.
    SignCountRegressed = "sign-count-regressed",
    /// Token binding is present (`fido` profile).
    TokenBindingUnsupported = "token-binding-unsupported",
    /// Policy rejects the output of an extension.
    ExtensionRefused = "extension-refused",
    /// The payment that the user saw is not the one to confirm.
    PaymentMismatch = "payment-mismatch",
    /// The authenticator is not one that was requested: attachment, backup or discoverability differ.
    AuthenticatorNotAllowed = "authenticator-not-allowed",
    /// The pending ceremony has expired.
    CeremonyExpired = "ceremony-expired",
    /// A metadata BLOB does not verify.
    MetadataInvalid = "metadata-invalid",
    /// Metadata is older than policy allows.
    MetadataStale = "metadata-stale",
}
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Defines the variants of [`Error`], their `From` and their codes. `none` is for errors that do not reject a response.
macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident($error:ty) = $code:tt,)*) => {
        /// Any error of this crate's operations, for applications that handle them alike.
        ///
        /// `Debug` prints the message and its causes, so that a program can return it from `main`.
        ///
        /// # Examples
        /// ```
        /// use rp_core::{Code, Error, RegistrationResponse, RelyingParty};
        ///
        /// fn parse(json: &[u8]) -> Result<RegistrationResponse, Error> {
        ///     let _rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build()?;
        ///     Ok(RegistrationResponse::from_json(json)?)
        /// }
        /// # if cfg!(feature = "es256") {
        /// assert_eq!(parse(b"[]").unwrap_err().code(), Some(Code::MalformedJson));
        /// # }
        /// ```
        #[derive(Clone, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum Error {
            $(
                $(#[$doc])*
                #[error(transparent)]
                $variant(#[from] $error),
            )*
        }

        impl Error {
            /// The stable code; `None` if the error does not reject a response: a configuration, a call or a
            /// single value is wrong.
            #[must_use]
            pub fn code(&self) -> Option<Code> {
                match self {
                    $(Self::$variant(error) => errors!(@$code error),)*
                }
            }
        }
    };
    (@code $error:ident) => { Some($error.code()) };
    (@option $error:ident) => { $error.code() };
    (@none $error:ident) => {{ let _ = $error; None }};
}

errors! {
    /// A configuration.
    Config(ConfigError) = none,
    /// A response that could not be parsed.
    Response(ResponseError) = code,
    /// A registration.
    Registration(RegistrationError) = code,
    /// An authentication or a payment.
    Authentication(AuthenticationError) = code,
    /// A stored registration.
    Reverification(ReverificationError) = option,
    /// A payment that was not started.
    StartPayment(StartPaymentError) = none,
    /// No randomness.
    Randomness(RandomnessError) = none,
    /// A challenge.
    Challenge(ChallengeTooShort) = none,
    /// A credential ID.
    CredentialId(CredentialIdLength) = none,
    /// A user handle.
    UserHandle(UserHandleLength) = none,
    /// An AAGUID.
    Aaguid(AaguidSyntax) = none,
    /// A base64url string.
    Base64Url(Base64UrlError) = none,
    /// A JSON object.
    Json(JsonError) = none,
    /// Client data.
    ClientData(ClientDataError) = code,
    /// Authenticator data.
    AuthenticatorData(AuthenticatorDataError) = code,
    /// An attestation object.
    AttestationObject(AttestationObjectError) = code,
    /// A COSE key.
    PublicKey(PublicKeyError) = code,
    /// CBOR.
    Cbor(CborError) = none,
    /// A JWS.
    Jws(JwsError) = none,
    /// The signature of a JWS.
    JwsSignature(JwsSignatureError) = none,
    /// A signature.
    Signature(crypto::Error) = none,
    /// A certificate.
    Certificate(CertificateError) = none,
    /// A certificate revocation list.
    Crl(CrlError) = none,
    /// A certification path.
    Path(PathError) = code,
    /// The trust in an attestation.
    Trust(TrustError) = code,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_with_causes(self, f)
    }
}

/// Writes the message of an error and of its causes, unless a message repeats the one before.
pub(crate) fn debug_with_causes(error: &dyn core::error::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn codes_are_distinct_kebab_case_words() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(
            words
                .iter()
                .all(|word| word.bytes().all(|c| c == b'-' || c.is_ascii_lowercase() || c.is_ascii_digit()))
        );
    }

    #[cfg(feature = "_credentials")]
    #[test]
    fn debug_prints_the_message() {
        let error = Error::from(crate::RelyingParty::builder("example.org").build().unwrap_err());
        assert_eq!(format!("{error:?}"), error.to_string());
        assert_eq!(error.code(), None);
    }
}
