use rp_conformance::authenticator::Format as Statement;
use rp_core::trust::{AndroidStatusList, FormatAnchors, RevocationLists, TrustError};
use rp_core::x509::{Certificate, PathError};
use rp_core::{AttestationPolicy, Code, Format, RegistrationError, StaticAnchors, TrustSource};

use super::Scene;

/// A status list with the serial number of the certificate at this place of `x5c`.
fn listing(scene: &Scene, index: usize) -> RevocationLists {
    let path = scene.accepted().trust_path;
    let serial = Certificate::from_der(&path[index]).unwrap().serial_number().to_vec();
    let serial: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
    let json =
        format!(r#"{{"entries": {{"{serial}": {{"status": "REVOKED", "reason": "KEY_COMPROMISE"}}}}}}"#);
    RevocationLists::default().with_android_status_list(AndroidStatusList::parse(json.as_bytes()).unwrap())
}

fn rejected(scene: &Scene, trust: &dyn TrustSource) -> TrustError {
    match scene.judged_by(trust) {
        Err(RegistrationError::Trust(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn trusted(statement: Statement) -> Scene {
    Scene::new(statement).policy(AttestationPolicy::default().require_trusted())
}

#[test]
fn each_certificate_of_an_android_path_is_looked_up() {
    let scene = trusted(Statement::AndroidKey);
    for index in 0..scene.accepted().trust_path.len() {
        let lists = listing(&scene, index);
        let sources: [&dyn TrustSource; 2] = [
            &StaticAnchors::new(scene.anchors()).with_revocation(lists.clone()),
            &FormatAnchors::default().with(Format::AndroidKey, scene.anchors()).with_revocation(lists),
        ];
        for source in sources {
            let error = rejected(&scene, source);
            assert!(matches!(error, TrustError::AndroidStatus { index: got, .. } if got == index), "{error}");
            assert_eq!(error.code(), Code::CertificateRevoked);
            let words =
                format!("certificate {index}: REVOKED (KEY_COMPROMISE) in Android's attestation status list");
            assert_eq!(error.to_string(), words);
        }
    }
}

#[test]
fn androids_list_says_nothing_about_other_vendors() {
    let scene = trusted(Statement::Packed);
    let source = StaticAnchors::new(scene.anchors()).with_revocation(listing(&scene, 0));
    assert!(scene.judged_by(&source).unwrap().is_trusted());
}

#[test]
fn crls_can_be_required_of_every_source() {
    let scene = trusted(Statement::Packed);
    let required = RevocationLists::default().require_crls();
    let sources: [&dyn TrustSource; 2] = [
        &StaticAnchors::new(scene.anchors()).with_revocation(required.clone()),
        &FormatAnchors::default().with(Format::Packed, scene.anchors()).with_revocation(required),
    ];
    for source in sources {
        let error = rejected(&scene, source);
        assert!(matches!(error, TrustError::Path(PathError::RevocationUnknown { .. })), "{error}");
    }
}
