//! `drive` against `serve` and against the HTTP interface, without a network.

use std::sync::Arc;
use std::time::Duration;

use rp_conformance::authenticator::Config as Device;
use rp_conformance::drive::{BindingName, Drive, certified_root, entries};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, LOCALHOST, Setup, bare};
use rp_conformance::report::{CaseResult, Must, Outcome, Report};
use rp_conformance::serve::{Check, Config, Server};
use rp_core::{Profile, StaticAnchors, Timestamp, TrustAnchor};
use rp_mds::{Catalog, Metadata, MetadataTrust, Policy, Retention};
use serde_json::json;

pub(crate) const ORIGIN: &str = "http://localhost:8090";

/// A server that knows the models, without one of its checks.
pub(crate) fn server(without: Option<Check>) -> Server {
    let entries: Vec<_> = entries(Timestamp::now()).into_iter().map(|(_, entry)| entry).collect();
    let metadata =
        Metadata::from_own_entries(json!(entries).to_string().as_bytes(), Retention::LEAN).unwrap();
    assert!(metadata.rejected().is_empty());
    let mut policy = Policy::default();
    if without == Some(Check::ModelStatus) {
        policy.overlook_statuses = rp_mds::status::Status::KNOWN.to_vec();
    }
    let trust = MetadataTrust::fixed(Catalog::of("models", metadata), policy);
    Server::new(Config { trust: Some(Arc::new(trust)), without, ..Config::at(ORIGIN) }).unwrap()
}

/// A run against `serve` with every behaviour that the binding can express.
pub(crate) fn drive() -> Drive {
    let mut drive = Drive::new(BindingName::Fido, ORIGIN);
    drive.has_metadata = true;
    drive.jobs = 2;
    drive
}

/// Every case that has no result, and why.
fn without_result(report: &Report) -> Vec<String> {
    let has_none =
        |result| matches!(result, CaseResult::Failed | CaseResult::Unproven | CaseResult::NotExpressible);
    let cases = report.cases.iter().filter(|case| has_none(case.result));
    cases.map(|case| format!("{}: {}", case.id, case.got)).collect()
}

/// Cases that no binding can express.
fn is_of_no_binding(line: &&String) -> bool {
    [
        "metadata/blob-",
        "registration-options/not-earlier",
        "registration/top-origin-accepted",
        "session/timeouts",
        "second-factor/routes",
        "second-factor/code",
        "policy/",
    ]
    .iter()
    .any(|id| line.starts_with(id))
}

#[test]
fn serve_shows_every_behaviour_and_every_reason() {
    let server = server(None);
    let report = drive().run(&|request: &HttpRequest| server.handle(request), |_| ());
    let lines = without_result(&report);
    let unexpected: Vec<_> = lines
        .iter()
        .filter(|line| !is_of_no_binding(line))
        // The algorithm that `serve` does not offer, and the setting that it does not have.
        .filter(|line| !line.contains("ml-dsa-87") && !line.contains("turn/appid"))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let unexplained = report.cases.iter().filter(|case| {
        case.result == CaseResult::Passed && case.expected.starts_with("reject") && case.reason.is_none()
    });
    assert_eq!(unexplained.count(), 0);
    assert!(report.passed > 700, "{report}");
}

#[test]
fn a_server_that_rejects_everything_passes_nothing() {
    let rejects = |_: &HttpRequest| HttpResponse {
        status: 404,
        body: br#"{"status":"failed","errorMessage":"no such route\u001b[2J"}"#.to_vec(),
        ..HttpResponse::default()
    };
    let report = drive().run(&rejects, |_| ());
    assert_eq!(report.passed, 0, "{report}");
    let (accept, reject): (Vec<_>, Vec<_>) = report.cases.iter().partition(|case| case.must == Must::Accept);
    let results = |cases: &[&Outcome], result| cases.iter().filter(|case| case.result == result).count();
    assert!(results(&accept, CaseResult::Failed) > 100, "{report}");
    assert_eq!(results(&accept, CaseResult::Unproven), 0, "{report}");
    assert_eq!(results(&reject, CaseResult::Failed), 0, "{report}");
    assert!(!report.to_string().contains('\u{1b}'));
}

#[test]
fn the_webauthn_profile_has_other_faults_and_quirks() {
    let config = Config { profile: Profile::Webauthn, ..Config::at(ORIGIN) };
    let server = Server::new(config).unwrap();
    let mut drive = Drive::new(BindingName::Fido, ORIGIN);
    drive.profile = Profile::Webauthn;
    drive.only = Some("token-binding".into());
    let report = drive.run(&|request: &HttpRequest| server.handle(request), |_| ());
    let ids: Vec<_> =
        report.cases.iter().map(|case| case.id.split('/').skip(2).collect::<Vec<_>>().join("/")).collect();
    let quirks = ["quirk/token-binding", "quirk/token-binding-present", "quirk/token-binding-not-object"];
    assert_eq!(ids, [quirks, quirks].concat());
    assert_eq!((report.passed, report.failed), (6, 0), "{report}");
}

#[test]
fn the_http_interface_shows_what_it_can_express() {
    let mut setup = Setup { origin: LOCALHOST, ..Setup::default() };
    // All requests come from one address at one time.
    let limits = &mut setup.policy.limits;
    for limit in [
        &mut limits.reveals,
        &mut limits.reveals_per_address,
        &mut limits.sign_ups_per_address,
        &mut limits.ceremonies_per_user,
        &mut limits.ceremonies_per_address,
    ] {
        limit.attempts = u32::MAX;
    }
    let anchor = TrustAnchor::from_der(&certified_root()).unwrap();
    setup.service = Box::new(|builder| builder.trust(Arc::new(StaticAnchors::new([anchor]))));
    let fixture = Fixture::new(setup);
    // The clock of the authenticators.
    fixture.wait(Duration::from_secs(Timestamp::now().saturating_since(Device::default().now).as_secs()));
    let transport = |request: &HttpRequest| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(bare(&fixture).send(request.clone()))
    };
    let mut drive = Drive::new(BindingName::Http, LOCALHOST);
    drive.has_anchor = true;
    let report = drive.run(&transport, |_| ());
    let failed: Vec<_> = without_result(&report)
        .into_iter()
        .filter(|line| !is_of_no_binding(&line) && !NOT_EXPRESSIBLE.iter().any(|why| line.contains(why)))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(report.passed > 250, "{report}");
}

/// The service decides what options say, and this one requests no attestation.
const NOT_EXPRESSIBLE: [&str; 8] = [
    ": the server requests no attestation",
    ": the server does not know the models",
    ": the server does not know the root",
    ": the server does not offer ",
    ": the server does not request the extension ",
    ": the server decides about user verification: preferred, not ",
    ": a request of this interface cannot choose options",
    ": an AppID is a setting of the server",
];
