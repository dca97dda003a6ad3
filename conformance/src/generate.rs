//! The [`matrix`] as files for test suites in any language: vectors, a schema, and a harness per language.
//!
//! ```
//! use rp_conformance::generate;
//!
//! let names: Vec<_> = generate::STATIC.iter().map(|(name, _)| *name).collect();
//! assert!(names.contains(&"schema.json") && names.contains(&"harness/harness.py"));
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::authenticator::ClientError;
use crate::format::{Body, Case, File};
use crate::matrix;

/// The files that do not depend on the seed: the schema of vector files, and a harness for each language.
pub const STATIC: &[(&str, &str)] = &[
    ("README.md", include_str!("generate/harness/README.md")),
    ("schema.json", include_str!("generate/schema.json")),
    ("harness/Harness.java", include_str!("generate/harness/Harness.java")),
    ("harness/harness.cs", include_str!("generate/harness/harness.cs")),
    ("harness/harness.go", include_str!("generate/harness/harness.go")),
    ("harness/harness.mjs", include_str!("generate/harness/harness.mjs")),
    ("harness/harness.php", include_str!("generate/harness/harness.php")),
    ("harness/harness.py", include_str!("generate/harness/harness.py")),
    ("harness/harness.rb", include_str!("generate/harness/harness.rb")),
];

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A file could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A vector file could not be serialised.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The authenticator could not use the options of the matrix.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The vector files of a seed by name: one for each attestation format, and one for authentications. The same seed gives
/// the same bytes.
///
/// # Errors
/// [`GenerateError::Client`] and [`GenerateError::Json`], which no caller can cause.
pub fn vectors(seed: &str) -> Result<BTreeMap<String, String>, GenerateError> {
    let mut by_file: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in matrix::cases_of(seed)? {
        let name = match (&case.body, matrix::subject(&case)) {
            (Body::Registration(_), Some((format, _))) => format!("vectors/registration-{format}.json"),
            _ => "vectors/authentication.json".to_owned(),
        };
        by_file.entry(name).or_default().push(case);
    }
    let source = format!("the software authenticator of rp-conformance, seed {seed:?}");
    by_file.into_iter().map(|(name, cases)| Ok((name, File::new(&source, cases).to_json()?))).collect()
}

/// Writes the vector files of a seed, the schema and the harnesses into a folder. Returns the number of files.
///
/// # Errors
/// [`GenerateError`].
pub fn write(folder: &Path, seed: &str) -> Result<usize, GenerateError> {
    let vectors = vectors(seed)?;
    for sub in ["vectors", "harness"] {
        fs::create_dir_all(folder.join(sub))?;
    }
    for (name, text) in &vectors {
        fs::write(folder.join(name), text)?;
    }
    for (name, text) in STATIC {
        fs::write(folder.join(name), text)?;
    }
    Ok(vectors.len().saturating_add(STATIC.len()))
}

#[cfg(test)]
mod tests;
