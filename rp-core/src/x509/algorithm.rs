//! Signature algorithms of certificates and CRLs (RFC 4055, 5758, 8410, 9881).

use const_oid::ObjectIdentifier;
use const_oid::db::{fips204, rfc5912, rfc8410};
use der::Tag;

use super::tlv::{DerError, Reader, context, sequence};
use crate::crypto::{Hash, Scheme};

/// The scheme of an `AlgorithmIdentifier`; `None` if it is not accepted.
///
/// SHA-1 and MD5 are never accepted. The hash of MGF1 in RSASSA-PSS must be the hash of the message; the parameters state
/// the length of the salt.
pub(super) fn scheme(algorithm: &[u8]) -> Option<Scheme> {
    read(algorithm).ok().flatten()
}

const FIELD: &str = "signatureAlgorithm";

fn read(algorithm: &[u8]) -> Result<Option<Scheme>, DerError> {
    let mut reader = sequence(algorithm, FIELD)?;
    let oid = reader.take(Tag::ObjectIdentifier, FIELD)?.value;
    let is = |known: &ObjectIdentifier| oid == known.as_bytes();
    if is(&rfc5912::ID_RSASSA_PSS) {
        return pss(&mut reader);
    }
    // RFC 4055 section 5: the parameters of PKCS #1 v1.5 are NULL, or absent. RFC 5758 section 3.2 and RFC 8410 section 3
    // have them absent for ECDSA and EdDSA; authenticators and roots in the field write NULL.
    for (known, scheme) in [
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Scheme::RsaPkcs1Sha256),
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Scheme::RsaPkcs1Sha384),
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Scheme::RsaPkcs1Sha512),
        (rfc5912::ECDSA_WITH_SHA_256, Scheme::EcdsaSha256),
        (rfc5912::ECDSA_WITH_SHA_384, Scheme::EcdsaSha384),
        (rfc5912::ECDSA_WITH_SHA_512, Scheme::EcdsaSha512),
        (rfc8410::ID_ED_25519, Scheme::Ed25519),
        (rfc8410::ID_ED_448, Scheme::Ed448),
    ] {
        if is(&known) {
            return Ok(is_null_or_absent(&mut reader)?.then_some(scheme));
        }
    }
    // RFC 9881 section 2: the parameters are absent.
    for (known, scheme) in [
        (fips204::ID_ML_DSA_44, Scheme::MlDsa44),
        (fips204::ID_ML_DSA_65, Scheme::MlDsa65),
        (fips204::ID_ML_DSA_87, Scheme::MlDsa87),
    ] {
        if is(&known) {
            return Ok(reader.is_finished().then_some(scheme));
        }
    }
    Ok(None)
}

/// `RSASSA-PSS-params` (RFC 4055 section 3.1); the defaults, SHA-1 throughout, are not accepted.
fn pss(reader: &mut Reader<'_>) -> Result<Option<Scheme>, DerError> {
    let mut params = reader.take(Tag::Sequence, FIELD)?.reader();
    let Some(hash) = params.take_optional(context(0, true), FIELD)? else { return Ok(None) };
    let Some(mgf) = params.take_optional(context(1, true), FIELD)? else { return Ok(None) };
    let salt = params.take_optional(context(2, true), FIELD)?;
    if let Some(trailer) = params.take_optional(context(3, true), FIELD)?
        && trailer.reader().take(Tag::Integer, FIELD)?.unsigned(FIELD)? != 1
    {
        return Ok(None);
    }
    params.finish(FIELD)?;

    let mut mgf = sequence(mgf.value, FIELD)?;
    let is_mgf1 = mgf.take(Tag::ObjectIdentifier, FIELD)?.value == rfc5912::ID_MGF_1.as_bytes();
    let same_hash = hash_of(hash.value)? == hash_of(mgf.any(FIELD)?.raw)?;
    if !is_mgf1 || !same_hash || !mgf.is_finished() {
        return Ok(None);
    }
    let salt_len = match salt {
        Some(salt) => {
            let mut salt = salt.reader();
            let length = salt.take(Tag::Integer, FIELD)?.unsigned(FIELD)?;
            salt.finish(FIELD)?;
            u16::try_from(length).ok()
        }
        // saltLength [2] INTEGER DEFAULT 20
        None => Some(20),
    };
    Ok(hash_of(hash.value)?.zip(salt_len).map(|(hash, salt_len)| Scheme::RsaPss { hash, salt_len }))
}

/// The hash of an `AlgorithmIdentifier`; `None` if it is not accepted.
fn hash_of(algorithm: &[u8]) -> Result<Option<Hash>, DerError> {
    let mut reader = sequence(algorithm, FIELD)?;
    let oid = reader.take(Tag::ObjectIdentifier, FIELD)?.value;
    if !is_null_or_absent(&mut reader)? {
        return Ok(None);
    }
    let known = [
        (rfc5912::ID_SHA_256, Hash::Sha256),
        (rfc5912::ID_SHA_384, Hash::Sha384),
        (rfc5912::ID_SHA_512, Hash::Sha512),
    ];
    Ok(known.iter().find(|(known, _)| oid == known.as_bytes()).map(|(_, hash)| *hash))
}

fn is_null_or_absent(reader: &mut Reader<'_>) -> Result<bool, DerError> {
    Ok(match reader.take_optional(Tag::Null, FIELD)? {
        Some(null) => null.value.is_empty() && reader.is_finished(),
        None => reader.is_finished(),
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    const NULL: &[u8] = &[0x05, 0x00];
    const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let mut der = vec![tag, u8::try_from(value.len()).unwrap()];
        der.extend(value);
        der
    }

    fn identifier(oid: &ObjectIdentifier, parameters: &[u8]) -> Vec<u8> {
        tlv(0x30, &[&tlv(0x06, &[oid.as_bytes()]), parameters])
    }

    fn pss(hash: &ObjectIdentifier, mgf_hash: &ObjectIdentifier, salt: u8) -> Vec<u8> {
        let mgf = identifier(&rfc5912::ID_MGF_1, &identifier(mgf_hash, NULL));
        let params =
            [tlv(0xa0, &[&identifier(hash, NULL)]), tlv(0xa1, &[&mgf]), tlv(0xa2, &[&tlv(0x02, &[&[salt]])])];
        identifier(&rfc5912::ID_RSASSA_PSS, &tlv(0x30, &[&params.concat()]))
    }

    #[test]
    fn parameters_are_null_or_absent_and_of_ml_dsa_absent() {
        for (oid, expected) in [
            (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Scheme::RsaPkcs1Sha256),
            (rfc5912::ECDSA_WITH_SHA_384, Scheme::EcdsaSha384),
            (rfc8410::ID_ED_25519, Scheme::Ed25519),
            (rfc8410::ID_ED_448, Scheme::Ed448),
        ] {
            assert_eq!(scheme(&identifier(&oid, NULL)), Some(expected));
            assert_eq!(scheme(&identifier(&oid, &[])), Some(expected));
            for other in [&[0x30, 0x00][..], &[0x05, 0x01, 0x00], &[0x05, 0x00, 0x05, 0x00]] {
                assert_eq!(scheme(&identifier(&oid, other)), None, "{oid} {other:02x?}");
            }
        }
        assert_eq!(scheme(&identifier(&fips204::ID_ML_DSA_44, &[])), Some(Scheme::MlDsa44));
        assert_eq!(scheme(&identifier(&fips204::ID_ML_DSA_44, NULL)), None);
    }

    #[test]
    fn every_identifier_is_of_its_scheme() {
        for (oid, expected) in [
            ("1.2.840.113549.1.1.11", Scheme::RsaPkcs1Sha256),
            ("1.2.840.113549.1.1.12", Scheme::RsaPkcs1Sha384),
            ("1.2.840.113549.1.1.13", Scheme::RsaPkcs1Sha512),
            ("1.2.840.10045.4.3.2", Scheme::EcdsaSha256),
            ("1.2.840.10045.4.3.3", Scheme::EcdsaSha384),
            ("1.2.840.10045.4.3.4", Scheme::EcdsaSha512),
            ("1.3.101.112", Scheme::Ed25519),
            ("1.3.101.113", Scheme::Ed448),
            ("2.16.840.1.101.3.4.3.17", Scheme::MlDsa44),
            ("2.16.840.1.101.3.4.3.18", Scheme::MlDsa65),
            ("2.16.840.1.101.3.4.3.19", Scheme::MlDsa87),
        ] {
            assert_eq!(scheme(&identifier(&ObjectIdentifier::new_unwrap(oid), &[])), Some(expected), "{oid}");
        }
    }

    #[test]
    fn sha1_and_md5_are_rejected() {
        for oid in ["1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.1", "1.2.840.10040.4.3"]
        {
            assert_eq!(scheme(&identifier(&ObjectIdentifier::new_unwrap(oid), NULL)), None, "{oid}");
        }
    }

    #[test]
    fn pss_has_one_hash_and_the_salt_of_its_parameters() {
        let (sha256, sha512) = (rfc5912::ID_SHA_256, rfc5912::ID_SHA_512);
        let pss_scheme = |hash, salt_len| Some(Scheme::RsaPss { hash, salt_len });
        assert_eq!(scheme(&pss(&sha256, &sha256, 32)), pss_scheme(Hash::Sha256, 32));
        assert_eq!(scheme(&pss(&sha512, &sha512, 20)), pss_scheme(Hash::Sha512, 20));
        assert_eq!(scheme(&pss(&sha256, &sha512, 32)), None);
        assert_eq!(scheme(&pss(&SHA1, &SHA1, 20)), None);
        let defaults = identifier(&rfc5912::ID_RSASSA_PSS, &[0x30, 0x00]);
        assert_eq!(scheme(&defaults), None, "the defaults are SHA-1");
        assert_eq!(scheme(&identifier(&rfc5912::ID_RSASSA_PSS, &[])), None);
        let sha384 = rfc5912::ID_SHA_384;
        assert_eq!(scheme(&pss(&sha384, &sha384, 48)), pss_scheme(Hash::Sha384, 48));
    }

    /// `RSASSA-PSS-params` of SHA-256 with these fields.
    fn pss_of(mgf: &[u8], rest: &[&[u8]]) -> Option<Scheme> {
        let hash = tlv(0xa0, &[&identifier(&rfc5912::ID_SHA_256, NULL)]);
        let params = [&hash[..], &tlv(0xa1, &[mgf]), &rest.concat()].concat();
        scheme(&identifier(&rfc5912::ID_RSASSA_PSS, &tlv(0x30, &[&params])))
    }

    #[test]
    fn pss_parameters_have_mgf1_a_salt_length_and_trailer_1() {
        let salted = |salt_len| Some(Scheme::RsaPss { hash: Hash::Sha256, salt_len });
        let sha256 = identifier(&rfc5912::ID_SHA_256, NULL);
        let mgf1 = identifier(&rfc5912::ID_MGF_1, &sha256);
        let salt = |bytes: &[u8]| tlv(0xa2, &[&tlv(0x02, &[bytes])]);
        let trailer = |number| tlv(0xa3, &[&tlv(0x02, &[&[number]])]);
        assert_eq!(pss_of(&mgf1, &[]), salted(20), "the default");
        assert_eq!(pss_of(&mgf1, &[&salt(&[0])]), salted(0));
        assert_eq!(pss_of(&mgf1, &[&salt(&[0x00, 0xff, 0xff])]), salted(0xffff));
        assert_eq!(pss_of(&mgf1, &[&salt(&[0x01, 0x00, 0x00])]), None, "65,536 bytes");
        assert_eq!(pss_of(&mgf1, &[&salt(&[0x80])]), None, "negative");
        assert_eq!(pss_of(&mgf1, &[&salt(&[32]), &trailer(1)]), salted(32));
        assert_eq!(pss_of(&mgf1, &[&salt(&[32]), &trailer(2)]), None);
        assert_eq!(pss_of(&mgf1, &[&salt(&[32]), NULL]), None, "a field more");
        let long_salt = tlv(0xa2, &[&tlv(0x02, &[&[32]]), NULL]);
        assert_eq!(pss_of(&mgf1, &[&long_salt]), None, "a value more in the salt length");
        assert_eq!(pss_of(&identifier(&rfc5912::ID_SHA_256, &sha256), &[]), None, "not MGF1");
        assert_eq!(pss_of(&identifier(&rfc5912::ID_MGF_1, &[&sha256[..], NULL].concat()), &[]), None);
        assert_eq!(pss_of(&identifier(&rfc5912::ID_MGF_1, &[]), &[]), None, "MGF1 without a hash");
    }
}
