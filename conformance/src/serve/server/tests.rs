use serde_json::{Value, json};

use super::*;
use crate::authenticator::{Authenticator, Config as Device, Fault};

const ORIGIN: &str = "http://localhost:8080";

fn server() -> Server {
    Server::new(Config::at(ORIGIN)).unwrap()
}

/// Sends a body with the cookie of an earlier response.
fn post(server: &Server, path: &str, body: &str, before: Option<&HttpResponse>) -> HttpResponse {
    let cookie = before.and_then(|response| response.header("set-cookie").next());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    let headers = cookie.map(|cookie| ("cookie".to_owned(), cookie.into())).into_iter().collect();
    server.handle(&HttpRequest {
        method: "POST".into(),
        path: path.into(),
        headers,
        body: body.as_bytes().into(),
    })
}

fn body(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

fn register(server: &Server, device: &mut Authenticator) -> HttpResponse {
    let request = json!({"username": "kim", "displayName": "Kim"}).to_string();
    let options = post(server, "/attestation/options", &request, None);
    let response = device.create(&body(&options), ORIGIN).unwrap();
    post(server, "/attestation/result", &response, Some(&options))
}

#[test]
fn both_ceremonies_end_with_status_ok() {
    let (server, mut device) = (server(), Authenticator::new("serve", Device::default()));
    assert_eq!(body(&register(&server, &mut device)), json!({"status": "ok", "errorMessage": ""}));
    let options = post(&server, "/assertion/options", r#"{"username": "kim"}"#, None);
    let response = device.get(&body(&options), ORIGIN).unwrap();
    let result = post(&server, "/assertion/result", &response, Some(&options));
    assert_eq!((result.status, body(&result)), (200, json!({"status": "ok", "errorMessage": ""})));
    let again = post(&server, "/assertion/result", &response, Some(&options));
    assert_eq!(
        body(&again),
        json!({"status": "failed", "errorMessage": "challenge-mismatch: no ceremony is pending in this session"})
    );
}

#[test]
fn a_rejection_has_the_code_and_the_details() {
    let (server, mut device) = (server(), Authenticator::new("serve", Device::default()));
    device.config.fault = Some(Fault::OriginOther);
    let result = register(&server, &mut device);
    assert_eq!(result.status, 400);
    let message = body(&result)["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.starts_with("origin-mismatch: "), "{message}");
}

#[test]
fn options_are_those_of_the_request() {
    let request = json!({
        "username": "kim",
        "displayName": "Kim",
        "attestation": "direct",
        "authenticatorSelection":
            {"requireResidentKey": true, "userVerification": "required", "authenticatorAttachment": "platform"},
        "extensions": {"example.extension": true},
    });
    let options = body(&post(&server(), "/attestation/options", &request.to_string(), None));
    assert_eq!(options["attestation"], "direct");
    assert_eq!(options["extensions"], json!({"example.extension": true}));
    assert_eq!(
        options["authenticatorSelection"],
        json!({"authenticatorAttachment": "platform", "residentKey": "required", "requireResidentKey": true,
            "userVerification": "required"})
    );
    assert_eq!(options["rp"]["id"], "localhost");
}

#[test]
fn only_post_to_the_four_routes_is_answered() {
    let server = server();
    assert_eq!(post(&server, "/attestation", "{}", None).status, 404);
    let get =
        HttpRequest { method: "GET".into(), path: "/attestation/options".into(), ..HttpRequest::default() };
    assert_eq!(server.handle(&get).status, 405);
    assert_eq!(post(&server, "/attestation/options", "{}", None).status, 400);
    let options = post(&server, "/assertion/options", r#"{"username": "no one"}"#, None);
    assert_eq!(body(&options)["errorMessage"], "credential-not-allowed: the user has no credential");
}
