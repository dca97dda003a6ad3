//! What outlives a restart: the BLOB that was verified last, and what is remembered of its source.
//!
//! Every file is written beside its place, brought to the disk and renamed, so that an interrupted write, or a full
//! disk, leaves what was there. A BLOB's file is named after its hash and is there before the state that names it.

mod file;
mod state;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rp_core::crypto;
pub use state::State;

use crate::roots::hexadecimal;

/// A directory of cached BLOBs. Any number of processes may share it.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// Why the cache could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// A file could not be read or written: no such directory, no right to, or the disk is full.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A source's name makes no file name.
    #[error("a source's name is of lower-case letters, digits and hyphens, not {name:?}")]
    Name {
        /// The name.
        name: String,
    },
}

/// The right to fetch and to write; it is given back when this is dropped, or the process ends.
#[derive(Debug)]
#[must_use]
pub struct CacheLock(#[expect(dead_code, reason = "the lock is the open file's")] File);

/// A BLOB that was found in the cache.
#[derive(Debug)]
pub struct Cached {
    /// Its bytes.
    pub blob: Vec<u8>,
    /// Their hash, in hexadecimal digits.
    pub sha256: String,
    /// When it was verified, if the state tells that of these very bytes.
    pub verified_at: Option<rp_core::Timestamp>,
}

impl Cache {
    /// The cache of a directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, CacheError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(at(&directory))?;
        Ok(Self { directory })
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the right to fetch, which one process has at a time; `None` where another has it.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn try_lock(&self) -> Result<Option<CacheLock>, CacheError> {
        let path = self.directory.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {
                file::sweep(&self.directory);
                Ok(Some(CacheLock(file)))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(CacheError::Io { path, error }),
        }
    }

    /// What is remembered of a source; nothing where there is no state, or none that can be read.
    ///
    /// # Errors
    /// [`CacheError`] where the file is there and cannot be opened.
    pub fn state(&self, source: &str) -> Result<State, CacheError> {
        let path = self.state_path(source)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(CacheError::Io { path, error }),
        }
    }

    /// Remembers something of a source.
    ///
    /// # Errors
    /// [`CacheError`]; what was remembered before is still there.
    pub fn store_state(&self, source: &str, state: &State) -> Result<(), CacheError> {
        let path = self.state_path(source)?;
        let text = serde_json::to_vec_pretty(state).unwrap_or_default();
        file::replace(&path, &text).map_err(at(&path))
    }

    /// Keeps a BLOB that was verified, and remembers it in the state; the one before is removed last.
    ///
    /// # Errors
    /// [`CacheError`]; what was kept before is still there.
    pub fn store_blob(&self, source: &str, blob: &[u8], state: &mut State) -> Result<(), CacheError> {
        let hash = hash(blob);
        let path = self.blob_path(source, &hash)?;
        file::replace(&path, blob).map_err(at(&path))?;
        let before = state.sha256.replace(hash);
        if let Err(error) = self.store_state(source, state) {
            state.sha256 = before;
            return Err(error);
        }
        for other in self.blobs(source)?.into_iter().filter(|other| *other != path) {
            // What cannot be removed now is removed next time.
            let _ = fs::remove_file(other);
        }
        Ok(())
    }

    /// The BLOBs of a source, the one that the state names first; more than one where a write was interrupted.
    ///
    /// # Errors
    /// [`CacheError`] where the directory cannot be read; a file that cannot be read is passed over.
    pub fn load(&self, source: &str) -> Result<Vec<Cached>, CacheError> {
        let state = self.state(source)?;
        let mut found: Vec<Cached> = Vec::new();
        for path in self.blobs(source)? {
            let Ok(blob) = fs::read(&path) else { continue };
            let sha256 = hash(&blob);
            let is_named = state.sha256.as_ref() == Some(&sha256);
            let cached = Cached { blob, sha256, verified_at: state.verified_at.filter(|_| is_named) };
            if is_named { found.insert(0, cached) } else { found.push(cached) }
        }
        Ok(found)
    }

    /// A revocation list that was kept for an address.
    #[must_use]
    pub fn crl(&self, url: &str) -> Option<Vec<u8>> {
        fs::read(self.crl_path(url)).ok()
    }

    /// Keeps a revocation list that was verified.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn store_crl(&self, url: &str, der: &[u8]) -> Result<(), CacheError> {
        let path = self.crl_path(url);
        file::replace(&path, der).map_err(at(&path))
    }

    fn blobs(&self, source: &str) -> Result<Vec<PathBuf>, CacheError> {
        let prefix = format!("{}.", name(source)?);
        let entries = fs::read_dir(&self.directory).map_err(at(&self.directory))?;
        let is_blob = |path: &PathBuf| {
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            file.starts_with(&prefix) && path.extension().is_some_and(|extension| extension == "jwt")
        };
        Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_blob).collect())
    }

    fn state_path(&self, source: &str) -> Result<PathBuf, CacheError> {
        Ok(self.directory.join(format!("{}.json", name(source)?)))
    }

    fn blob_path(&self, source: &str, hash: &str) -> Result<PathBuf, CacheError> {
        let short = hash.get(..16).unwrap_or(hash);
        Ok(self.directory.join(format!("{}.{short}.jwt", name(source)?)))
    }

    fn crl_path(&self, url: &str) -> PathBuf {
        let hash = hash(url.as_bytes());
        self.directory.join(format!("{}.crl", hash.get(..16).unwrap_or(&hash)))
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hexadecimal(&crypto::sha256(&[bytes]))
}

/// Whether a source's name makes a file name, on every system.
pub(crate) fn is_name(source: &str) -> bool {
    let is_plain = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !source.is_empty() && source.bytes().all(is_plain)
}

fn name(source: &str) -> Result<&str, CacheError> {
    if is_name(source) { Ok(source) } else { Err(CacheError::Name { name: source.to_owned() }) }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    let path = path.to_owned();
    move |error| CacheError::Io { path, error }
}
