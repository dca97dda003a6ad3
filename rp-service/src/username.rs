use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use unicode_security::mixed_script::MixedScript as _;

/// A username, and the form in which usernames are compared: RFC 8265, UsernameCaseMapped. Names that mix scripts (UTS 39,
/// section 5.1) are rejected, because they look like other names.
///
/// # Examples
/// ```
/// use rp_service::{Username, UsernameError};
///
/// let name = Username::parse("Zoë")?;
/// assert_eq!((name.as_written(), name.key()), ("Zoë", "zoë"));
/// assert_eq!(Username::parse("zoe\u{308}")?.key(), name.key());
/// assert_eq!(Username::parse("two words"), Err(UsernameError::Characters));
/// # Ok::<(), UsernameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    written: String,
    key: String,
}

/// Why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameError {
    /// It is empty or too long.
    #[error("a username has 1 to {max} characters, not {got}", max = Username::MAX_CHARS)]
    Length {
        /// How many characters it has.
        got: usize,
    },
    /// It contains characters, such as spaces, that RFC 8265 does not allow in usernames.
    #[error("the username contains characters that RFC 8265 does not allow")]
    Characters,
    /// It mixes scripts, such as Latin and Cyrillic.
    #[error("the username mixes scripts")]
    MixedScripts,
}

impl Username {
    /// The longest username, in characters, as written and as compared.
    pub const MAX_CHARS: usize = 64;

    /// Parses a username.
    ///
    /// # Errors
    /// [`UsernameError`].
    pub fn parse(written: &str) -> Result<Self, UsernameError> {
        in_length(written)?;
        // RFC 8264, section 7: the rules are applied until nothing changes, and at most three times.
        let mut key = written.to_owned();
        for _ in 0..MAX_ROUNDS {
            let next = UsernameCaseMapped::enforce(key.as_str())
                .map_err(|_| UsernameError::Characters)?
                .into_owned();
            if next == key {
                in_length(&key)?;
                if !key.as_str().is_single_script() {
                    return Err(UsernameError::MixedScripts);
                }
                return Ok(Self { written: written.to_owned(), key });
            }
            key = next;
        }
        Err(UsernameError::Characters)
    }

    /// The username as its owner wrote it.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The form in which usernames are compared: [`UserRecord::name_key`](crate::store::UserRecord::name_key).
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn in_length(text: &str) -> Result<(), UsernameError> {
    match text.chars().take(Username::MAX_CHARS.saturating_add(1)).count() {
        1..=Username::MAX_CHARS => Ok(()),
        _ => Err(UsernameError::Length { got: text.chars().count() }),
    }
}

/// Three rounds that may change something, and one that shows that nothing changes.
const MAX_ROUNDS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_width_and_composition() {
        for (one, other) in [
            ("kim", "Kim"),
            ("kim", "ＫＩＭ"),
            ("zo\u{eb}", "ZOE\u{308}"),
            ("kim@example.org", "Kim@Example.ORG"),
            ("σ", "Σ"),
        ] {
            assert_eq!(
                Username::parse(one).unwrap().key(),
                Username::parse(other).unwrap().key(),
                "{one} {other}"
            );
        }
        assert_ne!(Username::parse("kim").unwrap().key(), Username::parse("kìm").unwrap().key());
    }

    #[test]
    fn names_have_1_to_64_characters() {
        assert_eq!(Username::parse(""), Err(UsernameError::Length { got: 0 }));
        assert!(Username::parse(&"ä".repeat(64)).is_ok());
        let refused = Username::parse(&"ä".repeat(65)).unwrap_err();
        assert_eq!(refused.to_string(), "a username has 1 to 64 characters, not 65");
    }

    #[test]
    fn spaces_controls_and_symbols_are_refused() {
        for wrong in [" ", "two words", "kim ", "kim\n", "kim\0", "kim\u{202e}", "kim\u{200d}", "☃", "א1a"]
        {
            assert_eq!(Username::parse(wrong), Err(UsernameError::Characters), "{wrong:?}");
        }
    }

    #[test]
    fn names_that_mix_scripts_are_rejected() {
        // The first letter is Cyrillic.
        for mixed in ["\u{430}lex", "\u{3b1}lex", "k\u{456}m"] {
            assert_eq!(Username::parse(mixed), Err(UsernameError::MixedScripts), "{mixed}");
        }
        for one_script in [
            "alex",
            "kim@example.org",
            "\u{430}\u{43b}\u{435}\u{43a}\u{441}7",
            "\u{4f0a}\u{85e4}\u{3055}\u{3093}",
        ] {
            assert!(Username::parse(one_script).is_ok(), "{one_script}");
        }
    }

    #[test]
    fn every_character_of_the_first_planes_is_answered_without_a_panic() {
        for character in '\0'..='\u{1ffff}' {
            for text in [character.to_string(), format!("a{character}"), format!("א{character}b")] {
                if let Ok(name) = Username::parse(&text) {
                    assert_eq!(Username::parse(name.key()).unwrap().key(), name.key(), "{text:?}");
                }
            }
        }
    }
}
