//! The public key of a credential.

use alloc::vec;
use alloc::vec::Vec;

use coset::cbor::value::Value;
use coset::iana::{self, AkpKeyParameter, Ec2KeyParameter, EnumI64, OkpKeyParameter, RsaKeyParameter};
use coset::{CborSerializable, CoseKey, Label};

use super::algorithm::{Algorithm, ec2_curve, okp_curve};
use crate::crypto::{self, Curve, EdwardsCurve, Key, KeyParts, Scheme};

/// The public key of a credential with its algorithm, checked.
///
/// It is made from a COSE_Key: by [`PublicKey::from_cose`], or by [`EncodedKey::public_key`](super::EncodedKey).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    key: Key,
}

impl PublicKey {
    /// A key that fits the algorithm.
    pub(super) fn new(algorithm: Algorithm, key: Key) -> Self {
        Self { algorithm, key }
    }

    /// Writes the COSE_Key in CTAP2's canonical form, with the required parameters only.
    #[must_use]
    pub fn to_cose(&self) -> Vec<u8> {
        let parameter = |label: i64, value: &[u8]| (Label::Int(label), Value::Bytes(value.into()));
        let crv = |label: i64, curve: iana::EllipticCurve| (Label::Int(label), Value::from(curve.to_i64()));
        let (kty, params) = match self.key.parts() {
            KeyParts::Ec { curve, sec1 } => {
                let coordinates =
                    sec1.get(1..).and_then(|both| both.split_at_checked(curve.coordinate_len()));
                let (x, y) = coordinates.unwrap_or_default();
                let params = vec![
                    crv(Ec2KeyParameter::Crv.to_i64(), ec2_curve(curve)),
                    parameter(Ec2KeyParameter::X.to_i64(), x),
                    parameter(Ec2KeyParameter::Y.to_i64(), y),
                ];
                (iana::KeyType::EC2, params)
            }
            KeyParts::Okp { curve, x } => {
                let params = vec![
                    crv(OkpKeyParameter::Crv.to_i64(), okp_curve(curve)),
                    parameter(OkpKeyParameter::X.to_i64(), x),
                ];
                (iana::KeyType::OKP, params)
            }
            KeyParts::Rsa { n, e } => {
                let params = vec![
                    parameter(RsaKeyParameter::N.to_i64(), n),
                    parameter(RsaKeyParameter::E.to_i64(), e),
                ];
                (iana::KeyType::RSA, params)
            }
            KeyParts::MlDsa { public, .. } => {
                (iana::KeyType::AKP, vec![parameter(AkpKeyParameter::Pub.to_i64(), public)])
            }
        };
        let alg = Some(self.algorithm.to_coset());
        let cose = CoseKey { kty: coset::KeyType::Assigned(kty), alg, params, ..CoseKey::default() };
        // The labels are distinct and a vector takes every byte, so nothing can fail.
        cose.to_vec().unwrap_or_default()
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key, for comparison with the key of a certificate.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Curve, x and y of an elliptic curve key.
    #[must_use]
    pub fn ec_point(&self) -> Option<(Curve, &[u8], &[u8])> {
        self.key.ec_point()
    }

    /// The point of an elliptic curve key, uncompressed: `04 || x || y`.
    #[must_use]
    pub fn sec1_uncompressed(&self) -> Option<&[u8]> {
        self.key.sec1_uncompressed()
    }

    /// Modulus and exponent of an RSA key, big-endian, without leading zeros.
    #[must_use]
    pub fn rsa(&self) -> Option<(&[u8], &[u8])> {
        self.key.rsa_parts()
    }

    /// Curve and encoded point of an Edwards curve key.
    #[must_use]
    pub fn okp(&self) -> Option<(EdwardsCurve, &[u8])> {
        self.key.okp_point()
    }

    /// Verifies a signature over a message, the concatenation of its parts, in the form that WebAuthn gives it
    /// ([section 6.5.5]).
    ///
    /// # Errors
    /// [`crypto::Error`] if the signature has another form, or is not the key's over this message.
    ///
    /// [section 6.5.5]: https://www.w3.org/TR/webauthn-3/#sctn-signature-attestation-types
    pub fn verify(&self, message: &[&[u8]], signature: &[u8]) -> Result<(), crypto::Error> {
        crypto::verify(&self.key, Scheme::for_algorithm(self.algorithm), message, signature)
    }
}
