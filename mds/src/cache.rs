//! The cache: the BLOBs that were verified last, and a record of each source.
//!
//! Every file is written to a temporary file, synchronised and renamed, so that an interrupted write or a full disk leaves
//! the previous content. A BLOB's file is named after its hash and exists before the record that names it.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rp_core::{Timestamp, crypto};
use serde::{Deserialize, Serialize};

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
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        error: io::Error,
    },
    /// The name of a source cannot be part of a file name.
    #[error("the name of a source consists of lower-case letters, digits and hyphens, not {name:?}")]
    Name {
        /// The name.
        name: String,
    },
}

/// The exclusive right to download, until it is dropped or the process ends.
#[derive(Debug)]
#[must_use]
pub struct CacheLock {
    // Dropping the file releases the lock.
    _file: File,
}

/// The record of a source, shared by attempts and processes. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceRecord {
    /// The highest serial number that was verified. A lower one is rejected.
    pub no: Option<u64>,
    /// When a list with this serial number was first verified.
    pub no_since: Option<Timestamp>,
    /// The BLOB that is cached, or the content of the source's file.
    pub blob: Option<BlobRecord>,
    /// When the source was last requested, whatever the outcome.
    pub last_attempt: Option<Timestamp>,
    /// When a request last succeeded: a verified BLOB, or nothing new.
    pub last_success: Option<Timestamp>,
    /// The number of failed attempts since.
    pub failures: u32,
    /// The earliest next request (`Retry-After`).
    pub not_before: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// The record of a verified BLOB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRecord {
    /// Its SHA-256 hash in hexadecimal digits.
    pub sha256: String,
    /// When it was verified. Its signer is always checked at that time.
    pub verified_at: Timestamp,
    /// When its publisher last confirmed it: its last response with status 200 or 304; for a file, when the serial number
    /// was first verified. A restart does not change it.
    pub confirmed_at: Timestamp,
    /// Whether the signer was known not to be revoked when it was verified.
    pub known_not_revoked: bool,
    /// The `ETag` of the response.
    pub etag: Option<String>,
}

#[cfg(feature = "fetch")]
impl SourceRecord {
    /// Records that a list was verified. A lower serial number than before changes nothing.
    pub(crate) fn verified(&mut self, no: Option<u64>, at: Timestamp) {
        if no > self.no {
            (self.no, self.no_since) = (no, Some(at));
        }
    }

    /// Merges the record of this process into that of the cache: the higher serial number, the later attempt. The cached
    /// BLOB is described by the cache only.
    #[must_use]
    pub(crate) fn merged(self, ours: &Self) -> Self {
        let (no, no_since) =
            if ours.no > self.no { (ours.no, ours.no_since) } else { (self.no, self.no_since) };
        let later = if ours.last_attempt > self.last_attempt { ours.clone() } else { self.clone() };
        Self { no, no_since, blob: self.blob, ..later }
    }
}

/// A BLOB in the cache.
#[derive(Debug)]
pub struct CachedBlob {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its SHA-256 hash in hexadecimal digits.
    pub sha256: String,
    /// Its record, if the source has one for these bytes.
    pub record: Option<BlobRecord>,
}

/// The extension of a file until it is complete.
const TEMPORARY: &str = "new";
/// No write takes that long: an older temporary file remains from an interrupted one.
const TEMPORARY_MAX_AGE: Duration = Duration::from_secs(60 * 60);

impl Cache {
    /// Opens the cache in a directory, which is created if it is missing.
    ///
    /// # Errors
    /// Returns [`CacheError::Io`] if the directory cannot be created.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, CacheError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(at(&directory))?;
        Ok(Self { directory })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Acquires the exclusive right to download; `None` if another process has it.
    ///
    /// # Errors
    /// Returns [`CacheError::Io`] if the lock file cannot be opened.
    pub fn try_lock(&self) -> Result<Option<CacheLock>, CacheError> {
        let (file, path) = self.lock_file("lock")?;
        match file.try_lock() {
            Ok(()) => {
                self.sweep();
                Ok(Some(CacheLock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(CacheError::Io { path, error }),
        }
    }

    /// The record of a source; empty if it is missing or unreadable.
    ///
    /// # Errors
    /// Returns [`CacheError`] if the file exists and cannot be opened.
    pub fn record(&self, source: &str) -> Result<SourceRecord, CacheError> {
        let path = self.record_path(source)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SourceRecord::default()),
            Err(error) => Err(CacheError::Io { path, error }),
        }
    }

    /// Changes the record of a source under a lock, so that no change of another process is lost. The serial number never
    /// decreases. Returns the new record.
    ///
    /// # Errors
    /// Returns [`CacheError`] if the record cannot be read or written. The previous record remains.
    pub fn update(
        &self,
        source: &str,
        change: impl FnOnce(&mut SourceRecord),
    ) -> Result<SourceRecord, CacheError> {
        // Held for as long as two small files are read and written.
        let (lock, path) = self.lock_file(&format!("{}.lock", name(source)?))?;
        lock.lock().map_err(at(&path))?;
        let before = self.record(source)?;
        let mut record = before.clone();
        change(&mut record);
        if before.no > record.no {
            (record.no, record.no_since) = (before.no, before.no_since);
        }
        if record != before {
            self.write(&self.record_path(source)?, &serde_json::to_vec_pretty(&record).unwrap_or_default())?;
        }
        Ok(record)
    }

    /// Stores a verified BLOB and changes the record of its source as [`Cache::update`] does. The previous BLOB is
    /// removed last.
    ///
    /// # Errors
    /// Returns [`CacheError`] if a file cannot be written. The previous BLOB and record remain.
    pub fn store_blob(
        &self,
        source: &str,
        blob: &[u8],
        change: impl FnOnce(&mut SourceRecord),
    ) -> Result<SourceRecord, CacheError> {
        let path = self.blob_path(source, &hash(blob))?;
        self.write(&path, blob)?;
        let record = self.update(source, change)?;
        for other in self.blobs(source)?.into_iter().filter(|other| *other != path) {
            // A file that cannot be removed now is removed next time.
            let _ = fs::remove_file(other);
        }
        Ok(record)
    }

    /// Removes a BLOB of a source. A file that cannot be removed is verified again at the next start.
    #[cfg(feature = "fetch")]
    pub(crate) fn remove_blob(&self, source: &str, hash: &str) {
        if let Ok(path) = self.blob_path(source, hash) {
            let _ = fs::remove_file(path);
        }
    }

    /// The BLOBs of a source, the one that the record describes first. There are several if a write was interrupted.
    ///
    /// # Errors
    /// Returns [`CacheError`] if the directory cannot be read. A file that cannot be read is ignored.
    pub fn load(&self, source: &str) -> Result<Vec<CachedBlob>, CacheError> {
        let record = self.record(source)?;
        let mut found: Vec<CachedBlob> = Vec::new();
        for path in self.blobs(source)? {
            let Ok(bytes) = fs::read(&path) else { continue };
            let sha256 = hash(&bytes);
            let record = record.blob.clone().filter(|record| record.sha256 == sha256);
            let index = if record.is_some() { 0 } else { found.len() };
            found.insert(index, CachedBlob { bytes, sha256, record });
        }
        Ok(found)
    }

    /// The CRL that was stored for an address.
    #[must_use]
    pub fn crl(&self, url: &str) -> Option<Vec<u8>> {
        fs::read(self.crl_path(url)).ok()
    }

    /// Stores a verified CRL.
    ///
    /// # Errors
    /// Returns [`CacheError::Io`] if the file cannot be written.
    pub fn store_crl(&self, url: &str, der: &[u8]) -> Result<(), CacheError> {
        self.write(&self.crl_path(url), der)
    }

    /// Replaces a file: afterwards it has the previous or the new content, never a part.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
        let replace = || {
            let suffix = format!(".{TEMPORARY}");
            let mut builder = tempfile::Builder::new();
            builder.suffix(&suffix);
            // Processes of several users may share the directory; their umask decides.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let mut file = builder.tempfile_in(&self.directory)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            // The renaming is durable once the directory is; some systems do not open directories.
            if let Ok(directory) = File::open(&self.directory) {
                let _ = directory.sync_all();
            }
            Ok(())
        };
        replace().map_err(at(path))
    }

    /// Removes temporary files of interrupted writes.
    fn sweep(&self) {
        let is_old = |path: &Path| {
            let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|modified| modified.elapsed().ok());
            age.is_some_and(|age| age > TEMPORARY_MAX_AGE)
        };
        for path in self.files_with(TEMPORARY).unwrap_or_default().into_iter().filter(|path| is_old(path)) {
            let _ = fs::remove_file(path);
        }
    }

    fn files_with(&self, extension: &str) -> Result<Vec<PathBuf>, CacheError> {
        let entries = fs::read_dir(&self.directory).map_err(at(&self.directory))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.filter(|path| path.extension() == Some(OsStr::new(extension))).collect())
    }

    fn blobs(&self, source: &str) -> Result<Vec<PathBuf>, CacheError> {
        let prefix = format!("{}.", name(source)?);
        let name = |path: &Path| path.file_name().and_then(OsStr::to_str).map(str::to_owned);
        let mut blobs = self.files_with("jwt")?;
        blobs.retain(|path| name(path).is_some_and(|name| name.starts_with(&prefix)));
        Ok(blobs)
    }

    fn lock_file(&self, name: &str) -> Result<(File, PathBuf), CacheError> {
        let path = self.directory.join(name);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
        Ok((file, path))
    }

    fn record_path(&self, source: &str) -> Result<PathBuf, CacheError> {
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

/// Whether the name of a source can be part of a file name on every system.
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
