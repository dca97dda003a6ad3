//! `MetadataStatement`: what the vendor publishes about a model ([FIDO Metadata Statement 3.1]).
//!
//! [FIDO Metadata Statement 3.1]: https://fidoalliance.org/specs/mds/fido-metadata-statement-v3.1-ps-20250521.html

use std::collections::{BTreeMap, HashSet};

use rp_core::Aaguid;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::members::{ExtraMembers, Members};

/// Which members of a statement are kept in memory. Without pictures a BLOB takes a quarter of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Pictures: `icon`, `iconDark`, `providerLogoLight`, `providerLogoDark`, and those of the transaction
    /// confirmation display.
    pub pictures: bool,
    /// Long texts: the legal header of each statement, and descriptions in other languages. Friendly names are always
    /// kept.
    pub texts: bool,
}

impl Retention {
    /// All members.
    pub const ALL: Self = Self { pictures: true, texts: true };
    /// The members that trust decisions need, and names.
    pub const LEAN: Self = Self { pictures: false, texts: false };

    /// Whether this member of a statement is dropped.
    pub(crate) fn drops(self, member: &str) -> bool {
        match member {
            "icon"
            | "iconDark"
            | "providerLogoLight"
            | "providerLogoDark"
            | "tcDisplayPNGCharacteristics" => !self.pictures,
            "legalHeader" | "alternativeDescriptions" => !self.texts,
            _ => false,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::ALL
    }
}

/// A metadata statement, its members as the vendor wrote them.
///
/// Values such as `secure_element` stay strings, since each edition adds some. A missing member is empty. A member of an
/// unexpected type is in [`MetadataStatement::other`], together with the members of later editions.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MetadataStatement {
    /// The terms under which the statement was submitted.
    pub legal_header: Option<Box<str>>,
    /// The model, which should be that of the entry.
    pub aaguid: Option<Aaguid>,
    /// A description in English.
    pub description: Box<str>,
    /// Descriptions by language tag.
    pub alternative_descriptions: BTreeMap<Box<str>, Box<str>>,
    /// Names for users by language tag.
    pub friendly_names: BTreeMap<Box<str>, Box<str>>,
    /// The earliest firmware version that the statement describes.
    pub authenticator_version: Option<u64>,
    /// `fido2`, `u2f` or `uaf`.
    pub protocol_family: Box<str>,
    /// The version of the statement's schema.
    pub schema: Option<u64>,
    /// Versions of the protocol.
    pub upv: Vec<Version>,
    /// Algorithms by their names in FIDO's registry, such as `secp256r1_ecdsa_sha256_raw`.
    pub authentication_algorithms: Vec<Box<str>>,
    /// Encodings of public keys, such as `cose`.
    pub public_key_alg_and_encodings: Vec<Box<str>>,
    /// `basic_full`, `basic_surrogate`, `attca`, `anonca`, `ecdaa`, `none`.
    pub attestation_types: Vec<Box<str>>,
    /// Alternative combinations of user verification methods: all methods of one inner list are used together.
    pub user_verification_details: Vec<Vec<UserVerification>>,
    /// How keys are protected, such as `hardware` and `secure_element`.
    pub key_protection: Vec<Box<str>>,
    /// Whether the key signs nothing but FIDO assertions.
    pub is_key_restricted: Option<bool>,
    /// Whether each use of the key requires user verification.
    pub is_fresh_user_verification_required: Option<bool>,
    /// How the biometric matcher is protected, such as `on_chip`.
    pub matcher_protection: Vec<Box<str>>,
    /// The overall cryptographic strength in bits.
    pub crypto_strength: Option<u64>,
    /// How the authenticator is attached, such as `internal` and `nfc`.
    pub attachment_hint: Vec<Box<str>>,
    /// How transactions are confirmed.
    pub tc_display: Vec<Box<str>>,
    /// Whether credentials can be on several devices.
    pub multi_device_credential_support: Option<Box<str>>,
    /// The response to `authenticatorGetInfo`.
    pub get_info: Option<GetInfo>,
    /// A picture of the model as `data:` URL, if retained.
    pub icon: Option<Box<str>>,
    /// A picture of the model for dark backgrounds as `data:` URL, if retained.
    pub icon_dark: Option<Box<str>>,
    /// The logo of the vendor for light backgrounds as `data:` URL, if retained.
    pub provider_logo_light: Option<Box<str>>,
    /// The logo of the vendor for dark backgrounds as `data:` URL, if retained.
    pub provider_logo_dark: Option<Box<str>>,
    /// All other members, as they were written.
    pub other: ExtraMembers,
}

/// A protocol version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Version {
    /// The major version.
    pub major: u16,
    /// The minor version.
    pub minor: u16,
}

/// `VerificationMethodDescriptor`: one method of user verification or of a test of presence.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserVerification {
    /// The method by FIDO's registry, such as `fingerprint_internal`; empty if it is missing.
    pub user_verification_method: Box<str>,
    /// Accuracy of a passcode.
    pub ca_desc: Option<Value>,
    /// Accuracy of a biometric.
    pub ba_desc: Option<Value>,
    /// Accuracy of a pattern.
    pub pa_desc: Option<Value>,
}

/// `authenticatorGetInfo`, the members that a relying party uses.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GetInfo {
    /// CTAP versions such as `FIDO_2_1`.
    pub versions: Vec<Box<str>>,
    /// Supported extensions.
    pub extensions: Vec<Box<str>>,
    /// Options such as `rk` and `uv`.
    pub options: BTreeMap<Box<str>, Value>,
    /// Transports such as `usb` and `nfc`.
    pub transports: Vec<Box<str>>,
    /// Algorithms of credentials by COSE identifier.
    pub algorithms: Vec<i64>,
    /// Attestation statement formats that the authenticator supports.
    pub attestation_formats: Vec<Box<str>>,
    /// The firmware version.
    pub firmware_version: Option<u64>,
    /// Certifications by name, such as `FIPS-CMVP-3`.
    pub certifications: BTreeMap<Box<str>, Value>,
    /// All other members, as they were written.
    pub other: ExtraMembers,
}

impl MetadataStatement {
    /// Reads a statement that is known to be an object.
    pub(crate) fn read(text: &str) -> Self {
        let Ok(mut members) = serde_json::from_str::<Members<'_>>(text) else { return Self::default() };
        let get_info = members.optional::<Members<'_>>("authenticatorGetInfo").map(GetInfo::read);
        // The entry returns the anchors.
        let _: Option<&RawValue> = members.optional("attestationRootCertificates");
        Self {
            legal_header: members.optional("legalHeader"),
            aaguid: members.optional("aaguid"),
            description: members.optional("description").unwrap_or_default(),
            alternative_descriptions: members.optional("alternativeDescriptions").unwrap_or_default(),
            friendly_names: members.optional("friendlyNames").unwrap_or_default(),
            authenticator_version: members.optional("authenticatorVersion"),
            protocol_family: members.optional("protocolFamily").unwrap_or_default(),
            schema: members.optional("schema"),
            upv: members.optional("upv").unwrap_or_default(),
            authentication_algorithms: members.optional("authenticationAlgorithms").unwrap_or_default(),
            public_key_alg_and_encodings: members.optional("publicKeyAlgAndEncodings").unwrap_or_default(),
            attestation_types: members.optional("attestationTypes").unwrap_or_default(),
            user_verification_details: members.optional("userVerificationDetails").unwrap_or_default(),
            key_protection: members.optional("keyProtection").unwrap_or_default(),
            is_key_restricted: members.optional("isKeyRestricted"),
            is_fresh_user_verification_required: members.optional("isFreshUserVerificationRequired"),
            matcher_protection: members.optional("matcherProtection").unwrap_or_default(),
            crypto_strength: members.optional("cryptoStrength"),
            attachment_hint: members.optional("attachmentHint").unwrap_or_default(),
            tc_display: members.optional("tcDisplay").unwrap_or_default(),
            multi_device_credential_support: members.optional("multiDeviceCredentialSupport"),
            get_info,
            icon: members.optional("icon"),
            icon_dark: members.optional("iconDark"),
            provider_logo_light: members.optional("providerLogoLight"),
            provider_logo_dark: members.optional("providerLogoDark"),
            other: members.rest(),
        }
    }

    /// User verification methods, each once, regardless of how they are combined.
    #[must_use]
    pub fn user_verification_methods(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let methods =
            self.user_verification_details.iter().flatten().map(|one| &*one.user_verification_method);
        methods.filter(|method| !method.is_empty() && seen.insert(*method)).collect()
    }

    /// The friendly name to show, chosen as by [`ModelName::name`](crate::ModelName::name).
    #[must_use]
    pub fn friendly_name(&self, language: &str) -> Option<&str> {
        by_language(&self.friendly_names, language)
    }
}

impl GetInfo {
    fn read(mut members: Members<'_>) -> Self {
        #[derive(Deserialize)]
        struct Parameters {
            alg: i64,
        }
        let algorithms = members.optional::<Vec<Parameters>>("algorithms").unwrap_or_default();
        Self {
            versions: members.optional("versions").unwrap_or_default(),
            extensions: members.optional("extensions").unwrap_or_default(),
            options: members.optional("options").unwrap_or_default(),
            transports: members.optional("transports").unwrap_or_default(),
            algorithms: algorithms.into_iter().map(|one| one.alg).collect(),
            attestation_formats: members.optional("attestationFormats").unwrap_or_default(),
            firmware_version: members.optional("firmwareVersion"),
            certifications: members.optional("certifications").unwrap_or_default(),
            other: members.rest(),
        }
    }
}

/// The text in this language, else in its primary language, else in English, else in any language. The region is
/// compared only for an exact match.
pub(crate) fn by_language<'a>(texts: &'a BTreeMap<Box<str>, Box<str>>, language: &str) -> Option<&'a str> {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = texts.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
    let of = |wanted: String| texts.iter().find(move |(tag, _)| primary(tag) == wanted);
    let found =
        exact.or_else(|| of(primary(language))).or_else(|| of("en".into())).or_else(|| texts.iter().next());
    found.map(|(_, text)| text.trim())
}
