use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rp_axum::Timestamp;
use rp_conformance::http::{HttpResponse, Site, UserAgent};
use serde_json::json;

use super::*;

#[path = "../support/site.rs"]
mod site;

const ORIGIN: &str = "http://localhost:8080";

struct Test {
    site: Site,
    pool: SqlitePool,
    time: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl Test {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("blog.db").display());
        let pool = SqlitePool::connect(&url).await.unwrap();
        sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
        let time = Arc::new(AtomicI64::new(1_800_000_000));
        let clock = Arc::clone(&time);
        let passkeys = passkeys(pool.clone(), Secret::from([7; 32])).await.unwrap();
        let passkeys = passkeys
            .clock(move || Timestamp::from_unix_seconds(clock.load(Ordering::Relaxed)))
            .build()
            .unwrap();
        let site = site::site(rp_axum::mount(blog(pool.clone()), &passkeys));
        Self { site, pool, time, _folder: folder }
    }

    fn browser(&self) -> UserAgent {
        UserAgent::new(&self.site, ORIGIN, "blog")
    }

    /// Registers a user with a password.
    async fn register(&self, browser: &mut UserAgent) {
        let form = "email=kim%40example.org&full_name=Kim&password=correct";
        assert_eq!(post(browser, "/register", form).await.status, 303);
    }
}

/// The code of a problem.
fn code(response: &HttpResponse) -> String {
    let problem: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

async fn post(browser: &mut UserAgent, path: &str, form: &str) -> HttpResponse {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    browser.send("POST", path, &headers, form.as_bytes()).await
}

/// Signs in with the password. Returns the page that follows.
async fn sign_in(browser: &mut UserAgent, password: &str) -> Option<String> {
    let form = format!("email=KIM%40example.org&password={password}");
    let response = post(browser, "/sign-in", &form).await;
    response.header("location").next().map(str::to_owned)
}

async fn add_passkey(browser: &mut UserAgent) {
    let response = browser.create(&json!({})).await;
    browser.register(&response).await.ok();
}

async fn write(browser: &mut UserAgent) -> u16 {
    browser.send("POST", "/posts", &[], b"Hello").await.status
}

#[tokio::test]
async fn a_password_user_adds_a_passkey_and_signs_in_with_it() {
    let test = Test::new().await;
    let mut browser = test.browser();
    test.register(&mut browser).await;
    assert_eq!(write(&mut browser).await, 401);
    assert_eq!(sign_in(&mut browser, "wrong").await, None);
    assert_eq!(sign_in(&mut browser, "correct").await.as_deref(), Some("/"));
    assert_eq!(write(&mut browser).await, 201);
    add_passkey(&mut browser).await;

    browser.sign_out().await;
    assert_eq!(write(&mut browser).await, 401);
    let session = browser.sign_in().await;
    assert_eq!(session["user"], json!({ "name": "kim@example.org", "displayName": "Kim" }));
    assert_eq!(write(&mut browser).await, 201);
}

#[tokio::test]
async fn after_the_password_the_passkey_is_required() {
    let test = Test::new().await;
    let mut browser = test.browser();
    test.register(&mut browser).await;
    sign_in(&mut browser, "correct").await;
    add_passkey(&mut browser).await;

    browser.sign_out().await;
    assert_eq!(sign_in(&mut browser, "correct").await.as_deref(), Some("/#second-factor"));
    let rejected = browser.send("POST", "/posts", &[], b"Hello").await;
    assert_eq!((rejected.status, code(&rejected)), (401, "second-factor-required".into()));
    assert_eq!(code(&browser.post("registration/options", &json!({})).await), "second-factor-required");
    browser.second_factor().await;
    assert_eq!(write(&mut browser).await, 201);
}

#[tokio::test]
async fn administrators_need_a_passkey_used_within_two_minutes() {
    let test = Test::new().await;
    let mut browser = test.browser();
    test.register(&mut browser).await;
    sqlx::query("UPDATE users SET is_administrator = 1").execute(&test.pool).await.unwrap();
    sign_in(&mut browser, "correct").await;
    let rejected = browser.get("/administration").await;
    assert_eq!(
        (rejected.status, code(&rejected)),
        (403, "step-up-required".into()),
        "a password is not enough"
    );
    add_passkey(&mut browser).await;
    assert_eq!(browser.get("/administration").await.status, 403, "adding a passkey is not a verification");
    browser.step_up().await;
    assert_eq!(browser.get("/administration").await.text(), "1 users");

    test.time.fetch_add(120, Ordering::Relaxed);
    assert_eq!(browser.get("/administration").await.status, 200);
    test.time.fetch_add(1, Ordering::Relaxed);
    assert_eq!(code(&browser.get("/administration").await), "step-up-required");
}

#[tokio::test]
async fn a_page_of_another_site_can_neither_register_nor_write() {
    let test = Test::new().await;
    let mut browser = test.browser();
    test.register(&mut browser).await;
    sign_in(&mut browser, "correct").await;
    browser.origin = Some("https://evil.example".into());
    assert_eq!(write(&mut browser).await, 403);
    assert_eq!(post(&mut browser, "/register", "email=a&full_name=a&password=a").await.status, 403);
    assert_eq!(code(&post(&mut browser, "/sign-in", "email=a&password=a").await), "cross-site-request");
}

#[test]
fn passkeys_take_at_most_40_lines() {
    let mut inside = false;
    let lines = include_str!("../blog.rs").lines().map(str::trim).filter(|line| {
        let is_marker = matches!(*line, "// rp" | "// end");
        inside = if is_marker { *line == "// rp" } else { inside };
        !is_marker && (inside || line.ends_with("// rp")) && !line.is_empty() && !line.starts_with("//")
    });
    let count = lines.count();
    assert!(count <= 40, "{count}");
}
