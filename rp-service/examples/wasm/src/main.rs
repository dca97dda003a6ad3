//! Sign-up and sign-in on the service as WebAssembly, with time and randomness of the host, ceremonies in cookies, and
//! accounts in memory. `run` builds it and runs it in Node.js.

#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "functions of the host, and of the `custom` back end of `getrandom`, are unsafe")]
mod host;

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rp_conformance::authenticator::{Authenticator, Config};
use rp_core::RelyingParty;
use rp_service::http::{Body, Request, Response, Route};
use rp_service::store::{MemoryReplayCache, MemoryStore};
use rp_service::{KeyRing, Passkeys, Policy, Secret};
use serde_json::{Value, json};

const ORIGIN: &str = "https://example.org";

/// A browser without a network in between.
struct Browser {
    passkeys: Passkeys,
    authenticator: Authenticator,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn post(&mut self, route: Route, body: &Value) -> Result<Value, Box<dyn Error>> {
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        let cookies = self.cookies.iter().map(pair).collect::<Vec<_>>().join("; ");
        let headers = [("origin", ORIGIN), ("content-type", "application/json"), ("cookie", cookies.as_str())];
        let request = Request {
            headers: headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect(),
            address: Some("192.0.2.7".to_owned()),
            ..Request::default()
        };
        let body = Body::Complete(body.to_string().into_bytes());
        let Response { status, headers, body } =
            ready(self.passkeys.handle(route, &request, async { body }))?;
        for (_, cookie) in headers.into_iter().filter(|(name, _)| *name == "set-cookie") {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).ok_or("cookie")?;
            self.cookies.retain(|(other, _)| other != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        if status >= 300 {
            return Err(format!("{route:?}: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    let passkeys = Passkeys::builder(rp)
        .store(MemoryStore::new())
        .sealed_ceremonies(KeyRing::new([Secret::random()?])?, MemoryReplayCache::new())
        .secret(Secret::random()?)
        .policy(policy)
        .clock(host::now)
        .timer(host::Timer)
        .build()?;
    let authenticator = Authenticator::new("kim", Config::default());
    let mut kim = Browser { passkeys, authenticator, cookies: Vec::new() };
    let options = kim.post(Route::RegistrationOptions, &json!({ "username": "kim" }))?;
    let response = serde_json::from_str(&kim.authenticator.create(&options, ORIGIN)?)?;
    kim.post(Route::RegistrationVerify, &response)?;
    kim.post(Route::SignOut, &json!({}))?;
    // With a username, the response leaves at a multiple of 25 ms: the timer of the host is used.
    let options = kim.post(Route::AuthenticationOptions, &json!({ "username": "kim" }))?;
    let response = serde_json::from_str(&kim.authenticator.get(&options, ORIGIN)?)?;
    let session = kim.post(Route::AuthenticationVerify, &response)?;
    let replayed = kim.post(Route::AuthenticationVerify, &response);
    let is_rejected = replayed.is_err_and(|error| error.to_string().contains("no-ceremony"));
    if session["user"]["name"] != "kim" || !is_rejected {
        return Err(format!("unexpected session: {session}").into());
    }
    Ok(())
}

/// The result of a future that never waits for anything outside of this program.
fn ready<F: Future>(future: F) -> Result<F::Output, Box<dyn Error>> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err("the future waits".into()),
    }
}

fn main() {
    if let Err(error) = run() {
        host::report(&error.to_string());
        std::process::abort();
    }
    host::report("signed up, signed in; the second use of the response was rejected");
}
