use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The name of a second factor in policies, paths, responses and events: 1 to 32 lower-case ASCII letters, digits and
/// hyphens, such as `totp`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FactorName(Cow<'static, str>);

impl FactorName {
    /// A passkey. It is listed among the second factors, and has its own routes.
    pub const PASSKEY: Self = Self(Cow::Borrowed("passkey"));
    /// A time-based one-time password (RFC 6238).
    pub const TOTP: Self = Self(Cow::Borrowed("totp"));
    /// Recovery codes.
    pub const RECOVERY_CODES: Self = Self(Cow::Borrowed("recovery-codes"));

    /// Sorts before every name.
    pub(crate) const FIRST: Self = Self(Cow::Borrowed(""));

    /// The maximum length.
    pub const MAX_BYTES: usize = 32;

    /// Reads a name; `None` if it is not one.
    ///
    /// # Examples
    /// ```
    /// use rp_service::FactorName;
    ///
    /// assert_eq!(FactorName::parse("totp"), Some(FactorName::TOTP));
    /// assert_eq!(FactorName::parse("TOTP"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with('-')
            && !text.ends_with('-');
        is_name.then(|| Self(text.to_owned().into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_of_limited_length() {
        for name in ["totp", "recovery-codes", "a", "otp2"] {
            assert_eq!(FactorName::parse(name).unwrap().as_str(), name);
        }
        for other in ["", "-", "-a", "a-", "A", "a b", "a/b", "ä", &"a".repeat(33)] {
            assert_eq!(FactorName::parse(other), None, "{other}");
        }
    }
}
