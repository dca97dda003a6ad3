//! Draws from a stream of bytes.

/// One of the items, by weight; `None` if no item has a weight.
pub(super) fn choose<T>(
    items: impl Iterator<Item = (T, u64)> + Clone,
    bytes: &mut impl Iterator<Item = u8>,
) -> Option<T> {
    let total = items.clone().fold(0_u64, |total, (_, weight)| total.saturating_add(weight));
    // The bias is below 2^-24, because no total exceeds 2^40.
    let draw = bytes.by_ref().take(8).fold(0_u64, |draw, byte| (draw << 8) | u64::from(byte));
    let mut rest = draw.checked_rem(total)?;
    for (item, weight) in items {
        match rest.checked_sub(weight) {
            Some(left) => rest = left,
            None => return Some(item),
        }
    }
    None
}
