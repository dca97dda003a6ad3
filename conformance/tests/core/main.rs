//! `rp-core` through its public API, with responses of the software authenticator.

mod assertion;
mod attestation;
mod behaviours;
mod encoders;
mod reverification;
mod trust;
