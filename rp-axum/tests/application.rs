//! A test of an application, which the README of rp-conformance shows.

use axum::{Router, routing::get};
use rp_axum::{CurrentUser, Passkeys, Policy, RelyingParty, Secret, store::MemoryStore};
use rp_conformance::browser::Browser;

async fn name(current: CurrentUser) -> String {
    current.user.name.clone()
}

#[tokio::test]
async fn a_user_signs_in_with_a_passkey() {
    let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build().unwrap();
    let mut policy = Policy::default();
    policy.sign_up = true;
    let passkeys = Passkeys::builder(rp)
        .store(MemoryStore::new())
        .secret(Secret::from([7; 32]))
        .policy(policy)
        .build()
        .unwrap();
    let mut browser = Browser::new(rp_axum::mount(Router::new().route("/name", get(name)), &passkeys));
    browser.sign_up("kim").await.unwrap();
    browser.sign_out().await.unwrap();
    browser.sign_in().await.unwrap();
    assert_eq!(browser.get("/name").await.text(), "kim");
}

#[test]
fn the_readme_of_rp_conformance_shows_this_program() {
    let program = include_str!("application.rs").split("\n\n#[test]").next().unwrap();
    let (_, program) = program.split_once("\n\n").unwrap();
    assert!(include_str!("../../conformance/README.md").contains(program), "{program}");
}
