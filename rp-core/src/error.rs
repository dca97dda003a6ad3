//! The stable codes of errors.

use core::fmt;

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
    /// A metadata BLOB has a lower serial number than the current one.
    MetadataStale = "metadata-stale",
}
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
