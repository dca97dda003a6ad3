//! Export, import, and passkeys of other libraries that sign in afterwards.

use std::path::Path;

use rp_conformance::authenticator::{Algorithm, Authenticator, Backup, Config, Page};
use rp_core::{
    AuthenticationResponse, CredentialRecord, RegistrationResponse, RelyingParty, Timestamp, UserHandle,
    base64url,
};
use rp_service::admin::{ExportKey, ForeignFormat, ForeignOptions, Operator, TransferError};
use rp_service::store::{SqliteStore, UserRecord};
use rp_service::{Caller, FactorName, Method, Passkeys, RecentEvents, RecoveryCodes, Secret, SessionToken};
use serde_json::{Value, json};

pub(super) const ORIGIN: &str = "https://example.org";

/// A service on a new database in the folder.
pub(super) async fn service(folder: &Path, name: &str, key: u8) -> (Passkeys, RecentEvents) {
    let store = SqliteStore::connect(folder.join(name).to_str().unwrap()).await.unwrap();
    let events = RecentEvents::new(1_000);
    let rp = RelyingParty::builder("example.org").name("Example").origin(ORIGIN).build().unwrap();
    let passkeys = Passkeys::builder(rp)
        .store(store)
        .secret([key; 32])
        .second_factor(RecoveryCodes::new())
        .events(events.clone())
        .clock(|| Timestamp::from_unix_seconds(1_780_272_000))
        .build()
        .unwrap();
    (passkeys, events)
}

pub(super) fn operator() -> Operator {
    Operator::new("move to another server").unwrap()
}

/// Users with and without passkeys, one of them locked and one with recovery codes. Returns a code.
async fn populate(passkeys: &Passkeys) -> String {
    let mut code = String::new();
    for name in ["kim", "sam", "zoë"] {
        let user = passkeys.create_user(name, "").await.unwrap();
        if name == "sam" {
            passkeys.lock_user(&user.handle).await.unwrap();
            continue;
        }
        let lines: String = [1_u8, 2].map(|number| row(&user.handle, number).to_string() + "\n").concat();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records");
        std::fs::write(&file, lines).unwrap();
        let options = ForeignOptions::new(passkeys.now());
        let admin = passkeys.admin(operator());
        admin.import_foreign(&file, ForeignFormat::SimpleWebauthn, &options, |_| {}).await.unwrap();
        if name == "kim" {
            code = recovery_code(passkeys, &user).await;
        }
    }
    code
}

/// A row of SimpleWebAuthn with the key of a new authenticator.
fn row(user: &UserHandle, number: u8) -> Value {
    let mut authenticator = Authenticator::new(&format!("{user} {number}"), Config::default());
    let rp = RelyingParty::builder("example.org").name("Example").origin(ORIGIN).build().unwrap();
    let entity = rp_core::User { handle: user.clone(), name: "kim".into(), display_name: "Kim".into() };
    let (options, _) =
        rp.start_registration(&entity, &[], Timestamp::from_unix_seconds(1_780_272_000)).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let response = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
    let response: Value = serde_json::from_str(&response).unwrap();
    let object = base64url::decode(response["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let object = rp_core::AttestationObject::parse(&object).unwrap();
    let attested = object.auth_data.attested_credential().unwrap();
    let key = base64url::encode(attested.credential_public_key.as_bytes());
    json!({"userHandle": user, "nickname": format!("key {number}"), "createdAt": "2026-01-02T03:04:05Z", "credential": {
        "id": response["id"], "publicKey": key, "counter": 0, "transports": ["usb"],
    }})
}

/// A code of a new set.
async fn recovery_code(passkeys: &Passkeys, user: &UserRecord) -> String {
    // Without a passkey, the first factor is enough to enrol; the passkeys of the user come from another library.
    let plain = passkeys.create_user(&format!("{}-2", user.name), "").await.unwrap();
    let mut caller = Caller::new_browser().unwrap();
    let first = passkeys.first_factor_verified(&caller, &plain.handle, Method::Password).await.unwrap();
    let token: SessionToken = first.session.token.unwrap();
    caller.session = passkeys.load_session(&token).await.unwrap();
    let set = passkeys.start_factor_enrolment(&caller, &FactorName::RECOVERY_CODES, b"{}").await.unwrap();
    set["codes"][0].as_str().unwrap().to_owned()
}

async fn export(passkeys: &Passkeys, file: &Path, key: Option<&ExportKey>) -> String {
    passkeys.admin(operator()).export(file, key, |_, _| {}).await.unwrap();
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn an_import_of_an_export_exports_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = service(folder.path(), "one.db", 1).await;
    populate(&one).await;
    let first = folder.path().join("first.jsonl");
    let text = export(&one, &first, None).await;
    assert!(text.starts_with("{\"type\":\"export\",\"version\":1,\"rpId\":\"example.org\"}\n"), "{text}");
    assert!(text.ends_with("{\"type\":\"end\",\"users\":4,\"passkeys\":4,\"factors\":0}\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // An existing file is not replaced.
    let again = one.admin(operator()).export(&first, None, |_, _| {}).await;
    assert!(matches!(again, Err(TransferError::Io(_))), "{again:?}");

    let (two, events) = service(folder.path(), "two.db", 2).await;
    let done = two.admin(operator()).import(&first, None, |_| {}).await.unwrap();
    assert_eq!((done.users, done.passkeys, done.factors, done.skipped), (4, 4, 0, 0));
    assert_eq!(export(&two, &folder.path().join("second.jsonl"), None).await, text);
    let imports = events.newest(100).into_iter().filter(|event| event.action == rp_service::Action::Import);
    let reasons: Vec<_> = imports.map(|event| event.reason.unwrap()).collect();
    assert_eq!(reasons, vec!["move to another server"; 8]);
    // An import that was interrupted can be repeated.
    let done = two.admin(operator()).import(&first, None, |_| {}).await.unwrap();
    assert_eq!(done.skipped, 8);
}

#[tokio::test(flavor = "current_thread")]
async fn second_factors_are_exported_with_a_key_and_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = service(folder.path(), "one.db", 1).await;
    let code = populate(&one).await;
    let key = ExportKey::new(Secret::from([7; 32])).unwrap();
    let file = folder.path().join("export.jsonl");
    let text = export(&one, &file, Some(&key)).await;
    assert!(text.ends_with("\"factors\":1}\n"), "{text}");
    let (two, _) = service(folder.path(), "two.db", 2).await;
    let import = async |key: Option<&ExportKey>| two.admin(operator()).import(&file, key, |_| {}).await;
    // Nothing is read without the key.
    let error = import(None).await.unwrap_err().to_string();
    assert!(error.ends_with("the export has second factors, and there is no key"), "{error}");
    let wrong = ExportKey::new(Secret::from([8; 32])).unwrap();
    let error = import(Some(&wrong)).await.unwrap_err().to_string();
    assert!(error.ends_with("the state of the factor: sealed with an unknown key"), "{error}");
    assert!(two.users(None, 10).await.unwrap().is_empty());
    assert_eq!(import(Some(&key)).await.unwrap().factors, 1);
    // The factor works under the key of the other service.
    let kim = two.user_by_name("kim-2").await.unwrap().unwrap();
    let states = two.user_state(&kim.handle, true, two.now()).await.unwrap().unwrap();
    assert_eq!(states.factors[0].name, FactorName::RECOVERY_CODES);
    assert!(!text.contains(&code));
    let repeated = import(Some(&key)).await.unwrap();
    assert_eq!(repeated.skipped, repeated.users + repeated.passkeys + repeated.factors);
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_that_is_wrong_anywhere_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = service(folder.path(), "one.db", 1).await;
    populate(&one).await;
    let text = export(&one, &folder.path().join("export.jsonl"), None).await;
    let (two, _) = service(folder.path(), "two.db", 2).await;
    let lines: Vec<&str> = text.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let unknown = text.replace("\"nickname\"", "\"nick\"");
    for (wrong, problem) in [
        (cut.as_str(), "the export is incomplete"),
        (&unknown, "unknown field `nick`"),
        (&text.replace("example.org", "example.com"), "the passkeys are of another RP ID"),
        (&text.replace("\"version\":1", "\"version\":2"), "this version of the format is not supported"),
        (&format!("{text}{}", lines[1]), "it is behind the end of the export"),
        (&lines[1..].join("\n"), "an export begins with its version, once"),
        ("", "the export is incomplete"),
    ] {
        let file = folder.path().join("wrong.jsonl");
        std::fs::write(&file, wrong).unwrap();
        let error = two.admin(operator()).import(&file, None, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{problem}: {error}");
        assert!(two.users(None, 10).await.unwrap().is_empty());
    }
    // Another user has a name of the export.
    two.create_user("kim", "").await.unwrap();
    let file = folder.path().join("export.jsonl");
    let error = two.admin(operator()).import(&file, None, |_| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Exists { what: "user with this name", .. }), "{error}");
}

/// The record of a passkey as each library writes it, with its key.
fn foreign(format: ForeignFormat, record: &CredentialRecord) -> Value {
    let (id, key) = (base64url::encode(record.id.as_bytes()), base64url::encode(&record.public_key));
    // ES256: x is behind 10 bytes, and y behind 3 more.
    let (x, y) =
        (base64url::encode(&record.public_key[10..42]), base64url::encode(&record.public_key[45..77]));
    match format {
        ForeignFormat::WebauthnRs => json!({"cred": {
            "cred_id": id, "cred": {"type_": "ES256", "key": {"EC_EC2": {"curve": "SECP256R1", "x": x, "y": y}}},
            "counter": 0, "transports": null, "user_verified": true, "backup_eligible": false, "backup_state": false,
            "registration_policy": "required", "extensions": {"cred_protect": "NotRequested"},
            "attestation": {"data": "None", "metadata": "None"}, "attestation_format": "none",
        }}),
        ForeignFormat::SimpleWebauthn => {
            json!({"id": id, "publicKey": key, "counter": 0, "deviceType": "singleDevice", "backedUp": false})
        }
        ForeignFormat::GoWebauthn => {
            json!({"id": id, "publicKey": key, "transport": null, "authenticator": {"AAGUID": null, "signCount": 0}})
        }
        _ => {
            json!({"credentialId": id, "userHandle": record.user_handle, "publicKeyCose": key, "signatureCount": 0})
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn imported_passkeys_of_each_library_sign_in() {
    for (format, eligible) in [
        (ForeignFormat::WebauthnRs, Some(false)),
        (ForeignFormat::SimpleWebauthn, Some(false)),
        (ForeignFormat::GoWebauthn, None),
        (ForeignFormat::JavaWebauthnServer, None),
    ] {
        let name = format.as_str();
        let folder = tempfile::tempdir().unwrap();
        let (passkeys, events) = service(folder.path(), "new.db", 1).await;
        // The user and the passkey as the other library had them.
        let handle = UserHandle::try_from(&b"the user of another library"[..]).unwrap();
        let (algorithms, backup) = (vec![Algorithm::Es256], Backup::DeviceBound);
        let config = Config { algorithms, backup, ..Config::default() };
        let mut authenticator = Authenticator::new(name, config);
        let rp = passkeys.relying_party();
        let user = rp_core::User { handle: handle.clone(), name: "kim".into(), display_name: "Kim".into() };
        let (options, pending) = rp.start_registration(&user, &[], passkeys.now()).unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        let response = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
        let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
        let trust = rp_core::StaticAnchors::none();
        let record = rp.finish_registration(pending, &response, &trust, passkeys.now()).unwrap().credential;
        let line = json!({"userHandle": handle, "username": "kim", "credential": foreign(format, &record)});
        let file = folder.path().join("records");
        std::fs::write(&file, line.to_string()).unwrap();
        let options = ForeignOptions::new(passkeys.now());
        let done = passkeys.admin(operator()).import_foreign(&file, format, &options, |_| {}).await.unwrap();
        assert_eq!((done.users, done.passkeys, done.skipped), (1, 1, 0), "{name}");
        let state = passkeys.user_state(&handle, false, passkeys.now()).await.unwrap().unwrap();
        assert_eq!(state.passkeys[0].record.backup_eligible, eligible, "{name}");

        let caller = Caller::new_browser().unwrap();
        let options = passkeys.start_sign_in(&caller, None).await.unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        let response = authenticator.get(&options, Page::at(ORIGIN)).unwrap();
        let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
        let signed_in = passkeys.finish_authentication(&caller, &response).await.unwrap();
        assert_eq!(signed_in.user.name, "kim", "{name}");
        assert_eq!(signed_in.passkey.record.backup_eligible, Some(false), "{name}");
        let learned = events.newest(1)[0].backup_eligible_learned;
        assert_eq!(learned, eligible.is_none().then_some(false), "{name}");
        let again = passkeys
            .admin(operator())
            .import_foreign(&file, format, &ForeignOptions::new(passkeys.now()), |_| {})
            .await;
        // It was used since: the counter and the time differ.
        assert!(matches!(again, Err(TransferError::Exists { .. })), "{name}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn records_without_their_times_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (passkeys, _) = service(folder.path(), "new.db", 1).await;
    let kim = UserHandle::try_from(&b"kim"[..]).unwrap();
    let mut line = row(&kim, 1);
    line.as_object_mut().unwrap().remove("createdAt");
    line["username"] = json!("kim");
    let file = folder.path().join("records");
    std::fs::write(&file, line.to_string()).unwrap();
    let at = |seconds| ForeignOptions::new(Timestamp::from_unix_seconds(seconds));
    let import = async |options: ForeignOptions| {
        let admin = passkeys.admin(operator());
        admin.import_foreign(&file, ForeignFormat::SimpleWebauthn, &options, |_| {}).await
    };
    assert_eq!(import(at(10)).await.unwrap().skipped, 0);
    assert_eq!(import(at(11)).await.unwrap().skipped, 1, "the time of the import is not part of the record");
    line["createdAt"] = json!("2026-01-02T03:04:05Z");
    std::fs::write(&file, line.to_string()).unwrap();
    assert!(matches!(import(at(11)).await, Err(TransferError::Exists { line: 1, .. })));
}

#[tokio::test(flavor = "current_thread")]
async fn a_key_that_could_not_sign_in_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (passkeys, _) = service(folder.path(), "new.db", 1).await;
    let kim = UserHandle::try_from(&b"kim"[..]).unwrap();
    let file = folder.path().join("records");
    // {1: 3 (RSA), 3: alg, -1: n, -2: e}; the lengths of 256 and 3 bytes.
    let import = async |algorithm: &[u8]| {
        let key = [
            &b"\xa4\x01\x03\x03\x39"[..],
            algorithm,
            b"\x20\x59\x01\x00",
            &[0xc1; 256],
            b"\x21\x43\x01\x00\x01",
        ];
        let mut line = row(&kim, 1);
        line["credential"]["publicKey"] = json!(base64url::encode(&key.concat()));
        line["username"] = json!("kim");
        std::fs::write(&file, line.to_string()).unwrap();
        let (admin, options) = (passkeys.admin(operator()), ForeignOptions::new(passkeys.now()));
        admin.import_foreign(&file, ForeignFormat::SimpleWebauthn, &options, |_| {}).await
    };
    let error = import(b"\xff\xfe").await.unwrap_err().to_string();
    assert_eq!(error, "line 1: the public key: RS1 is not an algorithm of this service");
    assert!(passkeys.user(&kim).await.unwrap().is_none());
    // RS256
    assert_eq!(import(b"\x01\x00").await.unwrap().passkeys, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn records_whose_users_cannot_be_created_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (passkeys, _) = service(folder.path(), "new.db", 1).await;
    passkeys.create_user("sam", "").await.unwrap();
    let record = |handle: &str, number: u8, name: Option<&str>| {
        let mut line = row(&UserHandle::try_from(handle.as_bytes()).unwrap(), number);
        if let Some(name) = name {
            line["username"] = json!(name);
        }
        line.to_string()
    };
    let import = async |lines: [String; 3]| {
        let file = folder.path().join("records");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let (admin, options) = (passkeys.admin(operator()), ForeignOptions::new(passkeys.now()));
        admin.import_foreign(&file, ForeignFormat::SimpleWebauthn, &options, |_| {}).await
    };
    let (first, second) = (record("1", 1, Some("kim")), record("1", 2, None));
    for (third, problem) in [
        (record("2", 3, None), "line 3: the user does not exist, and the line has no username"),
        (record("2", 3, Some("sam")), "line 3: another user with this name exists"),
        (record("2", 3, Some("Kim")), "line 3: another user with this name exists"),
    ] {
        let error = import([first.clone(), second.clone(), third]).await.unwrap_err();
        assert_eq!(error.to_string(), problem);
        assert_eq!(passkeys.users(None, 10).await.unwrap().len(), 1, "{problem}");
    }
    let done = import([first, second, record("2", 3, Some("zoë"))]).await.unwrap();
    assert_eq!((done.users, done.passkeys), (2, 3));
}
