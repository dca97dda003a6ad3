use rp_conformance::authenticator::{Authenticator, Format as Statement};
use rp_core::attestation::{
    AttestationError, AttestationStatementFormat, StatementError, StatementInput, Verified,
};
use rp_core::{
    Aaguid, Attestation, AttestationPolicy, AttestationType, Code, Format, RegistrationError,
    RegistrationResponse, RelyingParty, StaticAnchors, User, UserHandle, base64url,
};

use super::Scene;

/// Self attestation with a custom format name.
#[derive(Debug)]
struct Plain;

impl AttestationStatementFormat for Plain {
    fn identifier(&self) -> &str {
        "plain"
    }

    fn verify(&self, input: &StatementInput<'_>) -> Result<Verified, StatementError> {
        let members = input.members().map_err(StatementError::malformed)?;
        let sig = members.bytes("sig").map_err(StatementError::malformed)?;
        let message = input.signed_message();
        input.credential_public_key.verify(&message, sig).map_err(StatementError::invalid)?;
        Ok(Verified::without_path(AttestationType::SelfAttestation))
    }
}

/// `packed` self attestation whose attestation object was changed in transit.
fn judged(
    policy: AttestationPolicy,
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) -> Result<Attestation, RegistrationError> {
    judged_by(&StaticAnchors::none(), policy, change)
}

fn judged_by(
    trust: &StaticAnchors,
    policy: AttestationPolicy,
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) -> Result<Attestation, RegistrationError> {
    let config = Scene::new(Statement::PackedSelf).config;
    let mut rp = RelyingParty::builder("example.org").origin("https://example.org");
    rp = rp.attestation(rp_core::options::AttestationConveyancePreference::Direct);
    let rp = rp.attestation_policy(policy).build().unwrap();
    let handle = UserHandle::try_from(&b"kim"[..]).unwrap();
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (options, pending) = rp.start_registration(&user, &[], config.now).unwrap();
    let mut authenticator = Authenticator::new("own format", config.clone());
    let options = serde_json::to_value(&options).unwrap();
    let response = authenticator.create(&options, "https://example.org").unwrap();
    let mut response: serde_json::Value = serde_json::from_str(&response).unwrap();
    let object = response["response"]["attestationObject"].as_str().unwrap();
    let object = change(base64url::decode(object).unwrap());
    response["response"]["attestationObject"] = base64url::encode(&object).into();
    let response = RegistrationResponse::from_json(response.to_string().as_bytes()).unwrap();
    let registered = rp.finish_registration(pending, &response, trust, config.now)?;
    Ok(registered.attestation)
}

/// Replaces the first occurrence of some bytes.
fn replaced(object: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = object.windows(from.len()).position(|window| window == from).unwrap();
    let (head, tail) = object.split_at(at);
    [head, to, &tail[from.len()..]].concat()
}

fn plain(object: Vec<u8>) -> Vec<u8> {
    replaced(&object, b"\x66packed", b"\x65plain")
}

#[test]
fn a_format_of_ones_own_is_verified_by_its_own_procedure() {
    let policy = AttestationPolicy::default().with_format(Plain);
    let attestation = judged(policy.clone(), plain).unwrap();
    assert_eq!(attestation.format, Format::Other("plain".into()));
    assert_eq!(attestation.r#type, AttestationType::SelfAttestation);
    // The others are verified as before.
    assert_eq!(judged(policy, |object| object).unwrap().format, Format::Packed);
}

/// A statement with the certificates of an authenticator.
#[derive(Debug)]
struct WithPath(Vec<Vec<u8>>);

impl AttestationStatementFormat for WithPath {
    fn identifier(&self) -> &str {
        "plain"
    }

    fn verify(&self, _: &StatementInput<'_>) -> Result<Verified, StatementError> {
        Ok(Verified::with_path(AttestationType::Basic, self.0.clone()))
    }
}

#[test]
fn a_certificate_with_the_aaguid_proves_the_model() {
    let packed = Scene::new(Statement::Packed);
    let anchors = StaticAnchors::new(packed.anchors());
    let policy = |path| AttestationPolicy::default().with_format(WithPath(path));
    let with_aaguid = judged_by(&anchors, policy(packed.accepted().trust_path), plain).unwrap();
    assert_eq!(with_aaguid.model, Some(Aaguid::new(packed.config.aaguid)));
    let u2f = Scene::new(Statement::FidoU2f);
    let anchors = StaticAnchors::new(u2f.anchors());
    let without = judged_by(&anchors, policy(u2f.accepted().trust_path), plain).unwrap();
    assert!(without.is_trusted() && without.model.is_none());
}

#[test]
fn a_format_that_nobody_registered_is_not_supported() {
    let refused = judged(AttestationPolicy::default(), plain).unwrap_err();
    assert_eq!(refused.to_string(), "format plain is not supported or not accepted");
    let elsewhere = AttestationPolicy::default().with_format(Plain).formats([Format::Packed]);
    assert_eq!(judged(elsewhere, plain).unwrap_err().code(), Code::UnsupportedAttestationFormat);
}

#[test]
fn its_refusal_carries_its_own_code_and_words() {
    let policy = || AttestationPolicy::default().with_format(Plain);
    let without_sig = |object| replaced(&plain(object), b"\x63sig", b"\x63gis");
    let Err(RegistrationError::Attestation(error)) = judged(policy(), without_sig) else { panic!() };
    assert_eq!(error.to_string(), "plain: attStmt.sig is missing");
    assert_eq!(error.code(), Code::MalformedAttestationStatement);
    // No signature covers alg, so another byte of the statement is changed: one of the signature.
    let broken = |object: Vec<u8>| {
        let mut object = plain(object);
        let at = object.windows(4).position(|window| window == b"\x63sig").unwrap();
        object[at + 12] ^= 1;
        object
    };
    let Err(RegistrationError::Attestation(error)) = judged(policy(), broken) else { panic!() };
    assert!(matches!(error, AttestationError::Registered { .. }), "{error}");
    assert_eq!(error.code(), Code::AttestationInvalid);
}

#[test]
fn a_procedure_for_a_defined_format_is_never_asked() {
    #[derive(Debug)]
    struct AnythingGoes;
    impl AttestationStatementFormat for AnythingGoes {
        fn identifier(&self) -> &str {
            "packed"
        }
        fn verify(&self, _: &StatementInput<'_>) -> Result<Verified, StatementError> {
            Ok(Verified::without_path(AttestationType::None))
        }
    }
    let policy = AttestationPolicy::default().with_format(AnythingGoes);
    let attestation = judged(policy, |object| object).unwrap();
    assert_eq!(attestation.r#type, AttestationType::SelfAttestation);
}
