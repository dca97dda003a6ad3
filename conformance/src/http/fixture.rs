//! What a case runs against: a service with a clock that the case moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use rp_core::{RelyingParty, StaticAnchors, Timestamp, TrustAnchor};
use rp_service::{Event, PasskeyEndpoints, Passkeys, Policy};

use super::{FailingStore, SessionCall};
use crate::authenticator::{Authenticator, Config};

/// The origin of the site.
pub const ORIGIN: &str = "https://example.org";

/// What differs between cases.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whether anybody may open an account.
    pub sign_up: bool,
    /// How many passkeys an account may hold.
    pub max_credentials: Option<usize>,
    /// Whether `passkey-endpoints` are set.
    pub endpoints: bool,
    /// Whether ceremonies in cross-origin frames are accepted.
    pub framed: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { sign_up: true, max_credentials: Some(3), endpoints: true, framed: false }
    }
}

/// A service, and its clock.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The service.
    pub passkeys: Passkeys<FailingStore>,
    clock: Arc<AtomicI64>,
    failures: Arc<AtomicUsize>,
}

impl Fixture {
    /// A service at 2026-06-01T00:00:00Z that trusts the software authenticator's certificates.
    ///
    /// # Panics
    /// Where the fixture cannot be built, which is a failed test.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a fixture that cannot be built is a failed test")]
    pub fn new(setup: &Setup) -> Self {
        let config = Config::default();
        let clock = Arc::new(AtomicI64::new(config.now.as_unix_seconds()));
        let anchors = Authenticator::new("anchors", config).anchors();
        let anchors = anchors.iter().map(|der| TrustAnchor::from_der(der).expect("a certificate")).collect();
        let mut rp = RelyingParty::builder("example.org")
            .name("Example")
            .origin(ORIGIN)
            .related_origin("https://example.com")
            .native_origin("android:apk-key-hash:AAAA");
        if setup.framed {
            rp = rp.allow_cross_origin().top_origin("https://around.example");
        }
        let endpoint = |path: &str| setup.endpoints.then(|| format!("{ORIGIN}{path}"));
        let shown = Arc::clone(&clock);
        let failures = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&failures);
        let passkeys = Passkeys::builder(rp.build().expect("right"), FailingStore::default(), [7; 32])
            .policy(Policy {
                sign_up: setup.sign_up,
                max_credentials: setup.max_credentials,
                ..Policy::default()
            })
            .trust(Arc::new(StaticAnchors::new(anchors)))
            .clock(move || Timestamp::from_unix_seconds(shown.load(Ordering::SeqCst)))
            .events(move |event: &Event<'_>| {
                if event.refusal.is_some_and(|refusal| refusal.status() == 503) {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            })
            .passkey_endpoints(PasskeyEndpoints { enroll: endpoint("/enroll"), manage: endpoint("/manage") })
            .build()
            .expect("a secret that is long enough");
        Self { passkeys, clock, failures }
    }

    /// These calls of the session store fail from now on, and no others.
    pub fn fail(&self, calls: impl IntoIterator<Item = SessionCall>) {
        self.passkeys.store().fail(calls);
    }

    /// How many events told of storage that failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failures.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn wait(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}
