//! Operations: what happened, who can sign in, and what operators do.
//!
//! [`Passkeys::admin`](crate::Passkeys::admin) has the operations of an operator: lock, unlock, revoke, reset, invite. Each
//! takes a reason, which is in the event. [`Passkeys::check_policy`](crate::Passkeys::check_policy) is the dry run of a
//! policy, and [`Passkeys::reassess`](crate::Passkeys::reassess) assesses the attestation of stored passkeys again.
//!
//! With the feature `cli`, `run` is the command `passkeys-admin` for the stores, users and groups of an application.

#[cfg(feature = "cli")]
mod arguments;
#[cfg(feature = "cli")]
mod command;
#[cfg(feature = "cli")]
mod command_error;
#[cfg(feature = "cli")]
mod log;
#[cfg(feature = "cli")]
mod progress;
#[cfg(feature = "cli")]
mod show;
#[cfg(feature = "cli")]
mod table;

#[cfg(feature = "cli")]
pub use arguments::{Command, Library, OperatorArguments, PolicyCommand, SignInArguments, UserArguments};
#[cfg(feature = "cli")]
pub use command::{execute, run};
#[cfg(feature = "cli")]
pub use command_error::CommandError;

pub use crate::causes::with_causes;
pub use crate::passkeys::{
    Admin, CheckedUser, ExportKey, Operator, ReasonError, Reassessed, Reassessment, Transferred, UserState,
};
pub use crate::transfer::{
    ExportedFactor, ExportedPasskey, ExportedUser, ForeignFormat, ForeignOptions, ForeignRecordError,
    ImportedPasskey, TransferError, TransferLine,
};
