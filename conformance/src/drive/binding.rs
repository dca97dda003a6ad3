//! The interface of a binding.

use serde_json::Value;

use super::client::{Answer, Broken, Client};
use crate::authenticator::Authenticator;

/// The wishes of a case for the options. A binding passes on what it can.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) user_verification: &'static str,
    pub(super) attestation: &'static str,
    pub(super) extensions: Value,
    /// Whether the account is named before an authentication.
    pub(super) by_name: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            user_verification: "preferred",
            attestation: "direct",
            extensions: Value::Null,
            by_name: false,
        }
    }
}

/// An account at the server, and the browser in which it is used.
#[derive(Clone)]
pub(super) struct Visit<'a> {
    /// The browser for registrations, which may be signed in.
    pub(super) member: Client<'a>,
    /// The browser for authentications.
    pub(super) guest: Client<'a>,
    /// The username.
    pub(super) user: String,
    /// The authenticator that opened the account, if the binding needs one.
    pub(super) first: Option<Authenticator>,
}

/// The routes of a server, and the form of their requests and responses.
pub(super) trait Binding: Send + Sync {
    /// The headers of every request.
    fn headers(&self) -> Vec<(&str, &str)>;

    /// The prefix of the routes, unless the caller chooses another.
    fn default_prefix(&self) -> &'static str;

    /// Opens an account for cases; `device` is an authenticator for bindings that need one.
    fn open(&self, visit: &mut Visit<'_>, device: Authenticator) -> Result<(), Broken>;

    /// Whether each ceremony can have an account of its own without further requests.
    fn has_cheap_accounts(&self) -> bool;

    /// Whether options follow the wishes of a request.
    fn grants_wishes(&self) -> bool;

    fn creation_options(&self, visit: &mut Visit<'_>, wish: &Wish) -> Result<Answer, Broken>;

    /// Options for creating an account with this name, by an unknown browser.
    fn sign_up_options(&self, visit: &mut Visit<'_>, name: &str) -> Result<Answer, Broken>;

    fn create(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken>;

    fn request_options(&self, visit: &mut Visit<'_>, wish: &Wish) -> Result<Answer, Broken>;

    fn get(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken>;

    /// Removes a credential, so that an account does not reach its maximum.
    fn discard(&self, visit: &mut Visit<'_>, id: &str) -> Result<(), Broken>;
}
