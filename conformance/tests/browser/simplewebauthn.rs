//! The npm packages `@simplewebauthn/browser` and `@simplewebauthn/server`, fetched when the tests run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The package's bundle for pages without a build step, or why it cannot be fetched.
pub(crate) fn bundle() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-npm");
    let file = "node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js";
    install(&folder, PACKAGE, file)?;
    let file = folder.join(file);
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Installs a package into a folder, unless the file is there.
fn install(folder: &Path, package: &str, file: &str) -> Result<(), String> {
    if folder.join(file).is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix"]).arg(folder);
    npm.arg(package).stdin(Stdio::null());
    let done = npm.output().map_err(|error| format!("npm: {error}"))?;
    if done.status.success() {
        Ok(())
    } else {
        Err(format!("npm install {package}: {}", String::from_utf8_lossy(&done.stderr)))
    }
}

const PACKAGE: &str = "@simplewebauthn/browser@13";

/// Both ceremonies as in the package's documentation.
pub(crate) const PERFORM: &str = "
    const [ceremony, request] = arguments;
    const { startRegistration, startAuthentication } = globalThis.SimpleWebAuthnBrowser;
    const post = async (route, body) => {
        const answer = await fetch(`/webauthn/${ceremony}/${route}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
        });
        return { status: answer.status, body: await answer.json() };
    };
    const optionsJSON = (await post('options', request)).body;
    const start = ceremony === 'registration' ? startRegistration : startAuthentication;
    return post('verify', await start({ optionsJSON }));";

/// The npm package `@simplewebauthn/server`, run by Node.js.
pub(crate) struct Server {
    folder: PathBuf,
}

impl Server {
    /// Fetches the package, or returns why it cannot be fetched.
    pub(crate) fn install() -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server-npm");
        install(&folder, "@simplewebauthn/server@13", "node_modules/@simplewebauthn/server/package.json")?;
        Ok(Self { folder })
    }

    /// Options for a ceremony, or the verdict on `response`.
    pub(crate) fn run(&self, request: &Value) -> Value {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "--eval", SERVER, &request.to_string()]).current_dir(&self.folder);
        let ran = node.stdin(Stdio::null()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).unwrap()
    }
}

/// As in the package's documentation.
const SERVER: &str = "
    import * as server from '@simplewebauthn/server';
    const { method, origin, credential, options, response } = JSON.parse(process.argv[1]);
    const expected = { response, expectedChallenge: options?.challenge, expectedOrigin: origin, expectedRPID: 'localhost' };
    const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64url'));
    const plain = (key, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value);
    const run = {
        create: () => response
            ? server.verifyRegistrationResponse(expected)
            : server.generateRegistrationOptions({ rpName: 'Other', rpID: 'localhost', userName: 'ada' }),
        get: () => response
            ? server.verifyAuthenticationResponse({
                ...expected, credential: { ...credential, publicKey: bytes(credential.publicKey) } })
            : server.generateAuthenticationOptions({ rpID: 'localhost', allowCredentials: [{ id: credential.id }] }),
    };
    process.stdout.write(JSON.stringify(await run[method](), plain));";
