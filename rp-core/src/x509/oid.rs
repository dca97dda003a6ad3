//! Object identifiers of any length.

use core::fmt;

use const_oid::ObjectIdentifier;

/// An object identifier, compared as octets.
///
/// Its arcs are not decoded, so they may be of any size: X.667 has arcs of 128 bits, and some CAs use object
/// identifiers of more octets than [`ObjectIdentifier`] holds. Prints with dots, or as hexadecimal octets if
/// [`ObjectIdentifier`] cannot represent it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// An object identifier from the content octets of its DER.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The content octets of its DER.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

impl<'a> From<&'a ObjectIdentifier> for Oid<'a> {
    fn from(oid: &'a ObjectIdentifier) -> Self {
        Self(oid.as_bytes())
    }
}

impl PartialEq<ObjectIdentifier> for Oid<'_> {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(oid) = ObjectIdentifier::from_bytes(self.0) {
            return oid.fmt(f);
        }
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn identifiers_print_with_dots_or_else_in_hexadecimal() {
        let any_policy = const_oid::db::rfc5280::ANY_POLICY;
        assert_eq!(Oid::from(&any_policy), any_policy);
        assert_eq!(Oid::from(&any_policy).to_string(), "2.5.29.32.0");
        // 2.25 and an arc of 128 bits.
        let uuid = [
            0x69, 0x83, 0xf7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0x7f,
        ];
        assert_eq!(Oid::new(&uuid).to_string(), "0x6983f7ffffffffffffffffffffffffffffffff7f");
    }
}
