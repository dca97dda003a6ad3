//! `GeneralName` (RFC 5280 section 4.2.1.6).

use alloc::vec::Vec;

use der::Tag;

use super::name::Name;
use super::tlv::{DerError, Reader, Tlv};

/// A name in `subjectAltName`, in a name constraint or in a distribution point.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeneralName<'a> {
    /// `otherName [0]`: the content, not parsed.
    Other(&'a [u8]),
    /// `rfc822Name [1]`: a mailbox.
    Rfc822(&'a str),
    /// `dNSName [2]`.
    Dns(&'a str),
    /// `x400Address [3]`: the content, not parsed.
    X400(&'a [u8]),
    /// `directoryName [4]`.
    Directory(Name),
    /// `ediPartyName [5]`: the content, not parsed.
    EdiParty(&'a [u8]),
    /// `uniformResourceIdentifier [6]`.
    Uri(&'a str),
    /// `iPAddress [7]`: 4 or 16 bytes, twice as many in a name constraint.
    Ip(&'a [u8]),
    /// `registeredID [8]`: the content of an OBJECT IDENTIFIER.
    RegisteredId(&'a [u8]),
}

impl<'a> GeneralName<'a> {
    /// Reads a name of any kind.
    pub(super) fn read(tlv: &Tlv<'a>, field: &'static str) -> Result<Self, DerError> {
        let Tag::ContextSpecific { constructed, number } = tlv.tag else { return Err(tlv.error(field)) };
        let text = || {
            let text = core::str::from_utf8(tlv.value).ok().filter(|text| text.is_ascii());
            text.ok_or(tlv.error(field))
        };
        match (number.value(), constructed) {
            (0, true) => Ok(Self::Other(tlv.value)),
            (1, false) => text().map(Self::Rfc822),
            (2, false) => text().map(Self::Dns),
            (3, true) => Ok(Self::X400(tlv.value)),
            // Name is a CHOICE, so the tag is explicit.
            (4, true) => {
                let mut reader = tlv.reader();
                let name = Name::read(&reader.take(Tag::Sequence, field)?, field)?;
                reader.finish(field)?;
                Ok(Self::Directory(name))
            }
            (5, true) => Ok(Self::EdiParty(tlv.value)),
            (6, false) => text().map(Self::Uri),
            (7, false) => Ok(Self::Ip(tlv.value)),
            (8, false) => Ok(Self::RegisteredId(tlv.value)),
            _ => Err(tlv.error(field)),
        }
    }

    /// Reads the remaining names.
    pub(super) fn read_all(reader: &mut Reader<'a>, field: &'static str) -> Result<Vec<Self>, DerError> {
        let mut names = Vec::new();
        while !reader.is_finished() {
            names.push(Self::read(&reader.any(field)?, field)?);
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(der: &[u8]) -> Result<Vec<GeneralName<'_>>, DerError> {
        GeneralName::read_all(&mut Reader::new(der), "names")
    }

    #[test]
    fn every_kind_is_read_by_its_tag() {
        let expected = [
            (&[0xa0, 1, 0][..], GeneralName::Other(&[0])),
            (&[0x81, 1, b'a'], GeneralName::Rfc822("a")),
            (&[0x82, 1, b'b'], GeneralName::Dns("b")),
            (&[0xa3, 1, 3], GeneralName::X400(&[3])),
            (&[0xa5, 1, 5], GeneralName::EdiParty(&[5])),
            (&[0x86, 1, b'c'], GeneralName::Uri("c")),
            (&[0x87, 1, 7], GeneralName::Ip(&[7])),
            (&[0x88, 1, 8], GeneralName::RegisteredId(&[8])),
        ];
        for (der, name) in expected {
            assert_eq!(read(der).as_deref(), Ok(&[name][..]));
        }
        // An empty Name within the explicit tag.
        assert!(matches!(read(&[0xa4, 2, 0x30, 0]).as_deref(), Ok([GeneralName::Directory(_)])));
    }

    #[test]
    fn a_kind_in_the_other_form_is_rejected() {
        let (constructed, primitive) = ([0xa1, 0xa2, 0xa6, 0xa7, 0xa8], [0x80, 0x83, 0x84, 0x85]);
        for tag in constructed.iter().chain(&primitive).chain(&[0x89]) {
            assert!(read(&[*tag, 0]).is_err(), "{tag:#x}");
        }
    }
}
