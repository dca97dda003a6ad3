use alloc::vec;

use const_oid::db::rfc4519::{CN, O};
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use super::*;
use crate::x509::certificate::Certificate;
use crate::x509::test_certs::{self, Template, directory_name, extension, read, sequence, tlv};

const RFC822: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

fn subtrees(tag: u8, bases: &[(u8, &[u8])]) -> Vec<u8> {
    let bases: Vec<_> = bases.iter().map(|(tag, base)| sequence(&[&tlv(*tag, base)])).collect();
    if bases.is_empty() { vec![] } else { tlv(tag, &bases.concat()) }
}

fn extension_value(permitted: &[(u8, &[u8])], excluded: &[(u8, &[u8])]) -> Vec<u8> {
    sequence(&[&subtrees(0xa0, permitted), &subtrees(0xa1, excluded)])
}

/// A certificate of these alternative names, and a subject of `O=Example, CN=Leaf`.
fn named(names: &[(u8, &[u8])]) -> Certificate {
    let names: Vec<_> = names.iter().map(|(tag, name)| tlv(*tag, name)).collect();
    let extensions = match names.is_empty() {
        true => vec![],
        false => vec![extension(&ID_CE_SUBJECT_ALT_NAME, false, &tlv(0x30, &names.concat()))],
    };
    read(&Template::new("Leaf", 3, "Root", &extensions).signed_by(1))
}

fn constrained(certificate: &Certificate) -> ConstrainedNames<'_> {
    ConstrainedNames::new(certificate.subject(), certificate.subject_alt_name().unwrap())
}

fn judge(
    permitted: &[(u8, &[u8])],
    excluded: &[(u8, &[u8])],
    names: &[(u8, &[u8])],
) -> Result<(), NameConstraintError> {
    let value = extension_value(permitted, excluded);
    let certificate = named(names);
    let names = constrained(&certificate);
    NameConstraints::read(&value).unwrap().check(&names, &mut Budget::new(0))
}

/// Whether `name` is among the names that `base` permits; the same base excludes it, and no other.
fn permits(tag: u8, base: &[u8], name: &[u8]) -> bool {
    let permitted = judge(&[(tag, base)], &[], &[(tag, name)]).is_ok();
    let excluded = judge(&[], &[(tag, base)], &[(tag, name)]).is_err();
    assert_eq!(permitted, excluded, "{base:?} {name:?}");
    permitted
}

#[test]
fn dns_names_are_within_by_labels() {
    assert!(permits(DNS, b"example.com", b"example.com"));
    assert!(permits(DNS, b"example.com", b"a.b.EXAMPLE.com."));
    assert!(permits(DNS, b"", b"example.com"));
    assert!(!permits(DNS, b"example.com", b"badexample.com"));
    assert!(!permits(DNS, b"example.com", b"com"));
    assert!(permits(DNS, b"example.com", b"*.example.com"));
}

#[test]
fn a_wildcard_is_excluded_with_any_name_it_stands_for() {
    let wildcard: &[(u8, &[u8])] = &[(DNS, b"*.example.com")];
    let excluded = NameConstraintError::Excluded { form: "dNSName" };
    assert_eq!(judge(&[], &[(DNS, b"host.example.com")], wildcard), Err(excluded));
    let not_permitted = NameConstraintError::NotPermitted { form: "dNSName" };
    assert_eq!(judge(&[(DNS, b"host.example.com")], &[], wildcard), Err(not_permitted));
}

#[test]
fn mailboxes_are_permitted_one_by_one_by_host_or_below_a_host() {
    assert!(permits(RFC822, b"root@example.com", b"root@EXAMPLE.com"));
    assert!(!permits(RFC822, b"root@example.com", b"Root@example.com"));
    assert!(permits(RFC822, b"example.com", b"root@example.com"));
    assert!(!permits(RFC822, b"example.com", b"root@mail.example.com"));
    assert!(permits(RFC822, b".example.com", b"root@mail.example.com"));
    assert!(!permits(RFC822, b".example.com", b"root@example.com"));
}

#[test]
fn uris_are_judged_by_their_host() {
    assert!(permits(URI, b"example.com", b"https://user@example.com:8443/path@other"));
    assert!(!permits(URI, b"example.com", b"https://www.example.com/"));
    assert!(permits(URI, b".example.com", b"https://www.example.com?x"));
    let unprocessed = NameConstraintError::Unprocessed { form: "uniformResourceIdentifier" };
    for without_host in
        [&b"urn:example.com"[..], b"https://192.0.2.1/", b"https://[2001:db8::1]/", b"https:///x"]
    {
        assert_eq!(judge(&[], &[(URI, b"example.com")], &[(URI, without_host)]), Err(unprocessed));
    }
}

#[test]
fn addresses_are_within_a_network_of_their_family() {
    let network = [192, 0, 2, 0, 255, 255, 255, 0];
    assert!(permits(IP, &network, &[192, 0, 2, 77]));
    assert!(!permits(IP, &network, &[192, 0, 3, 77]));
    assert!(!permits(IP, &network, &[0; 16]));
    let all_of_six: Vec<u8> = [0; 32].into();
    assert!(permits(IP, &all_of_six, &[7; 16]));
    let unprocessed = NameConstraintError::Unprocessed { form: "iPAddress" };
    assert_eq!(judge(&[(IP, &network)], &[], &[(IP, &[1, 2, 3])]), Err(unprocessed));
}

#[test]
fn directory_names_bind_the_subject_as_well() {
    let example = directory_name(&[(&O, 0x13, "EXAMPLE")]);
    let leaf = directory_name(&[(&O, 0x0c, "Example"), (&CN, 0x0c, "Leaf"), (&CN, 0x0c, "Below")]);
    let other = directory_name(&[(&O, 0x0c, "Other")]);
    judge(&[(DIRECTORY, &example)], &[(DIRECTORY, &other)], &[(DIRECTORY, &leaf)]).unwrap();
    let not_permitted = NameConstraintError::NotPermitted { form: "directoryName" };
    assert_eq!(judge(&[(DIRECTORY, &other)], &[], &[]), Err(not_permitted), "the subject");
    assert_eq!(judge(&[(DIRECTORY, &example)], &[], &[(DIRECTORY, &other)]), Err(not_permitted));
    let excluded = NameConstraintError::Excluded { form: "directoryName" };
    assert_eq!(judge(&[], &[(DIRECTORY, &example)], &[]), Err(excluded));
}

#[test]
fn mail_addresses_of_the_subject_count_if_alone() {
    let mut template = Template::new("Leaf", 3, "Root", &[]);
    template.subject = directory_name(&[(&EMAIL_ADDRESS, 0x16, "root@example.com")]);
    let value = extension_value(&[], &[(RFC822, b"example.com")]);
    let constraints = NameConstraints::read(&value).unwrap();
    let certificate = read(&template.signed_by(1));
    let refused = constraints.check(&constrained(&certificate), &mut Budget::new(0));
    assert_eq!(refused, Err(NameConstraintError::Excluded { form: "rfc822Name" }));
    let names = extension(&ID_CE_SUBJECT_ALT_NAME, false, &sequence(&[&tlv(RFC822, b"root@example.org")]));
    template.extensions = vec![names];
    let certificate = read(&template.signed_by(1));
    constraints.check(&constrained(&certificate), &mut Budget::new(0)).unwrap();
}

#[test]
fn constraints_bind_names_of_their_kind_alone() {
    judge(&[(DNS, b"example.com")], &[], &[(IP, &[192, 0, 2, 1])]).unwrap();
    judge(&[(DNS, b"example.com")], &[], &[]).unwrap();
}

#[test]
fn excluded_wins_over_permitted_and_every_name_counts() {
    let excluded = NameConstraintError::Excluded { form: "dNSName" };
    let bases: &[(u8, &[u8])] = &[(DNS, b"example.com")];
    assert_eq!(judge(bases, bases, &[(DNS, b"example.com")]), Err(excluded));
    let names: &[(u8, &[u8])] = &[(DNS, b"example.org"), (DNS, b"www.example.com")];
    assert_eq!(judge(&[], bases, names), Err(excluded));
}

#[test]
fn names_of_unprocessed_kinds_are_rejected_if_constrained() {
    const OTHER: u8 = 0xa0;
    judge(&[], &[(OTHER, &[5, 0])], &[(DNS, b"example.com")]).unwrap();
    let unprocessed = NameConstraintError::Unprocessed { form: "otherName" };
    assert_eq!(judge(&[], &[(OTHER, &[5, 0])], &[(OTHER, &[5, 0])]), Err(unprocessed));
}

#[test]
fn malformed_names_are_rejected_if_constrained() {
    for (tag, base, name, form) in [
        (DNS, &b"example.com"[..], &b"-. example"[..], "dNSName"),
        (DNS, b"example.com", b"a.*.example.org", "dNSName"),
        (RFC822, b"example.com", b"a@b@example.com", "rfc822Name"),
        (RFC822, b"example.com", b"example.com", "rfc822Name"),
    ] {
        let unprocessed = NameConstraintError::Unprocessed { form };
        assert_eq!(judge(&[(tag, base)], &[], &[(tag, name)]), Err(unprocessed));
        judge(&[(IP, &[0; 8])], &[], &[(tag, name)]).unwrap();
    }
}

#[test]
fn bases_that_their_kind_does_not_allow_are_refused() {
    NameConstraints::read(&extension_value(&[(DNS, b"example.com")], &[])).unwrap();
    for (tag, base) in [
        (DNS, &b".example.com"[..]),
        (DNS, b"*.example.com"),
        (DNS, b"a..b"),
        (RFC822, b"a@b@c"),
        (RFC822, b"@example.com"),
        (URI, b"https://example.com"),
        (IP, &[192, 0, 2, 0, 255, 0, 255, 0]),
        (IP, &[192, 0, 2, 0, 253, 0, 0, 0]),
        (IP, &[192, 0, 2, 0]),
    ] {
        let value = extension_value(&[(tag, base)], &[]);
        assert_eq!(NameConstraints::read(&value).unwrap_err().field, "nameConstraints", "{base:?}");
    }
}

#[test]
fn no_subtree_at_all_a_minimum_and_a_maximum_are_refused() {
    let base = tlv(DNS, b"example.com");
    let with = |bounds: &[u8]| sequence(&[&tlv(0xa0, &sequence(&[&base, bounds]))]);
    NameConstraints::read(&with(&[])).unwrap();
    NameConstraints::read(&with(&tlv(0x80, &[0]))).unwrap();
    assert_eq!(NameConstraints::read(&with(&tlv(0x80, &[1]))).unwrap_err().field, "nameConstraints.minimum");
    assert_eq!(NameConstraints::read(&with(&tlv(0x81, &[1]))).unwrap_err().field, "nameConstraints.maximum");
    for empty in [sequence(&[]), sequence(&[&tlv(0xa0, &[])])] {
        assert_eq!(NameConstraints::read(&empty).unwrap_err().field, "nameConstraints");
    }
}

#[test]
fn comparisons_are_counted() {
    let value = extension_value(&[(DNS, b"a"), (DNS, b"b")], &[(DNS, b"c")]);
    let constraints = NameConstraints::read(&value).unwrap();
    let certificate = named(&[(DNS, b"b"), (DNS, b"x.a")]);
    let names = constrained(&certificate);
    let left = |comparisons: usize| {
        let mut budget = Budget::new(0);
        budget.take_name_comparisons(Budget::NAME_COMPARISONS - comparisons).unwrap();
        constraints.check(&names, &mut budget)
    };
    assert_eq!(left(9), Ok(()));
    assert_eq!(left(8), Err(NameConstraintError::TooMany));
}

#[test]
fn names_of_test_certificates_are_what_the_tests_say() {
    assert_eq!(named(&[]).subject().as_der(), test_certs::name("Leaf"));
}
