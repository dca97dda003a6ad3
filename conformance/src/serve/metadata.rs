//! The models that a folder of metadata describes.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rp_core::Timestamp;
use rp_mds::{
    BlobError, Catalog, Metadata, MetadataTrust, PayloadError, Policy, Retention, Roots, RootsError,
    Verification,
};
use serde_json::{Value, json};

use super::check::Check;

/// Why a folder of metadata cannot be used. Each error names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// A file or the folder could not be read.
    #[error("{}: {error}", .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A file is not JSON.
    #[error("{}: {error}", .path.display())]
    Json {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: serde_json::Error,
    },
    /// A statement or an entry is malformed.
    #[error("{}: {error}", .path.display())]
    Payload {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: PayloadError,
    },
    /// An entry was rejected.
    #[error("{}: {problem}", .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// A BLOB does not verify.
    #[error("{}: {error}", .path.display())]
    Blob {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: BlobError,
    },
    /// The root certificates of BLOBs cannot be read.
    #[error("{}: {error}", .path.display())]
    Roots {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        error: RootsError,
    },
}

/// The trust source of a folder: `*.json` with a metadata statement, an entry or a list of entries, and `*.jwt` with a
/// BLOB that is signed below one of the roots. Statements and entries are trusted as they are.
///
/// # Errors
/// [`MetadataError`] for the first file that cannot be used.
pub fn metadata(
    folder: &Path,
    roots: Option<&Path>,
    without: Option<Check>,
    now: Timestamp,
) -> Result<MetadataTrust, MetadataError> {
    let failed = |error| MetadataError::Io { path: folder.into(), error };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut files = files.map_err(failed)?;
    files.sort();
    let mut catalog = Catalog::default();
    for file in files {
        let list = match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => own(&file)?,
            Some("jwt" | "blob") => blob(&file, roots, now)?,
            _ => continue,
        };
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        catalog = catalog.and(&name, list.into());
    }
    let mut policy = Policy::default();
    if without == Some(Check::ModelStatus) {
        policy.overlook_statuses = rp_mds::status::Status::KNOWN.to_vec();
    }
    Ok(MetadataTrust::fixed(catalog, policy))
}

fn read(path: &Path) -> Result<Vec<u8>, MetadataError> {
    fs::read(path).map_err(|error| MetadataError::Io { path: path.into(), error })
}

fn own(path: &Path) -> Result<Metadata, MetadataError> {
    let value: Value = serde_json::from_slice(&read(path)?)
        .map_err(|error| MetadataError::Json { path: path.into(), error })?;
    let list = match &value {
        Value::Array(_) => value,
        Value::Object(members) if members.contains_key("entries") => value,
        Value::Object(members) if members.contains_key("metadataStatement") => json!([value]),
        _ => json!([entry_of(value)]),
    };
    let metadata = Metadata::from_own_entries(list.to_string().as_bytes(), Retention::LEAN)
        .map_err(|error| MetadataError::Payload { path: path.into(), error })?;
    match metadata.rejected().first() {
        Some(rejected) => {
            Err(MetadataError::Entry { path: path.into(), problem: rejected.error.to_string() })
        }
        None => Ok(metadata),
    }
}

/// The entry of a metadata statement, with the statement's identifiers.
fn entry_of(statement: Value) -> Value {
    let identifiers = ["aaguid", "aaid", "attestationCertificateKeyIdentifiers"];
    let present =
        identifiers.into_iter().filter_map(|name| Some((name.to_owned(), statement.get(name)?.clone())));
    let mut entry: serde_json::Map<_, _> = present.collect();
    entry.insert("metadataStatement".into(), statement);
    entry.into()
}

fn blob(path: &Path, roots: Option<&Path>, now: Timestamp) -> Result<Metadata, MetadataError> {
    let roots = match roots {
        Some(file) => Roots::read(file).map_err(|error| MetadataError::Roots { path: file.into(), error })?,
        None => Roots::system().map_err(|error| MetadataError::Roots { path: path.into(), error })?,
    };
    // FIDO's tools sign under host names of their own.
    let verification = Verification {
        signer_host: rp_mds::SignerHost::Any,
        retention: Retention::LEAN,
        ..Verification::new(&roots, now)
    };
    let blob = read(path)?;
    verification.verify(blob.trim_ascii()).map_err(|error| MetadataError::Blob { path: path.into(), error })
}
