use super::*;
use crate::x509::Certificate;
use crate::x509::crl::Crl;

/// Validates the chain with this many signature checks.
fn judge_with(cache: &CertificateCache, chain: &Chain, checks: usize) -> Result<Path, PathError> {
    judge_der(cache, &chain.der(), &chain.anchors, chain.at, checks)
}

fn judge_der(
    cache: &CertificateCache,
    der: &[Vec<u8>],
    anchors: &[TrustAnchor],
    at: Timestamp,
    checks: usize,
) -> Result<Path, PathError> {
    let options = PathOptions { cache: Some(cache), signature_checks: checks, ..PathOptions::default() };
    validate_der(der, anchors, at, &options)
}

/// A cache after a valid path.
fn filled() -> CertificateCache {
    let cache = CertificateCache::new(8);
    judge_with(&cache, &sound(), 2).unwrap();
    cache
}

#[test]
fn the_signature_of_an_intermediate_is_verified_once() {
    let cache = CertificateCache::new(8);
    assert_eq!(judge_with(&cache, &sound(), 1).unwrap_err(), PathError::Budget);
    assert_eq!(judge_with(&cache, &sound(), 1).unwrap_err(), PathError::Budget, "nothing was kept");
    let first = judge_with(&cache, &sound(), 2).unwrap();
    let again = judge_with(&cache, &sound(), 1).unwrap();
    assert_eq!(again.certificates(), first.certificates());
    assert_eq!((again.anchor(), again.revocation()), (first.anchor(), first.revocation()));
    assert_eq!(judge_with(&cache, &sound(), 0).unwrap_err(), PathError::Budget, "leaves are not kept");
}

#[test]
fn a_cache_without_capacity_keeps_no_certificate() {
    let cache = CertificateCache::new(0);
    judge_with(&cache, &sound(), 2).unwrap();
    assert_eq!(judge_with(&cache, &sound(), 1).unwrap_err(), PathError::Budget);
}

#[test]
fn a_forged_intermediate_is_not_the_kept_one() {
    let cache = filled();
    let anchors = sound().anchors;
    let [leaf, issuing] = <[Vec<u8>; 2]>::try_from(sound().der()).unwrap();
    let chain = |issuing: Vec<u8>| [leaf.clone(), issuing];
    // Every byte, those of the signature included, by which entries are found.
    for at in 0..issuing.len() {
        let mut forged = issuing.clone();
        forged[at] ^= 1;
        let unused_bits = Certificate::from_der(&forged).is_ok_and(|forged| {
            let genuine = read(&issuing);
            forged.tbs() == genuine.tbs() && forged.signature() == genuine.signature()
        });
        assert!(
            judge_der(&cache, &chain(forged), &anchors, AT, 8).is_err() || unused_bits,
            "byte {at} of the certificate"
        );
    }
    let by_other = sound().issuing.signed_by(OTHER);
    let refused = judge_der(&cache, &chain(by_other), &anchors, AT, 8).unwrap_err();
    assert!(matches!(refused, PathError::Signature { index: 1, .. }), "{refused:?}");
}

#[test]
fn an_anchor_of_the_same_name_with_another_key_is_checked() {
    let cache = filled();
    let chain = changed(|chain| chain.anchors = vec![anchor("Root", OTHER)]);
    let refused = judge_with(&cache, &chain, 8).unwrap_err();
    assert!(matches!(refused, PathError::Signature { index: 1, .. }), "{refused:?}");
    judge_with(&cache, &sound(), 1).unwrap();
}

#[test]
fn validity_and_revocation_of_kept_certificates_are_checked() {
    let cache = filled();
    for years in [-60, 60] {
        let at = Timestamp::from_unix_seconds(AT.as_unix_seconds() + years * 31_557_600);
        let refused = judge_with(&cache, &Chain { at, ..sound() }, 8).unwrap_err();
        let is_outside =
            matches!(refused, PathError::NotYetValid { index: 1, .. } | PathError::Expired { index: 1, .. });
        assert!(is_outside, "{refused:?}");
    }
    let crls: [Crl; 1] = [revocation::of_root(ISSUING)];
    let options = PathOptions {
        cache: Some(&cache),
        revocation: Revocation { crls: &crls, required: false },
        ..PathOptions::default()
    };
    let refused = validate_der(&sound().der(), &sound().anchors, AT, &options).unwrap_err();
    assert!(matches!(refused, PathError::Revoked { index: 1, .. }), "{refused:?}");
}

#[test]
fn intermediates_of_an_invalid_path_are_not_kept() {
    let cache = CertificateCache::new(8);
    let chain = changed(|chain| chain.leaf.not_after = utc_time("210101000000Z"));
    assert!(matches!(judge_with(&cache, &chain, 8), Err(PathError::Expired { index: 0, .. })));
    assert_eq!(judge_with(&cache, &sound(), 1).unwrap_err(), PathError::Budget);
}
