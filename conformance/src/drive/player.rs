//! A client that plays ceremonies with an account.

use std::cell::Cell;

use rp_core::base64url;
use rp_core::options::UserVerificationRequirement;
use serde_json::Value;

use super::binding::{Binding, Visit, Wish};
use super::client::{Answer, Client};
use super::models::Model;
use super::played::{Expectation, Played};
use super::settings::Drive;
use super::transport::Transport;
use super::turn::Turn;
use crate::authenticator::{Authenticator, ClientError, Config, Format, Page, Quirk, Setting};
use crate::matrix::scenario::Scenario;
use crate::report::Must;

/// How many cases share an account, so that no account reaches the limits of a server.
const CASES_PER_ACCOUNT: usize = 20;

/// One thread's client, with its account.
pub(super) struct Player<'a> {
    pub(super) binding: &'a dyn Binding,
    pub(super) drive: &'a Drive,
    pub(super) visit: Visit<'a>,
    /// How many more cases use the account of the visit; none if it was not opened yet.
    left: usize,
    name: String,
    /// How many unique texts were made.
    made: Cell<u64>,
}

impl<'a> Player<'a> {
    pub(super) fn new(
        binding: &'a dyn Binding,
        transport: &'a dyn Transport,
        drive: &'a Drive,
        job: usize,
    ) -> Self {
        let prefix = drive.prefix.as_deref().unwrap_or(binding.default_prefix());
        let client = Client::new(transport, prefix, &binding.headers());
        let name = format!("{}-{job}", drive.run);
        let visit = Visit { member: client.clone(), guest: client, user: name.clone(), first: None };
        Self { binding, drive, visit, left: 0, name, made: Cell::new(0) }
    }

    /// Opens an account for the case, or uses the one that is open.
    pub(super) fn arrive(&mut self) -> Result<(), Played> {
        if self.binding.has_cheap_accounts() {
            self.visit.user = self.unique("user");
        }
        if self.left == 0 {
            self.visit = self.stranger()?;
            self.left = CASES_PER_ACCOUNT;
        }
        self.left = self.left.saturating_sub(1);
        Ok(())
    }

    /// Another account in another browser.
    pub(super) fn stranger(&mut self) -> Result<Visit<'a>, Played> {
        let mut visit = Visit {
            member: self.visit.member.without_cookies(),
            guest: self.visit.guest.without_cookies(),
            user: self.unique("stranger"),
            first: None,
        };
        let device = Model::Certified.device(&self.unique("stranger-first"), fresh());
        self.binding.open(&mut visit, device)?;
        Ok(visit)
    }

    /// A text that no other case and no other run has.
    pub(super) fn unique(&self, what: &str) -> String {
        self.made.set(self.made.get().saturating_add(1));
        format!("{}-{}-{what}", self.name, self.made.get())
    }

    pub(super) fn device(&self, model: Model, what: &str, config: Config) -> Authenticator {
        model.device(&self.unique(what), config)
    }

    pub(super) fn registration(&mut self, expect: &Expectation, turn: &Turn) -> Result<Played, Played> {
        self.check_flags(turn)?;
        if expect.must == Must::Reject {
            let twin = turn.twin();
            let mut device = self.device(twin.model, "twin", twin.config());
            let answer = self.register(&mut device, &twin)?;
            self.must_be_accepted(answer, "registration")?;
            if self.binding.has_cheap_accounts() {
                // The next registration is not to be a second one of the same account.
                self.visit.user = self.unique("user-2");
            }
        }
        let mut device = match turn.is_of_certified_vendor {
            false => self.device(turn.model, "device", turn.config()),
            true => {
                let config = Config { aaguid: turn.model.aaguid(), ..turn.config() };
                Authenticator::of_vendor(&Model::Certified.vendor(), &self.unique("device"), config)
            }
        };
        let answer = self.register(&mut device, turn)?;
        self.conclude(expect, answer)
    }

    pub(super) fn authentication(&mut self, expect: &Expectation, turn: &Turn) -> Result<Played, Played> {
        self.check_flags(turn)?;
        let twin =
            Turn { scenario: Scenario { format: Format::None, ..turn.twin().scenario }, ..turn.twin() };
        let mut device = self.device(Model::Certified, "device", twin.config());
        let answer = self.register(&mut device, &twin)?;
        self.accepted_or_unproven(answer, "registration")?;
        let id = id_of(&device);
        let verdict = self.assertion(expect, turn, &mut device);
        self.discard(&id)?;
        verdict
    }

    fn assertion(
        &mut self,
        expect: &Expectation,
        turn: &Turn,
        device: &mut Authenticator,
    ) -> Result<Played, Played> {
        if expect.must == Must::Reject {
            let answer = self.sign_in(device, &turn.twin())?;
            self.accepted_or_unproven(answer, "authentication")?;
        }
        let answer = self.sign_in(device, turn)?;
        Ok(expect.judge(&answer, &self.drive.reasons))
    }

    /// Registers a credential with the fault and the quirk of a turn.
    fn register(&mut self, device: &mut Authenticator, turn: &Turn) -> Result<Answer, Played> {
        let mut wish = Wish { user_verification: self.wished(turn), ..Wish::default() };
        if let Some((inputs, _)) = &turn.scenario.extensions {
            wish.extensions = inputs.clone();
        }
        let options = self.creation_options(&wish)?;
        self.check_options(turn, &options, &options["authenticatorSelection"]["userVerification"])?;
        if turn.format() != Format::None && matches!(options["attestation"].as_str(), None | Some("none")) {
            return Err(Played::not_expressible("the server requests no attestation"));
        }
        (device.config.fault, device.config.quirk) = (turn.fault(), turn.quirk());
        let response = device.create(&options, Page::at(&self.drive.origin));
        let response = response.map_err(|error| in_the_client(&error, turn))?;
        Ok(self.binding.create(&mut self.visit, &response)?)
    }

    /// Signs in with the fault and the quirk of a turn.
    fn sign_in(&mut self, device: &mut Authenticator, turn: &Turn) -> Result<Answer, Played> {
        let by_name = match (turn.setting(), turn.quirk()) {
            // Without a name, the user handle identifies the account.
            (_, Some(Quirk::UserHandleEmpty | Quirk::OptionalNull)) => true,
            (Setting::Discoverable, _) => false,
            // Without a name, every rejection has its own reason. A server of FIDO's binding need not support that.
            _ => self.binding.has_cheap_accounts(),
        };
        let mut wish = Wish { user_verification: self.wished(turn), by_name, ..Wish::default() };
        if let Some((inputs, _)) = &turn.scenario.extensions {
            wish.extensions = inputs.clone();
        }
        let options = match self.binding.request_options(&mut self.visit, &wish)? {
            Answer::Rejected(_) if !by_name => {
                return Err(Played::not_expressible("the server has no sign-in without a username"));
            }
            answer => answer.options()?,
        };
        if !by_name && options["allowCredentials"].as_array().is_some_and(|list| !list.is_empty()) {
            return Err(Played::not_expressible("the server lists credentials although no user was named"));
        }
        self.check_options(turn, &options, &options["userVerification"])?;
        (device.config.fault, device.config.quirk) = (turn.fault(), turn.quirk());
        let response = device.get(&options, Page::at(&self.drive.origin));
        let response = response.map_err(|error| in_the_client(&error, turn))?;
        Ok(self.binding.get(&mut self.visit, &response)?)
    }

    pub(super) fn creation_options(&mut self, wish: &Wish) -> Result<Value, Played> {
        self.binding.creation_options(&mut self.visit, wish)?.options()
    }

    /// The user verification that a turn needs.
    fn wished(&self, turn: &Turn) -> &'static str {
        match (turn.setting(), turn.scenario.asked) {
            (Setting::UserVerification, _) | (_, UserVerificationRequirement::Required) => "required",
            (_, UserVerificationRequirement::Discouraged) => "discouraged",
            (_, UserVerificationRequirement::Preferred) => "preferred",
        }
    }

    /// Whether the settings of the run allow the turn.
    fn check_flags(&self, turn: &Turn) -> Result<(), Played> {
        if !self.drive.formats.contains(&turn.format()) {
            return Err(Played::not_expressible("the format is not among those that the server supports"));
        }
        if turn.needs_metadata && !self.drive.has_metadata {
            return Err(Played::not_expressible("the server does not know the models (--metadata)"));
        }
        if turn.needs_trust && !self.drive.has_metadata && !self.drive.has_anchor {
            return Err(Played::not_expressible(
                "the server does not know the root (--anchor or --metadata)",
            ));
        }
        if turn.needs_trust && self.drive.trust_is_optional {
            return Err(Played::not_expressible(
                "the server accepts untrusted statements (--trust-optional)",
            ));
        }
        if turn.scenario.by_appid {
            return Err(Played::not_expressible(
                "an AppID is a setting of the server, and its keys are of U2F",
            ));
        }
        Ok(())
    }

    /// Whether options have what the turn needs.
    fn check_options(&self, turn: &Turn, options: &Value, user_verification: &Value) -> Result<(), Played> {
        let (wished, got) = (self.wished(turn), user_verification.as_str().unwrap_or("preferred"));
        // A case about user verification says so; the others leave it to the server.
        if wished != "preferred" && wished != got {
            let why = format!("the server decides about user verification: {got}, not {wished}");
            return Err(Played::not_expressible(why));
        }
        if let Some((Value::Object(inputs), _)) = &turn.scenario.extensions {
            let missing = inputs.keys().find(|name| options["extensions"].get(name).is_none());
            if let Some(name) = missing {
                return Err(Played::not_expressible(format!(
                    "the server does not request the extension {name}"
                )));
            }
        }
        Ok(())
    }

    /// A rejection of a response that is right proves nothing about the one that is wrong.
    pub(super) fn accepted_or_unproven(&self, answer: Answer, what: &str) -> Result<Value, Played> {
        match answer {
            Answer::Accepted(value) => Ok(value),
            Answer::Rejected(message) => {
                Err(Played::unproven(format!("the {what} without the fault was rejected: {message}")))
            }
        }
    }

    fn must_be_accepted(&mut self, answer: Answer, what: &str) -> Result<(), Played> {
        let value = self.accepted_or_unproven(answer, what)?;
        self.discard_created(&value)
    }

    /// Judges the answer to a registration response, and removes the credential if there is one.
    fn conclude(&mut self, expect: &Expectation, answer: Answer) -> Result<Played, Played> {
        if let Answer::Accepted(value) = &answer {
            let value = value.clone();
            self.discard_created(&value)?;
        }
        Ok(expect.judge(&answer, &self.drive.reasons))
    }

    fn discard_created(&mut self, created: &Value) -> Result<(), Played> {
        match created.get("id").and_then(Value::as_str) {
            Some(id) => self.discard(id),
            None => Ok(()),
        }
    }

    pub(super) fn discard(&mut self, id: &str) -> Result<(), Played> {
        Ok(self.binding.discard(&mut self.visit, id)?)
    }
}

/// The configuration of a device whose clock is right.
pub(super) fn fresh() -> Config {
    Config { now: rp_core::Timestamp::now(), ..Config::default() }
}

/// The ID of a device's newest credential.
pub(super) fn id_of(device: &Authenticator) -> String {
    device.credentials().last().map(|credential| base64url::encode(&credential.id)).unwrap_or_default()
}

/// The client cannot play the turn with these options.
fn in_the_client(error: &ClientError, turn: &Turn) -> Played {
    match error {
        ClientError::NoAlgorithm if turn.setting() == Setting::OtherAlgorithms => {
            Played::not_expressible("the server offers every algorithm")
        }
        ClientError::NoAlgorithm => {
            Played::not_expressible(format!("the server does not offer {}", turn.scenario.algorithm))
        }
        ClientError::NoUserVerification => Played::not_expressible("the server requires user verification"),
        error => Played::failed(format!("the client cannot use the options: {error}")),
    }
}
