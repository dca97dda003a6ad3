//! The list of cases that may still fail. It can only shrink.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

/// Ids of cases that fail for now, one a line; `#` begins a comment.
///
/// A listed case that fails counts neither as passed nor as failed. A listed case that passes is a failure, and so is an
/// `id` that no case of its set has; the set is the first word of the `id`. Ids of sets that were not read are ignored,
/// so that one list serves runs over several folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotYet {
    ids: BTreeSet<String>,
}

/// Why a not-yet list could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotYetError {
    /// The file could not be opened.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// An `id` is listed twice.
    #[error("line {line}: {id} is listed already")]
    Twice {
        /// The second line, counted from one.
        line: usize,
        /// The `id`.
        id: String,
    },
}

impl NotYet {
    /// Reads a list from a file.
    ///
    /// # Errors
    /// [`NotYetError`] if it cannot be opened or lists an `id` twice.
    pub fn read(path: &Path) -> Result<Self, NotYetError> {
        let text = fs::read_to_string(path)
            .map_err(|error| NotYetError::Io { path: path.display().to_string(), error })?;
        Self::parse(&text)
    }

    /// Reads a list from its text.
    ///
    /// # Errors
    /// [`NotYetError::Twice`].
    pub fn parse(text: &str) -> Result<Self, NotYetError> {
        let mut ids = BTreeSet::new();
        for (line, text) in (1_usize..).zip(text.lines()) {
            let id = text.split('#').next().unwrap_or_default().trim();
            if !id.is_empty() && !ids.insert(id.to_owned()) {
                return Err(NotYetError::Twice { line, id: id.into() });
            }
        }
        Ok(Self { ids })
    }

    /// Whether a case is listed.
    #[must_use]
    pub fn lists(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Listed ids that no case has, of sets that were read.
    pub(super) fn unknown<'a>(&self, cases: impl Iterator<Item = &'a str>) -> Vec<String> {
        let cases: BTreeSet<&str> = cases.collect();
        let sets: BTreeSet<&str> = cases.iter().map(|id| set_of(id)).collect();
        self.ids
            .iter()
            .filter(|id| sets.contains(set_of(id)) && !cases.contains(id.as_str()))
            .cloned()
            .collect()
    }
}

/// The set that a case belongs to: the first word of its `id`.
fn set_of(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}
