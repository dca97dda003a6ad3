//! Sign-in for command lines and native applications: the authorization code grant of OAuth 2.0 (RFC 6749, section 4.1)
//! with PKCE (RFC 7636) and a loopback redirect (RFC 8252, section 7.3).
//!
//! This module parses requests and writes the page. [`Passkeys::start_authorization`](crate::Passkeys::start_authorization),
//! [`confirm_authorization`](crate::Passkeys::confirm_authorization) and [`redeem_code`](crate::Passkeys::redeem_code) decide.

mod client;
mod error;
pub(crate) mod page;
mod parameters;
mod pkce;
mod redirect;
mod request;
mod token;

pub(crate) use client::CommandLineClient;
pub use client::CommandLineClientError;
pub use error::AuthorizationError;
pub(crate) use pkce::CodeChallenge;
pub use redirect::LoopbackRedirect;
pub(crate) use request::{AuthorizationRequest, RejectedRequest, State};
pub use token::TokenRequest;
