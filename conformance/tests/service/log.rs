//! What is logged, to the word: who, which credential, which model, what came of it; and no secret.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use crate::support::{Browser, ORIGIN, Site};
use rp_conformance::authenticator::Fault;
use rp_service::TracingSink;
use rp_service::http::Route;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes every event on a line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(flavor = "current_thread")]
async fn the_log_names_account_credential_and_model_and_holds_no_secret() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let site = Site::with(|builder| builder.events(TracingSink));
    let mut kim = Browser::new("kim");
    let mut secrets = Vec::new();

    let credential = kim.sign_up(&site, "kim").await;
    for fault in [None, Some(Fault::AssertionOfOtherKey), Some(Fault::CounterZero), Some(Fault::OriginOther)]
    {
        let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": "kim"})).await.ok();
        kim.authenticator.config.fault = fault;
        let mut response: Value =
            serde_json::from_str(&kim.authenticator.get(&options, ORIGIN).unwrap()).unwrap();
        response["clientExtensionResults"] = json!({"prf": {"results": {"first": "PRFSECRETPRFSECRET"}}});
        kim.authenticate(&site, &response.to_string()).await;
        secrets.push(options["challenge"].as_str().unwrap().to_owned());
        for member in ["clientDataJSON", "authenticatorData", "signature"] {
            secrets.push(response["response"][member].as_str().unwrap().to_owned());
        }
    }
    kim.authenticator.config.fault = None;
    site.store().fail(["account"]);
    kim.send(&site, Route::Credentials, None, "").await;
    site.store().fail([]);
    kim.post(&site, Route::AuthenticationOptions, json!({"username": {"hunter2": 1}})).await;
    let handle = kim.session.as_ref().unwrap().user_handle.to_string();
    kim.sign_out(&site).await;
    drop(guard);

    secrets.push(kim.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned());
    secrets.extend(["PRFSECRETPRFSECRET", "hunter2"].map(str::to_owned));
    let written = log.0.lock().unwrap().clone();
    for secret in &secrets {
        assert!(!written.contains(secret.as_str()), "{secret} in\n{written}");
    }
    let id = credential["id"].as_str().unwrap();
    let written = written.replace(&handle, "HANDLE").replace(id, "ID");
    assert_eq!(written, include_str!("../../testdata/log.txt"));
}
