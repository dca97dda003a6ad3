use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use der::Tag;

use crate::attestation::verified::Provenance;
use crate::x509::tlv::{Reader, Tlv, context, sequence};
use crate::x509::{Certificate, DerError};

/// The key description, an extension that Android's key stores add to a certificate ([schema]).
///
/// Versions 1 to 4 are from Keymaster, 100 to 400 from KeyMint. The fields that WebAuthn uses are the same in all of
/// them, and unknown entries are ignored, so the version is not compared with a list.
///
/// [schema]: https://source.android.com/docs/security/features/keystore/attestation#schema
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyDescription<'a> {
    /// The environment that made the attestation.
    pub(super) attestation_security_level: Provenance,
    /// The environment that holds the key.
    pub(super) key_security_level: Provenance,
    pub(super) attestation_challenge: &'a [u8],
    pub(super) software_enforced: AuthorizationList,
    /// `hardwareEnforced` in KeyMint's schema.
    pub(super) tee_enforced: AuthorizationList,
}

/// The entries of an `AuthorizationList` that WebAuthn uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AuthorizationList {
    pub(super) purpose: Option<Vec<u64>>,
    pub(super) all_applications: bool,
    pub(super) origin: Option<u64>,
}

const KEY_DESCRIPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.17");

impl<'a> KeyDescription<'a> {
    /// The key description of a certificate, if it has one.
    pub(super) fn of(certificate: &'a Certificate) -> Result<Option<Self>, DerError> {
        certificate.extension(&KEY_DESCRIPTION).map(|extension| Self::parse(extension.value)).transpose()
    }

    fn parse(value: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = sequence(value, "keyDescription")?;
        reader.take(Tag::Integer, "attestationVersion")?.unsigned("attestationVersion")?;
        let attestation_security_level = security_level(&mut reader, "attestationSecurityLevel")?;
        reader.take(Tag::Integer, "keyMintVersion")?.unsigned("keyMintVersion")?;
        let key_security_level = security_level(&mut reader, "keyMintSecurityLevel")?;
        let attestation_challenge = reader.take(Tag::OctetString, "attestationChallenge")?.value;
        reader.take(Tag::OctetString, "uniqueId")?;
        let software_enforced = AuthorizationList::read(&mut reader, "softwareEnforced")?;
        let tee_enforced = AuthorizationList::read(&mut reader, "teeEnforced")?;
        reader.finish("keyDescription")?;
        Ok(Self {
            attestation_security_level,
            key_security_level,
            attestation_challenge,
            software_enforced,
            tee_enforced,
        })
    }

    /// The environment that holds the key, as far as every part of the description states it. A key whose origin is
    /// stated only by the operating system counts as a software key.
    pub(super) fn provenance(&self) -> Provenance {
        match self.tee_enforced.origin {
            Some(_) => self.attestation_security_level.min(self.key_security_level),
            None => Provenance::Software,
        }
    }
}

/// `SecurityLevel ::= ENUMERATED { Software (0), TrustedEnvironment (1), StrongBox (2) }`. An unknown level counts as
/// software.
fn security_level(reader: &mut Reader<'_>, field: &'static str) -> Result<Provenance, DerError> {
    let level = reader.take(Tag::Enumerated, field)?;
    level.integer(field)?;
    Ok(match level.value {
        [1] => Provenance::TrustedEnvironment,
        [2] => Provenance::StrongBox,
        _ => Provenance::Software,
    })
}

impl AuthorizationList {
    /// Reads the entries. An entry that occurs twice is rejected, because its value would be ambiguous.
    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, DerError> {
        let mut entries = reader.take(Tag::Sequence, field)?.reader();
        let mut list = Self::default();
        let mut seen = BTreeSet::new();
        while !entries.is_finished() {
            let entry = entries.any(field)?;
            if !matches!(entry.tag, Tag::ContextSpecific { .. }) || !seen.insert(entry.tag) {
                return Err(entry.error(field));
            }
            if entry.tag == PURPOSE {
                list.purpose = Some(purposes(&entry)?);
            } else if entry.tag == ALL_APPLICATIONS {
                list.all_applications = true;
            } else if entry.tag == ORIGIN {
                let mut value = entry.reader();
                list.origin = Some(value.take(Tag::Integer, "origin")?.unsigned("origin")?);
                value.finish("origin")?;
            }
        }
        Ok(list)
    }
}

/// `purpose [1] EXPLICIT SET OF INTEGER`.
fn purposes(entry: &Tlv<'_>) -> Result<Vec<u64>, DerError> {
    let mut value = entry.reader();
    let mut set = value.take(Tag::Set, "purpose")?.reader();
    value.finish("purpose")?;
    let mut purposes = Vec::new();
    while !set.is_finished() {
        purposes.push(set.take(Tag::Integer, "purpose")?.unsigned("purpose")?);
    }
    Ok(purposes)
}

const PURPOSE: Tag = context(1, true);
const ALL_APPLICATIONS: Tag = context(600, true);
const ORIGIN: Tag = context(702, true);

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use super::*;
    use crate::x509::test_certs::{sequence, tlv};

    fn integer(value: u8) -> Vec<u8> {
        tlv(0x02, &[value])
    }

    /// `[number] EXPLICIT`, the tag in one byte or in three.
    fn explicit(number: u16, value: &[u8]) -> Vec<u8> {
        match u8::try_from(number) {
            Ok(low @ ..=30) => tlv(0xa0 | low, value),
            _ => {
                let low = tlv(u8::try_from(number & 0x7f).unwrap(), value);
                [&[0xbf, 0x80 | u8::try_from(number >> 7).unwrap()][..], &low].concat()
            }
        }
    }

    fn description(version: &[u8], levels: [u8; 2], software: &[Vec<u8>], tee: &[Vec<u8>]) -> Vec<u8> {
        sequence(&[
            &tlv(0x02, version),
            &tlv(0x0a, &[levels[0]]),
            &tlv(0x02, version),
            &tlv(0x0a, &[levels[1]]),
            &tlv(0x04, b"challenge"),
            &tlv(0x04, b""),
            &tlv(0x30, &software.concat()),
            &tlv(0x30, &tee.concat()),
        ])
    }

    fn signing() -> Vec<Vec<u8>> {
        // purpose {SIGN}, ecCurve P-256, noAuthRequired, origin GENERATED, rootOfTrust, and one that is ignored
        [
            explicit(1, &tlv(0x31, &integer(2))),
            explicit(10, &integer(1)),
            explicit(503, &tlv(0x05, &[])),
            explicit(702, &integer(0)),
            explicit(704, &sequence(&[b"\x04\x00"])),
            explicit(724, &tlv(0x04, &[7; 32])),
        ]
        .into()
    }

    #[test]
    fn every_version_from_1_to_400_reads_the_same() {
        for version in [&[1][..], &[2], &[3], &[4], &[100], &[0, 200], &[1, 44], &[1, 0x90]] {
            let der = description(version, [1, 1], &[explicit(701, &integer(5))], &signing());
            let read = KeyDescription::parse(&der).unwrap();
            assert_eq!(read.attestation_challenge, b"challenge");
            assert_eq!(read.software_enforced, AuthorizationList::default());
            let (purpose, origin) = (Some([2].into()), Some(0));
            assert_eq!(read.tee_enforced, AuthorizationList { purpose, all_applications: false, origin });
        }
    }

    #[test]
    fn all_applications_is_found_in_both_lists() {
        let all = [explicit(600, &tlv(0x05, &[]))];
        let der = description(&[3], [1, 1], &all, &signing());
        assert!(KeyDescription::parse(&der).unwrap().software_enforced.all_applications);
        let der = description(&[3], [1, 1], &[], &all);
        assert!(KeyDescription::parse(&der).unwrap().tee_enforced.all_applications);
    }

    #[test]
    fn provenance_is_the_least_that_attestation_and_origin_state() {
        let provenance = |levels, software: &[Vec<u8>], tee: &[Vec<u8>]| {
            KeyDescription::parse(&description(&[100], levels, software, tee)).unwrap().provenance()
        };
        assert_eq!(provenance([2, 2], &[], &signing()), Provenance::StrongBox);
        assert_eq!(provenance([1, 2], &[], &signing()), Provenance::TrustedEnvironment);
        assert_eq!(provenance([1, 0], &[], &signing()), Provenance::Software);
        assert_eq!(provenance([100, 100], &[], &signing()), Provenance::Software, "an unknown level");
        assert_eq!(provenance([2, 2], &signing(), &[]), Provenance::Software, "stated by the system only");
    }

    #[test]
    fn an_entry_that_occurs_twice_is_rejected() {
        let twice = [explicit(702, &integer(0)), explicit(702, &integer(2))];
        let refused = KeyDescription::parse(&description(&[3], [1, 1], &[], &twice)).unwrap_err();
        assert_eq!(refused.field, "teeEnforced");
    }

    #[test]
    fn many_unknown_entries_cost_no_more_than_sorting() {
        // Tag numbers of three bytes each. Comparing each entry with all before it would take minutes.
        let entry = |number: u32| {
            let digit = |shift: u32| u8::try_from(number >> shift & 0x7f).unwrap();
            [0xbf, 0x80 | digit(14), 0x80 | digit(7), digit(0), 0x02, 0x05, 0x00]
        };
        let entries: Vec<u8> = (20_000..120_000).rev().flat_map(entry).collect();
        let der = description(&[3], [1, 1], &[entries], &signing());
        assert!(KeyDescription::parse(&der).is_ok());
    }

    #[test]
    fn anything_that_the_schema_does_not_allow_is_rejected() {
        let field = |der: &[u8]| KeyDescription::parse(der).unwrap_err().field;
        let der = description(&[3], [1, 1], &[], &signing());
        assert_eq!(field(&[&der[..], &[0]].concat()), "keyDescription", "a trailing byte");
        assert_eq!(field(&der[..der.len() - 1]), "keyDescription", "cut");
        assert_eq!(field(&description(&[3], [1, 1], &[], &[integer(2)])), "teeEnforced", "no tag of its own");
        let two = explicit(702, &[integer(0), integer(2)].concat());
        assert_eq!(field(&description(&[3], [1, 1], &[two], &[])), "origin", "two values under one tag");
        let bare = explicit(1, &integer(2));
        assert_eq!(field(&description(&[3], [1, 1], &[bare], &[])), "purpose", "no set");
    }
}
