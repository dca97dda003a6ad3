//! A DER reader that keeps the offset of each value.

use core::ops::Range;

use der::asn1::AnyRef;
use der::{Decode, Reader as _, SliceReader, Tag, TagNumber};

use super::oid::Oid;

/// A field is not valid DER, or not the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: malformed DER at byte {offset}")]
pub struct DerError {
    /// The name of the field in RFC 5280.
    pub field: &'static str,
    /// The offset of the malformed value from the start of the input.
    pub offset: usize,
}

/// One value: its tag, its content and its whole encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: Tag,
    pub(crate) value: &'a [u8],
    pub(crate) raw: &'a [u8],
    start: usize,
}

impl<'a> Tlv<'a> {
    /// The range of the whole encoding in the input.
    pub(crate) fn raw_range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.raw.len())
    }

    /// The range of the content in the input.
    pub(crate) fn value_range(&self) -> Range<usize> {
        let end = self.start.saturating_add(self.raw.len());
        end.saturating_sub(self.value.len())..end
    }

    /// A reader for the content as a series of values.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { bytes: self.value, at: 0, base: self.value_range().start }
    }

    /// An error at this value.
    pub(crate) fn error(&self, field: &'static str) -> DerError {
        DerError { field, offset: self.start }
    }

    /// The range of the bytes of a BIT STRING, with any number of unused bits.
    pub(crate) fn bits(&self, field: &'static str) -> Result<Range<usize>, DerError> {
        let range = self.value_range();
        match self.value.first() {
            Some(0..=7) => Ok(range.start.saturating_add(1)..range.end),
            _ => Err(self.error(field)),
        }
    }

    /// The octets of an OBJECT IDENTIFIER of any length; its arcs are not decoded.
    pub(crate) fn oid(&self, field: &'static str) -> Result<Oid<'a>, DerError> {
        match (self.tag, self.value.last()) {
            (Tag::ObjectIdentifier, Some(0..=0x7f)) => Ok(Oid::new(self.value)),
            _ => Err(self.error(field)),
        }
    }

    /// A BOOLEAN: zero or all ones.
    pub(crate) fn boolean(&self, field: &'static str) -> Result<bool, DerError> {
        match self.value {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(self.error(field)),
        }
    }

    /// An INTEGER that is not negative. A value that does not fit saturates.
    pub(crate) fn unsigned(&self, field: &'static str) -> Result<u64, DerError> {
        self.integer(field)?;
        if self.value.first().is_none_or(|first| first & 0x80 != 0) {
            return Err(self.error(field));
        }
        let digits = self.value.strip_prefix(&[0]).unwrap_or(self.value);
        if digits.len() > size_of::<u64>() {
            return Ok(u64::MAX);
        }
        Ok(digits.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// The content of an INTEGER in its shortest form, of any sign and length.
    pub(crate) fn integer(&self, field: &'static str) -> Result<&'a [u8], DerError> {
        match self.value {
            [] => Err(self.error(field)),
            [0x00, next, ..] if next & 0x80 == 0 => Err(self.error(field)),
            [0xff, next, ..] if next & 0x80 != 0 => Err(self.error(field)),
            shortest => Ok(shortest),
        }
    }
}

/// A series of values.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, base: 0 }
    }

    /// The offset of the next value from the start of the input.
    pub(crate) const fn offset(&self) -> usize {
        self.base.saturating_add(self.at)
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next value, of any tag.
    #[inline]
    pub(crate) fn any(&mut self, field: &'static str) -> Result<Tlv<'a>, DerError> {
        let error = DerError { field, offset: self.offset() };
        let rest = self.bytes.get(self.at..).ok_or(error)?;
        let (tag, value, raw) = short(rest).or_else(|| general(rest)).ok_or(error)?;
        self.at = self.at.saturating_add(raw.len());
        Ok(Tlv { tag, value, raw, start: error.offset })
    }

    /// The next value. It must have this tag.
    #[inline]
    pub(crate) fn take(&mut self, tag: Tag, field: &'static str) -> Result<Tlv<'a>, DerError> {
        let offset = self.offset();
        let tlv = self.any(field)?;
        if tlv.tag == tag { Ok(tlv) } else { Err(DerError { field, offset }) }
    }

    /// The next value if it has this tag.
    pub(crate) fn take_optional(
        &mut self,
        tag: Tag,
        field: &'static str,
    ) -> Result<Option<Tlv<'a>>, DerError> {
        if self.is_finished() {
            return Ok(None);
        }
        let mut ahead = self.clone();
        let tlv = ahead.any(field)?;
        if tlv.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(tlv))
    }

    /// Checks that no value is left.
    pub(crate) fn finish(self, field: &'static str) -> Result<(), DerError> {
        if self.is_finished() { Ok(()) } else { Err(DerError { field, offset: self.offset() }) }
    }
}

/// The tag, the content and the whole encoding of the value at the start of the input.
type Parts<'a> = (Tag, &'a [u8], &'a [u8]);

/// Reads a value with a frequent tag and less than 64 KiB, several times as fast as [`general`]. `None` for any other
/// input, valid or not.
fn short(input: &[u8]) -> Option<Parts<'_>> {
    let (&tag, after_tag) = input.split_first()?;
    let tag = match tag {
        0x01 => Tag::Boolean,
        0x02 => Tag::Integer,
        0x03 => Tag::BitString,
        0x04 => Tag::OctetString,
        0x05 => Tag::Null,
        0x06 => Tag::ObjectIdentifier,
        0x0c => Tag::Utf8String,
        0x13 => Tag::PrintableString,
        0x16 => Tag::Ia5String,
        0x17 => Tag::UtcTime,
        0x18 => Tag::GeneralizedTime,
        0x30 => Tag::Sequence,
        0x31 => Tag::Set,
        0x80..=0x9e => context(u32::from(tag & 0x1f), false),
        0xa0..=0xbe => context(u32::from(tag & 0x1f), true),
        _ => return None,
    };
    // The shortest form of a length (X.690, section 10.1).
    let (len, content) = match *after_tag {
        [len @ 0..=0x7f, ref content @ ..] => (usize::from(len), content),
        [0x81, len @ 0x80..=0xff, ref content @ ..] => (usize::from(len), content),
        [0x82, high @ 0x01..=0xff, low, ref content @ ..] => {
            (u16::from_be_bytes([high, low]).into(), content)
        }
        _ => return None,
    };
    let header = input.len().checked_sub(content.len())?;
    Some((tag, content.get(..len)?, input.get(..header.checked_add(len)?)?))
}

/// Reads any value.
fn general(input: &[u8]) -> Option<Parts<'_>> {
    let mut reader = SliceReader::new(input).ok()?;
    let any = AnyRef::decode(&mut reader).ok()?;
    let used = usize::try_from(reader.position()).ok()?;
    Some((der::Tagged::tag(&any), any.value(), input.get(..used)?))
}

/// The content of the SEQUENCE that `bytes` consist of.
pub(crate) fn sequence<'a>(bytes: &'a [u8], field: &'static str) -> Result<Reader<'a>, DerError> {
    let mut outer = Reader::new(bytes);
    let tlv = outer.take(Tag::Sequence, field)?;
    outer.finish(field)?;
    Ok(tlv.reader())
}

/// The context-specific tag of this number, constructed or primitive.
pub(crate) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_offsets() {
        let bytes = [0x30, 0x05, /* INTEGER 7 */ 0x02, 0x01, 0x07, /* NULL */ 0x05, 0x00];
        let mut reader = sequence(&bytes, "outer").unwrap();
        let seven = reader.take(Tag::Integer, "seven").unwrap();
        assert_eq!((seven.raw_range(), seven.value_range(), seven.unsigned("seven")), (2..5, 4..5, Ok(7)));
        assert_eq!(reader.take(Tag::Integer, "eight").unwrap_err(), DerError { field: "eight", offset: 5 });
    }

    #[test]
    fn lengths_beyond_the_input_or_not_the_shortest_are_refused() {
        for bytes in [&[0x04, 0x02, 0x00][..], &[0x04, 0x81, 0x01, 0x00], &[0x24, 0x80, 0x00, 0x00], &[0x04]]
        {
            let refused = Reader::new(bytes).any("value").unwrap_err();
            assert_eq!(refused, DerError { field: "value", offset: 0 }, "{bytes:02x?}");
        }
    }

    #[test]
    fn what_the_fast_reader_reads_the_general_reader_reads_too() {
        let content = [0xaa; 0x1_0100];
        let mut read = 0;
        for tag in 0..=0xff_u8 {
            for len in [
                &[0x00][..],
                &[0x01],
                &[0x05],
                &[0x7f],
                &[0x80],
                &[0x81],
                &[0x81, 0x00],
                &[0x81, 0x7f],
                &[0x81, 0x80],
                &[0x81, 0xff],
                &[0x82, 0x00, 0xff],
                &[0x82, 0x01, 0x00],
                &[0x82, 0xff, 0xff],
                &[0x82, 0x01],
                &[0x83, 0x01, 0x00, 0x00],
                &[0x84, 0, 0, 0, 1],
                &[0xff],
            ] {
                for content in [&content[..], &content[..5], &content[..0xff], &[]] {
                    let input = [&[tag], len, content].concat();
                    if let Some(parts) = short(&input) {
                        assert_eq!(Some(parts), general(&input), "{tag:02x} {len:02x?}");
                        read += 1;
                    }
                }
            }
        }
        // Thirteen universal tags and 62 of a context, each with the same lengths and contents.
        assert_eq!(read, (13 + 62) * 21);
    }

    #[test]
    fn integers_are_in_their_shortest_form_and_saturate() {
        let read = |bytes: &[u8]| Reader::new(bytes).any("n").unwrap().unsigned("n").ok();
        assert_eq!(read(&[0x02, 0x01, 0x00]), Some(0));
        assert_eq!(read(&[0x02, 0x02, 0x00, 0x80]), Some(128));
        assert_eq!(read(&[0x02, 0x02, 0x00, 0x7f]), None, "not minimal");
        assert_eq!(read(&[0x02, 0x01, 0x80]), None, "negative");
        assert_eq!(read(&[0x02, 0x00]), None, "empty");
        let any = |bytes: &[u8]| Reader::new(bytes).any("n").unwrap().integer("n").is_ok();
        assert!(any(&[0x02, 0x01, 0xff]) && any(&[0x02, 0x02, 0xff, 0x7f]), "negative");
        assert!(!any(&[0x02, 0x02, 0xff, 0x80]), "negative, not minimal");
        assert_eq!(read(&[0x02, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Some(u64::MAX));
    }
}
