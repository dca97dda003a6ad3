use serde_json::{Value, json};

use super::*;
use crate::catalog::Catalog;
use crate::entry::statement::Retention;
use crate::freshness::{Staleness, TooOld};
use crate::metadata::Metadata;
use crate::policy::{Policy, Severity, UnknownStatus};

const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";

fn catalog(reports: Value) -> Catalog {
    let entry = json!({
        "aaguid": AAGUID,
        "metadataStatement": {
            "description": "Example Key",
            "authenticatorVersion": 5,
            "keyProtection": ["hardware", "tee"],
            "matcherProtection": ["on_chip"],
            "attachmentHint": ["external", "nfc"],
            "userVerificationDetails": [[{"userVerificationMethod": "fingerprint_internal"}]]
        },
        "statusReports": reports
    });
    let list = json!([entry]).to_string();
    Catalog::of("FIDO", Metadata::from_own_entries(list.as_bytes(), Retention::ALL).unwrap())
}

fn at(day: &str) -> Timestamp {
    day.parse::<Date>().unwrap().start()
}

fn model() -> ModelId {
    AAGUID.parse().unwrap()
}

fn judge(policy: &Policy, reports: Value, day: &str) -> Verdict {
    policy.judge(&catalog(reports), &ModelQuery::new(model(), at(day)))
}

fn refusals(verdict: &Verdict) -> Vec<String> {
    verdict.refusals().map(ToString::to_string).collect()
}

fn report(status: &str, since: &str) -> Value {
    json!({"status": status, "effectiveDate": since})
}

#[test]
fn the_default_refuses_revoked_and_compromised_models() {
    let policy = Policy::default();
    for status in Status::KNOWN {
        let verdict = judge(&policy, json!([report(status.as_str(), "2024-01-01")]), "2026-01-01");
        let expected = if status.is_bad() { vec![format!("{status} since 2024-01-01")] } else { vec![] };
        assert_eq!(refusals(&verdict), expected);
        assert_eq!(verdict.status, Some(status));
    }
}

#[test]
fn a_bad_report_counts_whatever_its_place_and_what_came_later() {
    let certified = report("FIDO_CERTIFIED_L2", "2025-01-01");
    for reports in [
        json!([report("REVOKED", "2024-01-01"), certified]),
        json!([certified, report("REVOKED", "2024-01-01")]),
    ] {
        let verdict = judge(&Policy::default(), reports, "2026-01-01");
        assert_eq!(refusals(&verdict), ["REVOKED since 2024-01-01"]);
        assert_eq!(verdict.status, Some(Status::from("FIDO_CERTIFIED_L2")), "the newest is another matter");
    }
}

#[test]
fn a_report_counts_from_its_date_to_its_sunset() {
    let policy = Policy::default();
    let reports = json!([{"status": "REVOKED", "effectiveDate": "2024-01-02", "sunsetDate": "2025-01-01"}]);
    for (day, refused) in [("2024-01-01", false), ("2024-01-02", true), ("2025-01-01", false)] {
        assert_eq!(!judge(&policy, reports.clone(), day).is_accepted(), refused, "{day}");
    }
    let verdict = judge(&policy, json!([{"status": "REVOKED"}]), "1990-01-01");
    assert_eq!(refusals(&verdict), ["REVOKED without a date"]);
}

#[test]
fn a_verdict_contains_its_reasons() {
    let policy = Policy { minimum_certification: Some(CertificationLevel::L2), ..Policy::default() };
    let reports = json!([
        report("FIDO_CERTIFIED_L1", "2023-01-01"),
        {"status": "USER_KEY_REMOTE_COMPROMISE", "effectiveDate": "2024-01-01", "authenticatorVersion": 3},
        {"status": "UPDATE_AVAILABLE", "effectiveDate": "2024-02-01", "authenticatorVersion": 4}
    ]);
    assert_eq!(
        judge(&policy, reports, "2026-01-01").to_string(),
        format!(
            "refused: {AAGUID} (Example Key)\
             \n  refused: USER_KEY_REMOTE_COMPROMISE of version 3 since 2024-01-01\
             \n  note: UPDATE_AVAILABLE of version 4 since 2024-02-01\
             \n  refused: certification L1, not L2"
        )
    );
}

#[test]
fn levels_are_compared_and_the_newest_counts() {
    use CertificationLevel::{Functional, L1, L2, L2Plus};
    let level = |reports| judge(&Policy::default(), reports, "2026-01-01").certification;
    let both = |day: &str| json!([report("FIDO_CERTIFIED_L1", "2024-01-01"), report("FIDO_CERTIFIED", day)]);
    assert_eq!(level(both("2024-01-01")), Some(L1));
    assert_eq!(level(both("2025-01-01")), Some(L1), "certification of functions takes no level away");
    assert_eq!(level(json!([report("FIDO_CERTIFIED", "2024-01-01")])), Some(Functional));
    let rising =
        json!([report("FIDO_CERTIFIED_L2plus", "2025-01-01"), report("FIDO_CERTIFIED_L2", "2024-01-01")]);
    assert_eq!(level(rising), Some(L2Plus));
    let fips =
        json!([report("FIPS140_CERTIFIED_L3", "2025-01-01"), report("FIDO_CERTIFIED_L2", "2024-01-01")]);
    let verdict = judge(&Policy::default(), fips, "2026-01-01");
    assert_eq!((verdict.certification, verdict.fips), (Some(L2), Some(FipsLevel::L3)));
    for status in ["NOT_FIDO_CERTIFIED", "SELF_ASSERTION_SUBMITTED"] {
        let lapsed = json!([report("FIDO_CERTIFIED_L2", "2024-01-01"), report(status, "2025-01-01")]);
        assert_eq!(level(lapsed), None, "{status}");
    }
    assert_eq!(level(json!([report("FIDO_CERTIFIED_L2", "2026-01-02")])), None, "not yet");
}

#[test]
fn a_certification_is_for_its_firmware_and_later_versions() {
    let reports =
        json!([{"status": "FIDO_CERTIFIED_L2", "effectiveDate": "2024-01-01", "authenticatorVersion": 4}]);
    let level = |firmware| {
        let query = ModelQuery { firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        Policy::default().judge(&catalog(reports.clone()), &query).certification
    };
    let l2 = Some(CertificationLevel::L2);
    assert_eq!([level(None), level(Some(3)), level(Some(4)), level(Some(5))], [l2, None, l2, l2]);
}

#[test]
fn a_claimed_firmware_version_can_only_cause_rejection() {
    let certified = |status: &str, since: &str, version: Value| json!({"status": status, "effectiveDate": since, "authenticatorVersion": version});
    let reports = json!([
        certified("FIDO_CERTIFIED_L2", "2024-01-01", json!(1)),
        certified("FIDO_CERTIFIED_L1", "2025-01-01", json!(4)),
    ]);
    let claims = |reports: &Value, policy: &Policy, claimed_firmware| {
        let query = ModelQuery { claimed_firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        policy.judge(&catalog(reports.clone()), &query)
    };
    let level = |claimed| claims(&reports, &Policy::default(), claimed).certification;
    let (l1, l2) = (Some(CertificationLevel::L1), Some(CertificationLevel::L2));
    let query = ModelQuery { firmware: Some(3), ..ModelQuery::new(model(), at("2026-01-01")) };
    assert_eq!(Policy::default().judge(&catalog(reports.clone()), &query).certification, l2, "a fact");
    assert_eq!([level(None), level(Some(3)), level(Some(0)), level(Some(4))], [l1, l1, None, l1]);
    let update = json!([certified("UPDATE_AVAILABLE", "2024-02-01", json!(4))]);
    let refuse = Policy { outdated_firmware: Severity::Refuse, ..Policy::default() };
    let outdated = |claimed| !claims(&update, &refuse, claimed).is_accepted();
    assert_eq!([outdated(Some(3)), outdated(Some(4))], [true, false]);
}

#[test]
fn a_fips_level_can_be_required() {
    let policy = Policy { minimum_fips: Some(FipsLevel::L2), ..Policy::default() };
    let refusals = |status| refusals(&judge(&policy, json!([report(status, "2024-01-01")]), "2026-01-01"));
    assert_eq!(refusals("FIPS140_CERTIFIED_L1"), ["FIPS 140 level 1, not 2"]);
    assert_eq!(refusals("FIDO_CERTIFIED_L3plus"), ["FIPS 140 level none, not 2"]);
    assert!(refusals("FIPS140_CERTIFIED_L2").is_empty());
}

#[test]
fn the_newest_fips_level_counts_and_of_two_entries_the_lower() {
    let fips = |entries: &[Value], firmware| {
        let entry = |reports: &Value| json!({"aaguid": AAGUID, "statusReports": reports});
        let list = Value::from_iter(entries.iter().map(entry)).to_string();
        let catalog =
            Catalog::of("own", Metadata::from_own_entries(list.as_bytes(), Retention::ALL).unwrap());
        let query = ModelQuery { firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        Policy::default().judge(&catalog, &query).fips
    };
    let (old, new) =
        (report("FIPS140_CERTIFIED_L3", "2024-01-01"), report("FIPS140_CERTIFIED_L2", "2025-01-01"));
    assert_eq!(fips(&[json!([old])], None), Some(FipsLevel::L3));
    assert_eq!(fips(&[json!([old, new])], None), Some(FipsLevel::L2));
    assert_eq!(fips(&[json!([old]), json!([new])], None), Some(FipsLevel::L2));
    assert_eq!(fips(&[json!([old]), json!([])], None), None);
    let of_firmware =
        json!([{"status": "FIPS140_CERTIFIED_L3", "effectiveDate": "2024-01-01", "authenticatorVersion": 4}]);
    let of_firmware = [of_firmware];
    assert_eq!([fips(&of_firmware, Some(3)), fips(&of_firmware, Some(4))], [None, Some(FipsLevel::L3)]);
}

#[test]
fn an_unknown_status_without_a_date_is_never_good() {
    let level = |unknown: Value| {
        let reports = json!([report("FIDO_CERTIFIED_L1", "2024-01-01"), unknown]);
        judge(&Policy::default(), reports, "2026-01-01").certification
    };
    assert_eq!(level(report("LATER_STATUS", "2023-01-01")), Some(CertificationLevel::L1));
    assert_eq!(level(json!({"status": "LATER_STATUS"})), None);
}

#[test]
fn an_unknown_status_is_never_good() {
    let judge = |unknown_status, day| {
        let policy = Policy {
            unknown_status,
            minimum_certification: Some(CertificationLevel::L1),
            ..Policy::default()
        };
        let reports = json!([report("FIDO_CERTIFIED_L1", "2024-01-01"), report("LATER_STATUS", day)]);
        refusals(&judge(&policy, reports, "2026-01-01"))
    };
    assert_eq!(judge(UnknownStatus::Distrust, "2024-01-01"), ["certification none, not L1"]);
    assert!(judge(UnknownStatus::Distrust, "2023-12-31").is_empty(), "certified since");
    assert!(judge(UnknownStatus::Note, "2025-01-01").is_empty());
    let refused = judge(UnknownStatus::Refuse, "2023-12-31");
    assert_eq!(refused, ["LATER_STATUS since 2023-12-31, an unknown status"]);
}

#[test]
fn a_later_certification_lifts_only_if_the_policy_allows_it() {
    let judge = |certification_lifts, day| {
        let policy = Policy { certification_lifts, ..Policy::default() };
        let reports = json!([report("REVOKED", "2024-01-01"), report("FIDO_CERTIFIED_L1", day)]);
        judge(&policy, reports, "2026-01-01")
    };
    assert!(!judge(false, "2025-01-01").is_accepted());
    assert!(!judge(true, "2024-01-01").is_accepted(), "a bad one wins a tie");
    let lifted = judge(true, "2025-01-01");
    assert!(lifted.is_accepted());
    assert_eq!(
        lifted.findings[0].reason.to_string(),
        "REVOKED since 2024-01-01, lifted by FIDO_CERTIFIED_L1 since 2025-01-01"
    );
    let policy = Policy { certification_lifts: true, ..Policy::default() };
    let undated = json!([{"status": "REVOKED"}, report("FIDO_CERTIFIED_L1", "2025-01-01")]);
    assert!(
        !super::tests::judge(&policy, undated, "2026-01-01").is_accepted(),
        "nobody knows which is later"
    );
}

#[test]
fn a_certification_of_newer_firmware_lifts_nothing_for_older() {
    let policy = Policy { certification_lifts: true, ..Policy::default() };
    let reports = json!([
        report("REVOKED", "2024-01-01"),
        {"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2025-01-01", "authenticatorVersion": 4}
    ]);
    let accepted = |firmware| {
        let query = ModelQuery { firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        policy.judge(&catalog(reports.clone()), &query).is_accepted()
    };
    assert_eq!([accepted(Some(4)), accepted(Some(3))], [true, false]);
}

#[test]
fn an_update_that_the_statement_does_not_describe_is_noted() {
    let findings = |version: u64| {
        let update = json!([{"status": "UPDATE_AVAILABLE", "effectiveDate": "2024-02-01", "authenticatorVersion": version}]);
        let verdict = judge(&Policy::default(), update, "2026-01-01");
        assert!(verdict.is_accepted());
        verdict.findings.iter().map(|one| one.reason.to_string()).collect::<Vec<_>>()
    };
    // The statement's version is 5.
    assert_eq!(findings(5), ["UPDATE_AVAILABLE of version 5 since 2024-02-01"]);
    let update = "UPDATE_AVAILABLE of version 6 since 2024-02-01";
    let unconfirmed = format!("{update}, but the statement describes older firmware");
    assert_eq!(findings(6), [unconfirmed.as_str(), update]);
}

#[test]
fn the_default_policy_parses_no_statement() {
    let read_by = |policy: &Policy| {
        let catalog =
            catalog(json!([report("REVOKED", "2024-01-01"), report("FIDO_CERTIFIED_L1", "2025-01-01")]));
        let verdict = policy.judge(&catalog, &ModelQuery::new(model(), at("2026-01-01")));
        assert!(!verdict.is_accepted());
        catalog.find(&model()).unwrap().entries[0].has_read_statement()
    };
    assert!(!read_by(&Policy::default()));
    let words = crate::policy::WordRequirement { any: vec!["tee".into()], ..Default::default() };
    assert!(read_by(&Policy { key_protection: words, ..Policy::default() }), "what is asked is read");
}

#[test]
fn an_update_lifts_a_compromise_only_if_the_policy_allows_it() {
    let policy = Policy { update_lifts: true, ..Policy::default() };
    let accepted = |policy: &Policy, bad: &str, from: u64, to: Value, firmware| {
        let reports = json!([
            {"status": bad, "effectiveDate": "2024-01-01", "authenticatorVersion": from},
            {"status": "UPDATE_AVAILABLE", "effectiveDate": "2024-02-01", "authenticatorVersion": to}
        ]);
        let query = ModelQuery { firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        policy.judge(&catalog(reports), &query).is_accepted()
    };
    let bypass = "USER_VERIFICATION_BYPASS";
    assert!(!accepted(&Policy::default(), bypass, 3, json!(4), None));
    assert!(accepted(&policy, bypass, 3, json!(4), None));
    assert!(accepted(&policy, bypass, 3, json!(4), Some(4)));
    assert!(!accepted(&policy, bypass, 3, json!(4), Some(3)), "the authenticator has not had it");
    assert!(!accepted(&policy, bypass, 4, json!(4), None), "not a higher version");
    assert!(!accepted(&policy, bypass, 3, json!(6), None), "the statement's version, 5, did not rise to it");
    assert!(!accepted(&policy, bypass, 3, json!(null), None), "no version");
    assert!(!accepted(&policy, "REVOKED", 3, json!(4), None));
}

#[test]
fn outdated_firmware_is_noted_or_refused() {
    let reports =
        json!([{"status": "UPDATE_AVAILABLE", "effectiveDate": "2024-02-01", "authenticatorVersion": 4}]);
    let judge = |outdated_firmware, firmware| {
        let policy = Policy { outdated_firmware, ..Policy::default() };
        let query = ModelQuery { firmware, ..ModelQuery::new(model(), at("2026-01-01")) };
        policy.judge(&catalog(reports.clone()), &query)
    };
    let note = judge(Severity::Note, Some(3));
    assert!(note.is_accepted());
    assert_eq!(
        note.findings[0].reason.to_string(),
        "firmware 3 is older than UPDATE_AVAILABLE of version 4 since 2024-02-01"
    );
    assert!(!judge(Severity::Refuse, Some(3)).is_accepted());
    assert!(judge(Severity::Refuse, Some(4)).findings.is_empty());
    assert!(judge(Severity::Refuse, None).is_accepted(), "nobody knows");
}

#[test]
fn values_of_the_statement_can_be_required() {
    let verdict = |policy: Value| {
        let policy: Policy = serde_json::from_value(policy).unwrap();
        refusals(&judge(&policy, json!([]), "2026-01-01"))
    };
    assert_eq!(
        verdict(json!({"key_protection": {"all": ["secure_element"]}})),
        ["keyProtection is hardware, tee, not all of secure_element"]
    );
    assert!(verdict(json!({"key_protection": {"any": ["secure_element", "tee"]}})).is_empty());
    assert_eq!(
        verdict(json!({"matcher_protection": {"none": ["on_chip"]}})),
        ["matcherProtection is on_chip, not none of on_chip"]
    );
    assert_eq!(
        verdict(json!({"attachment": {"any": ["internal"]}})),
        ["attachmentHint is external, nfc, not one of internal"]
    );
    assert!(verdict(json!({"user_verification": {"all": ["fingerprint_internal"]}})).is_empty());
}

#[test]
fn allow_and_deny_lists_and_unlisted_models() {
    let other: rp_core::Aaguid = "b1000000-0000-4000-8000-000000000001".parse().unwrap();
    let refused = |policy: Policy| refusals(&judge(&policy, json!([]), "2026-01-01"));
    assert_eq!(refused(Policy { deny: vec![model()], ..Policy::default() }), ["the policy denies the model"]);
    assert!(refused(Policy { allow: vec![model()], ..Policy::default() }).is_empty());
    assert_eq!(
        refused(Policy { allow: vec![other.into()], ..Policy::default() }),
        ["the policy allows other models only"]
    );
    let unlisted = |unlisted| {
        let policy = Policy { unlisted, ..Policy::default() };
        policy.judge(&catalog(json!([])), &ModelQuery::new(ModelId::Aaguid(other), at("2026-01-01")))
    };
    assert!(unlisted(Severity::Note).is_accepted() && !unlisted(Severity::Note).is_listed());
    assert_eq!(refusals(&unlisted(Severity::Refuse)), ["no list contains the model"]);
}

#[test]
fn statuses_can_be_overlooked_or_refused_by_policy() {
    let policy: Policy = serde_json::from_value(json!({
        "overlook_statuses": ["USER_KEY_PHYSICAL_COMPROMISE"], "refuse_statuses": ["RETIRED"]
    }))
    .unwrap();
    let judge = |status| judge(&policy, json!([report(status, "2024-01-01")]), "2026-01-01");
    assert!(judge("USER_KEY_PHYSICAL_COMPROMISE").is_accepted());
    assert_eq!(refusals(&judge("RETIRED")), ["RETIRED since 2024-01-01"]);
}

#[test]
fn an_overdue_list_is_noted_and_refused_when_too_old() {
    let payload = json!({"no": 1, "nextUpdate": "2026-01-01", "entries": [
        {"aaguid": AAGUID, "statusReports": [report("FIDO_CERTIFIED_L1", "2024-01-01")]}
    ]});
    let catalog = Catalog::of("FIDO", Metadata::unsigned(&payload.to_string()));
    let findings = |too_old, day| {
        let staleness = Staleness { grace_days: 10, too_old, ..Staleness::default() };
        let policy = Policy { staleness, ..Policy::default() };
        let verdict = policy.judge(&catalog, &ModelQuery::new(model(), at(day)));
        (verdict.is_accepted(), verdict.findings.first().map(|one| one.reason.to_string()))
    };
    assert_eq!(findings(TooOld::Refuse, "2026-01-01"), (true, None));
    let overdue = "the next list was due on 2026-01-01".to_owned();
    assert_eq!(findings(TooOld::Refuse, "2026-01-05"), (true, Some(overdue)));
    let too_old = Some("the list is too old: the next one was due on 2026-01-01".to_owned());
    assert_eq!(findings(TooOld::Refuse, "2026-02-01"), (false, too_old.clone()));
    assert_eq!(findings(TooOld::Serve, "2026-02-01"), (true, too_old));
}

#[test]
fn without_next_update_the_age_counts_from_the_confirmation() {
    let payload = json!({"no": 1, "entries": [{"aaguid": AAGUID, "statusReports": [report("FIDO_CERTIFIED", "2024-01-01")]}]});
    let metadata = std::sync::Arc::new(Metadata::unsigned(&payload.to_string()));
    let confirmed = |day| Catalog::default().and_confirmed("FIDO", metadata.clone(), Some(at(day)));
    let staleness = Staleness { grace_days: 10, assumed_interval_days: 20, too_old: TooOld::Refuse };
    let policy = Policy { staleness, ..Policy::default() };
    let accepted =
        |day, catalog: &Catalog| policy.judge(catalog, &ModelQuery::new(model(), at(day))).is_accepted();
    assert!(accepted("2026-01-31", &confirmed("2026-01-01")));
    assert!(!accepted("2026-02-01", &confirmed("2026-01-01")));
    assert!(accepted("2026-02-01", &confirmed("2026-01-02")));
}

#[test]
fn a_model_whose_entry_was_rejected_is_refused() {
    let list = |entry: Value| {
        let payload = json!({"no": 1, "entries": [entry]}).to_string();
        std::sync::Arc::new(Metadata::unsigned(&payload))
    };
    let unreadable = list(json!({"aaguid": AAGUID, "statusReports": 7}));
    let good = list(json!({"aaguid": AAGUID, "statusReports": [report("FIDO_CERTIFIED", "2024-01-01")]}));
    let catalog = Catalog::default().and("FIDO", unreadable.clone()).and("mirror", good.clone());
    let verdict = Policy::default().judge(&catalog, &ModelQuery::new(model(), at("2026-01-01")));
    assert_eq!(refusals(&verdict), ["the list contains the model in an entry that was rejected"]);
    let catalog = Catalog::default().and("own", good).and("FIDO", unreadable);
    let verdict = Policy::default().judge(&catalog, &ModelQuery::new(model(), at("2026-01-01")));
    assert!(verdict.is_accepted());
    assert_eq!(verdict.source.as_deref(), Some("own"), "the first list that contains it");
}

#[test]
fn a_u2f_model_whose_entry_was_rejected_is_refused() {
    const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
    let list = |reports: Value| {
        let names = json!({"attestationCertificateKeyIdentifiers": ["not one", KEY], "aaid": "4e4e#4005"});
        let mut entry = names;
        if reports.is_array() {
            entry["attestationCertificateKeyIdentifiers"] = json!([KEY]);
        }
        entry["statusReports"] = reports;
        let payload = json!({"no": 1, "entries": [entry]}).to_string();
        std::sync::Arc::new(Metadata::unsigned(&payload))
    };
    let good = || list(json!([report("FIDO_CERTIFIED", "2024-01-01")]));
    let judge = |first: std::sync::Arc<Metadata>, model: &str| {
        let catalog = Catalog::default().and("FIDO", first).and("mirror", good());
        Policy::default().judge(&catalog, &ModelQuery::new(model.parse().unwrap(), at("2026-01-01")))
    };
    for model in [KEY, "4e4e#4005"] {
        assert!(judge(good(), model).is_accepted());
        let refused = refusals(&judge(list(json!(7)), model));
        assert_eq!(refused, ["the list contains the model in an entry that was rejected"], "{model}");
    }
}

#[test]
fn a_rejected_second_entry_of_a_model_counts() {
    let judge = |second: Value| {
        let entry = |reports: Value| json!({"aaguid": AAGUID, "statusReports": reports});
        let payload = json!({"no": 1, "entries": [entry(json!([report("FIDO_CERTIFIED", "2024-01-01")])), entry(second)]});
        let catalog = Catalog::of("FIDO", Metadata::unsigned(&payload.to_string()));
        refusals(&Policy::default().judge(&catalog, &ModelQuery::new(model(), at("2026-01-01"))))
    };
    assert!(judge(json!([report("FIDO_CERTIFIED", "2024-01-01")])).is_empty());
    assert_eq!(judge(json!([{"status": 7}])), ["the list contains the model in an entry that was rejected"]);
}

#[test]
fn a_u2f_model_can_be_allowed_and_denied_by_key_identifier() {
    const KEYS: [&str; 2] =
        ["0123456789abcdef0123456789abcdef01234567", "1123456789abcdef0123456789abcdef01234567"];
    let list = json!([{"attestationCertificateKeyIdentifiers": KEYS}]).to_string();
    let catalog = Catalog::of("own", Metadata::from_own_entries(list.as_bytes(), Retention::ALL).unwrap());
    let refused = |policy: Value| {
        let policy: Policy = serde_json::from_value(policy).unwrap();
        refusals(&policy.judge(&catalog, &ModelQuery::new(KEYS[0].parse().unwrap(), at("2026-01-01"))))
    };
    let other = "2123456789abcdef0123456789abcdef01234567";
    for key in KEYS {
        // Each key of an entry names the model.
        assert!(refused(json!({"allow": [key]})).is_empty());
        assert_eq!(refused(json!({"deny": [key]})), ["the policy denies the model"]);
    }
    assert_eq!(refused(json!({"allow": [other]})), ["the policy allows other models only"]);
    assert!(refused(json!({"deny": [other, AAGUID, "4e4e#4005"]})).is_empty());
}

#[test]
fn the_bad_one_of_two_entries_counts() {
    let entry = |status, day| json!({"aaguid": AAGUID, "statusReports": [report(status, day)]});
    let list = json!([entry("FIDO_CERTIFIED_L2", "2025-01-01"), entry("REVOKED", "2024-01-01")]).to_string();
    let catalog = Catalog::of("own", Metadata::from_own_entries(list.as_bytes(), Retention::ALL).unwrap());
    let verdict = Policy::default().judge(&catalog, &ModelQuery::new(model(), at("2026-01-01")));
    assert_eq!(refusals(&verdict), ["REVOKED since 2024-01-01"]);
    assert_eq!(verdict.certification, None);
}
