use alloc::string::String;
#[cfg(any(feature = "es256", feature = "_rsa"))]
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value as Json;

use super::*;
use crate::base64url;

/// Keys and signatures made with pyca/cryptography; the rejected keys and `Rsa2056` were made with OpenSSL.
fn data() -> Json {
    serde_json::from_str(include_str!("../../testdata/crypto/keys_and_schemes.json")).unwrap()
}

fn b64(json: &Json) -> Vec<u8> {
    base64url::decode(json.as_str().unwrap()).unwrap()
}

fn scheme(name: &str) -> Scheme {
    ALL.into_iter().find(|scheme| alloc::format!("{scheme:?}") == name).unwrap()
}

fn on_every_backend(key: &Key) -> Vec<Key> {
    Backend::ALL.into_iter().filter_map(|backend| key.on(backend)).collect()
}

const ALL: [Scheme; 15] = [
    Scheme::EcdsaSha256,
    Scheme::EcdsaSha384,
    Scheme::EcdsaSha512,
    Scheme::RsaPkcs1Sha1,
    Scheme::RsaPkcs1Sha256,
    Scheme::RsaPkcs1Sha384,
    Scheme::RsaPkcs1Sha512,
    Scheme::RsaPssSha256,
    Scheme::RsaPssSha384,
    Scheme::RsaPssSha512,
    Scheme::Ed25519,
    Scheme::Ed448,
    Scheme::MlDsa44,
    Scheme::MlDsa65,
    Scheme::MlDsa87,
];

/// The key of the case, if this build supports it.
fn key(data: &Json, name: &str) -> Option<Key> {
    match Key::from_spki(&b64(&data["keys"][name])) {
        Ok(key) => Some(key),
        Err(SpkiError::Key(KeyError::NotBuilt { .. })) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn every_key_verifies_its_schemes_and_no_other() {
    let data = data();
    let message = data["message"].as_str().unwrap().as_bytes();
    for case in data["cases"].as_array().unwrap() {
        let name = case["key"].as_str().unwrap();
        let Some(key) = key(&data, name) else { continue };
        let (right, signature) = (scheme(case["scheme"].as_str().unwrap()), b64(&case["signature"]));
        for scheme in ALL {
            let verdict = verify(&key, scheme, &[message], &signature);
            for key in on_every_backend(&key) {
                assert_eq!(verify(&key, scheme, &[message], &signature), verdict, "{name} {scheme:?}");
            }
            let (one, other) = message.split_at(3);
            assert_eq!(verify(&key, scheme, &[one, b"", other], &signature), verdict, "{name} {scheme:?}");
            match verdict {
                Ok(()) => assert_eq!(scheme, right, "{name}"),
                Err(Error::NotBuilt { .. }) => assert_eq!(scheme, Scheme::RsaPkcs1Sha1),
                Err(error) => assert_ne!(scheme, right, "{name}: {error}"),
            }
        }
        let built = verify(&key, right, &[message], &signature) != Err(Error::NotBuilt { scheme: right });
        if built {
            assert_eq!(
                verify(&key, right, &[b"another message"], &signature),
                Err(Error::Mismatch),
                "{name}"
            );
            let longer = [&signature[..], &[0]].concat();
            assert_eq!(
                verify(&key, right, &[message], &longer),
                Err(Error::Form { scheme: right }),
                "{name}"
            );
            assert_eq!(verify(&key, right, &[message], &[]), Err(Error::Form { scheme: right }), "{name}");
        }
    }
}

#[test]
fn every_algorithm_that_is_built_has_its_key_and_scheme() {
    let data = data();
    for algorithm in crate::cose::Algorithm::SUPPORTED {
        let right = alloc::format!("{:?}", Scheme::for_algorithm(*algorithm));
        let cases = data["cases"].as_array().unwrap();
        let case = cases.iter().filter(|case| case["scheme"] == *right);
        assert!(case.filter_map(|case| key(&data, case["key"].as_str().unwrap())).count() > 0, "{algorithm}");
    }
}

#[test]
#[cfg(feature = "es256")]
fn ecdsa_signatures_are_minimal_der_of_numbers_in_range() {
    let data = data();
    let key = key(&data, "P256").unwrap();
    let message = data["message"].as_str().unwrap().as_bytes();
    let cases = data["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["key"] == "P256" && case["scheme"] == "EcdsaSha256").unwrap();
    let signature = b64(&case["signature"]);
    assert_eq!(verify(&key, Scheme::EcdsaSha256, &[message], &signature), Ok(()));

    let form = Err(Error::Form { scheme: Scheme::EcdsaSha256 });
    let refused = |signature: &[u8]| verify(&key, Scheme::EcdsaSha256, &[message], signature);
    // r = s = 0, the psychic signature of CVE-2022-21449.
    assert_eq!(refused(&[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]), form);
    // r is the order, s is 1.
    let order = "AP____8AAAAA__________-85vqtpxeehPO5ysL8YyVR";
    let order = base64url::decode(order).unwrap();
    let with_order = [&[0x30, 0x26, 0x02, 0x21][..], &order, &[0x02, 0x01, 0x01]].concat();
    assert_eq!(refused(&with_order), form);
    // A length in two bytes.
    let long_form = [&[0x30, 0x81][..], &signature[1..]].concat();
    assert_eq!(refused(&long_form), form);
    // r with a zero more in front.
    let mut padded = signature.clone();
    padded[1] += 1;
    padded[3] += 1;
    padded.insert(4, 0x00);
    assert_eq!(refused(&padded), form);
    // r || s, as in other protocols.
    assert_eq!(refused(&[1; 64]), form);
    assert_eq!(refused(&[1; 64]).unwrap_err().to_string(), "malformed EcdsaSha256 signature");
}

#[test]
#[cfg(feature = "_rsa")]
fn pss_salts_of_another_length_than_the_hash_are_refused() {
    let data = data();
    let key = key(&data, "Rsa").unwrap();
    let message = data["message"].as_str().unwrap().as_bytes();
    let others = data["rsa_pss_sha256_other_salts"].as_array().unwrap();
    assert_eq!(others.len(), 2);
    for signature in others {
        let refused = verify(&key, Scheme::RsaPssSha256, &[message], &b64(signature));
        assert_eq!(refused, Err(Error::Mismatch));
    }
}

#[test]
#[cfg(all(feature = "_rsa", not(feature = "rs1")))]
fn sha_1_is_off_by_default() {
    let key = key(&data(), "Rsa").unwrap();
    let scheme = Scheme::RsaPkcs1Sha1;
    assert_eq!(verify(&key, scheme, &[b""], &[]), Err(Error::NotBuilt { scheme }));
}

#[test]
#[cfg(all(feature = "es256", feature = "_rsa"))]
fn a_scheme_of_another_kind_of_key_is_rejected_first() {
    let refused = verify(&key(&data(), "P256").unwrap(), Scheme::RsaPssSha256, &[b""], &[]).unwrap_err();
    assert_eq!(refused, Error::KeyMismatch { scheme: Scheme::RsaPssSha256, key: "an elliptic curve key" });
    assert_eq!(refused.to_string(), "RsaPssSha256 is not a scheme of an elliptic curve key");
}

#[test]
fn keys_are_equal_if_they_are_the_same_key() {
    let data = data();
    let names: Vec<String> = data["keys"].as_object().unwrap().keys().cloned().collect();
    for one in &names {
        for other in &names {
            let (Some(a), Some(b)) = (key(&data, one), key(&data, other)) else { continue };
            assert_eq!(a == b, one == other, "{one} {other}");
        }
    }
}

#[test]
#[cfg(feature = "es256")]
fn a_certificates_key_compares_with_the_credentials() {
    let certificate = key(&data(), "P256").unwrap();
    let (_, x, y) = certificate.ec_point().unwrap();
    assert_eq!(Key::ec(Curve::P256, x, y), Ok(certificate.clone()));
}

#[test]
#[cfg(feature = "es256")]
fn a_curve_that_is_described_instead_of_named_is_refused() {
    let data = data();
    let refused = |name: &str| Key::from_spki(&b64(&data["refused_keys"][name])).unwrap_err();
    let described = refused("curve_described_instead_of_named");
    assert_eq!(described.to_string(), "parameters do not fit 1.2.840.10045.2.1");
    assert_eq!(refused("compressed_point"), SpkiError::PointForm);
    assert_eq!(refused("brainpool_p256r1").to_string(), "unknown key algorithm 1.3.36.3.3.2.8.1.1.7");
}

#[test]
#[cfg(feature = "es256")]
fn a_point_off_the_curve_is_refused_in_a_certificate_too() {
    let data = data();
    let mut spki = b64(&data["keys"]["P256"]);
    *spki.last_mut().unwrap() ^= 1;
    assert_eq!(Key::from_spki(&spki), Err(SpkiError::Key(KeyError::Point)));
    spki.push(0);
    assert!(matches!(Key::from_spki(&spki), Err(SpkiError::Der(_))));
}

#[cfg(feature = "_rsa")]
#[test]
fn rsa_keys_are_equal_only_in_both_numbers() {
    let (modulus, exponent) = ([0xd5; 256], [1, 0, 1]);
    let key = |n: &[u8], e: &[u8]| Key::rsa(n, e, RsaLimits::DEFAULT).unwrap();
    let mut other = modulus;
    other[100] ^= 1;
    assert_eq!(key(&modulus, &exponent), key(&modulus, &exponent));
    assert_ne!(key(&modulus, &exponent), key(&other, &exponent));
    assert_ne!(key(&modulus, &exponent), key(&modulus, &[1, 0, 3]));
}

#[test]
#[cfg(feature = "_rsa")]
fn rsa_keys_of_certificates_are_bounded_and_not_for_pss_alone() {
    let data = data();
    let refused = |name: &str| Key::from_spki(&b64(&data["refused_keys"][name])).unwrap_err();
    assert_eq!(refused("rsa_1024").to_string(), "a modulus of 1024 bits, not 2048 to 8192");
    assert_eq!(refused("rsa_for_pss_alone").to_string(), "unknown key algorithm 1.2.840.113549.1.1.10");
}

#[test]
#[cfg(feature = "eddsa")]
fn parameters_where_none_belong_are_refused() {
    let mut spki = b64(&data()["keys"]["Ed25519"]);
    assert_eq!(spki[..4], [0x30, 0x2a, 0x30, 0x05]);
    spki[1] += 2;
    spki[3] += 2;
    spki.splice(9..9, [0x05, 0x00]);
    assert!(matches!(Key::from_spki(&spki), Err(SpkiError::Parameters { .. })));
}

#[test]
fn keys_are_verified_by_the_back_end_of_their_algorithm() {
    let data = data();
    for case in data["cases"].as_array().unwrap() {
        let name = case["key"].as_str().unwrap();
        let Some(key) = key(&data, name) else { continue };
        let scheme = scheme(case["scheme"].as_str().unwrap());
        for algorithm in crate::Algorithm::SUPPORTED {
            // The back end of an algorithm is that of the usual key sizes.
            let has_usual_size = name != "Rsa2056";
            let is_its_key =
                has_usual_size && Scheme::for_algorithm(*algorithm) == scheme && algorithm.fits(&key);
            if is_its_key && *algorithm != crate::Algorithm::Rs1 {
                assert_eq!(algorithm.backend(), Some(key.backend()), "{name} {algorithm}");
            }
        }
        for backend in Backend::ALL {
            let other = key.on(backend);
            assert!(other.as_ref().is_none_or(|other| other.backend() == backend && *other == key), "{name}");
            assert!(other.is_some() || backend != Backend::RustCrypto, "{name}");
        }
        assert_eq!(key.on(key.backend()).as_ref(), Some(&key), "{name}");
    }
}

/// graviola 0.4.4 compares and pads in words of 64 bits, and would reject every valid signature.
#[test]
#[cfg(feature = "_rsa")]
fn graviola_has_only_rsa_moduli_of_whole_words() {
    let data = data();
    assert!(key(&data, "Rsa2056").unwrap().on(Backend::Graviola).is_none());
    let modulus =
        |len_bytes| Key::rsa(&alloc::vec![0xff; len_bytes], &[1, 0, 1], RsaLimits::DEFAULT).unwrap();
    for len_bytes in (256..=272).chain(1016..=1024) {
        let has_graviola = modulus(len_bytes).on(Backend::Graviola).is_some();
        assert_eq!(has_graviola, Backend::Graviola.is_available() && len_bytes % 8 == 0, "{len_bytes}");
    }
}

/// Every byte of every signature is changed in two ways.
#[test]
fn back_ends_agree_on_changed_signatures() {
    let data = data();
    let message = data["message"].as_str().unwrap().as_bytes();
    for case in data["cases"].as_array().unwrap() {
        let name = case["key"].as_str().unwrap();
        let Some(key) = key(&data, name).filter(|key| key.backend() != Backend::RustCrypto) else { continue };
        let keys = on_every_backend(&key);
        let (scheme, signature) = (scheme(case["scheme"].as_str().unwrap()), b64(&case["signature"]));
        for at in 0..signature.len() {
            for bit in [0x01, 0x80] {
                let mut changed = signature.clone();
                changed[at] ^= bit;
                let verdict = verify(&key, scheme, &[message], &changed);
                assert_ne!(verdict, Ok(()), "{name} {scheme:?}, byte {at}");
                for key in &keys {
                    assert_eq!(
                        verify(key, scheme, &[message], &changed),
                        verdict,
                        "{name} {scheme:?}, byte {at}, {}",
                        key.backend()
                    );
                }
            }
        }
    }
}

#[test]
fn an_rsa_exponent_is_odd_more_than_1_and_has_32_bits() {
    let rejected = |e: &[u8]| Key::rsa(&[0xff; 256], e, RsaLimits::DEFAULT).err() == Some(KeyError::Exponent);
    for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert!(rejected(e), "{e:02x?}");
    }
    for e in [&[3][..], &[1, 0, 1], &[1, 0, 0, 1]] {
        assert!(!rejected(e), "{e:02x?}");
    }
}

/// Some TPMs write a zero before the modulus.
#[test]
#[cfg(feature = "_rsa")]
fn leading_zeros_of_rsa_numbers_are_limited() {
    let padded = |zeros: usize, number: &[u8]| [&alloc::vec![0; zeros], number].concat();
    let key = |n: &[u8], e: &[u8]| Key::rsa(n, e, RsaLimits::DEFAULT);
    let (small, large, e) = (&[0xff; 256][..], &[0xff; 1024][..], &[1, 0, 1][..]);

    assert_eq!(key(&padded(1, small), e), key(small, e));
    assert_eq!(key(&padded(1025 - 256, small), e), key(small, e));
    assert_eq!(key(&padded(1, large), e), key(large, e));
    let too_long = Err(KeyError::ModulusSize { bits: 1026 * 8, min: 2048, max: 8192 });
    assert_eq!(key(&padded(1026 - 256, small), e), too_long);
    assert_eq!(key(&padded(2, large), e), too_long);

    assert_eq!(key(small, &padded(5, e)), key(small, e));
    assert_eq!(key(small, &padded(6, e)), Err(KeyError::Exponent));
}
