//! A WebAuthn Level 3 relying party without clock, network or storage: it parses and verifies bytes.
//!
//! The two ceremonies are [`RelyingParty::finish_registration`] and [`RelyingParty::finish_authentication`];
//! each reads as the numbered list of its section. Their parsers are public: [`CollectedClientData`], [`AuthenticatorData`], [`AttestationObject`], [`cose::PublicKey`],
//! [`x509::Certificate`].
//!
//! Further operations are payments ([`RelyingParty::start_payment`]), the re-verification of stored registrations
//! ([`RelyingParty::reverify_registration`]), the arguments of the Signal methods ([`signal`]) and the document of
//! [related origins](related_origins).
//!
//! # Examples
//! ```
//! # if cfg!(not(feature = "_credentials")) { return Ok(()); }
//! use rp_core::{AllowedCredentials, RelyingParty, Timestamp, User, UserHandle};
//!
//! let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
//!
//! let user = User { handle: UserHandle::random()?, name: "kim".into(), display_name: "Kim".into() };
//! let now = Timestamp::from_unix_seconds(1_780_272_000); // with the feature `std`: Timestamp::now()
//! let (options, pending) = rp.start_registration(&user, &[], now)?;
//! // options go to the browser as JSON; pending stays on the server until the response arrives:
//! // let registered = rp.finish_registration(pending, &response, &trust, now)?;
//!
//! let (options, pending) = rp.start_authentication(AllowedCredentials::discoverable(), now)?;
//! // let verified = rp.finish_authentication(pending, &response, &credential, now)?;
//! # let _ = (options, pending);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod assessment;
pub mod attestation;
mod authentication;
mod authenticator_data;
pub mod base64url;
mod bytes;
mod cache;
pub mod cbor;
mod ceremony;
mod client_data;
pub mod cose;
mod credential;
mod credential_digests;
pub mod crypto;
mod error;
mod errors;
pub mod extensions;
mod host;
pub mod json;
pub mod jws;
pub mod options;
mod origin;
pub mod payment;
pub mod pending;
mod profile;
mod randomness;
mod registration;
pub mod related_origins;
mod relying_party;
mod response;
mod reverification;
pub mod signal;
mod timestamp;
pub mod trust;
pub mod x509;

pub use attestation::{Attestation, AttestationObject, AttestationPolicy, AttestationType, Format};
pub use authentication::{
    AllowedCredentials, Authenticated, AuthenticationError, AuthenticationRequest, PendingAuthentication,
};
pub use authenticator_data::{AttestedCredentialData, AuthenticatorData, AuthenticatorDataError, Flags};
pub use bytes::{
    Aaguid, AaguidSyntaxError, Challenge, ChallengeLengthError, CredentialId, CredentialIdLengthError,
    UserHandle, UserHandleLengthError,
};
pub use ceremony::ClientDataMismatchError;
pub use client_data::{ClientDataError, CollectedClientData};
pub use cose::Algorithm;
pub use credential::{CredentialRecord, CredentialUpdate, StoredAttestation};
pub use error::Code;
pub use errors::Error;
pub use origin::OriginError;
pub use pending::PendingError;
pub use profile::Profile;
pub use randomness::RandomnessError;
pub use registration::{PendingRegistration, Registered, RegistrationError, RegistrationRequest, User};
pub use relying_party::{BackupPolicy, ConfigError, CounterPolicy, RelyingParty, RelyingPartyBuilder};
pub use response::{AuthenticationResponse, MAX_JSON_LEN, RegistrationResponse, ResponseError};
pub use reverification::ReverificationError;
pub use timestamp::Timestamp;
pub use trust::{Distrust, FormatAnchors, StaticAnchors, TrustError, TrustSource};
pub use x509::TrustAnchor;

/// The programs of the README and the guide compile.
#[cfg(doctest)]
#[cfg(all(feature = "_credentials", feature = "std"))]
mod book {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/src/guide/ceremonies.md")]
    struct Ceremonies;

    #[doc = include_str!("../../docs/src/guide/formats.md")]
    struct Formats;

    #[doc = include_str!("../../docs/src/guide/attestation.md")]
    struct Attestation;
}
