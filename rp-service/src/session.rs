//! Sign-in sessions: rows that the service owns.

mod verified_factor;

use std::fmt;
use std::time::Duration;

use rp_core::{CredentialId, RandomnessError, Timestamp, UserHandle, base64url};
use serde::{Deserialize, Serialize};

pub use verified_factor::{Method, UserVerification, VerifiedFactor};

/// A session of a user.
///
/// The browser holds a token of 256 random bits; the store holds its hash ([`SessionKey`]) as the key of this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The public ID. It stays the same when the token changes.
    pub id: SessionId,
    /// The user.
    pub user: UserHandle,
    /// Whether the user is signed in.
    pub state: SessionState,
    /// Whether the token is in a cookie or was returned as a bearer token.
    pub kind: SessionKind,
    /// The time of sign-in.
    pub created_at: Timestamp,
    /// The time of the last request, exact to one minute.
    pub last_used_at: Timestamp,
    /// The time of the last verification of any factor.
    pub verified_at: Timestamp,
    /// The time at which the session expires if it is not used before.
    pub expires_at: Timestamp,
    /// The factors that were verified, each method at most once, the latest last.
    pub factors: Vec<VerifiedFactor>,
    /// The passkey that was verified last, if any was.
    pub credential: Option<CredentialId>,
    /// The client that opened the session.
    pub client: Client,
    /// Whether the next step-up requires user verification: a response in this session lacked it although its passkey
    /// is capable of it.
    pub user_verification_required: bool,
}

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// A first factor was verified, and another one is required. The user is not signed in.
    FirstFactor,
    /// The user is signed in.
    SignedIn,
}

/// Where the client keeps the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// In the session cookie.
    Browser,
    /// In the `Authorization` header.
    Bearer,
}

/// The client that sent a request, as it is shown in lists of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The network address, as the adapter determined it.
    pub address: Option<String>,
    /// The `User-Agent` header, shortened to [`Client::MAX_USER_AGENT_CHARS`] and without control characters.
    pub user_agent: Option<String>,
    /// The ID of the request, for events. It is not stored.
    pub request_id: Option<String>,
}

/// The public ID of a session: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

/// The secret token of a session: 256 random bits. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

/// The key of a session: the SHA-256 hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub [u8; 32]);

impl Session {
    /// The time of last use is written at most this often: a write for each request would make reading as slow as writing.
    pub(crate) const USE_INTERVAL: Duration = Duration::from_secs(60);

    /// The time for this session: a clock that is set back does not make a session younger.
    #[must_use]
    pub fn effective_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.last_used_at)
    }

    /// Whether the session has expired.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.effective_time(now) > self.expires_at
    }

    /// Whether the user is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.state == SessionState::SignedIn
    }

    /// The last verification by a method.
    #[must_use]
    pub fn factor(&self, method: &Method) -> Option<&VerifiedFactor> {
        self.factors.iter().find(|factor| factor.method == *method)
    }

    /// Adds a verification; it replaces an earlier one by the same method.
    pub(crate) fn verify(&mut self, factor: VerifiedFactor, credential: Option<CredentialId>) {
        self.factors.retain(|earlier| earlier.method != factor.method);
        self.verified_at = self.verified_at.max(factor.at);
        if credential.is_some() {
            self.credential = credential;
            self.user_verification_required = factor.user_verification == UserVerification::Omitted;
        }
        self.factors.push(factor);
    }
}

impl Client {
    /// The maximum length of a stored user agent.
    pub const MAX_USER_AGENT_CHARS: usize = 256;
    /// The maximum length of a stored address: longer than any IPv6 address with a zone.
    pub const MAX_ADDRESS_CHARS: usize = 64;

    /// A client; both values are shortened, and control characters are removed.
    #[must_use]
    pub fn new(address: Option<&str>, user_agent: Option<&str>) -> Self {
        let clean = |text: &str, max| {
            let text: String = text.chars().filter(|character| !character.is_control()).take(max).collect();
            (!text.is_empty()).then_some(text)
        };
        Self {
            address: address.and_then(|text| clean(text, Self::MAX_ADDRESS_CHARS)),
            user_agent: user_agent.and_then(|text| clean(text, Self::MAX_USER_AGENT_CHARS)),
            request_id: None,
        }
    }

    /// The same client with the ID of a request.
    #[must_use]
    pub fn with_request_id(self, id: Option<&str>) -> Self {
        Self { request_id: Self::new(id, None).address, ..self }
    }
}

impl SessionId {
    /// A random ID.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads an ID; `None` if the text is not 16 bytes in base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 22).then_some(())?;
        base64url::decode_secret(text).ok()?.try_into().ok().map(Self)
    }

    /// An ID that a store read.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a session ID"))
    }
}

impl SessionToken {
    /// A random token.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a token as the client sent it; `None` if it is not 32 bytes in base64url.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        (text.len() == 43).then_some(())?;
        base64url::decode_secret(std::str::from_utf8(text).ok()?).ok()?.try_into().ok().map(Self)
    }

    /// The token as the client sends it.
    #[must_use]
    pub fn expose(&self) -> String {
        base64url::encode(&self.0)
    }

    /// The key under which the store keeps the session.
    #[must_use]
    pub fn key(&self) -> SessionKey {
        SessionKey(rp_core::crypto::sha256(&[&self.0]))
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(32 bytes)")
    }
}
