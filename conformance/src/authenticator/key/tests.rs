use ::rsa::{BoxedUint, pkcs1v15, pss};
use ecdsa::signature::Verifier;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::*;

/// Whether a signature verifies, checked by the algorithm's crate with the public key only.
fn verifies(algorithm: Algorithm, public: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let point = public.sec1();
    let rsa = || match public {
        PublicKey::Rsa { n, e } => {
            ::rsa::PublicKey::new(BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e))
                .unwrap()
        }
        other => unreachable!("{other:?}"),
    };
    let raw = || match public {
        PublicKey::Okp { x, .. } => x.clone(),
        PublicKey::Akp { public, .. } => public.clone(),
        other => unreachable!("{other:?}"),
    };
    let pkcs1 = || pkcs1v15::Signature::try_from(signature).unwrap();
    let pss = || pss::Signature::try_from(signature).unwrap();
    match algorithm {
        Algorithm::Es256 | Algorithm::Esp256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
            .unwrap()
            .verify(message, &p256::ecdsa::Signature::from_der(signature).unwrap())
            .is_ok(),
        Algorithm::Es384 | Algorithm::Esp384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(&point)
            .unwrap()
            .verify(message, &p384::ecdsa::Signature::from_der(signature).unwrap())
            .is_ok(),
        Algorithm::Es512 | Algorithm::Esp512 => p521::ecdsa::VerifyingKey::from_sec1_bytes(&point)
            .unwrap()
            .verify(message, &p521::ecdsa::Signature::from_der(signature).unwrap())
            .is_ok(),
        Algorithm::Es256k => k256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
            .unwrap()
            .verify(message, &k256::ecdsa::Signature::from_der(signature).unwrap())
            .is_ok(),
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&raw().try_into().unwrap()).unwrap();
            key.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature).unwrap()).is_ok()
        }
        Algorithm::Ed448 => {
            let bytes: [u8; 57] = raw().try_into().unwrap();
            let key = ed448_goldilocks::VerifyingKey::from_bytes(&bytes).unwrap();
            key.verify_raw(&ed448_goldilocks::Signature::try_from(signature).unwrap(), message).is_ok()
        }
        Algorithm::Rs256 => pkcs1v15::VerifyingKey::<Sha256>::new(rsa()).verify(message, &pkcs1()).is_ok(),
        Algorithm::Rs384 => pkcs1v15::VerifyingKey::<Sha384>::new(rsa()).verify(message, &pkcs1()).is_ok(),
        Algorithm::Rs512 => pkcs1v15::VerifyingKey::<Sha512>::new(rsa()).verify(message, &pkcs1()).is_ok(),
        Algorithm::Rs1 => pkcs1v15::VerifyingKey::<Sha1>::new(rsa()).verify(message, &pkcs1()).is_ok(),
        Algorithm::Ps256 => pss::VerifyingKey::<Sha256>::new(rsa()).verify(message, &pss()).is_ok(),
        Algorithm::Ps384 => pss::VerifyingKey::<Sha384>::new(rsa()).verify(message, &pss()).is_ok(),
        Algorithm::Ps512 => pss::VerifyingKey::<Sha512>::new(rsa()).verify(message, &pss()).is_ok(),
        Algorithm::MlDsa44 => ml_dsa_verifies::<ml_dsa::MlDsa44>(&raw(), message, signature),
        Algorithm::MlDsa65 => ml_dsa_verifies::<ml_dsa::MlDsa65>(&raw(), message, signature),
        Algorithm::MlDsa87 => ml_dsa_verifies::<ml_dsa::MlDsa87>(&raw(), message, signature),
    }
}

fn ml_dsa_verifies<P: ml_dsa::MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = ml_dsa::VerifyingKey::<P>::decode(&key.try_into().unwrap());
    key.verify(message, &ml_dsa::Signature::<P>::try_from(signature).unwrap()).is_ok()
}

#[test]
fn every_algorithms_signatures_verify_and_another_keys_do_not() {
    let seed = Seed::new("keys");
    for algorithm in Algorithm::ALL.iter().copied() {
        let key = KeyPair::derive(algorithm, &seed, "credential/0");
        let signature = key.sign(b"message");
        assert!(verifies(algorithm, &key.public(), b"message", &signature), "{algorithm}");
        assert!(!verifies(algorithm, &key.public(), b"other message", &signature), "{algorithm}");
        assert!(
            !verifies(algorithm, &key.public(), b"message", &key.other().sign(b"message")),
            "{algorithm}"
        );
    }
}

#[test]
fn a_seed_and_a_label_give_one_key_and_one_signature() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let key = || KeyPair::derive(algorithm, &Seed::new("keys"), "credential/0");
        assert_eq!(key().public(), key().public(), "{algorithm}");
        assert_eq!(key().sign(b"message"), key().sign(b"message"), "{algorithm}");
        assert_ne!(key().public(), key().other().public(), "{algorithm}");
    }
}

#[test]
fn the_small_rsa_key_has_1024_bits() {
    assert!(matches!(small_rsa(), PublicKey::Rsa { n, .. } if n.len() == 128));
}
