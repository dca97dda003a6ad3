//! What was said between browsers and a site, with what is random masked.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{HttpRequest, HttpResponse};

/// All that was said in a case, browser by browser: two adapters that answer alike give the same text.
#[derive(Clone, Debug)]
pub struct Transcript(String);

impl Transcript {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What was said to each browser. A random word has the same mask wherever it comes again, also in another
    /// browser.
    pub(super) fn of(told: impl IntoIterator<Item = Told>) -> Self {
        let told: Vec<_> = told.into_iter().collect();
        let mut masks = BTreeMap::new();
        for word in told.iter().flat_map(|told| &told.words) {
            let next = format!("‹{}›", masks.len());
            masks.entry(word).or_insert(next);
        }
        let mut text = String::new();
        for Told { browser, exchanges, .. } in &told {
            let masked =
                masks.iter().fold(exchanges.clone(), |text, (word, mask)| text.replace(word.as_str(), mask));
            let _ = writeln!(text, "— {browser} —\n{masked}");
        }
        Self(text)
    }
}

/// What was said to one browser.
#[derive(Clone, Debug)]
pub(super) struct Told {
    browser: String,
    exchanges: String,
    /// Random words in the order of their appearance.
    words: Vec<String>,
}

/// Headers that the server below an adapter adds, or not, by the kind of connection.
const FRAMING: [&str; 2] = ["content-length", "date"];

/// Members that are random, or follow from what is.
const RANDOM: [&str; 5] = ["challenge", "id", "userId", "allAcceptedCredentialIds", "rawId"];

impl Told {
    pub(super) fn to(browser: &str) -> Self {
        Self { browser: browser.to_owned(), exchanges: String::new(), words: Vec::new() }
    }

    pub(super) fn note(&mut self, request: &HttpRequest, response: &HttpResponse) {
        let _ = writeln!(self.exchanges, "{} {}\n{}", request.method, request.path, response.status);
        let mut headers: Vec<_> =
            response.headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str())).collect();
        headers.sort();
        for (name, value) in headers {
            let value = if name == "set-cookie" { without_value(value) } else { value.clone() };
            let _ = writeln!(self.exchanges, "{name}: {value}");
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&response.body) {
            self.learn(&body, false);
        }
        // Read and written again, a body would lose its spaces and the order of its members.
        let _ = writeln!(self.exchanges, "{}\n", String::from_utf8_lossy(&response.body));
    }

    fn learn(&mut self, value: &Value, random: bool) {
        match value {
            Value::String(word) if random && word.len() > 12 => self.words.push(word.clone()),
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

/// A cookie without its value: session crates make identifiers of their own kind.
fn without_value(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let value = if value.is_empty() { "" } else { "…" };
    format!("{name}={value};{attributes}")
}
