use serde_json::json;

use super::*;
use crate::entry::statement::Retention;
use crate::metadata::Metadata;
use crate::model_id::ModelIdError;
use crate::payload::Payload;
use crate::payload::entry::EntryError;
use crate::status::Status;

/// The only entry of a list, or why it was rejected.
fn read(entry: &Value) -> Result<Entry, EntryError> {
    read_with(entry, Retention::ALL)
}

fn read_with(entry: &Value, retention: Retention) -> Result<Entry, EntryError> {
    let payload = json!({"no": 1, "entries": [entry]}).to_string();
    let mut payload = Payload::read(payload.as_bytes(), retention).unwrap();
    match payload.rejected.pop() {
        Some(rejected) => Err(rejected.error),
        None => Ok(payload.entries.pop().unwrap()),
    }
}

const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";

fn entry() -> Value {
    json!({
        "aaguid": AAGUID,
        "metadataStatement": {
            "legalHeader": "terms",
            "description": "Example Key ",
            "friendlyNames": {"de-DE": "Beispiel", "en-US": "Example"},
            "authenticatorVersion": 2,
            "protocolFamily": "fido2",
            "keyProtection": ["hardware", "a_later_word"],
            "userVerificationDetails": [[{"userVerificationMethod": "passcode_internal"}], [{"caDesc": {"base": 10}}]],
            "attestationRootCertificates": [],
            "authenticatorGetInfo": {"algorithms": [{"type": "public-key", "alg": -7}], "later": 1},
            "icon": "data:image/png;base64,AAAA",
            "someFieldOfTheFuture": {"a": [1, 2.5e-7, null]}
        },
        "statusReports": [{"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-02-03"}],
        "timeOfLastStatusChange": "2024-02-03",
        "memberOfTheFuture": [{"a": 1.50}]
    })
}

/// The entry with one member changed, or taken out by `null`.
fn with(member: &str, value: Value) -> Value {
    let mut entry = entry();
    let members = entry.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member)
    } else {
        members.insert(member.into(), value)
    };
    entry
}

#[test]
fn an_entry_is_written_as_it_was_read() {
    let read = read(&entry()).unwrap();
    assert_eq!(read.aaguid(), Some(AAGUID.parse().unwrap()));
    assert_eq!(read.description(), "Example Key");
    assert_eq!(read.newest_report().unwrap().status, Status::from("FIDO_CERTIFIED_L1"));
    assert_eq!(read.to_json(), entry());
}

#[test]
fn a_statement_keeps_unknown_values_and_members() {
    let read = read(&entry()).unwrap();
    let statement = read.statement().unwrap();
    assert_eq!(statement.description.as_ref(), "Example Key ", "as the vendor wrote it");
    assert_eq!(statement.key_protection, ["hardware".into(), Box::from("a_later_word")]);
    assert_eq!(statement.user_verification_methods(), ["passcode_internal"], "one has no method");
    assert_eq!(statement.get_info.as_ref().unwrap().algorithms, [-7]);
    assert_eq!(statement.other.get("someFieldOfTheFuture").unwrap().get(), r#"{"a":[1,2.5e-7,null]}"#);
    assert_eq!(statement.friendly_name("de"), Some("Beispiel"));
    assert_eq!(statement.friendly_name("fr-CA"), Some("Example"));
}

#[test]
fn members_of_an_unexpected_type_do_not_reject_the_entry() {
    let mut odd = entry();
    odd["metadataStatement"]["keyProtection"] = json!("hardware");
    odd["metadataStatement"]["authenticatorGetInfo"] = json!([1]);
    odd["timeOfLastStatusChange"] = json!(7);
    let read = read(&odd).unwrap();
    let statement = read.statement().unwrap();
    assert!(statement.key_protection.is_empty() && statement.get_info.is_none());
    assert_eq!(statement.other.get("keyProtection").unwrap().get(), "\"hardware\"");
}

#[test]
fn pictures_and_long_texts_can_be_dropped() {
    let lean = read_with(&entry(), Retention::LEAN).unwrap();
    let statement = lean.statement().unwrap();
    assert_eq!((&statement.icon, &statement.legal_header), (&None, &None));
    assert_eq!(statement.description.as_ref(), "Example Key ");
    assert!(lean.held_bytes() < read(&entry()).unwrap().held_bytes());
}

#[test]
fn an_entry_without_a_statement_is_read() {
    let read = read(&with("metadataStatement", Value::Null)).unwrap();
    assert!(read.statement().is_none() && read.anchors().is_empty() && read.description().is_empty());
}

#[test]
fn the_description_is_the_first_text_of_that_name() {
    let description = |statement: &str| {
        let statement = format!(
            r#"{{"aaguid":"{AAGUID}","metadataStatement":{statement},"statusReports":[{{"status":"REVOKED"}}]}}"#
        );
        let payload = format!(r#"{{"no":1,"entries":[{statement}]}}"#);
        let payload = Payload::read(payload.as_bytes(), Retention::ALL).unwrap();
        payload.entries[0].description().to_owned()
    };
    assert_eq!(description(r#"{"legalHeader":"terms"}"#), "");
    assert_eq!(description(r#"{"legalHeader":"terms","description":7}"#), "");
    assert_eq!(
        description(r#"{"description":"first","legalHeader":"terms","description":"second"}"#),
        "first"
    );
}

#[test]
fn an_entry_that_cannot_be_judged_is_rejected() {
    let fault = |entry: Value| read(&entry).unwrap_err().to_string();
    assert_eq!(fault(json!(7)), "not an object");
    assert_eq!(fault(json!(null)), "not an object");
    assert_eq!(fault(json!([{"aaguid": AAGUID}])), "not an object");
    let no_model = "neither aaguid, nor aaid, nor attestationCertificateKeyIdentifiers";
    assert_eq!(fault(with("aaguid", Value::Null)), no_model);
    assert_eq!(fault(with("aaguid", json!("a1"))), "aaguid: \"a1\" does not identify a model");
    let zero = "00000000-0000-0000-0000-000000000000";
    assert_eq!(fault(with("aaguid", json!(zero))), format!("aaguid: \"{zero}\" does not identify a model"));
    assert_eq!(fault(with("aaid", json!("12345678"))), "aaid: \"12345678\" is not of the form 1234#5678");
    assert_eq!(
        fault(with("attestationCertificateKeyIdentifiers", json!(["7c"]))),
        "attestationCertificateKeyIdentifiers: [\"7c\"] is not a list of 40 hexadecimal digits each"
    );
    assert_eq!(fault(with("metadataStatement", json!("none"))), "metadataStatement: not an object");
    let no_reports = "statusReports: not a list with at least one report";
    assert_eq!(fault(with("statusReports", Value::Null)), no_reports);
    assert_eq!(fault(with("statusReports", json!([]))), no_reports);
    assert_eq!(fault(with("statusReports", json!({}))), no_reports);
    let many = |count: usize| with("statusReports", json!(vec![json!({"status": "FIDO_CERTIFIED"}); count]));
    assert_eq!(fault(many(1_001)), "statusReports: 1001 reports, more than 1000");
    assert_eq!(read(&many(1_000)).unwrap().reports().len(), 1_000);
    let unreadable = json!([{"status": "FIDO_CERTIFIED"}, {"effectiveDate": "2024-01-01"}]);
    assert_eq!(fault(with("statusReports", unreadable)), "statusReports[1]: no readable status");
}

#[test]
fn a_rejected_entry_is_reported_and_the_others_are_read() {
    let payload = json!({"no": 1, "entries": [with("statusReports", Value::Null), entry(), 7]}).to_string();
    let payload = Payload::read(payload.as_bytes(), Retention::ALL).unwrap();
    assert_eq!(payload.entries.len(), 1);
    let told: Vec<_> = payload.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("entries[0] ({AAGUID}): statusReports: not a list with at least one report"),
            "entries[2]: not an object".into()
        ]
    );
}

#[test]
fn a_member_that_affects_decisions_must_not_occur_twice() {
    let text = format!(
        r#"{{"no":1,"entries":[{{"aaguid":"{AAGUID}","statusReports":[{{"status":"REVOKED"}}],
        "statusReports":[{{"status":"FIDO_CERTIFIED"}}]}}]}}"#
    );
    let payload = Payload::read(text.as_bytes(), Retention::ALL).unwrap();
    assert_eq!(payload.rejected[0].error, EntryError::Duplicate { member: "statusReports" });
}

#[test]
fn an_operators_entry_needs_no_reports() {
    let own = with("statusReports", Value::Null).to_string();
    for text in [format!("[{own}]"), format!(r#"{{"entries":[{own}]}}"#)] {
        let metadata = Metadata::from_own_entries(text.as_bytes(), Retention::ALL).unwrap();
        assert!(metadata.by_aaguid(AAGUID.parse().unwrap()).is_some());
        assert_eq!((metadata.no(), metadata.rejected().len()), (None, 0));
    }
    let error = Metadata::from_own_entries(b"{}", Retention::ALL).unwrap_err();
    assert_eq!(error.to_string(), "payload: no entries");
}

#[test]
fn models_are_found_by_each_identifier() {
    let identifier = "7c0903708b87115b0b422def3138c3c864e44573";
    let list = json!([
        {"attestationCertificateKeyIdentifiers": [identifier, identifier], "metadataStatement": {"description": "U2F"}},
        {"aaid": "1234#56EF", "metadataStatement": {"description": "UAF"}},
        {"aaguid": AAGUID, "metadataStatement": {"description": "FIDO2"}},
        {"aaguid": AAGUID, "metadataStatement": {"description": "again"}}
    ]);
    let metadata = Metadata::from_own_entries(list.to_string().as_bytes(), Retention::ALL).unwrap();
    let found = |model: &str| -> Vec<_> {
        metadata.find(&model.parse().unwrap()).iter().map(|entry| entry.description().to_owned()).collect()
    };
    assert_eq!(found(identifier), ["U2F"]);
    assert_eq!(found("1234#56EF"), ["UAF"]);
    assert_eq!(found(AAGUID), ["FIDO2", "again"], "both entries");
    let first = [
        metadata.by_key_identifier(identifier.parse().unwrap()),
        metadata.by_aaid("1234#56EF"),
        metadata.by_aaguid(AAGUID.parse().unwrap()),
    ];
    assert_eq!(first.map(|entry| entry.unwrap().description()), ["U2F", "UAF", "FIDO2"]);
    assert!(metadata.by_key_identifier(KeyIdentifier::new([0; 20])).is_none());
    assert!(metadata.by_aaid("1234#56EE").is_none());
    assert!(metadata.by_aaguid("a1000000-0000-4000-8000-000000000002".parse().unwrap()).is_none());
    assert_eq!(found("a1000000-0000-4000-8000-000000000002"), [""; 0]);
    assert_eq!("nobody".parse::<ModelId>(), Err(ModelIdError));
}

#[test]
fn malformed_certificates_do_not_affect_the_others() {
    let statement = json!({"attestationRootCertificates": ["*", "AAAA", 7]});
    let entry = read(&with("metadataStatement", statement)).unwrap();
    assert!(entry.anchors().is_empty());
    let faults: Vec<_> = entry.anchor_errors().iter().map(ToString::to_string).collect();
    assert_eq!(faults[0], "attestationRootCertificates[0]: not base64");
    assert!(faults[1].starts_with("attestationRootCertificates[1]: "), "{}", faults[1]);
    assert_eq!(faults[2], "attestationRootCertificates[2]: not base64");
    let statement = json!({"attestationRootCertificates": "AAAA"});
    let entry = read(&with("metadataStatement", statement)).unwrap();
    assert_eq!(entry.anchor_errors(), [AnchorError::NotAList]);
}
