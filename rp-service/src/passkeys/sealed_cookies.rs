use std::fmt;
use std::sync::{Arc, OnceLock};

use rp_core::Timestamp;

/// The sealed ceremonies of a browser: one cookie each, in a fixed number of slots. A page that starts one after the other,
/// as autofill does, replaces the one that expires first.
#[derive(Clone, Default)]
pub(crate) struct SealedCookies {
    slots: [Option<Timestamp>; SealedCookies::SLOTS],
    handles: Vec<String>,
    /// Shared by all copies of the caller.
    added: Arc<OnceLock<AddedCookie>>,
}

/// A cookie to set.
#[derive(Clone)]
pub(crate) struct AddedCookie {
    /// The slot, which is part of the name.
    pub(crate) slot: usize,
    /// The time at which the ceremony expires, and the sealed ceremony.
    pub(crate) value: String,
}

impl SealedCookies {
    /// The number of ceremonies that may be pending in one browser: 4 cookies of 2 KiB fit into the headers that servers
    /// accept.
    pub(crate) const SLOTS: usize = 4;

    /// Reads the cookies of a request. Values that this release did not write are as good as none.
    pub(crate) fn read<'a>(cookies: impl Iterator<Item = (usize, &'a [u8])>) -> Self {
        let mut read = Self::default();
        for (slot, value) in cookies {
            let Some((expires_at, handle)) =
                std::str::from_utf8(value).ok().and_then(|value| value.split_once('.'))
            else {
                continue;
            };
            let (Ok(seconds), Some(end)) = (expires_at.parse(), read.slots.get_mut(slot)) else { continue };
            *end = Some(Timestamp::from_unix_seconds(seconds));
            read.handles.push(handle.to_owned());
        }
        read
    }

    /// The sealed ceremonies.
    pub(crate) fn handles(&self) -> &[String] {
        &self.handles
    }

    /// Adds a ceremony.
    pub(crate) fn add(&self, handle: String, expires_at: Timestamp) {
        // No time sorts before every time
        let slot = (0..).zip(self.slots).min_by_key(|(_, end)| *end).map_or(0, |(slot, _)| slot);
        let value = format!("{}.{handle}", expires_at.as_unix_seconds());
        let _ = self.added.set(AddedCookie { slot, value });
    }

    /// The cookie that the response sets.
    pub(crate) fn added(&self) -> Option<&AddedCookie> {
        self.added.get()
    }
}

/// A sealed ceremony is a secret of the browser.
impl fmt::Debug for SealedCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCookies").field("slots", &self.slots).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn slot_of(cookies: &[(usize, &[u8])]) -> usize {
        let cookies = SealedCookies::read(cookies.iter().copied());
        cookies.add("new".to_owned(), at(9));
        cookies.added().unwrap().slot
    }

    #[test]
    fn a_new_ceremony_takes_a_free_slot_or_the_oldest() {
        assert_eq!(slot_of(&[]), 0);
        assert_eq!(slot_of(&[(0, b"5.a"), (2, b"6.b")]), 1);
        assert_eq!(slot_of(&[(0, b"5.a"), (1, b"7.b"), (2, b"4.c"), (3, b"6.d")]), 2);
    }

    #[test]
    fn values_of_others_are_skipped() {
        let cookies: [(usize, &[u8]); 5] = [(0, b"5.a"), (1, b"x.b"), (2, b"\xff.c"), (3, b"d"), (9, b"5.e")];
        assert_eq!(SealedCookies::read(cookies.into_iter()).handles(), ["a"]);
    }
}
