//! Access to the routes.

use rp_service::http::{PendingCookies, Request};
use rp_service::store::UserRecord;
use serde_json::Value;

use super::*;
use crate::http::{Fixture, Setup, UserAgent, bare};
use crate::site::arguments::Database;
use crate::site::{AppRoute, Application};

const ROUTES: [AppRoute; 4] =
    [AppRoute::AdminUsers, AppRoute::AdminUser, AppRoute::AdminCheck, AppRoute::AdminAct];

/// A site whose administrator is ada, and a user kim.
struct Play {
    fixture: Fixture,
    application: Application,
    ada: UserAgent,
    kim: UserAgent,
    handle: UserHandle,
}

impl Play {
    async fn new() -> Self {
        let events = RecentEvents::new(10);
        let sink = events.clone();
        let fixture =
            Fixture::new(Setup { service: Box::new(|builder| builder.add_events(sink)), ..Setup::default() });
        let administration = Administration { administrators: Administrators(vec!["ada".into()]), events };
        let application = Application::new(Passwords::open(Database::Memory).await.unwrap(), administration);
        let site = bare(&fixture);
        let [mut ada, mut kim] = ["ada", "kim"].map(|name| UserAgent::new(&site, fixture.origin, name));
        ada.sign_up("ada").await;
        kim.sign_up("kim").await;
        let handle = user(&fixture, "kim").await.handle;
        Self { fixture, application, ada, kim, handle }
    }

    /// The status and the code of the response to a request of a user.
    async fn ask(&self, user: &UserAgent, route: AppRoute, body: &Value) -> (u16, String) {
        let token = user.cookie("rp-session").unwrap_or_default();
        let cookie = [&b"__Host-rp-session="[..], &token].concat();
        let headers = vec![("cookie", &*cookie), ("origin", self.fixture.origin.as_bytes())];
        let request = Request { headers, ..Request::default() };
        let passkeys = &self.fixture.passkeys;
        let context = Context::new(passkeys, "POST", &request, PendingCookies::default()).await.unwrap();
        match self.application.respond(route, &context, body.to_string().as_bytes()).await {
            Ok(answer) => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                (answer.status, body["code"].as_str().unwrap_or("ok").to_owned())
            }
            Err(error) => (error.status(), error.code().to_owned()),
        }
    }

    /// A request that does what its route is for.
    fn request(&self, route: AppRoute) -> Value {
        let user = self.handle.to_string();
        match route {
            AppRoute::AdminUser => json!({ "user": user }),
            AppRoute::AdminCheck => json!({ "policy": "", "days": 1 }),
            AppRoute::AdminAct => json!({ "user": user, "act": "lock", "reason": "ticket 4711" }),
            _ => json!({}),
        }
    }
}

async fn user(fixture: &Fixture, name: &str) -> UserRecord {
    fixture.passkeys.user_by_name(name).await.unwrap().unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn only_administrators_use_the_administrators_routes() {
    let mut play = Play::new().await;
    let mut nobody = play.kim.clone();
    nobody.sign_out().await;
    play.kim.sign_in().await;
    for route in ROUTES {
        let request = play.request(route);
        let rejected = (403, "not-an-administrator".to_owned());
        assert_eq!(play.ask(&play.kim, route, &request).await, rejected, "{route:?}");
        assert_eq!(play.ask(&nobody, route, &request).await, (401, "not-signed-in".into()), "{route:?}");
    }
    assert_eq!(user(&play.fixture, "kim").await.locked_at, None);
    for route in ROUTES {
        let status = if matches!(route, AppRoute::AdminAct) { 204 } else { 200 };
        let request = play.request(route);
        assert_eq!(play.ask(&play.ada, route, &request).await, (status, "ok".into()), "{route:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn administrators_confirm_with_a_recent_passkey() {
    let play = Play::new().await;
    let stale = (403, "step-up-required".to_owned());
    play.fixture.wait(Duration::from_secs(121));
    for route in [AppRoute::AdminUsers, AppRoute::AdminUser, AppRoute::AdminCheck] {
        assert_eq!(play.ask(&play.ada, route, &play.request(route)).await, (200, "ok".into()), "{route:?}");
    }
    assert_eq!(play.ask(&play.ada, AppRoute::AdminAct, &play.request(AppRoute::AdminAct)).await, stale);
    play.fixture.wait(Duration::from_secs(15 * 60));
    for route in ROUTES {
        assert_eq!(play.ask(&play.ada, route, &play.request(route)).await, stale, "{route:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_change_needs_a_reason_and_another_user() {
    let play = Play::new().await;
    let act = AppRoute::AdminAct;
    let (kim, ada) = (play.handle.to_string(), user(&play.fixture, "ada").await.handle.to_string());
    for (request, answer) in [
        (json!({ "user": kim, "act": "lock", "reason": " " }), (400, "reason-missing")),
        (json!({ "user": ada, "act": "lock", "reason": "ticket" }), (403, "own-account")),
        (json!({ "user": "AAAA", "act": "lock", "reason": "ticket" }), (404, "user-unknown")),
        (
            json!({ "user": kim, "act": "revoke-passkey", "credential": "AAAA", "reason": "ticket" }),
            (404, "credential-unknown"),
        ),
        (json!({ "user": kim, "act": "delete", "reason": "ticket" }), (400, "malformed-json")),
    ] {
        let (status, code) = play.ask(&play.ada, act, &request).await;
        assert_eq!((status, code.as_str()), answer, "{request}");
    }
}
