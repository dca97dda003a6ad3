//! Imports of records that the libraries themselves have made. webauthn-rs needs OpenSSL, so `.ci/full importers` builds a
//! program with it and sets `RP_IMPORTERS` to its path.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rp_conformance::authenticator::{Algorithm, Authenticator, Backup, Config, Page};
use rp_core::{AttestationObject, AuthenticationResponse, UserHandle, base64url};
use rp_service::admin::{ForeignFormat, ForeignOptions};
use rp_service::{Caller, Passkeys};
use serde_json::{Value, json};

use crate::skip::skip;
use crate::transfer::{ORIGIN, operator, service};

/// Registers a credential with the library in `program`, which prints its options, reads the response from a line, and prints
/// the record. Returns the user handle, the response and the record.
fn register(program: &mut Command, authenticator: &mut Authenticator) -> (UserHandle, Value, Value) {
    let mut library = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(library.stdout.take().unwrap()).lines();
    let mut line = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let options = line();
    let options = options.get("publicKey").unwrap_or(&options).clone();
    let response = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
    writeln!(library.stdin.take().unwrap(), "{response}").unwrap();
    let record = line();
    assert!(library.wait().unwrap().success());
    let handle = base64url::decode(options["user"]["id"].as_str().unwrap()).unwrap();
    let handle = UserHandle::try_from(handle.as_slice()).unwrap();
    (handle, serde_json::from_str(&response).unwrap(), record)
}

/// Imports the record of a new passkey, compares it with the response, and signs in. `has_model`: the record has the AAGUID.
async fn import(program: &mut Command, format: ForeignFormat, config: Config, has_model: bool) {
    let (algorithm, is_eligible) = (config.algorithms[0], config.backup != Backup::DeviceBound);
    let mut authenticator = Authenticator::new("a library", config);
    let (handle, response, record) = register(program, &mut authenticator);
    let name = format!("{} {algorithm:?} {record}", format.as_str());
    let folder = tempfile::tempdir().unwrap();
    let (passkeys, _) = service(folder.path(), "new.db", 1).await;
    let line = json!({"userHandle": handle, "username": "kim", "credential": record});
    let file = folder.path().join("records");
    std::fs::write(&file, line.to_string()).unwrap();
    let options = ForeignOptions::new(passkeys.now());
    let admin = passkeys.admin(operator());
    let done = admin.import_foreign(&file, format, &options, |_| {}).await;
    let done = done.map_err(|error| format!("{name}: {error}")).unwrap();
    assert_eq!((done.users, done.passkeys, done.skipped), (1, 1, 0), "{name}");

    let state = passkeys.user_state(&handle, false, passkeys.now()).await.unwrap().unwrap();
    let imported = &state.passkeys[0].record;
    let object = base64url::decode(response["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let object = AttestationObject::parse(&object).unwrap();
    let attested = object.auth_data.attested_credential().unwrap();
    assert_eq!(*imported.public_key, *attested.credential_public_key.as_bytes(), "{name}");
    assert_eq!(json!(imported.id), response["id"], "{name}");
    assert_eq!(imported.sign_count, object.auth_data.sign_count(), "{name}");
    assert_eq!((imported.backup_eligible, imported.backup_state), (Some(is_eligible), is_eligible), "{name}");
    assert!(imported.uv_initialized, "{name}");
    if has_model {
        assert_eq!(imported.aaguid, attested.aaguid, "{name}");
    }
    sign_in(&passkeys, &mut authenticator).await;
}

async fn sign_in(passkeys: &Passkeys, authenticator: &mut Authenticator) {
    let caller = Caller::new_browser().unwrap();
    let options = passkeys.start_sign_in(&caller, Some("kim")).await.unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let response = authenticator.get(&options, Page::at(ORIGIN)).unwrap();
    let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
    assert_eq!(passkeys.finish_authentication(&caller, &response).await.unwrap().user.name, "kim");
}

fn config(algorithm: Algorithm, backup: Backup) -> Config {
    Config { algorithms: vec![algorithm], backup, ..Config::default() }
}

#[tokio::test(flavor = "current_thread")]
async fn passkeys_that_webauthn_rs_registered_sign_in() {
    let Some(program) = std::env::var_os("RP_IMPORTERS") else {
        return skip("import from webauthn-rs: RP_IMPORTERS is not set; .ci/full importers sets it");
    };
    for version in ["0.5", "0.6"] {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            for backup in [Backup::DeviceBound, Backup::BackedUp] {
                let mut program = Command::new(&program);
                let config = config(algorithm, backup);
                import(program.arg(version), ForeignFormat::WebauthnRs, config, false).await;
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn passkeys_that_simplewebauthn_registered_sign_in() {
    let folder = match install() {
        Ok(folder) => folder,
        Err(why) => return skip(&format!("import from SimpleWebAuthn: {why}")),
    };
    for form in ["info", "row"] {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            for backup in [Backup::DeviceBound, Backup::BackedUp] {
                let mut node = Command::new("node");
                node.args(["--input-type=module", "--eval", SERVER, form]).current_dir(&folder);
                let config = config(algorithm, backup);
                import(&mut node, ForeignFormat::SimpleWebauthn, config, true).await;
            }
        }
    }
}

/// The npm package in a folder of the test, or why it cannot be installed.
fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("importers-npm");
    if folder.join("node_modules/@simplewebauthn/server/package.json").is_file() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix"])
        .arg(&folder);
    let done = npm.arg("@simplewebauthn/server@14.0.3").stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("npm: {error}"))?;
    done.status.success().then_some(folder).ok_or_else(|| String::from_utf8_lossy(&done.stderr).into_owned())
}

/// A registration as in the package's documentation: `registrationInfo`, or the row of the documentation's table.
const SERVER: &str = "
    import { readFileSync } from 'node:fs';
    import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
    const [rpID, origin] = ['example.org', 'https://example.org'];
    const options = await generateRegistrationOptions({ rpName: 'Other', rpID, userName: 'kim' });
    console.log(JSON.stringify(options));
    const response = readFileSync(0, 'utf8');
    const { registrationInfo } = await verifyRegistrationResponse({
        response: JSON.parse(response), expectedChallenge: options.challenge, expectedOrigin: origin, expectedRPID: rpID,
    });
    const { credential, credentialDeviceType: deviceType, credentialBackedUp: backedUp, userVerified, aaguid } = registrationInfo;
    const row = {
        ...credential, publicKey: Buffer.from(credential.publicKey).toString('base64'),
        transports: credential.transports?.join(','), deviceType, backedUp, userVerified, aaguid,
    };
    console.log(JSON.stringify(process.argv[1] === 'info' ? registrationInfo : row));";
