//! Distinguished names, compared as in RFC 5280 section 7.1.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::ops::Range;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519;
use der::Tag;

use super::tlv::{DerError, Reader, Tlv, sequence};

/// A distinguished name.
///
/// Two names are equal if their encodings are equal, or if they differ only in what [section 7.1] ignores: the type of
/// string, the case of letters, white space at the ends and in runs, and the order within one RDN.
///
/// [section 7.1]: https://www.rfc-editor.org/rfc/rfc5280#section-7.1
#[derive(Clone)]
pub struct Name {
    /// The name, and what surrounds it if it is part of a certificate.
    bytes: Arc<[u8]>,
    der: Range<usize>,
}

impl Name {
    /// Parses the DER of a `Name` to its last byte.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(der);
        let name = reader.take(Tag::Sequence, "name")?;
        reader.finish("name")?;
        Self::read(&name, "name")
    }

    /// Reads the SEQUENCE `name` and copies it.
    pub(super) fn read(name: &Tlv<'_>, field: &'static str) -> Result<Self, DerError> {
        let _ = Self::check(name, field)?;
        Ok(Self { bytes: name.raw.into(), der: 0..name.raw.len() })
    }

    /// Checks the SEQUENCE `name`, and returns where it is in the input, for [`Name::part_of`].
    pub(super) fn check(name: &Tlv<'_>, field: &'static str) -> Result<Range<usize>, DerError> {
        let mut rdns = name.reader();
        while !rdns.is_finished() {
            let rdn = rdns.take(Tag::Set, field)?;
            // RelativeDistinguishedName ::= SET SIZE (1..MAX)
            if rdn.value.is_empty() {
                return Err(rdn.error(field));
            }
            let mut attributes = rdn.reader();
            while !attributes.is_finished() {
                let _ = Attribute::read(&mut attributes, field)?;
            }
        }
        Ok(name.raw_range())
    }

    /// The name at a place that [`Name::check`] returned. It shares the bytes.
    pub(super) fn part_of(bytes: &Arc<[u8]>, der: Range<usize>) -> Self {
        Self { bytes: Arc::clone(bytes), der }
    }

    /// The DER of the name.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        self.bytes.get(self.der.clone()).unwrap_or_default()
    }

    /// Whether the name has no attributes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns().next().is_none()
    }

    /// The values of one kind of attribute as text, from all RDNs, in the order of the name.
    pub fn texts(&self, kind: &ObjectIdentifier) -> impl Iterator<Item = Cow<'_, str>> {
        let is_of_kind = |attribute: &Attribute<'_>| attribute.oid == kind.as_bytes();
        self.attributes().filter(is_of_kind).filter_map(|attribute| attribute.text())
    }

    /// The first value of one kind of attribute as text.
    #[must_use]
    pub fn text(&self, kind: &ObjectIdentifier) -> Option<Cow<'_, str>> {
        self.texts(kind).next()
    }

    /// Whether this name is in the subtree of `base`: every RDN of `base`, in order, then any others.
    pub(super) fn is_within(&self, base: &Self) -> bool {
        let mut rdns = self.rdns();
        base.rdns().all(|base| rdns.next().is_some_and(|rdn| is_same_rdn(&rdn, &base)))
    }

    fn rdns(&self) -> impl Iterator<Item = Tlv<'_>> {
        let mut rdns = sequence(self.as_der(), "name").ok();
        core::iter::from_fn(move || rdns.as_mut()?.take(Tag::Set, "name").ok())
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.rdns().flat_map(|rdn| attributes(&rdn))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        if self.as_der() == other.as_der() {
            return true;
        }
        let (mut one, mut other) = (self.rdns(), other.rdns());
        loop {
            match (one.next(), other.next()) {
                (Some(one), Some(other)) if is_same_rdn(&one, &other) => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

impl Eq for Name {}

/// The attributes of an RDN.
fn attributes<'a>(rdn: &Tlv<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let mut reader = rdn.reader();
    core::iter::from_fn(move || Attribute::read(&mut reader, "name").ok())
}

/// Whether two RDNs have the same attributes, in any order.
fn is_same_rdn(one: &Tlv<'_>, other: &Tlv<'_>) -> bool {
    if one.value == other.value {
        return true;
    }
    if let (Some(one), Some(other)) = (only_attribute(one), only_attribute(other)) {
        return one.is_same(&other);
    }
    // Sorting is for RDNs of the same number of attributes
    let (mut of_one, mut of_other) = (attributes(one), attributes(other));
    loop {
        match (of_one.next(), of_other.next()) {
            (Some(_), Some(_)) => {}
            (None, None) => return canonical(one) == canonical(other),
            _ => return false,
        }
    }
}

/// The attribute of an RDN that has one, as most have.
fn only_attribute<'a>(rdn: &Tlv<'a>) -> Option<Attribute<'a>> {
    let mut attributes = attributes(rdn);
    attributes.next().filter(|_| attributes.next().is_none())
}

/// The type of an attribute, and its text or its encoding.
type Canonical<'a> = (&'a [u8], Result<String, &'a [u8]>);

/// The attributes of an RDN, sorted.
fn canonical<'a>(rdn: &Tlv<'a>) -> Vec<Canonical<'a>> {
    let mut attributes: Vec<_> = attributes(rdn).map(|attribute| attribute.canonical()).collect();
    attributes.sort_unstable();
    attributes
}

/// The attributes in the order of the encoding, as `C=SE, O=Example, CN=Root`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        for (at, attribute) in self.attributes().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            match SHORT_NAMES.iter().find(|(oid, _)| oid.as_bytes() == attribute.oid) {
                Some((_, name)) => write!(f, "{name}=")?,
                None => match ObjectIdentifier::from_bytes(attribute.oid) {
                    Ok(oid) => write!(f, "{oid}=")?,
                    Err(_) => f.write_str("?=")?,
                },
            }
            match attribute.text() {
                // A name is untrusted: no line break or control character of it gets into a log.
                Some(text) => text.chars().try_for_each(|c| match c.is_control() {
                    true => write!(f, "{}", c.escape_default()),
                    false => f.write_char(c),
                })?,
                None => write!(f, "({} bytes)", attribute.value.value.len())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// One attribute of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) oid: &'a [u8],
    value: Tlv<'a>,
}

impl<'a> Attribute<'a> {
    fn read(reader: &mut Reader<'a>, field: &'static str) -> Result<Self, DerError> {
        let mut pair = reader.take(Tag::Sequence, field)?.reader();
        let oid = pair.take(Tag::ObjectIdentifier, field)?.value;
        let value = pair.any(field)?;
        pair.finish(field)?;
        Ok(Self { oid, value })
    }

    /// The value as text, if it is a string.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        match self.value.tag {
            // Certificates in the field have Latin-1 under the tag of T.61.
            Tag::TeletexString => Some(self.value.value.iter().copied().map(char::from).collect()),
            _ => self.exact_text(),
        }
    }

    /// The value as text, if its encoding is unambiguous.
    fn exact_text(&self) -> Option<Cow<'a, str>> {
        match self.value.tag {
            Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::NumericString
            | Tag::VisibleString => core::str::from_utf8(self.value.value).ok().map(Cow::Borrowed),
            Tag::BmpString => {
                let units = self.value.value.chunks_exact(2);
                if !units.remainder().is_empty() {
                    return None;
                }
                let units = units.filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(u16::from_be_bytes);
                char::decode_utf16(units).collect::<Result<_, _>>().ok().map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// Whether type and value are the same, as [`Name`] compares them.
    fn is_same(&self, other: &Self) -> bool {
        self.oid == other.oid
            && (self.value.raw == other.value.raw
                || match (self.exact_text(), other.exact_text()) {
                    (Some(one), Some(other)) => is_same_text(&one, &other),
                    _ => false,
                })
    }

    /// Type and value, so that two attributes are equal if [`Attribute::is_same`], and can be sorted.
    fn canonical(&self) -> Canonical<'a> {
        let text = self.exact_text().map(|text| normalised(&text).collect());
        (self.oid, text.ok_or(self.value.raw))
    }
}

/// Whether the normalised texts are equal, without normalising words that differ or are ASCII.
fn is_same_text(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.split_whitespace(), other.split_whitespace());
    loop {
        match (one.next(), other.next()) {
            (Some(one), Some(other)) if is_same_word(one, other) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn is_same_word(one: &str, other: &str) -> bool {
    let lower_case = |word: &'_ str| word.chars().flat_map(char::to_lowercase).collect::<String>();
    one.eq_ignore_ascii_case(other)
        // Letters that are not ASCII can have a lower case that is: the Kelvin sign
        || !(one.is_ascii() && other.is_ascii()) && lower_case(one) == lower_case(other)
}

/// Lower case, without white space at the ends, and with one blank for each run of white space.
fn normalised(text: &str) -> impl Iterator<Item = char> {
    let words = text.split_whitespace().enumerate();
    words.flat_map(|(index, word)| {
        let blank = (index > 0).then_some(' ');
        blank.into_iter().chain(word.chars().flat_map(char::to_lowercase))
    })
}

/// The short names of RFC 4514 section 3 that certificates use.
const SHORT_NAMES: [(ObjectIdentifier, &str); 7] = [
    (rfc4519::C, "C"),
    (rfc4519::ST, "ST"),
    (rfc4519::L, "L"),
    (rfc4519::O, "O"),
    (rfc4519::OU, "OU"),
    (rfc4519::CN, "CN"),
    (rfc4519::DC, "DC"),
];

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use const_oid::db::rfc4519::{CN, O};

    use super::*;

    const PRINTABLE: u8 = 0x13;
    const UTF8: u8 = 0x0c;
    const TELETEX: u8 = 0x14;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        let mut der = vec![tag, u8::try_from(value.len()).unwrap()];
        der.extend_from_slice(value);
        der
    }

    fn attribute(oid: &ObjectIdentifier, tag: u8, text: &str) -> Vec<u8> {
        tlv(0x30, &[tlv(0x06, oid.as_bytes()), tlv(tag, text.as_bytes())].concat())
    }

    fn name(rdns: &[&[Vec<u8>]]) -> Name {
        let rdns: Vec<_> = rdns.iter().map(|rdn| tlv(0x31, &rdn.concat())).collect();
        Name::from_der(&tlv(0x30, &rdns.concat())).unwrap()
    }

    fn common_name(tag: u8, text: &str) -> Name {
        name(&[&[attribute(&CN, tag, text)]])
    }

    #[test]
    fn type_of_string_case_and_white_space_are_ignored() {
        let root = common_name(UTF8, "Example Root");
        assert_eq!(root, common_name(PRINTABLE, "Example Root"));
        assert_eq!(root, common_name(UTF8, "  EXAMPLE \t root "));
        assert_ne!(root, common_name(UTF8, "ExampleRoot"));
        assert_ne!(root, common_name(UTF8, "Example Root 2"));
        assert_ne!(root, name(&[&[attribute(&O, UTF8, "Example Root")]]));
    }

    /// Words are compared without normalising them; sorted RDNs compare what is normalised.
    #[test]
    fn texts_are_the_same_exactly_if_normalised_texts_are() {
        let texts = [
            "",
            " ",
            "a",
            "A",
            "b",
            "a b",
            "a  b",
            "\u{b}A\u{a0}B ",
            "ab",
            "a b c",
            "k",
            "K",
            "\u{212a}",
            "ä",
            "Ä",
            "Ä b",
            "ä B",
            "ss",
            "ß",
            "İ",
            "i\u{307}",
            "ς",
            "σ",
            "Σ",
            "a\u{1c}b",
            "ak\u{212a}",
            "AKK",
        ];
        for one in texts {
            for other in texts {
                let is_same = normalised(one).eq(normalised(other));
                assert_eq!(is_same_text(one, other), is_same, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn ambiguous_strings_are_compared_as_bytes() {
        assert_eq!(common_name(TELETEX, "Root"), common_name(TELETEX, "Root"));
        assert_ne!(common_name(TELETEX, "Root"), common_name(TELETEX, "root"));
        assert_ne!(common_name(TELETEX, "Root"), common_name(PRINTABLE, "Root"));
    }

    #[test]
    fn order_matters_between_rdns_and_not_within_one() {
        let (o, cn) = (attribute(&O, UTF8, "Example"), attribute(&CN, UTF8, "Root"));
        let one = name(&[&[o.clone(), cn.clone()]]);
        assert_eq!(one, name(&[&[cn.clone(), o.clone()]]));
        assert_ne!(one, name(&[&[cn.clone(), o.clone(), o.clone()]]));
        assert_ne!(name(&[&[cn.clone(), o.clone(), o.clone()]]), one);
        let (rdn_o, rdn_cn) = ([o], [cn]);
        let two = name(&[&rdn_o, &rdn_cn]);
        assert_ne!(two, name(&[&rdn_cn, &rdn_o]));
        assert_ne!(one, two);
    }

    #[test]
    fn a_name_is_within_another_by_whole_rdns() {
        let org = name(&[&[attribute(&O, UTF8, "Example")]]);
        let root = name(&[&[attribute(&O, PRINTABLE, "example")], &[attribute(&CN, UTF8, "Root")]]);
        assert!(root.is_within(&org) && org.is_within(&org));
        assert!(!org.is_within(&root));
        assert!(!name(&[&[attribute(&O, UTF8, "Example 2")]]).is_within(&org));
    }

    #[test]
    fn attributes_are_read_from_every_rdn() {
        let (o, cn) = (attribute(&O, UTF8, "Example"), attribute(&CN, PRINTABLE, "Root"));
        for name in [name(&[&[o.clone(), cn.clone()]]), name(&[&[o], &[cn]])] {
            assert_eq!(
                (name.text(&O).as_deref(), name.text(&CN).as_deref()),
                (Some("Example"), Some("Root"))
            );
            assert_eq!(name.to_string(), "O=Example, CN=Root");
            assert_eq!(alloc::format!("{name:?}"), "Name(O=Example, CN=Root)");
        }
        assert_eq!(common_name(TELETEX, "Root").text(&CN).as_deref(), Some("Root"));
    }

    #[test]
    fn an_empty_name_is_a_name_and_an_empty_rdn_is_not() {
        let empty = Name::from_der(&[0x30, 0x00]).unwrap();
        assert!(empty.is_empty());
        assert_eq!(empty.to_string(), "(empty)");
        let refused = Name::from_der(&[0x30, 0x02, 0x31, 0x00]).unwrap_err();
        assert_eq!(refused, DerError { field: "name", offset: 2 });
    }
}
