//! Reading vector files and folders of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::case::CaseError;
use super::{Blob, Body, Case, VERSION};

/// The maximum depth of folders; a deeper one is treated as a loop of links.
const MAX_DEPTH: usize = 32;

/// A case and the file it was read from.
#[derive(Clone, Debug)]
pub struct Read {
    /// The file.
    pub file: PathBuf,
    /// The case.
    pub case: Case,
}

/// Why vectors could not be read. Each contains the file, and the case if there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file or a folder could not be opened.
    #[error("{path}: {error}", path = .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A folder has no `*.json`.
    #[error("{path}: no vectors here", path = .path.display())]
    Empty {
        /// Which one.
        path: PathBuf,
    },
    /// Folders are nested too deeply.
    #[error("{path}: folders are nested more than {max} deep", path = .path.display(), max = MAX_DEPTH)]
    Depth {
        /// The folder that was not entered.
        path: PathBuf,
    },
    /// The file is not a vector file.
    #[error("{file}: {problem}", file = .file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// The problem.
        problem: String,
    },
    /// A case violates the format.
    #[error("{file}: {case}: {problem}", file = .file.display())]
    Case {
        /// The file.
        file: PathBuf,
        /// The case's `id`, or its position if the `id` could not be read.
        case: String,
        /// The problem.
        problem: String,
    },
    /// Two cases have the same `id`.
    #[error("{file}: {id}: the id is taken by a case of {first}", file = .file.display(), first = .first.display())]
    Duplicate {
        /// The second case's file.
        file: PathBuf,
        /// The `id`.
        id: String,
        /// The first case's file.
        first: PathBuf,
    },
}

/// Reads vector files, and of folders every `*.json` at any depth, in the order of their names.
///
/// # Errors
/// [`ReadError`] for the first problem.
pub fn read<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Read>, ReadError> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let before = files.len();
        collect(path, &mut files, 0)?;
        if files.len() == before {
            return Err(ReadError::Empty { path: path.into() });
        }
    }
    let mut cases = Vec::new();
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| ReadError::Io { path: file.clone(), error })?;
        for case in read_text(&file, &text)? {
            if let Some(first) = seen.insert(case.id.clone(), file.clone()) {
                return Err(ReadError::Duplicate { file, id: case.id, first });
            }
            cases.push(Read { file: file.clone(), case });
        }
    }
    Ok(cases)
}

/// Reads the text of a vector file. `file` is used in errors and to find files next to it.
///
/// # Errors
/// [`ReadError`] for the first problem.
pub fn read_text(file: &Path, text: &str) -> Result<Vec<Case>, ReadError> {
    let wrong = |problem: String| ReadError::File { file: file.into(), problem };
    let whole: Whole<'_> = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if whole.format != VERSION {
        return Err(wrong(format!("format {}, and this reader knows {VERSION}", whole.format)));
    }
    if whole.source.is_empty() {
        return Err(wrong("the source is empty".into()));
    }
    if whole.cases.is_empty() {
        return Err(wrong("no cases".into()));
    }
    let mut cases: Vec<Case> = Vec::with_capacity(whole.cases.len());
    let mut ids = std::collections::BTreeSet::new();
    for (at, raw) in whole.cases.iter().enumerate() {
        let mut case = Case::from_raw(raw).map_err(|CaseError { id, problem }| ReadError::Case {
            file: file.into(),
            case: id.unwrap_or_else(|| format!("cases[{at}]")),
            problem,
        })?;
        if !ids.insert(case.id.clone()) {
            return Err(ReadError::Duplicate { file: file.into(), id: case.id, first: file.into() });
        }
        read_what_stands_beside(file, &mut case)?;
        cases.push(case);
    }
    Ok(cases)
}

/// A file whose cases are not parsed yet, so that an error can name the case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<'a> {
    format: u32,
    source: String,
    #[serde(borrow)]
    cases: Vec<&'a RawValue>,
}

fn read_what_stands_beside(file: &Path, case: &mut Case) -> Result<(), ReadError> {
    if let Body::Mds(mds) = &mut case.body
        && let Blob::File { path, text } = &mut mds.blob
    {
        let beside = file.with_file_name(&*path);
        *text = fs::read_to_string(&beside).map_err(|error| ReadError::Case {
            file: file.into(),
            case: case.id.clone(),
            problem: format!("{}: {error}", beside.display()),
        })?;
        text.truncate(text.trim_end().len());
    }
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), ReadError> {
    let io = |error| ReadError::Io { path: path.into(), error };
    if !fs::metadata(path).map_err(io)?.is_dir() {
        files.push(path.into());
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(ReadError::Depth { path: path.into() });
    }
    let mut entries = fs::read_dir(path)
        .map_err(io)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(io)?;
    entries.sort();
    for entry in entries {
        let is_folder = fs::metadata(&entry).map_err(io)?.is_dir();
        if is_folder || entry.extension().is_some_and(|extension| extension == "json") {
            collect(&entry, files, depth.saturating_add(1))?;
        }
    }
    Ok(())
}
