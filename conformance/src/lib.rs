//! Software authenticator, vector format and drivers for any WebAuthn server.
//!
//! - [`authenticator`]: a software authenticator and client, honest or wrong in one named step;
//! - [`format`](mod@format): the vector format, read and written;
//! - [`matrix`]: what the authenticator mints, as vectors;
//! - [`publisher`]: metadata BLOBs and their signer;
//! - [`run`](mod@run): cases put before a [`Driver`], and what came out held against what was expected;
//! - [`report`]: the figures, the list of what is not yet answered, and their words;
//! - [`seeds`]: what the fuzz targets begin with;
//! - [`support`]: what is supported, as tables of Markdown;
//! - [`http`]: the tests of the HTTP interface, for every adapter;
//! - `site`: the example site of both adapters.
//!
//! `http` needs the feature `drivers`, which is on by default, and `site` the feature of its name.

pub mod authenticator;
pub mod format;
#[cfg(feature = "drivers")]
pub mod http;
pub mod matrix;
pub mod publisher;
pub mod report;
pub mod run;
pub mod seeds;
#[cfg(feature = "site")]
pub mod site;
pub mod support;

pub use authenticator::Authenticator;
pub use format::{Case, read};
pub use report::{NotYet, Report};
pub use run::{Driver, run};
