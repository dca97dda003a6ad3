//! The shared part of contestants in Rust: the inputs, and the loop that answers the driver.
//!
//! Each library is a program of its own, because cargo builds a library with one set of features per program. The driver
//! (`peers`) makes the inputs, starts all programs, and lets them take turns.
#![cfg(feature = "_contestant")]

pub mod contestant;
pub mod inputs;

pub use contestant::{Library, run};
pub use inputs::{Bytes, Input, Inputs, Response};

/// Any error: a contestant reports its text.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
