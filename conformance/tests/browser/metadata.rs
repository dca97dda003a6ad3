//! The example sites with a list of models that has the driver's virtual authenticators.

use std::process::Command;

use rp_conformance::publisher::{Publisher, Signing};
use rp_core::{AttestationObject, Timestamp, base64url};
use rp_mds::Cache;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::page::Page;
use crate::site::{Kind, Site};
use crate::webdriver::{Abilities, Session};
use crate::{for_both_sites, photograph};

#[test]
fn a_listed_model_shows_its_name_picture_and_trust() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("list");
        let list = json!([entry(browser, kind, "FIDO_CERTIFIED_L1")]);
        let file = folder.write("models.json", list.to_string().as_bytes());
        let site = Site::start(kind, &["--mds", &file]);
        shows_the_model(browser, &site);
        photograph(browser, &site, "listed-model");
    });
}

#[test]
fn a_revoked_model_is_rejected_and_leaves_no_account() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("list");
        let list = payload(&entry(browser, kind, "REVOKED"));
        let file = folder.write("blob.jwt", blob(&list).as_bytes());
        let root = folder.write("root.der", &publisher().root());
        let site = Site::start(kind, &["--mds", &file, "--mds-roots", &root]);

        let revoked = browser.plug_in(Abilities::SECURITY_KEY);
        let page = Page::open(browser, &site);
        page.ask_for_account("ada");
        let text = page.wait_message("#sign-up", "attestation-untrusted");
        assert_eq!(
            text,
            "This site does not accept this model of device or key: its manufacturer is not trusted here, or it was \
             reported as unsafe. Use another one."
        );
        page.wait_answer("POST registration/verify 422 attestation-untrusted");
        photograph(browser, &site, "revoked-model");

        // The name is still free for a key of another model.
        revoked.pull_out();
        let _other = browser.plug_in(Abilities::U2F);
        page.ask_again();
        page.wait_signed_in(1);
        let card = &page.cards()[0];
        assert!(card.text.contains("Manufacturer not trusted here"), "{card:?}");
        assert!(!card.text.contains("Trusted model"), "{card:?}");
    });
}

#[test]
fn a_cached_list_is_used_without_a_network() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("list");
        let list = payload(&entry(browser, kind, "FIDO_CERTIFIED_L1"));
        let cache = Cache::open(folder.path().join("cache")).unwrap();
        cache.store_blob("fido", blob(&list).as_bytes(), |_| {}).unwrap();
        let root = folder.write("root.der", &publisher().root());
        let directory = cache.directory().display().to_string();
        shows_the_model(browser, &Site::start(kind, &["--mds-cache", &directory, "--mds-roots", &root]));
    });
}

#[test]
fn an_unverifiable_list_ends_the_site_with_a_message() {
    let folder = Folder::new("list");
    let list = json!({"no": 1, "nextUpdate": "2040-01-01", "entries": []});
    let file = folder.write("blob.jwt", blob(&list).as_bytes());
    let root = folder.write("root.der", &publisher().old_root());
    for kind in Kind::BOTH {
        let mut command = Command::new(kind.binary());
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--database",
            ":memory:",
            "--mds",
            &file,
            "--mds-roots",
            &root,
        ]);
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let said = String::from_utf8(ended.stderr).unwrap();
        let expected = format!(
            "--mds {file}: signer: x5c[1] is issued by CN=Root, which is neither in x5c nor among the roots\n"
        );
        assert_eq!(said, expected);
    }
}

/// Creates an account with a key of the model and checks its card.
fn shows_the_model(browser: &Session, site: &Site) {
    let _key = browser.plug_in(Abilities::SECURITY_KEY);
    let page = Page::open(browser, site);
    page.sign_up("ada");
    let card = &page.cards()[0];
    assert_eq!(card.title, NAME);
    assert!(card.text.contains("Trusted model"), "{card:?}");
    assert!(card.text.contains("Proven by its manufacturer"), "{card:?}");
    assert_eq!(page.picture(1), icon());
}

/// The entry of the driver's authenticators, with one report.
fn entry(browser: &Session, kind: Kind, status: &str) -> Value {
    json!({
        "aaguid": AAGUID,
        "metadataStatement": {
            "description": NAME,
            "attestationRootCertificates": [base64url::encode(&certificate(browser, kind))],
            "icon": icon(),
        },
        "statusReports": [{"status": status, "effectiveDate": "2026-01-01"}],
        "timeOfLastStatusChange": "2026-01-01",
    })
}

fn payload(entry: &Value) -> Value {
    json!({"no": 7, "nextUpdate": "2040-01-01", "entries": [entry]})
}

/// The list, signed for the host of the FIDO Alliance.
fn blob(list: &Value) -> String {
    let signing = Signing { names: vec!["mds.fidoalliance.org".into()], ..Signing::default() };
    publisher().blob(list, &signing)
}

fn publisher() -> Publisher {
    Publisher::new("example sites", Timestamp::now())
}

/// A certificate of the driver's authenticators. Each registration has another certificate with the same name and key,
/// which are what an anchor compares.
fn certificate(browser: &Session, kind: Kind) -> Vec<u8> {
    let site = Site::start(kind, &[]);
    let key = browser.plug_in(Abilities { resident_key: false, ..Abilities::SECURITY_KEY });
    // A page without scripts, so that this is the only ceremony.
    browser.open(&format!("{}/.well-known/webauthn", site.origin()));
    let object = browser.run(ATTEST, &[]).unwrap();
    key.pull_out();
    let object = base64url::decode(object.as_str().unwrap()).unwrap();
    let object = AttestationObject::parse(&object).unwrap();
    let statement = object.att_stmt.as_map().unwrap();
    statement.get_text("x5c").unwrap().as_array().unwrap()[0].as_bytes().unwrap().to_vec()
}

fn icon() -> String {
    let base64 = base64url::encode(ICON.as_bytes()).replace('-', "+").replace('_', "/");
    format!("data:image/svg+xml;base64,{base64}")
}

const AAGUID: &str = "01020304-0506-0708-0102-030405060708";
const NAME: &str = "Example Key 5 NFC";

const ICON: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='32' height='32'>\
    <path d='M11 2h10v8H11z' fill='#9fb0c3'/><path d='M13 4h2v4h-2zm4 0h2v4h-2z' fill='#5d7289'/>\
    <rect x='7' y='9' width='18' height='21' rx='5' fill='#1d4f91'/><circle cx='16' cy='18' r='5' fill='#f4c542'/>\
    <circle cx='16' cy='26.5' r='1.2' fill='#fff'/></svg>";

const ATTEST: &str = "
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
        rp: { id: 'localhost', name: 'a look at the certificate' },
        user: { id: 'AAAA', name: 'nobody', displayName: 'nobody' },
        challenge: 'AAAAAAAAAAAAAAAAAAAAAA',
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        attestation: 'direct',
    });
    return (await navigator.credentials.create({ publicKey })).toJSON().response.attestationObject;";
