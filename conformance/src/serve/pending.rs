//! Pending ceremonies, and the sessions that find them.

use std::collections::{BTreeMap, VecDeque};

use rp_core::{Challenge, Code, CredentialRecord, RandomnessError, Timestamp, User, UserHandle, base64url};

use super::rejection::Rejection;
use super::request::{AssertionRequest, CreationRequest};
use crate::http::HttpRequest;

/// A pending ceremony: what was requested, and the challenge. It is started again when its response arrives, so that a
/// server without one of its checks can start it with other expectations.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) challenge: Challenge,
    pub(super) started_at: Timestamp,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Registration {
        request: CreationRequest,
        user: User,
        existing: Vec<CredentialRecord>,
    },
    Authentication {
        request: AssertionRequest,
        account: Option<UserHandle>,
        credentials: Vec<CredentialRecord>,
    },
}

/// The pending ceremony of each session; the oldest are forgotten.
#[derive(Debug, Default)]
pub(super) struct Ceremonies {
    pending: BTreeMap<String, Pending>,
    by_age: VecDeque<String>,
}

impl Ceremonies {
    /// Enough for every connection of a test.
    const MAX: usize = 10_000;

    /// Stores a ceremony under a new session ID of 32 random bytes.
    pub(super) fn put(&mut self, pending: Pending) -> Result<String, RandomnessError> {
        let session = base64url::encode(Challenge::random()?.as_bytes());
        if self.by_age.len() >= Self::MAX
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.pending.remove(&oldest);
        }
        self.by_age.push_back(session.clone());
        self.pending.insert(session.clone(), pending);
        Ok(session)
    }

    pub(super) fn take(&mut self, session: Option<String>, keep: bool) -> Result<Pending, Rejection> {
        let pending = session.and_then(|session| match keep {
            true => self.pending.get(&session).cloned(),
            false => self.pending.remove(&session),
        });
        pending
            .ok_or_else(|| Rejection::new(Code::ChallengeMismatch, "no ceremony is pending in this session"))
    }
}

const COOKIE: &str = "session";

/// The session that the request's cookie names.
pub(super) fn session_of(request: &HttpRequest) -> Option<String> {
    let cookies = request.headers.iter().filter(|(name, _)| name == "cookie");
    let texts = cookies.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    let mut pairs = texts.flat_map(|text| text.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

pub(super) fn cookie(session: &str, origin: &str) -> String {
    let secure = if origin.starts_with("https:") { "; Secure" } else { "" };
    format!("{COOKIE}={session}; HttpOnly; SameSite=Lax; Path=/{secure}")
}
