//! Second factors other than passkeys.

mod recovery_codes;
mod totp;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use rp_core::{RandomnessError, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::factor_name::FactorName;
use crate::seal::KeyRing;
use crate::session::{Client, Method, SessionId};
use crate::store::UserRecord;

pub use recovery_codes::{RecoveryCode, RecoveryCodeError, RecoveryCodes};
pub use totp::{Totp, TotpAlgorithm};

/// A second factor other than a passkey: [`Totp`], [`RecoveryCodes`], or one of the application, such as a service that
/// confirms sign-ins on a phone.
///
/// A factor computes; the service decides and stores. It keeps one encrypted state for each user and factor and writes it by
/// compare-and-set, so that a method may run again on a newer state if a parallel request was faster. It limits attempts,
/// checks that the session may enrol or verify, and renews the session.
///
/// # Examples
/// A factor that accepts the word that its user chose at enrolment, once:
///
/// ```
/// use rp_service::{
///     Enrolment, FactorError, FactorFuture, FactorName, FactorOutcome, FactorRequest, SecondFactor,
/// };
/// use serde_json::json;
///
/// struct Word;
///
/// #[derive(serde::Deserialize)]
/// struct Body {
///     word: String,
/// }
///
/// impl SecondFactor for Word {
///     fn name(&self) -> FactorName {
///         FactorName::parse("word").expect("a name")
///     }
///
///     fn enrol<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, Enrolment> {
///         Box::pin(async move {
///             let Body { word } = request.parse()?;
///             Ok(Enrolment::complete(word.into_bytes(), json!({})))
///         })
///     }
///
///     fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
///         Box::pin(async move {
///             let Body { word } = request.parse()?;
///             if request.state.is_empty() || request.state != word.as_bytes() {
///                 return Err(FactorError::Invalid { reason: "another word" });
///             }
///             Ok(FactorOutcome::new(Vec::new()))
///         })
///     }
/// }
/// # fn is_factor(_: impl SecondFactor) {}
/// # is_factor(Word);
/// ```
pub trait SecondFactor: Send + Sync {
    /// The name, which is in the paths of the routes.
    fn name(&self) -> FactorName;

    /// The method that a session records; by default [`Method::Other`] with the name.
    fn method(&self) -> Method {
        Method::Other(self.name().to_string())
    }

    /// The use of the factor.
    fn role(&self) -> FactorRole {
        FactorRole::SecondFactor
    }

    /// `POST factors/{name}/enrol`: makes the state of a new enrolment. [`FactorRequest::state`] is empty.
    fn enrol<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, Enrolment>;

    /// `POST factors/{name}/confirm`: completes an enrolment that `enrol` left incomplete. The default is for factors that `enrol` completes.
    fn confirm<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        let _ = request;
        Box::pin(async { Err(FactorError::Invalid { reason: "the factor is not confirmed" }) })
    }

    /// `POST factors/{name}/options`: what the page needs before it calls `verify`. By default an empty object.
    fn options<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOptions> {
        let _ = request;
        Box::pin(async { Ok(FactorOptions::default()) })
    }

    /// `POST factors/{name}/verify`: verifies the user. The new state must make sure that the same request is not accepted
    /// again.
    fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome>;

    /// The part of the state that `GET factors` shows in addition to the times.
    ///
    /// # Errors
    /// [`FactorError::Unreadable`].
    fn status(&self, state: &[u8]) -> Result<Map<String, Value>, FactorError> {
        let _ = state;
        Ok(Map::new())
    }
}

/// The result of a method of a [`SecondFactor`].
pub type FactorFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, FactorError>> + Send + 'a>>;

/// The use of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactorRole {
    /// It completes a sign-in, and verifies the user again.
    SecondFactor,
    /// It authorises the enrolment of one passkey or second factor after a first factor, and nothing else.
    Recovery,
}

/// A request to a factor.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FactorRequest<'a> {
    /// The user.
    pub user: &'a UserRecord,
    /// The session, whose ID stays the same when its token changes.
    pub session: SessionId,
    /// The client.
    pub client: &'a Client,
    /// The name of the relying party, as users see it.
    pub rp_name: &'a str,
    /// The time.
    pub now: Timestamp,
    /// The keys of the service, for tokens that leave it ([`KeyRing::seal_token`]).
    pub keys: &'a KeyRing,
    /// The state.
    pub state: &'a [u8],
    /// The body, a JSON object.
    pub(crate) body: &'a [u8],
}

/// The start of an enrolment.
#[derive(Clone)]
#[non_exhaustive]
pub struct Enrolment {
    /// The state.
    pub state: Vec<u8>,
    /// The body of the response, an object.
    pub response: Value,
    /// Whether the factor can be used without confirmation.
    pub is_complete: bool,
}

/// The options of a factor.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct FactorOptions {
    /// The state, if it changes.
    pub state: Option<Vec<u8>>,
    /// The body of the response, an object.
    pub response: Map<String, Value>,
}

/// The outcome of a confirmation or a verification.
#[derive(Clone)]
#[non_exhaustive]
#[must_use = "the state has to be stored"]
pub struct FactorOutcome {
    /// The new state.
    pub state: Vec<u8>,
}

/// Why a factor rejected a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// The factor does not verify the user. The client receives `factor-invalid`, and the reason goes to the event.
    #[error("{reason}")]
    Invalid {
        /// The reason.
        reason: &'static str,
    },
    /// The body does not have the expected form. The client receives `malformed-json` with the detail.
    #[error("{detail}")]
    Body {
        /// The problem.
        detail: String,
    },
    /// The stored state cannot be read.
    #[error("the state of the factor is unreadable")]
    Unreadable,
    /// A service on which the factor depends failed. The client receives `storage-unavailable`.
    #[error("the factor is not available")]
    Unavailable {
        /// The error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system returned no random bytes.
    #[error("no random bytes: {0}")]
    Randomness(#[from] RandomnessError),
}

impl FactorError {
    /// Returns [`FactorError::Unavailable`].
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}

impl FactorRequest<'_> {
    /// Parses the body. Unknown members are ignored.
    ///
    /// # Errors
    /// [`FactorError::Body`] with the position; the body is not quoted, because it may contain a secret.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, FactorError> {
        serde_json::from_slice(self.body).map_err(|error| FactorError::Body {
            detail: format!(
                "the body does not have the expected form, line {} column {}",
                error.line(),
                error.column()
            ),
        })
    }
}

impl Enrolment {
    /// An enrolment that is complete.
    #[must_use]
    pub fn complete(state: Vec<u8>, response: Value) -> Self {
        Self { state, response, is_complete: true }
    }

    /// An enrolment that has to be confirmed within [`Enrolment::LIFETIME`].
    #[must_use]
    pub fn pending(state: Vec<u8>, response: Value) -> Self {
        Self { state, response, is_complete: false }
    }

    /// The time within which an enrolment has to be confirmed: enough to install an application that scans a code.
    pub const LIFETIME: std::time::Duration = std::time::Duration::from_mins(15);
}

impl FactorOptions {
    /// Options that do not change the state.
    #[must_use]
    pub fn new(response: Map<String, Value>) -> Self {
        Self { state: None, response }
    }

    /// Options that change the state, such as a transaction that `verify` completes.
    #[must_use]
    pub fn with_state(state: Vec<u8>, response: Map<String, Value>) -> Self {
        Self { state: Some(state), response }
    }
}

impl FactorOutcome {
    /// An outcome with this state.
    pub fn new(state: Vec<u8>) -> Self {
        Self { state }
    }
}

/// Prints neither the state nor the body, which contain secrets.
impl fmt::Debug for FactorRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorRequest").field("user", &self.user.handle).finish_non_exhaustive()
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").field("is_complete", &self.is_complete).finish_non_exhaustive()
    }
}

impl fmt::Debug for FactorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorOptions").finish_non_exhaustive()
    }
}

impl fmt::Debug for FactorOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorOutcome").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// The result of a method of a factor, called with a state and a body.
    pub(super) fn request<T>(state: &[u8], body: &[u8], method: impl FnOnce(FactorRequest<'_>) -> T) -> T {
        let user = UserRecord {
            handle: rp_core::UserHandle::try_from(&b"kim's handle"[..]).unwrap(),
            name: "kim".into(),
            name_key: "kim".into(),
            display_name: "Kim".into(),
            created_at: Timestamp::from_unix_seconds(0),
            locked_at: None,
        };
        method(FactorRequest {
            user: &user,
            session: SessionId::random().unwrap(),
            client: &Client::default(),
            rp_name: "Example",
            now: Timestamp::from_unix_seconds(0),
            keys: &KeyRing::new([Secret::from([1; 32])]).unwrap(),
            state,
            body,
        })
    }

    #[test]
    fn debug_prints_neither_state_nor_body_nor_response() {
        let printed = request(b"secret", b"{}", |request| format!("{request:?}"));
        assert_eq!(printed, "FactorRequest { user: UserHandle(a2ltJ3MgaGFuZGxl), .. }");
        let response = Value::from("secret");
        let complete = Enrolment::complete(b"secret".to_vec(), response.clone());
        assert_eq!(format!("{complete:?}"), "Enrolment { is_complete: true, .. }");
        let pending = Enrolment::pending(b"secret".to_vec(), response.clone());
        assert_eq!(format!("{pending:?}"), "Enrolment { is_complete: false, .. }");
        let members = Map::from_iter([("secret".to_owned(), response)]);
        let options = FactorOptions::with_state(b"secret".to_vec(), members);
        assert_eq!(format!("{options:?}"), "FactorOptions { .. }");
        let outcome = FactorOutcome::new(b"secret".to_vec());
        assert_eq!(format!("{outcome:?}"), "FactorOutcome { .. }");
    }

    #[test]
    fn an_error_about_a_body_does_not_quote_it() {
        let parsed = request(&[], b"\n{\"code\": secret}", |request| request.parse::<Value>());
        let detail = parsed.unwrap_err().to_string();
        assert_eq!(detail, "the body does not have the expected form, line 2 column 10");
    }
}
