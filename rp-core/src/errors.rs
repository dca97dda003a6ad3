//! One error type for applications that handle all errors of this crate alike.

use core::fmt;

use crate::attestation::AttestationObjectError;
use crate::authentication::AuthenticationError;
use crate::authenticator_data::AuthenticatorDataError;
use crate::base64url::Base64UrlError;
use crate::bytes::{AaguidSyntaxError, ChallengeLengthError, CredentialIdLengthError, UserHandleLengthError};
use crate::cbor::CborError;
use crate::client_data::ClientDataError;
use crate::cose::PublicKeyError;
use crate::crypto;
use crate::error::{Code, debug_with_causes};
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
    Challenge(ChallengeLengthError) = none,
    /// A credential ID.
    CredentialId(CredentialIdLengthError) = none,
    /// A user handle.
    UserHandle(UserHandleLengthError) = none,
    /// An AAGUID.
    Aaguid(AaguidSyntaxError) = none,
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

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;
    use crate::RelyingParty;

    #[test]
    fn debug_prints_the_message() {
        let error = Error::from(RelyingParty::builder("example.org").build().unwrap_err());
        assert_eq!(format!("{error:?}"), error.to_string());
        assert_eq!(error.code(), None);
    }
}
