//! The service alone, in this process: no framework, no socket, no log.
#![expect(clippy::indexing_slicing, reason = "a member that a JSON object lacks is null")]

use std::time::{Duration, Instant};

use rp_core::RelyingParty;
use rp_service::http::{Body, Request, Route};
use rp_service::store::MemoryStore;
use rp_service::{Event, Limit, Passkeys, Policy};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::client::authenticator;
use super::signature::SignatureCheck;
use super::statistics::quantile;
use crate::authenticator::Authenticator;
use crate::connection::{Failure, ceremony_cookie, expect};

/// A service with stores in memory, and the browsers of its users.
pub(super) struct Service {
    site: Site,
    browsers: Vec<Browser>,
}

struct Site {
    passkeys: Passkeys,
    runtime: Runtime,
}

/// The browser of a user with a passkey.
struct Browser {
    authenticator: Authenticator,
    /// The ceremony cookie.
    cookie: Option<String>,
}

/// A signature check, and the rest of a sign-in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) own: Duration,
    pub(super) check: Duration,
}

const ORIGIN: &str = "https://example.org";

/// As many as those of all clients of a site.
const USERS: usize = 64;

impl Service {
    /// A service whose users have signed up.
    pub(super) fn start() -> Result<Self, Failure> {
        let unlimited = |name| Limit::new(name, u32::MAX, Duration::from_hours(1));
        let mut policy = Policy::default();
        policy.sign_up = true;
        policy.limits.ceremonies_per_address = unlimited("ceremonies");
        policy.limits.sign_ups_per_address = unlimited("sign-ups");
        let rp = RelyingParty::builder("example.org").origin(ORIGIN).build()?;
        let builder = Passkeys::builder(rp).store(MemoryStore::new()).secret([7; 32]).policy(policy);
        let passkeys = builder.events(|_: &Event<'_>| {}).build()?;
        let site = Site { passkeys, runtime: Builder::new_current_thread().enable_all().build()? };
        let mut browsers = Vec::new();
        for user in 0..USERS {
            let name = format!("user-{user}");
            let mut browser = Browser { authenticator: authenticator(&name), cookie: None };
            let options = site.post(&mut browser, Route::RegistrationOptions, json!({ "username": name }))?.0;
            let response = serde_json::from_str(&browser.authenticator.create(&options, ORIGIN)?)?;
            site.post(&mut browser, Route::RegistrationVerify, response)?;
            browsers.push(browser);
        }
        Ok(Self { site, browsers })
    }

    /// At least `count` sign-ins and as many signature checks: the median time of a check, and the median of what a sign-in
    /// takes more. The time of a sign-in is from the two requests, whose bodies are complete, to the two responses.
    ///
    /// All browsers start, then all authenticators sign, then all browsers finish: what a client computes does not displace
    /// the service from the caches of the processor.
    pub(super) fn sign_ins(&mut self, count: usize, check: &SignatureCheck) -> Result<Share, Failure> {
        let (mut own, mut checks) = (Vec::with_capacity(count), Vec::with_capacity(count));
        while own.len() < count {
            let mut started = Vec::new();
            for browser in &mut self.browsers {
                started.push(self.site.post(browser, Route::AuthenticationOptions, json!({}))?);
            }
            let mut responses = Vec::new();
            for (browser, (options, first)) in self.browsers.iter_mut().zip(started) {
                let response = serde_json::from_str(&browser.authenticator.get(&options, ORIGIN)?)?;
                responses.push((response, first));
            }
            for (browser, (response, first)) in self.browsers.iter_mut().zip(responses) {
                let (session, second) = self.site.post(browser, Route::AuthenticationVerify, response)?;
                if session["state"] != "signed-in" {
                    return Err(format!("not signed in: {session}").into());
                }
                let check = check.time()?;
                own.push(first.saturating_add(second).saturating_sub(check));
                checks.push(check);
            }
        }
        let [own, check] = [own, checks].map(|mut times| {
            times.sort_unstable();
            quantile(&times, 50)
        });
        Ok(Share { own, check })
    }
}

impl Site {
    /// The body of the response, and the time until it is there.
    fn post(&self, browser: &mut Browser, route: Route, body: Value) -> Result<(Value, Duration), Failure> {
        let body = body.to_string().into_bytes();
        let mut headers: Vec<(&str, &[u8])> =
            vec![("origin", ORIGIN.as_bytes()), ("content-type", b"application/json")];
        headers.extend(browser.cookie.as_deref().map(|cookie| ("cookie", cookie.as_bytes())));
        let request = Request { headers, address: Some("127.0.0.1".into()), ..Request::default() };
        let started_at = Instant::now();
        let response =
            self.runtime.block_on(self.passkeys.handle(route, &request, async { Body::Complete(body) }));
        let time = started_at.elapsed();
        let set = response.headers.iter().filter(|(name, _)| *name == "set-cookie");
        let cookie = ceremony_cookie(set.map(|(_, cookie)| cookie.as_str()));
        browser.cookie = cookie.or_else(|| browser.cookie.take());
        let answer = serde_json::from_slice(&response.body).unwrap_or_default();
        expect(matches!(response.status, 200 | 201), response.status, &answer)?;
        Ok((answer, time))
    }
}
