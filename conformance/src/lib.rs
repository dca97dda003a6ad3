//! Software authenticator, vector format and drivers for any WebAuthn server.
//!
//! - [`authenticator`]: a software authenticator and client, honest or wrong in one named step;
//! - [`format`](mod@format): the vector format, read and written;
//! - [`matrix`]: responses of the authenticator as vectors;
//! - [`publisher`]: metadata BLOBs and their signer;
//! - [`run`](mod@run): runs cases against a [`Driver`] and compares the results with the expected ones;
//! - [`report`]: the report of a run, and the list of cases that may still fail;
//! - [`seeds`]: the seeds of the fuzz targets;
//! - [`support`]: tables of supported features in Markdown;
//! - [`http`]: the tests of the HTTP interface, for every adapter;
//! - `site`: the example site of both adapters;
//! - `timing`: whether the time of a response reveals that a username exists.
//!
//! `http` needs the feature `drivers`, which is on by default; `site` and `timing` need the features of their names.

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
#[cfg(feature = "timing")]
pub mod timing;

pub use authenticator::Authenticator;
pub use format::{Case, read};
pub use report::{NotYet, Report};
pub use run::{Driver, run};
