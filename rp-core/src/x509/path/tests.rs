mod cache;
mod policy;
mod revocation;

use alloc::string::ToString;
use alloc::vec;

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc4519, rfc5280};

use super::*;
use crate::crypto;
use crate::error::Code;
use crate::timestamp::Timestamp;
use crate::x509::test_certs::{
    self, Template, anchor, basic_constraints, extension, key_usage, read, sequence, tlv, utc_time,
};
use crate::x509::{Name, NameConstraintError};

const ROOT: u8 = 1;
const ISSUING: u8 = 2;
const LEAF: u8 = 3;
const OTHER: u8 = 9;
/// 2025-06-01T12:00:00Z.
const AT: Timestamp = Timestamp::from_unix_seconds(1_748_779_200);
const UNKNOWN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55738.1");

/// A valid leaf and intermediate below an anchor.
struct Chain {
    leaf: Template,
    issuing: Template,
    anchors: Vec<TrustAnchor>,
    at: Timestamp,
}

fn sound() -> Chain {
    Chain {
        leaf: Template::new("Leaf", LEAF, "Issuing", &[basic_constraints(false, None), key_usage(0x80)]),
        issuing: Template::new("Issuing", ISSUING, "Root", &[basic_constraints(true, None), key_usage(0x06)]),
        anchors: vec![anchor("Root", ROOT)],
        at: AT,
    }
}

impl Chain {
    fn der(&self) -> Vec<Vec<u8>> {
        vec![self.leaf.signed_by(ISSUING), self.issuing.signed_by(ROOT)]
    }

    fn judge(&self) -> Result<Path, PathError> {
        validate_der(&self.der(), &self.anchors, self.at, &PathOptions::default())
    }

    fn refusal(&self) -> PathError {
        sound().judge().expect("the chain passes before it is changed");
        self.judge().unwrap_err()
    }
}

fn changed(change: impl FnOnce(&mut Chain)) -> Chain {
    let mut chain = sound();
    change(&mut chain);
    chain
}

fn judge(chain: &[Vec<u8>], anchors: &[TrustAnchor]) -> Result<Path, PathError> {
    validate_der(chain, anchors, AT, &PathOptions::default())
}

#[test]
fn a_path_has_the_certificates_below_its_anchor() {
    let path = sound().judge().unwrap();
    let subjects: Vec<_> =
        path.certificates().iter().filter_map(|c| c.subject().text(&rfc4519::CN)).collect();
    assert_eq!(subjects, ["Leaf", "Issuing"]);
    assert_eq!(path.anchor(), &anchor("Root", ROOT));
    assert_eq!(path.revocation().len(), 2);
}

#[test]
fn nothing_behind_the_anchor_is_read() {
    let mut chain = sound().der();
    chain.push(b"not a certificate".to_vec());
    judge(&chain, &[anchor("Root", ROOT)]).unwrap();
    judge(&chain, &[anchor("Issuing", ISSUING)]).unwrap();
    chain.swap(1, 2);
    let refused = judge(&chain, &[anchor("Root", ROOT)]).unwrap_err();
    assert!(matches!(refused, PathError::Certificate { index: 1, .. }), "{refused:?}");
    assert_eq!(refused.code(), Code::MalformedCertificate);
}

#[test]
fn a_path_ends_at_an_anchor_whatever_its_certificate_says() {
    let chain = changed(|chain| {
        chain.anchors = vec![anchor("Issuing", ISSUING)];
        chain.issuing.not_after = utc_time("210101000000Z");
        chain.issuing.extensions = vec![extension(&UNKNOWN, true, b"?")];
    });
    let path = chain.judge().unwrap();
    assert_eq!(path.certificates().len(), 1);
    assert_eq!(path.anchor(), &anchor("Issuing", ISSUING));
}

#[test]
fn a_leaf_that_is_an_anchor_by_name_and_key_is_a_path() {
    let mut leaf = sound().leaf;
    leaf.not_after = utc_time("210101000000Z");
    let chain = [leaf.signed_by(OTHER)];
    let path = judge(&chain, &[anchor("Leaf", LEAF)]).unwrap();
    assert_eq!(path.certificates(), [read(&chain[0])]);
    assert_eq!(path.revocation(), []);
    for no_anchor in [anchor("Leaf", OTHER), anchor("Leaf 2", LEAF)] {
        judge(&chain, &[no_anchor]).unwrap_err();
    }
}

#[test]
fn a_root_inside_the_chain_is_no_anchor() {
    let mut chain = sound().der();
    chain.push(Template::new("Root", ROOT, "Root", &[basic_constraints(true, None)]).signed_by(ROOT));
    let refused = judge(&chain, &[anchor("Other root", ROOT)]).unwrap_err();
    let issuer = Name::from_der(&test_certs::name("Root")).unwrap();
    assert_eq!(refused, PathError::IssuerNotFound { index: 2, issuer });
    assert_eq!(
        refused.to_string(),
        "certificate 2: its issuer (O=Example, CN=Root) is neither an anchor nor the next certificate"
    );
    assert_eq!(refused.code(), Code::AttestationUntrusted);
}

#[test]
fn every_anchor_of_the_name_is_tried() {
    let anchors = [anchor("Root", OTHER), anchor("Issuing", OTHER), anchor("Root", ROOT)];
    judge(&sound().der(), &anchors).unwrap();
    let refused = judge(&sound().der(), &anchors[..2]).unwrap_err();
    assert_eq!(refused, PathError::Signature { index: 0, source: crypto::Error::Mismatch });
}

#[test]
fn a_cross_certificate_leads_to_the_anchor() {
    // The anchors know "Issuing" by an older key; the chain contains a certificate of its new one.
    judge(&sound().der(), &[anchor("Issuing", OTHER), anchor("Root", ROOT)]).unwrap();
}

#[test]
fn certificates_out_of_order_are_refused() {
    let top = Template::new("Top", 4, "Root", &[basic_constraints(true, None)]).signed_by(ROOT);
    let issuing = Template::new("Issuing", ISSUING, "Top", &[basic_constraints(true, None)]).signed_by(4);
    let leaf = sound().leaf.signed_by(ISSUING);
    judge(&[leaf.clone(), issuing.clone(), top.clone()], &[anchor("Root", ROOT)]).unwrap();
    let refused = judge(&[leaf, top, issuing], &[anchor("Root", ROOT)]).unwrap_err();
    assert!(matches!(refused, PathError::IssuerNotFound { index: 0, .. }), "{refused:?}");
}

#[test]
fn names_chain_though_written_in_another_kind_of_string() {
    let attributes = [(&rfc4519::O, 0x13, "EXAMPLE"), (&rfc4519::CN, 0x13, " issuing")];
    changed(|chain| chain.leaf.issuer = test_certs::directory_name(&attributes)).judge().unwrap();
}

#[test]
fn a_certificate_without_an_issuer_is_refused() {
    let refused = changed(|chain| chain.leaf.issuer = sequence(&[])).refusal();
    assert_eq!(refused, PathError::EmptyIssuer { index: 0 });
}

#[test]
fn an_empty_chain_is_refused() {
    assert_eq!(judge(&[], &[anchor("Root", ROOT)]).unwrap_err(), PathError::Empty);
}

#[test]
fn a_signature_of_another_key_is_refused_wherever_it_stands() {
    let chain = [sound().leaf.signed_by(OTHER), sound().issuing.signed_by(ROOT)];
    let refused = judge(&chain, &[anchor("Root", ROOT)]).unwrap_err();
    assert_eq!(refused, PathError::Signature { index: 0, source: crypto::Error::Mismatch });
    let chain = [sound().leaf.signed_by(ISSUING), sound().issuing.signed_by(OTHER)];
    let refused = judge(&chain, &[anchor("Root", ROOT)]).unwrap_err();
    assert_eq!(refused, PathError::Signature { index: 1, source: crypto::Error::Mismatch });
}

#[test]
fn algorithms_that_differ_inside_and_outside_are_rejected() {
    let with_null = [test_certs::oid(&const_oid::db::rfc5912::ECDSA_WITH_SHA_256), vec![0x05, 0x00]].concat();
    let refused = changed(|chain| chain.leaf.outer_algorithm = Some(tlv(0x30, &with_null))).refusal();
    assert_eq!(refused, PathError::AlgorithmMismatch { index: 0 });
    changed(|chain| chain.leaf.algorithm = tlv(0x30, &with_null)).judge().unwrap();
}

#[test]
fn a_signature_that_states_unused_bits_is_verified_whole() {
    let mut chain = sound().der();
    let signature_len = read(&chain[0]).signature().len();
    let unused = chain[0].len() - signature_len - 1;
    chain[0][unused] = 2;
    validate_der(&chain, &sound().anchors, AT, &PathOptions::default()).unwrap();
}

#[test]
fn sha1_is_accepted_nowhere() {
    let sha1 = sequence(&[&test_certs::oid(&ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"))]);
    let refused = changed(|chain| chain.issuing.algorithm = sha1).refusal();
    assert_eq!(refused, PathError::Algorithm { index: 1 });
}

#[test]
fn validity_includes_its_first_and_last_second() {
    let (first, last) = (1_577_836_800, 1_893_456_000);
    for (at, passes) in [(first - 1, false), (first, true), (last, true), (last + 1, false)] {
        let judged = changed(|chain| chain.at = Timestamp::from_unix_seconds(at)).judge();
        assert_eq!(judged.is_ok(), passes, "{at}");
    }
    let refused = changed(|chain| chain.leaf.not_after = utc_time("250601115959Z")).refusal();
    assert_eq!(
        refused,
        PathError::Expired { index: 0, not_after: Timestamp::from_unix_seconds(AT.as_unix_seconds() - 1) }
    );
    assert_eq!(refused.code(), Code::CertificateExpired);
    let refused = changed(|chain| chain.issuing.not_before = utc_time("250601120001Z")).refusal();
    assert!(matches!(refused, PathError::NotYetValid { index: 1, .. }), "{refused:?}");
    assert_eq!(refused.code(), Code::CertificateExpired);
}

#[test]
fn an_expired_certificate_of_an_unknown_issuer_is_untrusted() {
    let refused = changed(|chain| {
        chain.leaf.not_after = utc_time("210101000000Z");
        chain.anchors = vec![anchor("Other root", OTHER)];
    });
    assert_eq!(refused.refusal().code(), Code::AttestationUntrusted);
}

#[test]
fn an_issuer_that_is_no_ca_is_refused() {
    for extensions in [vec![], vec![basic_constraints(false, None)], vec![key_usage(0x06)]] {
        let refused = changed(|chain| chain.issuing.extensions = extensions).refusal();
        assert_eq!(refused, PathError::NotCa { index: 1 });
    }
    let version_1 = changed(|chain| {
        chain.issuing.version = vec![];
        chain.issuing.extensions = vec![];
    });
    assert_eq!(version_1.refusal(), PathError::NotCa { index: 1 });
}

#[test]
fn an_issuer_without_key_cert_sign_is_rejected() {
    let with = |usage: Option<u8>| {
        changed(|chain| {
            chain.issuing.extensions = vec![basic_constraints(true, None)];
            chain.issuing.extensions.extend(usage.map(key_usage));
        })
    };
    with(None).judge().unwrap();
    with(Some(0x04)).judge().unwrap();
    assert_eq!(with(Some(0x82)).refusal(), PathError::KeyUsage { index: 1 });
}

#[test]
fn key_usage_and_ca_of_the_leaf_are_not_asked_for() {
    for extensions in [
        vec![],
        vec![key_usage(0x04)],
        vec![basic_constraints(false, None), key_usage(0x04)],
        vec![basic_constraints(true, Some(0))],
    ] {
        changed(|chain| chain.leaf.extensions = extensions).judge().unwrap();
    }
}

/// A chain of CAs "0", "1", … below the root, each with this path length, and a leaf below them; with `self_issued`,
/// one more certificate with the name of the last one is below it.
fn below_path_length(first: Option<u16>, cas: u8, self_issued: bool) -> Result<Path, PathError> {
    let mut chain = Vec::new();
    let (mut issuer, mut key) = ("Root".to_string(), ROOT);
    for at in 0..cas {
        let path_len = if at == 0 { first } else { None };
        let (name, own) = (at.to_string(), at.saturating_add(10));
        let ca = Template::new(&name, own, &issuer, &[basic_constraints(true, path_len)]);
        chain.insert(0, ca.signed_by(key));
        (issuer, key) = (name, own);
    }
    if self_issued {
        chain.insert(0, Template::new(&issuer, 99, &issuer, &[basic_constraints(true, None)]).signed_by(key));
        key = 99;
    }
    chain.insert(0, Template::new("Leaf", LEAF, &issuer, &[]).signed_by(key));
    judge(&chain, &[anchor("Root", ROOT)])
}

#[test]
fn path_length_counts_the_cas_below_that_are_not_self_issued() {
    below_path_length(Some(0), 1, false).unwrap();
    below_path_length(Some(0), 1, true).unwrap();
    below_path_length(Some(1), 2, false).unwrap();
    below_path_length(Some(300), 2, false).unwrap();
    assert_eq!(below_path_length(Some(0), 2, false).unwrap_err(), PathError::PathLength { index: 1 });
    assert_eq!(below_path_length(Some(1), 4, false).unwrap_err(), PathError::PathLength { index: 2 });
}

#[test]
fn depth_counts_every_certificate_between_leaf_and_anchor() {
    let with = |max| {
        let options = PathOptions { max_depth: Some(max), ..PathOptions::default() };
        validate_der(&sound().der(), &sound().anchors, AT, &options)
    };
    with(1).unwrap();
    assert_eq!(with(0).unwrap_err(), PathError::TooDeep { max: 0 });
    let options = PathOptions { max_depth: Some(0), ..PathOptions::default() };
    validate_der(&sound().der(), &[anchor("Issuing", ISSUING)], AT, &options).unwrap();
}

#[test]
fn critical_extensions_that_are_not_processed_are_refused() {
    changed(|chain| chain.leaf.extensions.push(extension(&UNKNOWN, false, b"anything"))).judge().unwrap();
    let refused =
        changed(|chain| chain.leaf.extensions.push(extension(&UNKNOWN, true, b"anything"))).refusal();
    assert_eq!(refused, PathError::CriticalExtension { index: 0, oid: "1.3.6.1.4.1.55738.1".into() });
    let refused = changed(|chain| chain.issuing.extensions.push(extension(&UNKNOWN, true, b""))).refusal();
    assert!(matches!(refused, PathError::CriticalExtension { index: 1, .. }));
    // 4.2.1.1: authorityKeyIdentifier must not be critical.
    let identifier = extension(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER, true, &sequence(&[]));
    let refused = changed(|chain| chain.leaf.extensions.push(identifier)).refusal();
    assert!(matches!(refused, PathError::CriticalExtension { index: 0, .. }));
}

/// As in the certificate of every attestation key of Windows Hello.
#[test]
fn windows_tpm_has_critical_policies() {
    let notice = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");
    let text = tlv(0x1e, &"TPM".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
    let qualifier = sequence(&[&test_certs::oid(&notice), &sequence(&[&text])]);
    let policy = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.31");
    let value = sequence(&[&sequence(&[&test_certs::oid(&policy), &sequence(&[&qualifier])])]);
    let policies = extension(&rfc5280::ID_CE_CERTIFICATE_POLICIES, true, &value);
    changed(|chain| chain.leaf.extensions.push(policies)).judge().unwrap();
}

#[test]
fn extensions_that_are_known_must_be_readable() {
    for (kind, field) in [
        (rfc5280::ID_CE_SUBJECT_ALT_NAME, "subjectAltName"),
        (rfc5280::ID_CE_EXT_KEY_USAGE, "extKeyUsage"),
        (rfc5280::ID_CE_CERTIFICATE_POLICIES, "certificatePolicies"),
        (rfc5280::ID_CE_INHIBIT_ANY_POLICY, "inhibitAnyPolicy"),
    ] {
        let refused =
            changed(|chain| chain.leaf.extensions.push(extension(&kind, false, &[0x30, 0x01]))).refusal();
        assert!(
            matches!(refused, PathError::Extension { index: 0, source } if source.field == field),
            "{refused:?}"
        );
        assert_eq!(refused.code(), Code::MalformedCertificate);
    }
}

/// Excludes the directory below `O=Example`, which contains every name of these tests, or permits only it.
fn directory_constraints(excluded: bool) -> Vec<u8> {
    let base = sequence(&[&tlv(0xa4, &test_certs::directory_name(&[(&rfc4519::O, 0x0c, "Example")]))]);
    let value = sequence(&[&tlv(if excluded { 0xa1 } else { 0xa0 }, &base)]);
    extension(&rfc5280::ID_CE_NAME_CONSTRAINTS, true, &value)
}

#[test]
fn names_below_a_ca_are_held_against_its_constraints() {
    let with = |excluded| changed(|chain| chain.issuing.extensions.push(directory_constraints(excluded)));
    with(false).judge().unwrap();
    let source = NameConstraintError::Excluded { form: "directoryName" };
    assert_eq!(with(true).refusal(), PathError::NameConstraints { index: 0, source });
}

#[test]
fn a_self_issued_ca_is_exempt_from_name_constraints() {
    let constrained = [basic_constraints(true, None), directory_constraints(true)];
    let top = Template::new("Issuing", ISSUING, "Root", &constrained).signed_by(ROOT);
    let own = Template::new("Issuing", 4, "Issuing", &[basic_constraints(true, None)]).signed_by(ISSUING);
    let mut leaf = Template::new("Leaf", LEAF, "Issuing", &[]);
    leaf.subject = test_certs::directory_name(&[(&rfc4519::O, 0x0c, "Elsewhere")]);
    judge(&[leaf.signed_by(4), own.clone(), top.clone()], &[anchor("Root", ROOT)]).unwrap();
    leaf.subject = test_certs::name("Issuing");
    let refused = judge(&[leaf.signed_by(4), own, top], &[anchor("Root", ROOT)]).unwrap_err();
    assert!(matches!(refused, PathError::NameConstraints { index: 0, .. }), "{refused:?}");
}

#[test]
fn name_constraints_in_the_certificate_of_no_ca_are_refused() {
    let refused = changed(|chain| chain.leaf.extensions.push(directory_constraints(false))).refusal();
    assert_eq!(refused, PathError::MisplacedNameConstraints { index: 0 });
}

#[test]
fn serial_numbers_may_be_zero_negative_or_long() {
    for serial in [vec![0], vec![0xff], [&[0x7f][..], &[1; 30]].concat()] {
        changed(|chain| {
            chain.leaf.serial = serial.clone();
            chain.issuing.serial = serial;
        })
        .judge()
        .unwrap();
    }
}

#[test]
fn work_is_bounded_for_many_anchors_of_one_name() {
    let own = Template::new("Root", OTHER, "Root", &[basic_constraints(true, None)]).signed_by(OTHER);
    let chain = vec![own; 100];
    assert_eq!(judge(&chain, &[anchor("Root", ROOT)]).unwrap_err(), PathError::Budget);
}
