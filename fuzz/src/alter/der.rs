//! DER: alters a value at some depth and adjusts the enclosing lengths.

use arbitrary::{Result, Unstructured};

use super::bytes::{self, MAX_DEPTH};
use crate::der_values;

/// A tag and what is in it.
struct Tlv {
    tag: u8,
    content: Vec<u8>,
}

/// Alters a value at some depth; other bytes are altered byte by byte.
pub fn alter(der: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    within(der, MAX_DEPTH, u)
}

fn within(der: &mut Vec<u8>, depth: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let Some(mut values) = read_all(der).filter(|values| !values.is_empty() && depth > 0) else {
        return bytes::alter(der, u);
    };
    let at = u.choose_index(values.len())?;
    match u.int_in_range(0..=15)? {
        0 => drop(values.remove(at)),
        1 => values.push(Tlv { tag: values[at].tag, content: values[at].content.clone() }),
        2 => values.swap(0, at),
        3 => values[at].tag = u.arbitrary()?,
        4 => return bytes::alter(der, u),
        // The first byte of a BIT STRING counts bits. An OCTET STRING may contain DER, as in extensions.
        _ if values[at].tag == 0x03 => bytes::alter(&mut values[at].content, u)?,
        _ => {
            let depth = if holds_values(values[at].tag) { depth - 1 } else { 0 };
            within(&mut values[at].content, depth, u)?;
        }
    }
    *der = values.iter().flat_map(Tlv::encode).collect();
    Ok(())
}

fn holds_values(tag: u8) -> bool {
    tag & 0x20 != 0 || tag == 0x04
}

/// Consecutive values, if the bytes consist of them.
fn read_all(der: &[u8]) -> Option<Vec<Tlv>> {
    let read = |value: &[u8]| {
        let content = match value {
            [_, 0x81, _, content @ ..] | [_, 0x82, _, _, content @ ..] | [_, _, content @ ..] => {
                content.to_vec()
            }
            _ => return None,
        };
        let tlv = Tlv { tag: value[0], content };
        (tlv.encode() == value).then_some(tlv)
    };
    der_values(der).into_iter().map(read).collect()
}

impl Tlv {
    fn encode(&self) -> Vec<u8> {
        let head = match u16::try_from(self.content.len()).unwrap_or(u16::MAX).to_be_bytes() {
            [0, short @ ..=0x7f] => vec![self.tag, short],
            [0, short] => vec![self.tag, 0x81, short],
            [high, low] => vec![self.tag, 0x82, high, low],
        };
        [head, self.content.clone()].concat()
    }
}
