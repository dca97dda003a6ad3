//! What was said between browser and site, with what is random masked.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{HttpRequest, HttpResponse};

/// Requests and answers of a case, one text: two adapters that answer alike give the same one.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    text: String,
    /// Random words by their order of appearance.
    masks: BTreeMap<String, String>,
}

/// Headers that the server below an adapter adds, or not, by the kind of connection.
const FRAMING: [&str; 2] = ["content-length", "date"];

/// Members that are random, or follow from what is.
const RANDOM: [&str; 5] = ["challenge", "id", "userId", "allAcceptedCredentialIds", "rawId"];

impl Transcript {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn note(&mut self, request: &HttpRequest, response: &HttpResponse) {
        let path = self.known(&request.path);
        let _ = writeln!(self.text, "{} {path}\n{}", request.method, response.status);
        let mut headers: Vec<_> =
            response.headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str())).collect();
        headers.sort();
        for (name, value) in headers {
            let value = if name == "set-cookie" { self.cookie(value) } else { value.clone() };
            let _ = writeln!(self.text, "{name}: {value}");
        }
        let body = match serde_json::from_slice::<Value>(&response.body) {
            Ok(mut body) => {
                // Read and written again, a body would lose its spaces and the order of its members.
                let bytes = String::from_utf8_lossy(&response.body).into_owned();
                self.learn(&mut body, false);
                self.known(&bytes)
            }
            Err(_) => String::from_utf8_lossy(&response.body).into_owned(),
        };
        let _ = writeln!(self.text, "{body}\n");
    }

    /// A cookie without its value: session crates make identifiers of their own kind.
    fn cookie(&self, cookie: &str) -> String {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = if value.is_empty() { "" } else { "…" };
        format!("{name}={value};{attributes}")
    }

    fn learn(&mut self, value: &mut Value, random: bool) {
        match value {
            Value::String(word) if random && word.len() > 12 => {
                let next = format!("‹{}›", self.masks.len());
                self.masks.entry(word.clone()).or_insert(next);
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.learn(value, random)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.learn(value, RANDOM.contains(&name.as_str()));
                }
            }
            _ => {}
        }
    }

    fn known(&self, text: &str) -> String {
        self.masks.iter().fold(text.to_owned(), |text, (word, mask)| text.replace(word, mask))
    }
}
