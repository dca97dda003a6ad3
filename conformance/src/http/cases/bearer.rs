//! Bearer tokens, for clients that are not browsers.

use serde_json::{Value, json};

use super::{Server, Test, authenticator};
use crate::http::{Setup, UserAgent};

fn allowed(setup: &mut Setup) {
    setup.policy.bearer_tokens = true;
}

/// A client without `Origin` and `Sec-Fetch-Site` that has no session cookie, and an authenticator of the user.
async fn client(test: &Test) -> (UserAgent, UserAgent) {
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let native = test.browser("native");
    let native =
        UserAgent { origin: None, sec_fetch_site: None, authenticator: kim.authenticator.clone(), ..native };
    (kim, native)
}

/// Signs in as a native client does: a request with the ceremony cookie has no `Origin`, and `Sec-Fetch-Site: none`.
async fn sign_in(client: &mut UserAgent) -> Value {
    let response = client.assert(&json!({})).await;
    let native = client.clone();
    client.sec_fetch_site = Some("none");
    let session = client.authenticate(&response).await.ok();
    *client = UserAgent { authenticator: client.authenticator.clone(), ..native };
    session
}

pub(super) async fn bearer_tokens_are_off_by_default(server: Server) {
    let test = server.start().await;
    let (kim, mut client) = client(&test).await;
    let session = sign_in(&mut client).await;
    assert_eq!(session.get("token"), None);
    let token = kim.cookie("session").unwrap_or_default();
    client.headers = vec![("authorization", [b"Bearer ", token.as_slice()].concat())];
    assert_eq!(client.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_client_without_origin_receives_a_bearer_token(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut client) = client(&test).await;
    test.wait(std::time::Duration::from_secs(30));
    let session = sign_in(&mut client).await;
    let token = session["token"].as_str().unwrap_or_default().to_owned();
    assert_eq!(token.len(), 43);
    assert_eq!(client.cookie("session"), None);
    client.remove_cookie("ceremony");
    client.headers = vec![("authorization", format!("Bearer {token}").into_bytes())];
    assert_eq!(client.get("session").await.ok()["user"]["name"], "kim");
    assert_eq!(client.get("/app/user").await.text(), "kim");
    let listed = kim.get("sessions").await.ok();
    let kinds: Vec<_> =
        listed["sessions"].as_array().into_iter().flatten().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["bearer", "browser"]);
    // A page never receives one.
    kim.authenticator = client.authenticator.clone();
    assert_eq!(kim.sign_in().await.get("token"), None);
    // The scheme is compared without case; anything else is not a token.
    client.headers = vec![("authorization", format!("bEARER {token}").into_bytes())];
    client.get("session").await.ok();
    for wrong in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer {token}A"),
        "Bearer ".into(),
        "\u{e9}".into(),
    ] {
        client.headers = vec![("authorization", wrong.clone().into_bytes())];
        assert_eq!(client.get("session").await.problem(), (401, "not-signed-in"), "{wrong}");
    }
    client.headers = vec![("authorization", format!("Bearer {token}").into_bytes())];
    client.sign_out().await;
    assert_eq!(client.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_client_without_origin_signs_up_with_a_bearer_token(server: Server) {
    let test = server.start_with(allowed).await;
    let mut client = UserAgent { origin: None, sec_fetch_site: Some("none"), ..test.browser("native") };
    let created = client.sign_up("kim").await;
    assert_eq!(client.cookie("session"), None);
    let token = created["token"].as_str().unwrap_or_default();
    client.headers = vec![("authorization", format!("Bearer {token}").into_bytes())];
    assert_eq!(client.get("session").await.ok()["state"], "signed-in");
    assert_eq!(client.get("/app/user").await.text(), "kim");
    // A passkey that is added opens no session, and a page never receives a token.
    assert_eq!(client.add_passkey(&mut authenticator("key")).await.get("token"), None);
    assert_eq!(test.browser("page").sign_up("eve").await.get("token"), None);
}

pub(super) async fn an_authorization_header_makes_the_cookie_ignored(server: Server) {
    for bearer in [false, true] {
        let test = server.start_with(|setup| setup.policy.bearer_tokens = bearer).await;
        let mut kim = test.browser("kim");
        kim.sign_up("kim").await;
        kim.get("session").await.ok();
        kim.headers = vec![("authorization", b"Bearer AAAA".to_vec())];
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
        assert_eq!(kim.get("/app/user").await.problem(), (401, "not-signed-in"));
        kim.headers.clear();
        kim.get("session").await.ok();
    }
}
