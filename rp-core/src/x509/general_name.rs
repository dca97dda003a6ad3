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
