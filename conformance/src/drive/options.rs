//! Tests of options.

use rp_core::base64url;
use serde_json::{Value, json};

use super::binding::Wish;
use super::models::Model;
use super::played::{Expectation, Played};
use super::player::{Player, fresh, id_of};
use crate::authenticator::{Authenticator, Page};

type Result<T = Played> = std::result::Result<T, Played>;

impl Player<'_> {
    /// Registers a device for the account of the visit.
    fn registered(&mut self, what: &str) -> Result<Authenticator> {
        let mut device = self.device(Model::Certified, what, fresh());
        let options = self.creation_options(&Wish::default())?;
        let response = device.create(&options, Page::at(&self.drive.origin));
        let response = response.map_err(|error| Played::unproven(error.to_string()))?;
        let answer = self.binding.create(&mut self.visit, &response)?;
        self.accepted_or_unproven(answer, "registration")?;
        Ok(device)
    }

    /// Request options for the account, which gets a credential before.
    fn request(&mut self, wish: &Wish) -> Result<Value> {
        let device = self.registered("requested")?;
        let answer = self.binding.request_options(&mut self.visit, wish)?;
        self.discard(&id_of(&device))?;
        answer.options()
    }

    /// A request cannot choose the options of every interface.
    fn check_wishes_are_granted(&self) -> Result<()> {
        match self.binding.grants_wishes() {
            true => Ok(()),
            false => Err(Played::not_expressible("a request of this interface cannot choose options")),
        }
    }
}

fn by_name() -> Wish {
    Wish { by_name: true, ..Wish::default() }
}

fn check(ok: bool, what: impl FnOnce() -> String) -> Result {
    if ok { Ok(Played::passed("accept")) } else { Err(Played::failed(what())) }
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

pub(super) fn relying_party(player: &mut Player<'_>, _: &Expectation) -> Result {
    let rp = player.creation_options(&Wish::default())?["rp"].clone();
    check(is_text(&rp["name"]) && is_text(&rp["id"]), || format!("rp: {rp}"))
}

pub(super) fn user(player: &mut Player<'_>, _: &Expectation) -> Result {
    let user = player.creation_options(&Wish::default())?["user"].clone();
    let len = user["id"].as_str().and_then(|id| base64url::decode(id).ok()).map(|id| id.len());
    let is_ok = is_text(&user["name"])
        && user["displayName"].is_string()
        && len.is_some_and(|len| (1..=64).contains(&len));
    check(is_ok, || format!("user: {user}"))
}

/// A challenge of at least 16 bytes (section 13.4.3).
fn challenge_is_long(options: &Value) -> Result {
    let challenge = &options["challenge"];
    let bytes = challenge.as_str().and_then(|text| base64url::decode(text).ok());
    check(bytes.is_some_and(|bytes| bytes.len() >= 16), || format!("challenge: {challenge}"))
}

pub(super) fn creation_challenge(player: &mut Player<'_>, _: &Expectation) -> Result {
    challenge_is_long(&player.creation_options(&Wish::default())?)
}

pub(super) fn request_challenge(player: &mut Player<'_>, _: &Expectation) -> Result {
    challenge_is_long(&player.request(&by_name())?)
}

/// How many options are compared.
const SAMPLES: usize = 8;

fn all_differ(challenges: &[Value]) -> Result {
    let repeated = challenges
        .iter()
        .enumerate()
        .find(|(at, one)| challenges.iter().take(*at).any(|other| other == *one));
    match repeated {
        Some((_, challenge)) => Err(Played::failed(format!("a challenge was sent twice: {challenge}"))),
        None => Ok(Played::passed("accept")),
    }
}

pub(super) fn creation_challenges_differ(player: &mut Player<'_>, _: &Expectation) -> Result {
    let mut challenges = Vec::new();
    for _ in 0..SAMPLES {
        challenges.push(player.creation_options(&Wish::default())?["challenge"].clone());
    }
    all_differ(&challenges)
}

pub(super) fn request_challenges_differ(player: &mut Player<'_>, _: &Expectation) -> Result {
    let mut challenges = vec![player.request(&by_name())?["challenge"].clone()];
    for _ in 1..SAMPLES {
        let options = player.binding.request_options(&mut player.visit, &by_name())?.options()?;
        challenges.push(options["challenge"].clone());
    }
    all_differ(&challenges)
}

pub(super) fn algorithms(player: &mut Player<'_>, _: &Expectation) -> Result {
    let list = player.creation_options(&Wish::default())?["pubKeyCredParams"].clone();
    let is_ok = list.as_array().is_some_and(|list| {
        !list.is_empty() && list.iter().all(|one| one["type"] == "public-key" && one["alg"].is_i64())
    });
    check(is_ok, || format!("pubKeyCredParams: {list}"))
}

/// Section 15.1: five to ten minutes, in milliseconds.
fn timeout_is_recommended(options: &Value) -> Result {
    let timeout = &options["timeout"];
    check(timeout.as_u64().is_some_and(|timeout| (300_000..=600_000).contains(&timeout)), || {
        format!("timeout: {timeout}; 300000 to 600000 is recommended")
    })
}

pub(super) fn creation_timeout(player: &mut Player<'_>, _: &Expectation) -> Result {
    timeout_is_recommended(&player.creation_options(&Wish::default())?)
}

pub(super) fn request_timeout(player: &mut Player<'_>, _: &Expectation) -> Result {
    timeout_is_recommended(&player.request(&by_name())?)
}

pub(super) fn attestation_as_requested(player: &mut Player<'_>, _: &Expectation) -> Result {
    player.check_wishes_are_granted()?;
    for attestation in ["none", "direct"] {
        let options = player.creation_options(&Wish { attestation, ..Wish::default() })?;
        let got = options["attestation"].as_str().unwrap_or("none");
        check(got == attestation, || format!("attestation: {got}; {attestation} was requested"))?;
    }
    Ok(Played::passed("accept"))
}

pub(super) fn selection_as_requested(player: &mut Player<'_>, _: &Expectation) -> Result {
    player.check_wishes_are_granted()?;
    for user_verification in ["required", "discouraged"] {
        let options = player.creation_options(&Wish { user_verification, ..Wish::default() })?;
        let selection = &options["authenticatorSelection"];
        let is_resident = selection["residentKey"] == "required" || selection["requireResidentKey"] == true;
        check(selection["userVerification"] == user_verification && is_resident, || {
            format!("authenticatorSelection: {selection}; {user_verification} was requested")
        })?;
    }
    Ok(Played::passed("accept"))
}

pub(super) fn creation_extensions(player: &mut Player<'_>, _: &Expectation) -> Result {
    player.check_wishes_are_granted()?;
    let wish = Wish { extensions: json!({"credProps": true}), ..Wish::default() };
    let extensions = player.creation_options(&wish)?["extensions"].clone();
    check(extensions["credProps"] == true, || format!("extensions: {extensions}; credProps was requested"))
}

pub(super) fn request_extensions(player: &mut Player<'_>, _: &Expectation) -> Result {
    player.check_wishes_are_granted()?;
    let extensions =
        player.request(&Wish { extensions: json!({"uvm": true}), ..by_name() })?["extensions"].clone();
    check(extensions["uvm"] == true, || format!("extensions: {extensions}; uvm was requested"))
}

pub(super) fn excludes_registered(player: &mut Player<'_>, _: &Expectation) -> Result {
    let id = id_of(&player.registered("excluded")?);
    let options = player.creation_options(&Wish::default())?;
    player.discard(&id)?;
    let list = &options["excludeCredentials"];
    let is_listed = list.as_array().is_some_and(|list| list.iter().any(|one| one["id"] == id.as_str()));
    check(is_listed, || format!("excludeCredentials: {list}; the account has {id}"))
}

pub(super) fn excludes_nothing_at_first(player: &mut Player<'_>, _: &Expectation) -> Result {
    let name = player.unique("new");
    let options = player.binding.sign_up_options(&mut player.visit, &name)?.options()?;
    let list = &options["excludeCredentials"];
    check(list.as_array().is_none_or(Vec::is_empty), || format!("excludeCredentials: {list}"))
}

fn is_without_null(options: &Value) -> Result {
    check(!has_null(options), || format!("a member is null: {options}"))
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

pub(super) fn creation_without_null(player: &mut Player<'_>, _: &Expectation) -> Result {
    is_without_null(&player.creation_options(&Wish::default())?)
}

pub(super) fn request_without_null(player: &mut Player<'_>, _: &Expectation) -> Result {
    is_without_null(&player.request(&by_name())?)
}

pub(super) fn request_rp_id(player: &mut Player<'_>, _: &Expectation) -> Result {
    let rp_id = player.creation_options(&Wish::default())?["rp"]["id"].clone();
    let got = player.request(&by_name())?["rpId"].clone();
    check(is_text(&got) && got == rp_id, || format!("rpId: {got}; {rp_id} at registration"))
}

pub(super) fn allows_credentials_of_the_account(player: &mut Player<'_>, _: &Expectation) -> Result {
    let device = player.registered("allowed")?;
    let answer = player.binding.request_options(&mut player.visit, &by_name())?;
    let id = id_of(&device);
    player.discard(&id)?;
    let options = answer.options()?;
    let list = &options["allowCredentials"];
    let own = list.as_array().and_then(|list| list.iter().find(|one| one["id"] == id.as_str()));
    let own = own.ok_or_else(|| Played::failed(format!("allowCredentials: {list}; the account has {id}")))?;
    let listed = own["transports"].as_array();
    let lists = |sent: &&str| listed.is_some_and(|listed| listed.iter().any(|one| one == sent));
    check(device.config.transports.iter().all(lists), || {
        format!("transports: {}; {:?} at registration", own["transports"], device.config.transports)
    })
}

pub(super) fn user_verification_as_requested(player: &mut Player<'_>, _: &Expectation) -> Result {
    player.check_wishes_are_granted()?;
    for user_verification in ["required", "discouraged"] {
        let got = player.request(&Wish { user_verification, ..by_name() })?["userVerification"].clone();
        check(got == user_verification, || {
            format!("userVerification: {got}; {user_verification} was requested")
        })?;
    }
    Ok(Played::passed("accept"))
}
