use rp_conformance::authenticator::{Algorithm as Minted, Fault, Format as Statement, Hash};
use rp_core::attestation::{
    AttestationError, CertInfoError, CertificateRule, PubAreaError, TpmError, TpmManufacturer,
    TpmStructureError, X5cError,
};
use rp_core::{Algorithm, AttestationPolicy, AttestationType, Code};

use super::Scene;

fn scene() -> Scene {
    Scene::new(Statement::Tpm)
}

fn refused(fault: Fault) -> TpmError {
    match scene().wrong(fault).refused() {
        AttestationError::Tpm(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn ecc_and_rsa_keys_are_attested() {
    for (algorithm, minted) in [
        (Algorithm::Es256, Minted::Es256),
        (Algorithm::Es384, Minted::Es384),
        (Algorithm::Es512, Minted::Es512),
        (Algorithm::Rs256, Minted::Rs256),
        (Algorithm::Ps256, Minted::Ps256),
    ] {
        let attestation = scene().credential(algorithm, minted).accepted();
        assert_eq!(attestation.r#type, AttestationType::AttCa);
        assert!(attestation.is_trusted(), "{algorithm}");
    }
}

#[test]
fn objects_may_be_named_with_any_hash_sha_1_too() {
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        assert!(scene().config(|config| config.tpm.name_hash = hash).accepted().is_trusted(), "{hash:?}");
    }
}

#[test]
fn sig_may_be_a_tpmt_signature_or_bare_for_ecc_and_rsa() {
    for minted in [Minted::Es256, Minted::Es384, Minted::Rs256, Minted::Ps256, Minted::Rs1] {
        for tpmt_signature in [true, false] {
            // A TPMT_SIGNATURE of the authenticator says RSASSA.
            if tpmt_signature && minted == Minted::Ps256 {
                continue;
            }
            let scene = scene().config(|config| {
                config.attestation_algorithm = minted;
                config.tpm.tpmt_signature = tpmt_signature;
            });
            assert!(scene.accepted().is_trusted(), "{minted:?} {tpmt_signature}");
        }
    }
}

#[test]
fn rs1_signs_tpm_statements_in_any_profile() {
    let scene = scene().config(|config| config.attestation_algorithm = Minted::Rs1);
    assert!(scene.accepted().is_trusted());
    assert!(scene.fido().accepted().is_trusted());
}

#[test]
fn a_member_that_is_missing_is_named() {
    for (fault, message) in [
        (Fault::TpmVersionMissing, "attStmt.ver is missing"),
        (Fault::AlgMissing, "attStmt.alg is missing"),
        (Fault::SigMissing, "attStmt.sig is missing"),
        (Fault::X5cMissing, "attStmt.x5c is missing"),
        (Fault::TpmCertInfoMissing, "attStmt.certInfo is missing"),
        (Fault::TpmPubAreaMissing, "attStmt.pubArea is missing"),
    ] {
        let error = refused(fault);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.code(), Code::MalformedAttestationStatement);
    }
    assert_eq!(refused(Fault::X5cEmpty), TpmError::X5c(X5cError::NoCertificate));
}

#[test]
fn a_version_other_than_2_0_is_refused() {
    assert_eq!(refused(Fault::TpmVersionOther), TpmError::Version { got: "1.2".into() });
}

#[test]
fn structures_are_read_to_their_last_byte() {
    let structure = "certInfo";
    let error = refused(Fault::TpmCertInfoTruncated);
    let field = "attested.qualifiedName";
    let cut = |offset| TpmStructureError::Truncated { structure, field, offset };
    assert!(
        matches!(error, TpmError::CertInfo(CertInfoError::Structure(error @ TpmStructureError::Truncated { offset, .. }))
            if error == cut(offset)),
        "{error}"
    );
    assert_eq!(error.code(), Code::MalformedAttestationStatement);
    let trailing = |error: &TpmError| error.to_string().contains("trailing bytes from byte");
    assert!(trailing(&refused(Fault::TpmCertInfoTrailing)));
    let error = refused(Fault::TpmPubAreaTrailing);
    assert!(trailing(&error) && matches!(error, TpmError::PubArea(PubAreaError::Structure(_))), "{error}");
    assert_eq!(error.code(), Code::MalformedAttestationStatement);
}

#[test]
fn cert_info_is_what_a_tpm_generated_to_certify() {
    let magic = TpmError::CertInfo(CertInfoError::Magic { got: 0x00ab_bcb8 });
    assert_eq!(refused(Fault::TpmMagicOther), magic);
    let kind = TpmError::CertInfo(CertInfoError::Type { got: 0x8018 });
    assert_eq!(refused(Fault::TpmTypeOther), kind);
    assert_eq!(kind.to_string(), "attStmt.certInfo: type is 0x8018, not TPM_ST_ATTEST_CERTIFY");
    assert_eq!((magic.code(), kind.code()), (Code::AttestationInvalid, Code::AttestationInvalid));
}

#[test]
fn extra_data_name_and_unique_are_each_compared() {
    assert_eq!(refused(Fault::TpmExtraDataOther), TpmError::ExtraData);
    assert_eq!(refused(Fault::TpmNameOther), TpmError::Name);
    assert_eq!(refused(Fault::TpmUniqueOther), TpmError::PublicKey);
}

#[test]
fn the_signature_is_the_aik_certificates_key_by_its_algorithm() {
    for fault in [Fault::SigFlipped, Fault::SigOfOtherKey, Fault::SigEmpty] {
        assert!(matches!(refused(fault), TpmError::Signature(_)), "{fault}");
    }
    let statement = Algorithm::Rs256;
    assert_eq!(refused(Fault::AlgOther), TpmError::X5c(X5cError::AlgorithmOfCertificate { statement }));
}

#[test]
fn the_aik_certificate_keeps_the_rules_of_8_3_1() {
    let attribute = |attribute| CertificateRule::TpmAttribute { attribute };
    for (fault, rule) in [
        (Fault::LeafVersion1, CertificateRule::Version { got: 1 }),
        (Fault::TpmSubjectPresent, CertificateRule::SubjectNotEmpty),
        (Fault::TpmWithoutSan, CertificateRule::SubjectAltName),
        (Fault::TpmWithoutManufacturer, attribute("tpmManufacturer")),
        (Fault::TpmWithoutModel, attribute("tpmModel")),
        (Fault::TpmWithoutFirmware, attribute("tpmVersion")),
        (Fault::TpmWithoutEku, CertificateRule::ExtendedKeyUsage),
        (Fault::TpmEkuOther, CertificateRule::ExtendedKeyUsage),
        (Fault::LeafIsCa, CertificateRule::BasicConstraints { ca: Some(true) }),
        (Fault::LeafWithoutBasicConstraints, CertificateRule::BasicConstraints { ca: None }),
    ] {
        assert_eq!(refused(fault), TpmError::Certificate(rule), "{fault}");
    }
    assert!(matches!(refused(Fault::LeafAaguidOther), TpmError::Certificate(CertificateRule::Aaguid { .. })));
}

#[test]
fn only_the_fido_profile_rejects_unknown_manufacturers() {
    let unknown = || scene().wrong(Fault::TpmManufacturerUnknown);
    assert!(unknown().accepted().is_trusted());
    let AttestationError::Tpm(refused) = unknown().fido().refused() else { panic!() };
    assert_eq!(refused, TpmError::Manufacturer { manufacturer: TpmManufacturer::new([0; 4]) });
    assert_eq!(refused.to_string(), "attStmt.x5c[0]: manufacturer id:00000000 is not in TCG's registry");
    assert!(scene().fido().accepted().is_trusted(), "Intel is known");
}

#[test]
fn policy_can_require_that_the_tpm_created_the_key() {
    let required = || scene().policy(AttestationPolicy::default().require_tpm_key_origin());
    assert!(required().accepted().is_trusted());
    // Imported into the TPM: fixedTPM, fixedParent and sensitiveDataOrigin are clear.
    let attributes = 0x0004_0040;
    let imported = |scene: Scene| scene.config(|config| config.tpm.attributes = attributes);
    assert!(imported(scene()).accepted().is_trusted(), "as WebAuthn has it");
    let AttestationError::Tpm(error) = imported(required()).refused() else { panic!() };
    assert_eq!((error.code(), error), (Code::AttestationInvalid, TpmError::KeyOrigin { attributes }));
}
