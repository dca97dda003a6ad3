//! The behaviours of the HTTP interface beyond single ceremonies, as cases.

use super::case::{Case, Play, Test};
use super::fault_reasons::reasons;
use super::played::Expectation;
use super::{group, service};
use crate::authenticator::Fault;

/// The faults of a step-up, one for each kind of check.
const STEP_UP_FAULTS: [Fault; 11] = [
    Fault::ClientTypeOther,
    Fault::ChallengeOther,
    Fault::OriginOther,
    Fault::CrossOrigin,
    Fault::RpIdHashOther,
    Fault::UserNotPresent,
    Fault::UserNotVerified,
    Fault::BackupEligibilityChanged,
    Fault::UserHandleOther,
    Fault::AssertionFlipped,
    Fault::CounterSame,
];

/// The faults of a proof, one for each kind of check.
const PROOF_FAULTS: [Fault; 9] = [
    Fault::ClientTypeOther,
    Fault::ChallengeOther,
    Fault::OriginOther,
    Fault::RpIdHashOther,
    Fault::UserNotPresent,
    Fault::SigFlipped,
    Fault::LeafExpired,
    Fault::PathToOwnRoot,
    Fault::LeafIsCa,
];

/// The cases of the HTTP interface.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = tests();
    for fault in STEP_UP_FAULTS {
        cases.push(Case {
            id: format!("step-up/fault/{fault}"),
            group: group::STEP_UP.into(),
            note: fault.about().into(),
            expect: Expectation::reject(&reasons(fault, "authentication")),
            play: Play::StepUp(fault),
        });
    }
    for fault in PROOF_FAULTS {
        cases.push(Case {
            id: format!("proof/fault/{fault}"),
            group: group::PROOF.into(),
            note: fault.about().into(),
            expect: Expectation::reject(&reasons(fault, "registration")),
            play: Play::Proof(fault),
        });
    }
    cases.extend(impossible());
    cases
}

fn tests() -> Vec<Case> {
    let case = |id: &str, group: &str, note: &str, reasons: &[&'static str], test: Test| Case {
        id: id.into(),
        group: group.into(),
        note: note.into(),
        expect: match reasons {
            [] => Expectation::accept(),
            reasons => Expectation::reject(reasons),
        },
        play: Play::Test(test),
    };
    let session = |name: &str, note: &str, reason: &'static str, test| {
        case(&format!("session/{name}"), group::SESSION, note, &[reason], test)
    };
    let step_up = |name: &str, note: &str, reasons: &[&'static str], test| {
        case(&format!("step-up/{name}"), group::STEP_UP, note, reasons, test)
    };
    let proof = |name: &str, note: &str, reasons: &[&'static str], test| {
        case(&format!("proof/{name}"), group::PROOF, note, reasons, test)
    };
    let out = "not-signed-in";
    vec![
        session("none", "a browser without a session", out, service::without_session),
        session("before-step-up", "the token from before a step-up", out, service::token_before_step_up),
        session("after-sign-out", "the token after the sign-out", out, service::token_after_sign_out),
        session(
            "of-deleted-passkey",
            "a session of a passkey that was deleted",
            out,
            service::deleted_passkey,
        ),
        session(
            "passkey-of-another-account",
            "deleting a passkey of another account",
            "credential-unknown",
            service::passkey_of_another_account,
        ),
        session(
            "session-of-another-account",
            "ending a session of another account",
            "session-unknown",
            service::session_of_another_account,
        ),
        session(
            "cross-site",
            "a request of a page of another site",
            "cross-site-request",
            service::cross_site,
        ),
        step_up("without-session", "options without a session", &[out], service::step_up_without_session),
        step_up(
            "passkey-of-another-account",
            "a valid response of another account's passkey",
            &["credential-not-allowed", "credential-unknown", "user-handle-mismatch", "signature-invalid"],
            service::step_up_of_another_account,
        ),
        step_up(
            "another-browser",
            "the response in another browser",
            &["no-ceremony"],
            service::step_up_elsewhere,
        ),
        step_up("used-twice", "the same response again", &["no-ceremony"], service::step_up_used_twice),
        case(
            "second-factor/without-first",
            group::SECOND_FACTOR,
            "options for a second factor without a first one",
            &[out],
            service::second_factor_without_first,
        ),
        proof("genuine", "a genuine authenticator", &[], service::genuine_proof),
        proof("used-twice", "the same response again", &["no-ceremony"], service::proof_used_twice),
        proof("as-sign-up", "the response as a registration", &["no-ceremony"], service::proof_as_sign_up),
        proof(
            "without-attestation",
            "no attestation",
            &["attestation-untrusted"],
            service::proof_without_attestation,
        ),
    ]
}

/// Behaviours that the interface does not show to a client.
fn impossible() -> Vec<Case> {
    let case = |group: &str, id: &str, note: &str, why: &'static str| Case {
        id: id.into(),
        group: group.into(),
        note: note.into(),
        expect: Expectation::reject(&[]),
        play: Play::Impossible(why),
    };
    const FIRST_FACTOR: &str = "a route of the application opens the session of a first factor";
    const CLOCK: &str = "only waiting shows it; the tests of the HTTP interface set the clock";
    const POLICY: &str = "the rules of the server are not visible; the tests of the HTTP interface set them";
    vec![
        case(
            group::SECOND_FACTOR,
            "second-factor/routes",
            "a session of a first factor on other routes",
            FIRST_FACTOR,
        ),
        case(group::SECOND_FACTOR, "second-factor/code", "a wrong, old or used code", FIRST_FACTOR),
        case(group::SESSION, "session/timeouts", "a session after its idle or absolute limit", CLOCK),
        case(group::POLICY, "policy/enrolment", "a factor that is required from a date", POLICY),
        case(group::POLICY, "policy/authenticators", "an authenticator that the rules exclude", POLICY),
        case(group::POLICY, "policy/number", "more passkeys than the rules allow", POLICY),
        case(group::POLICY, "policy/context", "a session whose context changed", POLICY),
    ]
}
