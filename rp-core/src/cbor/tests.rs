use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::*;

#[test]
fn every_kind_of_item_reads() {
    let cases: &[(&[u8], Value<'_>)] = &[
        (&[0x17], Value::Integer(23)),
        (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Value::Integer(u64::MAX.into())),
        (&[0x26], Value::Integer(-7)),
        (&[0x39, 0x01, 0x00], Value::Integer(-257)),
        (&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Value::Integer(-(1 << 64))),
        (&[0x42, 1, 2], Value::Bytes(&[1, 2])),
        (&[0x62, b'o', b'k'], Value::Text("ok")),
        (&[0x82, 0x01, 0x20], Value::Array(vec![Value::Integer(1), Value::Integer(-1)])),
        (&[0xa1, 0x01, 0x02], Value::Map(Map(vec![(Value::Integer(1), Value::Integer(2))]))),
        (&[0xf4], Value::Bool(false)),
        (&[0xf5], Value::Bool(true)),
        (&[0xf6], Value::Null),
        (&[0xf7], Value::Undefined),
        (&[0xe0], Value::Simple(0)),
        (&[0xf8, 0xff], Value::Simple(255)),
        (&[0xf9, 0x3c, 0x00], Value::Float(1.0)),
        (&[0xf9, 0x00, 0x01], Value::Float(5.960_464_477_539_063e-8)),
        (&[0xf9, 0xfc, 0x00], Value::Float(f64::NEG_INFINITY)),
        (&[0xfa, 0x3f, 0xc0, 0x00, 0x00], Value::Float(1.5)),
        (&[0xfb, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00], Value::Float(2.0)),
    ];
    for (input, value) in cases {
        assert_eq!(parse(input).as_ref(), Ok(value), "{input:02x?}");
    }
}

#[test]
fn lengths_that_are_not_the_shortest_are_accepted() {
    // Some authenticators in the field write them, although COSE and CTAP2 require the shortest.
    assert_eq!(parse(&[0x19, 0x00, 0x01]), Ok(Value::Integer(1)));
    assert_eq!(parse(&[0x5a, 0, 0, 0, 1, 7]), Ok(Value::Bytes(&[7])));
    let map = parse(&[0xb8, 0x01 /* map(1) */, 0x78, 0x01, b'a', 0xf5]).unwrap();
    assert_eq!(map.as_map().unwrap().get_text("a"), Some(&Value::Bool(true)));
}

#[test]
fn a_prefix_may_be_followed_by_bytes_and_the_whole_may_not() {
    let input = [0x81, 0x01, /* another item */ 0xa0];
    assert_eq!(parse_prefix(&input), Ok((Value::Array(vec![Value::Integer(1)]), 2)));
    assert_eq!(parse(&input), Err(CborError::Trailing { offset: 2 }));
    assert_eq!(parse(&input).unwrap_err().to_string(), "trailing bytes from byte 2");
}

#[test]
fn a_length_beyond_the_input_is_refused_without_work() {
    let cases: &[(&[u8], usize, u64)] = &[
        (&[], 0, 1),
        (&[0x19, 0x00], 0, 1),
        (&[0x44, 1, 2, 3], 0, 1),
        (&[0x81], 0, 1),
        (&[0xa1, 0x01], 0, 1),
        (&[0x82, 0x01, 0x42, 0x01], 2, 1),
        // The five bytes of GHSA-g3qj-j598-cxmq and their like: gigabytes, claimed in a few bytes.
        (&[0x5a, 0x7f, 0xff, 0xff, 0xff], 0, 0x7fff_ffff),
        (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0, u64::MAX),
        (&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0, u64::MAX),
    ];
    for (input, offset, missing) in cases {
        let expected = CborError::UnexpectedEnd { offset: *offset, missing: *missing };
        assert_eq!(parse(input), Err(expected), "{input:02x?}");
    }
    let message = parse(&[0x44, 1]).unwrap_err().to_string();
    assert_eq!(message, "the item at byte 0 is cut: at least 3 bytes are missing");
}

#[test]
fn indefinite_lengths_are_refused() {
    for open in [0x5f, 0x7f, 0x9f, 0xbf] {
        let input = [0x81, open, 0xff];
        assert_eq!(parse(&input), Err(CborError::IndefiniteLength { offset: 1 }), "{open:02x}");
    }
}

#[test]
fn tags_are_refused() {
    assert_eq!(parse(&[0x81, 0xc2, 0x41, 0x01]), Err(CborError::Tag { offset: 1 }));
    assert_eq!(parse(&[0xd8, 0x20, 0x01]), Err(CborError::Tag { offset: 0 }));
}

#[test]
fn reserved_values_are_rejected() {
    for first in [0x1c, 0x1f, 0x3e, 0x5d, 0x9c, 0xf8, 0xfc, 0xff] {
        let input = [first, 0x1f, 0, 0, 0];
        assert_eq!(parse(&input), Err(CborError::Reserved { offset: 0 }), "{first:02x}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        let mut input = vec![0x81; depth];
        input.push(0x01);
        input
    };
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(CborError::Depth { offset: MAX_DEPTH }));
    assert_eq!(parse(&nested(100_000)), Err(CborError::Depth { offset: MAX_DEPTH }));
}

#[test]
fn the_input_is_bounded() {
    let string =
        |len: usize| [&[0x5a][..], &u32::try_from(len).unwrap().to_be_bytes(), &vec![0; len]].concat();
    assert!(parse(&string(MAX_LEN - 5)).is_ok());
    assert_eq!(parse(&string(MAX_LEN - 4)), Err(CborError::TooLong { len: MAX_LEN + 1 }));
}

#[test]
fn text_is_utf_8() {
    assert_eq!(parse(&[0x62, 0xc3, 0xa4]), Ok(Value::Text("ä")));
    assert_eq!(parse(&[0x63, b'a', 0xc3, 0x28]), Err(CborError::Utf8 { offset: 2 }));
    // A surrogate, which UTF-8 does not have.
    assert_eq!(parse(&[0x63, 0xed, 0xa0, 0x80]), Err(CborError::Utf8 { offset: 1 }));
}

#[test]
fn keys_in_any_order_are_accepted() {
    let map = parse(&[0xa3, 0x61, b'b', 0x01, 0x61, b'a', 0x02, 0x20, 0x03]).unwrap();
    let map = map.as_map().unwrap();
    assert_eq!((map.get_text("b"), map.get_text("a")), (Some(&Value::Integer(1)), Some(&Value::Integer(2))));
    assert_eq!((map.get_int(-1), map.get_int(1)), (Some(&Value::Integer(3)), None));
    let keys: Vec<_> = map.iter().map(|(key, _)| key.kind()).collect();
    assert_eq!(keys, ["a text", "a text", "an integer"]);
}

#[test]
fn a_key_twice_is_refused_however_it_is_encoded() {
    let distinct = [0xa2, 0x01, 0xf5, 0x18, 0x02, 0xf5];
    assert!(parse(&distinct).is_ok());
    let cases: &[(&[u8], usize)] = &[
        (&[0xa2, 0x01, 0xf5, 0x01, 0xf5], 3),
        (&[0xa2, 0x01, 0xf5, 0x18, 0x01, 0xf5], 3),
        (&[0xa2, 0x20, 0xf5, 0x39, 0x00, 0x00, 0xf5], 3),
        (&[0xa3, 0x61, b'a', 0, 0x61, b'b', 0, 0x78, 0x01, b'a', 0], 7),
        (&[0xa2, 0x41, 7, 0, 0x58, 0x01, 7, 0], 4),
        // Not next to each other, and with values of several bytes between them.
        (&[0xa3, 0x02, 0x42, 9, 9, 0x01, 0x81, 0xa1, 0x01, 0x01, 0x02, 0xf5], 10),
        // Inside an array, inside a value.
        (&[0x81, 0xa2, 0x05, 0, 0x05, 0], 4),
        (&[0xa1, 0x01, 0xa2, 0x02, 0, 0x02, 0], 5),
    ];
    for (input, offset) in cases {
        assert_eq!(parse(input), Err(CborError::DuplicateKey { offset: *offset }), "{input:02x?}");
    }
}

#[test]
fn keys_of_another_type_are_distinct() {
    // 1, -2, h'01', "\x01", h'0101'.
    let keys: &[&[u8]] = &[&[0x01], &[0x21], &[0x41, 0x01], &[0x61, 0x01], &[0x42, 0x01, 0x01]];
    let mut input = vec![0xa5];
    for key in keys.iter().rev() {
        input.extend_from_slice(key);
        input.push(0x00);
    }
    assert_eq!(parse(&input).unwrap().as_map().unwrap().len(), keys.len());
}

#[test]
fn keys_are_integers_and_strings() {
    let keys: &[&[u8]] = &[&[0x80], &[0xa0], &[0xf5], &[0xf6], &[0xf9, 0x3c, 0x00], &[0xe0]];
    for key in keys {
        let input = [&[0xa2, 0x01, 0x00], *key, &[0x00]].concat();
        assert_eq!(parse(&input), Err(CborError::KeyType { offset: 3 }), "{key:02x?}");
    }
    let message = parse(&[0xa1, 0x80, 0x00]).unwrap_err().to_string();
    assert_eq!(message, "the key at byte 1 is not an integer, a byte string or a text");
}

#[test]
fn a_hostile_map_costs_no_more_than_sorting() {
    // 60 000 keys in descending order, which the fast path does not take; a quadratic comparison would need minutes.
    let count = 60_000_u16;
    let mut input = vec![0xb9];
    input.extend_from_slice(&count.to_be_bytes());
    for key in (0..count).rev() {
        input.push(0x19);
        input.extend_from_slice(&key.to_be_bytes());
        input.push(0x00);
    }
    assert!(parse(&input).is_ok());
    let last = input.len() - 4;
    input[last + 2] = 0x01;
    assert_eq!(parse(&input), Err(CborError::DuplicateKey { offset: last }));
}

/// As many maps in each other as are allowed around an array of integers. The keys of each map are `keys`, its inner map
/// is the value of the first of them.
fn nested_maps(keys: [u8; 2], integers: u16) -> Vec<u8> {
    let mut input = vec![0x99 /* array */];
    input.extend_from_slice(&integers.to_be_bytes());
    input.extend(vec![0x00; integers.into()]);
    for _ in 1..MAX_DEPTH {
        input = [&[0xa2 /* map(2) */, keys[0]][..], &input, &[keys[1], 0x00]].concat();
    }
    input
}

#[test]
fn work_on_nested_maps_is_at_most_depth_times_length() {
    for integers in [10, 100, 1_000] {
        let input = nested_maps([0x01, 0x00], integers);
        // An item is read once, and skipped once for each map around it.
        let most = input.len() * MAX_DEPTH;
        let parsed = head::work::heads(|| assert!(parse(&input).is_ok()));
        assert!(parsed <= most, "{parsed} heads in {} bytes", input.len());
        let of_map = head::work::heads(|| assert_eq!(parse_map(&input, |_, _| ()), Ok(true)));
        assert!(of_map <= most, "{of_map} heads in {} bytes", input.len());
    }
}

#[test]
fn nested_maps_in_canonical_order_are_read_once() {
    let input = nested_maps([0x00, 0x01], 1_000);
    let items = 1_000 + 1 + (MAX_DEPTH - 1) * 4;
    assert_eq!(head::work::heads(|| assert!(parse(&input).is_ok())), items);
    // The head of the outer map shows whether the item is a map, and is then read.
    assert_eq!(head::work::heads(|| assert_eq!(parse_map(&input, |_, _| ()), Ok(true))), items + 1);
}

#[test]
fn duplicates_are_found_behind_values_of_every_kind() {
    let values: &[&[u8]] = &[
        &[0x17],
        &[0x3b, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0x43, 0xa1, 0x01, 0x01],
        &[0x78, 0x02, b'o', b'k'],
        &[0x80],
        &[0x83, 0x01, 0x82, 0x41, 0x07, 0xa0, 0xf4],
        &[0xa2, 0x02, 0xa1, 0x05, 0x81, 0x00, 0x01, 0x61, b'a'],
        &[0xf8, 0xff],
        &[0xf9, 0x3c, 0x00],
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for value in values {
        let distinct = [&[0xa3, 0x02][..], value, &[0x01], value, &[0x03], value].concat();
        assert!(parse(&distinct).is_ok(), "{value:02x?}");
        let twice = [&[0xa3, 0x02][..], value, &[0x01], value, &[0x02], value].concat();
        let expected = CborError::DuplicateKey { offset: 3 + 2 * value.len() };
        assert_eq!(parse(&twice), Err(expected), "{value:02x?}");
        assert_eq!(parse_map(&twice, |_, _| ()), Err(expected), "{value:02x?}");
    }
}

#[test]
fn members_are_asked_for_by_name_and_type() {
    let map = parse(&[
        0xa3, /* map(3) */ 0x63, b'a', b'l', b'g', 0x26, /* -7 */ 0x63, b's', b'i', b'g', 0x41, 9,
        0x63, b'x', b'5', b'c', 0x82, 0x41, 1, 0x02,
    ])
    .unwrap();
    let fields = map.as_map().unwrap().fields("attStmt");
    assert_eq!((fields.integer("alg"), fields.bytes("sig")), (Ok(-7), Ok(&[9][..])));
    assert_eq!(fields.array("x5c").unwrap().len(), 2);
    let missing = fields.text("ver").unwrap_err();
    assert_eq!(missing, FieldError::Missing { path: "attStmt.ver".into() });
    assert_eq!(missing.to_string(), "attStmt.ver is missing");
    let mistyped = fields.bytes("alg").unwrap_err();
    assert_eq!(mistyped.to_string(), "attStmt.alg is an integer, not a byte string");
    let mistyped = fields.byte_strings("x5c").unwrap_err();
    assert_eq!(mistyped.to_string(), "attStmt.x5c[1] is an integer, not a byte string");
    assert_eq!(
        map.as_map().unwrap().fields("").inner_map("sig").unwrap_err().to_string(),
        "sig is a byte string, not a map"
    );
}

#[test]
fn integers_beyond_64_bits_are_no_i64() {
    let value = parse(&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap();
    assert_eq!(value.as_integer(), None);
    assert_eq!(parse(&[0x18, 0x80]).unwrap().as_integer(), Some(128));
}

/// An item as serde_cbor reads it, as text.
#[derive(Debug, PartialEq)]
struct Oracle(String);

impl<'de> serde::Deserialize<'de> for Oracle {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OracleVisitor)
    }
}

struct OracleVisitor;

impl<'de> serde::de::Visitor<'de> for OracleVisitor {
    type Value = Oracle;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("any item")
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Oracle, E> {
        Ok(Oracle(format!("{integer}")))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Oracle, E> {
        Ok(Oracle(format!("{integer}")))
    }

    fn visit_i128<E>(self, integer: i128) -> Result<Oracle, E> {
        Ok(Oracle(format!("{integer}")))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Oracle, E> {
        Ok(Oracle(format!("h{bytes:02x?}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Oracle, E> {
        Ok(Oracle(format!("{text:?}")))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Oracle, E> {
        Ok(Oracle(format!("{value}")))
    }

    fn visit_unit<E>(self) -> Result<Oracle, E> {
        Ok(Oracle("null".into()))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Oracle, E> {
        Ok(Oracle(format!("{float:?}f")))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Oracle, A::Error> {
        let mut items = Vec::new();
        while let Some(Oracle(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Oracle(format!("[{}]", items.join(", "))))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Oracle, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Oracle(key), Oracle(value))) = map.next_entry()? {
            pairs.push(format!("{key}: {value}"));
        }
        Ok(Oracle(format!("{{{}}}", pairs.join(", "))))
    }
}

fn written(value: &Value<'_>) -> String {
    match value {
        Value::Integer(integer) => format!("{integer}"),
        Value::Bytes(bytes) => format!("h{bytes:02x?}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Bool(value) => format!("{value}"),
        Value::Null | Value::Undefined => "null".into(),
        Value::Float(float) => format!("{float:?}f"),
        Value::Simple(value) => format!("simple({value})"),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}: {}", written(key), written(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn serde_cbor_reads_what_we_read() {
    // Bytes of a xorshift generator, drawn from a few that make CBOR likely.
    const LIKELY: [u8; 32] = [
        0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x26, 0x38, 0x39, 0x3b, 0x40, 0x41, 0x43, 0x58, 0x60,
        0x61, 0x62, 0x80, 0x81, 0x82, 0x83, 0xa0, 0xa1, 0xa2, 0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xfa,
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut read = 0;
    for _ in 0..200_000 {
        let mut input = Vec::new();
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            input.push(LIKELY[usize::try_from(state % 32).unwrap()]);
        }
        let Ok((value, len)) = parse_prefix(&input) else { continue };
        let Oracle(theirs) = serde_cbor::from_slice(&input[..len]).unwrap();
        assert_eq!(written(&value), theirs, "{input:02x?}");
        read += 1;
    }
    assert!(read > 50_000, "{read}");
}

#[test]
fn a_map_without_pairs_is_empty() {
    for (bytes, len) in [(&[0xa0][..], 0), (&[0xa1, 0x01, 0x02], 1)] {
        let value = parse(bytes).unwrap();
        let map = value.as_map().unwrap();
        assert_eq!((map.len(), map.is_empty()), (len, len == 0));
    }
}
