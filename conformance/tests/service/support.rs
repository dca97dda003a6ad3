//! A site, browsers with an authenticator each, and a store that can be watched and made to fail.

pub(crate) mod browser;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use rp_conformance::authenticator::Authenticator;
use rp_conformance::http::FailingStore;
use rp_core::{RelyingParty, StaticAnchors, Timestamp, TrustAnchor};
use rp_service::store::StoreError;
use rp_service::{Event, Passkeys, PasskeysBuilder, Policy, Refusal, RequestSession, SessionData};

pub(crate) use self::browser::Browser;

pub(crate) const ORIGIN: &str = "https://example.org";
pub(crate) const SECRET: [u8; 32] = [7; 32];

/// A service, its clock, and what it told its event sink.
pub(crate) struct Site {
    pub(crate) passkeys: Passkeys<FailingStore>,
    clock: Arc<AtomicI64>,
    events: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub(crate) fn open() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(
        change: impl FnOnce(PasskeysBuilder<FailingStore>) -> PasskeysBuilder<FailingStore>,
    ) -> Self {
        let rp = RelyingParty::builder("example.org").name("Example").origin(ORIGIN).build().unwrap();
        Self::of(rp, change)
    }

    pub(crate) fn of(
        rp: RelyingParty,
        change: impl FnOnce(PasskeysBuilder<FailingStore>) -> PasskeysBuilder<FailingStore>,
    ) -> Self {
        // 2026-06-01T00:00:00Z, the time on the authenticator's clock.
        let clock = Arc::new(AtomicI64::new(1_780_272_000));
        let events = Arc::new(Mutex::new(Vec::new()));
        let (now, sink) = (Arc::clone(&clock), Arc::clone(&events));
        let builder = Passkeys::builder(rp, FailingStore::default(), SECRET)
            .policy(Policy { sign_up: true, ..Policy::default() })
            .clock(move || Timestamp::from_unix_seconds(now.load(Ordering::Relaxed)))
            .events(move |event: &Event<'_>| sink.lock().unwrap().push(line(event)));
        Self { passkeys: change(builder).build().unwrap(), clock, events }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// What was recorded since it was asked last: action and true code, or `ok`.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    pub(crate) fn store(&self) -> &FailingStore {
        self.passkeys.store()
    }

    /// A browser's session, for one request.
    pub(crate) fn held(&self, data: Option<SessionData>) -> Held {
        Held { passkeys: self.passkeys.clone(), data, has_opened: AtomicBool::new(false) }
    }
}

/// A session that notes with the store what is asked of it, and fails where the store is asked to.
pub(crate) struct Held {
    passkeys: Passkeys<FailingStore>,
    data: Option<SessionData>,
    has_opened: AtomicBool,
}

impl RequestSession for Held {
    fn data(&self) -> Option<&SessionData> {
        self.data.as_ref()
    }

    async fn open(&self, _: &SessionData) -> Result<(), StoreError> {
        self.passkeys.store().call("open")?;
        self.has_opened.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn abandon(&self) {
        if self.has_opened.load(Ordering::Relaxed) {
            self.passkeys.store().call("abandon").unwrap();
        }
    }

    async fn end(&self) -> Result<(), StoreError> {
        self.passkeys.store().call("end")
    }
}

fn line(event: &Event<'_>) -> String {
    format!("{} {}", event.action.as_str(), event.refusal.map_or("ok", Refusal::code))
}

/// Trust in an authenticator's attestation.
pub(crate) fn trust(authenticator: &Authenticator) -> Arc<StaticAnchors> {
    let anchors: Vec<_> =
        authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
    Arc::new(StaticAnchors::new(anchors))
}
