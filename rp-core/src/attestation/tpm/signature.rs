//! `sig` in the form of the specification and in the forms of authenticators in the field.

use alloc::borrow::Cow;

use super::read::{MAX_ECC_LEN, MAX_RSA_LEN, Reader, TpmStructureError};
use crate::cose::Algorithm;
use crate::crypto::{self, Hash, Key};

/// The signature in the form that [`crypto::verify`] takes.
///
/// The specification says `TPMT_SIGNATURE` (TPM 2.0 Part 2, section 11.3.4). Windows, and the specification's own
/// example, send what other formats send: the bare bytes of RSA, and for ECDSA the DER of 6.5.5. Both are read;
/// no bytes are both, as DER begins with 0x30, a `TPMT_SIGNATURE` with 0x00, and bare RSA is as long as its key.
///
/// Returns `None` for a `TPMT_SIGNATURE` of another algorithm than `alg`.
pub(super) fn read<'a>(sig: &'a [u8], key: &Key, alg: Algorithm) -> Option<Cow<'a, [u8]>> {
    let is_bare = match key.rsa_parts() {
        Some((n, _)) => sig.len() == n.len(),
        None => sig.first() != Some(&0),
    };
    if is_bare { Some(Cow::Borrowed(sig)) } else { tpmt(sig, alg).ok()? }
}

fn tpmt(sig: &[u8], alg: Algorithm) -> Result<Option<Cow<'_, [u8]>>, TpmStructureError> {
    let mut reader = Reader::new("sig", sig);
    let scheme = reader.u16("sigAlg")?;
    let hash = hash_by_id(reader.u16("hash")?);
    let signature = match scheme {
        ALG_RSASSA | ALG_RSAPSS => Some(Cow::Borrowed(reader.sized(MAX_RSA_LEN, "sig")?)),
        _ => {
            let r = reader.sized(MAX_ECC_LEN, "signatureR")?;
            crypto::ecdsa_der(r, reader.sized(MAX_ECC_LEN, "signatureS")?).map(Cow::Owned)
        }
    };
    reader.finish()?;
    let fits = scheme == scheme_of(alg) && hash == hash_of(alg);
    Ok(signature.filter(|_| fits))
}

/// The TPM_ALG_ID of a signature algorithm without its hash.
fn scheme_of(alg: Algorithm) -> u16 {
    match alg {
        Algorithm::Rs1 | Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => ALG_RSASSA,
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => ALG_RSAPSS,
        _ => ALG_ECDSA,
    }
}

const ALG_RSASSA: u16 = 0x0014;
const ALG_RSAPSS: u16 = 0x0016;
const ALG_ECDSA: u16 = 0x0018;

/// The hash of a TPM_ALG_ID (TPM 2.0 Part 2, section 6.3); `None` for hashes that TPMs with WebAuthn do not use.
pub(super) fn hash_by_id(id: u16) -> Option<Hash> {
    match id {
        0x0004 => Some(Hash::Sha1),
        0x000b => Some(Hash::Sha256),
        0x000c => Some(Hash::Sha384),
        0x000d => Some(Hash::Sha512),
        _ => None,
    }
}

/// The hash that a signature algorithm employs; `None` for algorithms that TPMs do not have.
pub(super) fn hash_of(algorithm: Algorithm) -> Option<Hash> {
    match algorithm {
        Algorithm::Rs1 => Some(Hash::Sha1),
        Algorithm::Es256 | Algorithm::Esp256 | Algorithm::Rs256 | Algorithm::Ps256 => Some(Hash::Sha256),
        Algorithm::Es384 | Algorithm::Esp384 | Algorithm::Rs384 | Algorithm::Ps384 => Some(Hash::Sha384),
        Algorithm::Es512 | Algorithm::Esp512 | Algorithm::Rs512 | Algorithm::Ps512 => Some(Hash::Sha512),
        // No TPM_ECC_CURVE is secp256k1.
        Algorithm::Es256k
        | Algorithm::EdDsa
        | Algorithm::Ed25519
        | Algorithm::Ed448
        | Algorithm::MlDsa44
        | Algorithm::MlDsa65
        | Algorithm::MlDsa87 => None,
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use super::*;
    use crate::x509::test_certs;

    fn key() -> Key {
        Key::from_spki(&test_certs::spki(1)).unwrap()
    }

    const TPMT: [u8; 10] = [0x00, 0x18, /* ECDSA */ 0x00, 0x0b, /* SHA-256 */ 0, 1, 0x80, 0, 1, 7];

    #[test]
    fn a_tpmt_signature_becomes_der() {
        let der = [0x30, 7, 2, 2, 0, 0x80, 2, 1, 7];
        assert_eq!(read(&TPMT, &key(), Algorithm::Es256).as_deref(), Some(&der[..]));
        assert_eq!(read(&der, &key(), Algorithm::Es256).as_deref(), Some(&der[..]));
    }

    #[test]
    fn a_tpmt_signature_of_another_algorithm_is_rejected() {
        for (at, byte) in [(3, 0x0c), (3, 0xff), (1, 0x14), (1, 0x1a)] {
            let mut other = TPMT;
            other[at] = byte;
            assert_eq!(read(&other, &key(), Algorithm::Es256), None, "byte {at} {byte:#04x}");
        }
        assert_eq!(read(&[&TPMT[..], &[0]].concat(), &key(), Algorithm::Es256), None, "a byte behind");
        assert_eq!(read(&TPMT[..9], &key(), Algorithm::Es256), None, "cut");
    }
}
