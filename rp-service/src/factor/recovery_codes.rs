use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use rp_core::RandomnessError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tokio::sync::Semaphore;

use super::{Enrolment, FactorError, FactorFuture, FactorOutcome, FactorRequest, FactorRole, SecondFactor};
use crate::factor_name::FactorName;
use crate::session::Method;

/// Codes that the user keeps for the loss of every other factor (NIST SP 800-63B-4, section 4.2.1.1).
///
/// A set has ten codes of 80 bits; each is used once, and a new set invalidates the old one. A code does not sign in: after
/// the first factor it authorises the enrolment of one passkey or second factor, with which the user then signs in.
///
/// Codes of fewer than 112 bits are stored as salted password hashes (section 3.1.2.2): Argon2id with 19 MiB and two passes,
/// one salt for a set, so that an attempt takes one hash and not ten. At most [`RecoveryCodes::PARALLEL_HASHES`] run at a
/// time.
///
/// | request | body | response |
/// |---|---|---|
/// | `enrol` | `{}` | `{"codes": […]}`: shown once |
/// | `options` | `{}` | `{}` |
/// | `verify` | `{"code": "…"}` | the session, whose `next` is `enrol` |
///
/// `GET factors` shows `remaining`, and `fewLeft` if that is at most [`RecoveryCodes::warn_at`].
#[derive(Clone)]
#[must_use]
pub struct RecoveryCodes {
    warn_at: usize,
    hashers: Arc<Semaphore>,
}

/// A recovery code: 80 random bits. `Debug` does not print it.
///
/// Written in Crockford's base32 in four groups of four, such as `7h2k-m0xw-9tqe-p4vd`. Case, spaces and hyphens do not
/// matter; `o` is read as `0`, and `i` and `l` as `1`.
///
/// # Examples
/// ```
/// use rp_service::RecoveryCode;
///
/// let code = RecoveryCode::parse("7H2K MOXW 9TQE P4VD")?;
/// assert_eq!(code.expose(), "7h2k-m0xw-9tqe-p4vd");
/// # Ok::<(), rp_service::RecoveryCodeError>(())
/// ```
#[derive(Clone)]
pub struct RecoveryCode([u8; CODE_CHARS]);

/// The text is not a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a recovery code: 16 letters and digits")]
pub struct RecoveryCodeError;

/// The state of a user's recovery codes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    salt: [u8; SALT_BYTES],
    memory_kib: u32,
    passes: u32,
    /// The hashes of the unused codes.
    hashes: Vec<[u8; HASH_BYTES]>,
}

#[derive(Deserialize)]
struct Body {
    code: String,
}

impl Default for RecoveryCodes {
    fn default() -> Self {
        Self::new()
    }
}

impl RecoveryCodes {
    /// The number of codes in a set.
    pub const CODES: usize = 10;

    /// The number of hashes that are computed at a time: each takes 19 MiB.
    pub const PARALLEL_HASHES: usize = 4;

    /// Codes with a warning when three are left.
    pub fn new() -> Self {
        Self { warn_at: 3, hashers: Arc::new(Semaphore::new(Self::PARALLEL_HASHES)) }
    }

    /// Sets the number of codes from which on the user is warned.
    pub fn warn_at(self, remaining: usize) -> Self {
        Self { warn_at: remaining, ..self }
    }

    async fn issue(&self) -> Result<Enrolment, FactorError> {
        let codes: Vec<_> = (0..Self::CODES).map(|_| RecoveryCode::random()).collect::<Result<_, _>>()?;
        let texts: Vec<_> = codes.iter().map(RecoveryCode::expose).collect();
        let mut state = State::new()?;
        let state = self
            .run_blocking(move || {
                state.hashes = codes.iter().map(|code| state.hash(code)).collect::<Result<_, _>>()?;
                Ok(state)
            })
            .await?;
        Ok(Enrolment::complete(state.to_bytes()?, json!({ "codes": texts })))
    }

    async fn use_up(&self, request: &FactorRequest<'_>) -> Result<FactorOutcome, FactorError> {
        const WRONG: FactorError = FactorError::Invalid { reason: "the code is wrong or was used" };
        let Body { code } = request.parse()?;
        let code = RecoveryCode::parse(&code).map_err(|_| WRONG)?;
        let state = State::parse(request.state)?;
        let (mut state, hash) = self
            .run_blocking(move || {
                let hash = state.hash(&code)?;
                Ok((state, hash))
            })
            .await?;
        let at = state.position(&hash).ok_or(WRONG)?;
        state.hashes.remove(at);
        Ok(FactorOutcome::new(state.to_bytes()?))
    }

    /// Runs a hash on a thread that may block; without a `tokio` runtime, on this one.
    async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, FactorError> + Send + 'static,
    ) -> Result<T, FactorError> {
        let permit = Arc::clone(&self.hashers).acquire_owned().await.map_err(FactorError::unavailable)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await.map_err(FactorError::unavailable)?,
            Err(_) => work(),
        }
    }
}

impl RecoveryCode {
    /// A random code.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn random() -> Result<Self, RandomnessError> {
        let mut code = [0; CODE_CHARS];
        getrandom::fill(&mut code)?;
        // Five bits of each byte: every character is equally likely.
        for byte in &mut code {
            *byte = ALPHABET.get(usize::from(*byte & 31)).copied().unwrap_or(b'0');
        }
        Ok(Self(code))
    }

    /// Reads a code.
    ///
    /// # Errors
    /// [`RecoveryCodeError`].
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(RecoveryCodeError);
        }
        let written = text.chars().filter(|character| !character.is_whitespace() && *character != '-');
        let read = written.map(|character| match character.to_ascii_lowercase() {
            'o' => Ok(b'0'),
            'i' | 'l' => Ok(b'1'),
            other => u8::try_from(other).ok().filter(|byte| ALPHABET.contains(byte)).ok_or(RecoveryCodeError),
        });
        let read: Vec<u8> = read.collect::<Result<_, _>>()?;
        read.try_into().map(Self).map_err(|_| RecoveryCodeError)
    }

    /// The code as the user keeps it.
    #[must_use]
    pub fn expose(&self) -> String {
        let groups: Vec<_> = self.0.chunks(4).map(String::from_utf8_lossy).collect();
        groups.join("-")
    }
}

impl State {
    fn new() -> Result<Self, RandomnessError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt)?;
        Ok(Self { salt, memory_kib: MEMORY_KIB, passes: PASSES, hashes: Vec::new() })
    }

    fn parse(bytes: &[u8]) -> Result<Self, FactorError> {
        serde_json::from_slice(bytes).map_err(|_| FactorError::Unreadable)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, FactorError> {
        serde_json::to_vec(self).map_err(FactorError::unavailable)
    }

    fn hash(&self, code: &RecoveryCode) -> Result<[u8; HASH_BYTES], FactorError> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(HASH_BYTES))
            .map_err(|_| FactorError::Unreadable)?;
        let mut hash = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&code.0, &self.salt, &mut hash)
            .map_err(|_| FactorError::Unreadable)?;
        Ok(hash)
    }

    /// The position of a hash. All are compared, so that the time does not depend on it.
    fn position(&self, hash: &[u8; HASH_BYTES]) -> Option<usize> {
        let none = u64::MAX;
        let mut found = none;
        for (at, stored) in self.hashes.iter().enumerate() {
            let at = u64::try_from(at).unwrap_or(none);
            found = u64::conditional_select(&found, &at, stored.ct_eq(hash));
        }
        usize::try_from(found).ok().filter(|at| *at < self.hashes.len())
    }
}

impl SecondFactor for RecoveryCodes {
    fn name(&self) -> FactorName {
        FactorName::RECOVERY_CODES
    }

    fn method(&self) -> Method {
        Method::RecoveryCode
    }

    fn role(&self) -> FactorRole {
        FactorRole::Recovery
    }

    fn enrol<'a>(&'a self, _: FactorRequest<'a>) -> FactorFuture<'a, Enrolment> {
        Box::pin(self.issue())
    }

    fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move { self.use_up(&request).await })
    }

    fn status(&self, state: &[u8]) -> Result<Map<String, Value>, FactorError> {
        let remaining = State::parse(state)?.hashes.len();
        let mut status = Map::new();
        status.insert("remaining".into(), remaining.into());
        if remaining <= self.warn_at {
            status.insert("fewLeft".into(), true.into());
        }
        Ok(status)
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCodes").field("warn_at", &self.warn_at).finish_non_exhaustive()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// Crockford's base32: no `i`, `l`, `o` and `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Five bits each: 80 bits.
const CODE_CHARS: usize = 16;
/// A code with generous spacing.
const MAX_TEXT_BYTES: usize = 64;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// The first recommendation of the OWASP Password Storage Cheat Sheet for Argon2id: 19 MiB, two passes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = RecoveryCode::parse("7h2k-m0xw-9tqe-p4vd").unwrap();
        for written in
            ["7H2KM0XW9TQEP4VD", " 7h2k m0xw 9tqe p4vd\n", "7h2kmoxw9tqep4vd", "7-h2k--mOxw9tqep4vd-"]
        {
            assert_eq!(RecoveryCode::parse(written).unwrap().0, code.0, "{written}");
        }
        assert_eq!(RecoveryCode::parse("liIL000000000000").unwrap().expose(), "1111-0000-0000-0000");
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }

    #[test]
    fn other_texts_are_not_codes() {
        let long = "0".repeat(17);
        for wrong in
            ["", "7h2k-m0xw-9tqe-p4v", &long, "7h2k-m0xw-9tqe-p4vu", "7h2k-m0xw-9tqe-p4vä", &" ".repeat(65)]
        {
            assert_eq!(RecoveryCode::parse(wrong).unwrap_err(), RecoveryCodeError, "{wrong}");
        }
    }

    #[test]
    fn a_code_has_at_most_64_bytes_with_its_spacing() {
        let code = "7h2k-m0xw-9tqe-p4vd";
        for (bytes, is_code) in [(63, true), (64, true), (65, false), (66, false), (999, false)] {
            let written = format!("{code:bytes$}");
            assert_eq!(RecoveryCode::parse(&written).is_ok(), is_code, "{bytes}");
        }
    }

    #[test]
    fn codes_are_random_in_every_character() {
        let codes: Vec<_> = (0..200).map(|_| RecoveryCode::random().unwrap().0).collect();
        for at in 0..CODE_CHARS {
            let seen: std::collections::BTreeSet<_> = codes.iter().map(|code| code[at]).collect();
            assert!(seen.len() > 24, "character {at}");
            assert!(seen.iter().all(|byte| ALPHABET.contains(byte)));
        }
    }

    /// The parameters of the defaults would take a second in an unoptimised build.
    fn state(codes: &[RecoveryCode]) -> State {
        let mut state = State { memory_kib: 8, passes: 1, ..State::new().unwrap() };
        state.hashes = codes.iter().map(|code| state.hash(code).unwrap()).collect();
        state
    }

    #[test]
    fn a_hash_finds_its_own_code_alone() {
        let codes: Vec<_> = (0..10).map(|_| RecoveryCode::random().unwrap()).collect();
        let state = state(&codes);
        for (at, code) in codes.iter().enumerate() {
            assert_eq!(state.position(&state.hash(code).unwrap()), Some(at));
        }
        assert_eq!(state.position(&state.hash(&RecoveryCode::random().unwrap()).unwrap()), None);
    }

    #[test]
    fn the_state_contains_no_code_and_two_sets_differ() {
        let code = RecoveryCode::random().unwrap();
        let set = std::slice::from_ref(&code);
        let (one, two) = (state(set), state(set));
        assert_ne!(one.hashes, two.hashes);
        let stored = String::from_utf8(one.to_bytes().unwrap()).unwrap();
        assert!(!stored.contains(&code.expose()) && !stored.contains(&String::from_utf8_lossy(&code.0)[..]));
        assert_eq!(State::parse(stored.as_bytes()).unwrap().hashes, one.hashes);
    }

    #[test]
    fn the_status_warns_when_few_codes_are_left() {
        let codes: Vec<_> = (0..5).map(|_| RecoveryCode::random().unwrap()).collect();
        let status = |left| {
            let state = state(codes.get(..left).unwrap()).to_bytes().unwrap();
            Value::from(RecoveryCodes::new().status(&state).unwrap())
        };
        assert_eq!(status(4), json!({"remaining": 4}));
        assert_eq!(status(3), json!({"remaining": 3, "fewLeft": true}));
        assert_eq!(status(0), json!({"remaining": 0, "fewLeft": true}));
        let one = RecoveryCodes::new().warn_at(1);
        let status = |left| {
            let state = state(codes.get(..left).unwrap()).to_bytes().unwrap();
            Value::from(one.status(&state).unwrap())
        };
        assert_eq!(status(2), json!({"remaining": 2}));
        assert_eq!(status(1), json!({"remaining": 1, "fewLeft": true}));
    }
}
