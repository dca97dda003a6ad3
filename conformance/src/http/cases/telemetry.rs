//! Reports of browsers.

use serde_json::{Value, json};

use super::Server;
use crate::http::Setup;

fn report() -> Value {
    json!({"purpose": "sign-in", "phase": "prompt", "outcome": "cancelled", "error": "NotAllowedError"})
}

pub(super) async fn reports_of_browsers_are_off_by_default(server: Server) {
    let test = server.start().await;
    assert_eq!(test.browser("one").post("telemetry", &report()).await.status, 404);
}

pub(super) async fn a_report_of_a_browser_touches_no_store_and_no_event(server: Server) {
    let test = server
        .start_with(|setup: &mut Setup| setup.service = Box::new(|builder| builder.browser_telemetry()))
        .await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let (_, _) = (test.store.calls(), test.events());
    for body in [
        report(),
        json!({"capabilities": ["conditionalGet", "kim"]}),
        json!({"purpose": "a", "phase": "b", "outcome": "c", "user": "kim"}),
    ] {
        let answer = kim.post("telemetry", &body).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("set-cookie").next()), (204, 0, None));
    }
    assert_eq!((test.store.calls().len(), test.events().len()), (0, 0));
    for wrong in [json!({}), json!({"purpose": "sign-in"}), json!({"capabilities": {}})] {
        assert_eq!(kim.post("telemetry", &wrong).await.problem(), (400, "malformed-json"), "{wrong}");
    }
    kim.origin = Some("https://evil.example".into());
    assert_eq!(kim.post("telemetry", &report()).await.problem(), (403, "cross-site-request"));
}
