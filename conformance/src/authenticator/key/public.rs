//! Public keys, as COSE_Key and as in certificates.

use crate::authenticator::algorithm::Algorithm;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::der;

/// A public key in its parts, any of which a test may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// A point on a curve, with the curve's COSE number.
    Ec {
        /// 1, 2 and 3 for P-256, P-384 and P-521; 8 for secp256k1.
        crv: i64,
        /// The first coordinate.
        x: Vec<u8>,
        /// The second coordinate.
        y: Vec<u8>,
    },
    /// An Edwards point.
    Okp {
        /// 6 for Ed25519, 7 for Ed448.
        crv: i64,
        /// The point.
        x: Vec<u8>,
    },
    /// RSA.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// ML-DSA.
    Akp {
        /// The last arc of the algorithm's object identifier.
        arc: u32,
        /// The key.
        public: Vec<u8>,
    },
}

/// A key of an uncompressed SEC 1 point.
pub(super) fn ec(crv: i64, point: &[u8]) -> PublicKey {
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    PublicKey::Ec { crv, x: x.into(), y: y.into() }
}

impl PublicKey {
    /// The COSE_Key, in CTAP2's canonical order.
    #[must_use]
    pub fn cose(&self, algorithm: Algorithm) -> Cbor {
        let (kty, parameters) = match self {
            Self::Okp { crv, x } => (1, vec![(-1, (*crv).into()), (-2, x.clone().into())]),
            Self::Ec { crv, x, y } => {
                (2, vec![(-1, (*crv).into()), (-2, x.clone().into()), (-3, y.clone().into())])
            }
            Self::Rsa { n, e } => (3, vec![(-1, n.clone().into()), (-2, e.clone().into())]),
            Self::Akp { public, .. } => (7, vec![(-1, public.clone().into())]),
        };
        let mut members: Vec<(Cbor, Cbor)> =
            vec![(Cbor::Int(1), Cbor::Int(kty)), (Cbor::Int(3), Cbor::Int(algorithm.cose()))];
        members.extend(parameters.into_iter().map(|(label, value)| (Cbor::Int(label), value)));
        Cbor::Map(members)
    }

    /// `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Ec { crv, .. } => {
                let curve: &[u32] = match crv {
                    1 => &[1, 2, 840, 10045, 3, 1, 7],
                    2 => &[1, 3, 132, 0, 34],
                    3 => &[1, 3, 132, 0, 35],
                    _ => &[1, 3, 132, 0, 10],
                };
                (vec![der::oid(&[1, 2, 840, 10045, 2, 1]), der::oid(curve)], self.sec1())
            }
            Self::Okp { crv, x } => {
                (vec![der::oid(&[1, 3, 101, if *crv == 6 { 112 } else { 113 }])], x.clone())
            }
            Self::Rsa { n, e } => (
                vec![der::oid(&[1, 2, 840, 113_549, 1, 1, 1]), der::null()],
                der::sequence([der::unsigned(n), der::unsigned(e)]),
            ),
            Self::Akp { arc, public } => {
                (vec![der::oid(&[2, 16, 840, 1, 101, 3, 4, 3, *arc])], public.clone())
            }
        };
        der::sequence([der::sequence(algorithm), der::bits(key)])
    }

    /// The uncompressed SEC 1 point of a key on a curve; empty for other keys.
    #[must_use]
    pub fn sec1(&self) -> Vec<u8> {
        match self {
            Self::Ec { x, y, .. } => der::joined([&[4][..], x, y]),
            _ => Vec::new(),
        }
    }
}
