//! Our certificate reader compared with the crate `x509-cert`: the values that both read are equal, and we accept every
//! certificate that it accepts. The exceptions are named here.
#![no_main]

use rp_core::x509::{Certificate, CertificateError};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let ours = Certificate::from_der(data);
    let Ok(theirs) = CertificateInner::<Raw>::from_der(data) else { return };
    match ours {
        Ok(ours) => compare(&ours, &theirs),
        // Stricter: extensions in version 3 only, each once, unique identifiers from version 2 on (4.1.2.8, 4.1.2.9).
        Err(CertificateError::Version { .. } | CertificateError::DuplicateExtension { .. }) => {}
        // Stricter: a key is whole bytes.
        Err(CertificateError::Der(error)) if error.field == "subjectPublicKeyInfo.subjectPublicKey" => {}
        // Stricter: an RDN has an attribute (SET SIZE (1..MAX)).
        Err(CertificateError::Der(error)) if matches!(error.field, "issuer" | "subject") => {
            let tbs = theirs.tbs_certificate();
            let has_empty_rdn = |name: &Name| name.iter_rdn().any(|rdn| rdn.is_empty());
            assert!(has_empty_rdn(tbs.issuer()) || has_empty_rdn(tbs.subject()), "{error}");
        }
        Err(error) => panic!("{error}"),
    }
});

fn compare(ours: &Certificate, theirs: &CertificateInner<Raw>) {
    let tbs = theirs.tbs_certificate();
    assert_eq!(ours.serial_number(), tbs.serial_number().as_bytes());
    assert_eq!(Name::from_der(ours.issuer().as_der()).as_ref(), Ok(tbs.issuer()));
    assert_eq!(Name::from_der(ours.subject().as_der()).as_ref(), Ok(tbs.subject()));
    let spki = SubjectPublicKeyInfoOwned::from_der(ours.spki());
    assert_eq!(spki.as_ref(), Ok(tbs.subject_public_key_info()));
    let validity = tbs.validity();
    let seconds = |time: &x509_cert::time::Time| time.to_unix_duration().as_secs();
    assert_eq!(ours.not_before().as_unix_seconds(), seconds(&validity.not_before) as i64);
    assert_eq!(ours.not_after().as_unix_seconds(), seconds(&validity.not_after) as i64);
    let their_extensions = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(ours.extensions().count(), their_extensions.len());
    for (ours, theirs) in ours.extensions().zip(their_extensions) {
        assert_eq!(ours.oid, theirs.extn_id);
        assert_eq!((ours.critical, ours.value), (theirs.critical, theirs.extn_value.as_bytes()));
    }
}
