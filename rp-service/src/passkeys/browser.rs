use std::fmt;

use rp_core::base64url;

use crate::error::ServiceError;

/// A browser, by its ceremony cookie: 32 random bytes. A ceremony can be completed only with it, so it is a secret:
/// `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserId([u8; 32]);

impl BrowserId {
    /// A new browser.
    ///
    /// # Errors
    /// [`ServiceError::Randomness`].
    pub fn random() -> Result<Self, ServiceError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(rp_core::RandomnessError::from)?;
        Ok(Self(bytes))
    }

    /// Reads the value of the cookie; `None` if it is not 32 bytes in base64url.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        (value.len() == 43).then_some(())?;
        base64url::decode_secret(std::str::from_utf8(value).ok()?).ok()?.try_into().ok().map(Self)
    }

    /// A name for rate limits that does not contain the secret.
    pub(super) fn pseudonym(&self) -> String {
        let hash = rp_core::crypto::sha256(&[b"rp browser\0", &self.0]);
        base64url::encode(hash.get(..16).unwrap_or_default())
    }

    /// The bytes of the cookie.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The value of the cookie.
    #[must_use]
    pub fn to_cookie_value(&self) -> String {
        base64url::encode(&self.0)
    }
}

impl fmt::Debug for BrowserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserId(32 bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_id_is_read_only_as_it_was_written() {
        let browser = BrowserId::random().unwrap();
        let value = browser.to_cookie_value();
        assert_eq!(BrowserId::parse(value.as_bytes()), Some(browser));
        for wrong in
            ["", "AA", &value[1..], &format!("{value}A"), &format!("{}=", &value[1..]), &"!".repeat(43)]
        {
            assert_eq!(BrowserId::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn debug_does_not_print_a_browser_id() {
        assert_eq!(format!("{:?}", BrowserId([7; 32])), "BrowserId(32 bytes)");
    }
}
