//! The application's own routes: extractors, guards, and verified results.

use serde_json::{Value, json};

use super::{NOT_RECENT, Server};

pub(super) async fn extractors_return_the_signed_in_user(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    assert_eq!(kim.get("/app/maybe").await.text(), "no one");
    for (method, path) in [("GET", "/app/user"), ("POST", "/app/user"), ("POST", "/app/passkey")] {
        let answer = kim.call(method, path, &Value::Null).await;
        assert_eq!(answer.problem(), (401, "not-signed-in"));
        assert_eq!(answer.header("cache-control").collect::<Vec<_>>(), ["no-store"]);
    }
    kim.sign_up("kim").await;
    for (method, path) in
        [("GET", "/app/user"), ("GET", "/app/maybe"), ("PUT", "/app/user"), ("POST", "/app/passkey")]
    {
        assert_eq!(kim.call(method, path, &Value::Null).await.text(), "kim", "{method} {path}");
    }
}

pub(super) async fn guards_check_their_requirements(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    for path in ["/app/passkey", "/app/recent", "/app/verified"] {
        assert_eq!(kim.post(path, &Value::Null).await.text(), "kim", "{path}");
    }
    assert_eq!(kim.post("/app/hardware", &Value::Null).await.problem(), (403, "step-up-required"));
    test.wait(std::time::Duration::from_secs(120));
    assert_eq!(kim.post("/app/recent", &Value::Null).await.text(), "kim");
    test.wait(std::time::Duration::from_secs(1));
    let answer = kim.post("/app/recent", &Value::Null).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(body["required"], json!({"maxAge": 120, "acr": "phr"}));
    assert_eq!(kim.post("/app/verified", &Value::Null).await.text(), "kim");
    kim.step_up().await;
    assert_eq!(kim.post("/app/recent", &Value::Null).await.text(), "kim");
}

pub(super) async fn verified_results_are_those_of_the_routes(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let response = kim.create(&json!({"username": "kim"})).await;
    // Nothing is created if the session cannot be stored.
    test.store.fail(["create_session"]);
    assert_eq!(kim.post("/app/registration", &response).await.problem(), (503, "storage-unavailable"));
    test.store.fail([]);
    let response = kim.with_authenticator("kim 2").create(&json!({"username": "kim"})).await;
    assert!(test.passkey(&response).await.is_none());
    let mut kim = test.browser("kim 3");
    let response = kim.create(&json!({"username": "kim"})).await;
    assert_eq!(kim.post("/app/registration", &response).await.text(), "kim created");
    assert_eq!(kim.post("/app/registration", &response).await.problem(), (409, "no-ceremony"));
    let created = kim.cookie("session");
    assert!(created.is_some());

    let options = kim.post("registration/options", &json!({})).await.ok();
    let added = kim.with_authenticator("added").create_for(&options);
    assert_eq!(kim.post("/app/registration", &added).await.text(), "kim added");
    assert_eq!(kim.cookie("session"), created);

    let before = test.passkey(&response).await;
    let asserted = kim.assert(&json!({})).await;
    test.store.fail(["create_session"]);
    assert_eq!(kim.post("/app/authentication", &asserted).await.problem(), (503, "storage-unavailable"));
    test.store.fail([]);
    assert_eq!((test.passkey(&response).await, kim.cookie("session")), (before, created.clone()));
    let asserted = kim.assert(&json!({})).await;
    assert_eq!(kim.post("/app/authentication", &asserted).await.text(), "kim sign-in");
    assert_ne!(kim.cookie("session"), created);
    test.wait(NOT_RECENT);
    let asserted = kim.assert(&json!({"purpose": "step-up"})).await;
    assert_eq!(kim.post("/app/authentication", &asserted).await.text(), "kim step-up");
    assert_eq!(kim.post("/app/recent", &Value::Null).await.text(), "kim");
    super::first_factor::password(&mut kim, "kim").await;
    let asserted = kim.assert(&json!({"purpose": "second-factor"})).await;
    assert_eq!(kim.post("/app/authentication", &asserted).await.text(), "kim second-factor");
}

pub(super) async fn an_application_signs_its_user_out(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut copy = kim.clone();
    assert_eq!(kim.post("/app/sign-out", &Value::Null).await.text(), "signed out");
    assert_eq!(kim.cookie("session"), None);
    let answer = copy.post("/app/sign-out", &Value::Null).await;
    assert_eq!((answer.text().as_str(), answer.header("set-cookie").next()), ("signed out", None));
    assert_eq!(copy.get("/app/user").await.problem(), (401, "not-signed-in"));
}
