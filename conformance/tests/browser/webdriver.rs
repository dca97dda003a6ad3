//! A WebDriver client with the commands that the tests need.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use crate::folder::Folder;
use crate::process::{PATIENCE, Process, number_after, program};
use crate::secrets;

/// Chromium and its driver on the `PATH`.
pub(crate) struct Programs {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Option<Self> {
        let chromium = program(&["chromium", "chromium-browser", "google-chrome"])?;
        Some(Self { chromium, chromedriver: program(&["chromedriver"])? })
    }

    /// Starts a driver and returns its port. The driver takes a free IPv4 port and ends if the same IPv6 port is in use;
    /// the next attempt gets another one.
    fn start_driver(&self) -> (Process, u16) {
        let start = |_| {
            let driver = Process::start(Command::new(&self.chromedriver).arg("--port=0"));
            let port = driver.wait_for(|line| number_after(line, "started successfully on port "))?;
            Some((driver, port))
        };
        (0..10).find_map(start).expect("chromedriver ends whenever it is started")
    }
}

/// One headless Chromium with a fresh profile, driven by one chromedriver.
pub(crate) struct Session {
    url: String,
    agent: Agent,
    _driver: Process,
    _profile: Folder,
}

/// A client that returns every status and uses no proxy.
pub(crate) fn agent() -> Agent {
    let config =
        Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(PATIENCE));
    config.build().new_agent()
}

impl Session {
    /// Starts the driver, and through it the browser.
    pub(crate) fn start(programs: &Programs) -> Self {
        let (driver, port) = programs.start_driver();
        let profile = Folder::new("profile");
        let user_data = format!("--user-data-dir={}", profile.path().display());
        let mut args = vec![user_data.as_str()];
        args.extend(FLAGS);
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"script": PATIENCE.as_millis()},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {"binary": programs.chromium, "args": args},
        }}});
        let mut session = Self {
            url: format!("http://127.0.0.1:{port}/session"),
            agent: agent(),
            _driver: driver,
            _profile: profile,
        };
        let id = session.command("POST", "", &capabilities).unwrap();
        session.url = format!("{}/{}", session.url, id["sessionId"].as_str().unwrap());
        session.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": TELL_TRAFFIC}));
        session
    }

    /// One command; the error is the driver's `error` and `message`.
    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.url);
        let request = Request::builder().method(method).uri(&url).header("content-type", "application/json");
        let sent = match method {
            "POST" => self.agent.run(request.body(body.to_string()).unwrap()),
            _ => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = sent.map_err(|error| format!("{method} {path}: {error}"))?;
        let mut json: Value =
            answer.body_mut().read_json().map_err(|error| format!("{method} {path}: {error}"))?;
        match json["value"]["error"].as_str() {
            Some(error) if answer.status() != 200 => {
                Err(format!("{method} {path}: {error}: {}", json["value"]["message"]))
            }
            _ => Ok(json["value"].take()),
        }
    }

    pub(crate) fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({"url": url})).unwrap();
    }

    /// Runs the body of an async function in the page, with `arguments`; what it returns, or what it throws.
    pub(crate) fn run(&self, body: &str, arguments: &[Value]) -> Result<Value, String> {
        let script = format!("return (async function () {{ {body} }}).apply(null, arguments)");
        self.command("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Repeats the script until it returns a truthy value; panics with `what` at the time limit.
    pub(crate) fn wait_until(&self, what: &str, body: &str, arguments: &[Value]) -> Value {
        // The page polls; the test sends one command.
        let script = format!(
            "const arguments_ = [...arguments], limit = arguments_.pop(), end = Date.now() + limit;
             const look = async function () {{ {body} }};
             for (;;) {{
                 let found = null, late = Date.now() > end;
                 // A page that is still loading has no elements to look at.
                 try {{ found = await look.apply(null, arguments_); }} catch (error) {{ if (late) throw error; }}
                 if (found || late) return found || null;
                 await new Promise((resolve) => setTimeout(resolve, 20));
             }}"
        );
        let mut arguments = arguments.to_vec();
        arguments.push(json!(PATIENCE.as_secs() * 1000 / 3));
        match self.run(&script, &arguments) {
            Ok(Value::Null) => {
                let answers = self.run("return window.answers ?? []", &[]).unwrap_or_default();
                panic!(
                    "{what}: never came; the server answered {answers}; the page says {}",
                    self.text("body")
                )
            }
            Ok(found) => found,
            Err(error) => panic!("{what}: {error}"),
        }
    }

    /// Waits for a page with this title, to which a script of the page navigates: a script that runs meanwhile is aborted.
    pub(crate) fn wait_title(&self, title: &str) {
        let end = Instant::now() + PATIENCE;
        while self.run("return document.title", &[]) != Ok(json!(title)) {
            assert!(Instant::now() < end, "no page has the title {title}");
        }
    }

    fn element(&self, selector: &str) -> String {
        let found =
            self.command("POST", "/element", &json!({"using": "css selector", "value": selector})).unwrap();
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks like a user: a hidden or covered element cannot be clicked.
    pub(crate) fn click(&self, selector: &str) {
        self.wait_until(
            selector,
            "return document.querySelector(arguments[0])?.checkVisibility()",
            &[json!(selector)],
        );
        self.command("POST", &format!("/element/{}/click", self.element(selector)), &json!({})).unwrap();
    }

    /// Replaces the text of a field.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/clear"), &json!({})).unwrap();
        self.command("POST", &format!("/element/{element}/value"), &json!({"text": text})).unwrap();
    }

    /// Presses a key: Tab, or one that writes a character.
    pub(crate) fn press(&self, key: &str) {
        let name = if key == "\t" { "Tab" } else { key };
        let code = if key == "\t" { 9 } else { 32 };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" && key != "\t" { key } else { "" };
            let event = json!({"type": kind, "key": name, "windowsVirtualKeyCode": code, "text": text});
            self.devtools("Input.dispatchKeyEvent", &event);
        }
    }

    /// The visible text.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text =
            self.run("return document.querySelector(arguments[0])?.innerText ?? ''", &[json!(selector)]);
        text.unwrap().as_str().unwrap().to_owned()
    }

    /// Gives the page this size, in CSS pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Makes the browser prefer a colour scheme, `light` or `dark`, and no transition between the two.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// The whole page as a PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        let picture = self.devtools("Page.captureScreenshot", &json!({"captureBeyondViewport": true}));
        let base64 =
            picture["data"].as_str().unwrap().trim_end_matches('=').replace('+', "-").replace('/', "_");
        rp_core::base64url::decode(&base64).unwrap()
    }

    /// Keeps the secrets of the traffic so far: cookies, and the bodies that the pages' scripts sent and received.
    pub(crate) fn keep_secrets(&self) {
        let log = |kind: &str| self.command("POST", "/se/log", &json!({"type": kind})).unwrap();
        for entry in log("performance").as_array().unwrap() {
            let entry: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let parameters = &entry["message"]["params"];
            let headers = parameters["headers"].as_object().into_iter().flatten();
            for (_, cookies) in headers.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
                cookies.as_str().unwrap().lines().for_each(secrets::keep_cookie);
            }
            if let Some(body) = parameters["request"]["postData"].as_str() {
                secrets::keep_request(body);
            }
        }
        for entry in log("browser").as_array().unwrap() {
            let message = entry["message"].as_str().unwrap();
            let told = [("sent:", secrets::keep_request as fn(&str)), ("received:", secrets::keep_response)];
            for (mark, keep) in told {
                let Some((_, body)) = message.split_once(mark) else { continue };
                let body = format!("body={}", body.trim_end_matches('"'));
                form_urlencoded::parse(body.as_bytes()).for_each(|(_, body)| keep(&body));
            }
        }
    }

    /// A command of the DevTools protocol, for functions that WebDriver lacks.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters})).unwrap()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver closes the browser with the session.
        let limit = Some(Duration::from_secs(10));
        drop(self.agent.delete(&self.url).config().timeout_global(limit).build().call());
    }
}

/// Writes the bodies of requests and responses to the console, as components of a URL.
const TELL_TRAFFIC: &str = "{
    const { fetch } = window;
    const tell = (mark, body) => console.debug(mark + encodeURIComponent(body));
    window.fetch = async (resource, init) => {
        if (typeof init?.body === 'string') tell('sent:', init.body);
        else if (resource instanceof Request) resource.clone().text().then((body) => tell('sent:', body), () => {});
        const response = await fetch(resource, init);
        const body = await response.text();
        tell('received:', body);
        return new Response(body || null, response);
    };
}";

/// Headless, also as root in a container, and without background requests.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1366,900",
];

/// A virtual authenticator (WebAuthn Level 3, section 11).
pub(crate) struct Authenticator<'a> {
    session: &'a Session,
    id: String,
}

/// The capabilities of a virtual authenticator (section 11.2).
#[derive(Clone, Copy)]
pub(crate) struct Abilities {
    pub(crate) protocol: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) resident_key: bool,
    pub(crate) user_verification: bool,
    pub(crate) consents: bool,
}

impl Abilities {
    /// Built into the device, with discoverable credentials and user verification.
    pub(crate) const PLATFORM: Self = Self {
        protocol: "ctap2",
        transport: "internal",
        resident_key: true,
        user_verification: true,
        consents: true,
    };

    /// A security key with user verification by PIN.
    pub(crate) const SECURITY_KEY: Self = Self { transport: "usb", ..Self::PLATFORM };

    /// A U2F key.
    pub(crate) const U2F: Self = Self {
        protocol: "ctap1/u2f",
        transport: "usb",
        resident_key: false,
        user_verification: false,
        consents: true,
    };
}

impl Session {
    /// Plugs an authenticator in (11.3, Add Virtual Authenticator).
    pub(crate) fn plug_in(&self, abilities: Abilities) -> Authenticator<'_> {
        let body = json!({
            "protocol": abilities.protocol,
            "transport": abilities.transport,
            "hasResidentKey": abilities.resident_key,
            "hasUserVerification": abilities.user_verification,
            "isUserConsenting": abilities.consents,
            "isUserVerified": abilities.user_verification,
        });
        let id = self.command("POST", "/webauthn/authenticator", &body).unwrap();
        Authenticator { session: self, id: id.as_str().unwrap().to_owned() }
    }
}

impl Authenticator<'_> {
    /// Pulls it out (11.4, Remove Virtual Authenticator).
    pub(crate) fn pull_out(self) {
        self.session
            .command("DELETE", &format!("/webauthn/authenticator/{}", self.id), &Value::Null)
            .unwrap();
    }

    /// How many credentials it holds (11.6, Get Credentials).
    pub(crate) fn credentials(&self) -> usize {
        let path = format!("/webauthn/authenticator/{}/credentials", self.id);
        self.session.command("GET", &path, &Value::Null).unwrap().as_array().unwrap().len()
    }

    /// Sets whether user verification succeeds (11.9, Set User Verified).
    pub(crate) fn set_user_verified(&self, verified: bool) {
        let path = format!("/webauthn/authenticator/{}/uv", self.id);
        self.session.command("POST", &path, &json!({"isUserVerified": verified})).unwrap();
    }
}
