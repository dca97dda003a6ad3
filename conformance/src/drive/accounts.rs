//! Tests with several accounts, or with one response twice.

use super::binding::{Visit, Wish};
use super::models::Model;
use super::played::{Expectation, Played};
use super::player::{Player, fresh, id_of};
use crate::authenticator::{Authenticator, Counter, Fault, Page};

type Result<T = Played> = std::result::Result<T, Played>;

impl<'a> Player<'a> {
    /// Registers a device for the account of a visit, and returns the response.
    pub(super) fn enrol(&self, visit: &mut Visit<'a>, device: &mut Authenticator) -> Result<String> {
        let response = self.creation_for(visit, device)?;
        let answer = self.binding.create(visit, &response)?;
        self.accepted_or_unproven(answer, "registration")?;
        Ok(response)
    }

    /// Requests options and returns the device's response.
    fn creation_for(&self, visit: &mut Visit<'a>, device: &mut Authenticator) -> Result<String> {
        let options = self.binding.creation_options(visit, &Wish::default())?.options()?;
        let response = device.create(&options, Page::at(&self.drive.origin));
        response.map_err(|error| Played::unproven(error.to_string()))
    }

    /// Requests options and returns the device's response.
    fn assertion_for(
        &self,
        visit: &mut Visit<'a>,
        device: &mut Authenticator,
        by_name: bool,
    ) -> Result<String> {
        let options = self.binding.request_options(visit, &Wish { by_name, ..Wish::default() })?.options()?;
        let lists = options["allowCredentials"].as_array().is_some_and(|list| !list.is_empty());
        if device.config.fault == Some(Fault::CredentialNotAllowed) && !lists {
            return Err(Played::not_expressible("the server lists no credentials for a username"));
        }
        let response = device.get(&options, Page::at(&self.drive.origin));
        response.map_err(|error| Played::unproven(error.to_string()))
    }

    /// A device that is registered for the account of the visit.
    pub(super) fn own_device(&mut self) -> Result<Authenticator> {
        let mut device = self.device(Model::Certified, "own", fresh());
        let mut visit = self.visit.clone();
        self.enrol(&mut visit, &mut device)?;
        self.visit = visit;
        Ok(device)
    }

    fn by_name(&self) -> bool {
        self.binding.has_cheap_accounts()
    }

    /// Signs in with a device, which must succeed.
    pub(super) fn prove(&mut self, device: &mut Authenticator, by_name: bool) -> Result<()> {
        let mut visit = self.visit.clone();
        let response = self.assertion_for(&mut visit, device, by_name)?;
        let answer = self.binding.get(&mut visit, &response)?;
        self.accepted_or_unproven(answer, "authentication")?;
        self.visit = visit;
        Ok(())
    }
}

/// The account's own credential is accepted, and the valid response of a stranger's is not.
pub(super) fn credential_of_another_account(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut own = player.own_device()?;
    player.prove(&mut own, true)?;
    let mut stranger = player.stranger()?;
    let mut other = player.device(Model::Certified, "other", fresh());
    player.enrol(&mut stranger, &mut other)?;
    other.config.fault = Some(Fault::CredentialNotAllowed);
    let mut visit = player.visit.clone();
    let response = player.assertion_for(&mut visit, &mut other, true);
    let answer = response.and_then(|response| Ok(player.binding.get(&mut visit, &response)?));
    player.discard(&id_of(&own))?;
    Ok(expect.judge(&answer?, &player.drive.reasons))
}

/// The counter of the device stays 0, so that only the ceremony can be the reason.
pub(super) fn assertion_used_twice(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut own = player.device(Model::Certified, "own", fresh());
    own.config.counter = Counter::Zero;
    let mut visit = player.visit.clone();
    player.enrol(&mut visit, &mut own)?;
    let response = player.assertion_for(&mut visit, &mut own, player.by_name())?;
    let answer = player.binding.get(&mut visit, &response)?;
    player.accepted_or_unproven(answer, "authentication")?;
    let answer = player.binding.get(&mut visit, &response)?;
    player.visit = visit;
    player.discard(&id_of(&own))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

pub(super) fn registration_used_twice(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut device = player.device(Model::Certified, "own", fresh());
    let mut visit = player.visit.clone();
    let response = player.enrol(&mut visit, &mut device)?;
    let answer = player.binding.create(&mut visit, &response)?;
    player.visit = visit;
    player.discard(&id_of(&device))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

/// A ceremony is pending in both sessions, so that only the challenge is wrong.
pub(super) fn challenge_of_another_session(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let mut own = player.own_device()?;
    player.prove(&mut own, player.by_name())?;
    let (mut here, mut elsewhere) = (player.visit.clone(), player.visit.clone());
    elsewhere.guest = elsewhere.guest.without_cookies();
    player.assertion_for(&mut here, &mut own.clone(), player.by_name())?;
    let response = player.assertion_for(&mut elsewhere, &mut own, player.by_name())?;
    let answer = player.binding.get(&mut here, &response)?;
    player.discard(&id_of(&own))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}

/// A credential that one account has is registered for another.
pub(super) fn credential_exists(player: &mut Player<'_>, expect: &Expectation) -> Result {
    let device = player.device(Model::Certified, "own", fresh());
    let (mut own, mut copy) = (device.clone(), device);
    let mut visit = player.visit.clone();
    player.enrol(&mut visit, &mut own)?;
    player.visit = visit;
    let mut stranger = player.stranger()?;
    let response = player.creation_for(&mut stranger, &mut copy)?;
    let answer = player.binding.create(&mut stranger, &response)?;
    player.discard(&id_of(&own))?;
    Ok(expect.judge(&answer, &player.drive.reasons))
}
