//! What a case runs against: a service with a clock that the case moves.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rp_core::options::AttestationConveyancePreference;
use rp_core::{CredentialId, RelyingParty, StaticAnchors, Timestamp, TrustAnchor};
use rp_service::http::Route;
use rp_service::store::{Account, CredentialStore, Passkey};
use rp_service::{Entry, Event, PasskeyEndpoints, Passkeys, Policy, Purpose, Refusal, Veto};

use super::FailingStore;
use crate::authenticator::{Authenticator, Config};

/// The origin of the site.
pub const ORIGIN: &str = "https://example.org";

/// The origin of a site on the developer's own machine.
pub const LOCALHOST: &str = "http://localhost:8080";

/// Longer than the default of `Policy::step_up_freshness`.
pub(super) const STALE: Duration = Duration::from_secs(301);

/// What differs between cases.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the site is: [`ORIGIN`] or [`LOCALHOST`].
    pub origin: &'static str,
    /// Under which prefix the routes stand.
    pub prefix: &'static str,
    /// Which routes are mounted.
    pub routes: Vec<Route>,
    /// Whether `passkey-endpoints` are set.
    pub endpoints: bool,
    /// Whether ceremonies in cross-origin frames are accepted.
    pub framed: bool,
    /// Whether attestation is asked for.
    pub attestation: bool,
    /// What the application allows.
    pub policy: Policy,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            origin: ORIGIN,
            prefix: Route::PREFIX,
            routes: Route::ALL.into(),
            endpoints: true,
            framed: false,
            attestation: false,
            policy: Policy { sign_up: true, max_credentials: Some(3), ..Policy::default() },
        }
    }
}

/// A service, and its clock.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The service.
    pub passkeys: Passkeys<FailingStore>,
    /// What it was set up with.
    pub setup: Setup,
    clock: Arc<AtomicI64>,
    gate: Arc<AtomicBool>,
    events: Arc<Mutex<Vec<String>>>,
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
        let (gate, events) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<String>>>::default());
        let anchors = Authenticator::new("one", config).anchors();
        let anchors: Vec<_> =
            anchors.iter().map(|der| TrustAnchor::from_der(der).expect("a certificate")).collect();
        let endpoint = |path: &str| setup.endpoints.then(|| format!("{}{path}", setup.origin));
        let (shown, asked, sink) = (Arc::clone(&clock), Arc::clone(&gate), Arc::clone(&events));
        let passkeys = Passkeys::builder(relying_party(setup), FailingStore::default(), [7; 32])
            .policy(setup.policy.clone())
            .trust(Arc::new(StaticAnchors::new(anchors)))
            .clock(move || Timestamp::from_unix_seconds(shown.load(Ordering::SeqCst)))
            .gate(move |entry: &Entry<'_>| match entry.purpose {
                Purpose::SignIn if asked.load(Ordering::SeqCst) => {
                    Err(Veto::EnrolmentRequired { reason: "a stronger passkey first".into() })
                }
                _ => Ok(()),
            })
            .events(move |event: &Event<'_>| {
                let code = event.refusal.map_or("ok", Refusal::code);
                let line = format!("{} {code} {event:?}", event.action.as_str());
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            })
            .passkey_endpoints(PasskeyEndpoints { enroll: endpoint("/enroll"), manage: endpoint("/manage") })
            .build()
            .expect("a secret that is long enough");
        Self { passkeys, setup: setup.clone(), clock, gate, events }
    }

    /// These calls of the store fail from now on, and no others.
    pub fn fail(&self, calls: impl IntoIterator<Item = &'static str>) {
        self.passkeys.store().fail(calls);
    }

    /// From now on the application asks for another passkey at every sign-in.
    pub fn ask_for_enrolment(&self) {
        self.gate.store(true, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn wait(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// The events since it was asked last: action, true code, and everything else that the event holds.
    pub fn events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Action and true code of the events since it was asked last.
    pub fn outcomes(&self) -> Vec<String> {
        let short = |line: String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        self.events().into_iter().map(short).collect()
    }

    /// What is stored of a credential, counter and all.
    pub(super) async fn stored(&self, id: &serde_json::Value) -> Option<(Account, Passkey)> {
        let id = rp_core::base64url::decode(id.as_str()?).ok()?;
        self.passkeys.store().passkey(&CredentialId::try_from(id.as_slice()).ok()?).await.ok()?
    }
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be built is a failed test")]
fn relying_party(setup: &Setup) -> RelyingParty {
    if setup.origin == LOCALHOST {
        let local = RelyingParty::builder("localhost").name("Example").origin(LOCALHOST);
        return local.build().expect("right");
    }
    let mut rp = RelyingParty::builder("example.org")
        .name("Example")
        .origin(ORIGIN)
        .related_origin("https://example.com")
        .native_origin("android:apk-key-hash:AAAA");
    if setup.framed {
        rp = rp.allow_cross_origin().top_origin("https://around.example");
    }
    if setup.attestation {
        rp = rp.attestation(AttestationConveyancePreference::Direct);
    }
    rp.build().expect("right")
}
