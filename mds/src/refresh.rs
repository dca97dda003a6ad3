//! Keeping lists up to date, without anyone waiting for it.
//!
//! [`Refresher::start`] reads the cache and files, and never the network, so that a service is there at once;
//! [`Refresher::run`] fetches in the background for as long as it is polled. What fails verification never replaces what
//! passed it, and the list that is held serves on while the network, the signer or the disk fails.

mod event;
mod health;
mod local;
mod remote;
mod revocation;
mod schedule;
mod source;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub use event::Event;
pub use health::Health;
use rp_core::Timestamp;
pub use schedule::Schedule;
pub use source::{ALLIANCE_DOMAIN, ALLIANCE_URL, RevocationMode, SourceConfig, SourceError};

use crate::cache::{Cache, CacheError, State};
use crate::date::Date;
use crate::fetch::{Client, FetchError, Limits};
use crate::{BlobError, Catalog, Freshness, Metadata, PayloadError, Policy, SharedCatalog};

/// Lists that are kept up to date.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
/// use rp_mds::{Cache, MetadataTrust, Policy, Refresher, Roots, SourceConfig};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let refresher = Refresher::builder()
///     .source(SourceConfig::own("own", "/etc/rp/models.json"))
///     .source(SourceConfig::alliance(Roots::of_the_system()?))
///     .cache(Cache::open("/var/cache/rp-mds")?)
///     .build()?;
/// refresher.start();
/// let trust = MetadataTrust::new(refresher.catalog(), Policy::default());
/// tokio::spawn(async move { refresher.run().await });
/// # let _ = trust;
/// # Ok(())
/// # }
/// ```
pub struct Refresher(Arc<Shared>);

/// What a refresher shares with the threads that verify and write for it.
struct Shared {
    slots: Vec<Arc<Slot>>,
    cache: Option<Cache>,
    client: Client,
    current: Arc<SharedCatalog>,
    schedule: Schedule,
    policy: Policy,
    events: Box<dyn Fn(&Event) + Send + Sync>,
    /// One round at a time.
    round: tokio::sync::Mutex<()>,
    /// By what catalog, and when, models were judged last.
    judged: Mutex<Option<(Arc<Catalog>, Timestamp)>>,
}

/// A source, and what is held of it.
struct Slot {
    config: SourceConfig,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    metadata: Option<Arc<Metadata>>,
    /// Of what it was read. The cache may have another: a disk may be full.
    edition: Edition,
    state: State,
    /// Of a file, what it was when it was read.
    seen: Option<(SystemTime, u64)>,
    /// What was told last of its age.
    freshness: Option<Freshness>,
    /// Hashes of what was held, or looked at in the cache and passed over, the newest last.
    hashes: VecDeque<String>,
}

/// The bytes that a list was read from.
#[derive(Default)]
struct Edition {
    sha256: Option<String>,
    etag: Option<String>,
    verified_at: Option<Timestamp>,
}

impl Held {
    /// More than a cache has of one source, and than a server has of one serial number.
    const MAX_HASHES: usize = 16;

    fn has_seen(&self, sha256: &str) -> bool {
        self.hashes.iter().any(|one| one == sha256)
    }

    fn note(&mut self, sha256: &str) {
        if !self.has_seen(sha256) {
            self.hashes.push_back(sha256.to_owned());
        }
        if self.hashes.len() > Self::MAX_HASHES {
            self.hashes.pop_front();
        }
    }
}

impl Slot {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that holds the lock leaves it half changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of asking a source.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It is not due.
    NotDue {
        /// When it is.
        next: Timestamp,
    },
    /// Another process is asking.
    Busy,
    /// What is held is what there is.
    NotModified,
    /// Another list is held now.
    Updated,
    /// Nothing came of it, and what was held is held still.
    Failed(RefreshError),
}

/// Why a list could not be replaced by another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It does not verify.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// An operator's list cannot be read.
    #[error(transparent)]
    Own(#[from] PayloadError),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which one.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// It has the serial number of what is held and is of an earlier date.
    #[error("serial number {no} is that of the BLOB held, which is of a later date")]
    Earlier {
        /// The serial number.
        no: u64,
    },
    /// It has the serial number and the date of what is held, which has replaced it before: a server, or two, that
    /// answer now with one and now with the other.
    #[error("serial number {no} is that of the BLOB held, which has replaced this one")]
    Replaced {
        /// The serial number.
        no: u64,
    },
    /// The cache could not be used.
    #[error("cache: {0}")]
    Cache(#[from] CacheError),
}

/// An error as it is told and remembered: its words may be a server's.
fn describe(error: &RefreshError) -> String {
    error.to_string().chars().take(MAX_WORDS).collect()
}

/// The longest of our own have half of it.
const MAX_WORDS: usize = 400;

/// Makes a [`Refresher`].
pub struct RefresherBuilder {
    sources: Vec<SourceConfig>,
    cache: Option<Cache>,
    client: Option<Client>,
    current: Arc<SharedCatalog>,
    schedule: Schedule,
    policy: Policy,
    events: Box<dyn Fn(&Event) + Send + Sync>,
}

impl Refresher {
    /// No source, no cache, and events to `tracing`.
    #[must_use]
    pub fn builder() -> RefresherBuilder {
        RefresherBuilder {
            sources: Vec::new(),
            cache: None,
            client: None,
            current: Arc::default(),
            schedule: Schedule::default(),
            policy: Policy::default(),
            events: Box::new(Event::trace),
        }
    }

    /// The catalog of the moment, for [`MetadataTrust`](crate::MetadataTrust) and whoever else reads.
    #[must_use]
    pub fn catalog(&self) -> Arc<SharedCatalog> {
        Arc::clone(&self.0.current)
    }

    /// Reads the cache and files, and no network. What cannot be read is told as an event, and the rest serves.
    pub fn start(&self) {
        self.start_at(Timestamp::now());
    }

    /// As [`Refresher::start`], at a given time.
    pub fn start_at(&self, now: Timestamp) {
        let shared = &self.0;
        for slot in &shared.slots {
            if let Err(error) = shared.load(slot, now) {
                let source = slot.config.name().into();
                shared.tell(&Event::Failed { source, error: describe(&error), next: None });
            }
        }
        shared.publish(now);
        shared.warn_of_age(now);
    }

    /// Asks every source that is due, or, with `force`, that does not want to be left alone, and gives what came of
    /// each, in their order. What takes the processor or the disk for long is done on threads of the runtime's own.
    pub async fn refresh(&self, now: Timestamp, force: bool) -> Vec<Outcome> {
        let shared = &self.0;
        let _round = shared.round.lock().await;
        let mut outcomes = Vec::new();
        for slot in &shared.slots {
            let outcome = if slot.config.is_remote() {
                shared.ask_remote(slot, now, force).await
            } else {
                shared.ask_local(slot, now).await
            };
            match &outcome {
                Outcome::Failed(error) => {
                    let next = slot.config.is_remote().then(|| shared.due(slot, now));
                    let source = slot.config.name().into();
                    shared.tell(&Event::Failed { source, error: describe(error), next });
                }
                Outcome::NotModified => {
                    shared.tell(&Event::NotModified { source: slot.config.name().into() });
                }
                Outcome::Updated | Outcome::NotDue { .. } | Outcome::Busy => {}
            }
            outcomes.push(outcome);
        }
        shared.warn_of_age(now);
        if let Some(slot) = shared.slots.first() {
            shared.apart(slot, move |shared, _| shared.tell_changes(now)).await;
        }
        outcomes
    }

    /// Keeps the lists up to date for as long as it is polled; it never returns.
    pub async fn run(&self) {
        loop {
            self.refresh(Timestamp::now(), false).await;
            let (now, shared) = (Timestamp::now(), &self.0);
            let due = shared.slots.iter().filter(|slot| slot.config.is_remote());
            let due = due.map(|slot| shared.due(slot, now).saturating_since(now)).min();
            // Files, and what other processes put in the cache, are looked after in between.
            let wait = due.map_or(shared.schedule.poll, |due| due.min(shared.schedule.poll));
            tokio::time::sleep(wait.max(Schedule::LEAST)).await;
        }
    }
}

impl Shared {
    /// Does on another thread what takes the processor or the disk for long.
    async fn apart<T: Send + 'static>(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        work: impl FnOnce(&Self, &Slot) -> T + Send + 'static,
    ) -> T {
        let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
        match tokio::task::spawn_blocking(move || work(&shared, &slot)).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down, and polls nobody again.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Puts what is held in the place of the catalog of the moment, and tells what it changes.
    fn publish(&self, now: Timestamp) {
        let mut catalog = Catalog::default();
        for slot in &self.slots {
            if let Some(metadata) = &slot.held().metadata {
                catalog = catalog.and(slot.config.name(), Arc::clone(metadata));
            }
        }
        self.current.store(catalog);
        self.tell_changes(now);
    }

    /// Judges every model as the last time and as it is now, and tells what has changed: by another catalog, or by the
    /// day, on which a report may come into force or a list be too old.
    fn tell_changes(&self, now: Timestamp) {
        let after = Arc::clone(&self.current.load());
        let last = {
            let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
            judged.replace((Arc::clone(&after), now))
        };
        let Some((before, then)) = last.filter(|(before, _)| !before.sources().is_empty()) else { return };
        if Arc::ptr_eq(&before, &after) && Date::from(then) == Date::from(now) {
            return;
        }
        let changes = self.policy.changes_between((&before, then), (&after, now));
        if !changes.is_empty() {
            self.tell(&Event::ModelsChanged { changes, before, then, after });
        }
    }

    /// Holds another list of a source.
    fn hold(&self, slot: &Slot, metadata: Metadata, edition: Edition, from_cache: bool) {
        let event = Event::Updated {
            source: slot.config.name().into(),
            no: metadata.no(),
            before: slot.held().metadata.as_ref().and_then(|held| held.no()),
            entries: metadata.entries().len(),
            rejected: metadata.rejected().to_vec(),
            from_cache,
        };
        {
            let mut held = slot.held();
            held.metadata = Some(Arc::new(metadata));
            edition.sha256.iter().for_each(|sha256| held.note(sha256));
            held.edition = edition;
        }
        self.tell(&event);
    }

    /// Tells once of a list that has become stale, or too old.
    fn warn_of_age(&self, now: Timestamp) {
        for slot in &self.slots {
            let event = {
                let mut held = slot.held();
                let Some(metadata) = &held.metadata else { continue };
                let freshness = Freshness::of(metadata.next_update(), now, self.policy.staleness);
                let before = held.freshness.replace(freshness);
                (before != Some(freshness) && freshness != Freshness::Fresh)
                    .then(|| Event::Overdue { source: slot.config.name().into(), freshness })
            };
            event.iter().for_each(|event| self.tell(event));
        }
    }

    fn tell(&self, event: &Event) {
        (self.events)(event);
    }
}

impl RefresherBuilder {
    /// Adds a source behind the others: for each model the first that has it speaks.
    #[must_use]
    pub fn source(mut self, source: SourceConfig) -> Self {
        self.sources.push(source);
        self
    }

    /// Where BLOBs outlive a restart. Without a cache, every start fetches.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Another client than that of the default [`Limits`].
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Publishes to a catalog that is shared already.
    #[must_use]
    pub fn catalog(mut self, current: Arc<SharedCatalog>) -> Self {
        self.current = current;
        self
    }

    /// When to ask.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// By which policy models are judged that a new list changes, and how old a list may be.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where events go, in place of `tracing`.
    #[must_use]
    pub fn events(mut self, events: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events = Box::new(events);
        self
    }

    /// The refresher; nothing is read yet.
    ///
    /// # Errors
    /// [`SourceError`] for a source that was configured wrongly, or no client.
    pub fn build(self) -> Result<Refresher, SourceError> {
        let mut names: Vec<&str> = self.sources.iter().map(SourceConfig::name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first);
        if let Some(name) = twice {
            return Err(SourceError::Twice { name: (*name).to_owned() });
        }
        self.sources.iter().try_for_each(SourceConfig::check)?;
        let client = match self.client {
            Some(client) => client,
            None => Client::new(Limits::default()).map_err(SourceError::Client)?,
        };
        let slot = |config| Arc::new(Slot { config, held: Mutex::default() });
        Ok(Refresher(Arc::new(Shared {
            slots: self.sources.into_iter().map(slot).collect(),
            cache: self.cache,
            client,
            current: self.current,
            schedule: self.schedule,
            policy: self.policy,
            events: self.events,
            round: tokio::sync::Mutex::default(),
            judged: Mutex::default(),
        })))
    }
}

impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.0.slots.iter().map(|slot| &slot.config).collect();
        f.debug_struct("Refresher")
            .field("sources", &sources)
            .field("cache", &self.0.cache)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefresherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefresherBuilder").field("sources", &self.sources).finish_non_exhaustive()
    }
}
