//! A second factor at another service: the browser is redirected to it with signed state, the user approves there, and
//! the browser returns with a code, as with Duo's Universal Prompt. The factor and the service, a small server of its own
//! on loopback, are in `conformance/src/site/approval.rs`; the example sites have them too (`--approval`).
//! `cargo run -p rp-axum --example external-factor`.

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use rp_axum::store::MemoryStore;
use rp_axum::{App, Context, CurrentUser, KeyRing, Method, Passkeys, Rejection, RelyingParty, Secret, mount};
use rp_conformance::site::{Approval, start_provider};

const PAGE: &str = r#"<!doctype html><title>External factor</title>
<button value="password">Password</button> <button value="enrol">Set up approval</button>
<button value="options">Approve</button> <output></output>
<script>
const post = async (path, body) => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(JSON.parse(text).title);
  return text;
};
const show = (text) => { document.querySelector("output").textContent = text; };
const factor = "/webauthn/factors/approval/";
const run = async (action) => {
  if (action === "password") return post("/password", {});
  sessionStorage.setItem("action", action === "enrol" ? "confirm" : "verify");
  location.href = JSON.parse(await post(factor + action, {})).url;
};
for (const button of document.querySelectorAll("button"))
  button.onclick = () => run(button.value).then(show, (error) => show(error.message));
const { code, state } = Object.fromEntries(new URLSearchParams(location.search));
if (code) {
  history.replaceState(null, "", "/");
  post(factor + sessionStorage.getItem("action"), { code, state }).then(show, (error) => show(error.message));
}
</script>"#;

/// A real application checks the password here.
async fn password(context: Context) -> Result<String, Rejection> {
    let kim = match context.passkeys().user_by_name("kim").await? {
        Some(kim) => kim,
        None => context.passkeys().create_user("kim", "Kim").await?,
    };
    let first = context.first_factor_verified(&kim.handle, Method::Password).await?;
    Ok(format!("{:?}", first.next))
}

async fn home(current: CurrentUser) -> String {
    current.user.name.clone()
}

fn app(passkeys: &Passkeys) -> App {
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/password", post(password))
        .route("/home", get(home));
    mount(app, passkeys)
}

fn passkeys(provider: &str, shared: KeyRing) -> Result<Passkeys, Box<dyn std::error::Error>> {
    let rp = RelyingParty::builder("localhost").name("Example").origin("http://localhost:8080").build()?;
    Ok(Passkeys::builder(rp)
        .store(MemoryStore::new())
        .secret(Secret::random()?)
        .second_factor(Approval::new(provider, shared))
        .build()?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // The key that the site and the provider share.
    let shared = KeyRing::new([Secret::random()?])?;
    let provider = start_provider("http://localhost:8080/", shared.clone()).await?;
    let passkeys = passkeys(&provider, shared)?;
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    axum::serve(listener, app(&passkeys)).await?;
    Ok(())
}

#[cfg(test)]
#[path = "external-factor/tests.rs"]
mod tests;
