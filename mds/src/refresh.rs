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

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub use event::Event;
pub use health::Health;
use rp_core::Timestamp;
pub use schedule::Schedule;
pub use source::{ALLIANCE_URL, RevocationMode, SourceConfig, SourceError};

use crate::cache::{Cache, CacheError, State};
use crate::fetch::{Client, FetchError, Limits};
use crate::{BlobError, Catalog, Current, Freshness, Metadata, PayloadError, Policy};

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
/// let trust = MetadataTrust::new(refresher.current(), Policy::default());
/// tokio::spawn(async move { refresher.run().await });
/// # let _ = trust;
/// # Ok(())
/// # }
/// ```
pub struct Refresher {
    slots: Vec<Slot>,
    cache: Option<Cache>,
    client: Client,
    current: Arc<Current>,
    schedule: Schedule,
    policy: Policy,
    events: Box<dyn Fn(&Event) + Send + Sync>,
    /// One round at a time.
    round: tokio::sync::Mutex<()>,
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
}

/// The bytes that a list was read from.
#[derive(Default)]
struct Edition {
    sha256: Option<String>,
    etag: Option<String>,
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
    /// The cache could not be used.
    #[error("cache: {0}")]
    Cache(#[from] CacheError),
}

/// Makes a [`Refresher`].
pub struct RefresherBuilder {
    sources: Vec<SourceConfig>,
    cache: Option<Cache>,
    client: Option<Client>,
    current: Arc<Current>,
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
    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    /// Reads the cache and files, and no network. What cannot be read is told as an event, and the rest serves.
    pub fn start(&self) {
        self.start_at(Timestamp::now());
    }

    /// As [`Refresher::start`], at a given time.
    pub fn start_at(&self, now: Timestamp) {
        for slot in &self.slots {
            if let Err(error) = self.load(slot, now) {
                let source = slot.config.name().into();
                self.tell(&Event::Failed { source, error: error.to_string(), next: None });
            }
        }
        self.publish(now);
        self.warn_of_age(now);
    }

    /// Asks every source that is due, or, with `force`, that does not want to be left alone, and gives what came of
    /// each, in their order.
    pub async fn refresh(&self, now: Timestamp, force: bool) -> Vec<Outcome> {
        let _round = self.round.lock().await;
        let mut outcomes = Vec::new();
        for slot in &self.slots {
            let outcome = if slot.config.is_remote() {
                self.ask_remote(slot, now, force).await
            } else {
                self.ask_local(slot, now)
            };
            match &outcome {
                Outcome::Failed(error) => {
                    let next = slot.config.is_remote().then(|| self.schedule.next(&slot.held().state, now));
                    let source = slot.config.name().into();
                    self.tell(&Event::Failed { source, error: error.to_string(), next });
                }
                Outcome::NotModified => {
                    self.tell(&Event::NotModified { source: slot.config.name().into() });
                }
                Outcome::Updated | Outcome::NotDue { .. } | Outcome::Busy => {}
            }
            outcomes.push(outcome);
        }
        self.warn_of_age(now);
        outcomes
    }

    /// Keeps the lists up to date for as long as it is polled; it never returns.
    pub async fn run(&self) {
        loop {
            self.refresh(Timestamp::now(), false).await;
            let now = Timestamp::now();
            let due = self.slots.iter().filter(|slot| slot.config.is_remote());
            let due = due.map(|slot| self.schedule.next(&slot.held().state, now).saturating_since(now)).min();
            // Files, and what other processes put in the cache, are looked after in between.
            let wait = due.map_or(self.schedule.poll, |due| due.min(self.schedule.poll));
            tokio::time::sleep(wait.max(Schedule::LEAST)).await;
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
        let before = self.current.store(catalog);
        if before.sources().is_empty() {
            return;
        }
        let after = self.current.load();
        let changes = self.policy.changes(&before, &after, now);
        if !changes.is_empty() {
            self.tell(&Event::ModelsChanged { changes, before, after: Arc::clone(&after) });
        }
    }

    /// Holds another list of a source.
    fn hold(&self, slot: &Slot, metadata: Metadata, edition: Edition, from_cache: bool) {
        let event = Event::Updated {
            source: slot.config.name().into(),
            no: metadata.no(),
            before: slot.held().metadata.as_ref().and_then(|held| held.no()),
            entries: metadata.entries().len(),
            left_out: metadata.left_out().to_vec(),
            from_cache,
        };
        {
            let mut held = slot.held();
            held.metadata = Some(Arc::new(metadata));
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
    pub fn current(mut self, current: Arc<Current>) -> Self {
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
        let slots = self.sources.into_iter().map(|config| Slot { config, held: Mutex::default() }).collect();
        Ok(Refresher {
            slots,
            cache: self.cache,
            client,
            current: self.current,
            schedule: self.schedule,
            policy: self.policy,
            events: self.events,
            round: tokio::sync::Mutex::default(),
        })
    }
}

impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.slots.iter().map(|slot| &slot.config).collect();
        f.debug_struct("Refresher")
            .field("sources", &sources)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefresherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefresherBuilder").field("sources", &self.sources).finish_non_exhaustive()
    }
}
