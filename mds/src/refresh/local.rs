//! Reading lists from this machine: the cache, and files.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use rp_core::Timestamp;
use rp_core::x509::PathError;

use super::outcome::{RefreshError, is_revoked};
use super::revocation::{CheckTimes, Crls, Rejected, needs_revocation_check};
use super::source::{FileSource, RemoteSource, Signed, StaticSource};
use super::state::{Candidate, FileStamp, Origin, State};
use crate::blob::{BlobError, Verification};
use crate::cache::{Cache, CachedBlob, hash};
use crate::metadata::Metadata;
use crate::signer::SignerError;

/// The latest BLOB in the cache, verified earlier or by another process; `None` if it is the current one.
///
/// The signer is checked at the time of the first verification, so a BLOB is usable after its signer has expired.
pub(super) fn read_cache(
    source: &RemoteSource,
    cache: &Cache,
    state: &State,
    now: Timestamp,
) -> Result<Option<Candidate>, RefreshError> {
    let record = state.sync()?;
    let is_current = |sha256: &str| state.current().is_some_and(|current| current.is(sha256));
    if record.blob.is_some_and(|blob| is_current(&blob.sha256)) {
        return Ok(None);
    }
    let mut rejected = None;
    let mut best: Option<Candidate> = None;
    for cached in cache.load(&state.emitter().source)? {
        if state.has_seen(&cached.sha256) {
            continue;
        }
        let CachedBlob { sha256, record, .. } = &cached;
        match verify_cached(source.signed(), cache, &cached, now) {
            Ok(metadata) => {
                if best.as_ref().is_none_or(|best| best.metadata.edition() < metadata.edition()) {
                    let origin = Origin::Cache { record: record.clone() };
                    best = Some(Candidate { metadata, sha256: sha256.clone(), origin });
                }
            }
            Err(error) => {
                if is_revoked(&error) {
                    state.forget(sha256);
                }
                if !may_pass_later(&error) {
                    state.ignore(sha256);
                }
                rejected = rejected.or(Some(error));
            }
        }
    }
    match (best, rejected) {
        (None, Some(error)) => Err(error.into()),
        (best, _) => Ok(best),
    }
}

/// Verifies a cached BLOB. A revocation status that was known is still known; otherwise cached CRLs are used.
fn verify_cached(
    signed: &Signed,
    cache: &Cache,
    cached: &CachedBlob,
    now: Timestamp,
) -> Result<Metadata, BlobError> {
    let at = cached.record.as_ref().map_or(now, |record| record.verified_at);
    let metadata = signed.verification(at).verify(&cached.bytes)?;
    let was_known = cached.record.as_ref().is_some_and(|record| record.known_not_revoked);
    if was_known || !needs_revocation_check(signed, &metadata) {
        return Ok(metadata);
    }
    let times = CheckTimes { verified: at, now };
    Crls::cached(Some(cache), signed, &metadata, times).check(signed, metadata, times)
}

/// Whether a rejected BLOB may be accepted at another time, or with other CRLs.
const fn may_pass_later(error: &BlobError) -> bool {
    matches!(
        error,
        BlobError::Signer(SignerError::Path(
            PathError::NotYetValid { .. } | PathError::RevocationUnknown { .. }
        ))
    )
}

/// A signed file that was read and verified.
#[derive(Debug)]
pub(super) struct FileRead {
    pub(super) metadata: Metadata,
    sha256: String,
    stamp: FileStamp,
    /// When its signer is checked.
    pub(super) times: CheckTimes,
    /// Whether the signer was known not to be revoked before.
    was_known: bool,
}

/// Reads and verifies a signed file; `None` if it has not changed.
pub(super) fn read_file(
    source: &FileSource,
    state: &State,
    now: Timestamp,
) -> Result<Option<FileRead>, RefreshError> {
    let signed = source.signed();
    let Some((bytes, stamp)) = read_changed(source.path(), signed.max_len, state)? else { return Ok(None) };
    let sha256 = hash(&bytes);
    // A cache that cannot be read is reported when the record is written.
    let record = state.sync().unwrap_or_default();
    // These bytes were verified before: their signer is checked at that time.
    let verified = record.blob.filter(|blob| blob.sha256 == sha256);
    let at = verified.as_ref().map_or(now, |blob| blob.verified_at);
    let verification = Verification { previous_no: record.no, ..signed.verification(at) };
    let metadata = verification.verify(&bytes)?;
    let was_known = verified.is_some_and(|blob| blob.known_not_revoked);
    let times = CheckTimes { verified: at, now };
    Ok(Some(FileRead { metadata, sha256, stamp, times, was_known }))
}

impl FileRead {
    /// Whether the revocation status of the signer has to be found out.
    pub(super) fn needs_revocation_check(&self, signed: &Signed) -> bool {
        !self.was_known && needs_revocation_check(signed, &self.metadata)
    }

    /// Checks the signer with these CRLs.
    pub(super) fn check(self, signed: &Signed, crls: &Crls) -> Result<Self, Rejected> {
        match crls.check(signed, self.metadata, self.times) {
            Ok(metadata) => Ok(Self { metadata, ..self }),
            Err(error) => Err(Rejected { sha256: self.sha256, error }),
        }
    }

    /// The candidate; unless `is_final`, the file is read again by the next refresh.
    pub(super) fn into_candidate(self, is_final: bool) -> Candidate {
        let Self { metadata, sha256, stamp, was_known, .. } = self;
        let origin = Origin::File { stamp: is_final.then_some(stamp), known_not_revoked: was_known };
        Candidate { metadata, sha256, origin }
    }
}

/// Reads an operator's file; `None` if it has not changed.
pub(super) fn read_static(source: &StaticSource, state: &State) -> Result<Option<Candidate>, RefreshError> {
    let (retention, max_len) = source.limits();
    let Some((bytes, stamp)) = read_changed(source.path(), max_len, state)? else { return Ok(None) };
    let metadata = Metadata::from_own_entries(&bytes, retention)?;
    Ok(Some(Candidate { metadata, sha256: hash(&bytes), origin: Origin::Static { stamp } }))
}

/// Reads a file that has changed.
fn read_changed(
    path: &Path,
    max_len: usize,
    state: &State,
) -> Result<Option<(Vec<u8>, FileStamp)>, RefreshError> {
    let failed = |error| RefreshError::File { path: path.into(), error };
    let metadata = fs::metadata(path).map_err(failed)?;
    let stamp = (metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len());
    if state.is_read(stamp) {
        return Ok(None);
    }
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if len > max_len {
        return Err(BlobError::TooLong { len, max: max_len }.into());
    }
    Ok(Some((fs::read(path).map_err(failed)?, stamp)))
}
