//! `MetadataStatement`: what the vendor says of a model ([FIDO Metadata Statement 3.1]).
//!
//! [FIDO Metadata Statement 3.1]: https://fidoalliance.org/specs/mds/fido-metadata-statement-v3.1-ps-20250521.html

use std::collections::BTreeMap;

use rp_core::Aaguid;
use serde::Deserialize;
use serde_json::Value;

use crate::members::{ExtraMembers, Members};

/// A statement, its members as the vendor wrote them.
///
/// Words such as `secure_element` stay words, since each edition adds some. A member that is missing is empty; one of
/// an unexpected type stands among [`MetadataStatement::other`], with those of later editions.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MetadataStatement {
    /// The terms under which the statement was submitted.
    pub legal_header: Option<Box<str>>,
    /// The model, which should be the entry's.
    pub aaguid: Option<Aaguid>,
    /// A description in English.
    pub description: Box<str>,
    /// Descriptions by language tag.
    pub alternative_descriptions: BTreeMap<Box<str>, Box<str>>,
    /// Names for users, by language tag.
    pub friendly_names: BTreeMap<Box<str>, Box<str>>,
    /// The earliest firmware that the statement is about.
    pub authenticator_version: Option<u64>,
    /// `fido2`, `u2f` or `uaf`.
    pub protocol_family: Box<str>,
    /// The edition of the statement's form.
    pub schema: Option<u64>,
    /// Versions of the protocol.
    pub upv: Vec<Version>,
    /// Names of algorithms by FIDO's registry, such as `secp256r1_ecdsa_sha256_raw`.
    pub authentication_algorithms: Vec<Box<str>>,
    /// Forms of public keys, such as `cose`.
    pub public_key_alg_and_encodings: Vec<Box<str>>,
    /// `basic_full`, `basic_surrogate`, `attca`, `anonca`, `ecdaa`, `none`.
    pub attestation_types: Vec<Box<str>>,
    /// Ways to verify the user: any of these lists, all of one.
    pub user_verification_details: Vec<Vec<UserVerification>>,
    /// How keys are protected, such as `hardware` and `secure_element`.
    pub key_protection: Vec<Box<str>>,
    /// Whether the key signs what FIDO has it sign alone.
    pub is_key_restricted: Option<bool>,
    /// Whether each use of the key asks for the user.
    pub is_fresh_user_verification_required: Option<bool>,
    /// How the matcher of biometrics is protected, such as `on_chip`.
    pub matcher_protection: Vec<Box<str>>,
    /// The strength of the cryptography in bits.
    pub crypto_strength: Option<u64>,
    /// How the authenticator is attached, such as `internal` and `nfc`.
    pub attachment_hint: Vec<Box<str>>,
    /// How transactions are confirmed.
    pub tc_display: Vec<Box<str>>,
    /// Whether credentials can be on several devices.
    pub multi_device_credential_support: Option<Box<str>>,
    /// What `authenticatorGetInfo` answers.
    pub get_info: Option<GetInfo>,
    /// A picture as `data:` URL, unless it was dropped.
    pub icon: Option<Box<str>>,
    /// A picture for dark backgrounds as `data:` URL, unless it was dropped.
    pub icon_dark: Option<Box<str>>,
    /// Every other member, as it was written.
    pub other: ExtraMembers,
}

/// Version of a protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Its first number.
    pub major: u16,
    /// Its second number.
    pub minor: u16,
}

/// One way to verify the user, or to see that one is there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserVerification {
    /// By FIDO's registry, such as `fingerprint_internal`; one that is left out is none that can be told.
    pub user_verification_method: Box<str>,
    /// Accuracy of a code.
    pub ca_desc: Option<Value>,
    /// Accuracy of a biometric.
    pub ba_desc: Option<Value>,
    /// Accuracy of a pattern.
    pub pa_desc: Option<Value>,
}

/// `authenticatorGetInfo`, as far as it is asked for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GetInfo {
    /// `FIDO_2_1` and the like.
    pub versions: Vec<Box<str>>,
    /// Extensions that the authenticator knows.
    pub extensions: Vec<Box<str>>,
    /// Options such as `rk` and `uv`.
    pub options: BTreeMap<Box<str>, Value>,
    /// `usb`, `nfc` and the like.
    pub transports: Vec<Box<str>>,
    /// Algorithms of credentials by COSE number.
    pub algorithms: Vec<i64>,
    /// Formats of attestation statements that the authenticator can make.
    pub attestation_formats: Vec<Box<str>>,
    /// The firmware.
    pub firmware_version: Option<u64>,
    /// Certifications by name, such as `FIPS-CMVP-3`.
    pub certifications: BTreeMap<Box<str>, Value>,
    /// Every other member, as it was written.
    pub other: ExtraMembers,
}

impl MetadataStatement {
    /// Reads a statement that is known to be an object.
    pub(super) fn read(text: &str) -> Self {
        let Ok(mut members) = serde_json::from_str::<Members<'_>>(text) else { return Self::default() };
        let get_info = members.optional::<Members<'_>>("authenticatorGetInfo").map(GetInfo::read);
        // Anchors are had of the entry.
        let _: Option<&serde_json::value::RawValue> = members.optional("attestationRootCertificates");
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
            other: members.rest(),
        }
    }

    /// Methods of user verification, each once, whatever they are combined with.
    #[must_use]
    pub fn user_verification_methods(&self) -> Vec<&str> {
        let mut methods: Vec<&str> = Vec::new();
        for method in
            self.user_verification_details.iter().flatten().map(|one| &*one.user_verification_method)
        {
            if !method.is_empty() && !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods
    }

    /// The name to show: the friendly one of this language, of its primary language, of English, of any; else none.
    #[must_use]
    pub fn friendly_name(&self, language: &str) -> Option<&str> {
        crate::names::by_language(&self.friendly_names, language)
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
