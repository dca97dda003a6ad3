//! The test of the programs with customers of their own, on the PostgreSQL server in `RP_POSTGRES`.

use std::future::Future;
use std::time::UNIX_EPOCH;

use rp_axum::App;
use rp_conformance::http::UserAgent;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[path = "site.rs"]
mod site;
#[path = "../../../rp-service/tests/shared/skip.rs"]
mod skip;

const ORIGIN: &str = "http://localhost:8080";

/// Runs the program in a new schema, which is dropped afterwards. Without a server, it is skipped with a message.
pub(crate) async fn check<F: Future<Output = App>>(start: impl FnOnce(String) -> F) {
    let Ok(url) = std::env::var("RP_POSTGRES") else {
        assert!(std::env::var_os("CI").is_none(), "RP_POSTGRES is missing");
        return skip::skip("RP_POSTGRES is not the URL of a PostgreSQL server");
    };
    let schema = format!("customers_{}_{}", std::process::id(), UNIX_EPOCH.elapsed().unwrap().as_nanos());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await.unwrap();
    customers_sign_up_order_and_sign_in(start(format!("{url}?options=-csearch_path%3D{schema}")).await).await;
    let row = format!("SELECT email, full_name FROM {schema}.customers ORDER BY id");
    let rows: Vec<(String, String)> =
        sqlx::query_as(AssertSqlSafe(row)).fetch_all(&mut connection).await.unwrap();
    let expected = [("kim@example.org", "Kim"), ("ada@example.org", "Kim")];
    assert_eq!(rows, expected.map(|(email, name)| (email.to_owned(), name.to_owned())));
    let drop = format!("DROP SCHEMA {schema} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
}

async fn customers_sign_up_order_and_sign_in(app: App) {
    let site = site::site(app);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    assert_eq!(order(&mut kim, "nothing").await, 401);
    kim.sign_up("kim@example.org").await;
    assert_eq!(order(&mut kim, "a book").await, 201);
    assert_eq!(order(&mut kim, "a pen").await, 201);
    kim.sign_out().await;
    let mut ada = UserAgent::new(&site, ORIGIN, "ada");
    ada.sign_up("ada@example.org").await;
    assert_eq!(orders(&mut ada).await, json!([]));
    kim.sign_in().await;
    assert_eq!(orders(&mut kim).await, json!(["a book", "a pen"]));
}

async fn order(browser: &mut UserAgent, text: &str) -> u16 {
    browser.send("POST", "/orders", &[], text.as_bytes()).await.status
}

async fn orders(browser: &mut UserAgent) -> Value {
    browser.get("/orders").await.ok()
}
