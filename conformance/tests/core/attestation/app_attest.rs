use rp_conformance::authenticator::{Algorithm as Minted, Cbor, Certificate, Extension, KeyPair, Seed};
use rp_core::attestation::{
    AppAssertionError, AppAttest, AppAttestEnvironment, AppAttestError, AppleNonceError,
    AttestationObjectError,
};
use rp_core::cbor::CborError;
use rp_core::cose::PublicKey;
use rp_core::crypto::sha256;
use rp_core::trust::{FormatAnchors, TrustError};
use rp_core::{AuthenticatorDataError, Code, Format, StaticAnchors, Timestamp, TrustAnchor};

const APP_ID: &str = "0352187391.org.example.app";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);
const NONCE: &[u32] = &[1, 2, 840, 113_635, 100, 8, 2];
const CLIENT_DATA_HASH: [u8; 32] = [0xc1; 32];
/// The flag of attested credential data, which apps set in assertions too.
const AT: u8 = 0x40;
const ED: u8 = 0x80;

/// The message of an app; every part can be changed.
struct App {
    app_id: &'static str,
    aaguid: [u8; 16],
    counter: u32,
    credential_id: Option<Vec<u8>>,
    credential_key: KeyPair,
    certified_key: KeyPair,
    nonce_over: [u8; 32],
    fmt: &'static str,
    strips_zeros: bool,
    flags: u8,
    /// The bytes after the key.
    extensions: Vec<u8>,
}

fn key(label: &str) -> KeyPair {
    KeyPair::derive(Minted::Es256, &Seed::new("app attest"), label)
}

fn common_name(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    let head = [0x30, length + 11, 0x31, length + 9, 0x30, length + 7, 6, 3, 0x55, 4, 3, 0x0c, length];
    [&head[..], text.as_bytes()].concat()
}

fn certificate(subject: &str, key: &KeyPair, extensions: Vec<Extension>) -> Certificate {
    Certificate {
        version: 3,
        serial: vec![7],
        issuer: common_name("App Attestation Root"),
        subject: common_name(subject),
        not_before: Timestamp::from_unix_seconds(1_780_000_000),
        not_after: Timestamp::from_unix_seconds(1_790_000_000),
        spki: key.public().spki(),
        extensions,
    }
}

fn root() -> TrustAnchor {
    let extensions = vec![Extension::basic_constraints(true), Extension::key_cert_sign()];
    let der = certificate("App Attestation Root", &key("root"), extensions).sign(&key("root"));
    TrustAnchor::from_der(&der).unwrap()
}

impl App {
    fn honest() -> Self {
        Self {
            app_id: APP_ID,
            aaguid: *b"appattest\0\0\0\0\0\0\0",
            counter: 0,
            credential_id: None,
            credential_key: key("app"),
            certified_key: key("app"),
            nonce_over: CLIENT_DATA_HASH,
            fmt: "apple-appattest",
            strips_zeros: false,
            flags: AT,
            extensions: Vec::new(),
        }
    }

    fn key_id(&self) -> [u8; 32] {
        sha256(&[&self.certified_key.public().sec1()])
    }

    fn object(&self) -> Vec<u8> {
        let credential_id = self.credential_id.clone().unwrap_or_else(|| self.key_id().to_vec());
        let length = u16::try_from(credential_id.len()).unwrap().to_be_bytes();
        let cose = match self.strips_zeros {
            true => cose_without_leading_zeros(&self.credential_key),
            false => self.credential_key.public().cose(Minted::Es256).encode(),
        };
        let auth_data = [
            &sha256(&[self.app_id.as_bytes()])[..],
            &[self.flags],
            &self.counter.to_be_bytes(),
            &self.aaguid,
            &length,
            &credential_id,
            &cose,
            &self.extensions,
        ]
        .concat();
        let nonce = sha256(&[&auth_data, &self.nonce_over]);
        let value = [&[0x30, 0x24, 0xa1, 0x22, 0x04, 0x20][..], &nonce].concat();
        let nonce = Extension { oid: NONCE, critical: false, value };
        let extensions = vec![Extension::basic_constraints(false), nonce];
        let leaf = certificate("App", &self.certified_key, extensions).sign(&key("root"));
        let x5c = Cbor::Array(vec![leaf.into()]);
        let statement = Cbor::object([("x5c", x5c), ("receipt", b"receipt".to_vec().into())]);
        let members = [("fmt", self.fmt.into()), ("attStmt", statement), ("authData", auth_data.into())];
        Cbor::object(members).encode()
    }

    fn refused(&self) -> AppAttestError {
        let trust = StaticAnchors::new(vec![root()]);
        let app = AppAttest::new(APP_ID);
        app.verify(&self.object(), &self.key_id(), &CLIENT_DATA_HASH, &trust, NOW).unwrap_err()
    }
}

#[test]
fn an_honest_app_is_attested() {
    let app = App::honest();
    let trust = FormatAnchors::default().with(Format::Other("apple-appattest".into()), [root()]);
    let attested =
        AppAttest::new(APP_ID).verify(&app.object(), &app.key_id(), &CLIENT_DATA_HASH, &trust, NOW).unwrap();
    assert_eq!(attested.key_id, app.key_id());
    assert_eq!(attested.public_key.sec1_uncompressed(), Some(&*app.certified_key.public().sec1()));
    assert_eq!(attested.receipt, b"receipt");
    assert_eq!(attested.path.anchor(), &root());
}

#[test]
fn each_step_of_apples_list_is_checked() {
    let is = |app: App, error: AppAttestError, code| {
        let refused = app.refused();
        assert_eq!((refused.code(), refused), (code, error));
    };
    let invalid = Code::AttestationInvalid;
    is(
        App { nonce_over: [0; 32], ..App::honest() },
        AppAttestError::Nonce(AppleNonceError::Mismatch),
        invalid,
    );
    is(App { app_id: "0352187391.org.example", ..App::honest() }, AppAttestError::AppId, Code::RpIdMismatch);
    is(App { counter: 1, ..App::honest() }, AppAttestError::Counter { got: 1 }, invalid);
    is(App { credential_id: Some(vec![7; 32]), ..App::honest() }, AppAttestError::CredentialId, invalid);
    is(App { credential_key: key("other"), ..App::honest() }, AppAttestError::PublicKey, invalid);
    let format = Format::Apple;
    is(
        App { fmt: "apple", ..App::honest() },
        AppAttestError::Format { format },
        Code::UnsupportedAttestationFormat,
    );
}

#[test]
fn a_key_under_another_name_is_refused() {
    let (app, other) = (App::honest(), App { certified_key: key("other"), ..App::honest() });
    let trust = StaticAnchors::new(vec![root()]);
    let verify = |key_id: &[u8]| {
        AppAttest::new(APP_ID).verify(&app.object(), key_id, &CLIENT_DATA_HASH, &trust, NOW).unwrap_err()
    };
    assert_eq!(verify(&other.key_id()), AppAttestError::KeyId);
    assert_eq!(verify(&[]), AppAttestError::KeyId);
}

#[test]
fn an_environment_is_accepted_and_the_other_is_not() {
    let development = App { aaguid: *b"appattestdevelop", ..App::honest() };
    let environment = AppAttestEnvironment::Production;
    let got = AppAttestEnvironment::Development.aaguid();
    assert_eq!(development.refused(), AppAttestError::Environment { got, environment });
    let app = AppAttest::new(APP_ID).environment(AppAttestEnvironment::Development);
    let trust = StaticAnchors::new(vec![root()]);
    let verify = |sent: &App| app.verify(&sent.object(), &sent.key_id(), &CLIENT_DATA_HASH, &trust, NOW);
    assert!(verify(&development).is_ok());
    assert!(matches!(verify(&App::honest()).unwrap_err(), AppAttestError::Environment { .. }));
}

#[test]
fn a_path_without_an_anchor_is_rejected() {
    let app = App::honest();
    let verify = |trust: &dyn rp_core::TrustSource, at| {
        AppAttest::new(APP_ID).verify(&app.object(), &app.key_id(), &CLIENT_DATA_HASH, trust, at).unwrap_err()
    };
    let untrusted = verify(&StaticAnchors::none(), NOW);
    assert!(matches!(untrusted, AppAttestError::Trust(TrustError::Path(_))), "{untrusted}");
    assert_eq!(untrusted.code(), Code::AttestationUntrusted);
    assert_eq!(verify(&FormatAnchors::vendors(), NOW).code(), Code::AttestationUntrusted);
    let later = Timestamp::from_unix_seconds(1_790_000_001);
    let expired = verify(&StaticAnchors::new(vec![root()]), later);
    assert_eq!(expired.code(), Code::CertificateExpired);
}

/// A COSE_Key whose coordinates are as short as their values allow.
fn cose_without_leading_zeros(key: &KeyPair) -> Vec<u8> {
    let point = key.public().sec1();
    let coordinate = |label: u8, bytes: &[u8]| {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap();
        let length = u8::try_from(bytes.len() - first).unwrap();
        [&[label, 0x58, length][..], &bytes[first..]].concat()
    };
    let head = [
        0xa5, /* kty */ 1, 2, /* EC2 */
        /* alg */ 3, 0x26, /* ES256 */
        /* crv */ 0x20, 1, /* P-256 */
    ];
    [&head[..], &coordinate(0x21, &point[1..33]), &coordinate(0x22, &point[33..])].concat()
}

#[test]
fn apples_coordinates_without_leading_zeros_are_accepted() {
    let keys = (0..4096).map(|index| key(&format!("app {index}")));
    let with_zero = |key: &KeyPair| key.public().sec1()[1] == 0;
    let short = || keys.clone().find(with_zero).unwrap();
    let app = App { strips_zeros: true, credential_key: short(), certified_key: short(), ..App::honest() };
    let trust = StaticAnchors::new([root()]);
    let verify = |app: &App| {
        AppAttest::new(APP_ID).verify(&app.object(), &app.key_id(), &CLIENT_DATA_HASH, &trust, NOW)
    };
    let attested = verify(&app).unwrap();
    assert_eq!(attested.public_key.sec1_uncompressed(), Some(&*app.certified_key.public().sec1()));
    let other = App { certified_key: key("other"), ..app };
    assert_eq!(verify(&other).map(|_| ()).unwrap_err(), AppAttestError::PublicKey);
}

/// A map of extension outputs, as newer systems add it.
fn extensions() -> Vec<u8> {
    Cbor::object([
        ("apple_bundle_version_01", "1.2.3".into()),
        ("apple_validation_category_01", Cbor::Int(1)),
    ])
    .encode()
}

/// Bytes that must not follow the other fields, with the error if those fields end at byte `end`.
fn wrong_endings(end: usize) -> [(Vec<u8>, AuthenticatorDataError); 5] {
    let truncated = CborError::UnexpectedEnd { offset: 0, missing: 2 };
    let map = extensions();
    let offset = end + map.len();
    [
        (vec![0x00 /* 0 */], AuthenticatorDataError::ExtensionsNotMap { offset: end }),
        (vec![0x80 /* array(0) */], AuthenticatorDataError::ExtensionsNotMap { offset: end }),
        (vec![0xa1 /* map(1) */], AuthenticatorDataError::Extensions { offset: end, error: truncated }),
        ([&map[..], &map].concat(), AuthenticatorDataError::Trailing { offset }),
        ([&map[..], &[0]].concat(), AuthenticatorDataError::Trailing { offset }),
    ]
}

#[test]
fn an_attestation_may_end_with_a_map_of_extensions() {
    let trust = StaticAnchors::new([root()]);
    for (flags, extensions) in [
        (AT, Vec::new()),
        (AT, extensions()),
        (AT | ED, Vec::new()),
        (AT | ED, extensions()),
        (AT, vec![0xa0 /* map(0) */]),
    ] {
        let app = App { flags, extensions, ..App::honest() };
        let attested =
            AppAttest::new(APP_ID).verify(&app.object(), &app.key_id(), &CLIENT_DATA_HASH, &trust, NOW);
        assert_eq!(attested.map(|attested| attested.key_id), Ok(app.key_id()), "{flags:#x}");
    }
}

#[test]
fn an_attestation_with_another_ending_is_rejected() {
    let end = 37 + 16 + 2 + 32 + key("app").public().cose(Minted::Es256).encode().len();
    for flags in [AT, AT | ED] {
        for (extensions, error) in wrong_endings(end) {
            let app = App { flags, extensions, ..App::honest() };
            assert_eq!(app.refused(), AppAttestError::Object(error.into()));
        }
    }
    let unflagged = App { flags: 0, ..App::honest() }.refused();
    assert!(matches!(unflagged, AppAttestError::Object(AttestationObjectError::AuthenticatorData(_))));
}

#[test]
fn extensions_of_an_attestation_are_covered_by_the_nonce() {
    let app = App { extensions: extensions(), ..App::honest() };
    let mut object = app.object();
    let changed = object.windows(5).position(|bytes| bytes == b"1.2.3").unwrap();
    object[changed] = b'2';
    let trust = StaticAnchors::new([root()]);
    let refused = AppAttest::new(APP_ID).verify(&object, &app.key_id(), &CLIENT_DATA_HASH, &trust, NOW);
    assert_eq!(refused.map(|_| ()), Err(AppAttestError::Nonce(AppleNonceError::Mismatch)));
}

/// An assertion by the app's key.
fn assertion(app_id: &str, counter: u32, client_data_hash: &[u8; 32]) -> Vec<u8> {
    assertion_with(app_id, AT, counter, &[], client_data_hash)
}

/// The same, with other flags, and with bytes after the counter.
fn assertion_with(app_id: &str, flags: u8, counter: u32, end: &[u8], client_data_hash: &[u8; 32]) -> Vec<u8> {
    let auth_data = [&sha256(&[app_id.as_bytes()])[..], &[flags], &counter.to_be_bytes(), end].concat();
    let nonce = sha256(&[&auth_data, client_data_hash]);
    let signature = key("app").sign(&nonce);
    Cbor::object([("signature", signature.into()), ("authenticatorData", auth_data.into())]).encode()
}

#[test]
fn an_assertion_is_verified_by_key_app_and_counter() {
    let object = App::honest();
    let trust = StaticAnchors::new([root()]);
    let app = AppAttest::new(APP_ID);
    let attested = app.verify(&object.object(), &object.key_id(), &CLIENT_DATA_HASH, &trust, NOW).unwrap();
    let verify = |assertion: &[u8], hash: &[u8; 32], previous| {
        app.verify_assertion(assertion, &attested.public_key, hash, previous)
    };
    let hash = [0xa5; 32];
    let sent = assertion(APP_ID, 8, &hash);
    assert_eq!(verify(&sent, &hash, 0), Ok(8));
    assert_eq!(verify(&sent, &hash, 7), Ok(8));
    let repeated = AppAssertionError::Counter { previous: 8, got: 8 };
    assert_eq!((repeated.code(), verify(&sent, &hash, 8)), (Code::SignCountRegressed, Err(repeated)));
    let replayed = verify(&sent, &[0; 32], 0).unwrap_err();
    assert!(matches!(replayed, AppAssertionError::Signature(_)), "another challenge: {replayed}");
    let elsewhere = assertion("0352187391.org.example", 8, &hash);
    assert_eq!(verify(&elsewhere, &hash, 0), Err(AppAssertionError::AppId));
    assert_eq!(verify(&[0x80], &hash, 0), Err(AppAssertionError::NotMap));
    let empty = verify(&[0xa0], &hash, 0).unwrap_err();
    assert_eq!(empty.to_string(), "assertion.signature is missing");
}

/// Verifies an assertion with these flags and these bytes after the counter.
fn verify_ending(flags: u8, end: &[u8]) -> Result<u32, AppAssertionError> {
    let cose = key("app").public().cose(Minted::Es256).encode();
    let public_key = PublicKey::from_cose(&cose).unwrap();
    let sent = assertion_with(APP_ID, flags, 8, end, &CLIENT_DATA_HASH);
    AppAttest::new(APP_ID).verify_assertion(&sent, &public_key, &CLIENT_DATA_HASH, 7)
}

#[test]
fn an_assertion_may_end_with_a_map_of_extensions() {
    for flags in [0, AT, ED, AT | ED] {
        for end in [Vec::new(), extensions(), vec![0xa0 /* map(0) */]] {
            assert_eq!(verify_ending(flags, &end), Ok(8), "{flags:#x} {end:x?}");
        }
    }
}

#[test]
fn an_assertion_with_another_ending_is_rejected() {
    for flags in [0, AT, ED, AT | ED] {
        for (end, error) in wrong_endings(37) {
            assert_eq!(verify_ending(flags, &end), Err(error.into()), "{flags:#x} {end:x?}");
        }
    }
}
