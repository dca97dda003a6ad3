use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use serde_json::Value;

use super::{HttpRequest, HttpResponse, Site};

/// All requests and responses of a case in their order; random values are masked. Two sites that behave alike have equal
/// transcripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript(String);

/// Records the exchanges with sites.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder(Rc<RefCell<Exchanges>>);

#[derive(Debug, Default)]
struct Exchanges {
    text: String,
    /// Random values in the order of their appearance.
    random: Vec<String>,
}

/// Headers that the server below an adapter adds, or does not add, by the kind of connection.
const FRAMING: [&str; 2] = ["content-length", "date"];

/// Members that are random, or derived from random values.
const RANDOM: [&str; 10] = [
    "challenge",
    "id",
    "userId",
    "allAcceptedCredentialIds",
    "rawId",
    "token",
    "access_token",
    "location",
    "secret",
    "codes",
];

/// The attribute of the page of `GET authorize` that is random.
const RANDOM_ATTRIBUTE: &str = "data-request=\"";

impl Transcript {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Recorder {
    /// The same site, recorded.
    pub(super) fn record(&self, site: Site) -> Site {
        let recorder = self.clone();
        Site::new(move |request: HttpRequest| {
            let (site, recorder) = (site.clone(), recorder.clone());
            async move {
                let response = site.send(request.clone()).await;
                recorder.0.borrow_mut().note(&request, &response);
                response
            }
        })
    }

    /// The transcript so far. A random value has the same mask wherever it appears.
    pub(super) fn transcript(&self) -> Transcript {
        let exchanges = self.0.borrow();
        let mut masks = BTreeMap::new();
        for value in &exchanges.random {
            let mask = format!("‹{}›", masks.len());
            masks.entry(value).or_insert(mask);
        }
        let mask = |text: String, (value, mask): (&&String, &String)| text.replace(value.as_str(), mask);
        Transcript(masks.iter().fold(exchanges.text.clone(), mask))
    }
}

impl Exchanges {
    fn note(&mut self, request: &HttpRequest, response: &HttpResponse) {
        let _ = writeln!(self.text, "{} {}\n{}", request.method, request.path, response.status);
        let framing = |name: &str| FRAMING.contains(&name);
        let mut headers: Vec<_> = response.headers.iter().filter(|(name, _)| !framing(name)).collect();
        headers.sort();
        for (name, value) in headers {
            let value = if name == "set-cookie" { without_value(value) } else { value.clone() };
            let _ = writeln!(self.text, "{name}: {value}");
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&response.body) {
            self.learn(&body, false);
        }
        let text = String::from_utf8_lossy(&response.body);
        if let Some((value, _)) = text.split_once(RANDOM_ATTRIBUTE).and_then(|(_, rest)| rest.split_once('"'))
        {
            self.random.push(value.to_owned());
        }
        // The text as it is: a parsed body would lose its white space and the order of its members.
        let _ = writeln!(self.text, "{}\n", without_columns(&text));
    }

    fn learn(&mut self, value: &Value, random: bool) {
        match value {
            Value::String(text) if random && text.len() > 12 => self.random.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| self.learn(value, random)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.learn(value, RANDOM.contains(&name.as_str()));
                }
            }
            _ => {}
        }
    }
}

/// A text without the positions at which a parser stopped: they depend on the lengths of random values.
fn without_columns(text: &str) -> String {
    let mut parts = text.split(" column ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + " column " + part.trim_start_matches(|digit: char| digit.is_ascii_digit())
    })
}

/// A cookie without its value, which is random.
fn without_value(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let value = if value.is_empty() { "" } else { "…" };
    format!("{name}={value};{attributes}")
}

/// Compares the transcripts of two sites.
///
/// # Panics
/// If they differ, with the first line that does.
pub fn assert_alike(case: &str, one: &Transcript, other: &Transcript) {
    for (at, (left, right)) in one.0.lines().zip(other.0.lines()).enumerate() {
        assert_eq!(left, right, "{case}, line {}", at.saturating_add(1));
    }
    assert_eq!(one.0.len(), other.0.len(), "{case}: one transcript is longer than the other");
}
