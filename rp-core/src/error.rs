//! What all refusals share: a stable code.

use core::fmt;

/// Why a response was refused: a stable kebab-case word for programs, logs and vectors.
///
/// A code stays as it is once released; the errors that carry it say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// The JSON form lacks a member, or one has another type.
    MalformedJson,
    /// A member is not base64url without padding.
    MalformedBase64,
    /// `clientDataJSON` is not what section 5.8.1 describes.
    MalformedClientData,
    /// CBOR that is not well-formed, or not what was expected.
    MalformedCbor,
    /// Authenticator data that is cut, or has bytes left over.
    MalformedAuthenticatorData,
    /// An attestation statement without the members of its format, or with others' types.
    MalformedAttestationStatement,
    /// A credential public key that is not a valid key of its algorithm.
    MalformedPublicKey,
    /// A certificate that cannot be read.
    MalformedCertificate,
    /// `type` is not the ceremony's.
    TypeMismatch,
    /// The challenge is not the one that was issued.
    ChallengeMismatch,
    /// The origin is none that is accepted.
    OriginMismatch,
    /// The ceremony ran in a cross-origin frame, and that is not accepted.
    CrossOriginNotAllowed,
    /// The page around the frame is of an origin that is not accepted.
    TopOriginMismatch,
    /// Authenticator data is for another RP ID.
    RpIdMismatch,
    /// UP is not set.
    UserNotPresent,
    /// UV is required and not set.
    UserNotVerified,
    /// BS is set and BE is not.
    BackupFlagsInvalid,
    /// BE is another than at registration.
    BackupEligibilityChanged,
    /// The credential's algorithm was not offered, or this build lacks it.
    AlgorithmNotAllowed,
    /// `id` is not the credential's.
    CredentialIdMismatch,
    /// The credential ID has more than 1023 bytes.
    CredentialIdTooLong,
    /// The credential is none of those offered.
    CredentialNotAllowed,
    /// The credential is registered already.
    CredentialExists,
    /// The user handle is another account's, or there is none where it is needed.
    UserHandleMismatch,
    /// The statement's format is not known, or not accepted.
    UnsupportedAttestationFormat,
    /// The statement does not verify.
    AttestationInvalid,
    /// The statement leads to no trusted anchor, or policy does not accept it.
    AttestationUntrusted,
    /// A certificate is outside its validity.
    CertificateExpired,
    /// A certificate was revoked.
    CertificateRevoked,
    /// The assertion's signature does not verify.
    SignatureInvalid,
    /// The signature counter did not grow.
    SignCountRegressed,
    /// Token binding is present (`fido` profile).
    TokenBindingUnsupported,
    /// An extension's output is not what was asked for, and policy refuses it.
    ExtensionRefused,
    /// What the user saw of a payment is not what was to be confirmed.
    PaymentMismatch,
    /// The authenticator is not one that was asked for: its attachment, its backup, or no discoverable credential.
    AuthenticatorNotAllowed,
    /// The pending ceremony has expired.
    CeremonyExpired,
    /// A metadata BLOB does not verify.
    MetadataInvalid,
    /// Metadata is older than policy allows.
    MetadataStale,
}

impl Code {
    /// Every code, in the order of this list.
    pub const ALL: &'static [Self] = &[
        Self::MalformedJson,
        Self::MalformedBase64,
        Self::MalformedClientData,
        Self::MalformedCbor,
        Self::MalformedAuthenticatorData,
        Self::MalformedAttestationStatement,
        Self::MalformedPublicKey,
        Self::MalformedCertificate,
        Self::TypeMismatch,
        Self::ChallengeMismatch,
        Self::OriginMismatch,
        Self::CrossOriginNotAllowed,
        Self::TopOriginMismatch,
        Self::RpIdMismatch,
        Self::UserNotPresent,
        Self::UserNotVerified,
        Self::BackupFlagsInvalid,
        Self::BackupEligibilityChanged,
        Self::AlgorithmNotAllowed,
        Self::CredentialIdMismatch,
        Self::CredentialIdTooLong,
        Self::CredentialNotAllowed,
        Self::CredentialExists,
        Self::UserHandleMismatch,
        Self::UnsupportedAttestationFormat,
        Self::AttestationInvalid,
        Self::AttestationUntrusted,
        Self::CertificateExpired,
        Self::CertificateRevoked,
        Self::SignatureInvalid,
        Self::SignCountRegressed,
        Self::TokenBindingUnsupported,
        Self::ExtensionRefused,
        Self::PaymentMismatch,
        Self::AuthenticatorNotAllowed,
        Self::CeremonyExpired,
        Self::MetadataInvalid,
        Self::MetadataStale,
    ];

    /// The code as it stands in logs, answers and vectors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed-json",
            Self::MalformedBase64 => "malformed-base64",
            Self::MalformedClientData => "malformed-client-data",
            Self::MalformedCbor => "malformed-cbor",
            Self::MalformedAuthenticatorData => "malformed-authenticator-data",
            Self::MalformedAttestationStatement => "malformed-attestation-statement",
            Self::MalformedPublicKey => "malformed-public-key",
            Self::MalformedCertificate => "malformed-certificate",
            Self::TypeMismatch => "type-mismatch",
            Self::ChallengeMismatch => "challenge-mismatch",
            Self::OriginMismatch => "origin-mismatch",
            Self::CrossOriginNotAllowed => "cross-origin-not-allowed",
            Self::TopOriginMismatch => "top-origin-mismatch",
            Self::RpIdMismatch => "rp-id-mismatch",
            Self::UserNotPresent => "user-not-present",
            Self::UserNotVerified => "user-not-verified",
            Self::BackupFlagsInvalid => "backup-flags-invalid",
            Self::BackupEligibilityChanged => "backup-eligibility-changed",
            Self::AlgorithmNotAllowed => "algorithm-not-allowed",
            Self::CredentialIdMismatch => "credential-id-mismatch",
            Self::CredentialIdTooLong => "credential-id-too-long",
            Self::CredentialNotAllowed => "credential-not-allowed",
            Self::CredentialExists => "credential-exists",
            Self::UserHandleMismatch => "user-handle-mismatch",
            Self::UnsupportedAttestationFormat => "unsupported-attestation-format",
            Self::AttestationInvalid => "attestation-invalid",
            Self::AttestationUntrusted => "attestation-untrusted",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateRevoked => "certificate-revoked",
            Self::SignatureInvalid => "signature-invalid",
            Self::SignCountRegressed => "sign-count-regressed",
            Self::TokenBindingUnsupported => "token-binding-unsupported",
            Self::ExtensionRefused => "extension-refused",
            Self::PaymentMismatch => "payment-mismatch",
            Self::AuthenticatorNotAllowed => "authenticator-not-allowed",
            Self::CeremonyExpired => "ceremony-expired",
            Self::MetadataInvalid => "metadata-invalid",
            Self::MetadataStale => "metadata-stale",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

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
}
