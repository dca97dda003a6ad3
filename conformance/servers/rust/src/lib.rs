//! FIDO's transport binding for server tests in Rust. A library brings the four functions; the rest is what every
//! application adds: accounts, a session per ceremony that is used once, and unique credential IDs.

use std::collections::HashMap;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub const RP_ID: &str = "localhost";

/// A library behind the binding.
pub trait Library: Send + 'static {
    type Registration: Send;
    type Authentication: Send;
    type Credential: Clone + Send;

    fn creation_options(
        &self,
        account: &Account<Self::Credential>,
        request: &Value,
    ) -> Result<(Value, Self::Registration)>;

    /// The credential ID in base64url, and what is stored.
    fn create(&self, response: &str, state: Self::Registration) -> Result<(String, Self::Credential)>;

    fn request_options(
        &self,
        account: Option<&Account<Self::Credential>>,
        request: &Value,
    ) -> Result<(Value, Self::Authentication)>;

    fn get(
        &self,
        response: &str,
        state: Self::Authentication,
        credential: &mut Self::Credential,
        account: &Account<Self::Credential>,
    ) -> Result<()>;
}

#[derive(Clone)]
pub struct Account<C> {
    pub id: [u8; 16],
    pub name: String,
    pub display_name: String,
    pub credentials: HashMap<String, C>,
}

enum Session<L: Library> {
    Registration(Account<L::Credential>, L::Registration),
    Authentication(Option<String>, L::Authentication),
}

struct Server<L: Library> {
    peer: L,
    accounts: HashMap<String, Account<L::Credential>>,
    owners: HashMap<String, String>,
    sessions: HashMap<String, Session<L>>,
}

impl<L: Library> Server<L> {
    fn respond(&mut self, path: &str, cookie: Option<&str>, body: &str) -> Result<(Value, Option<String>)> {
        match path {
            "/attestation/options" => self.creation_options(&serde_json::from_str(body)?),
            "/assertion/options" => self.request_options(&serde_json::from_str(body)?),
            _ => {
                let session = cookie.and_then(|cookie| self.sessions.remove(cookie));
                match (path, session) {
                    ("/attestation/result", Some(Session::Registration(account, state))) => {
                        self.create(body, account, state)?;
                    }
                    ("/assertion/result", Some(Session::Authentication(name, state))) => {
                        self.get(body, name, state)?;
                    }
                    _ => return Err("challenge-mismatch: no ceremony".into()),
                }
                Ok((json!({}), None))
            }
        }
    }

    fn creation_options(&mut self, request: &Value) -> Result<(Value, Option<String>)> {
        let name = request["username"].as_str().ok_or("malformed-json: no username")?;
        let display_name = request["displayName"].as_str().unwrap_or(name);
        let account = match self.accounts.get(name) {
            Some(account) => account.clone(),
            None => Account {
                id: random()?,
                name: name.into(),
                display_name: display_name.into(),
                credentials: HashMap::new(),
            },
        };
        let (options, state) = self.peer.creation_options(&account, request)?;
        self.open(options, Session::Registration(account, state))
    }

    fn request_options(&mut self, request: &Value) -> Result<(Value, Option<String>)> {
        let name = request["username"].as_str().map(str::to_owned);
        let account = match &name {
            None => None,
            Some(name) => {
                let account = self.accounts.get(name);
                Some(account.ok_or("credential-not-allowed: the user has no credential")?)
            }
        };
        let (options, state) = self.peer.request_options(account, request)?;
        self.open(options, Session::Authentication(name, state))
    }

    fn open(&mut self, options: Value, session: Session<L>) -> Result<(Value, Option<String>)> {
        let cookie = base64url(&random::<16>()?);
        self.sessions.insert(cookie.clone(), session);
        Ok((options, Some(cookie)))
    }

    fn create(
        &mut self,
        response: &str,
        account: Account<L::Credential>,
        state: L::Registration,
    ) -> Result<()> {
        let (id, credential) = self.peer.create(response, state)?;
        if self.owners.contains_key(&id) {
            return Err("credential-exists: the ID is registered already".into());
        }
        self.owners.insert(id.clone(), account.name.clone());
        self.accounts.entry(account.name.clone()).or_insert(account).credentials.insert(id, credential);
        Ok(())
    }

    fn get(&mut self, response: &str, name: Option<String>, state: L::Authentication) -> Result<()> {
        let json: Value = serde_json::from_str(response)?;
        let id = json["id"].as_str().unwrap_or_default();
        let owner = name.as_ref().or_else(|| self.owners.get(id)).cloned().unwrap_or_default();
        let unknown = "credential-not-allowed: the account has no such credential";
        let account = self.accounts.get_mut(&owner).ok_or(unknown)?;
        let mut credential = account.credentials.get(id).cloned().ok_or(unknown)?;
        self.peer.get(response, state, &mut credential, account)?;
        account.credentials.insert(id.to_owned(), credential);
        Ok(())
    }
}

/// The port and the PEM file with the root of the software authenticators, from the command line.
pub fn arguments() -> (u16, String) {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok());
    let root = arguments.next().and_then(|path| std::fs::read_to_string(path).ok());
    port.zip(root).expect("the arguments are PORT ROOT")
}

pub fn origin() -> String {
    format!("http://localhost:{}", arguments().0)
}

/// The DER of a certificate in PEM.
pub fn der(pem: &str) -> Result<Vec<u8>> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Ok(BASE64_STANDARD.decode(lines)?)
}

pub fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

type Shared<L> = Arc<Mutex<Server<L>>>;

/// Serves a library on the port of the command line.
#[tokio::main(flavor = "current_thread")]
pub async fn serve<L: Library>(peer: L) -> std::io::Result<()> {
    let server = Server { peer, accounts: HashMap::new(), owners: HashMap::new(), sessions: HashMap::new() };
    let app = Router::new().fallback(handle::<L>).with_state(Arc::new(Mutex::new(server)));
    let (port, _) = arguments();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {port}");
    axum::serve(listener, app).await
}

async fn handle<L: Library>(State(server): State<Shared<L>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let cookie = parts.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.strip_prefix("session="));
    let text = String::from_utf8_lossy(&body);
    let mut server = server.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let answer = server.respond(parts.uri.path(), cookie, &text).map_err(|error| error.to_string());
    let (status, mut headers) = (if answer.is_ok() { 200 } else { 400 }, axum::http::HeaderMap::new());
    headers.insert("content-type", "application/json".parse().expect("a header"));
    let (options, status_word, message) = match answer {
        Ok((options, cookie)) => {
            if let Some(cookie) = cookie {
                let value = format!("session={cookie}; Path=/");
                headers.insert("set-cookie", value.parse().expect("a header"));
            }
            (options, "ok", String::new())
        }
        Err(message) => (json!({}), "failed", message),
    };
    let mut all = Map::new();
    all.insert("status".into(), status_word.into());
    all.insert("errorMessage".into(), message.into());
    all.extend(options.as_object().cloned().unwrap_or_default());
    let status = axum::http::StatusCode::from_u16(status).expect("a status");
    (status, headers, Value::Object(all).to_string()).into_response()
}
