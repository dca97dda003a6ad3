//! A service for the targets of its parsers, without a network. Its clock advances by a minute with each request, so that
//! no rate limit is exceeded.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rp_core::{RelyingParty, Timestamp};
use rp_service::http::{Body, Request, Route};
use rp_service::{Passkeys, PasskeysBuilder, Policy};
use tokio::runtime::{Builder, Runtime};

/// The cookie of a browser.
pub const BROWSER: &[u8] = b"__Host-rp-ceremony=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A registration whose challenge is 32 zeroes.
pub const REGISTRATION: &[u8] = br#"{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vZXhhbXBsZS5vcmcifQ","attestationObject":"oA"}}"#;

/// An authentication whose challenge is 32 zeroes.
pub const AUTHENTICATION: &[u8] = br#"{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vZXhhbXBsZS5vcmcifQ","authenticatorData":"AA","signature":"AA"}}"#;

/// A service and the runtime that it runs in.
pub struct Service {
    passkeys: Passkeys,
    runtime: Runtime,
}

impl Service {
    /// A service with these stores.
    pub fn new(stores: impl FnOnce(PasskeysBuilder) -> PasskeysBuilder) -> Self {
        // Time is paused, so that no response waits.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build();
        let mut policy = Policy::default();
        policy.sign_up = true;
        policy.bearer_tokens = true;
        let clock = Arc::new(AtomicI64::new(1_780_272_000));
        let passkeys = stores(Passkeys::builder(rp.expect("a relying party")))
            .secret([7; 32])
            .policy(policy)
            .clock(move || Timestamp::from_unix_seconds(clock.fetch_add(60, Ordering::Relaxed)))
            .events(|event: &rp_service::Event<'_>| drop(event.error.map(ToString::to_string)))
            .build();
        Self { passkeys: passkeys.expect("a service"), runtime: runtime.expect("a runtime") }
    }
}

/// Responds to a request of the site's own page. A failure of the server is a finding.
pub fn respond(service: &Service, route: Route, cookies: &[u8], id: Option<String>, body: &[u8]) {
    let headers = vec![
        ("origin", &b"https://example.org"[..]),
        ("content-type", b"application/json"),
        ("cookie", cookies),
        ("authorization", cookies),
    ];
    let request = Request { headers, id, ..Request::default() };
    let body = async { Body::Complete(body.to_vec()) };
    let response = service.runtime.block_on(service.passkeys.handle(route, &request, body));
    assert!(response.status < 500, "{}", String::from_utf8_lossy(&response.body));
}
