use super::read::{MAX_AUTH_POLICY_LEN, MAX_ECC_LEN, MAX_RSA_LEN, Reader, TpmStructureError};
use super::signature::hash_by_id;
use crate::cose::PublicKey;
use crate::crypto::{Curve, Hash};

/// `pubArea`: a `TPMT_PUBLIC` (TPM 2.0 Part 2, section 12.2.4), read to its last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PubArea<'a> {
    bytes: &'a [u8],
    name_alg: u16,
    attributes: ObjectAttributes,
    key: Key<'a>,
}

/// `TPMA_OBJECT` (TPM 2.0 Part 2, section 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectAttributes(u32);

impl ObjectAttributes {
    const FIXED_TPM: u32 = 1 << 1;
    const FIXED_PARENT: u32 = 1 << 4;
    const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;

    /// Whether the TPM generated the key and the key cannot be duplicated to another TPM.
    pub(super) fn is_created_in_tpm(self) -> bool {
        let required = Self::FIXED_TPM | Self::FIXED_PARENT | Self::SENSITIVE_DATA_ORIGIN;
        self.0 & required == required
    }

    pub(super) fn bits(self) -> u32 {
        self.0
    }
}

/// The public key in `parameters` and `unique`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key<'a> {
    Rsa { key_bits: u16, exponent: u32, n: &'a [u8] },
    Ecc { curve_id: u16, x: &'a [u8], y: &'a [u8] },
}

/// Why `pubArea` was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PubAreaError {
    /// The structure is truncated, too long, or has impossible sizes.
    #[error(transparent)]
    Structure(#[from] TpmStructureError),
    /// The object is neither an RSA nor an ECC key.
    #[error("attStmt.pubArea: type is {got:#06x}, neither TPM_ALG_RSA nor TPM_ALG_ECC")]
    Type {
        /// The value found.
        got: u16,
    },
}

impl<'a> PubArea<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, PubAreaError> {
        let mut reader = Reader::new("pubArea", bytes);
        let kind = reader.u16("type")?;
        if !matches!(kind, ALG_RSA | ALG_ECC) {
            return Err(PubAreaError::Type { got: kind });
        }
        let name_alg = reader.u16("nameAlg")?;
        let attributes = ObjectAttributes(reader.u32("objectAttributes")?);
        reader.sized(MAX_AUTH_POLICY_LEN, "authPolicy")?;
        reader.algorithm(SYMMETRIC, "parameters.symmetric")?;
        let key = if kind == ALG_RSA {
            reader.algorithm(RSA_SCHEMES, "parameters.scheme")?;
            let key_bits = reader.u16("parameters.keyBits")?;
            let exponent = reader.u32("parameters.exponent")?;
            Key::Rsa { key_bits, exponent, n: reader.sized(MAX_RSA_LEN, "unique")? }
        } else {
            reader.algorithm(ECC_SCHEMES, "parameters.scheme")?;
            let curve_id = reader.u16("parameters.curveID")?;
            reader.algorithm(KDF_SCHEMES, "parameters.kdf")?;
            let x = reader.sized(MAX_ECC_LEN, "unique.x")?;
            Key::Ecc { curve_id, x, y: reader.sized(MAX_ECC_LEN, "unique.y")? }
        };
        reader.finish()?;
        Ok(Self { bytes, name_alg, attributes, key })
    }

    /// Whether the key equals the credential's, which must be an RSA or ECC key.
    pub(super) fn is_key(&self, credential: &PublicKey) -> bool {
        match (self.key, credential.rsa(), credential.ec_point()) {
            (Key::Rsa { key_bits, exponent, n }, Some((credential_n, credential_e)), _) => {
                // An exponent of zero means 2^16 + 1 (Part 2, section 12.2.3.5).
                let exponent = if exponent == 0 { DEFAULT_EXPONENT } else { exponent };
                significant(n) == credential_n
                    && significant(&exponent.to_be_bytes()) == credential_e
                    && usize::from(key_bits) == n.len().saturating_mul(8)
            }
            // TPMs may leave out leading zeros of a coordinate.
            (Key::Ecc { curve_id, x, y }, _, Some((curve, credential_x, credential_y))) => {
                curve_of(curve_id) == Some(curve)
                    && significant(x) == significant(credential_x)
                    && significant(y) == significant(credential_y)
            }
            _ => false,
        }
    }

    pub(super) fn attributes(&self) -> ObjectAttributes {
        self.attributes
    }

    /// The TPM_ALG_ID of the object's name.
    pub(super) fn name_alg(&self) -> u16 {
        self.name_alg
    }

    /// Whether this is the object's name: nameAlg || H(pubArea) (TPM 2.0 Part 1, section 16).
    pub(super) fn has_name(&self, name: &[u8], hash: Hash) -> bool {
        let digest = hash.digest(&[self.bytes]);
        name.split_at_checked(2)
            .is_some_and(|(alg, rest)| alg == self.name_alg.to_be_bytes() && digest == *rest)
    }

    /// The hash of the object's name, if it is known.
    pub(super) fn name_hash(&self) -> Option<Hash> {
        hash_by_id(self.name_alg)
    }
}

/// A number without its leading zeros.
fn significant(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    first.and_then(|first| number.get(first..)).unwrap_or_default()
}

/// Part 2, section 6.4; no identifier is secp256k1's.
fn curve_of(id: u16) -> Option<Curve> {
    match id {
        0x0003 => Some(Curve::P256),
        0x0004 => Some(Curve::P384),
        0x0005 => Some(Curve::P521),
        _ => None,
    }
}

const ALG_RSA: u16 = 0x0001;
const ALG_ECC: u16 = 0x0023;
const DEFAULT_EXPONENT: u32 = 65537;

/// `TPMT_SYM_DEF_OBJECT`: AES, SM4 and CAMELLIA have key bits and a mode.
const SYMMETRIC: &[(u16, usize)] = &[(0x0006, 4), (0x0013, 4), (0x0026, 4)];
/// `TPMT_RSA_SCHEME`: RSASSA, RSAPSS and OAEP have a hash, RSAES nothing.
const RSA_SCHEMES: &[(u16, usize)] = &[(0x0014, 2), (0x0016, 2), (0x0017, 2), (0x0015, 0)];
/// `TPMT_ECC_SCHEME`: ECDSA, ECDH, SM2, ECSCHNORR and ECMQV have a hash, ECDAA a hash and a count.
const ECC_SCHEMES: &[(u16, usize)] =
    &[(0x0018, 2), (0x0019, 2), (0x001b, 2), (0x001c, 2), (0x001d, 2), (0x001a, 4)];
/// `TPMT_KDF_SCHEME`: MGF1, KDF1_SP800_56A, KDF2 and KDF1_SP800_108 have a hash.
const KDF_SCHEMES: &[(u16, usize)] = &[(0x0007, 2), (0x0020, 2), (0x0021, 2), (0x0022, 2)];

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    const X: [u8; 32] = [0x11; 32];
    const Y: [u8; 32] = [0x22; 32];

    fn ecc(scheme: &[u8], x: &[u8], y: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x23, /* ECC */ 0x00, 0x0b, /* SHA-256 */ 0, 4, 0, 0x72, 0, 0];
        bytes.extend([0x00, 0x10]); // symmetric: none
        bytes.extend(scheme);
        bytes.extend([0x00, 0x03, /* P-256 */ 0x00, 0x10 /* kdf: none */]);
        for coordinate in [x, y] {
            bytes.extend(u16::try_from(coordinate.len()).unwrap().to_be_bytes());
            bytes.extend(coordinate);
        }
        bytes
    }

    fn rsa(exponent: [u8; 4], n: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x01, /* RSA */ 0x00, 0x04, /* SHA-1 */ 0, 4, 0, 0x72, 0, 0];
        bytes.extend([0x00, 0x10, /* symmetric */ 0x00, 0x14, 0x00, 0x0b /* RSASSA, SHA-256 */]);
        bytes.extend(u16::try_from(n.len()).unwrap().saturating_mul(8).to_be_bytes());
        bytes.extend(exponent);
        bytes.extend(u16::try_from(n.len()).unwrap().to_be_bytes());
        bytes.extend(n);
        bytes
    }

    #[cfg(feature = "es256")]
    #[test]
    fn an_ecc_key_is_compared_without_leading_zeros() {
        let key = crate::crypto::Key::from_spki(&crate::x509::test_certs::spki(1)).unwrap();
        let (_, x, y) = key.ec_point().unwrap();
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let credential = PublicKey::from_cose(&cose).unwrap();
        let is_key = |bytes: &[u8]| PubArea::parse(bytes).unwrap().is_key(&credential);
        assert!(is_key(&ecc(&[0x00, 0x10], x, y)));
        assert!(is_key(&ecc(&[0x00, 0x18, 0x00, 0x0b], &[&[0], x].concat(), y)), "ECDSA with SHA-256");
        assert!(!is_key(&ecc(&[0x00, 0x10], y, x)));
        let mut other_curve = ecc(&[0x00, 0x10], x, y);
        other_curve[15] = 0x04;
        assert!(!is_key(&other_curve));
        assert!(!is_key(&rsa([0; 4], x)), "a key of another kind");
    }

    #[cfg(feature = "eddsa")]
    #[test]
    fn an_okp_credential_is_not_a_tpm_key() {
        let x = crate::base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &x].concat();
        let credential = PublicKey::from_cose(&cose).unwrap();
        for area in [ecc(&[0x00, 0x10], &x, &x), rsa([0; 4], &x)] {
            assert!(!PubArea::parse(&area).unwrap().is_key(&credential));
        }
    }

    #[cfg(feature = "rs256")]
    #[test]
    fn an_rsa_exponent_of_zero_is_65537_and_big_endian() {
        let mut n = vec![0xc1; 256];
        n[255] = 0x01;
        let cose = |e: &[u8]| {
            let mut cose = vec![0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0];
            cose.extend(&n);
            cose.extend([0x21, 0x40 | u8::try_from(e.len()).unwrap()]);
            cose.extend(e);
            PublicKey::from_cose(&cose).unwrap()
        };
        let default = cose(&[1, 0, 1]);
        let is_key = |exponent, credential| PubArea::parse(&rsa(exponent, &n)).unwrap().is_key(credential);
        assert!(is_key([0, 0, 0, 0], &default));
        assert!(is_key([0, 1, 0, 1], &default));
        assert!(!is_key([1, 0, 1, 0], &default), "little-endian");
        assert!(!is_key([0, 0, 0, 3], &default));
        assert!(is_key([0, 0, 0, 3], &cose(&[3])));
        let mut bits = rsa([0; 4], &n);
        bits[16] ^= 1;
        assert!(!PubArea::parse(&bits).unwrap().is_key(&default), "keyBits are not the key's");
    }

    #[test]
    fn a_key_created_in_the_tpm_has_all_three_attributes() {
        let created = |attributes: [u8; 4]| {
            let mut bytes = ecc(&[0x00, 0x10], &X, &Y);
            bytes[4..8].copy_from_slice(&attributes);
            PubArea::parse(&bytes).unwrap().attributes().is_created_in_tpm()
        };
        assert!(created([0, 4, 0, 0x72]));
        for (attributes, missing) in
            [(0x70, "fixedTPM"), (0x62, "fixedParent"), (0x52, "sensitiveDataOrigin")]
        {
            assert!(!created([0, 4, 0, attributes]), "{missing}");
        }
    }

    #[test]
    fn truncated_and_overlong_structures_are_rejected() {
        for mut bytes in [ecc(&[0x00, 0x1a, 0, 0x0b, 0, 1], &X, &Y), rsa([0; 4], &[0xff; 256])] {
            assert!(PubArea::parse(&bytes).is_ok());
            for len in 0..bytes.len() {
                let error = PubArea::parse(&bytes[..len]).unwrap_err();
                assert!(
                    matches!(error, PubAreaError::Structure(TpmStructureError::Truncated { .. })),
                    "{len}: {error}"
                );
            }
            bytes.push(0);
            let error = PubArea::parse(&bytes).unwrap_err();
            assert!(matches!(error, PubAreaError::Structure(TpmStructureError::Trailing { .. })), "{error}");
        }
    }

    #[test]
    fn other_objects_and_unknown_schemes_are_rejected() {
        let mut bytes = ecc(&[0x00, 0x10], &X, &Y);
        bytes[1] = 0x08;
        assert_eq!(PubArea::parse(&bytes), Err(PubAreaError::Type { got: 0x0008 }), "KEYEDHASH");
        let refused = PubArea::parse(&ecc(&[0x00, 0x14, 0, 0x0b], &[], &[])).map(|_| ());
        let field = "parameters.scheme";
        let expected = TpmStructureError::Value { structure: "pubArea", field, offset: 12 };
        assert_eq!(refused, Err(expected.into()), "RSASSA on ECC");
    }

    /// An area with these fields between `authPolicy` and the numbers, and these fields after `curveID`.
    fn area(
        kind: u8,
        policy: usize,
        before: &[&[u8]],
        numbers: &[u8],
        kdf: &[u8],
        unique: &[usize],
    ) -> Vec<u8> {
        let mut bytes = vec![0x00, kind, 0x00, 0x0b, /* SHA-256 */ 0, 4, 0, 0x72];
        let sized = |len: usize| [&u16::try_from(len).unwrap().to_be_bytes()[..], &vec![0x11; len]].concat();
        bytes.extend(sized(policy));
        bytes.extend(before.concat());
        bytes.extend(numbers);
        bytes.extend(kdf);
        bytes.extend(unique.iter().flat_map(|len| sized(*len)));
        bytes
    }

    const NULL: &[u8] = &[0x00, 0x10];
    const SHA_256: [u8; 2] = [0x00, 0x0b];

    fn rsa_area(symmetric: &[u8], scheme: &[u8]) -> Vec<u8> {
        area(0x01, 0, &[symmetric, scheme], &[0x08, 0x00, 0, 0, 0, 0], &[], &[256])
    }

    fn ecc_area(scheme: &[u8], kdf: &[u8]) -> Vec<u8> {
        area(0x23, 0, &[NULL, scheme], &[0x00, 0x03], kdf, &[32, 32])
    }

    #[test]
    fn every_algorithm_has_the_parameters_of_part_2() {
        let (n, x) = ([0x11; 256], [0x11; 32]);
        let key = Key::Rsa { key_bits: 2048, exponent: 0, n: &n };
        let hashed = |algorithm: u8| [&[0x00, algorithm][..], &SHA_256].concat();
        // RSASSA, RSAPSS and OAEP with a hash; RSAES without.
        for scheme in [NULL.into(), hashed(0x14), hashed(0x16), hashed(0x17), vec![0x00, 0x15]] {
            assert_eq!(
                PubArea::parse(&rsa_area(NULL, &scheme)).map(|area| area.key),
                Ok(key),
                "{scheme:02x?}"
            );
        }
        // AES, SM4 and CAMELLIA with key bits and CFB.
        for symmetric in [0x06, 0x13, 0x26] {
            let symmetric = [0x00, symmetric, 0x00, 0x80, 0x00, 0x43];
            assert_eq!(PubArea::parse(&rsa_area(&symmetric, NULL)).map(|area| area.key), Ok(key));
        }
        let key = Key::Ecc { curve_id: 3, x: &x, y: &x };
        let ecdaa = [&[0x00, 0x1a][..], &SHA_256, &[0x00, 0x01]].concat();
        for scheme in [0x18, 0x19, 0x1b, 0x1c, 0x1d].map(hashed).into_iter().chain([NULL.into(), ecdaa]) {
            assert_eq!(
                PubArea::parse(&ecc_area(&scheme, NULL)).map(|area| area.key),
                Ok(key),
                "{scheme:02x?}"
            );
        }
        for kdf in [0x07, 0x20, 0x21, 0x22].map(hashed) {
            assert_eq!(PubArea::parse(&ecc_area(NULL, &kdf)).map(|area| area.key), Ok(key), "{kdf:02x?}");
        }
    }

    #[test]
    fn sizes_are_at_most_those_of_part_2() {
        let rsa = |policy, n| area(0x01, policy, &[NULL, NULL], &[0x20, 0x00, 0, 0, 0, 0], &[], &[n]);
        let ecc = |x, y| area(0x23, 0, &[NULL, NULL], &[0x00, 0x03], NULL, &[x, y]);
        for longest in [rsa(64, 1024), ecc(80, 80)] {
            assert!(PubArea::parse(&longest).is_ok());
        }
        let field = |bytes: &[u8]| match PubArea::parse(bytes) {
            Err(PubAreaError::Structure(TpmStructureError::Value { field, .. })) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(&rsa(65, 256)), "authPolicy");
        assert_eq!(field(&rsa(0, 1025)), "unique");
        assert_eq!(field(&ecc(81, 32)), "unique.x");
        assert_eq!(field(&ecc(32, 81)), "unique.y");
    }

    #[test]
    fn a_name_is_an_algorithm_and_the_hash_of_the_area() {
        let bytes = ecc(&[0x00, 0x10], &X, &Y);
        let area = PubArea::parse(&bytes).unwrap();
        let name = |alg: [u8; 2], hash: Hash| [&alg[..], &hash.digest(&[&bytes])].concat();
        let hash = area.name_hash().unwrap();
        assert!(area.has_name(&name([0x00, 0x0b], Hash::Sha256), hash));
        assert!(!area.has_name(&name([0x00, 0x04], Hash::Sha1), hash), "another algorithm than nameAlg");
        assert!(!area.has_name(&name([0x00, 0x0c], Hash::Sha256), hash));
        assert!(!area.has_name(&[0x00], hash) && !area.has_name(&[], hash));
    }
}
