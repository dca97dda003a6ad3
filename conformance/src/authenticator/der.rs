//! DER for certificates, written by hand so that certificates can also be invalid.

use rp_core::Timestamp;
use time::OffsetDateTime;

/// A tag, a length and the content.
pub(crate) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = vec![tag];
    out.extend(length(content.len()));
    out.extend_from_slice(content);
    out
}

/// `SEQUENCE`.
pub(crate) fn sequence<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    tlv(0x30, joined(parts))
}

/// `SET`, in the order given.
pub(crate) fn set<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    tlv(0x31, joined(parts))
}

/// `[number] EXPLICIT`; the number may be beyond 30, as Android's are.
pub(crate) fn explicit(number: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = match u8::try_from(number) {
        Ok(number @ 0..31) => vec![0xa0 | number],
        _ => {
            let mut out = vec![0xbf];
            out.extend(base_128(number));
            out
        }
    };
    out.extend(length(content.len()));
    out.extend_from_slice(content);
    out
}

/// `INTEGER` of an unsigned number, big-endian.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let mut content = Vec::with_capacity(digits.len().saturating_add(1));
    if digits.first().is_none_or(|byte| byte & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(digits);
    tlv(0x02, content)
}

/// `INTEGER`.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// `ENUMERATED`.
pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(0x0a, [value])
}

/// `BOOLEAN`.
pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, [if value { 0xff } else { 0 }])
}

/// `NULL`.
pub(crate) fn null() -> Vec<u8> {
    tlv(0x05, [])
}

/// `OCTET STRING`.
pub(crate) fn octets(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x04, bytes)
}

/// `BIT STRING` of whole bytes.
pub(crate) fn bits(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x03, joined([&[0][..], bytes.as_ref()]))
}

/// `UTF8String`.
pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text)
}

/// `PrintableString`.
pub(crate) fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, text)
}

/// `OBJECT IDENTIFIER`, from its arcs.
pub(crate) fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut content = Vec::new();
    if let [first, second, rest @ ..] = arcs {
        content.extend(base_128(first.saturating_mul(40).saturating_add(*second)));
        rest.iter().for_each(|arc| content.extend(base_128(*arc)));
    }
    tlv(0x06, content)
}

/// `UTCTime` to 2049, `GeneralizedTime` from 2050 on.
pub(crate) fn time(at: Timestamp) -> Vec<u8> {
    let at = OffsetDateTime::from_unix_timestamp(at.as_unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month) = (at.year(), u8::from(at.month()));
    let rest = format!("{month:02}{:02}{:02}{:02}{:02}Z", at.day(), at.hour(), at.minute(), at.second());
    if (1950..2050).contains(&year) {
        tlv(0x17, format!("{:02}{rest}", year.rem_euclid(100)))
    } else {
        tlv(0x18, format!("{year:04}{rest}"))
    }
}

/// Concatenated parts.
pub(crate) fn joined<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(part.as_ref());
    }
    out
}

/// The two integers of a DER signature, without a leading zero.
pub(crate) fn integers_of(signature: &[u8]) -> Vec<&[u8]> {
    let mut rest = match signature {
        [0x30, 0x81, _, rest @ ..] | [0x30, _, rest @ ..] => rest,
        _ => return Vec::new(),
    };
    let mut numbers = Vec::new();
    while let [0x02, length, tail @ ..] = rest {
        let Some((number, behind)) = tail.split_at_checked(usize::from(*length)) else { break };
        numbers.push(number.strip_prefix(&[0]).unwrap_or(number));
        rest = behind;
    }
    numbers
}

fn length(len: usize) -> Vec<u8> {
    match u8::try_from(len) {
        Ok(byte @ 0..128) => vec![byte],
        Ok(byte) => vec![0x81, byte],
        Err(_) => {
            let [.., high, low] = len.to_be_bytes();
            vec![0x82, high, low]
        }
    }
}

fn base_128(value: u32) -> Vec<u8> {
    let mut digits: Vec<u8> = [28, 21, 14, 7, 0]
        .into_iter()
        .map(|shift| u8::try_from((value >> shift) & 0x7f).unwrap_or_default())
        .skip_while(|digit| *digit == 0)
        .collect();
    if digits.is_empty() {
        digits.push(0);
    }
    let last = digits.len().saturating_sub(1);
    digits.iter().enumerate().map(|(at, digit)| if at < last { digit | 0x80 } else { *digit }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal_and_not_negative() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(&[0, 0, 1, 0]), [2, 2, 1, 0]);
    }

    #[test]
    fn long_lengths_and_high_tags_have_their_own_forms() {
        assert_eq!(octets([0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets([0; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(explicit(1, []), [0xa1, 0]);
        assert_eq!(explicit(702, []), [0xbf, 0x85, 0x3e, 0]);
    }

    #[test]
    fn an_object_identifier_is_its_arcs() {
        assert_eq!(oid(&[1, 2, 840, 10045, 2, 1]), [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
        assert_eq!(oid(&[2, 5, 29, 19]), [6, 3, 0x55, 29, 19]);
        assert_eq!(oid(&[2, 23, 133, 8, 3]), [6, 5, 0x67, 0x81, 5, 8, 3]);
    }

    #[test]
    fn a_time_is_of_two_digits_until_2049() {
        assert_eq!(time(Timestamp::from_unix_seconds(0))[2..], *b"700101000000Z");
        assert_eq!(time(Timestamp::from_unix_seconds(2_524_608_000))[2..], *b"20500101000000Z");
    }
}
