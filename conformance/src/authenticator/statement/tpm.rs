//! `tpm` ([section 8.3]): a TPM 2.0 certifies that it holds the credential key.
//!
//! [section 8.3]: https://www.w3.org/TR/webauthn-3/#sctn-tpm-attestation

mod certificate;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::subject::{Subject, x5c};
use crate::authenticator::algorithm::Algorithm;
use crate::authenticator::authority::flip_last_bit;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::config::Hash;
use crate::authenticator::der;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::PublicKey;

/// TPM_ALG_NULL.
const NULL: u16 = 0x0010;
/// TPM_GENERATED_VALUE.
const GENERATED: u32 = 0xff54_4347;
/// TPM_ST_ATTEST_CERTIFY and TPM_ST_ATTEST_QUOTE.
const CERTIFY: u16 = 0x8017;
const QUOTE: u16 = 0x8018;

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let key = subject.attestation_key();
    let algorithm = key.algorithm();
    let pub_area = pub_area(subject);
    let cert_info = cert_info(subject, algorithm, &pub_area);
    let signature = subject.sign(&key, &cert_info);
    let signature =
        if subject.config.tpm.tpmt_signature { tpmt_signature(algorithm, &signature) } else { signature };
    let version = if subject.fault == Some(Fault::TpmVersionOther) { "1.2" } else { "2.0" };
    let leaf = certificate::aik(subject, &key.public());
    let mut statement = Cbor::object([
        ("ver", version.into()),
        ("alg", algorithm.cose().into()),
        ("x5c", x5c(subject.authority.certify(leaf, subject.config.path, subject.fault))),
        ("sig", signature.into()),
        ("certInfo", cert_info.into()),
        ("pubArea", pub_area.into()),
    ]);
    match subject.fault {
        Some(Fault::TpmVersionMissing) => statement.remove("ver"),
        Some(Fault::TpmCertInfoMissing) => statement.remove("certInfo"),
        Some(Fault::TpmPubAreaMissing) => statement.remove("pubArea"),
        _ => {}
    }
    statement
}

/// `TPMT_PUBLIC` of the credential key.
fn pub_area(subject: &Subject<'_>) -> Vec<u8> {
    let public = match subject.fault {
        Some(Fault::TpmUniqueOther) => subject.key.other().public(),
        _ => subject.key.public(),
    };
    let name_hash = subject.config.tpm.name_hash;
    let attributes = subject.config.tpm.attributes.to_be_bytes();
    let mut out = Vec::new();
    match public {
        PublicKey::Rsa { n, e } => {
            let mut exponent = [0; 4];
            for (to, from) in exponent.iter_mut().rev().zip(e.iter().rev()) {
                *to = *from;
            }
            let bits = u16::try_from(n.len()).unwrap_or_default().saturating_mul(8);
            // 65537 is written as zero.
            let exponent = if exponent == [0, 1, 0, 1] { [0; 4] } else { exponent };
            out.extend(0x0001_u16.to_be_bytes());
            out.extend(name_hash.id().to_be_bytes());
            out.extend(attributes);
            sized(&mut out, &[]);
            out.extend(NULL.to_be_bytes()); // symmetric
            out.extend(NULL.to_be_bytes()); // scheme
            out.extend(bits.to_be_bytes());
            out.extend(exponent);
            sized(&mut out, &n);
        }
        PublicKey::Ec { crv, x, y } => {
            let curve: u16 = match crv {
                1 => 0x0003,
                2 => 0x0004,
                _ => 0x0005,
            };
            out.extend(0x0023_u16.to_be_bytes());
            out.extend(name_hash.id().to_be_bytes());
            out.extend(attributes);
            sized(&mut out, &[]);
            out.extend(NULL.to_be_bytes()); // symmetric
            out.extend(NULL.to_be_bytes()); // scheme
            out.extend(curve.to_be_bytes());
            out.extend(NULL.to_be_bytes()); // kdf
            sized(&mut out, &x);
            sized(&mut out, &y);
        }
        PublicKey::Okp { .. } | PublicKey::Akp { .. } => {}
    }
    if subject.fault == Some(Fault::TpmPubAreaTrailing) {
        out.push(0);
    }
    out
}

/// `TPMS_ATTEST` over the name of `pub_area`.
fn cert_info(subject: &Subject<'_>, algorithm: Algorithm, pub_area: &[u8]) -> Vec<u8> {
    let fault = subject.fault;
    let mut extra_data = hash_of(algorithm).digest(&subject.message());
    if fault == Some(Fault::TpmExtraDataOther) {
        extra_data.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let mut name = subject.config.tpm.name_hash.id().to_be_bytes().to_vec();
    name.extend(subject.config.tpm.name_hash.digest(pub_area));
    if fault == Some(Fault::TpmNameOther) {
        flip_last_bit(&mut name);
    }
    let magic = if fault == Some(Fault::TpmMagicOther) { !GENERATED } else { GENERATED };
    let kind = if fault == Some(Fault::TpmTypeOther) { QUOTE } else { CERTIFY };
    let mut out = Vec::new();
    out.extend(magic.to_be_bytes());
    out.extend(kind.to_be_bytes());
    sized(&mut out, &qualified_name(subject, "tpm/qualified signer"));
    sized(&mut out, &extra_data);
    out.extend(subject.seed.bytes::<8>("tpm/clock"));
    out.extend([0, 0, 0, 3, 0, 0, 0, 1, 1]); // resetCount, restartCount, safe
    out.extend(subject.seed.bytes::<8>("tpm/firmware version"));
    sized(&mut out, &name);
    sized(&mut out, &qualified_name(subject, "tpm/qualified name"));
    match fault {
        Some(Fault::TpmCertInfoTruncated) => {
            out.pop();
        }
        Some(Fault::TpmCertInfoTrailing) => out.push(0),
        _ => {}
    }
    out
}

/// The qualified name of an object in its hierarchy. Only the TPM can check it.
fn qualified_name(subject: &Subject<'_>, label: &str) -> Vec<u8> {
    let hash = Hash::Sha256;
    [&hash.id().to_be_bytes()[..], &hash.digest(&subject.seed.bytes::<32>(label))].concat()
}

/// `TPMT_SIGNATURE` around a signature.
fn tpmt_signature(algorithm: Algorithm, signature: &[u8]) -> Vec<u8> {
    let hash = hash_of(algorithm).id().to_be_bytes();
    let mut out = Vec::new();
    if algorithm.is_ecdsa() {
        out.extend(0x0018_u16.to_be_bytes());
        out.extend(hash);
        for number in der::integers_of(signature) {
            sized(&mut out, number);
        }
    } else {
        out.extend(0x0014_u16.to_be_bytes());
        out.extend(hash);
        sized(&mut out, signature);
    }
    out
}

/// A `TPM2B`: a length of two bytes, then the bytes.
fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The hash of a signature algorithm.
const fn hash_of(algorithm: Algorithm) -> Hash {
    match algorithm {
        Algorithm::Rs1 => Hash::Sha1,
        Algorithm::Es384 | Algorithm::Esp384 | Algorithm::Rs384 | Algorithm::Ps384 => Hash::Sha384,
        Algorithm::Es512 | Algorithm::Esp512 | Algorithm::Rs512 | Algorithm::Ps512 => Hash::Sha512,
        _ => Hash::Sha256,
    }
}

impl Hash {
    /// The TPM's number for it.
    const fn id(self) -> u16 {
        match self {
            Self::Sha1 => 0x0004,
            Self::Sha256 => 0x000b,
            Self::Sha384 => 0x000c,
            Self::Sha512 => 0x000d,
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}
