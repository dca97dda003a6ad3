//! The vector format, the software authenticator, the command `conformance`, and the pages that describe them.
#![expect(clippy::unwrap_used, reason = "tests: what is missing ends them")]

mod book;
mod ceremonies;
mod command;
mod format;
mod matrix;
mod support;
