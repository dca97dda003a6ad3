//! Every behaviour of a conforming server as a case.

use rp_core::{Code, Profile};

use super::case::{Case, Play, Test};
use super::fault_reasons::reasons;
use super::models::{BAD_STATUSES, Model};
use super::played::Expectation;
use super::settings::{BindingName, Drive};
use super::turn::Turn;
use super::{accounts, group, options, service_cases};
use crate::authenticator::{Algorithm, Ceremony, Fault, Format, Quirk, Setting};
use crate::matrix::scenario::Scenario;
use crate::matrix::turns;

/// The cases of a run, group by group.
pub(super) fn cases(drive: &Drive) -> Vec<Case> {
    let mut cases = creation_options();
    cases.extend(registrations(drive));
    cases.extend(request_options());
    cases.extend(authentications(drive));
    cases.extend(account());
    cases.extend(models());
    if drive.binding == BindingName::Http {
        cases.extend(service_cases::cases());
    }
    cases.extend(impossible());
    // Cases of one group are next to each other in the report.
    let mut groups: Vec<String> = Vec::new();
    for case in &cases {
        if !groups.contains(&case.group) {
            groups.push(case.group.clone());
        }
    }
    cases.sort_by_key(|case| groups.iter().position(|group| *group == case.group));
    cases
}

fn creation_options() -> Vec<Case> {
    let case = |name: &str, note: &str, test: Test| Case {
        id: format!("registration-options/{name}"),
        group: group::CREATION_OPTIONS.into(),
        note: note.into(),
        expect: Expectation::accept(),
        play: Play::Test(test),
    };
    vec![
        case("rp", "rp.name and rp.id are present", options::relying_party),
        case("user", "user.name, user.displayName and a user.id of 1 to 64 bytes", options::user),
        case("challenge", "the challenge has 16 bytes or more", options::creation_challenge),
        case("challenges-differ", "no two challenges are equal", options::creation_challenges_differ),
        case("algorithms", "pubKeyCredParams is a list of {type, alg}", options::algorithms),
        case("timeout", "the timeout is 5 to 10 minutes", options::creation_timeout),
        case("attestation", "attestation is as requested", options::attestation_as_requested),
        case("selection", "authenticatorSelection is as requested", options::selection_as_requested),
        case("extensions", "extensions are as requested", options::creation_extensions),
        case("excludes", "excludeCredentials lists registered credentials", options::excludes_registered),
        case(
            "excludes-nothing",
            "a new account has no excludeCredentials",
            options::excludes_nothing_at_first,
        ),
        case("no-null", "a member that is not set is omitted", options::creation_without_null),
    ]
}

fn request_options() -> Vec<Case> {
    let case = |name: &str, note: &str, test: Test| Case {
        id: format!("authentication-options/{name}"),
        group: group::REQUEST_OPTIONS.into(),
        note: note.into(),
        expect: Expectation::accept(),
        play: Play::Test(test),
    };
    vec![
        case("rp-id", "rpId is that of the registration", options::request_rp_id),
        case("challenge", "the challenge has 16 bytes or more", options::request_challenge),
        case("challenges-differ", "no two challenges are equal", options::request_challenges_differ),
        case("timeout", "the timeout is 5 to 10 minutes", options::request_timeout),
        case(
            "allows",
            "allowCredentials lists the account's credentials with transports",
            options::allows_credentials_of_the_account,
        ),
        case(
            "user-verification",
            "userVerification is as requested",
            options::user_verification_as_requested,
        ),
        case("extensions", "extensions are returned", options::request_extensions),
        case("no-null", "a member that is not set is omitted", options::request_without_null),
    ]
}

fn registrations(drive: &Drive) -> Vec<Case> {
    let mut cases = Vec::new();
    for format in Format::ALL.iter().copied() {
        for algorithm in Algorithm::ALL.iter().copied().filter(|algorithm| format.fits(*algorithm)) {
            cases.push(registration(Scenario::new(format, algorithm), group::of_format(format)));
        }
    }
    for scenario in turns::registrations() {
        let group = group::of_format(scenario.format);
        let is_leaf = scenario.leaf_is_anchor;
        let mut case = registration(scenario, group);
        if let (true, Play::Registration(turn)) = (is_leaf, &mut case.play) {
            (turn.model, turn.needs_metadata) = (Model::LeafAnchor, true);
        }
        cases.push(case);
    }
    for quirk in quirks(drive, Ceremony::Create) {
        let formats = Format::ALL.iter().copied().filter(|format| quirk.fits(*format));
        let formats: Vec<_> = if drive.thorough { formats.collect() } else { formats.take(1).collect() };
        for format in formats {
            let scenario = Scenario { quirk: Some(quirk), ..Scenario::new(format, Algorithm::Es256) };
            cases.push(registration(scenario, group::of_quirk(quirk, Ceremony::Create)));
        }
    }
    for fault in faults(drive) {
        for (format, algorithm) in places(fault, drive.thorough) {
            let scenario = Scenario { fault: Some(fault), ..Scenario::new(format, algorithm) };
            cases.push(registration(scenario, group::of_fault(fault, Ceremony::Create, format)));
        }
    }
    cases
}

/// The formats and keys with which a fault is made at registration: with each format of its own, but only with the first
/// one if it has nothing to do with formats, unless the run is thorough.
fn places(fault: Fault, thorough: bool) -> Vec<(Format, Algorithm)> {
    let key = |format: Format| {
        let keys = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
        let fits = move |algorithm: &Algorithm| {
            format.fits(*algorithm) && fault.applies_to(Ceremony::Create, format, *algorithm)
        };
        keys.into_iter().find(fits).map(|algorithm| (format, algorithm))
    };
    let places: Vec<_> = Format::ALL.iter().copied().filter_map(key).collect();
    let is_general = places.len() == Format::ALL.len() || fault.setting() == Setting::OtherAlgorithms;
    match places.first() {
        Some(first) if is_general && (!thorough || fault.setting() == Setting::OtherAlgorithms) => {
            vec![*first]
        }
        _ => places,
    }
}

fn authentications(drive: &Drive) -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        cases.push(authentication(Scenario::new(Format::None, algorithm), group::ALGORITHMS.into()));
    }
    for scenario in turns::authentications() {
        cases.push(authentication(scenario, group::AUTHENTICATOR_DATA.into()));
    }
    for quirk in quirks(drive, Ceremony::Get) {
        let scenario = Scenario { quirk: Some(quirk), ..Scenario::new(Format::None, Algorithm::Es256) };
        cases.push(authentication(scenario, group::of_quirk(quirk, Ceremony::Get)));
    }
    for algorithm in Algorithm::ALL.iter().copied() {
        for fault in faults(drive) {
            let of_interest = algorithm == Algorithm::Es256 || fault.name().starts_with("assertion-");
            // A credential of another account is a test of its own.
            let is_own = fault.setting() == Setting::OtherCredentials;
            if of_interest && !is_own && fault.applies_to(Ceremony::Get, Format::None, algorithm) {
                let scenario = Scenario { fault: Some(fault), ..Scenario::new(Format::None, algorithm) };
                cases.push(authentication(scenario, group::of_fault(fault, Ceremony::Get, Format::None)));
            }
        }
    }
    cases
}

/// The faults of a profile.
fn faults(drive: &Drive) -> impl Iterator<Item = Fault> {
    let is_fido = drive.profile == Profile::Fido;
    Fault::ALL.iter().copied().filter(move |fault| is_fido || fault.setting() != Setting::FidoProfile)
}

/// The quirks of a profile: the `fido` profile rejects two.
fn quirks(drive: &Drive, ceremony: Ceremony) -> impl Iterator<Item = Quirk> {
    let is_fido = drive.profile == Profile::Fido;
    let is_rejected = |quirk| matches!(quirk, Quirk::TokenBindingPresent | Quirk::TokenBindingNotObject);
    let of_profile = move |quirk: &Quirk| quirk.applies_to(ceremony) && !(is_fido && is_rejected(*quirk));
    Quirk::ALL.iter().copied().filter(of_profile)
}

fn registration(scenario: Scenario, group: String) -> Case {
    of(scenario, group, "registration", Play::Registration)
}

fn authentication(scenario: Scenario, group: String) -> Case {
    of(scenario, group, "authentication", Play::Authentication)
}

fn of(scenario: Scenario, group: String, ceremony: &str, play: fn(Turn) -> Play) -> Case {
    let subject = format!("{ceremony}/{}-{}", scenario.format, scenario.algorithm);
    let (id, note) = match (scenario.fault, scenario.quirk, scenario.name) {
        (Some(fault), ..) => (format!("{subject}/fault/{fault}"), fault.about().to_owned()),
        (_, Some(quirk), _) => (format!("{subject}/quirk/{quirk}"), quirk.about().to_owned()),
        (.., Some(name)) => (format!("{subject}/turn/{name}"), name.replace('-', " ")),
        _ => (subject, "nothing unusual".to_owned()),
    };
    let expect = match scenario.fault {
        None => Expectation::accept(),
        Some(fault) => Expectation::reject(&reasons(fault, ceremony)),
    };
    Case { id, group, note, expect, play: play(Turn::new(scenario)) }
}

fn account() -> Vec<Case> {
    let case = |name: &str, note: &str, reasons: &[&'static str], test: Test| Case {
        id: format!("account/{name}"),
        group: group::ACCOUNT.into(),
        note: note.into(),
        expect: Expectation::reject(reasons),
        play: Play::Test(test),
    };
    let used = &["challenge-mismatch", "no-ceremony"];
    vec![
        case(
            "credential-of-another-account",
            "a valid response of another account's credential",
            // The last one is what the HTTP interface says whenever a username was given.
            &["credential-not-allowed", "user-handle-mismatch", "signature-invalid"],
            accounts::credential_of_another_account,
        ),
        case(
            "registration-used-twice",
            "the same registration response again",
            used,
            accounts::registration_used_twice,
        ),
        case(
            "authentication-used-twice",
            "the same authentication response again",
            used,
            accounts::assertion_used_twice,
        ),
        case(
            "challenge-of-another-session",
            "a response to the challenge of another session",
            used,
            accounts::challenge_of_another_session,
        ),
        case(
            "credential-exists",
            "a credential ID that another account has",
            &["credential-exists"],
            accounts::credential_exists,
        ),
    ]
}

fn models() -> Vec<Case> {
    let case = |name: &str, note: &str, model, algorithm| {
        let mut turn = Turn::new(Scenario::new(Format::Packed, algorithm));
        (turn.model, turn.needs_metadata) = (model, true);
        Case {
            id: format!("metadata/{name}"),
            group: group::METADATA.into(),
            note: note.into(),
            expect: Expectation::reject(&[
                Code::AttestationUntrusted.as_str(),
                Code::AuthenticatorNotAllowed.as_str(),
            ]),
            play: Play::Registration(turn),
        }
    };
    let es256 = Algorithm::Es256;
    let mut cases = vec![Case {
        expect: Expectation::accept(),
        ..case("certified", "a model that is listed and certified", Model::Certified, es256)
    }];
    for status in BAD_STATUSES {
        let name = status.to_lowercase().replace('_', "-");
        let note = format!("a report of {status} is in force");
        cases.push(case(&name, &note, Model::Reported(status), es256));
    }
    cases.push(case(
        "revoked-then-certified",
        "a later certification does not lift a revocation by itself",
        Model::RevokedThenCertified,
        es256,
    ));
    cases.push(case("format-not-listed", "the statement lists another format", Model::OnlyTpm, es256));
    cases.push(case(
        "algorithm-not-listed",
        "the statement lists another algorithm",
        Model::OnlyEs384,
        es256,
    ));
    let mut root =
        case("root-of-another-model", "the root is that of another listed model", Model::OtherVendor, es256);
    let mut unlisted = case("not-listed", "no list contains the model", Model::Unlisted, es256);
    for case in [&mut root, &mut unlisted] {
        if let Play::Registration(turn) = &mut case.play {
            turn.needs_trust = true;
        }
    }
    if let Play::Registration(turn) = &mut root.play {
        turn.is_of_certified_vendor = true;
    }
    cases.extend([root, unlisted]);
    cases
}

/// Behaviours that no binding can express, with the reason.
fn impossible() -> Vec<Case> {
    let case = |group: &str, id: &str, note: &str, why: &'static str| Case {
        id: id.into(),
        group: group.into(),
        note: note.into(),
        expect: Expectation::reject(&[]),
        play: Play::Impossible(why),
    };
    const BLOB: &str =
        "a BLOB does not come with a response; `conformance run` has vectors of the kind `mds`";
    const WAIT: &str = "only waiting for the timeout shows it; the tests of the HTTP interface set the clock";
    const FRAMES: &str = "only a server that accepts frames accepts the same response with another topOrigin";
    vec![
        case(
            group::CREATION_OPTIONS,
            "registration-options/not-earlier",
            "the ceremony does not expire before its timeout",
            WAIT,
        ),
        case(group::METADATA, "metadata/blob-signature", "the signature of a BLOB does not verify", BLOB),
        case(group::METADATA, "metadata/blob-chain", "the chain of a BLOB does not verify", BLOB),
        case(group::METADATA, "metadata/blob-signer", "the signer of a BLOB is revoked or has expired", BLOB),
        case(group::METADATA, "metadata/blob-number", "the number of a BLOB decreases", BLOB),
        case(group::METADATA, "metadata/blob-algorithm", "alg of a BLOB is none or an HMAC", BLOB),
        case(
            "Registration: client data",
            "registration/top-origin-accepted",
            "a frame of an accepted page",
            FRAMES,
        ),
    ]
}
