//! Users and passkeys as lines of JSON, and the records of other libraries.

mod error;
mod foreign;
mod line;

pub use error::{ForeignRecordError, TransferError};
pub use foreign::{ForeignFormat, ForeignOptions, ImportedPasskey};
pub use line::{ExportedFactor, ExportedPasskey, ExportedUser, TransferLine};
