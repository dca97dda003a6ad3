//! Servers without one of their checks: `drive` finds each of them, and the cases that fail name the check.

use std::collections::BTreeSet;

use rp_conformance::http::HttpRequest;
use rp_conformance::report::CaseResult;
use rp_conformance::serve::Check;

use crate::serve::{drive, server};

const BOTH: [&str; 2] = ["registration/none-es256/fault/", "authentication/none-es256/fault/"];

/// These faults in both ceremonies.
fn both(faults: &[&str]) -> Vec<String> {
    BOTH.iter().flat_map(|ceremony| faults.iter().map(move |fault| format!("{ceremony}{fault}"))).collect()
}

/// These faults in authentication.
fn get(faults: &[&str]) -> Vec<String> {
    faults.iter().map(|fault| format!("authentication/none-es256/fault/{fault}")).collect()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// The cases that fail without a check, of those whose id contains a text.
fn failures(check: Check) -> (&'static str, Vec<String>) {
    match check {
        Check::Challenge => (
            "challenge-",
            [
                both(&["challenge-empty", "challenge-other", "challenge-longer"]),
                ids(&["account/challenge-of-another-session"]),
            ]
            .concat(),
        ),
        Check::Origin => (
            "fault/origin-",
            both(&[
                "origin-empty",
                "origin-other",
                "origin-scheme",
                "origin-port",
                "origin-prefix",
                "origin-suffix",
                "origin-hyphen",
                "origin-international",
                "origin-subdomain",
                "origin-trailing-dot",
                "origin-case",
            ]),
        ),
        // The second one is rejected for the page's origin instead.
        Check::CrossOrigin => ("-origin", both(&["cross-origin", "top-origin-unexpected"])),
        Check::UserVerification => ("user-", both(&["user-not-verified"])),
        Check::Algorithm => ("algorithm", ids(&["registration/none-es256/fault/algorithm-not-offered"])),
        Check::Attestation => ("packed-es256/fault/sig-", sig_faults()),
        Check::Trust => ("packed-es256/fault/path-", path_faults()),
        Check::ModelStatus => (
            "metadata/",
            ids(&[
                "metadata/user-verification-bypass",
                "metadata/attestation-key-compromise",
                "metadata/user-key-remote-compromise",
                "metadata/user-key-physical-compromise",
                "metadata/revoked",
                "metadata/revoked-then-certified",
            ]),
        ),
        Check::Counter => ("counter-", get(&["counter-same", "counter-less", "counter-zero"])),
        Check::BackupEligibility => ("backup-", get(&["backup-eligibility-changed"])),
        Check::UserHandle => ("user-", get(&["user-handle-other", "user-handle-missing"])),
        Check::Account => ("account/", ids(&["account/credential-of-another-account"])),
        Check::SingleUse => {
            ("account/", ids(&["account/registration-used-twice", "account/authentication-used-twice"]))
        }
        Check::CredentialExists => ("account/", ids(&["account/credential-exists"])),
        Check::TokenBinding => (
            "token-binding",
            both(&[
                "token-binding-not-object",
                "token-binding-without-status",
                "token-binding-status-other",
                "token-binding-present",
            ]),
        ),
        Check::FreshChallenge => (
            "challenge",
            ids(&[
                "registration-options/challenges-differ",
                "authentication-options/challenges-differ",
                "account/challenge-of-another-session",
            ]),
        ),
        other => panic!("no failures are listed without {other:?}"),
    }
}

fn sig_faults() -> Vec<String> {
    let faults = ["sig-missing", "sig-not-bytes", "sig-empty", "sig-flipped", "sig-of-other-key"];
    let faults = faults.iter().chain(&["sig-by-credential-key"]);
    faults.map(|fault| format!("registration/packed-es256/fault/{fault}")).collect()
}

fn path_faults() -> Vec<String> {
    ["path-out-of-order", "path-with-gap", "path-to-own-root", "path-to-name-only"]
        .map(|fault| format!("registration/packed-es256/fault/{fault}"))
        .into()
}

#[test]
fn a_server_without_one_check_fails_the_cases_of_that_check() {
    for check in Check::ALL {
        let server = server(Some(*check));
        let (only, expected) = failures(*check);
        let mut drive = drive();
        drive.only = Some(only.into());
        let report = drive.run(&|request: &HttpRequest| server.handle(request), |_| ());
        let failed: BTreeSet<_> = report
            .cases
            .iter()
            .filter(|case| case.result == CaseResult::Failed)
            .map(|case| case.id.clone())
            .collect();
        assert_eq!(failed, expected.into_iter().collect(), "{check:?}\n{report}");
    }
}
