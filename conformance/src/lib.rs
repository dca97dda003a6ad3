//! Software authenticator, vector format and drivers for any WebAuthn server.
//!
//! - [`authenticator`]: a software authenticator and client, honest or wrong in one named step;
//! - `browser`: a browser for the tests of applications;
//! - `drive`: plays every behaviour of a conforming server against a server that is running;
//! - [`format`](mod@format): the vector format, read and written;
//! - [`generate`]: the matrix as files for test suites in any language;
//! - [`matrix`]: responses of the authenticator as vectors;
//! - [`publisher`]: metadata BLOBs and their signer;
//! - [`run`](mod@run): runs cases against a [`Driver`] and compares the results with the expected ones;
//! - [`report`]: the report of a run, and the list of cases that may still fail;
//! - [`seeds`]: the seeds of the fuzz targets;
//! - `serve`: a server of FIDO's transport binding, for other test tools;
//! - [`support`]: tables of supported features in Markdown;
//! - `http`: the tests of the HTTP interface, for every adapter;
//! - `load`: sign-ins per second at the example sites, and what the service adds to storage and signature;
//! - `site`: the example site of both adapters;
//! - `timing`: whether the time of a response reveals that a username exists.
//!
//! `browser`, `drive`, `http` and `serve` need the feature `drivers`, which is on by default; `load`, `site` and `timing`
//! need the features of their names. The feature `actix` adds applications on actix-web to `browser`.

pub mod authenticator;
#[cfg(feature = "drivers")]
pub mod browser;
#[cfg(any(feature = "load", feature = "timing"))]
mod connection;
#[cfg(feature = "drivers")]
mod cookies;
#[cfg(feature = "drivers")]
pub mod drive;
pub mod format;
pub mod generate;
#[cfg(feature = "drivers")]
pub mod http;
#[cfg(feature = "load")]
pub mod load;
pub mod matrix;
mod parallel;
pub mod publisher;
pub mod report;
pub mod run;
pub mod seeds;
#[cfg(feature = "drivers")]
pub mod serve;
#[cfg(feature = "site")]
pub mod site;
pub mod support;
#[cfg(feature = "timing")]
pub mod timing;

pub use authenticator::Authenticator;
pub use format::{Case, read};
pub use report::{NotYet, Report};
pub use run::{Driver, run};
