//! Bytes without a structure.

use arbitrary::{Result, Unstructured};

/// Flips a bit, sets a byte, or inserts, removes or repeats bytes.
pub fn alter(bytes: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    if bytes.is_empty() {
        bytes.push(u.arbitrary()?);
        return Ok(());
    }
    let at = u.choose_index(bytes.len())?;
    let end = (at + u.int_in_range(1..=8)?).min(bytes.len());
    match u.int_in_range(0..=6)? {
        0 | 1 => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
        2 => bytes[at] = u.arbitrary()?,
        3 => bytes.insert(at, u.arbitrary()?),
        4 => drop(bytes.drain(at..end)),
        5 => bytes.extend_from_within(at..end),
        _ => bytes.push(u.arbitrary()?),
    }
    Ok(())
}

/// The maximum depth at which an item is altered.
pub const MAX_DEPTH: usize = 12;
