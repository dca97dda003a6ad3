//! The operations of the service, one file for each subject.

mod authentication;
mod browser;
mod builder;
mod caller;
mod ceremony;
mod config_error;
mod decision;
mod factor_state;
mod factors;
mod first_factor;
mod maintenance;
mod management;
mod next;
mod proof;
mod registration;
mod revoked;
mod sealed_cookies;
mod second_factor;
mod service;
mod sessions;
mod users;

pub use authentication::Authentication;
pub use browser::BrowserId;
pub use builder::PasskeysBuilder;
pub use caller::{Caller, CurrentSession, CurrentUser, TokenTransport};
pub use config_error::ConfigError;
pub use first_factor::FirstFactor;
pub use next::Next;
pub use proof::Proof;
pub use registration::{NewUser, Registration};
pub(crate) use sealed_cookies::SealedCookies;
pub use second_factor::FactorVerification;
pub use service::Passkeys;
pub use sessions::OpenedSession;
pub use users::Grant;
