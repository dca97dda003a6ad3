//! A service whose events, log and metrics are collected, and the secrets of its traffic.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Setup, Site, bare};
use rp_service::{JsonLinesSink, OcsfSink, TracingSink};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

/// A text that several writers append to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    pub(crate) fn get(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that leaves a service except responses.
pub(crate) struct Observed {
    pub(crate) fixture: Fixture,
    pub(crate) site: Site,
    /// The events as lines of JSON.
    pub(crate) events: Text,
    /// The events as lines of OCSF.
    pub(crate) ocsf: Text,
    /// The log.
    pub(crate) log: Text,
    /// The metrics with their labels, one a line.
    pub(crate) metrics: Text,
    /// The secrets in the traffic.
    pub(crate) secrets: Arc<Mutex<BTreeSet<String>>>,
    _log: tracing::subscriber::DefaultGuard,
}

impl Observed {
    /// A service in the current thread.
    pub(crate) fn new() -> Self {
        let (events, ocsf, log) = (Text::default(), Text::default(), Text::default());
        let (lines, authentications) = (JsonLinesSink::new(events.clone()), OcsfSink::new(ocsf.clone()));
        let guard = tracing::subscriber::set_default(Log(log.clone()));
        let service = move |builder: rp_service::PasskeysBuilder| {
            let builder = builder.events(TracingSink).add_events(lines).add_events(authentications);
            builder.browser_telemetry().command_line("acme-cli", "The command line of Acme")
        };
        let setup = Setup { service: Box::new(service), ..Setup::default() };
        let fixture = Fixture::new(setup);
        let secrets = Arc::<Mutex<BTreeSet<String>>>::default();
        let site = watched(&bare(&fixture), &secrets);
        Self { fixture, site, events, ocsf, log, metrics: Text::default(), secrets, _log: guard }
    }

    /// The recorder of the metrics.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder(self.metrics.clone())
    }
}

/// The same site; the secrets in requests and responses are collected.
fn watched(site: &Site, secrets: &Arc<Mutex<BTreeSet<String>>>) -> Site {
    let (site, secrets) = (site.clone(), Arc::clone(secrets));
    Site::new(move |request: HttpRequest| {
        let (site, secrets) = (site.clone(), Arc::clone(&secrets));
        async move {
            collect_request(&request, &mut secrets.lock().unwrap());
            let response = site.send(request).await;
            collect_response(&response, &mut secrets.lock().unwrap());
            response
        }
    })
}

fn collect_request(request: &HttpRequest, secrets: &mut BTreeSet<String>) {
    for (name, value) in &request.headers {
        if ["cookie", "x-user"].contains(&name.as_str()) {
            let text = String::from_utf8_lossy(value);
            secrets.extend(text.split("; ").map(|pair| pair.rsplit('=').next().unwrap().to_owned()));
        }
    }
    let body = serde_json::from_slice(&request.body).unwrap_or_default();
    collect(&body, &SECRET_IN_REQUESTS, false, secrets);
    collect(&body, &SECRET, false, secrets);
}

fn collect_response(response: &HttpResponse, secrets: &mut BTreeSet<String>) {
    for cookie in response.header("set-cookie") {
        let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
        if !value.is_empty() {
            secrets.insert(value.to_owned());
        }
    }
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    collect(&body, &SECRET, false, secrets);
    if let Some(name) = body["user"]["name"].as_str() {
        secrets.insert(name.to_owned());
    }
}

/// Adds the texts under these members.
fn collect(value: &Value, members: &[&str], is_secret: bool, secrets: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if is_secret => drop(secrets.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| collect(value, members, is_secret, secrets)),
        Value::Object(object) => {
            for (name, value) in object {
                collect(value, members, is_secret || members.contains(&name.as_str()), secrets);
            }
        }
        _ => {}
    }
}

/// Members of requests alone: a response has the code of an error.
const SECRET_IN_REQUESTS: [&str; 2] = ["code", "codes"];

/// Members whose texts appear in no event, log or metric. The credential ID and the user handle do.
const SECRET: [&str; 16] = [
    "attestationObject",
    "authenticatorData",
    "challenge",
    "clientDataJSON",
    "codes",
    "displayName",
    "grant",
    "nickname",
    "publicKey",
    "request",
    "results",
    "secret",
    "signature",
    "token",
    "uri",
    "username",
];

/// Writes every event of `tracing` on a line.
struct Log(Text);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
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
        writeln!(self.0.clone(), "{}", line.0).unwrap();
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Writes every use of a metric on a line: the name, and the labels as `name=value`.
pub(crate) struct Recorder(Text);

impl Recorder {
    fn use_of(&self, key: &Key) {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        writeln!(self.0.clone(), "{} {}", key.name(), labels.join(" ")).unwrap();
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.use_of(key);
        Counter::noop()
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.use_of(key);
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.use_of(key);
        Histogram::noop()
    }
}
