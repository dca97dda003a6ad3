//! A service for the targets of its parsers, without a network and without rate limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rp_core::{AttestationPolicy, RelyingParty, StaticAnchors, Timestamp};
use rp_service::http::{Body, Request, Route};
use rp_service::store::MemoryStore;
use rp_service::{Caller, FactorName, Method, Passkeys, PasskeysBuilder, Policy};
use tokio::runtime::{Builder, Runtime};

/// The cookie of a browser.
pub const BROWSER: &[u8] = b"__Host-rp-ceremony=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A registration whose challenge is 32 zeroes.
pub const REGISTRATION: &[u8] = br#"{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vZXhhbXBsZS5vcmcifQ","attestationObject":"oA"}}"#;

/// An authentication whose challenge is 32 zeroes.
pub const AUTHENTICATION: &[u8] = br#"{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vZXhhbXBsZS5vcmcifQ","authenticatorData":"AA","signature":"AA"}}"#;

/// The time at which a service starts, in seconds.
const NOW: i64 = 1_780_272_000;

/// A service and the runtime that it runs in.
pub struct Service {
    passkeys: Passkeys,
    runtime: Runtime,
}

impl Service {
    /// A service with these stores, whose time stands still, so that no stored state expires.
    pub fn new(stores: impl FnOnce(PasskeysBuilder) -> PasskeysBuilder) -> Self {
        Self::with(stores, || NOW)
    }

    /// A service with these stores, whose clock advances by a minute with each reading: what it stores expires, so that the
    /// stores do not grow.
    pub fn with_running_clock(stores: impl FnOnce(PasskeysBuilder) -> PasskeysBuilder) -> Self {
        let clock = AtomicI64::new(NOW);
        Self::with(stores, move || clock.fetch_add(60, Ordering::Relaxed))
    }

    fn with(
        stores: impl FnOnce(PasskeysBuilder) -> PasskeysBuilder,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        // Time is paused, so that no response waits.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build();
        let proof = RelyingParty::builder("example.org")
            .origin("https://example.org")
            .attestation_policy(AttestationPolicy::default().require_trusted())
            .build();
        let mut policy = Policy::default();
        policy.sign_up = true;
        policy.bearer_tokens = true;
        let limits = &mut policy.limits;
        for limit in [
            &mut limits.reveals,
            &mut limits.reveals_per_address,
            &mut limits.sign_ups_per_address,
            &mut limits.ceremonies_per_user,
            &mut limits.ceremonies_per_address,
            &mut limits.factors,
            &mut limits.factors_per_day,
            &mut limits.factors_per_address,
        ] {
            limit.attempts = u32::MAX;
        }
        let passkeys = stores(Passkeys::builder(rp.expect("a relying party")))
            .secret([7; 32])
            .proof(proof.expect("a relying party"))
            .trust(Arc::new(StaticAnchors::none()))
            .policy(policy)
            .command_line("acme", "Acme")
            .clock(move || Timestamp::from_unix_seconds(clock()))
            .events(|event: &rp_service::Event<'_>| drop(event.error.map(ToString::to_string)))
            .build();
        Self { passkeys: passkeys.expect("a service"), runtime: runtime.expect("a runtime") }
    }
}

/// A user with a TOTP, and a session in which its code is requested.
pub struct Enrolled {
    service: Service,
    caller: Caller,
    is_confirmed: bool,
}

impl Enrolled {
    /// The enrolment is not confirmed.
    pub fn pending() -> Self {
        Self::new(|_| None)
    }

    /// The enrolment is confirmed.
    pub fn confirmed() -> Self {
        Self::new(|uri| totp_rs::Totp::from_url(uri).ok())
    }

    fn new(scan: impl FnOnce(&str) -> Option<totp_rs::Totp>) -> Self {
        let service =
            Service::new(|builder| builder.store(MemoryStore::new()).second_factor(rp_service::Totp::new()));
        let passkeys = &service.passkeys;
        let (caller, is_confirmed) = service.runtime.block_on(async {
            let user = passkeys.create_user("kim", "Kim").await.expect("a user");
            let mut caller = Caller::new_browser().expect("randomness");
            let first = passkeys.first_factor_verified(&caller, &user.handle, Method::Password).await;
            let token = first.expect("a session").session.token.expect("a token");
            caller.session = passkeys.load_session(&token).await.expect("memory");
            let enrolment = passkeys.start_factor_enrolment(&caller, &FactorName::TOTP, b"{}").await;
            let enrolment = enrolment.expect("an enrolment");
            let totp = scan(enrolment["uri"].as_str().expect("a URI"));
            if let Some(totp) = &totp {
                let codes = [NOW - 30, NOW].map(|time| totp.generate(time.unsigned_abs()).to_string());
                let body = serde_json::json!({ "codes": codes }).to_string();
                let confirmed = passkeys.confirm_factor(&caller, &FactorName::TOTP, body.as_bytes()).await;
                confirmed.expect("two consecutive codes");
            }
            (caller, totp.is_some())
        });
        Self { service, caller, is_confirmed }
    }

    /// Sends a body. A failure of the server is a finding.
    pub fn use_totp(&self, body: &[u8]) {
        let passkeys = &self.service.passkeys;
        let (caller, name) = (&self.caller, &FactorName::TOTP);
        let error = self.service.runtime.block_on(async {
            match self.is_confirmed {
                true => passkeys.verify_factor(caller, name, body).await.err(),
                false => passkeys.confirm_factor(caller, name, body).await.err(),
            }
        });
        assert!(error.is_none_or(|error| error.status() < 500));
    }
}

/// Responds to a request of the site's own page. A failure of the server is a finding.
pub fn respond(service: &Service, route: Route, cookies: &[u8], parameter: Option<String>, body: &[u8]) {
    let headers = vec![
        ("origin", &b"https://example.org"[..]),
        ("content-type", b"application/json"),
        ("cookie", cookies),
        ("authorization", cookies),
    ];
    let query = std::str::from_utf8(cookies).unwrap_or_default();
    let request = Request { headers, parameter, query, ..Request::default() };
    let body = async { Body::Complete(body.to_vec()) };
    let response = service.runtime.block_on(service.passkeys.handle(route, &request, body));
    assert!(response.status < 500, "{}", String::from_utf8_lossy(&response.body));
}
