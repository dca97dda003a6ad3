//! Behaviours of the HTTP interface beyond single ceremonies: sessions, step-up, second factors and proofs.

use serde_json::{Value, json};

use super::client::{Answer, Client, json_of};
use super::models::Model;
use super::played::{Expectation, Played};
use super::player::{Player, fresh, id_of};
use super::rp;
use crate::authenticator::{Authenticator, ClientError, Config, Counter, Fault, Format, Page, Verification};

type Result<T = Played> = std::result::Result<T, Played>;

/// Sends a request. A route that is not there is not a rejection.
fn call(client: &mut Client<'_>, method: &str, path: &str, body: Option<&str>) -> Result<Answer> {
    let response = client.send(method, path, body)?;
    if matches!(response.status, 404 | 405) && json_of(&response).is_err() {
        return Err(Played::not_expressible(format!("the server does not have the route {path}")));
    }
    Ok(rp::read(&response)?)
}

fn get_session(client: &mut Client<'_>) -> Result<Answer> {
    call(client, "GET", "/session", None)
}

impl<'a> Player<'a> {
    /// A passkey of the account, with which the browser for authentications is signed in.
    fn signed_in(&mut self, config: Config) -> Result<Authenticator> {
        let mut device = self.device(Model::Certified, "own", config);
        let mut visit = self.visit.clone();
        self.enrol(&mut visit, &mut device)?;
        self.visit = visit;
        self.prove(&mut device, false)?;
        Ok(device)
    }

    /// The response to options for a purpose.
    fn step_up_response(&self, client: &mut Client<'a>, device: &mut Authenticator) -> Result<String> {
        let purpose = json!({"purpose": "step-up"}).to_string();
        let answer = call(client, "POST", "/authentication/options", Some(&purpose))?;
        let options = answer.options()?;
        if device.config.fault == Some(Fault::UserNotVerified) && options["userVerification"] != "required" {
            return Err(Played::not_expressible("the server does not require user verification"));
        }
        self.in_client(device.get(&options, Page::at(&self.drive.origin)))
    }

    fn in_client(&self, response: std::result::Result<String, ClientError>) -> Result<String> {
        response.map_err(|error| Played::failed(format!("the client cannot use the options: {error}")))
    }

    fn step_up(&mut self, device: &mut Authenticator) -> Result<Answer> {
        let mut guest = self.visit.guest.clone();
        let response = self.step_up_response(&mut guest, device)?;
        let answer = call(&mut guest, "POST", "/authentication/verify", Some(&response));
        self.visit.guest = guest;
        answer
    }

    /// A step-up that must succeed.
    fn stepped_up(&mut self, device: &mut Authenticator) -> Result<Value> {
        let answer = self.step_up(device)?;
        self.accepted_or_unproven(answer, "step-up")
    }

    /// Signs in with a new passkey, plays the test, and removes the passkey.
    fn with_passkey(
        &mut self,
        expect: &Expectation,
        config: Config,
        test: impl FnOnce(&mut Self, &mut Authenticator) -> Result<Answer>,
    ) -> Result {
        let mut device = self.signed_in(config)?;
        let answer = test(self, &mut device);
        self.discard(&id_of(&device))?;
        Ok(expect.judge(&answer?, &self.drive.reasons))
    }

    /// The account of someone else, with a passkey with which its browser is signed in.
    fn signed_in_stranger(&mut self) -> Result<(Client<'a>, Authenticator)> {
        let stranger = self.stranger()?;
        let device = stranger.first.ok_or_else(|| Played::unproven("the account has no passkey"))?;
        Ok((stranger.member, device))
    }
}

pub(super) fn without_session(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, fresh(), |player, _| {
        let answer = get_session(&mut player.visit.guest)?;
        player.accepted_or_unproven(answer, "request with a session")?;
        get_session(&mut player.visit.guest.without_cookies())
    })
}

pub(super) fn token_before_step_up(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, fresh(), |player, device| {
        let mut before = player.visit.guest.clone();
        player.stepped_up(device)?;
        let answer = get_session(&mut player.visit.guest)?;
        player.accepted_or_unproven(answer, "new token")?;
        get_session(&mut before)
    })
}

pub(super) fn token_after_sign_out(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, fresh(), |player, _| {
        let mut before = player.visit.guest.clone();
        let answer = get_session(&mut before)?;
        player.accepted_or_unproven(answer, "token before the sign-out")?;
        let answer = call(&mut player.visit.guest, "POST", "/sign-out", None)?;
        player.accepted_or_unproven(answer, "sign-out")?;
        get_session(&mut before)
    })
}

pub(super) fn deleted_passkey(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let device = player.signed_in(fresh())?;
    let answer = get_session(&mut player.visit.guest)?;
    player.accepted_or_unproven(answer, "session before")?;
    player.discard(&id_of(&device))?;
    let answer = get_session(&mut player.visit.guest)?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn passkey_of_another_account(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (_, other) = player.signed_in_stranger()?;
    let spare = player.own_device()?;
    player.with_passkey(expect, fresh(), |player, _| {
        let guest = &mut player.visit.guest;
        let answer = call(guest, "DELETE", &format!("/credentials/{}", id_of(&spare)), None)?;
        player.accepted_or_unproven(answer, "deletion of its own passkey")?;
        let path = format!("/credentials/{}", id_of(&other));
        call(&mut player.visit.guest, "DELETE", &path, None)
    })
}

pub(super) fn session_of_another_account(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (mut stranger, _) = player.signed_in_stranger()?;
    let answer = call(&mut stranger, "GET", "/sessions", None)?;
    let sessions = player.accepted_or_unproven(answer, "list of sessions")?;
    let id = sessions["sessions"][0]["id"].as_str().unwrap_or_default().to_owned();
    player.with_passkey(expect, fresh(), |player, _| {
        let answer = call(&mut player.visit.guest, "GET", "/sessions", None)?;
        player.accepted_or_unproven(answer, "list of its own sessions")?;
        call(&mut player.visit.guest, "DELETE", &format!("/sessions/{id}"), None)
    })
}

pub(super) fn cross_site(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut own = player.visit.guest.without_cookies();
    let answer = call(&mut own, "POST", "/authentication/options", Some("{}"))?;
    player.accepted_or_unproven(answer, "request of its own page")?;
    let mut other = own.with_header("origin", "https://other.example");
    other = other.with_header("sec-fetch-site", "cross-site");
    let answer = call(&mut other, "POST", "/authentication/options", Some("{}"))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn step_up_without_session(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, fresh(), |player, device| {
        player.stepped_up(device)?;
        let purpose = json!({"purpose": "step-up"}).to_string();
        let mut stranger = player.visit.guest.without_cookies();
        call(&mut stranger, "POST", "/authentication/options", Some(&purpose))
    })
}

pub(super) fn step_up_of_another_account(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (_, mut other) = player.signed_in_stranger()?;
    player.with_passkey(expect, fresh(), |player, device| {
        player.stepped_up(device)?;
        other.config.fault = Some(Fault::CredentialNotAllowed);
        player.step_up(&mut other)
    })
}

pub(super) fn step_up_elsewhere(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, fresh(), |player, device| {
        player.stepped_up(device)?;
        let mut guest = player.visit.guest.clone();
        let response = player.step_up_response(&mut guest, device)?;
        call(&mut guest.without_cookies(), "POST", "/authentication/verify", Some(&response))
    })
}

/// The counter of the device stays 0, so that only the ceremony can be the reason.
pub(super) fn step_up_used_twice(player: &mut Player<'_>, expect: &Expectation) -> Result {
    player.with_passkey(expect, Config { counter: Counter::Zero, ..fresh() }, |player, device| {
        let mut guest = player.visit.guest.clone();
        let response = player.step_up_response(&mut guest, device)?;
        let answer = call(&mut guest, "POST", "/authentication/verify", Some(&response))?;
        player.accepted_or_unproven(answer, "step-up")?;
        call(&mut guest, "POST", "/authentication/verify", Some(&response))
    })
}

/// The passkey always verifies its user, so that the server may require it.
pub(super) fn step_up_with(player: &mut Player<'_>, expect: &Expectation, fault: Fault) -> Result {
    player.with_passkey(expect, Config { verification: Verification::Always, ..fresh() }, |player, device| {
        player.stepped_up(device)?;
        device.config.fault = Some(fault);
        player.step_up(device)
    })
}

pub(super) fn second_factor_without_first(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut guest = player.visit.guest.without_cookies();
    let answer = call(&mut guest, "POST", "/authentication/options", Some("{}"))?;
    player.accepted_or_unproven(answer, "request for a sign-in")?;
    let purpose = json!({"purpose": "second-factor"}).to_string();
    let answer = call(&mut guest, "POST", "/authentication/options", Some(&purpose))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

impl<'a> Player<'a> {
    /// A browser without a session, and an authenticator that the server trusts.
    fn prover(&self, format: Format) -> Result<(Client<'a>, Authenticator)> {
        if !self.drive.has_metadata && !self.drive.has_anchor {
            return Err(Played::not_expressible(
                "the server does not know the root (--anchor or --metadata)",
            ));
        }
        let device = self.device(Model::Certified, "prover", Config { format, ..fresh() });
        Ok((self.visit.guest.without_cookies(), device))
    }

    fn proof(&self, client: &mut Client<'a>, device: &mut Authenticator) -> Result<String> {
        let answer = call(client, "POST", "/proof/options", Some("{}"))?;
        let options = answer.options()?;
        self.in_client(device.create(&options, Page::at(&self.drive.origin)))
    }

    /// Proves with a genuine authenticator, which must succeed. Returns its response.
    fn proven(&self, client: &mut Client<'a>, device: &mut Authenticator) -> Result<String> {
        let response = self.proof(client, device)?;
        let answer = call(client, "POST", "/proof/verify", Some(&response))?;
        self.accepted_or_unproven(answer, "proof")?;
        Ok(response)
    }
}

pub(super) fn genuine_proof(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (mut client, mut device) = player.prover(Format::Packed)?;
    let response = player.proof(&mut client, &mut device)?;
    let answer = call(&mut client, "POST", "/proof/verify", Some(&response))?;
    match &answer {
        Answer::Accepted(value) if *value != json!({"genuine": true}) => {
            Ok(Played::failed(format!("the response reveals more: {value}")))
        }
        answer => Ok(expect.judge(answer, &player.drive.reasons)),
    }
}

pub(super) fn proof_used_twice(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (mut client, mut device) = player.prover(Format::Packed)?;
    let response = player.proven(&mut client, &mut device)?;
    let answer = call(&mut client, "POST", "/proof/verify", Some(&response))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn proof_as_sign_up(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (mut client, mut device) = player.prover(Format::Packed)?;
    player.proven(&mut client, &mut device)?;
    let response = player.proof(&mut client, &mut device)?;
    let answer = call(&mut client, "POST", "/registration/verify", Some(&response))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn proof_without_attestation(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let (mut client, mut device) = player.prover(Format::Packed)?;
    player.proven(&mut client, &mut device)?;
    device.config.format = Format::None;
    let response = player.proof(&mut client, &mut device)?;
    let answer = call(&mut client, "POST", "/proof/verify", Some(&response))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn proof_with(player: &mut Player<'_>, expect: &Expectation, fault: Fault) -> Result {
    let (mut client, mut device) = player.prover(Format::Packed)?;
    player.proven(&mut client, &mut device)?;
    device.config.fault = Some(fault);
    let response = player.proof(&mut client, &mut device)?;
    let answer = call(&mut client, "POST", "/proof/verify", Some(&response))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}
