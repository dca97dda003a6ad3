//! Interprets the messages of servers.

use std::path::Path;
use std::{fs, io};

use rp_core::Code;

use super::client::Message;

/// A map from messages of a server to codes: a text file with one rule per line.
///
/// A line has a code, or several separated by commas, white space, and the text that a message contains; `*` in it
/// matches any text. Case is ignored. The first rule that matches counts. `#` begins a comment line.
///
/// ```text
/// # Messages of an example server
/// origin-mismatch                  unexpected * origin
/// malformed-cbor,malformed-json    could not decode
/// ```
///
/// Without a matching rule, the first word of a message counts if it is a code and a colon follows.
#[derive(Clone, Debug, Default)]
pub struct Reasons(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    codes: Vec<String>,
    /// The parts between the asterisks, in lower case.
    parts: Vec<String>,
}

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReasonsError {
    /// The file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A line is not a code and a text.
    #[error("line {line}: a rule is a code and a text")]
    Rule {
        /// The line, counted from one.
        line: usize,
    },
    /// A word is not a code.
    #[error("line {line}: {word:?} is not a code")]
    Code {
        /// The line, counted from one.
        line: usize,
        /// The word.
        word: String,
    },
}

/// Codes of the HTTP interface that name a reason too.
pub(super) const CODES_OF_HTTP: [&str; 2] = ["credential-unknown", "no-ceremony"];

impl Reasons {
    /// Reads a map from a file.
    ///
    /// # Errors
    /// [`ReasonsError`].
    pub fn read(path: &Path) -> Result<Self, ReasonsError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ReasonsError::Io { path: path.display().to_string(), error })?;
        Self::parse(&text)
    }

    /// Reads a map from its text.
    ///
    /// # Errors
    /// [`ReasonsError::Rule`], [`ReasonsError::Code`].
    pub fn parse(text: &str) -> Result<Self, ReasonsError> {
        let mut rules = Vec::new();
        for (line, text) in (1_usize..).zip(text.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (codes, pattern) = text.split_once(char::is_whitespace).ok_or(ReasonsError::Rule { line })?;
            let codes: Vec<String> = codes.split(',').map(str::to_owned).collect();
            if let Some(word) = codes.iter().find(|word| !is_code(word)) {
                return Err(ReasonsError::Code { line, word: word.clone() });
            }
            let parts = pattern.trim().to_lowercase().split('*').map(str::to_owned).collect();
            rules.push(Rule { codes, parts });
        }
        Ok(Self(rules))
    }

    /// The codes that a message may mean; none if it cannot be interpreted.
    pub(super) fn interpret(&self, message: &Message) -> Vec<String> {
        if let Some(code) = &message.code {
            return vec![code.clone()];
        }
        let text = message.text.to_lowercase();
        if let Some(rule) = self.0.iter().find(|rule| rule.matches(&text)) {
            return rule.codes.clone();
        }
        let word = message.text.split_once(':').map(|(word, _)| word).filter(|word| is_code(word));
        word.map(str::to_owned).into_iter().collect()
    }
}

impl Rule {
    fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        self.parts.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

fn is_code(word: &str) -> bool {
    Code::ALL.iter().any(|code| code.as_str() == word) || CODES_OF_HTTP.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreted(map: &str, text: &str) -> Vec<String> {
        Reasons::parse(map).unwrap().interpret(&Message { code: None, text: text.into() })
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let map =
            "# a server\norigin-mismatch  Unexpected * origin\n\nmalformed-cbor,malformed-json unexpected";
        assert_eq!(interpreted(map, "Unexpected registration response origin x"), ["origin-mismatch"]);
        assert_eq!(interpreted(map, "unexpected end"), ["malformed-cbor", "malformed-json"]);
        assert!(interpreted(map, "origin before it was unexpecte").is_empty());
    }

    #[test]
    fn a_message_that_begins_with_a_code_needs_no_rule() {
        assert_eq!(interpreted("", "type-mismatch: type is x"), ["type-mismatch"]);
        assert!(interpreted("", "Error: type-mismatch").is_empty());
    }

    #[test]
    fn a_map_names_only_codes() {
        let error = Reasons::parse("a b\n").unwrap_err().to_string();
        assert_eq!(error, "line 1: \"a\" is not a code");
        assert_eq!(
            Reasons::parse("\nword\n").unwrap_err().to_string(),
            "line 2: a rule is a code and a text"
        );
    }
    #[test]
    fn the_maps_of_other_servers_name_only_codes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/reasons");
        let read: Vec<_> =
            fs::read_dir(folder).unwrap().map(|file| Reasons::read(&file.unwrap().path()).unwrap()).collect();
        assert!(!read.is_empty());
    }
}
