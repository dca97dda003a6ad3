//! The example's page as a user operates it.

use serde_json::{Value, json};

use crate::site::Site;
use crate::webdriver::Session;

/// The page, open in a browser.
pub(crate) struct Page<'a> {
    session: &'a Session,
}

/// The card of a passkey.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) title: String,
    pub(crate) text: String,
}

impl<'a> Page<'a> {
    /// Opens the page signed out.
    pub(crate) fn open(session: &'a Session, site: &Site) -> Self {
        Self::open_at(session, &site.origin())
    }

    /// Opens the page with autofill pending, so that a script of the test can run a ceremony.
    pub(crate) fn open_for_a_script(session: &'a Session, site: &Site) -> Self {
        session.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": LEAVE_AUTOFILL}));
        let page = Self::open(session, site);
        // Two first requests at the same time would each receive a cookie for ceremonies.
        session.wait_until("autofill", "return window.isAutofillPending", &[]);
        page
    }

    /// Opens the page at another address.
    pub(crate) fn open_at(session: &'a Session, address: &str) -> Self {
        session.open(address);
        let page = Self { session };
        page.wait_signed_out();
        page.watch();
        page
    }

    /// Records every response, to show that the server rejected a request and not the browser.
    pub(crate) fn watch(&self) {
        self.session.run(WATCH, &[]).unwrap();
    }

    /// Loads the page again and waits for one of its views.
    pub(crate) fn reload(&self, site: &Site) {
        self.session.open(&site.origin());
        self.watch();
        let settled = "return ['#signed-out', '#second-factor', '#account', '#wall']
            .some((view) => document.querySelector(view).checkVisibility())";
        self.session.wait_until("a view", settled, &[]);
    }

    pub(crate) fn sign_out_if_signed_in(&self) {
        if self.is_shown("#sign-out") {
            self.ask_to_sign_out();
        }
        self.wait_signed_out();
    }

    pub(crate) fn wait_signed_out(&self) {
        self.session.wait_until(
            "the form for signing in",
            "return document.querySelector('#sign-in').checkVisibility()",
            &[],
        );
    }

    /// Waits until the account is shown with this many passkeys and no request is pending.
    pub(crate) fn wait_signed_in(&self, passkeys: usize) {
        let settled = "return document.querySelector('#account').checkVisibility()
            && document.querySelectorAll('#passkeys > li').length === arguments[0]
            && !document.querySelector('[aria-busy]')";
        self.session.wait_until(
            &format!("the account with {passkeys} passkeys"),
            settled,
            &[json!(passkeys)],
        );
    }

    /// Fills in the form for a new account and sends it.
    pub(crate) fn ask_for_account(&self, username: &str) {
        self.session.click("#sign-in a[href='#create']");
        self.session.wait_until(
            "the form for accounts",
            "return document.querySelector('#sign-up').checkVisibility()",
            &[],
        );
        // After an account with a password, the form still asks for one.
        if !self.is_shown("#sign-up button[type=submit].for-passkey") {
            self.session.click("#sign-up [name=toggle]");
        }
        self.session.fill("#sign-up-username", username);
        self.ask_again();
    }

    /// Sends the form again.
    pub(crate) fn ask_again(&self) {
        self.session.click("#sign-up button[type=submit].for-passkey");
    }

    /// Creates an account and waits for its first passkey.
    pub(crate) fn sign_up(&self, username: &str) {
        self.ask_for_account(username);
        self.wait_signed_in(1);
    }

    pub(crate) fn ask_to_sign_out(&self) {
        self.session.click("#sign-out");
    }

    /// Signs out and waits for the form for signing in.
    pub(crate) fn sign_out(&self) {
        self.ask_to_sign_out();
        self.wait_signed_out();
    }

    /// Presses the button, with a username or without.
    pub(crate) fn sign_in(&self, username: &str) {
        self.session.fill("#sign-in-username", username);
        self.session.click("#sign-in button[type=submit].for-passkey");
    }

    /// Creates an account with a password and without a passkey.
    pub(crate) fn sign_up_with_password(&self, username: &str, password: &str) {
        self.session.click("#sign-in a[href='#create']");
        self.session.click("#sign-up [name=toggle]");
        self.session.fill("#sign-up-username", username);
        self.session.fill("#sign-up-password", password);
        self.session.click("#sign-up button[type=submit].for-password");
    }

    /// Signs in with a password; the second factor follows.
    pub(crate) fn sign_in_with_password(&self, username: &str, password: &str) {
        if !self.is_shown("#sign-in-password") {
            self.session.click("#sign-in [name=toggle]");
        }
        self.session.fill("#sign-in-username", username);
        self.session.fill("#sign-in-password", password);
        self.session.click("#sign-in button[type=submit].for-password");
    }

    /// Sets the password of the account.
    pub(crate) fn set_password(&self, password: &str) {
        self.session.click("#password-row button");
        self.session.fill("#new-password-field", password);
        self.session.click("#new-password button[type=submit]");
        self.wait_done("Your password was saved.");
    }

    /// Waits for a choice with these ways.
    pub(crate) fn wait_choice(&self, ways: &[&str]) {
        let script = "const choice = document.querySelector('#second-factor .choice');
            return choice?.checkVisibility() && !document.querySelector('[aria-busy]')
                && [...choice.children].map((way) => way.getAttribute('name')).join() === arguments[0]";
        self.session.wait_until("the choice", script, &[json!(ways.join(","))]);
    }

    /// Confirms with a code of this factor.
    pub(crate) fn use_factor(&self, factor: &str, code: &str) {
        self.session.fill(&format!("#second-factor form[name={factor}] input"), code);
        self.session.click(&format!("#second-factor form[name={factor}] button"));
    }

    /// Waits for the choice of second factors; returns the ways in it.
    pub(crate) fn wait_second_factor(&self) -> Vec<String> {
        let script = "const choice = document.querySelector('#second-factor .choice');
            return choice?.checkVisibility() && !document.querySelector('[aria-busy]')
                && [...choice.children].map((way) => way.getAttribute('name'))";
        let ways = self.session.wait_until("the second factors", script, &[]);
        ways.as_array().unwrap().iter().map(|way| way.as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn add(&self) {
        self.session.click("#add");
    }

    /// Renames the passkey at this position.
    pub(crate) fn rename(&self, place: usize, name: &str) {
        let card = format!("#passkeys > li:nth-child({place})");
        if !self.is_shown(&format!("{card} .rename")) {
            self.session.click(&format!("{card} button[name=rename]"));
        }
        self.session.fill(&format!("{card} input[name=nickname]"), name);
        self.session.click(&format!("{card} .rename button[type=submit]"));
    }

    /// Deletes the passkey at this position and confirms.
    pub(crate) fn delete(&self, place: usize) {
        self.session.click(&format!("#passkeys > li:nth-child({place}) button[name=delete]"));
        self.session.click("#confirm button[value=delete]");
    }

    /// Waits until the list has this many sessions.
    pub(crate) fn wait_sessions(&self, sessions: usize) {
        let listed = "return document.querySelector('#sessions').checkVisibility()
            && document.querySelectorAll('#sessions .cards > li').length === arguments[0]";
        self.session.wait_until(&format!("the list of {sessions} sessions"), listed, &[json!(sessions)]);
    }

    pub(crate) fn end_other_sessions(&self) {
        self.session.click("#end-others");
    }

    fn is_shown(&self, selector: &str) -> bool {
        let shown = self
            .session
            .run("return document.querySelector(arguments[0])?.checkVisibility()", &[json!(selector)]);
        shown.unwrap() == json!(true)
    }

    pub(crate) fn cards(&self) -> Vec<Card> {
        let script = "return [...document.querySelectorAll('#passkeys > li')].map((card) =>
            [card.querySelector('.title').textContent, card.textContent.replace(/\\s+/g, ' ')])";
        let cards = self.session.run(script, &[]).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        cards
            .as_array()
            .unwrap()
            .iter()
            .map(|card| Card { title: text(&card[0]), text: text(&card[1]) })
            .collect()
    }

    /// Waits for the picture on the card at this position and returns its source.
    pub(crate) fn picture(&self, place: usize) -> String {
        let drawn =
            "const picture = document.querySelector(`#passkeys > li:nth-child(${arguments[0]}) .tile img`);
            return picture?.complete && picture.naturalWidth > 0 && picture.src";
        let source = self.session.wait_until("the picture", drawn, &[json!(place)]);
        source.as_str().unwrap().to_owned()
    }

    /// Waits for a message with this code in `view` and returns its text.
    pub(crate) fn wait_message(&self, view: &str, code: &str) -> String {
        let script = "const message = document.querySelector(`${arguments[0]} .message`);
            return message.dataset.code === arguments[1] && message.textContent";
        let text =
            self.session.wait_until(&format!("the message {code}"), script, &[json!(view), json!(code)]);
        text.as_str().unwrap().to_owned()
    }

    /// Waits for a message of success with this beginning.
    pub(crate) fn wait_done(&self, begins: &str) {
        let script = "const message = document.querySelector('#account .message');
            return message.dataset.tone === 'good' && message.textContent.startsWith(arguments[0])";
        self.session.wait_until(begins, script, &[json!(begins)]);
    }

    /// The responses so far, such as `POST registration/verify 422 user-not-verified`.
    pub(crate) fn answers(&self) -> Vec<String> {
        let answers = self.session.run("return window.answers", &[]).unwrap();
        answers.as_array().unwrap().iter().map(|answer| answer.as_str().unwrap().to_owned()).collect()
    }

    /// Waits for this response.
    pub(crate) fn wait_answer(&self, answer: &str) {
        self.session.wait_until(answer, "return window.answers.includes(arguments[0])", &[json!(answer)]);
    }

    /// Cuts the network: the next request to this route fails, and all after it until the network is back.
    pub(crate) fn cut_network_at(&self, route: &str) {
        self.session.run(CUT, &[json!(route)]).unwrap();
    }

    /// The network is back.
    pub(crate) fn repair_network(&self) {
        self.session.run("window.cutAt = undefined; window.isCut = false", &[]).unwrap();
    }

    /// Shortens the timeout of prompts to the browser's minimum.
    pub(crate) fn shorten_prompts(&self) {
        self.session.run(SHORTEN, &[]).unwrap();
    }

    /// Changes user verification in all options to `discouraged` on their way to the browser.
    pub(crate) fn discourage_user_verification(&self) {
        self.session.run(DISCOURAGE, &[]).unwrap();
    }

    /// Keeps autofill pending until the page aborts it. The virtual authenticators respond at once, before a button can be
    /// pressed.
    pub(crate) fn leave_autofill(&self) {
        self.session.run(LEAVE_AUTOFILL, &[]).unwrap();
    }

    /// Rejects autofill at once, as a browser does that has no passkey.
    pub(crate) fn end_autofill(&self) {
        self.session.run(END_AUTOFILL, &[]).unwrap();
    }

    /// Waits until autofill was rejected and the page had time to show a message.
    pub(crate) fn wait_autofill_ended(&self) {
        self.session.wait_until("the end of autofill", "return window.autofillEnded", &[]);
    }
}

const WATCH: &str = "
    const fetch = window.fetch;
    window.answers = [];
    window.fetch = async (resource, init) => {
        const method = init?.method ?? resource.method ?? 'GET';
        const route = (resource.url ? new URL(resource.url).pathname : String(resource)).replace('/webauthn/', '');
        window.isCut ||= window.cutAt === `${method} ${route}`;
        if (window.isCut) throw new TypeError('Failed to fetch');
        const answer = await fetch(resource, init);
        const json = await answer.clone().json().catch(() => ({}));
        window.answers.push([method, route, answer.status, ...(json.code ? [json.code] : [])].join(' '));
        return answer;
    };";

const CUT: &str = "window.cutAt = arguments[0]";

const DISCOURAGE: &str = "
    const { parseCreationOptionsFromJSON: create, parseRequestOptionsFromJSON: request } = PublicKeyCredential;
    const userVerification = 'discouraged';
    PublicKeyCredential.parseCreationOptionsFromJSON = (options) => create.call(PublicKeyCredential,
        { ...options, authenticatorSelection: { ...options.authenticatorSelection, userVerification } });
    PublicKeyCredential.parseRequestOptionsFromJSON = (options) =>
        request.call(PublicKeyCredential, { ...options, userVerification });";

const LEAVE_AUTOFILL: &str = "
    const { get } = CredentialsContainer.prototype;
    navigator.credentials.get = (options) => {
        if (options.mediation !== 'conditional') return get.call(navigator.credentials, options);
        window.isAutofillPending = true;
        return new Promise((_, stopped) =>
            options.signal.addEventListener('abort', () => stopped(options.signal.reason)));
    };";

const END_AUTOFILL: &str = "
    const { get } = CredentialsContainer.prototype;
    navigator.credentials.get = (options) => {
        if (options.mediation !== 'conditional') return get.call(navigator.credentials, options);
        setTimeout(() => (window.autofillEnded = true), 100);
        return Promise.reject(new DOMException('no passkey', 'NotAllowedError'));
    };";

const SHORTEN: &str = "
    const create = PublicKeyCredential.parseCreationOptionsFromJSON;
    PublicKeyCredential.parseCreationOptionsFromJSON = (options) =>
        create.call(PublicKeyCredential, { ...options, timeout: 1 });";
