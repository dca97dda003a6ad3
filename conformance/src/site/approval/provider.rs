//! The other service: it asks the user, returns the browser with a code, and exchanges the code once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rp_core::Timestamp;
use rp_service::{KeyRing, SessionId};
use serde::Deserialize;

use super::{Answer, Question};

#[derive(Clone)]
struct Provider {
    site: String,
    shared: KeyRing,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

/// Starts the service on a free port of this machine, and returns its address. `site` is the page to which the browser
/// returns, and `shared` is the key that the site and the service have.
///
/// # Errors
/// If no port is free.
pub async fn start_provider(site: &str, shared: KeyRing) -> std::io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let provider = Provider { site: site.to_owned(), shared, answers: Arc::default() };
    let app = Router::new()
        .route("/authorize", get(page).post(answer))
        .route("/token", post(exchange))
        .with_state(provider);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// A real service asks on the user's phone.
async fn page() -> Html<&'static str> {
    Html(
        r#"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Approve?</title><h1>Approve the sign-in?</h1><form method="post"></form>
<script>for (const answer of ["approve", "deny"]) {
  const button = document.body.appendChild(document.createElement("button"));
  button.textContent = button.name = answer;
  button.onclick = () => {
    const form = document.querySelector("form");
    form.action = location.href + "&answer=" + answer;
    form.submit();
  };
}</script>"#,
    )
}

#[derive(Deserialize)]
struct Decision {
    question: String,
    answer: String,
}

async fn answer(State(provider): State<Provider>, Query(decision): Query<Decision>) -> Response {
    let question = provider.shared.open_token("question", &decision.question, Timestamp::now());
    let (Ok(Question { user, state }), Ok(code)) = (question, SessionId::random()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let code = code.to_string();
    let url = format!("{}?code={code}&state={state}", provider.site);
    let answer = Answer { user, state, is_approved: decision.answer == "approve" };
    provider.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(code, answer);
    Redirect::to(&url).into_response()
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// A code is exchanged once. The answer is sealed, so that only the site reads it.
async fn exchange(State(provider): State<Provider>, Json(Code { code }): Json<Code>) -> Json<String> {
    let answer = provider.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&code);
    let expires_at = Timestamp::now().saturating_add(Duration::from_secs(30));
    let sealed = answer.and_then(|answer| provider.shared.seal_token("answer", &answer, expires_at).ok());
    Json(sealed.unwrap_or_default())
}
