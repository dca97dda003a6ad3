//! CBOR as authenticators write it, and malformed CBOR.

/// A CBOR item to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Cbor {
    /// An integer.
    Int(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<Cbor>),
    /// A map, written in the given order: keys may be duplicate or unsorted.
    Map(Vec<(Cbor, Cbor)>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A map of indefinite length.
    IndefiniteMap(Vec<(Cbor, Cbor)>),
    /// Bytes that are written as they are.
    Raw(Vec<u8>),
}

impl Cbor {
    /// A map with text keys, in the canonical order of CTAP2: shorter keys first, then by their bytes.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Cbor); N]) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (key.into(), value)).collect()).canonical()
    }

    /// The item with the keys of its outermost map sorted as CTAP2 requires.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self {
            Self::Map(mut members) => {
                members.sort_by_cached_key(|(key, _)| {
                    let bytes = key.encode();
                    (bytes.len(), bytes)
                });
                Self::Map(members)
            }
            other => other,
        }
    }

    /// A map member by its key.
    #[must_use]
    pub fn get(&self, key: &Self) -> Option<&Self> {
        match self {
            Self::Map(members) => members.iter().find(|(one, _)| one == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets a map member or adds it at the end. Other items are not changed.
    pub fn set(&mut self, key: impl Into<Self>, value: impl Into<Self>) {
        let (key, value) = (key.into(), value.into());
        if let Self::Map(members) = self {
            match members.iter_mut().find(|(one, _)| *one == key) {
                Some((_, old)) => *old = value,
                None => members.push((key, value)),
            }
        }
    }

    /// Removes a map member. Other items are not changed.
    pub fn remove(&mut self, key: impl Into<Self>) {
        let key = key.into();
        if let Self::Map(members) = self {
            members.retain(|(one, _)| *one != key);
        }
    }

    /// The item's bytes, with the shortest lengths.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, Width::Shortest);
        out
    }

    /// The item's bytes with every length in four bytes: well-formed, but not canonical.
    #[must_use]
    pub fn encode_long(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, Width::Four);
        out
    }

    fn write(&self, out: &mut Vec<u8>, width: Width) {
        match self {
            Self::Int(value) => match u64::try_from(*value) {
                Ok(value) => head(out, 0, value, Width::Shortest),
                // -1 - n of a negative number is its bitwise complement, which is never negative.
                Err(_) => head(out, 1, u64::try_from(!*value).unwrap_or_default(), Width::Shortest),
            },
            Self::Bytes(bytes) => {
                head(out, 2, length(bytes.len()), width);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                head(out, 3, length(text.len()), width);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                head(out, 4, length(items.len()), width);
                items.iter().for_each(|item| item.write(out, width));
            }
            Self::Map(members) => {
                head(out, 5, length(members.len()), width);
                write_members(members, out, width);
            }
            Self::IndefiniteMap(members) => {
                out.push(0xbf);
                write_members(members, out, width);
                out.push(0xff);
            }
            Self::Bool(value) => out.push(if *value { 0xf5 } else { 0xf4 }),
            Self::Null => out.push(0xf6),
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}

fn write_members(members: &[(Cbor, Cbor)], out: &mut Vec<u8>, width: Width) {
    for (key, value) in members {
        key.write(out, width);
        value.write(out, width);
    }
}

/// The encoding of lengths.
#[derive(Clone, Copy)]
enum Width {
    Shortest,
    Four,
}

fn head(out: &mut Vec<u8>, major: u8, value: u64, width: Width) {
    let major = major << 5;
    let four = matches!(width, Width::Four);
    match (u8::try_from(value), u16::try_from(value), u32::try_from(value)) {
        (Ok(byte @ 0..24), _, _) if !four => out.push(major | byte),
        (Ok(byte), _, _) if !four => out.extend([major | 24, byte]),
        (_, Ok(short), _) if !four => {
            out.push(major | 25);
            out.extend(short.to_be_bytes());
        }
        (_, _, Ok(word)) => {
            out.push(major | 26);
            out.extend(word.to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(value.to_be_bytes());
        }
    }
}

fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

impl From<i64> for Cbor {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Cbor {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<u8>> for Cbor {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<bool> for Cbor {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_lengths_are_as_short_as_can_be() {
        for (value, bytes) in [
            (0, &[0x00][..]),
            (23, &[0x17]),
            (24, &[0x18, 24]),
            (256, &[0x19, 1, 0]),
            (65_536, &[0x1a, 0, 1, 0, 0]),
            (4_294_967_296, &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
            (-1, &[0x20]),
            (-7, &[0x26]),
            (-257, &[0x39, 1, 0]),
        ] {
            assert_eq!(Cbor::Int(value).encode(), bytes, "{value}");
        }
        assert_eq!(Cbor::from("abc").encode(), [0x63, b'a', b'b', b'c']);
        assert_eq!(Cbor::from(vec![7; 24]).encode()[..2], [0x58, 24]);
    }

    #[test]
    fn an_object_has_its_shorter_keys_first() {
        let object =
            Cbor::object([("authData", Cbor::Null), ("fmt", true.into()), ("attStmt", Cbor::Array(vec![]))]);
        assert_eq!(object.encode(), b"\xa3\x63fmt\xf5\x67attStmt\x80\x68authData\xf6");
    }

    #[test]
    fn a_map_may_be_written_as_it_should_not_be() {
        let members = vec![(Cbor::Int(1), Cbor::Null), (Cbor::Int(1), Cbor::Null)];
        assert_eq!(Cbor::Map(members.clone()).encode(), [0xa2, 1, 0xf6, 1, 0xf6]);
        assert_eq!(Cbor::IndefiniteMap(members).encode(), [0xbf, 1, 0xf6, 1, 0xf6, 0xff]);
        assert_eq!(Cbor::from("a").encode_long(), [0x7a, 0, 0, 0, 1, b'a']);
    }
}
