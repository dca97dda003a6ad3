//! Software authenticator, vector format and drivers for any WebAuthn server.
//!
//! - [`format`](mod@format): the vector format, read and written;
//! - [`run`]: cases put before a [`Driver`], and what came out held against what was expected;
//! - [`report`]: the figures, the list of what is not yet answered, and their words.

pub mod format;
pub mod report;
pub mod run;

pub use format::{Case, read};
pub use report::{NotYet, Report};
pub use run::{Driver, run};
