use alloc::string::ToString;
use alloc::vec;

use const_oid::db::rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE};

use super::*;
use crate::x509::test_certs::{
    Template, basic_constraints, extension, key_usage, read, sequence, tlv, utc_time,
};

fn sound() -> Template {
    Template::new("Leaf", 3, "Root", &[basic_constraints(false, None), key_usage(0x80)])
}

fn refusal(change: impl FnOnce(&mut Template)) -> CertificateError {
    read(&sound().signed_by(1));
    let mut template = sound();
    change(&mut template);
    Certificate::from_der(&template.signed_by(1)).unwrap_err()
}

#[test]
fn every_field_is_read() {
    let der = sound().signed_by(1);
    let certificate = read(&der);
    assert_eq!(
        (certificate.der(), certificate.version(), certificate.serial_number()),
        (&der[..], 3, &[3][..])
    );
    assert_eq!(certificate.subject().to_string(), "O=Example, CN=Leaf");
    assert_eq!(certificate.issuer().to_string(), "O=Example, CN=Root");
    assert_eq!(certificate.not_before(), Timestamp::from_unix_seconds(1_577_836_800));
    assert_eq!(certificate.not_after(), Timestamp::from_unix_seconds(1_893_456_000));
    assert_eq!(certificate.spki(), sound().spki);
    assert_eq!(Ok(certificate.public_key().unwrap()), Key::from_spki(&sound().spki));
    assert!(certificate.spki().ends_with(certificate.subject_public_key()));
    assert_eq!(certificate.subject_public_key().len(), 65);
    let kinds: Vec<_> = certificate.extensions().map(|e| (e.oid.to_string(), e.critical)).collect();
    assert_eq!(kinds, [("2.5.29.19".into(), true), ("2.5.29.15".into(), true)]);
    assert_eq!(certificate.extension(&ID_CE_KEY_USAGE).unwrap().value, [0x03, 0x02, 0x07, 0x80]);
    assert!(!certificate.is_self_issued());
    assert_eq!(certificate.clone(), certificate);
}

#[test]
fn trailing_bytes_are_rejected_and_ignored_in_anchors() {
    let der = sound().signed_by(1);
    let longer = [&der[..], &[0x00, 0x00]].concat();
    let refused = Certificate::from_der(&longer).unwrap_err();
    assert_eq!(refused, CertificateError::Trailing { offset: der.len() });
    assert_eq!(refused.code(), Code::MalformedCertificate);
    assert_eq!(Certificate::from_der_lenient(&longer).unwrap().der(), der);
}

#[test]
fn unused_bits_are_ignored_in_signatures_and_not_in_keys() {
    let mut der = sound().signed_by(1);
    let signature = read(&der).signature().to_vec();
    let unused = der.len() - signature.len() - 1;
    der[unused] = 2;
    assert_eq!(read(&der).signature(), signature);
    der[unused] = 8;
    let malformed = DerError { field: "signatureValue", offset: unused - 2 };
    assert_eq!(Certificate::from_der(&der), Err(CertificateError::Der(malformed)));
    let refused = refusal(|template| {
        let unused = template.spki.len() - 66;
        template.spki[unused] = 2;
    });
    let field = "subjectPublicKeyInfo.subjectPublicKey";
    assert!(matches!(refused, CertificateError::Der(error) if error.field == field), "{refused:?}");
}

#[test]
fn the_length_of_a_certificate_is_bounded() {
    let long = Certificate::MAX_LEN + 1;
    let too_long = CertificateError::TooLong { len: long };
    assert_eq!(Certificate::from_der(&vec![0x30; long]), Err(too_long));
    let refused = Certificate::from_der(&vec![0x31; long - 1]).unwrap_err();
    assert_eq!(refused, CertificateError::Der(DerError { field: "certificate", offset: 0 }));
}

#[test]
fn any_cut_is_refused_and_no_flipped_bit_panics() {
    let der = sound().signed_by(1);
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length} bytes");
        assert!(Certificate::from_der_lenient(&der[..length]).is_err(), "{length} bytes");
    }
    for at in 0..der.len() * 8 {
        let mut flipped = der.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        for read in [Certificate::from_der(&flipped), Certificate::from_der_lenient(&flipped)] {
            let Ok(certificate) = read else { continue };
            let _ = (certificate.basic_constraints(), certificate.key_usage(), certificate.public_key());
            let _ = (certificate.subject().to_string(), certificate.key_identifier());
        }
    }
}

#[test]
fn duplicate_extensions_are_rejected_and_ignored_in_anchors() {
    let twice = |template: &mut Template| template.extensions.push(basic_constraints(true, None));
    let refused = refusal(twice);
    assert_eq!(refused, CertificateError::DuplicateExtension { oid: "2.5.29.19".into() });
    assert_eq!(refused.to_string(), "duplicate extension 2.5.29.19");
    let mut template = sound();
    twice(&mut template);
    let lenient = Certificate::from_der_lenient(&template.signed_by(1)).unwrap();
    assert!(!lenient.basic_constraints().unwrap().unwrap().ca);
}

#[test]
fn extensions_are_those_of_version_3() {
    let versions: [(&[u8], u64); 3] = [(&[], 1), (&[0x02, 0x01, 0x00], 1), (&[0x02, 0x01, 0x01], 2)];
    for (explicit, version) in versions {
        let field = if explicit.is_empty() { vec![] } else { tlv(0xa0, explicit) };
        let refused = refusal(|template| template.version = field.clone());
        assert_eq!(refused, CertificateError::Version { version, field: "extensions" });
        let mut template = sound();
        template.version = field;
        let lenient = Certificate::from_der_lenient(&template.signed_by(1)).unwrap();
        assert_eq!((u64::from(lenient.version()), lenient.extensions().count()), (version, 2));
        template.extensions.clear();
        assert_eq!(u64::from(read(&template.signed_by(1)).version()), version);
    }
    let refused = refusal(|template| template.version = tlv(0xa0, &[0x02, 0x01, 0x03]));
    assert_eq!(refused, CertificateError::Version { version: 4, field: "version" });
}

#[test]
fn unique_identifiers_pass_from_version_2_on() {
    let ids = [tlv(0x81, &[0, 1]), tlv(0x82, &[0, 2])].concat();
    let mut template = sound();
    template.unique_ids = ids.clone();
    read(&template.signed_by(1));
    let refused = refusal(|template| {
        template.version.clear();
        template.extensions.clear();
        template.unique_ids = ids;
    });
    assert_eq!(refused, CertificateError::Version { version: 1, field: "issuerUniqueID" });
}

#[test]
fn impossible_times_are_rejected_and_ignored_in_anchors() {
    // As in a certificate of FIDO's conformance metadata.
    let impossible = |template: &mut Template| template.not_before = utc_time("170229143112Z");
    let refused = refusal(impossible);
    assert!(
        matches!(refused, CertificateError::Der(DerError { field: "validity.notBefore", .. })),
        "{refused:?}"
    );
    let mut template = sound();
    impossible(&mut template);
    let lenient = Certificate::from_der_lenient(&template.signed_by(1)).unwrap();
    assert_eq!(lenient.not_before(), Timestamp::from_unix_seconds(i64::MIN));
    assert_eq!(lenient.not_after(), Timestamp::from_unix_seconds(1_893_456_000));
}

#[test]
fn a_written_false_passes() {
    let value = sequence(&[&[0x01, 0x01, 0x00]]);
    let not_critical = sequence(&[
        &crate::x509::test_certs::oid(&ID_CE_BASIC_CONSTRAINTS),
        &[0x01, 0x01, 0x00],
        &tlv(4, &value),
    ]);
    let mut template = sound();
    template.extensions = vec![not_critical];
    let certificate = read(&template.signed_by(1));
    assert!(!certificate.extension(&ID_CE_BASIC_CONSTRAINTS).unwrap().critical);
    assert!(!certificate.basic_constraints().unwrap().unwrap().ca);
}

#[test]
fn an_odd_basic_constraints_leaves_the_rest_readable() {
    // As in a root of 2021 whose cA is 01 where DER has ff.
    let mut template = sound();
    let odd = sequence(&[&[0x01, 0x01, 0x01], &[0x02, 0x01, 0x00]]);
    template.extensions = vec![extension(&ID_CE_BASIC_CONSTRAINTS, true, &odd)];
    let certificate = read(&template.signed_by(1));
    assert_eq!(certificate.basic_constraints(), Err(DerError { field: "basicConstraints.cA", offset: 2 }));
}

#[test]
fn an_error_says_which_field_and_which_byte() {
    let refused = refusal(|template| template.spki = sequence(&[&[0x05, 0x00]]));
    assert!(
        matches!(
            refused,
            CertificateError::Der(DerError { field: "subjectPublicKeyInfo.algorithm", offset: 1.. })
        ),
        "{refused:?}"
    );
    let text = Certificate::from_der(b"text").unwrap_err();
    assert_eq!(text.to_string(), "certificate: malformed DER at byte 0");
}

#[test]
fn certificates_are_equal_byte_for_byte() {
    let certificate = |key| Certificate::from_der(&sound().signed_by(key)).unwrap();
    assert_eq!(certificate(1), certificate(1));
    assert_ne!(certificate(1), certificate(2));
}
