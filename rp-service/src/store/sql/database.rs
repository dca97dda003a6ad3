use std::error::Error;
use std::fmt::Debug;

use rp_core::UserHandle;
use sqlx::SqlStr;

use super::query::Query;
use super::row::Row;
use crate::store::StoreError;

/// Something that runs queries.
pub trait Run: Send {
    /// The rows of a result.
    type Row: Row;

    /// Returns the rows. A statement that writes outside a transaction is durable when this returns.
    fn rows(&mut self, query: Query<'_>) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;

    /// Returns the number of rows that were changed; `None` if a unique constraint was violated. In PostgreSQL the
    /// transaction can only be rolled back then.
    fn execute_unique(
        &mut self,
        query: Query<'_>,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Returns the only row, if there is one.
    fn row(
        &mut self,
        query: Query<'_>,
    ) -> impl Future<Output = Result<Option<Self::Row>, StoreError>> + Send {
        async { Ok(self.rows(query).await?.pop()) }
    }

    /// Returns the number of rows that were changed.
    fn execute(&mut self, query: Query<'_>) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The connections to a database. Each query is a transaction of its own.
pub trait Database: Run + Clone + Debug + Sync + 'static {
    /// A transaction that writes. It is rolled back unless it is committed.
    type Write: Run<Row = Self::Row>;

    /// The name in errors.
    fn name(&self) -> &str;

    /// Begins a transaction that writes.
    fn begin(&self) -> impl Future<Output = Result<Self::Write, StoreError>> + Send;

    /// Begins a transaction that writes, and waits for other such transactions of the same user. Data of the user changes only by
    /// its own writes, even if the user has no row yet that could be locked.
    fn begin_for(&self, user: &UserHandle) -> impl Future<Output = Result<Self::Write, StoreError>> + Send;

    /// Ends a transaction; its changes are durable when this returns.
    fn commit(write: Self::Write) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Prepares a statement with parameters of these types.
    fn describe(
        &self,
        sql: SqlStr,
        parameters: &[ColumnType],
    ) -> impl Future<Output = Result<Description, sqlx::Error>> + Send;

    /// Closes the connections after the calls in progress.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// The parameters and columns of a prepared statement.
#[derive(Debug)]
pub struct Description {
    /// The number of parameters.
    pub(in crate::store) parameters: usize,
    /// The names and types of the columns of the result.
    pub(in crate::store) columns: Vec<DescribedColumn>,
}

/// A column of the result of a prepared statement.
#[derive(Debug)]
pub(in crate::store) struct DescribedColumn {
    pub(in crate::store) name: String,
    /// The database's name of the type.
    pub(in crate::store) type_name: String,
    /// The types as which the column certainly cannot be read.
    pub(in crate::store) unreadable_as: Vec<ColumnType>,
}

/// The type of a column or parameter of a table of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Bytes,
    Text,
    Integer,
}

/// The error of a database that has this name.
pub(in crate::store) fn failure(name: &str, error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::unavailable(DatabaseError { name: name.to_owned(), error: error.into() })
}

/// An error, and the database in which it occurred. The message contains the messages of the causes, so there is no
/// source: a program that prints an error with its causes would print them twice.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {error}")]
struct DatabaseError {
    name: String,
    error: Box<dyn Error + Send + Sync>,
}
