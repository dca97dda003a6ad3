/// A program that users may sign in to. It is a public client (RFC 8252, section 8.4): it has no secret, because everyone
/// who has the program would have it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLineClient {
    /// The `client_id`.
    pub(crate) id: String,
    /// The name that the user reads before confirming.
    pub(crate) name: String,
}

/// Why a client cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandLineClientError {
    /// The ID is empty, too long, or has a character other than letters, digits, `.`, `_` and `-`.
    #[error("a client ID has 1 to {max} of the characters A-Z a-z 0-9 . _ -", max = MAX_CHARS)]
    Id,
    /// The name is empty, too long, or has a control character.
    #[error("the name of a client has 1 to {max} characters, none of which is a control character", max = MAX_CHARS)]
    Name,
    /// Two clients have the same ID.
    #[error("two clients have the same ID")]
    Duplicate,
    /// The application keeps the sessions, so the service cannot open one for the command line.
    #[error("the application keeps the sessions")]
    ApplicationSessions,
    /// The relying party has no web origin, which is the issuer of the codes.
    #[error("the relying party has no web origin")]
    Issuer,
}

impl CommandLineClient {
    /// Checks the ID and the name.
    pub(crate) fn check(&self) -> Result<(), CommandLineClientError> {
        let is_id =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !(1..=MAX_CHARS).contains(&self.id.len()) || !is_id(&self.id) {
            return Err(CommandLineClientError::Id);
        }
        let is_visible = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control);
        if !is_visible || self.name.chars().count() > MAX_CHARS {
            return Err(CommandLineClientError::Name);
        }
        Ok(())
    }
}

/// As long as usernames.
const MAX_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, name: &str) -> Result<(), CommandLineClientError> {
        CommandLineClient { id: id.into(), name: name.into() }.check()
    }

    #[test]
    fn ids_are_plain_ascii_and_names_can_be_read() {
        assert_eq!(check("acme-cli_2.0", "Acme’s command line"), Ok(()));
        for id in ["", "acme cli", "acme/cli", "acmé", &"a".repeat(65)] {
            assert_eq!(check(id, "Acme"), Err(CommandLineClientError::Id), "{id}");
        }
        for name in ["", " ", "Acme\n", "\u{7f}Acme", &"a".repeat(65)] {
            assert_eq!(check("acme", name), Err(CommandLineClientError::Name), "{name:?}");
        }
    }
}
