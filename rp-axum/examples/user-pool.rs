//! Passkeys in a hosted user pool: the three functions that the pool calls during a custom sign-in, as they would run in a
//! function service. `cargo run -p rp-axum --example user-pool < event.json` answers one event.
//!
//! The events have the form of Amazon Cognito's triggers. The passkeys of a user are in the custom attribute
//! `custom:passkeys` of the pool, as the JSON of their credential records.

use rp_axum::rp_core::CredentialRecord;
use rp_axum::{
    ChallengeHooks, ChallengeKind, ChallengeResult, KeyRing, NextChallenge, PoolSignIn, RelyingParty, Secret,
    Timestamp, UserHandle,
};
use serde_json::{Value, json};

// ANCHOR: example
/// Responds to an event of the pool, by its `triggerSource`.
fn respond(hooks: &ChallengeHooks, mut event: Event, now: Timestamp) -> Result<Event, PoolError> {
    let request = event.get("request").ok_or("no request")?;
    let response = match event.get("triggerSource").and_then(Value::as_str) {
        Some("DefineAuthChallenge_Authentication") => define(hooks, request)?,
        Some("CreateAuthChallenge_Authentication") => create(hooks, request, now)?,
        Some("VerifyAuthChallengeResponse_Authentication") => verify(hooks, request, now)?,
        _ => return Err("an event of another trigger".into()),
    };
    event.insert("response".into(), response);
    Ok(event)
}

type Event = serde_json::Map<String, Value>;

/// The pool reports the results so far, and asks what comes next.
fn define(hooks: &ChallengeHooks, request: &Value) -> Result<Value, PoolError> {
    let session = request.get("session").and_then(Value::as_array);
    let results: Vec<_> = session.into_iter().flatten().filter_map(result).collect();
    // Passkeys that cannot be read are an error: the password alone must not sign in.
    let has_passkey = !passkeys(request)?.is_empty();
    Ok(match hooks.define(&results, has_passkey) {
        NextChallenge::Challenge(ChallengeKind::Passkey) => json!({"challengeName": "CUSTOM_CHALLENGE"}),
        // The pool verifies passwords itself (Secure Remote Password).
        NextChallenge::Challenge(_) => json!({"challengeName": "PASSWORD_VERIFIER"}),
        NextChallenge::IssueTokens => json!({"issueTokens": true, "failAuthentication": false}),
        _ => json!({"issueTokens": false, "failAuthentication": true}),
    })
}

fn result(result: &Value) -> Option<ChallengeResult> {
    let kind = match result.get("challengeName")?.as_str()? {
        "CUSTOM_CHALLENGE" => ChallengeKind::Passkey,
        "PASSWORD_VERIFIER" => ChallengeKind::Password,
        // The exchange before `PASSWORD_VERIFIER` proves nothing.
        _ => return None,
    };
    Some(ChallengeResult { kind, is_correct: result.get("challengeResult")?.as_bool()? })
}

/// The pool sends the public parameters to the client, and keeps the private ones for `verify`.
fn create(hooks: &ChallengeHooks, request: &Value, now: Timestamp) -> Result<Value, PoolError> {
    let created = hooks.create(&user(request)?, &passkeys(request)?, now)?;
    Ok(json!({
        "publicChallengeParameters": {"options": serde_json::to_string(&created.options.public_key)?},
        "privateChallengeParameters": {"token": created.token},
    }))
}

/// A wrong answer is a result and not an error; its reason is for the log.
fn verify(hooks: &ChallengeHooks, request: &Value, now: Timestamp) -> Result<Value, PoolError> {
    let token = text(request, "/privateChallengeParameters/token").ok_or("no token")?;
    let answer = text(request, "/challengeAnswer").ok_or("no answer")?;
    let verified = hooks.verify(token, answer.as_bytes(), &user(request)?, &passkeys(request)?, now);
    match verified {
        // A real function writes `verified.authenticated.update` to the pool here, by compare-and-set of the counter.
        Ok(_) => Ok(json!({"answerCorrect": true})),
        Err(error) => {
            eprintln!("wrong answer: {error}");
            Ok(json!({"answerCorrect": false}))
        }
    }
}

/// The user handle: the pool's immutable ID. A name that does not exist has none, and gets one that no passkey has.
fn user(request: &Value) -> Result<UserHandle, PoolError> {
    let id = text(request, "/userAttributes/sub").unwrap_or("no such user");
    Ok(UserHandle::try_from(id.as_bytes())?)
}

fn passkeys(request: &Value) -> Result<Vec<CredentialRecord>, PoolError> {
    match request.pointer("/userAttributes/custom:passkeys") {
        Some(passkeys) => Ok(serde_json::from_str(passkeys.as_str().ok_or("passkeys that are not a text")?)?),
        None => Ok(Vec::new()),
    }
}

fn text<'a>(request: &'a Value, pointer: &str) -> Option<&'a str> {
    request.pointer(pointer)?.as_str()
}
// ANCHOR_END: example

type PoolError = Box<dyn std::error::Error>;

fn hooks(sign_in: PoolSignIn, key: Secret) -> Result<ChallengeHooks, PoolError> {
    let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
    Ok(ChallengeHooks::new(rp, KeyRing::new([key])?, sign_in))
}

fn main() -> Result<(), PoolError> {
    // The same file on every machine.
    let hooks = hooks(PoolSignIn::PasswordThenPasskey, Secret::file("secret")?)?;
    let event = serde_json::from_reader(std::io::stdin().lock())?;
    println!("{}", Value::from(respond(&hooks, event, Timestamp::now())?));
    Ok(())
}

#[cfg(test)]
#[path = "user-pool/tests.rs"]
mod tests;
