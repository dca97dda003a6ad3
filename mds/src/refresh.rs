//! Keeping lists up to date in the background.
//!
//! [`Refresher::start`] reads the cache and files, but not the network, so that a service starts without delay;
//! [`Refresher::run`] downloads for as long as it is polled. A list that fails verification never replaces a verified
//! one, and the current list stays in use while the network, the signer or the disk fails. Only a list whose signer turns
//! out to be revoked is withdrawn.

pub(crate) mod event;
pub(crate) mod health;
mod local;
pub(crate) mod outcome;
mod remote;
mod revocation;
pub(crate) mod schedule;
pub(crate) mod source;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rp_core::Timestamp;

use self::event::{Emitter, Event};
use self::health::Health;
use self::outcome::{Outcome, RefreshError};
use self::remote::{Response, run_blocking};
use self::revocation::{CheckTimes, Crls, Rejected, needs_revocation_check};
use self::schedule::Schedule;
use self::source::{FileSource, Kind, RemoteSource, Signed, Source, SourceError};
use self::state::{Candidate, Conditions, CurrentList, Plan, State};
use crate::cache::{Cache, CacheLock};
use crate::catalog::{Catalog, SharedCatalog};
use crate::date::Date;
use crate::fetch::{Client, Limits};
use crate::policy::Policy;

/// Keeps lists up to date.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
/// use rp_mds::{Cache, MetadataTrust, Policy, Refresher, RemoteSource, Roots, StaticSource};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let refresher = Refresher::builder()
///     .source(StaticSource::new("own", "/etc/rp/models.json"))
///     .source(RemoteSource::alliance(Roots::system()?))
///     .cache(Cache::open("/var/cache/rp-mds")?)
///     .build()?;
/// refresher.start();
/// let trust = MetadataTrust::new(refresher.catalog(), Policy::default());
/// tokio::spawn(async move { refresher.run().await });
/// # let _ = trust;
/// # Ok(())
/// # }
/// ```
pub struct Refresher(Arc<Inner>);

/// The parts of a refresher, shared with the threads that verify and write for it.
struct Inner {
    slots: Vec<Arc<Slot>>,
    cache: Option<Cache>,
    client: Client,
    catalog: Arc<SharedCatalog>,
    schedule: Schedule,
    policy: Policy,
    sink: Sink,
    /// Serialises rounds.
    round: tokio::sync::Mutex<()>,
    /// The catalog by which models were last judged, and when.
    judged: Mutex<Option<(Arc<Catalog>, Timestamp)>>,
}

type Sink = Arc<dyn Fn(&Event) + Send + Sync>;

/// A source and its state.
struct Slot {
    source: Source,
    state: State,
}

/// The result of preparing a request.
enum Begin {
    Done(Outcome),
    Request {
        /// Held until the response was processed.
        lock: Option<CacheLock>,
        conditions: Conditions,
        /// Whether the cache contained another list.
        is_new: bool,
    },
}

/// Builds a [`Refresher`].
pub struct RefresherBuilder {
    sources: Vec<Source>,
    cache: Option<Cache>,
    client: Option<Client>,
    catalog: Arc<SharedCatalog>,
    schedule: Schedule,
    policy: Policy,
    sink: Sink,
}

impl Refresher {
    /// A builder without sources and cache that sends events to `tracing`.
    #[must_use]
    pub fn builder() -> RefresherBuilder {
        RefresherBuilder {
            sources: Vec::new(),
            cache: None,
            client: None,
            catalog: Arc::default(),
            schedule: Schedule::default(),
            policy: Policy::default(),
            sink: Arc::new(Event::trace),
        }
    }

    /// The current catalog, for [`MetadataTrust`](crate::MetadataTrust) and other readers.
    #[must_use]
    pub fn catalog(&self) -> Arc<SharedCatalog> {
        Arc::clone(&self.0.catalog)
    }

    /// Reads the cache and files. Read failures are emitted as events; other sources stay available.
    pub fn start(&self) {
        self.start_at(Timestamp::now());
    }

    /// As [`Refresher::start`], at a given time.
    pub fn start_at(&self, now: Timestamp) {
        let inner = &self.0;
        for slot in &inner.slots {
            if let Err(error) = inner.load(slot, now) {
                slot.state.emitter().failed(&error, None);
            }
        }
        inner.publish(now);
        inner.report_age(now);
    }

    /// Requests every source that is due, or, with `force`, every source without a pending `Retry-After`. Returns the
    /// outcomes in the order of the sources. Long work is done on blocking threads of the runtime.
    pub async fn refresh(&self, now: Timestamp, force: bool) -> Vec<Outcome> {
        let inner = &self.0;
        let _round = inner.round.lock().await;
        let mut outcomes = Vec::new();
        for slot in &inner.slots {
            let (shared, own) = (Arc::clone(inner), Arc::clone(slot));
            run_blocking(move || shared.check_again(&own, now)).await;
            let outcome = match &slot.source.0 {
                Kind::Remote(source) => inner.refresh_remote(slot, source, now, force).await,
                Kind::File(source) => inner.refresh_file(slot, source, now).await,
                Kind::Static(_) => inner.refresh_static(slot, now).await,
            };
            let emitter = slot.state.emitter();
            match &outcome {
                Outcome::Failed(error) => emitter.failed(error, inner.next_attempt(slot, now)),
                Outcome::NotModified => emitter.emit(&Event::NotModified { source: emitter.source.clone() }),
                Outcome::Updated | Outcome::NotDue { .. } | Outcome::Busy => {}
            }
            outcomes.push(outcome);
            let shared = Arc::clone(inner);
            run_blocking(move || shared.publish(now)).await;
        }
        inner.report_age(now);
        outcomes
    }

    /// Keeps the lists up to date for as long as it is polled. It never returns.
    pub async fn run(&self) {
        loop {
            self.refresh(Timestamp::now(), false).await;
            let (now, inner) = (Timestamp::now(), &self.0);
            let due = inner.slots.iter().filter_map(|slot| inner.next_attempt(slot, now));
            let due = due.map(|due| due.saturating_since(now)).min();
            // Files and the cache are checked in between.
            let wait = due.map_or(inner.schedule.poll, |due| due.min(inner.schedule.poll));
            tokio::time::sleep(wait.max(Schedule::LEAST)).await;
        }
    }

    /// The health of every source, in their order.
    #[must_use]
    pub fn health(&self, now: Timestamp) -> Vec<Health> {
        let inner = &self.0;
        let health = |slot: &Arc<Slot>| Health {
            next_attempt: inner.next_attempt(slot, now),
            ..slot.state.health(&inner.policy.staleness, now)
        };
        inner.slots.iter().map(health).collect()
    }
}

impl Inner {
    /// Reads what this machine has of a source, at the start. Nothing is downloaded: a file whose signer's revocation
    /// status is unknown is read again by the first refresh.
    fn load(&self, slot: &Slot, now: Timestamp) -> Result<bool, RefreshError> {
        let candidate = match &slot.source.0 {
            Kind::Remote(source) => match &self.cache {
                Some(cache) => local::read_cache(source, cache, &slot.state, now)?,
                None => None,
            },
            Kind::Static(source) => local::read_static(source, &slot.state)?,
            Kind::File(source) => {
                let Some(mut read) = local::read_file(source, &slot.state, now)? else { return Ok(false) };
                let signed = source.signed();
                if read.needs_revocation_check(signed) {
                    let crls = Crls::cached(self.cache.as_ref(), signed, &read.metadata, read.times);
                    read = match read.check(signed, &crls) {
                        Ok(read) => read,
                        Err(rejected) => return Err(slot.reject(rejected, signed, &crls, now)),
                    };
                }
                let is_final = !read.needs_revocation_check(signed);
                Some(read.into_candidate(is_final))
            }
        };
        candidate.map_or(Ok(false), |candidate| slot.state.install(candidate, now))
    }

    /// Withdraws the current list if its revocation status was unknown, and a CRL that another process or another source
    /// has downloaded contains its signer.
    fn check_again(&self, slot: &Slot, now: Timestamp) {
        if let Some((signed, list, times)) = slot.unchecked(now) {
            let crls = Crls::cached(self.cache.as_ref(), signed, &list.metadata, times);
            slot.withdraw_if_revoked(signed, &list, &crls, now);
        }
    }

    /// Downloads the CRLs that were missing for the current list, and withdraws it if one contains its signer. A list that
    /// is not downloaded again would otherwise never be checked.
    async fn complete_check(&self, slot: &Arc<Slot>, now: Timestamp) {
        let Some((signed, list, times)) = slot.unchecked(now) else { return };
        let (cache, emitter) = (self.cache.as_ref(), slot.state.emitter());
        let crls = Crls::cached(cache, signed, &list.metadata, times);
        let crls = crls.download(&self.client, cache, emitter, signed, &list.metadata, times).await;
        let (own, signed) = (Arc::clone(slot), signed.clone());
        run_blocking(move || own.withdraw_if_revoked(&signed, &list, &crls, now)).await;
    }

    async fn refresh_remote(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        source: &RemoteSource,
        now: Timestamp,
        force: bool,
    ) -> Outcome {
        let (inner, own) = (Arc::clone(self), Arc::clone(slot));
        let (_lock, conditions, is_new) = match run_blocking(move || inner.begin(&own, now, force)).await {
            Begin::Done(outcome) => return outcome,
            Begin::Request { lock, conditions, is_new } => (lock, conditions, is_new),
        };
        let (cache, emitter) = (self.cache.as_ref(), slot.state.emitter());
        let response = remote::download(source, &self.client, cache, emitter, conditions, now).await;
        let (own, signed) = (Arc::clone(slot), source.clone());
        let outcome = run_blocking(move || match response {
            Ok(Response::Unchanged { confirmed, not_before }) => {
                own.state.unchanged(now, confirmed, not_before);
                Outcome::NotModified
            }
            Ok(Response::List(candidate)) => own.install(*candidate, now),
            Ok(Response::Rejected(rejected, crls)) => {
                let error = own.reject(rejected, signed.signed(), &crls, now);
                own.fail(error)
            }
            Err(error) => own.fail(error),
        });
        match outcome.await {
            Outcome::NotModified => {
                self.complete_check(slot, now).await;
                if is_new { Outcome::Updated } else { Outcome::NotModified }
            }
            outcome => outcome,
        }
    }

    /// Reads the cache, and decides whether a request is due.
    fn begin(&self, slot: &Slot, now: Timestamp, force: bool) -> Begin {
        let emitter = slot.state.emitter();
        // If the lock cannot be acquired because of an error, two processes may download: better than none.
        let lock = match self.cache.as_ref().map(Cache::try_lock).transpose() {
            Ok(lock) => lock,
            Err(error) => {
                emitter.not_cached(error);
                None
            }
        };
        let is_busy = matches!(lock, Some(None));
        let is_new = match self.load(slot, now) {
            Ok(is_new) => is_new,
            Err(error) if is_busy => return Begin::Done(Outcome::Failed(error)),
            Err(RefreshError::Cache(error)) => {
                emitter.not_cached(error);
                false
            }
            Err(error) => {
                emitter.failed(&error, None);
                false
            }
        };
        if is_new {
            self.publish(now);
        }
        if is_new && (is_busy || !force) {
            // Another process was faster.
            return Begin::Done(Outcome::Updated);
        }
        if is_busy {
            return Begin::Done(Outcome::Busy);
        }
        match slot.state.plan(&self.schedule, now, force) {
            Plan::Wait { .. } if is_new => Begin::Done(Outcome::Updated),
            Plan::Wait { next } => Begin::Done(Outcome::NotDue { next }),
            Plan::Request(conditions) => Begin::Request { lock: lock.flatten(), conditions, is_new },
        }
    }

    async fn refresh_file(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        source: &FileSource,
        now: Timestamp,
    ) -> Outcome {
        let (own, file) = (Arc::clone(slot), source.clone());
        let read = run_blocking(move || local::read_file(&file, &own.state, now)).await;
        let mut read = match read {
            Ok(Some(read)) => read,
            Ok(None) => return Outcome::NotModified,
            Err(error) => return slot.fail(error),
        };
        let signed = source.signed();
        if read.needs_revocation_check(signed) {
            let (cache, emitter) = (self.cache.as_ref(), slot.state.emitter());
            let crls = Crls::cached(cache, signed, &read.metadata, read.times);
            let crls = crls.download(&self.client, cache, emitter, signed, &read.metadata, read.times).await;
            read = match read.check(signed, &crls) {
                Ok(read) => read,
                Err(rejected) => return slot.fail(slot.reject(rejected, signed, &crls, now)),
            };
            crls.report_unknown(emitter, signed, &read.metadata);
        }
        let own = Arc::clone(slot);
        run_blocking(move || own.install(read.into_candidate(true), now)).await
    }

    async fn refresh_static(&self, slot: &Arc<Slot>, now: Timestamp) -> Outcome {
        let own = Arc::clone(slot);
        run_blocking(move || {
            let Kind::Static(source) = &own.source.0 else { return Outcome::NotModified };
            match local::read_static(source, &own.state) {
                Ok(Some(candidate)) => own.install(candidate, now),
                Ok(None) => Outcome::NotModified,
                Err(error) => own.fail(error),
            }
        })
        .await
    }

    /// When a source is requested next; `None` for files.
    fn next_attempt(&self, slot: &Slot, now: Timestamp) -> Option<Timestamp> {
        matches!(slot.source.0, Kind::Remote(_)).then(|| slot.state.due(&self.schedule, now))
    }

    /// Publishes the current lists if one has changed, and emits what that changes.
    fn publish(&self, now: Timestamp) {
        let changed = self.slots.iter().filter(|slot| slot.state.take_changed()).count();
        if changed > 0 {
            let mut catalog = Catalog::default();
            for slot in &self.slots {
                if let Some(current) = slot.state.current() {
                    catalog =
                        catalog.and_confirmed(slot.source.name(), current.metadata, current.confirmed_at);
                }
            }
            self.catalog.store(catalog);
        }
        self.report_changes(now);
    }

    /// Judges every model as before and as now, and emits the differences: another catalog, or a date on which a report
    /// comes into force or a list becomes too old.
    fn report_changes(&self, now: Timestamp) {
        let after = Arc::clone(&self.catalog.load());
        let last = {
            let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
            judged.replace((Arc::clone(&after), now))
        };
        let Some((before, then)) = last.filter(|(before, _)| !before.lists().is_empty()) else { return };
        if Arc::ptr_eq(&before, &after) && Date::from(then) == Date::from(now) {
            return;
        }
        let changes = self.policy.changes_between((&before, then), (&after, now));
        if !changes.is_empty() {
            (self.sink)(&Event::ModelsChanged { changes, before, then, after });
        }
    }

    fn report_age(&self, now: Timestamp) {
        self.slots.iter().for_each(|slot| slot.state.report_age(&self.policy.staleness, now));
    }
}

impl Slot {
    fn install(&self, candidate: Candidate, now: Timestamp) -> Outcome {
        match self.state.install(candidate, now) {
            Ok(true) => Outcome::Updated,
            Ok(false) => Outcome::NotModified,
            Err(error) => self.fail(error),
        }
    }

    /// The current list if the revocation status of its signer is unknown, and when it is checked.
    fn unchecked(&self, now: Timestamp) -> Option<(&Signed, CurrentList, CheckTimes)> {
        let (signed, list) = (self.source.signed()?, self.state.current()?);
        let is_unchecked = !list.known_not_revoked && needs_revocation_check(signed, &list.metadata);
        let verified = list.metadata.verified_at().unwrap_or(now);
        is_unchecked.then_some((signed, list, CheckTimes { verified, now }))
    }

    /// Withdraws this list, if it is current and its signer is revoked by these CRLs.
    fn withdraw_if_revoked(&self, signed: &Signed, list: &CurrentList, crls: &Crls, now: Timestamp) {
        if let Some(error) = crls.revocation(signed, &list.metadata, now) {
            self.state.withdraw(&error.into(), |current| Arc::ptr_eq(&current.metadata, &list.metadata));
        }
    }

    /// Withdraws the current list if the signer of this one is revoked, and it is the same list, or the CRLs contain its
    /// signer too and its status was unknown.
    fn reject(&self, rejected: Rejected, signed: &Signed, crls: &Crls, now: Timestamp) -> RefreshError {
        let Rejected { sha256, error } = rejected;
        let error = RefreshError::from(error);
        if error.is_revoked() {
            self.state.withdraw(&error, |list| {
                list.is(&sha256)
                    || !list.known_not_revoked && crls.revocation(signed, &list.metadata, now).is_some()
            });
            self.state.forget(&sha256);
        }
        error
    }

    fn fail(&self, error: RefreshError) -> Outcome {
        self.state.failed(&error);
        Outcome::Failed(error)
    }
}

impl RefresherBuilder {
    /// Adds a source after the others: for each model only the first source that contains it counts.
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.sources.push(source.into());
        self
    }

    /// The cache. Without one every start downloads, and a list without `nextUpdate` is new after each restart.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// The HTTP client, instead of one with the default [`Limits`].
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Publishes to a catalog that is already shared.
    #[must_use]
    pub fn catalog(mut self, catalog: Arc<SharedCatalog>) -> Self {
        self.catalog = catalog;
        self
    }

    /// When sources are requested.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The policy by which changes of models are judged, and how old a list may be.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where events go, instead of `tracing`.
    #[must_use]
    pub fn events(mut self, events: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.sink = Arc::new(events);
        self
    }

    /// Builds the refresher. Nothing is read yet.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a source is misconfigured or no HTTP client can be built.
    pub fn build(self) -> Result<Refresher, SourceError> {
        let mut names: Vec<&str> = self.sources.iter().map(Source::name).collect();
        names.sort_unstable();
        let duplicate = names.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first);
        if let Some(name) = duplicate {
            return Err(SourceError::Duplicate { name: (*name).to_owned() });
        }
        self.sources.iter().try_for_each(Source::check)?;
        let client = match self.client {
            Some(client) => client,
            None => Client::new(Limits::default()).map_err(SourceError::Client)?,
        };
        let slot = |source: Source| {
            let emitter = Emitter { source: source.name().into(), sink: Arc::clone(&self.sink) };
            Arc::new(Slot { state: State::new(self.cache.clone(), emitter), source })
        };
        let slots = self.sources.into_iter().map(slot).collect();
        Ok(Refresher(Arc::new(Inner {
            slots,
            cache: self.cache,
            client,
            catalog: self.catalog,
            schedule: self.schedule,
            policy: self.policy,
            sink: self.sink,
            round: tokio::sync::Mutex::default(),
            judged: Mutex::default(),
        })))
    }
}

impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.0.slots.iter().map(|slot| &slot.source).collect();
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
