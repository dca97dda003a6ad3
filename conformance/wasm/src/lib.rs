//! The software authenticator for WebAssembly, without generated bindings: JSON goes in and comes out word by word, so that
//! no pointer crosses the border. `authenticator.mjs` has the other side.
//!
//! A request is `{"open": {"seed", "now", …}}`, or `{"authenticator", "create" | "get": options, "origin", "fault"?}`. The
//! response is the number of the new authenticator, the response of the authenticator, or `{"error"}`.

use std::cell::RefCell;

use rp_conformance::authenticator::{Algorithm, Authenticator, Config, Fault, Format};
use rp_core::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Open {
    seed: String,
    /// Milliseconds since 1970, as of `Date.now()`.
    now: f64,
    format: Option<String>,
    algorithms: Option<Vec<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Use {
    authenticator: usize,
    create: Option<Value>,
    get: Option<Value>,
    origin: String,
    fault: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Request {
    Open { open: Open },
    Use(Use),
}

#[derive(Default)]
struct State {
    authenticators: Vec<Authenticator>,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

impl State {
    fn respond(&mut self, request: &[u8]) -> Result<String, String> {
        match serde_json::from_slice(request).map_err(|error| format!("request: {error}"))? {
            Request::Open { open } => {
                let authenticator = Authenticator::new(&open.seed, config(&open)?);
                self.authenticators.push(authenticator);
                Ok((self.authenticators.len() - 1).to_string())
            }
            Request::Use(Use { authenticator, create, get, origin, fault }) => {
                let authenticator = self.authenticators.get_mut(authenticator).ok_or("no such authenticator")?;
                authenticator.config.fault = fault.as_deref().map(fault_by_name).transpose()?;
                let response = match (create, get) {
                    (Some(options), None) => authenticator.create(&options, origin.as_str()),
                    (None, Some(options)) => authenticator.get(&options, origin.as_str()),
                    _ => return Err("request: neither create nor get".into()),
                };
                response.map_err(|error| error.to_string())
            }
        }
    }
}

fn config(open: &Open) -> Result<Config, String> {
    let mut config = Config { now: Timestamp::from_unix_seconds((open.now / 1_000.0) as i64), ..Config::default() };
    if let Some(name) = &open.format {
        let format = Format::ALL.iter().find(|format| format.name() == name);
        config.format = *format.ok_or_else(|| format!("no format {name:?}"))?;
    }
    if let Some(numbers) = &open.algorithms {
        let algorithm = |number: &i64| Algorithm::from_cose(*number).ok_or_else(|| format!("no algorithm {number}"));
        config.algorithms = numbers.iter().map(algorithm).collect::<Result<_, _>>()?;
    }
    Ok(config)
}

fn fault_by_name(name: &str) -> Result<Fault, String> {
    let fault = Fault::ALL.iter().find(|fault| fault.name() == name);
    fault.copied().ok_or_else(|| format!("no fault {name:?}"))
}

/// Appends a byte to the request.
#[unsafe(no_mangle)]
pub extern "C" fn push(byte: u32) {
    STATE.with_borrow_mut(|state| state.input.push(byte.to_le_bytes()[0]));
}

/// Carries out the request. Returns the length of the response in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn call() -> u32 {
    STATE.with_borrow_mut(|state| {
        let request = std::mem::take(&mut state.input);
        let response = state.respond(&request).unwrap_or_else(|error| json!({ "error": error }).to_string());
        state.output = response.into_bytes();
        u32::try_from(state.output.len()).unwrap_or(0)
    })
}

/// A byte of the response.
#[unsafe(no_mangle)]
pub extern "C" fn byte(index: u32) -> u32 {
    STATE.with_borrow(|state| state.output.get(index as usize).copied().unwrap_or(0).into())
}
