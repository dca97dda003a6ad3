use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::json;
use totp_rs::{Algorithm, Builder, Secret};

use super::{Enrolment, FactorError, FactorFuture, FactorOutcome, FactorRequest, SecondFactor};
use crate::factor_name::FactorName;
use crate::session::Method;

/// Time-based one-time passwords ([RFC 6238](https://www.rfc-editor.org/rfc/rfc6238)) of an authenticator application.
///
/// The defaults are the ones that every application supports: SHA-1, six digits, 30 seconds. HMAC does not depend on the
/// collision resistance of SHA-1. The secret has 160 bits. A code of the step before or after the current one is accepted
/// (section 5.2), and each code once.
///
/// | request | body | response |
/// |---|---|---|
/// | `enrol` | `{}` | `{"uri", "secret"}`: the `otpauth:` URI for a QR code, and the secret in base32 |
/// | `confirm` | `{"codes": ["…", "…"]}`: two consecutive codes | the factor |
/// | `options` | `{}` | `{}` |
/// | `verify` | `{"code": "…"}` | the session |
///
/// # Examples
/// ```
/// use rp_service::{Totp, TotpAlgorithm};
///
/// let totp = Totp::new().issuer("Example").algorithm(TotpAlgorithm::Sha256).digits(8);
/// # drop(totp);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Totp {
    issuer: Option<String>,
    algorithm: TotpAlgorithm,
    digits: Option<u8>,
    period: Option<u8>,
}

/// The hash of a TOTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TotpAlgorithm {
    /// SHA-1: the only one that every authenticator application supports.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The state of a user's TOTP.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    #[serde(with = "base64url")]
    secret: [u8; SECRET_BYTES],
    algorithm: TotpAlgorithm,
    digits: u8,
    period: u8,
    /// The last time step whose code was accepted.
    last_step: u64,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Codes {
    codes: [String; 2],
}

impl Totp {
    /// SHA-1, six digits, 30 seconds; the issuer is the name of the relying party.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the issuer, which authenticator applications show.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Sets the hash of new enrolments. Some authenticator applications ignore it and compute other codes.
    pub fn algorithm(self, algorithm: TotpAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// Sets the number of digits of new enrolments: 6 to 8, the nearest one is taken.
    pub fn digits(self, digits: u8) -> Self {
        Self { digits: Some(digits.clamp(6, 8)), ..self }
    }

    /// Sets the length of a time step of new enrolments, in seconds: 15 to 120, the nearest one is taken.
    pub fn period(self, seconds: u8) -> Self {
        Self { period: Some(seconds.clamp(15, 120)), ..self }
    }

    fn start(&self, request: &FactorRequest<'_>) -> Result<Enrolment, FactorError> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(rp_core::RandomnessError::from)?;
        let state = State {
            secret,
            algorithm: self.algorithm,
            digits: self.digits.unwrap_or(DIGITS),
            period: self.period.unwrap_or(PERIOD_SECONDS),
            last_step: 0,
        };
        let issuer = self.issuer.as_deref().unwrap_or(request.rp_name);
        let totp = state
            .builder()
            .with_issuer(Some(without_colons(issuer)))
            .with_account_name(without_colons(&request.user.name))
            .build()
            .map_err(FactorError::unavailable)?;
        let uri = totp.to_url().map_err(FactorError::unavailable)?;
        let response = json!({ "uri": uri, "secret": totp.secret().to_base32() });
        Ok(Enrolment::pending(state.to_bytes()?, response))
    }
}

impl State {
    fn parse(bytes: &[u8]) -> Result<Self, FactorError> {
        let state: Self = serde_json::from_slice(bytes).map_err(|_| FactorError::Unreadable)?;
        let is_valid = (6..=8).contains(&state.digits) && state.period > 0;
        if is_valid { Ok(state) } else { Err(FactorError::Unreadable) }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, FactorError> {
        serde_json::to_vec(self).map_err(FactorError::unavailable)
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(match self.algorithm {
                TotpAlgorithm::Sha1 => Algorithm::SHA1,
                TotpAlgorithm::Sha256 => Algorithm::SHA256,
                TotpAlgorithm::Sha512 => Algorithm::SHA512,
            })
            .with_digits(self.digits)
            .with_step_duration(self.period.into())
            // Each step is checked on its own.
            .with_skew(0)
            .with_secret(Secret::new_stack(self.secret))
    }

    /// The steps whose codes are accepted at a time: the current one and those next to it (RFC 6238, section 5.2).
    fn steps(&self, now: rp_core::Timestamp) -> RangeInclusive<u64> {
        // The year 36812, so that no step overflows.
        let seconds = u64::try_from(now.as_unix_seconds()).unwrap_or_default().min(1 << 40);
        let current = seconds.checked_div(self.period.into()).unwrap_or_default();
        current.saturating_sub(DRIFT)..=current.saturating_add(DRIFT)
    }

    /// Whether a code is the one of a time step, in constant time.
    fn is_code_of(&self, code: &str, step: u64) -> Result<bool, FactorError> {
        let totp = self.builder().build().map_err(FactorError::unavailable)?;
        let time = step.saturating_mul(self.period.into());
        Ok(totp.check(&without_spaces(code), time).is_some())
    }

    /// Accepts a code that was not used before.
    fn verify(mut self, code: &str, now: rp_core::Timestamp) -> Result<Self, FactorError> {
        let mut found = None;
        // All of them, so that the time does not depend on the step.
        for step in self.steps(now) {
            if self.is_code_of(code, step)? && step > self.last_step {
                found = Some(step);
            }
        }
        self.last_step = found.ok_or(FactorError::Invalid { reason: "the code is wrong or was used" })?;
        Ok(self)
    }

    /// Accepts two consecutive codes, the second of which is current.
    fn confirm(mut self, [first, second]: [&str; 2], now: rp_core::Timestamp) -> Result<Self, FactorError> {
        let mut found = None;
        for step in self.steps(now) {
            let (before, is_first) = match step.checked_sub(1) {
                Some(before) => (before, self.is_code_of(first, before)?),
                None => continue,
            };
            if self.is_code_of(second, step)? && is_first && before >= self.last_step {
                found = Some(step);
            }
        }
        self.last_step =
            found.ok_or(FactorError::Invalid { reason: "these are not two consecutive codes" })?;
        Ok(self)
    }
}

impl SecondFactor for Totp {
    fn name(&self) -> FactorName {
        FactorName::TOTP
    }

    fn method(&self) -> Method {
        Method::Totp
    }

    fn enrol<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, Enrolment> {
        Box::pin(async move { self.start(&request) })
    }

    fn confirm<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move {
            let Codes { codes: [first, second] } = request.parse()?;
            let state = State::parse(request.state)?.confirm([&first, &second], request.now)?;
            Ok(FactorOutcome::new(state.to_bytes()?))
        })
    }

    fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move {
            let Code { code } = request.parse()?;
            let state = State::parse(request.state)?.verify(&code, request.now)?;
            Ok(FactorOutcome::new(state.to_bytes()?))
        })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("last_step", &self.last_step).finish_non_exhaustive()
    }
}

/// Applications show codes in groups, and people copy them like that.
fn without_spaces(code: &str) -> String {
    code.chars().filter(|character| !character.is_whitespace()).take(MAX_CODE_CHARS).collect()
}

/// A colon separates the issuer from the account in the label of the URI.
fn without_colons(text: &str) -> String {
    text.replace(':', " ")
}

mod base64url {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 20], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rp_core::base64url::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 20], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = rp_core::base64url::decode(&text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("not 20 bytes"))
    }
}

/// 160 bits, the length that RFC 4226, section 4, recommends.
const SECRET_BYTES: usize = 20;
const DIGITS: u8 = 6;
const PERIOD_SECONDS: u8 = 30;
/// The steps before and after the current one that are accepted.
const DRIFT: u64 = 1;
/// Longer than any code, so that a long text is not a code.
const MAX_CODE_CHARS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::tests::request;
    use rp_core::Timestamp;

    /// The secret of RFC 6238, appendix B.
    const SECRET: [u8; 20] = *b"12345678901234567890";

    fn state(digits: u8) -> State {
        State { secret: SECRET, algorithm: TotpAlgorithm::Sha1, digits, period: 30, last_step: 0 }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn code(state: &State, seconds: i64) -> String {
        let totp = state.builder().build().unwrap();
        totp.generate(u64::try_from(seconds).unwrap()).to_string()
    }

    fn is_invalid(result: Result<State, FactorError>) -> bool {
        matches!(result, Err(FactorError::Invalid { .. }))
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
        ] {
            assert!(state(8).verify(expected, at(seconds)).is_ok(), "{seconds}");
        }
    }

    #[test]
    fn a_code_of_a_neighbouring_step_is_accepted_and_no_other() {
        for (drift, is_accepted) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let code = code(&state(6), 1_000_000 + drift);
            assert_eq!(state(6).verify(&code, at(1_000_000)).is_ok(), is_accepted, "{drift}");
        }
    }

    #[test]
    fn a_code_is_used_once_and_no_earlier_one_after_it() {
        let (earlier, current) = (code(&state(6), 999_970), code(&state(6), 1_000_000));
        let used = state(6).verify(&current, at(1_000_000)).unwrap();
        assert!(is_invalid(used.clone().verify(&current, at(1_000_000))));
        assert!(is_invalid(used.clone().verify(&current, at(1_000_029))));
        assert!(is_invalid(used.clone().verify(&earlier, at(1_000_000))));
        let next = code(&state(6), 1_000_030);
        assert!(used.verify(&next, at(1_000_000)).is_ok());
    }

    #[test]
    fn enrolment_takes_two_consecutive_codes() {
        let codes = |first, second| [code(&state(6), first), code(&state(6), second)];
        let now = 1_000_000;
        for (first, second, is_accepted) in [
            (now - 30, now, true),
            (now - 60, now - 30, true),
            (now, now + 30, true),
            (now, now, false),
            (now, now - 30, false),
            (now - 60, now, false),
            (now - 90, now - 60, false),
            (now + 30, now + 60, false),
        ] {
            let [a, b] = codes(first, second);
            let confirmed = state(6).confirm([&a, &b], at(now));
            assert_eq!(confirmed.is_ok(), is_accepted, "{first} {second}");
        }
        let [a, b] = codes(now - 30, now);
        let confirmed = state(6).confirm([&a, &b], at(now)).unwrap();
        assert!(is_invalid(confirmed.verify(&b, at(now))), "the second code is used");
    }

    #[test]
    fn only_digits_of_the_right_number_are_a_code() {
        let code = code(&state(6), 1_000_000);
        let spaced = format!(" {} {}\t", &code[..3], &code[3..]);
        assert!(state(6).verify(&spaced, at(1_000_000)).is_ok());
        for wrong in [
            "",
            "0",
            "+12345",
            "１２３４５６",
            &format!("{code}0"),
            &format!("{code}{}", " ".repeat(99) + "1"),
        ] {
            assert!(is_invalid(state(6).verify(wrong, at(1_000_000))), "{wrong}");
        }
    }

    #[test]
    fn times_at_both_ends_do_not_fail() {
        for seconds in [i64::MIN, -1, 0, i64::MAX] {
            assert!(is_invalid(state(6).verify("000000x", at(seconds))));
        }
    }

    /// A new enrolment: its state, and the URI in its QR code.
    fn enrolment(totp: &Totp) -> (State, String) {
        let enrolment = request(&[], b"{}", |request| totp.start(&request)).unwrap();
        (State::parse(&enrolment.state).unwrap(), enrolment.response["uri"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_enrolment_has_the_parameters_that_are_set() {
        let (state, uri) = enrolment(&Totp::new());
        assert_eq!((state.algorithm, state.digits, state.period), (TotpAlgorithm::Sha1, 6, 30));
        assert!(uri.starts_with("otpauth://totp/Example:kim?"), "{uri}");
        let totp = Totp::new().issuer("Site: admin").algorithm(TotpAlgorithm::Sha512).digits(8).period(60);
        let (state, uri) = enrolment(&totp);
        assert_eq!((state.algorithm, state.digits, state.period), (TotpAlgorithm::Sha512, 8, 60));
        for part in ["/Site%20%20admin:kim?", "algorithm=SHA512", "digits=8", "period=60"] {
            assert!(uri.contains(part), "{part}: {uri}");
        }
    }

    #[test]
    fn digits_and_period_are_moved_to_the_nearest_bound() {
        for (set, digits) in [(0, 6), (5, 6), (6, 6), (7, 7), (8, 8), (9, 8), (u8::MAX, 8)] {
            assert_eq!(enrolment(&Totp::new().digits(set)).0.digits, digits, "{set}");
        }
        for (set, period) in [(0, 15), (14, 15), (15, 15), (16, 16), (120, 120), (121, 120), (u8::MAX, 120)] {
            assert_eq!(enrolment(&Totp::new().period(set)).0.period, period, "{set}");
        }
    }

    #[test]
    fn a_state_with_impossible_parameters_is_unreadable() {
        for (digits, period, is_readable) in
            [(5, 30, false), (6, 30, true), (8, 30, true), (9, 30, false), (6, 0, false), (6, 1, true)]
        {
            let bytes = State { period, ..state(digits) }.to_bytes().unwrap();
            let parsed = State::parse(&bytes);
            let is_error = matches!(parsed, Err(FactorError::Unreadable));
            assert_eq!((parsed.is_ok(), is_error), (is_readable, !is_readable), "{digits} {period}");
        }
    }

    #[test]
    fn a_state_is_stored_and_read() {
        let bytes = state(7).to_bytes().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"secret":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA","algorithm":"sha1","digits":7,"period":30,"lastStep":0}"#
        );
        assert_eq!(State::parse(&bytes).unwrap().secret, SECRET);
        assert!(matches!(State::parse(b"{}"), Err(FactorError::Unreadable)));
        assert!(!format!("{:?}", state(6)).contains("123"));
    }
}
