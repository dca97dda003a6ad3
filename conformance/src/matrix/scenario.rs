//! One ceremony as a vector.

use rp_core::options::UserVerificationRequirement;
use rp_core::{AttestationType, Profile};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::authenticator::{
    Algorithm, Authenticator, Backup, ClientError, Config, Credential, Fault, Format, Quirk, Seed, Setting,
    Verification,
};
use crate::format::{
    AttestationSettings, Authentication, Body, Bytes, Case, Ceremony, Expect, Registration, RelyingParty,
    StoredCredential,
};

/// The seed of the cases in this workspace.
pub const SEED: &str = "matrix";

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const TOP_ORIGIN: &str = "https://top.example";
const APPID: &str = "https://example.org/app-id.json";
const USER_HANDLE: &[u8] = b"a user handle";

/// A response and the server that verifies it.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// The source of keys, IDs and challenges.
    pub(crate) seed: String,
    /// The name of a variant.
    pub(crate) name: Option<&'static str>,
    pub(crate) format: Format,
    pub(crate) algorithm: Algorithm,
    pub(crate) config: Config,
    /// The user verification requirement, unless a fault needs `required`.
    pub(crate) asked: UserVerificationRequirement,
    /// Extension inputs, and the outputs of the authenticator.
    pub(crate) extensions: Option<(Value, Value)>,
    /// Whether the credential is scoped to an AppID, as U2F credentials are.
    pub(crate) by_appid: bool,
    /// Whether the attestation certificate itself is the anchor.
    pub(crate) leaf_is_anchor: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) quirk: Option<Quirk>,
}

impl Scenario {
    pub(crate) fn new(format: Format, algorithm: Algorithm) -> Self {
        Self {
            seed: SEED.to_owned(),
            name: None,
            format,
            algorithm,
            config: Config::default(),
            asked: UserVerificationRequirement::Preferred,
            extensions: None,
            by_appid: false,
            leaf_is_anchor: false,
            fault: None,
            quirk: None,
        }
    }

    pub(crate) fn registration(&self) -> Result<Case, ClientError> {
        let mut authenticator = self.authenticator();
        authenticator.config.fault = self.fault;
        authenticator.config.quirk = self.quirk;
        let response = authenticator.create(&self.creation_options(), ORIGIN)?;
        let anchors = match self.leaf_is_anchor {
            true => vec![authenticator.attestation_certificate()],
            false => authenticator.anchors(),
        };
        let expect = match (self.fault, authenticator.credentials().last()) {
            (None, Some(credential)) => Expect::Accept(self.facts(credential)),
            (fault, _) => rejected(fault),
        };
        let body = Registration {
            rp: self.relying_party(),
            challenge: self.challenge(),
            user_verification: self.user_verification(),
            user_presence_required: true,
            algorithms: Some(self.offered()),
            attestation: AttestationSettings {
                verify: true,
                require_trusted: self.format.has_certificates(),
                trust_anchors: anchors.into_iter().map(Bytes).collect(),
                at: Some(self.config.now),
            },
            response: raw(response)?,
            expect,
        };
        Ok(self.case("registration", Body::Registration(body)))
    }

    pub(crate) fn authentication(&self) -> Result<Case, ClientError> {
        let mut authenticator = self.authenticator();
        authenticator.create(&self.creation_options(), ORIGIN)?;
        let credential = authenticator.credentials().last().cloned().ok_or(ClientError::NoCredential)?;
        authenticator.config.fault = self.fault;
        authenticator.config.quirk = self.quirk;
        let allowed = match self.setting() {
            Setting::OtherCredentials => Bytes(credential.id.iter().map(|byte| !byte).collect()),
            _ => Bytes(credential.id.clone()),
        };
        let options = json!({
            "challenge": self.challenge(),
            "rpId": RP_ID,
            "allowCredentials": [{"type": "public-key", "id": allowed}],
            "userVerification": self.user_verification(),
            "extensions": self.asked_extensions(),
        });
        let response = authenticator.get(&options, ORIGIN)?;
        let expect = match (self.fault, authenticator.credentials().last()) {
            (None, Some(after)) => Expect::Accept(Ceremony {
                fmt: None,
                attestation_type: None,
                trusted: None,
                aaguid: None,
                ..self.facts(after)
            }),
            (fault, _) => rejected(fault),
        };
        let body = Authentication {
            rp: self.relying_party(),
            challenge: self.challenge(),
            user_verification: self.user_verification(),
            user_presence_required: true,
            algorithms: None,
            attestation: AttestationSettings::default(),
            response: raw(response)?,
            credential: StoredCredential {
                id: Bytes(credential.id),
                public_key: Bytes(credential.cose_key),
                sign_count: credential.sign_count,
                backup_eligible: Some(credential.backup_eligible),
                backup_state: Some(credential.backup_state),
                user_handle: Some(Bytes(credential.user_handle)),
            },
            allow_credentials: (self.setting() != Setting::AnyCredential).then(|| vec![allowed]),
            expect,
        };
        Ok(self.case("authentication", Body::Authentication(body)))
    }

    fn authenticator(&self) -> Authenticator {
        let config = Config { format: self.format, algorithms: vec![self.algorithm], ..self.config.clone() };
        Authenticator::new(&format!("{} {}-{}", self.seed, self.format, self.algorithm), config)
    }

    fn creation_options(&self) -> Value {
        let offered: Vec<_> =
            self.offered().into_iter().map(|alg| json!({"type": "public-key", "alg": alg})).collect();
        json!({
            "rp": {"id": if self.by_appid { APPID } else { RP_ID }, "name": "Example"},
            "user": {"id": Bytes::from(USER_HANDLE), "name": "kim", "displayName": "Kim"},
            "challenge": self.challenge(),
            "pubKeyCredParams": offered,
            "authenticatorSelection": {
                "residentKey": "required",
                "userVerification": self.user_verification(),
            },
            "attestation": "direct",
            "extensions": self.asked_extensions(),
        })
    }

    fn challenge(&self) -> Bytes {
        // Thirty-two bytes that differ from case to case, and need padding in base64.
        let case = format!("challenge/{}-{}-{:?}", self.format, self.algorithm, self.fault);
        Bytes(Seed::new(&self.seed).vec(&case, 32))
    }

    fn setting(&self) -> Setting {
        self.fault.map_or(Setting::Defaults, Fault::setting)
    }

    fn offered(&self) -> Vec<i64> {
        let other = if self.algorithm == Algorithm::Es256 { Algorithm::Rs256 } else { Algorithm::Es256 };
        match self.setting() {
            Setting::OtherAlgorithms => vec![other.cose()],
            _ => vec![self.algorithm.cose()],
        }
    }

    fn user_verification(&self) -> UserVerificationRequirement {
        match self.setting() {
            Setting::UserVerification => UserVerificationRequirement::Required,
            _ => self.asked,
        }
    }

    fn asked_extensions(&self) -> Value {
        match &self.extensions {
            Some((asked, _)) => asked.clone(),
            None if self.by_appid => json!({"appid": APPID}),
            None => json!({}),
        }
    }

    fn is_verified(&self) -> bool {
        match self.config.verification {
            Verification::Never => false,
            Verification::WhenAsked => self.asked != UserVerificationRequirement::Discouraged,
            Verification::Always => true,
        }
    }

    fn relying_party(&self) -> RelyingParty {
        let cross_origin = self.setting() == Setting::CrossOrigin;
        // RS1 is accepted only in the fido profile.
        let fido = self.setting() == Setting::FidoProfile || self.algorithm == Algorithm::Rs1;
        RelyingParty {
            id: RP_ID.into(),
            origins: vec![ORIGIN.into()],
            top_origins: if cross_origin { vec![TOP_ORIGIN.into()] } else { Vec::new() },
            allow_cross_origin: cross_origin,
            allow_subdomains: false,
            appid: self.by_appid.then(|| APPID.into()),
            profile: if fido { Profile::Fido } else { Profile::Webauthn },
        }
    }

    fn facts(&self, credential: &Credential) -> Ceremony {
        Ceremony {
            fmt: Some(self.format.fmt().into()),
            attestation_type: match self.format {
                Format::None => Some(AttestationType::None),
                Format::PackedSelf => Some(AttestationType::SelfAttestation),
                // A compound statement proves the facts of its first part with certificates.
                Format::Packed
                | Format::FidoU2f
                | Format::AndroidKey
                | Format::AndroidSafetyNet
                | Format::Compound => Some(AttestationType::Basic),
                Format::Tpm => Some(AttestationType::AttCa),
                Format::Apple => Some(AttestationType::AnonCa),
            },
            trusted: Some(self.format.has_certificates()),
            credential_id: Some(Bytes(credential.id.clone())),
            public_key: Some(Bytes(credential.cose_key.clone())),
            alg: Some(self.algorithm.cose()),
            aaguid: Some(rp_core::Aaguid::new(credential.aaguid)),
            sign_count: Some(credential.sign_count),
            user_present: Some(true),
            user_verified: Some(self.is_verified()),
            backup_eligible: Some(self.config.backup != Backup::DeviceBound),
            backup_state: Some(self.config.backup == Backup::BackedUp),
            extensions: self.extensions.as_ref().map(|(_, told)| told.clone()),
        }
    }

    fn case(&self, ceremony: &str, body: Body) -> Case {
        let mut id = format!("minted/{}-{}/{ceremony}", self.format, self.algorithm);
        match (self.fault, self.quirk, self.name) {
            (Some(fault), ..) => id = format!("{id}/fault/{fault}"),
            (_, Some(quirk), _) => id = format!("{id}/quirk/{quirk}"),
            (.., Some(name)) => id = format!("{id}/turn/{name}"),
            _ => {}
        }
        let note = self.fault.map(Fault::about).or(self.quirk.map(Quirk::about)).map(Into::into);
        Case { id, note, body }
    }
}

fn rejected(fault: Option<Fault>) -> Expect<Ceremony> {
    match fault {
        Some(fault) => Expect::reject(fault.expected_code()),
        None => Expect::Reject(crate::format::Rejected { reason: None }),
    }
}

fn raw(response: String) -> Result<Box<RawValue>, ClientError> {
    RawValue::from_string(response).map_err(|error| ClientError::Options(error.to_string()))
}
