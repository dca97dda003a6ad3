//! Every fault, one per line: its variant, its name, where it applies, the code of the rejection, and a description.

use rp_core::Code;

use super::Format::{
    self, AndroidKey, AndroidSafetyNet, Apple, Compound, FidoU2f, None, Packed, PackedSelf, Tpm,
};
use super::{Ceremony, Keys, Scope};

macro_rules! faults {
    ($($name:ident $word:literal $scope:ident $code:ident $about:literal;)*) => {
        /// One wrong step of a ceremony. Everything else is correct and signed correctly.
        ///
        /// A fault that does not apply to the ceremony, the format or the algorithm ([`Fault::applies_to`]) can leave the
        /// response valid, or make it wrong in another way. Faults of signatures and certificates need a format that has
        /// them, such as [`Format::Packed`], and options that request attestation: the default format is
        /// [`Format::None`], and without a request every authenticator sends `none`. A fault is one only under its
        /// [`Fault::setting`] of the server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $about] $name,)*
        }

        impl Fault {
            /// Every fault, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A kebab-case word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// A description.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }

            /// The reason for which a server must reject it.
            #[must_use]
            pub const fn expected_code(self) -> Code {
                match self { $(Self::$name => Code::$code),* }
            }

            pub(super) const fn scope(self) -> Scope {
                match self { $(Self::$name => $scope),* }
            }
        }
    };
}

const BOTH: Scope = Scope { ceremony: Option::None, formats: Format::ALL, keys: Keys::Any };
const CREATE: Scope = Scope::create(Format::ALL);
const GET: Scope = Scope { ceremony: Some(Ceremony::Get), formats: &[], keys: Keys::Any };
const ECDSA_GET: Scope = Scope { ceremony: Some(Ceremony::Get), formats: &[], keys: Keys::Ecdsa };
const RSA_GET: Scope = Scope { ceremony: Some(Ceremony::Get), formats: &[], keys: Keys::Rsa };
const PSS_GET: Scope = Scope { ceremony: Some(Ceremony::Get), formats: &[], keys: Keys::Pss };
const ED25519_GET: Scope = Scope { ceremony: Some(Ceremony::Get), formats: &[], keys: Keys::Ed25519 };
/// Formats whose statement does not contain the credential key in another encoding.
const KEY: Scope = Scope::create(ANY_KEY);
const P256_KEY: Scope = Scope::keys(ANY_KEY, Keys::P256);
const ED25519_KEY: Scope = Scope::keys(ANY_KEY, Keys::Ed25519);
const RSA_KEY: Scope = Scope::keys(ANY_KEY, Keys::Rsa);
const ANY_KEY: &[Format] = &[None, Packed];

const NO_STATEMENT: Scope = Scope::create(&[None]);
const STATEMENT: Scope =
    Scope::create(&[PackedSelf, Packed, FidoU2f, Tpm, AndroidKey, AndroidSafetyNet, Apple]);
const SIG: Scope = Scope::create(&[PackedSelf, Packed, FidoU2f, Tpm, AndroidKey]);
const ALG: Scope = Scope::create(&[PackedSelf, Packed, Tpm, AndroidKey]);
const X5C: Scope = Scope::create(&[Packed, FidoU2f, Tpm, AndroidKey, Apple]);
const X5C_REQUIRED: Scope = Scope::create(&[FidoU2f, Tpm, AndroidKey, Apple]);
const PATH: Scope = Scope::create(&[Packed, FidoU2f, Tpm, AndroidKey, AndroidSafetyNet, Apple]);
const LONG_PATH: Scope = Scope::create(&[Packed, Tpm, AndroidKey, AndroidSafetyNet, Apple]);
const ATTESTATION_KEY: Scope = Scope::create(&[Packed, FidoU2f]);
const FIDO_AAGUID: Scope = Scope::create(&[Packed, Tpm]);
const NO_CA: Scope = Scope::create(&[Packed, Tpm]);
const PACKED: Scope = Scope::create(&[Packed]);
const U2F: Scope = Scope::create(&[FidoU2f]);
const TPM: Scope = Scope::create(&[Tpm]);
const ANDROID_KEY: Scope = Scope::create(&[AndroidKey]);
const SAFETYNET: Scope = Scope::create(&[AndroidSafetyNet]);
const APPLE: Scope = Scope::create(&[Apple]);
const COMPOUND: Scope = Scope::create(&[Compound]);

faults! {
    // The response's JSON.
    IdMissing "id-missing" BOTH MalformedJson "no id";
    IdNotString "id-not-string" BOTH MalformedJson "id is a number";
    IdNotBase64url "id-not-base64url" BOTH MalformedBase64 "id holds a character outside base64url";
    IdPadded "id-padded" BOTH MalformedBase64 "id is base64url with padding";
    RawIdOther "raw-id-other" BOTH MalformedJson "rawId is another credential's than id";
    CredentialIdOther "credential-id-other" BOTH CredentialIdMismatch "id and rawId are another credential's";
    TypeMissing "type-missing" BOTH MalformedJson "no type";
    TypeNotString "type-not-string" BOTH MalformedJson "type is a number";
    TypeOther "type-other" BOTH MalformedJson "type is not public-key";
    ResponseMissing "response-missing" BOTH MalformedJson "no response";
    ResponseNotObject "response-not-object" BOTH MalformedJson "response is a text";
    ClientDataMissing "client-data-missing" BOTH MalformedJson "no clientDataJSON";
    ClientDataNotString "client-data-not-string" BOTH MalformedJson "clientDataJSON is an object";
    ClientDataEmpty "client-data-empty" BOTH MalformedClientData "clientDataJSON is empty";
    ClientDataPadded "client-data-padded" BOTH MalformedBase64 "clientDataJSON is base64url with padding";
    ClientDataStandardBase64 "client-data-standard-base64" BOTH MalformedBase64 "clientDataJSON is standard base64";
    AttestationObjectMissing "attestation-object-missing" CREATE MalformedJson "no attestationObject";
    AttestationObjectNotString "attestation-object-not-string" CREATE MalformedJson "attestationObject is a list";
    AttestationObjectEmpty "attestation-object-empty" CREATE MalformedCbor "attestationObject is empty";
    AttestationObjectPadded "attestation-object-padded" CREATE MalformedBase64 "attestationObject has padding";
    AuthenticatorDataMissing "authenticator-data-missing" GET MalformedJson "no authenticatorData";
    AuthenticatorDataNotString "authenticator-data-not-string" GET MalformedJson "authenticatorData is a number";
    AuthenticatorDataPadded "authenticator-data-padded" GET MalformedBase64 "authenticatorData has padding";
    SignatureMissing "signature-missing" GET MalformedJson "no signature";
    SignatureNotString "signature-not-string" GET MalformedJson "signature is a number";
    SignatureNotBase64url "signature-not-base64url" GET MalformedBase64 "signature has a character outside base64url";
    UserHandleNotString "user-handle-not-string" GET MalformedJson "userHandle is a number";
    UserHandleNotBase64url "user-handle-not-base64url" GET MalformedBase64 "userHandle has a character outside base64url";

    // Client data.
    ClientDataNotJson "client-data-not-json" BOTH MalformedClientData "clientDataJSON is no JSON";
    ClientDataArray "client-data-array" BOTH MalformedClientData "clientDataJSON is an array";
    ClientDataTrailing "client-data-trailing" BOTH MalformedClientData "clientDataJSON goes on after the object";
    ClientDataTruncated "client-data-truncated" BOTH MalformedClientData "clientDataJSON lacks its last byte";
    ClientDataNotUtf8 "client-data-not-utf8" BOTH MalformedClientData "clientDataJSON is not UTF-8";
    ClientDataDuplicate "client-data-duplicate" BOTH MalformedClientData "client data has its challenge twice";
    ClientTypeMissing "client-type-missing" BOTH MalformedClientData "client data without type";
    ClientTypeNotString "client-type-not-string" BOTH MalformedClientData "client data's type is a number";
    ClientTypeEmpty "client-type-empty" BOTH TypeMismatch "client data's type is empty";
    ClientTypeOther "client-type-other" BOTH TypeMismatch "client data's type is another word";
    ClientTypeOfOtherCeremony "client-type-of-other-ceremony" BOTH TypeMismatch "client data is the other ceremony's";
    ChallengeMissing "challenge-missing" BOTH MalformedClientData "client data without challenge";
    ChallengeNotString "challenge-not-string" BOTH MalformedClientData "client data's challenge is a number";
    ChallengeEmpty "challenge-empty" BOTH ChallengeMismatch "client data's challenge is empty";
    ChallengePadded "challenge-padded" BOTH ChallengeMismatch "client data's challenge has padding";
    ChallengeOther "challenge-other" BOTH ChallengeMismatch "client data has another challenge";
    ChallengeLonger "challenge-longer" BOTH ChallengeMismatch "the challenge issued only begins client data's";
    OriginMissing "origin-missing" BOTH MalformedClientData "client data without origin";
    OriginNotString "origin-not-string" BOTH MalformedClientData "client data's origin is a number";
    OriginEmpty "origin-empty" BOTH OriginMismatch "client data's origin is empty";
    OriginOther "origin-other" BOTH OriginMismatch "client data has another origin";
    OriginScheme "origin-scheme" BOTH OriginMismatch "client data's origin is the one with http";
    OriginPort "origin-port" BOTH OriginMismatch "client data's origin has another port";
    OriginPrefix "origin-prefix" BOTH OriginMismatch "client data's origin only begins as the one accepted";
    OriginSuffix "origin-suffix" BOTH OriginMismatch "client data's host only ends in the RP ID's letters";
    OriginHyphen "origin-hyphen" BOTH OriginMismatch "client data's host only ends in the RP ID, after a hyphen";
    OriginInternational "origin-international" BOTH OriginMismatch "client data's host has a letter that looks alike";
    OriginSubdomain "origin-subdomain" BOTH OriginMismatch "client data's host is a subdomain";
    OriginTrailingDot "origin-trailing-dot" BOTH OriginMismatch "client data's host ends in a dot";
    OriginCase "origin-case" BOTH OriginMismatch "client data's origin is in capitals";
    CrossOrigin "cross-origin" BOTH CrossOriginNotAllowed "crossOrigin is true";
    CrossOriginNotBoolean "cross-origin-not-boolean" BOTH MalformedClientData "crossOrigin is a text";
    TopOriginUnexpected "top-origin-unexpected" BOTH CrossOriginNotAllowed "topOrigin is there, crossOrigin is not";
    TopOriginOther "top-origin-other" BOTH TopOriginMismatch "topOrigin is none that is accepted";
    TopOriginNotString "top-origin-not-string" BOTH MalformedClientData "topOrigin is a number";
    TokenBindingNotObject "token-binding-not-object" BOTH MalformedClientData "tokenBinding is a text";
    TokenBindingWithoutStatus "token-binding-without-status" BOTH MalformedClientData "tokenBinding has no status";
    TokenBindingStatusOther "token-binding-status-other" BOTH MalformedClientData "tokenBinding's status is another word";
    TokenBindingPresent "token-binding-present" BOTH TokenBindingUnsupported "tokenBinding's status is present";

    // The attestation object.
    ObjectNotMap "object-not-map" CREATE MalformedCbor "the attestation object is an array";
    ObjectTrailing "object-trailing" CREATE MalformedCbor "one byte behind the attestation object";
    ObjectTruncated "object-truncated" CREATE MalformedCbor "the attestation object lacks its last byte";
    ObjectIndefinite "object-indefinite" CREATE MalformedCbor "the attestation object is of indefinite length";
    ObjectDuplicate "object-duplicate" CREATE MalformedCbor "the attestation object has fmt twice";
    ObjectNested "object-nested" CREATE MalformedCbor "a member nested beyond any use";
    ObjectAbsurdLength "object-absurd-length" CREATE MalformedCbor "authData is longer than there are bytes";
    FmtMissing "fmt-missing" CREATE MalformedCbor "the attestation object has no fmt";
    FmtNotString "fmt-not-string" CREATE MalformedCbor "fmt is a number";
    FmtUnknown "fmt-unknown" CREATE UnsupportedAttestationFormat "fmt is not a known one";
    FmtCase "fmt-case" CREATE UnsupportedAttestationFormat "fmt is in capitals";
    StatementMissing "statement-missing" CREATE MalformedCbor "the attestation object has no attStmt";
    StatementNotMap "statement-not-map" CREATE MalformedCbor "attStmt is a number";
    AuthDataMissing "auth-data-missing" CREATE MalformedCbor "the attestation object has no authData";
    AuthDataNotBytes "auth-data-not-bytes" CREATE MalformedCbor "authData is a text";
    AuthDataEmpty "auth-data-empty" CREATE MalformedAuthenticatorData "authData is empty";

    // Authenticator data.
    RpIdHashOther "rp-id-hash-other" BOTH RpIdMismatch "rpIdHash is another RP ID's";
    UserNotPresent "user-not-present" BOTH UserNotPresent "UP is not set";
    UserNotVerified "user-not-verified" BOTH UserNotVerified "UV is not set";
    BackupStateAlone "backup-state-alone" BOTH BackupFlagsInvalid "BS is set and BE is not";
    BackupEligibilityChanged "backup-eligibility-changed" GET BackupEligibilityChanged "BE is other than at registration";
    AuthDataTrailing "auth-data-trailing" BOTH MalformedAuthenticatorData "one byte behind authenticator data";
    AuthDataTruncated "auth-data-truncated" BOTH MalformedAuthenticatorData "authenticator data of 36 bytes";
    AuthDataWithinAaguid "auth-data-within-aaguid" CREATE MalformedAuthenticatorData "authenticator data ends in the AAGUID";
    AuthDataWithinId "auth-data-within-id" CREATE MalformedAuthenticatorData "authenticator data ends in the ID";
    AttestedFlagClear "attested-flag-clear" CREATE MalformedAuthenticatorData "AT is clear, attested data is there";
    AttestedDataAbsent "attested-data-absent" CREATE MalformedAuthenticatorData "AT is clear, no attested data";
    AttestedFlagAlone "attested-flag-alone" BOTH MalformedAuthenticatorData "AT is set, no attested data";
    ExtensionFlagAlone "extension-flag-alone" BOTH MalformedCbor "ED is set, no extensions";
    ExtensionFlagClear "extension-flag-clear" BOTH MalformedAuthenticatorData "extensions are there, ED is clear";
    ExtensionsNotMap "extensions-not-map" BOTH MalformedAuthenticatorData "the extensions are an array";
    ExtensionsDuplicate "extensions-duplicate" BOTH MalformedCbor "an extension comes twice";
    ExtensionsTrailing "extensions-trailing" BOTH MalformedAuthenticatorData "one byte behind the extensions";
    CredentialIdOverflow "credential-id-overflow" CREATE MalformedAuthenticatorData "the ID is longer than there are bytes";
    CredentialIdEmpty "credential-id-empty" CREATE MalformedAuthenticatorData "the ID has no bytes";
    CredentialIdTooLong "credential-id-too-long" CREATE CredentialIdTooLong "the ID has 1024 bytes";

    // The credential key.
    AlgorithmNotOffered "algorithm-not-offered" CREATE AlgorithmNotAllowed "the credential's algorithm was not offered";
    KeyNotMap "key-not-map" KEY MalformedPublicKey "the credential key is an array";
    KeyDuplicate "key-duplicate" KEY MalformedCbor "the credential key has alg twice";
    KeyWithoutAlg "key-without-alg" KEY MalformedPublicKey "the credential key has no alg";
    KeyWithoutType "key-without-type" KEY MalformedPublicKey "the credential key has no kty";
    KeyOffCurve "key-off-curve" P256_KEY MalformedPublicKey "the point is not on the curve";
    KeyAtInfinity "key-at-infinity" P256_KEY MalformedPublicKey "both coordinates are zero";
    KeyCompressed "key-compressed" P256_KEY MalformedPublicKey "y is a boolean: a compressed point";
    KeyWithoutY "key-without-y" P256_KEY MalformedPublicKey "no y";
    KeyShort "key-short" P256_KEY MalformedPublicKey "x has 31 bytes";
    KeyCurveOther "key-curve-other" P256_KEY MalformedPublicKey "ES256 with P-384";
    KeyTypeOther "key-type-other" P256_KEY MalformedPublicKey "ES256 with kty OKP";
    KeyEd25519Short "key-ed25519-short" ED25519_KEY MalformedPublicKey "Ed25519 with 31 bytes";
    KeyEdDsaOnEd448 "key-eddsa-on-ed448" ED25519_KEY MalformedPublicKey "EdDSA (-8) on Ed448";
    KeyRsaSmall "key-rsa-small" RSA_KEY MalformedPublicKey "RSA of 1024 bits";
    KeyRsaEvenExponent "key-rsa-even-exponent" RSA_KEY MalformedPublicKey "RSA with an even exponent";

    // The statement, of any format.
    NoneNotEmpty "none-not-empty" NO_STATEMENT MalformedAttestationStatement "none with a statement that is not empty";
    StatementEmpty "statement-empty" STATEMENT MalformedAttestationStatement "the statement is empty";
    AlgMissing "alg-missing" ALG MalformedAttestationStatement "the statement has no alg";
    AlgNotNumber "alg-not-number" ALG MalformedAttestationStatement "alg is a text";
    AlgOther "alg-other" ALG AttestationInvalid "alg is not that of the key that signed";
    SigMissing "sig-missing" SIG MalformedAttestationStatement "the statement has no sig";
    SigNotBytes "sig-not-bytes" SIG MalformedAttestationStatement "sig is a text";
    SigEmpty "sig-empty" SIG AttestationInvalid "sig is empty";
    SigFlipped "sig-flipped" SIG AttestationInvalid "one bit of sig is flipped";
    SigOfOtherKey "sig-of-other-key" SIG AttestationInvalid "sig is another key's";
    SigByCredentialKey "sig-by-credential-key" ATTESTATION_KEY AttestationInvalid "sig is the credential key's";
    X5cMissing "x5c-missing" X5C_REQUIRED MalformedAttestationStatement "the statement has no x5c";
    X5cMissingWithoutSelf "x5c-missing-without-self" PACKED AttestationInvalid "no x5c, and the key is not the credential's";
    X5cNotArray "x5c-not-array" X5C MalformedAttestationStatement "x5c is a byte string";
    X5cEmpty "x5c-empty" X5C MalformedAttestationStatement "x5c is empty";
    X5cOfText "x5c-of-text" X5C MalformedAttestationStatement "x5c holds a text";

    // Certificates, of any format.
    CertificateTruncated "certificate-truncated" X5C MalformedCertificate "the leaf lacks its last byte";
    LeafExpired "leaf-expired" PATH CertificateExpired "the leaf expired a day ago";
    LeafNotYetValid "leaf-not-yet-valid" PATH CertificateExpired "the leaf is valid from tomorrow on";
    LeafSignatureFlipped "leaf-signature-flipped" PATH AttestationUntrusted "one bit of the leaf's signature is flipped";
    IntermediateExpired "intermediate-expired" LONG_PATH CertificateExpired "the intermediate expired a day ago";
    IntermediateNoCa "intermediate-no-ca" LONG_PATH AttestationUntrusted "the intermediate is no CA";
    IntermediateNoKeyCertSign "intermediate-no-key-cert-sign" LONG_PATH AttestationUntrusted "the intermediate may not sign certificates";
    PathOutOfOrder "path-out-of-order" LONG_PATH AttestationUntrusted "the root stands before the intermediate";
    PathBackwards "path-backwards" PACKED AttestationInvalid "the leaf stands last";
    PathWithGap "path-with-gap" LONG_PATH AttestationUntrusted "the intermediate is missing";
    PathToOwnRoot "path-to-own-root" LONG_PATH AttestationUntrusted "the path ends in a root of its own, which it brings";
    PathToNameOnly "path-to-name-only" PATH AttestationUntrusted "the issuer only bears the root's name";

    // packed.
    LeafIsCa "leaf-is-ca" NO_CA AttestationInvalid "the leaf is a CA";
    LeafWithoutBasicConstraints "leaf-without-basic-constraints" NO_CA AttestationInvalid "the leaf has no basic constraints";
    LeafVersion1 "leaf-version-1" NO_CA AttestationInvalid "the leaf is of version 1";
    LeafUnitOther "leaf-unit-other" PACKED AttestationInvalid "OU is not Authenticator Attestation";
    LeafUnitMissing "leaf-unit-missing" PACKED AttestationInvalid "the leaf's subject has no OU";
    LeafCountryLong "leaf-country-long" PACKED AttestationInvalid "C has three letters";
    LeafCountryMissing "leaf-country-missing" PACKED AttestationInvalid "the leaf's subject has no C";
    LeafOrganizationMissing "leaf-organization-missing" PACKED AttestationInvalid "the leaf's subject has no O";
    LeafCommonNameMissing "leaf-common-name-missing" PACKED AttestationInvalid "the leaf's subject has no CN";
    LeafAaguidOther "leaf-aaguid-other" FIDO_AAGUID AttestationInvalid "the leaf is for another AAGUID";
    LeafAaguidCritical "leaf-aaguid-critical" PACKED AttestationInvalid "the leaf's AAGUID is critical";

    // fido-u2f.
    U2fTwoCertificates "u2f-two-certificates" U2F MalformedAttestationStatement "x5c has two certificates";
    U2fLeafOnP384 "u2f-leaf-on-p384" U2F AttestationInvalid "the leaf's key is on P-384, and signed";
    U2fSignedAsPacked "u2f-signed-as-packed" U2F AttestationInvalid "sig is over what packed signs";
    U2fAaguidNotZero "u2f-aaguid-not-zero" U2F AttestationInvalid "the AAGUID is not zero";

    // tpm.
    TpmVersionMissing "tpm-version-missing" TPM MalformedAttestationStatement "the statement has no ver";
    TpmVersionOther "tpm-version-other" TPM AttestationInvalid "ver is 1.2";
    TpmCertInfoMissing "tpm-cert-info-missing" TPM MalformedAttestationStatement "the statement has no certInfo";
    TpmPubAreaMissing "tpm-pub-area-missing" TPM MalformedAttestationStatement "the statement has no pubArea";
    TpmCertInfoTruncated "tpm-cert-info-truncated" TPM MalformedAttestationStatement "certInfo lacks its last byte";
    TpmCertInfoTrailing "tpm-cert-info-trailing" TPM MalformedAttestationStatement "one byte behind certInfo";
    TpmPubAreaTrailing "tpm-pub-area-trailing" TPM MalformedAttestationStatement "one byte behind pubArea";
    TpmMagicOther "tpm-magic-other" TPM AttestationInvalid "magic is not TPM_GENERATED_VALUE";
    TpmTypeOther "tpm-type-other" TPM AttestationInvalid "type is not TPM_ST_ATTEST_CERTIFY";
    TpmExtraDataOther "tpm-extra-data-other" TPM AttestationInvalid "extraData is another hash";
    TpmNameOther "tpm-name-other" TPM AttestationInvalid "the name is not pubArea's";
    TpmUniqueOther "tpm-unique-other" TPM AttestationInvalid "pubArea holds another key";
    TpmSubjectPresent "tpm-subject-present" TPM AttestationInvalid "the AIK certificate has a subject";
    TpmWithoutSan "tpm-without-san" TPM AttestationInvalid "the AIK certificate has no SAN";
    TpmWithoutManufacturer "tpm-without-manufacturer" TPM AttestationInvalid "the SAN has no manufacturer";
    TpmWithoutModel "tpm-without-model" TPM AttestationInvalid "the SAN has no model";
    TpmWithoutFirmware "tpm-without-firmware" TPM AttestationInvalid "the SAN has no version";
    TpmManufacturerUnknown "tpm-manufacturer-unknown" TPM AttestationInvalid "TCG does not know the manufacturer";
    TpmWithoutEku "tpm-without-eku" TPM AttestationInvalid "the AIK certificate has no EKU";
    TpmEkuOther "tpm-eku-other" TPM AttestationInvalid "the AIK certificate's EKU is another";

    // android-key.
    AndroidChallengeOther "android-challenge-other" ANDROID_KEY AttestationInvalid "another challenge";
    AndroidKeyOther "android-key-other" ANDROID_KEY AttestationInvalid "the leaf's key is not the credential's, and signed";
    AndroidWithoutDescription "android-without-description" ANDROID_KEY AttestationInvalid "the leaf has no key description";
    AndroidAllApplicationsSoftware "android-all-applications-software" ANDROID_KEY AttestationInvalid "allApplications in software";
    AndroidAllApplicationsHardware "android-all-applications-hardware" ANDROID_KEY AttestationInvalid "allApplications in hardware";
    AndroidOriginImported "android-origin-imported" ANDROID_KEY AttestationInvalid "the key was imported";
    AndroidOriginMissing "android-origin-missing" ANDROID_KEY AttestationInvalid "origin is in neither list";
    AndroidPurposeEncrypt "android-purpose-encrypt" ANDROID_KEY AttestationInvalid "the key is for encryption";
    AndroidPurposeMissing "android-purpose-missing" ANDROID_KEY AttestationInvalid "purpose is in neither list";

    // android-safetynet.
    SafetyNetVersionEmpty "safetynet-version-empty" SAFETYNET MalformedAttestationStatement "ver is empty";
    SafetyNetResponseEmpty "safetynet-response-empty" SAFETYNET MalformedAttestationStatement "response is empty";
    SafetyNetX5cEmpty "safetynet-x5c-empty" SAFETYNET MalformedAttestationStatement "the JWS has an empty x5c";
    SafetyNetNonceOther "safetynet-nonce-other" SAFETYNET AttestationInvalid "another nonce";
    SafetyNetCtsFalse "safetynet-cts-false" SAFETYNET AttestationInvalid "ctsProfileMatch is false";
    SafetyNetHostOther "safetynet-host-other" SAFETYNET AttestationInvalid "the leaf is another host's";
    SafetyNetSignatureFlipped "safetynet-signature-flipped" SAFETYNET AttestationInvalid "one bit of the JWS's signature is flipped";
    SafetyNetTimestampFuture "safetynet-timestamp-future" SAFETYNET AttestationInvalid "made an hour from now";
    SafetyNetTimestampOld "safetynet-timestamp-old" SAFETYNET AttestationInvalid "made an hour ago";

    // apple.
    AppleNonceOther "apple-nonce-other" APPLE AttestationInvalid "another nonce";
    AppleNonceMissing "apple-nonce-missing" APPLE AttestationInvalid "no nonce";
    AppleKeyOther "apple-key-other" APPLE AttestationInvalid "the leaf's key is not the credential's";

    // compound.
    CompoundOfOne "compound-of-one" COMPOUND MalformedAttestationStatement "one statement alone";
    CompoundNested "compound-nested" COMPOUND MalformedAttestationStatement "a statement is itself compound";
    CompoundOneInvalid "compound-one-invalid" COMPOUND AttestationInvalid "the second statement does not verify";

    // The assertion.
    AssertionFlipped "assertion-flipped" GET SignatureInvalid "one bit of the signature is flipped";
    AssertionEmpty "assertion-empty" GET SignatureInvalid "the signature is empty";
    AssertionTruncated "assertion-truncated" GET SignatureInvalid "the signature lacks its last byte";
    AssertionTrailing "assertion-trailing" GET SignatureInvalid "one byte behind the signature";
    AssertionOfOtherKey "assertion-of-other-key" GET SignatureInvalid "the signature is another key's";
    AssertionOverOther "assertion-over-other" GET SignatureInvalid "the signature is over another client data hash";
    AssertionZero "assertion-zero" ECDSA_GET SignatureInvalid "r and s are zero";
    AssertionRaw "assertion-raw" ECDSA_GET SignatureInvalid "r and s without ASN.1";
    AssertionPaddedInteger "assertion-padded-integer" ECDSA_GET SignatureInvalid "r has a zero byte more than DER allows";
    AssertionLongLength "assertion-long-length" ECDSA_GET SignatureInvalid "the length is not in its shortest form";
    AssertionPlusOrder "assertion-plus-order" ED25519_GET SignatureInvalid "s plus the group's order";
    AssertionHashOther "assertion-hash-other" RSA_GET SignatureInvalid "signed with another hash than the algorithm's";
    AssertionSaltOther "assertion-salt-other" PSS_GET SignatureInvalid "the salt is not as long as the hash";
    AssertionRsaZero "assertion-rsa-zero" RSA_GET SignatureInvalid "the signature is zero";

    // The credential and its account.
    CounterSame "counter-same" GET SignCountRegressed "the counter did not grow";
    CounterLess "counter-less" GET SignCountRegressed "the counter went back";
    CounterZero "counter-zero" GET SignCountRegressed "the counter went back to zero";
    CredentialNotAllowed "credential-not-allowed" GET CredentialNotAllowed "the credential was not offered";
    UserHandleOther "user-handle-other" GET UserHandleMismatch "the user handle is another account's";
    UserHandleMissing "user-handle-missing" GET UserHandleMismatch "no user handle, and no account was named";
}
