//! Distinguished names, compared as in RFC 5280 section 7.1.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

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
    der: Box<[u8]>,
    /// The length and the attributes of each RDN, sorted and normalised. A name is within the subtree of another if this
    /// starts with the other's.
    canonical: Box<[u8]>,
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

    /// Reads the SEQUENCE `name`.
    pub(super) fn read(name: &Tlv<'_>, field: &'static str) -> Result<Self, DerError> {
        let mut canonical = Vec::new();
        let mut rdns = name.reader();
        while !rdns.is_finished() {
            let rdn = rdns.take(Tag::Set, field)?;
            let mut attributes = Vec::new();
            let mut reader = rdn.reader();
            while !reader.is_finished() {
                attributes.push(Attribute::read(&mut reader, field)?.canonical());
            }
            // RelativeDistinguishedName ::= SET SIZE (1..MAX)
            if attributes.is_empty() {
                return Err(rdn.error(field));
            }
            attributes.sort_unstable();
            push_with_length(&mut canonical, &attributes.concat());
        }
        Ok(Self { der: name.raw.into(), canonical: canonical.into() })
    }

    /// The DER of the name.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the name has no attributes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.canonical.is_empty()
    }

    /// The values of one kind of attribute as text, from all RDNs, in the order of the name.
    #[must_use]
    pub fn texts(&self, kind: &ObjectIdentifier) -> Vec<String> {
        self.attributes()
            .filter(|attribute| attribute.oid == kind.as_bytes())
            .filter_map(|a| a.text())
            .collect()
    }

    /// The first value of one kind of attribute as text.
    #[must_use]
    pub fn text(&self, kind: &ObjectIdentifier) -> Option<String> {
        self.attributes().filter(|attribute| attribute.oid == kind.as_bytes()).find_map(|a| a.text())
    }

    /// Whether this name is in the subtree of `base`: every RDN of `base`, in order, then any others.
    pub(super) fn is_within(&self, base: &Self) -> bool {
        self.canonical.starts_with(&base.canonical)
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let mut rdns = sequence(&self.der, "name").ok();
        let mut attributes: Option<Reader<'_>> = None;
        core::iter::from_fn(move || {
            loop {
                if let Some(reader) = attributes.as_mut().filter(|reader| !reader.is_finished()) {
                    return Attribute::read(reader, "name").ok();
                }
                attributes = Some(rdns.as_mut()?.take(Tag::Set, "name").ok()?.reader());
            }
        })
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || self.canonical == other.canonical
    }
}

impl Eq for Name {}

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
    pub(super) fn text(&self) -> Option<String> {
        match self.value.tag {
            // Certificates in the field have Latin-1 under the tag of T.61.
            Tag::TeletexString => Some(self.value.value.iter().copied().map(char::from).collect()),
            _ => self.exact_text(),
        }
    }

    /// The value as text, if its encoding is unambiguous.
    fn exact_text(&self) -> Option<String> {
        match self.value.tag {
            Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::NumericString
            | Tag::VisibleString => core::str::from_utf8(self.value.value).ok().map(ToOwned::to_owned),
            Tag::BmpString => {
                let units = self.value.value.chunks_exact(2);
                if !units.remainder().is_empty() {
                    return None;
                }
                let units = units.filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(u16::from_be_bytes);
                char::decode_utf16(units).collect::<Result<_, _>>().ok()
            }
            _ => None,
        }
    }

    /// Type and value in the form for comparison.
    fn canonical(&self) -> Vec<u8> {
        let mut value = Vec::new();
        match self.exact_text() {
            Some(text) => {
                value.push(b't');
                value.extend_from_slice(normalised(&text).as_bytes());
            }
            None => {
                value.push(b'd');
                value.extend_from_slice(self.value.raw);
            }
        }
        let mut canonical = Vec::new();
        push_with_length(&mut canonical, self.oid);
        push_with_length(&mut canonical, &value);
        canonical
    }
}

/// Lower case, without white space at the ends, and with one blank for each run of white space.
fn normalised(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.extend(word.chars().flat_map(char::to_lowercase));
    }
    normalised
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

fn push_with_length(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&bytes.len().to_be_bytes());
    to.extend_from_slice(bytes);
}

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
