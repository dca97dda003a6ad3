//! Downloading a list.

use rp_core::Timestamp;

use super::event::Emitter;
use super::outcome::RefreshError;
use super::revocation::{CheckTimes, Crls, Rejected, needs_revocation_check};
use super::source::RemoteSource;
use super::state::{Candidate, Conditions, Origin};
use crate::blob::Verification;
use crate::cache::{Cache, hash};
use crate::fetch::{Client, Fetched, Request};

/// The result of a request.
#[derive(Debug)]
pub(super) enum Response {
    /// The publisher has nothing new.
    Unchanged {
        /// Whether the status was 304.
        confirmed: bool,
        not_before: Option<Timestamp>,
    },
    /// A verified list.
    List(Box<Candidate>),
    /// A list whose signer is rejected, with the CRLs that were used.
    Rejected(Rejected, Crls),
}

/// Downloads and verifies a BLOB, and finds out whether its signer is revoked.
pub(super) async fn download(
    source: &RemoteSource,
    client: &Client,
    cache: Option<&Cache>,
    emitter: &Emitter,
    conditions: Conditions,
    now: Timestamp,
) -> Result<Response, RefreshError> {
    let Conditions { no, etag, previous_no } = conditions;
    let signed = source.signed();
    let request = Request {
        url: source.url(no)?,
        hosts: source.hosts(),
        etag: etag.as_deref(),
        no,
        max_len: signed.max_len,
        now,
    };
    let (bytes, etag) = match client.fetch(&request).await? {
        Fetched::NotModified { confirmed, not_before } => {
            return Ok(Response::Unchanged { confirmed, not_before });
        }
        Fetched::Body { bytes, etag } => (bytes, etag),
    };
    let verifier = source.clone();
    let (verified, bytes) = run_blocking(move || {
        let verification = Verification { previous_no, ..verifier.signed().verification(now) };
        (verification.verify(&bytes), bytes)
    })
    .await;
    let sha256 = hash(&bytes);
    let mut metadata = match verified {
        Ok(metadata) => metadata,
        Err(error) => return Ok(Response::Rejected(Rejected { sha256, error }, Crls::default())),
    };
    // CRL addresses are read from a verified path only.
    if needs_revocation_check(signed, &metadata) {
        let times = CheckTimes { verified: now, now };
        let crls = Crls::cached(cache, signed, &metadata, times);
        let crls = crls.download(client, cache, emitter, signed, &metadata, times).await;
        metadata = match crls.check(signed, metadata, times) {
            Ok(metadata) => metadata,
            Err(error) => return Ok(Response::Rejected(Rejected { sha256, error }, crls)),
        };
        crls.report_unknown(emitter, signed, &metadata);
    }
    Ok(Response::List(Box::new(Candidate { metadata, sha256, origin: Origin::Network { bytes, etag } })))
}

/// Runs work that takes long on another thread.
pub(super) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and does not poll this task again.
            Err(_) => std::future::pending().await,
        },
    }
}
