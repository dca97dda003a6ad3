use rp_core::{Timestamp, UserHandle};

use crate::store::StoreError;

/// A row of a result. A column has one of four types; its value may be NULL.
pub trait Row: Send + Sync {
    /// Whether there is a column of this name.
    fn has(&self, column: &str) -> bool;

    /// The value of a column of bytes.
    fn bytes(&self, column: &str) -> Result<Option<&[u8]>, sqlx::Error>;

    /// The value of a column of text.
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error>;

    /// The value of a column of integers.
    fn integer(&self, column: &str) -> Result<Option<i64>, sqlx::Error>;

    /// The value of a column of truth values.
    fn boolean(&self, column: &str) -> Result<Option<bool>, sqlx::Error>;
}

/// A type that a column can be read as.
pub(super) trait FromColumn<'r>: Sized {
    /// `None` if the value is NULL.
    fn read(row: &'r impl Row, column: &str) -> Option<Option<Self>>;
}

impl<'r> FromColumn<'r> for &'r [u8] {
    fn read(row: &'r impl Row, column: &str) -> Option<Option<Self>> {
        row.bytes(column).ok()
    }
}

impl<'r> FromColumn<'r> for Vec<u8> {
    fn read(row: &'r impl Row, column: &str) -> Option<Option<Self>> {
        Some(row.bytes(column).ok()?.map(<[u8]>::to_vec))
    }
}

impl<'r> FromColumn<'r> for &'r str {
    fn read(row: &'r impl Row, column: &str) -> Option<Option<Self>> {
        row.text(column).ok()
    }
}

impl<'r> FromColumn<'r> for String {
    fn read(row: &'r impl Row, column: &str) -> Option<Option<Self>> {
        Some(row.text(column).ok()?.map(str::to_owned))
    }
}

impl FromColumn<'_> for i64 {
    fn read(row: &impl Row, column: &str) -> Option<Option<Self>> {
        row.integer(column).ok()
    }
}

impl FromColumn<'_> for u32 {
    fn read(row: &impl Row, column: &str) -> Option<Option<Self>> {
        row.integer(column).ok()?.map(Self::try_from).transpose().ok()
    }
}

impl FromColumn<'_> for bool {
    fn read(row: &impl Row, column: &str) -> Option<Option<Self>> {
        row.boolean(column).ok()
    }
}

/// The value of a column, which is named with its table; `None` is NULL.
pub(super) fn optional<'r, T: FromColumn<'r>>(
    row: &'r impl Row,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    let column = what.rsplit_once('.').map_or(what, |(_, column)| column);
    T::read(row, column).ok_or(StoreError::Unreadable { what })
}

/// The value of a column, which is named with its table.
pub(super) fn get<'r, T: FromColumn<'r>>(row: &'r impl Row, what: &'static str) -> Result<T, StoreError> {
    optional(row, what)?.ok_or(StoreError::Unreadable { what })
}

pub(super) fn time(row: &impl Row, what: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_unix_seconds(get(row, what)?))
}

pub(super) fn user_handle(row: &impl Row, what: &'static str) -> Result<UserHandle, StoreError> {
    get::<&[u8]>(row, what)?.try_into().map_err(|_| StoreError::Unreadable { what })
}
