use std::rc::Rc;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use rp_conformance::http::{Browser, HttpRequest, HttpResponse, Site};
use serde_json::{Value, json};

use super::*;

const ORIGIN: &str = "http://localhost:8080";

async fn browser() -> Browser {
    let passkeys = passkeys(Secret::from([7; 32])).unwrap();
    let service = Rc::new(init_service(app(&passkeys, Key::from(&[7; 64]))).await);
    let site = Site::new(move |HttpRequest { method, path, headers, body, .. }| {
        let service = Rc::clone(&service);
        async move {
            let request = TestRequest::with_uri(&path).method(method.parse().unwrap()).set_payload(body);
            let request = headers.into_iter().fold(request, |request, (name, value)| {
                request
                    .append_header((name, actix_web::http::header::HeaderValue::from_bytes(&value).unwrap()))
            });
            let response = call_service(&*service, request.to_request()).await;
            let headers = response.headers().iter();
            HttpResponse {
                status: response.status().as_u16(),
                headers: headers
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                body: read_body(response).await.to_vec(),
            }
        }
    });
    Browser::new(&site, ORIGIN, "own sessions")
}

async fn sign_up(browser: &mut Browser) {
    let response = browser.create(&json!({ "username": "kim" })).await;
    assert_eq!(browser.register(&response).await.status, 201);
}

#[actix_web::test]
async fn a_sign_in_is_in_the_applications_session() {
    let mut browser = browser().await;
    sign_up(&mut browser).await;
    assert_eq!(browser.get("/").await.text(), "kim");
    assert!(browser.cookie("rp-session").is_none(), "the service sets no session cookie");

    assert_eq!(browser.post("sign-out", &Value::Null).await.status, 204);
    assert_eq!(browser.get("/").await.text(), "no one");

    let response = browser.assert(&json!({})).await;
    assert_eq!(browser.authenticate(&response).await.status, 200);
    assert_eq!(browser.get("/").await.text(), "kim");
}

#[actix_web::test]
async fn management_follows_the_reported_factors() {
    let mut browser = browser().await;
    sign_up(&mut browser).await;
    let options = browser.post("registration/options", &json!({})).await;
    assert_eq!(options.status, 200, "the sign-up was recent");
    assert_eq!(browser.get("credentials").await.ok()["credentials"].as_array().unwrap().len(), 1);
}
