//! The publisher, sources and events of these tests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rp_conformance::publisher::{Publisher, Signing};
use rp_core::Timestamp;
use rp_mds::fetch::{Client, Limits};
use rp_mds::{
    Catalog, Event, ModelQuery, Outcome, Policy, RefreshError, Refresher, RefresherBuilder, RemoteSource,
    RevocationMode, Roots, Source, Verdict,
};
use serde_json::{Value, json};

use crate::server::Server;

/// A Tuesday in September 2026.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// A later time.
pub(crate) fn later(hours: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW.as_unix_seconds().saturating_add(hours.saturating_mul(3_600)))
}

pub(crate) const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";

pub(crate) fn publisher() -> Publisher {
    Publisher::new("mds tests", NOW)
}

/// A payload of one model.
pub(crate) fn payload(no: u64, status: &str) -> Value {
    json!({
        "no": no,
        "nextUpdate": "2026-10-01",
        "entries": [{
            "aaguid": AAGUID,
            "metadataStatement": {"description": "Example Key"},
            "statusReports": [{"status": status, "effectiveDate": "2026-01-01"}],
            "timeOfLastStatusChange": "2026-01-01"
        }]
    })
}

pub(crate) fn blob(no: u64, status: &str) -> String {
    publisher().blob(&payload(no, status), &Signing::default())
}

pub(crate) fn roots() -> Roots {
    Roots::from_certificates(&publisher().root()).unwrap()
}

pub(crate) fn source(server: &Server) -> RemoteSource {
    RemoteSource::new("fido", &server.url("/"), roots())
        .allow_plain_http()
        .signer_host("mds.example.org")
        .revocation(RevocationMode::Given)
}

pub(crate) fn client() -> Client {
    let limits = Limits {
        total: Duration::from_secs(2),
        connect: Duration::from_secs(1),
        idle: Duration::from_millis(900),
        ..Limits::default()
    };
    Client::new(limits).unwrap()
}

/// The events of a refresher.
#[derive(Clone, Default)]
pub(crate) struct Recorded(pub(crate) Arc<Mutex<Vec<Event>>>);

impl Recorded {
    pub(crate) fn words(&self) -> Vec<String> {
        let recorded = self.0.lock().unwrap();
        let word = |event: &Event| match event {
            Event::Updated { no, before, from_cache, .. } => {
                format!("updated {before:?} {no:?} {from_cache}")
            }
            Event::ModelsChanged { changes, .. } => {
                let refused = changes.iter().filter(|change| change.is_now_refused()).count();
                format!("models changed {} {refused}", changes.len())
            }
            Event::NotModified { .. } => "not modified".into(),
            Event::Withdrawn { no, after, error, .. } => format!("withdrawn {no:?} {after:?} {error}"),
            Event::Failed { error, .. } => format!("failed {error}"),
            Event::Overdue { freshness, .. } => format!("overdue {freshness:?}"),
            Event::RevocationUnknown { error, .. } => format!("revocation unknown {error}"),
            Event::NotCached { error, .. } => format!("not cached {error}"),
            _ => "other".into(),
        };
        recorded.iter().map(word).collect()
    }
}

pub(crate) fn builder(server: &Server) -> (RefresherBuilder, Recorded) {
    of(source(server))
}

pub(crate) fn of(source: impl Into<Source>) -> (RefresherBuilder, Recorded) {
    let recorded = Recorded::default();
    let events = Arc::clone(&recorded.0);
    let builder = Refresher::builder()
        .source(source)
        .client(client())
        .events(move |event| events.lock().unwrap().push(event.clone()));
    (builder, recorded)
}

pub(crate) async fn once(refresher: &Refresher, now: Timestamp) -> Outcome {
    refresher.refresh(now, true).await.pop().unwrap()
}

pub(crate) fn error(outcome: Outcome) -> RefreshError {
    let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
    error
}

pub(crate) fn no(refresher: &Refresher) -> Option<u64> {
    refresher.catalog().load().lists().first()?.metadata().no()
}

pub(crate) fn verdict(refresher: &Refresher) -> Verdict {
    let catalog: &Catalog = &refresher.catalog().load();
    Policy::default().judge(catalog, &ModelQuery::new(AAGUID.parse().unwrap(), NOW))
}

/// A temporary directory for one test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rp-mds-{}-{test}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
