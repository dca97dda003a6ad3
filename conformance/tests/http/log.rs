//! The log, word for word: it names user, credential, model and reason, and contains no secret.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use rp_conformance::authenticator::Fault;
use rp_conformance::http::{Fixture, ORIGIN, Setup, UserAgent, bare, has_secret};
use rp_service::TracingSink;
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
async fn the_log_names_user_credential_and_model_and_no_secret() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let setup = Setup { service: Box::new(|builder| builder.events(TracingSink)), ..Setup::default() };
    let fixture = Fixture::new(setup);
    let mut kim = UserAgent::new(&bare(&fixture), ORIGIN, "kim");
    let mut secrets = Vec::new();

    let credential = kim.sign_up("kim").await;
    let handle = fixture.passkeys.user_by_name("kim").await.unwrap().unwrap().handle.to_string();
    let first = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    secrets.push(String::from_utf8(kim.cookie("session").unwrap()).unwrap());
    for fault in [None, Some(Fault::AssertionOfOtherKey), Some(Fault::CounterZero), Some(Fault::OriginOther)]
    {
        let options = kim.post("authentication/options", &json!({"username": "kim"})).await.ok();
        kim.authenticator.config.fault = fault;
        let mut response = kim.assert_for(&options);
        response["clientExtensionResults"] = json!({"prf": {"results": {"first": "PRFSECRETPRFSECRET"}}});
        kim.authenticate(&response).await;
        secrets.push(options["challenge"].as_str().unwrap().to_owned());
        for member in ["clientDataJSON", "authenticatorData", "signature"] {
            secrets.push(response["response"][member].as_str().unwrap().to_owned());
        }
    }
    let second = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    fixture.store.fail(["user"]);
    kim.get("credentials").await;
    fixture.store.fail([]);
    kim.post("authentication/options", &json!({"username": {"hunter2": 1}})).await;
    secrets.push(String::from_utf8(kim.cookie("session").unwrap()).unwrap());
    kim.sign_out().await;
    drop(guard);

    secrets.push(String::from_utf8(kim.cookie("ceremony").unwrap()).unwrap());
    secrets.extend(["PRFSECRETPRFSECRET", "hunter2"].map(str::to_owned));
    let mut written = log.0.lock().unwrap().clone();
    for secret in &secrets {
        assert!(!has_secret(&written, secret), "{secret} in\n{written}");
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (value, name) in [
        (handle, "USER"),
        (text(&credential["id"]), "CREDENTIAL"),
        (text(&first), "FIRST"),
        (text(&second), "SECOND"),
    ] {
        written = written.replace(&value, name);
    }
    assert_eq!(written, include_str!("../../testdata/log.txt"));
}
