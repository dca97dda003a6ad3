use serde_json::json;

use super::*;
use crate::{Metadata, Retention, Status};

/// The only entry of a list that an operator might write, or why it was left out.
fn read(entry: &Value) -> Result<Entry, EntryError> {
    read_keeping(entry, Retention::ALL)
}

fn read_keeping(entry: &Value, retention: Retention) -> Result<Entry, EntryError> {
    let payload = json!({"no": 1, "entries": [entry]}).to_string();
    let mut payload = crate::payload::Payload::read(payload.as_bytes(), retention).unwrap();
    match payload.rejected.pop() {
        Some(rejected) => Err(rejected.fault),
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
        "timeOfLastStatusChange": "2024-02-03"
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
fn an_entry_is_read_and_written_as_it_was() {
    let read = read(&entry()).unwrap();
    assert_eq!(read.aaguid(), Some(AAGUID.parse().unwrap()));
    assert_eq!(read.description(), "Example Key");
    assert_eq!(read.newest_report().unwrap().status, Status::from("FIDO_CERTIFIED_L1"));
    assert_eq!(read.to_json(), entry());
}

#[test]
fn a_statement_keeps_words_and_members_that_nobody_here_knows() {
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
fn members_of_an_unexpected_type_cost_no_entry() {
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
fn pictures_and_long_texts_are_dropped_where_they_are_not_kept() {
    let lean = read_keeping(&entry(), Retention::LEAN).unwrap();
    let statement = lean.statement().unwrap();
    assert_eq!((&statement.icon, &statement.legal_header), (&None, &None));
    assert_eq!(statement.description.as_ref(), "Example Key ");
    assert!(lean.held_bytes() < read(&entry()).unwrap().held_bytes());
}

#[test]
fn an_entry_without_statement_serves() {
    let read = read(&with("metadataStatement", Value::Null)).unwrap();
    assert!(read.statement().is_none() && read.anchors().is_empty() && read.description().is_empty());
}

#[test]
fn an_entry_that_cannot_be_judged_is_left_out() {
    let fault = |entry: Value| read(&entry).unwrap_err().to_string();
    assert_eq!(fault(json!(7)), "not an object");
    assert_eq!(fault(json!(null)), "not an object");
    assert_eq!(fault(json!([{"aaguid": AAGUID}])), "not an object");
    let no_model = "neither aaguid, nor aaid, nor attestationCertificateKeyIdentifiers";
    assert_eq!(fault(with("aaguid", Value::Null)), no_model);
    assert_eq!(fault(with("aaguid", json!("a1"))), "aaguid: \"a1\" names no model");
    let zero = "00000000-0000-0000-0000-000000000000";
    assert_eq!(fault(with("aaguid", json!(zero))), format!("aaguid: \"{zero}\" names no model"));
    assert_eq!(fault(with("aaid", json!("12345678"))), "aaid: \"12345678\" is not of the form 1234#5678");
    assert_eq!(
        fault(with("attestationCertificateKeyIdentifiers", json!(["7c"]))),
        "attestationCertificateKeyIdentifiers: [\"7c\"] is not a list of 40 hexadecimal digits each"
    );
    assert_eq!(fault(with("metadataStatement", json!("none"))), "metadataStatement: not an object");
    let no_reports = "statusReports: not a list with a report in it";
    assert_eq!(fault(with("statusReports", Value::Null)), no_reports);
    assert_eq!(fault(with("statusReports", json!([]))), no_reports);
    assert_eq!(fault(with("statusReports", json!({}))), no_reports);
    let unreadable = json!([{"status": "FIDO_CERTIFIED"}, {"effectiveDate": "2024-01-01"}]);
    assert_eq!(fault(with("statusReports", unreadable)), "statusReports[1]: no status that can be read");
}

#[test]
fn a_bad_entry_is_reported_with_its_place_and_the_rest_serve() {
    let payload = json!({"no": 1, "entries": [with("statusReports", Value::Null), entry(), 7]}).to_string();
    let payload = crate::payload::Payload::read(payload.as_bytes(), Retention::ALL).unwrap();
    assert_eq!(payload.entries.len(), 1);
    let told: Vec<_> = payload.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("entries[0] ({AAGUID}): statusReports: not a list with a report in it"),
            "entries[2]: not an object".into()
        ]
    );
}

#[test]
fn a_member_that_decides_must_not_stand_there_twice() {
    let text = format!(
        r#"{{"no":1,"entries":[{{"aaguid":"{AAGUID}","statusReports":[{{"status":"REVOKED"}}],
        "statusReports":[{{"status":"FIDO_CERTIFIED"}}]}}]}}"#
    );
    let payload = crate::payload::Payload::read(text.as_bytes(), Retention::ALL).unwrap();
    assert_eq!(payload.rejected[0].fault, EntryError::Duplicate { member: "statusReports" });
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
fn models_are_looked_up_by_what_names_them() {
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
    assert_eq!(found(AAGUID), ["FIDO2", "again"], "a model that is listed twice is told twice");
    assert_eq!(metadata.by_aaguid(AAGUID.parse().unwrap()).unwrap().description(), "FIDO2");
    assert_eq!(found("a1000000-0000-4000-8000-000000000002"), [""; 0]);
    assert_eq!("nobody".parse::<ModelId>(), Err(ModelIdError));
}

#[test]
fn certificates_that_cannot_be_read_vouch_for_nothing_and_cost_no_other() {
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
