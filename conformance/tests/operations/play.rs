//! Every flow, once.

use std::time::Duration;

use rp_conformance::authenticator::{Authenticator, Config, Fault};
use rp_conformance::http::{HttpResponse, ORIGIN, UserAgent};
use rp_core::UserHandle;
use rp_service::admin::Operator;
use serde_json::{Value, json};

use crate::observed::Observed;

/// A username that appears nowhere else.
const NAME: &str = "quetzalcoatl";

/// Longer than a verification counts as recent.
const NOT_RECENT: Duration = Duration::from_secs(301);

/// Plays every flow of a user and of an operator.
pub(crate) async fn play(run: &Observed) {
    let mut kim = UserAgent::new(&run.site, ORIGIN, "first key");
    passkeys(run, &mut kim).await;
    let codes = factors(run, &mut kim).await;
    recovery(run, &codes).await;
    sessions(run, &mut kim).await;
    rejected(run, &mut kim).await;
    command_line(run, &mut kim).await;
    proof(run).await;
    operator(run, &mut kim).await;
}

async fn user(run: &Observed) -> UserHandle {
    run.fixture.passkeys.user_by_name(NAME).await.unwrap().unwrap().handle
}

async fn password(browser: &mut UserAgent) -> HttpResponse {
    browser.send("POST", "/app/password", &[("x-user", NAME)], &[]).await
}

/// Signing up, signing in, and managing passkeys.
async fn passkeys(run: &Observed, kim: &mut UserAgent) {
    let response = kim.create(&json!({"username": NAME, "displayName": "Plumed Serpent"})).await;
    let mut registration = response.clone();
    registration["nickname"] = json!("obsidian mirror");
    kim.register(&registration).await.ok();
    kim.sign_out().await;
    kim.sign_in().await;
    let mut other = Authenticator::new("second key", Config::default());
    let added = kim.add_passkey(&mut other).await;
    let path = format!("credentials/{}", added["id"].as_str().unwrap());
    kim.call("PATCH", &path, &json!({"nickname": "smoking mirror"})).await.ok();
    kim.call("PATCH", "user", &json!({"displayName": "Morning Star"})).await.ok();
    run.fixture.wait(NOT_RECENT);
    kim.step_up().await;
    kim.delete(&path).await.ok();
}

/// Second factors. Returns the recovery codes.
async fn factors(run: &Observed, kim: &mut UserAgent) -> Vec<String> {
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let totp = totp_rs::Totp::from_url(enrolment["uri"].as_str().unwrap()).unwrap();
    let code = |steps: i64| {
        let time = run.fixture.passkeys.now().as_unix_seconds() + 30 * steps;
        totp.generate(u64::try_from(time).unwrap()).to_string()
    };
    let wrong = json!({"codes": [code(0), code(0)]});
    assert_eq!(kim.post("factors/totp/confirm", &wrong).await.problem(), (401, "factor-invalid"));
    kim.post("factors/totp/confirm", &json!({"codes": [code(-1), code(0)]})).await.ok();
    let set = kim.post("factors/recovery-codes/enrol", &json!({})).await.ok();
    let codes = set["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    let codes = codes.collect();
    run.fixture.wait(Duration::from_secs(30));

    kim.sign_out().await;
    password(kim).await.text();
    let verify = async |browser: &mut UserAgent, code: String| {
        browser.post("factors/totp/verify", &json!({ "code": code })).await
    };
    assert_eq!(verify(kim, code(9)).await.problem(), (401, "factor-invalid"));
    verify(kim, code(0)).await.ok();
    run.fixture.wait(Duration::from_secs(30));
    verify(kim, code(0)).await.ok();
    kim.sign_out().await;
    password(kim).await.text();
    kim.second_factor().await;
    kim.delete("factors/totp").await.ok();
    codes
}

/// A new phone after the loss of the old one.
async fn recovery(run: &Observed, codes: &[String]) {
    let mut phone = UserAgent::new(&run.site, ORIGIN, "new phone");
    password(&mut phone).await.text();
    let wrong = json!({"code": "aaaa-aaaa-aaaa-aaaa"});
    phone.post("factors/recovery-codes/verify", &wrong).await.problem();
    phone.post("factors/recovery-codes/verify", &json!({"code": codes[0]})).await.ok();
    let response = phone.create(&json!({})).await;
    phone.register(&response).await.ok();
    phone.sign_out().await;
}

/// Sessions in several browsers.
async fn sessions(run: &Observed, kim: &mut UserAgent) {
    let mut other = kim.clone();
    other.remove_cookie("session");
    other.sign_in().await;
    // It is the same key, and has counted.
    kim.authenticator = other.authenticator.clone();
    let listed = kim.get("sessions").await.ok();
    let other = listed["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false);
    let id = other.unwrap()["id"].as_str().unwrap();
    assert_eq!(kim.delete(&format!("sessions/{id}")).await.status, 204);
    assert_eq!(kim.delete("sessions").await.status, 204);
    assert_eq!(kim.get("credentials").await.status, 200);
    run.fixture.wait(NOT_RECENT);
    assert_eq!(kim.post("/app/recent", &Value::Null).await.problem(), (403, "step-up-required"));
}

/// Requests that are rejected.
async fn rejected(run: &Observed, kim: &mut UserAgent) {
    let mut thief = UserAgent::new(&run.site, ORIGIN, "a key of a thief");
    for fault in [Fault::AssertionOfOtherKey, Fault::CounterZero, Fault::OriginOther] {
        let options = kim.post("authentication/options", &json!({"username": NAME})).await.ok();
        // A copy, because some faults change the counter.
        let mut faulty = kim.clone();
        faulty.authenticator.config.fault = Some(fault);
        let mut response = faulty.assert_for(&options);
        response["clientExtensionResults"] = json!({"prf": {"results": {"first": "PRFSECRETPRFSECRET"}}});
        assert_eq!(kim.authenticate(&response).await.status, 422);
    }
    let taken = thief.create(&json!({"username": NAME})).await;
    assert_eq!(thief.register(&taken).await.problem(), (409, "username-taken"));
    assert_eq!(thief.register(&taken).await.problem(), (409, "no-ceremony"));
    assert_eq!(thief.post("registration/options", &json!({})).await.problem(), (401, "not-signed-in"));
    let wrong = json!({"username": {"password": "hunter2hunter2"}});
    assert_eq!(thief.post("authentication/options", &wrong).await.problem(), (400, "malformed-json"));
    thief.origin = Some("https://attacker.example".into());
    assert_eq!(thief.post("sign-out", &Value::Null).await.problem(), (403, "cross-site-request"));
}

/// Signing in to a command line, and a report of the browser.
async fn command_line(run: &Observed, kim: &mut UserAgent) {
    let verifier = "the-secret-of-this-sign-in-has-43-characters";
    let challenge = rp_core::base64url::encode(&rp_core::crypto::sha256(&[verifier.as_bytes()]));
    let redirect = "http://127.0.0.1:49152/callback";
    let encode =
        |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", "acme-cli"),
        ("redirect_uri", redirect),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", "a state"),
    ]);
    let page = kim.get(&format!("authorize?{query}")).await.text();
    let request = page.split_once("data-request=\"").unwrap().1.split('"').next().unwrap().to_owned();
    kim.step_up().await;
    let confirmed = kim.post("authorize", &json!({ "request": request })).await.ok();
    let location = confirmed["location"].as_str().unwrap().split_once('?').unwrap().1;
    let code = form_urlencoded::parse(location.as_bytes()).find(|(name, _)| name == "code").unwrap().1;
    let form = encode(&[
        ("grant_type", "authorization_code"),
        ("client_id", "acme-cli"),
        ("code", &code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ]);
    let mut program = UserAgent::new(&run.site, ORIGIN, "program");
    (program.origin, program.sec_fetch_site) = (None, None);
    let media_type = [("content-type", "application/x-www-form-urlencoded")];
    let session = program.send("POST", "token", &media_type, form.as_bytes()).await.ok();
    let token = session["token"].as_str().unwrap().to_owned();
    program.headers.push(("authorization", format!("Bearer {token}").into_bytes()));
    assert_eq!(program.post("sign-out", &Value::Null).await.status, 204);
    program.headers.clear();
    assert_eq!(program.send("POST", "token", &media_type, form.as_bytes()).await.status, 400);
    run.secrets.lock().unwrap().extend([verifier.to_owned(), code.into_owned()]);

    let report =
        json!({"purpose": "sign-in", "phase": "prompt", "outcome": "cancelled", "error": "NotAllowedError"});
    assert_eq!(kim.post("telemetry", &report).await.status, 204);
    assert_eq!(kim.post("telemetry", &json!({"capabilities": ["conditionalGet"]})).await.status, 204);
}

/// Attestation without an account.
async fn proof(run: &Observed) {
    let mut visitor = UserAgent::new(&run.site, ORIGIN, "one");
    visitor.authenticator.config.format = rp_conformance::authenticator::Format::Packed;
    visitor.authenticator.config.backup = rp_conformance::authenticator::Backup::DeviceBound;
    let options = visitor.post("proof/options", &json!({})).await.ok();
    let response = visitor.create_for(&options);
    visitor.post("proof/verify", &response).await.ok();
}

/// The actions of operators.
async fn operator(run: &Observed, kim: &mut UserAgent) {
    let passkeys = &run.fixture.passkeys;
    let handle = user(run).await;
    let admin = passkeys.admin(Operator::new("ticket 7").unwrap().user(&handle));
    admin.lock(&handle).await.unwrap();
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (403, "user-locked"));
    admin.unlock(&handle).await.unwrap();
    let grant = admin.invite(&handle, Duration::from_hours(1)).await.unwrap();
    run.secrets.lock().unwrap().insert(grant.expose().to_owned());
    password(kim).await.text();
    let mut key = kim.with_authenticator("third key");
    let mut response = key.create(&json!({})).await;
    response["grant"] = json!(grant.expose());
    let added = key.register(&response).await.ok();
    let id = rp_core::base64url::decode(added["id"].as_str().unwrap()).unwrap();
    let id = rp_core::CredentialId::try_from(id.as_slice()).unwrap();
    admin.revoke_passkey(&id).await.unwrap();
    assert_eq!(admin.revoke_passkey(&id).await.unwrap_err().code(), "credential-unknown");
    admin.reset_factors(&handle).await.unwrap();
    kim.remove_cookie("session");
    kim.sign_in().await;
    admin.end_sessions(&handle).await.unwrap();
    passkeys.rename_user(&handle, "kukulkan-the-other").await.unwrap();
    passkeys.delete_user(&handle).await.unwrap();
    passkeys.create_user("itzamna-the-third", "").await.unwrap();
    let mut secrets = run.secrets.lock().unwrap();
    secrets.extend(["kukulkan-the-other", "itzamna-the-third", "hunter2hunter2"].map(str::to_owned));
}
