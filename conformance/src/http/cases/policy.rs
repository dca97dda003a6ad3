//! Rules by group, from a policy file: enrolment, re-authentication, recovery, and which passkeys are accepted.

use std::time::Duration;

use rp_service::store::UserRecord;
use rp_service::{Groups, GroupsFuture, Membership, Policy};
use serde_json::{Value, json};

use super::factors::{enrol_totp, recovery_codes, verify};
use super::first_factor::password;
use super::{Server, Test, authenticator};
use crate::authenticator::{Algorithm, Authenticator, Backup, Config, Verification};
use crate::http::{HttpResponse, Setup, UserAgent};

const DAY: Duration = Duration::from_hours(24);

/// The user `ada` is in the group `staff`, since the account was created.
pub(super) struct Staff;

impl Groups for Staff {
    fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a> {
        let membership = Membership { group: "staff".into(), since: Some(user.created_at) };
        Box::pin(async move { Ok((user.name_key == "ada").then_some(membership).into_iter().collect()) })
    }
}

/// A site with this policy file, on 2026-06-01.
pub(super) async fn site(server: &Server, file: &str) -> Test {
    let policy = Policy::from_toml(file).expect("a policy");
    server
        .start_with(|setup| {
            setup.policy = policy;
            setup.policy.sign_up = true;
            setup.service = Box::new(|builder| builder.groups(Staff));
        })
        .await
}

/// A browser of a user who has a password and nothing else.
pub(super) async fn user(test: &Test, name: &str) -> UserAgent {
    test.passkeys.create_user(name, "").await.expect("the user is created");
    test.browser(name)
}

#[track_caller]
fn required(answer: &HttpResponse) -> Value {
    assert_eq!(answer.problem(), (403, "step-up-required"));
    serde_json::from_slice::<Value>(&answer.body).unwrap_or_default()["required"].clone()
}

pub(super) fn synced() -> Config {
    Config { backup: Backup::BackedUp, ..Config::default() }
}

pub(super) async fn an_enrolment_is_reminded_then_in_grace_then_required(server: Server) {
    let file = "[group.staff]\nsecond_factor = 'required'\n\
                enrol = { from = 2026-06-11, grace_days = 3, remind_days = 5 }";
    let test = site(&server, file).await;
    let (mut ada, mut kim) = (user(&test, "ada").await, user(&test, "kim").await);
    let reminded = "ada signed in, enrols by 2026-06-14 00:00:00 UTC";
    for (wait, expected) in [
        (0, "ada signed in"),
        (5 * 86_400 - 1, "ada signed in"),
        (1, reminded),
        (5 * 86_400 - 1, reminded),
        (1, reminded),
        (3 * 86_400 - 1, reminded),
        (1, "ada enrols"),
    ] {
        test.wait(Duration::from_secs(wait));
        assert_eq!(password(&mut ada, "ada").await.text(), expected, "{}", test.passkeys.now());
        assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
        let is_signed_in = expected != "ada enrols";
        assert_eq!(ada.get("/app/maybe").await.text(), if is_signed_in { "ada" } else { "no one" });
        let session = ada.get("session").await.ok();
        let by = if is_signed_in { "2026-06-14T00:00:00Z" } else { "2026-06-14T00:05:00Z" };
        let next = (expected != "ada signed in").then(|| json!({"enrol": {"by": by}}));
        assert_eq!(session.get("next"), next.as_ref());
    }
}

pub(super) async fn a_required_factor_is_enrolled_and_then_used(server: Server) {
    let test = site(&server, "[group.staff]\nsecond_factor = 'required'").await;
    let mut ada = user(&test, "ada").await;
    assert_eq!(password(&mut ada, "ada").await.text(), "ada enrols");
    assert_eq!(ada.get("credentials").await.problem(), (401, "second-factor-required"));
    assert_eq!(ada.get("/app/user").await.problem(), (401, "second-factor-required"));
    let response = ada.create(&json!({})).await;
    ada.register(&response).await.ok();
    // Adding a passkey is not a verification.
    let session = ada.get("session").await.ok();
    assert_eq!(
        (&session["state"], &session["next"]),
        (&json!("first-factor"), &json!({"secondFactors": ["passkey"]}))
    );
    assert_eq!(ada.post("registration/options", &json!({})).await.problem(), (401, "second-factor-required"));
    assert_eq!(ada.second_factor().await["state"], "signed-in");
    assert_eq!(ada.get("/app/user").await.text(), "ada");
    // From now on the passkey alone signs in.
    ada.sign_out().await;
    assert_eq!(ada.sign_in().await["state"], "signed-in");
}

pub(super) async fn a_password_does_not_enrol_next_to_an_enrolled_factor(server: Server) {
    // The rules accept passkeys only, and the user has a TOTP.
    let file =
        "[group.staff]\nsecond_factor = 'required'\nfactors = 'passkey'\nenrol = { from = 2026-06-11 }";
    let test = site(&server, file).await;
    let mut ada = user(&test, "ada").await;
    assert_eq!(password(&mut ada, "ada").await.text(), "ada signed in");
    let refused = ada.post("factors/totp/enrol", &json!({})).await;
    assert_eq!(
        refused.problem(),
        (404, "factor-unknown"),
        "new factors must meet the rules from the beginning"
    );
    let test = site(&server, "").await;
    let mut kim = user(&test, "kim").await;
    password(&mut kim, "kim").await;
    enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs totp");
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (401, "second-factor-required"));
}

pub(super) async fn a_passkey_that_rules_exclude_only_enrols(server: Server) {
    let file = "[group.staff]\npasskeys = { device_bound = true }\nenrol = { from = 2026-06-02 }";
    let test = site(&server, file).await;
    let mut kim = test.browser_with("phone", synced());
    kim.sign_up("kim").await;
    test.wait(2 * DAY);
    assert_eq!(kim.sign_in().await["state"], "signed-in");
    // The user joins the group.
    let handle = test.user("kim").await;
    test.passkeys.rename_user(&handle, "ada").await.expect("the user exists");
    let session = kim.sign_in().await;
    assert_eq!(
        (&session["state"], &session["next"]["enrol"]["by"]),
        (&json!("first-factor"), &json!("2026-06-03T00:05:00Z"))
    );
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    let mut other = UserAgent { authenticator: Authenticator::new("other phone", synced()), ..kim.clone() };
    let response = other.create(&json!({})).await;
    assert_eq!(other.register(&response).await.problem(), (422, "authenticator-not-allowed"));
    let mut key = authenticator("key");
    kim.add_passkey(&mut key).await;
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    assert_eq!(kim.get("session").await.ok()["next"], json!({"secondFactors": ["passkey"]}));
    kim.authenticator = key;
    assert_eq!(kim.second_factor().await["state"], "signed-in");
    assert_eq!(kim.get("/app/user").await.text(), "ada");
}

/// Users are in the groups that their names begin with: `keys`, or `both` for that one and `synced`.
struct TwoGroups;

impl Groups for TwoGroups {
    fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a> {
        let names: &[_] = match user.name_key.get(..4) {
            Some("keys") => &["keys"],
            Some("both") => &["keys", "synced"],
            _ => &[],
        };
        let groups = names.iter().map(|name| Membership { group: (*name).into(), since: None }).collect();
        Box::pin(async move { Ok(groups) })
    }
}

async fn rename(test: &Test, name: &str, new: &str) {
    let handle = test.user(name).await;
    test.passkeys.rename_user(&handle, new).await.expect("the user exists");
}

pub(super) async fn a_session_stays_where_rules_accept_no_passkey(server: Server) {
    let file =
        "[group.keys]\npasskeys = { device_bound = true }\n[group.synced]\npasskeys = { synced = true }";
    let mut policy = Policy::from_toml(file).expect("a policy");
    policy.sign_up = true;
    let setup = |setup: &mut Setup| {
        setup.policy = policy;
        setup.service = Box::new(|builder| builder.groups(TwoGroups));
    };
    let test = server.start_with(setup).await;
    let mut kim = test.browser("kim");
    kim.sign_up("keys-kim").await;
    rename(&test, "keys-kim", "both-kim").await;
    let session = kim.get("session").await.ok();
    assert_eq!((&session["state"], session.get("next")), (&json!("signed-in"), None));
    assert_eq!(kim.get("/app/user").await.text(), "both-kim");
    kim.get("credentials").await.ok();
    assert_eq!(kim.step_up().await["state"], "signed-in");
    // No new sign-in is possible.
    kim.sign_out().await;
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "credential-not-allowed"));
    // A sign-in that has begun cannot be completed.
    let mut eve = test.browser_with("phone", synced());
    eve.sign_up("eve").await;
    rename(&test, "eve", "keys-eve").await;
    assert_eq!(eve.sign_in().await["state"], "first-factor");
    rename(&test, "keys-eve", "both-eve").await;
    assert_eq!(eve.get("session").await.problem(), (422, "credential-not-allowed"));
}

pub(super) async fn a_user_has_eight_passkeys_and_no_ninth(server: Server) {
    let test = site(&server, "").await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    for number in 2..=8 {
        kim.add_passkey(&mut authenticator(&format!("key {number}"))).await;
    }
    assert_eq!(kim.get("credentials").await.ok()["credentials"].as_array().map(Vec::len), Some(8));
    let ninth = kim.post("registration/options", &json!({})).await;
    assert_eq!(ninth.problem(), (409, "too-many-credentials"));
}

pub(super) async fn passkeys_that_rules_exclude_do_not_count(server: Server) {
    let file = "[group.staff]\nsecond_factor = 'required'\nfactors = 'passkey'\n\
                passkeys = { most = 1, device_bound = true }";
    let test = site(&server, file).await;
    let mut kim = test.browser_with("phone", synced());
    kim.sign_up("kim").await;
    // The user joins the group.
    test.passkeys.rename_user(&test.user("kim").await, "ada").await.expect("the user exists");
    assert_eq!(kim.sign_in().await["state"], "first-factor");
    let mut key = authenticator("key");
    kim.add_passkey(&mut key).await;
    let mut ada = UserAgent { authenticator: key, ..test.browser("ada") };
    assert_eq!(ada.sign_in().await["state"], "signed-in");
    let third = ada.post("registration/options", &json!({})).await;
    assert_eq!(third.problem(), (409, "too-many-credentials"));
}

pub(super) async fn a_group_has_its_own_number_of_passkeys(server: Server) {
    let test = site(&server, "[default]\npasskeys.most = 1\n[group.staff]\npasskeys.most = 2").await;
    for (name, most) in [("kim", 1), ("ada", 2)] {
        let mut browser = test.browser(name);
        browser.sign_up(name).await;
        for number in 1..most {
            browser.add_passkey(&mut authenticator(&format!("{name} {number}"))).await;
        }
        let more = browser.post("registration/options", &json!({})).await;
        assert_eq!(more.problem(), (409, "too-many-credentials"), "{name}");
    }
}

pub(super) async fn options_ask_for_what_the_rules_require(server: Server) {
    let file = "[group.staff.passkeys]\nuser_verification = 'required'\nresident_key = 'required'\n\
                attachment = 'cross-platform'\nattestation = 'trusted'\nalgorithms = 'ES256'";
    let test = site(&server, file).await;
    let options = |name: &'static str| {
        let mut browser = test.browser(name);
        async move { browser.post("registration/options", &json!({"username": name})).await.ok() }
    };
    let (staff, others) = (options("ada").await, options("kim").await);
    assert_eq!(staff["pubKeyCredParams"], json!([{"type": "public-key", "alg": -7}]));
    assert_eq!(staff["attestation"], "direct");
    let selection = &staff["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["authenticatorAttachment"], "cross-platform");
    assert_eq!(others["attestation"], "none");
    assert_eq!(others["authenticatorSelection"].get("authenticatorAttachment"), None);
    assert_eq!(others["pubKeyCredParams"].as_array().map(Vec::len), Some(3));
}

pub(super) async fn rules_for_passkeys_are_checked_at_registration(server: Server) {
    let not_allowed = (422, "authenticator-not-allowed");
    for (rule, config, problem) in [
        ("device_bound = true", synced(), not_allowed),
        ("synced = true", Config::default(), not_allowed),
        ("attachment = 'platform'", Config::default(), not_allowed),
        ("resident_key = 'required'", Config { resident_keys: false, ..Config::default() }, not_allowed),
        ("attestation = 'trusted'", Config::default(), (422, "attestation-untrusted")),
        ("certification = 'L1'", Config::default(), not_allowed),
        ("hardware = true", Config::default(), not_allowed),
        ("models = 'a1000000-0000-4000-8000-000000000001'", Config::default(), not_allowed),
        (
            "user_verification = 'required'",
            Config { verification: Verification::Never, ..Config::default() },
            (422, "user-not-verified"),
        ),
        (
            "algorithms = 'ES256'",
            Config { algorithms: vec![Algorithm::Rs256], ..Config::default() },
            (422, "algorithm-not-allowed"),
        ),
    ] {
        let test = site(&server, &format!("[default.passkeys]\n{rule}")).await;
        let mut kim = test.browser_with("kim", config);
        let mut options = kim.post("registration/options", &json!({"username": "kim"})).await.ok();
        // A page that ignores what the options ask for.
        options["authenticatorSelection"] =
            json!({"userVerification": "preferred", "residentKey": "preferred"});
        options["attestation"] = json!("none");
        options["pubKeyCredParams"] =
            json!([{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}]);
        let response = kim.create_for(&options);
        assert_eq!(kim.register(&response).await.problem(), problem, "{rule}");
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"), "{rule}");
        assert!(test.passkey(&response).await.is_none(), "{rule}");
    }
}

pub(super) async fn a_group_joined_during_a_registration_has_its_rules(server: Server) {
    for rule in ["resident_key = 'required'", "attachment = 'platform'"] {
        let test = site(&server, &format!("[group.staff.passkeys]\n{rule}")).await;
        let mut kim = user(&test, "kim").await;
        password(&mut kim, "kim").await;
        kim.authenticator.config.resident_keys = false;
        let response = kim.create(&json!({})).await;
        // The user joins the group.
        test.passkeys.rename_user(&test.user("kim").await, "ada").await.expect("the user exists");
        assert_eq!(kim.register(&response).await.problem(), (422, "authenticator-not-allowed"), "{rule}");
        assert!(test.passkey(&response).await.is_none(), "{rule}");
    }
}

pub(super) async fn a_session_verifies_again_after_its_age(server: Server) {
    let test = site(&server, "[group.staff]\nreauthenticate.after = '30m'").await;
    let (mut ada, mut kim) = (test.browser("ada"), test.browser("kim"));
    ada.sign_up("ada").await;
    kim.sign_up("kim").await;
    test.wait(Duration::from_mins(30));
    assert_eq!(ada.get("/app/user").await.text(), "ada");
    test.wait(Duration::from_secs(1));
    for answer in [ada.get("/app/user").await, ada.get("credentials").await, ada.get("sessions").await] {
        assert_eq!(required(&answer), json!({"maxAge": 1_800}));
    }
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // The session is not lost: it says who is signed in, and can end.
    assert_eq!(ada.get("session").await.ok()["state"], "signed-in");
    ada.step_up().await;
    assert_eq!(ada.get("/app/user").await.text(), "ada");
}

pub(super) async fn a_changed_context_is_verified_again(server: Server) {
    let test = site(&server, "[default]\nreauthenticate.on_changed_context = true").await;
    let mut kim = test.browser("kim");
    let agent = |name: &str| vec![("user-agent", name.as_bytes().to_vec())];
    kim.headers = agent("Firefox/150.0");
    kim.sign_up("kim").await;
    kim.headers = agent("Firefox/151.0");
    assert_eq!(kim.get("/app/user").await.text(), "kim", "an update of the browser");
    // A copy of the cookie in another browser.
    let mut thief = kim.clone();
    thief.headers = agent("Chrome/150.0");
    for answer in [thief.get("/app/user").await, thief.get("credentials").await] {
        assert_eq!(required(&answer), json!({"maxAge": 0}));
    }
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // With the passkey, the new context is the one of the session.
    thief.step_up().await;
    assert_eq!(thief.get("/app/user").await.text(), "kim");
}

pub(super) async fn a_second_factor_may_be_skipped_where_it_is_optional(server: Server) {
    let test = site(&server, "[default]\nsecond_factor = 'optional'").await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in, may use passkey");
    let session = kim.get("session").await.ok();
    assert_eq!(
        (&session["state"], &session["next"]),
        (&json!("signed-in"), &json!({"secondFactors": ["passkey"]}))
    );
    assert_eq!(kim.get("/app/user").await.text(), "kim");
}

pub(super) async fn a_known_context_needs_no_second_factor_if_rules_say_so(server: Server) {
    let test = site(&server, "[default]\nreauthenticate.at_sign_in = 'changed-context'").await;
    let mut kim = test.browser("kim");
    let agent = |name: &str| vec![("user-agent", name.as_bytes().to_vec())];
    kim.headers = agent("Firefox/150.0");
    kim.sign_up("kim").await;
    let mut same = test.browser("same");
    same.headers = agent("Firefox/151.0");
    assert_eq!(password(&mut same, "kim").await.text(), "kim signed in");
    let mut other = test.browser("other");
    other.headers = agent("Chrome/150.0");
    assert_eq!(password(&mut other, "kim").await.text(), "kim needs passkey");
    // A session that a password opened in a known context does not make another context known.
    kim.sign_out().await;
    let mut third = test.browser("third");
    third.headers = agent("Firefox/150.0");
    assert_eq!(password(&mut third, "kim").await.text(), "kim needs passkey");
}

pub(super) async fn a_recovery_code_enrols_and_does_nothing_else(server: Server) {
    let test = site(&server, "[group.staff]\nfactors = ['passkey', 'totp']").await;
    let mut kim = user(&test, "kim").await;
    password(&mut kim, "kim").await;
    enrol_totp(&test, &mut kim).await;
    kim.post("sign-out", &Value::Null).await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs totp");
    // Where the rules do not name recovery codes, they cannot be made.
    let mut ada = user(&test, "ada").await;
    password(&mut ada, "ada").await;
    let refused = ada.post("factors/recovery-codes/enrol", &json!({})).await;
    assert_eq!(refused.problem(), (404, "factor-unknown"));
    // Elsewhere a code opens enrolment.
    let mut lee = user(&test, "lee").await;
    password(&mut lee, "lee").await;
    let phone = enrol_totp(&test, &mut lee).await;
    verify(&mut lee, "totp", &phone.code(&test, 0)).await.ok();
    let codes = recovery_codes(&mut lee).await;
    lee.sign_out().await;
    assert_eq!(password(&mut lee, "lee").await.text(), "lee needs totp or recovery-codes");
    let session = verify(&mut lee, "recovery-codes", &codes[0]).await.ok();
    assert_eq!(session["state"], "first-factor");
    assert!(session["next"]["enrol"]["by"].is_string());
    assert_eq!(lee.get("/app/user").await.problem(), (401, "second-factor-required"));
    assert_eq!(lee.get("factors").await.problem(), (401, "second-factor-required"));
    let response = lee.create(&json!({})).await;
    lee.register(&response).await.ok();
    assert_eq!(lee.second_factor().await["state"], "signed-in");
}

pub(super) async fn a_passkey_without_uv_is_not_enough_where_required(server: Server) {
    let test = site(&server, "[default]\nsecond_factor = 'required'").await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    kim.authenticator.config.verification = Verification::Never;
    let session = kim.sign_in().await;
    assert_eq!(
        (&session["state"], &session["next"]),
        (&json!("first-factor"), &json!({"secondFactors": ["passkey"]}))
    );
    let mut options = kim.post("authentication/options", &json!({"purpose": "second-factor"})).await.ok();
    assert_eq!(options["userVerification"], "required");
    // A page that ignores it.
    options["userVerification"] = json!("discouraged");
    let response = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "user-not-verified"));
    kim.authenticator.config.verification = Verification::Always;
    assert_eq!(kim.second_factor().await["state"], "signed-in");
}
