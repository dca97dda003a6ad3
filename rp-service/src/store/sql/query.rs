use std::borrow::Cow;

use sqlx::{SqlSafeStr, SqlStr};

/// One statement with its arguments. The placeholders are `$1`, `$2`, …, which every database knows.
#[derive(Debug)]
pub struct Query<'q> {
    pub(in crate::store) sql: SqlStr,
    pub(in crate::store) values: Vec<Value<'q>>,
    /// Whether the rows that the query finds are locked until the transaction ends. SQLite locks everything anyway.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has one writer at a time"))]
    pub(in crate::store) locks_rows: bool,
}

/// A statement without arguments.
pub(super) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q> {
    Query { sql: sql.into_sql_str(), values: Vec::new(), locks_rows: false }
}

impl<'q> Query<'q> {
    /// Binds the next argument.
    pub(super) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Locks the rows that the query finds until the transaction ends.
    pub(super) fn for_update(self) -> Self {
        Self { locks_rows: true, ..self }
    }
}

/// An argument; `None` is NULL, which has a type in PostgreSQL.
#[derive(Debug)]
pub(in crate::store) enum Value<'q> {
    Bytes(Option<Cow<'q, [u8]>>),
    Text(Option<Cow<'q, str>>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
}

/// Conversions of a type and of its option into a variant.
macro_rules! values {
    ($($type:ty => $variant:ident, $convert:expr;)*) => {$(
        impl<'q> From<$type> for Value<'q> {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl<'q> From<Option<$type>> for Value<'q> {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

values! {
    &'q [u8] => Bytes, Cow::Borrowed;
    Vec<u8> => Bytes, Cow::Owned;
    &'q str => Text, Cow::Borrowed;
    String => Text, Cow::Owned;
    i64 => Integer, std::convert::identity;
    u32 => Integer, i64::from;
    bool => Boolean, std::convert::identity;
}
