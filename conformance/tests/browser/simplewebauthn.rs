//! The npm package `@simplewebauthn/browser`, fetched when the test runs.

use std::path::Path;
use std::process::{Command, Stdio};

/// The package's bundle for pages without a build step, or why it cannot be fetched.
pub(crate) fn bundle() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-npm");
    let file = folder.join("node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js");
    if !file.is_file() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix"])
            .arg(&folder);
        npm.arg(PACKAGE).stdin(Stdio::null());
        let done = npm.output().map_err(|error| format!("npm: {error}"))?;
        if !done.status.success() {
            return Err(format!("npm install {PACKAGE}: {}", String::from_utf8_lossy(&done.stderr)));
        }
    }
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
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
