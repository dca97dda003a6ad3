use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;

use const_oid::db::rfc4519::CN;

use super::*;
use crate::x509::Name;
use crate::x509::test_certs::{self, Template, anchor, basic_constraints, read, utc_time};

const OLD: u8 = 1;
const NEW: u8 = 2;
const ISSUING: u8 = 3;
const LEAF: u8 = 4;
/// 2025-06-01T12:00:00Z.
const AT: Timestamp = Timestamp::from_unix_seconds(1_748_779_200);

fn ca(subject: &str, key: u8, issuer: &str) -> Template {
    Template::new(subject, key, issuer, &[basic_constraints(true, None)])
}

fn leaf() -> Certificate {
    read(&Template::new("Leaf", LEAF, "Issuing", &[]).signed_by(ISSUING))
}

fn issuing() -> Vec<u8> {
    ca("Issuing", ISSUING, "New").signed_by(NEW)
}

/// The new root, cross-signed by the old one.
fn cross() -> Vec<u8> {
    ca("New", NEW, "Old").signed_by(OLD)
}

/// The new root, self-signed.
fn new() -> Vec<u8> {
    ca("New", NEW, "New").signed_by(NEW)
}

fn judge(pool: &[Vec<u8>], anchors: &[TrustAnchor]) -> Result<Path, PathError> {
    search(&leaf(), pool, anchors, AT, &PathOptions::default())
}

fn subjects(path: &Path) -> Vec<String> {
    let name = |certificate: &Certificate| certificate.subject().text(&CN).map(Cow::into_owned);
    path.certificates().iter().filter_map(name).collect()
}

#[test]
fn the_order_of_the_pool_means_nothing() {
    for pool in [[issuing(), cross()], [cross(), issuing()]] {
        let path = judge(&pool, &[anchor("Old", OLD)]).unwrap();
        assert_eq!(subjects(&path), ["Leaf", "Issuing", "New"]);
    }
}

/// In August 2026 the BLOB's x5c ended in the self-signed R46, a week later in the one cross-signed by R3.
#[test]
fn a_set_of_roots_survives_either_form_of_the_new_one() {
    let both = [anchor("Old", OLD), anchor("New", NEW)];
    for pool in [[issuing(), new()], [issuing(), cross()]] {
        let path = judge(&pool, &both).unwrap();
        assert_eq!((subjects(&path), path.anchor()), (vec!["Leaf".into(), "Issuing".into()], &both[1]));
    }
    judge(&[issuing(), cross()], &both[1..]).unwrap();
    judge(&[issuing(), cross()], &both[..1]).unwrap();
}

#[test]
fn the_issuer_that_was_not_found_is_named() {
    let refused = judge(&[issuing(), new()], &[anchor("Old", OLD)]).unwrap_err();
    let issuer = Name::from_der(&test_certs::name("New")).unwrap();
    assert_eq!(refused, PathError::IssuerNotFound { index: 2, issuer });
    let refused = judge(&[], &[anchor("Old", OLD)]).unwrap_err();
    let issuer = Name::from_der(&test_certs::name("Issuing")).unwrap();
    assert_eq!(refused, PathError::IssuerNotFound { index: 0, issuer });
}

#[test]
fn a_path_that_fails_gives_way_to_the_next() {
    let mut expired = ca("Issuing", ISSUING, "Old");
    expired.not_after = utc_time("240101000000Z");
    let expired = expired.signed_by(OLD);
    let anchors = [anchor("Old", OLD), anchor("New", NEW)];
    let path = judge(&[expired.clone(), issuing()], &anchors).unwrap();
    assert_eq!(path.certificates()[1], read(&issuing()));
    let refused = judge(&[expired], &anchors).unwrap_err();
    assert!(matches!(refused, PathError::Expired { index: 1, .. }), "{refused:?}");
}

#[test]
fn what_cannot_be_read_or_leads_nowhere_is_left_over() {
    let pool = [b"not a certificate".to_vec(), ca("Issuing", 9, "Old").signed_by(OLD), issuing(), new()];
    judge(&pool, &[anchor("New", NEW)]).unwrap();
}

#[test]
fn a_pool_that_brings_a_self_signed_root_is_not_trusted_for_it() {
    let wrong_key = judge(&[issuing(), new()], &[anchor("New", OLD)]).unwrap_err();
    assert!(matches!(wrong_key, PathError::Signature { index: 1, .. }), "{wrong_key:?}");
}

#[test]
fn an_anchor_in_the_pool_ends_the_path() {
    let mut expired = ca("Issuing", ISSUING, "New");
    expired.not_after = utc_time("240101000000Z");
    let path = judge(&[expired.signed_by(9)], &[anchor("Issuing", ISSUING)]).unwrap();
    assert_eq!(subjects(&path), ["Leaf"]);
    let path =
        search(&leaf(), &[[0_u8; 0]; 0], &[anchor("Leaf", LEAF)], AT, &PathOptions::default()).unwrap();
    assert_eq!(subjects(&path), ["Leaf"]);
}

#[test]
fn checks_of_the_walk_hold_here_too() {
    let no_ca = Template::new("Issuing", ISSUING, "New", &[]).signed_by(NEW);
    assert_eq!(judge(&[no_ca], &[anchor("New", NEW)]).unwrap_err(), PathError::NotCa { index: 1 });
    let options = PathOptions { max_depth: Some(0), ..PathOptions::default() };
    let refused = search(&leaf(), &[issuing()], &[anchor("New", NEW)], AT, &options).unwrap_err();
    assert_eq!(refused, PathError::TooDeep { max: 0 });
}

/// The anchor is reached only after every path through the other members.
#[test]
fn a_pool_of_mutual_signatures_stays_within_the_budget() {
    let members: Vec<_> = (10..15).collect::<Vec<u8>>();
    let name = |key: u8| alloc::format!("CA {key}");
    let mut pool = vec![ca("Issuing", ISSUING, &name(10)).signed_by(10)];
    for of in &members {
        for by in members.iter().filter(|by| *by != of) {
            pool.push(ca(&name(*of), *of, &name(*by)).signed_by(*by));
        }
    }
    pool.push(ca(&name(10), 10, "Old").signed_by(OLD));
    let anchors = [anchor("Old", OLD)];
    let mut options = PathOptions::default();
    for signature_checks in [1, 5, 64] {
        options.signature_checks = signature_checks;
        let refused = search(&leaf(), &pool, &anchors, AT, &options).unwrap_err();
        assert_eq!(refused, PathError::Budget, "{signature_checks}");
    }
    options.signature_checks = 1_000;
    let path = search(&leaf(), &pool, &anchors, AT, &options).unwrap();
    assert_eq!(subjects(&path), ["Leaf", "Issuing", "CA 10"]);
}
