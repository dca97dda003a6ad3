//! A WebAuthn Level 3 relying party: bytes in, verdict out, without clock, network or storage.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod base64url;
mod bytes;
pub mod cbor;
pub mod cose;
pub mod crypto;
mod error;
mod timestamp;
pub mod x509;

pub use bytes::{
    Aaguid, AaguidSyntax, Challenge, ChallengeTooShort, CredentialId, CredentialIdLength, UserHandle,
    UserHandleLength,
};
pub use error::Code;
pub use timestamp::Timestamp;
