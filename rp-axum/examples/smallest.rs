//! The smallest site with passkeys: `cargo run -p rp-axum --example smallest`.

use axum::response::Html;
use axum::{Router, routing::get, routing::post};
use rp_axum::{CurrentUser, Passkeys, Policy, RelyingParty, Secret, store::SqliteStore};

const PAGE: &str = r#"<!doctype html><title>Passkeys</title>
<form><input name="username" placeholder="Name" autocomplete="username webauthn">
<button value="signUp">Create a passkey</button> <button value="signIn">Sign in</button></form> <output></output>
<script type="module">
import { connect } from "/webauthn/passkeys.js";
const passkeys = connect();
const greet = async () => (await fetch("/greet", { method: "POST" })).text();
document.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  const show = (text) => { document.querySelector("output").textContent = text; };
  const username = event.target.username.value || undefined;
  passkeys[event.submitter.value]({ username }).then(greet).then(show, (error) => show(error.message));
};
</script>"#;

/// For signed-in users. Like every extractor, `CurrentUser` rejects requests of other sites.
async fn greet(current: CurrentUser) -> String {
    format!("Hello, {}", current.user.display_name)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let rp = RelyingParty::builder("localhost").name("Example").origin("http://localhost:8080").build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    let passkeys = Passkeys::builder(rp)
        .store(SqliteStore::connect("passkeys.db").await?) // created with its tables
        .secret(Secret::file("secret")?) // created with random bytes, readable by its owner only
        .policy(policy)
        .build()?;
    let app = Router::new().route("/", get(Html(PAGE))).route("/greet", post(greet));
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    axum::serve(listener, rp_axum::mount(app, &passkeys)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_this_program() {
        let (program, _) = include_str!("smallest.rs").split_once("\n#[cfg(test)]").unwrap_or_default();
        let (_, program) = program.split_once("\n\n").unwrap_or_default();
        assert!(include_str!("../../README.md").contains(program), "README.md shows another program");
    }
}
