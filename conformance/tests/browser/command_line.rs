//! A program in a terminal that signs in through the browser: `passkeys-login` on both sites.

#[cfg(target_os = "linux")]
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use rp_core::base64url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::folder::Folder;
use crate::page::Page;
#[cfg(target_os = "linux")]
use crate::process::{Process, program};
use crate::site::{Site, example};
#[cfg(target_os = "linux")]
use crate::skip;
use crate::webdriver::{Abilities, Session, agent};
use crate::{on_both_sites, photograph, secrets, unreached};

/// A terminal with its own token.
struct Terminal {
    folder: Folder,
    site: String,
}

/// A sign-in that waits for the browser.
struct Login {
    program: Child,
    messages: BufReader<ChildStderr>,
    /// The address that the program prints.
    address: String,
}

impl Terminal {
    fn new(site: &Site) -> Self {
        Self { folder: Folder::new("terminal"), site: site.origin() }
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("state/token.json")
    }

    fn command(&self, action: &str) -> Command {
        let mut command = Command::new(example("passkeys-login"));
        command.arg(action).args(["--site", &self.site, "--token-file"]).arg(self.token_file());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A browser that writes the address to a file: a `PATH` with `xdg-open`, and the file.
    #[cfg(target_os = "linux")]
    fn browser(&self) -> (OsString, PathBuf) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.folder.path().join("bin");
        std::fs::create_dir(&folder).unwrap();
        let program = folder.join("xdg-open");
        std::fs::write(&program, "#!/bin/sh\nprintf %s \"$1\" >\"${0%/*}/opened\"\n").unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        let others = std::env::var_os("PATH").unwrap();
        let path =
            std::env::join_paths(std::iter::once(folder.clone()).chain(std::env::split_paths(&others)));
        (path.unwrap(), folder.join("opened"))
    }

    /// Runs a command to its end.
    fn run(&self, action: &str) -> Output {
        self.command(action).output().unwrap()
    }

    /// Starts a sign-in and waits for the address.
    fn login(&self) -> Login {
        let mut program = self.command("login").arg("--no-browser").spawn().unwrap();
        let mut messages = BufReader::new(program.stderr.take().unwrap());
        let mut address = String::new();
        while !address.starts_with("http") {
            address.clear();
            assert_ne!(messages.read_line(&mut address).unwrap(), 0, "the program ended");
        }
        Login { program, messages, address: address.trim().to_owned() }
    }
}

impl Login {
    /// Waits for the end: whether it succeeded, and both outputs.
    fn end(mut self) -> (bool, String, String) {
        let output = self.program.wait_with_output().unwrap();
        let mut messages = String::new();
        self.messages.read_to_string(&mut messages).unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), messages)
    }
}

/// Confirms on the page that is open, and returns the address to which the browser went.
fn confirm(browser: &Session) -> String {
    browser.click("#confirm");
    let arrived =
        "return location.protocol === 'http:' && location.hostname !== 'localhost' && location.href";
    browser.wait_until("the page of the program", arrived, &[]).as_str().unwrap().to_owned()
}

/// The code in an address, which is a secret.
fn code(address: &str) -> String {
    let (_, rest) = address.split_once("code=").unwrap();
    let code = rest.split('&').next().unwrap().to_owned();
    secrets::keep(&code);
    code
}

/// Sends a form to `token`; the status and the body.
fn redeem(site: &Site, members: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}/webauthn/token", site.origin());
    let mut answer = agent().post(&url).send_form(members.iter().copied()).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

#[test]
fn a_terminal_signs_in_through_the_browser() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        let terminal = Terminal::new(site);
        let login = terminal.login();
        browser.open(&login.address);
        let shown = browser.text("main");
        assert!(shown.contains("Sign in to passkeys-login, the example for terminals?"), "{shown}");
        assert!(shown.contains("ada") && shown.contains("Confirm only if you have just started"), "{shown}");
        photograph(browser, site, "authorize");
        assert_eq!(unreached(browser), json!([]));
        let address = confirm(browser);
        assert!(browser.text("body").contains("Go back to your terminal."));

        let (is_signed_in, output, messages) = login.end();
        assert!(is_signed_in, "{messages}");
        let session: Value = serde_json::from_str(&output).unwrap();
        assert_eq!(session["user"]["name"], "ada");
        assert_eq!(session["assurance"], json!({"aal": 2, "acr": "phr", "amr": ["pop", "user", "mfa"]}));
        let token = String::from_utf8(terminal.run("token").stdout).unwrap().trim().to_owned();
        assert_eq!(token.len(), 43);
        secrets::keep(&token);
        assert!(!output.contains(&token) && !messages.contains(&token));
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert_eq!(terminal.token_file().metadata().unwrap().mode() & 0o777, 0o600);
        }

        // A guard by age accepts the session for two minutes.
        assert!(String::from_utf8(terminal.run("report").stdout).unwrap().contains("The report of ada"));
        site.set_clock_ahead(Duration::from_secs(150));
        let report = terminal.run("report");
        let why = String::from_utf8(report.stderr).unwrap();
        assert!(
            !report.status.success() && why.contains("requires a passkey that was used just now"),
            "{why}"
        );
        assert!(terminal.run("status").status.success());

        // The second use of the code is rejected, and ends the session.
        let redirect = address.split('?').next().unwrap();
        let (status, problem) = redeem(
            site,
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "passkeys-login"),
                ("code", &code(&address)),
                ("redirect_uri", redirect),
                ("code_verifier", "unknown to everyone except the program, so wrong"),
            ],
        );
        assert_eq!((status, &problem["error"]), (400, &json!("invalid_grant")), "{problem}");
        let status = terminal.run("status");
        let why = String::from_utf8(status.stderr).unwrap();
        assert!(!status.status.success() && why.contains("You are not signed in"), "{why}");
    });
}

/// In a pseudo-terminal the program opens the browser itself, and prints a table.
#[cfg(target_os = "linux")]
#[test]
fn a_program_in_a_terminal_opens_the_browser() {
    on_both_sites(&[], |browser, site| {
        let Some(script) = program(&["script"]) else { return skip("script is not on the PATH") };
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        let terminal = Terminal::new(site);
        let (path, opened) = terminal.browser();
        let login = terminal.command("login");
        let words: Vec<_> = std::iter::once(login.get_program()).chain(login.get_args()).collect();
        let line = words.join(OsStr::new(" "));
        let login =
            Process::start(Command::new(script).args(["-qec"]).arg(line).arg("/dev/null").env("PATH", path));
        let address =
            login.wait_for(|line| line.starts_with("http").then(|| line.trim().to_owned())).unwrap();
        assert_eq!(std::fs::read_to_string(opened).unwrap(), address);
        browser.open(&address);
        code(&confirm(browser));
        login.wait_for(|line| line.starts_with("User       ada (ada)").then_some(())).unwrap();
        login.wait_for(|line| line.starts_with("Assurance  AAL2 phr").then_some(())).unwrap();
        login.wait_for(|line| line.starts_with("Methods    pop, user, mfa").then_some(())).unwrap();
        assert!(terminal.token_file().exists());
    });
}

#[test]
fn a_code_that_the_browser_received_needs_its_verifier() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.sign_out();

        // A program of the test waits for the code; the user is not signed in.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let redirect = format!("http://{}/callback", listener.local_addr().unwrap());
        let program = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&connection).read_line(&mut line).unwrap();
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone").unwrap();
            line
        });
        let verifier = "a-secret-that-never-leaves-the-program-of-it";
        secrets::keep(verifier);
        let query = [
            ("response_type", "code"),
            ("client_id", "passkeys-login"),
            ("redirect_uri", &redirect),
            ("code_challenge", &base64url::encode(&Sha256::digest(verifier))),
            ("code_challenge_method", "S256"),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        browser.open(&format!("{}/webauthn/authorize?{query}", site.origin()));
        assert!(browser.text("#account").contains("that of the passkey you use"));
        browser.click("#confirm");
        let line = program.join().unwrap();
        let code = code(line.split(' ').nth(1).unwrap());
        let exchange = |verifier: &str| {
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", "passkeys-login"),
                ("code", &code),
                ("redirect_uri", &redirect),
                ("code_verifier", verifier),
            ];
            let (status, problem) = redeem(site, &form);
            (status, problem["detail"].as_str().unwrap_or_default().to_owned())
        };
        let mismatch = "the code_verifier does not match the code_challenge";
        assert_eq!(exchange(&verifier.replace('s', "S")), (400, mismatch.to_owned()));
        // That attempt used the code up.
        let used = "the code was used before, and the session that it opened has ended";
        assert_eq!(exchange(verifier), (400, used.to_owned()));
    });
}

#[test]
fn a_terminal_session_is_listed_and_revoked_on_the_page() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        let terminal = Terminal::new(site);
        let login = terminal.login();
        browser.open(&login.address);
        confirm(browser);
        assert!(login.end().0);

        browser.open(&site.origin());
        page.wait_signed_in(1);
        page.wait_sessions(2);
        let program = "return [...document.querySelectorAll('#sessions .cards > li')]
            .find((card) => card.querySelector('.title').textContent === 'A program')?.dataset.id";
        let id = browser.run(program, &[]).unwrap();
        browser.click(&format!("[data-id='{}'] button[name=end]", id.as_str().unwrap()));
        page.wait_done("“A program” was signed out.");
        let status = terminal.run("status");
        let why = String::from_utf8(status.stderr).unwrap();
        assert!(!status.status.success() && why.contains("You are not signed in"), "{why}");
    });
}

#[test]
fn a_terminal_learns_that_the_user_cancelled() {
    on_both_sites(&[], |browser, site| {
        let terminal = Terminal::new(site);
        let login = terminal.login();
        browser.open(&login.address);
        browser.click("#cancel");
        let (is_signed_in, output, messages) = login.end();
        assert!(!is_signed_in && output.is_empty());
        assert!(messages.contains("cancelled in the browser"), "{messages}");
        assert!(!terminal.token_file().exists());
    });
}
