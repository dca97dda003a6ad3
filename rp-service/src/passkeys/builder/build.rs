//! The checks of a configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use rp_core::{RelyingParty, StaticAnchors};

use super::PasskeysBuilder;
use crate::authorization::CommandLineClientError;
use crate::decoy::Decoys;
use crate::factor_name::FactorName;
use crate::http::cookie::Cookies;
use crate::passkeys::authorization::issuer;
use crate::passkeys::config_error::ConfigError;
use crate::passkeys::revoked::RevokedSessions;
use crate::passkeys::service::{Inner, Passkeys, Sessions};
use crate::policy::{Environment, PolicyError};
use crate::seal::KeyRing;

impl PasskeysBuilder {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn build(mut self) -> Result<Passkeys, ConfigError> {
        if self.rp.origins().iter().any(|origin| origin.starts_with("http://")) {
            self.http.hsts_max_age = None;
        }
        let missing = |what| ConfigError::MissingStore { what };
        if self.policy.sign_up && self.sign_up.is_none() && self.users.is_some() && self.credentials.is_some()
        {
            return Err(ConfigError::SignUpAcrossStores);
        }
        self.check_policy()?;
        self.check_clients()?;
        let secret = self.secret.ok_or(ConfigError::MissingSecret)?;
        let decoys = Decoys::new(secret.expose(), self.decoys)?;
        let is_accepted = |origin: &String| {
            (origin.starts_with("https://") || origin.starts_with("http://"))
                && self.rp.accepts_origin(origin)
        };
        if let Some(origin) = self.http.front_ends.iter().find(|origin| !is_accepted(origin)) {
            return Err(ConfigError::FrontEnd { origin: origin.clone() });
        }
        let requires_trusted = |rp: &RelyingParty| rp.attestation_policy().requires_trusted();
        if self.trust.is_none()
            && (requires_trusted(&self.rp) || self.proof.as_ref().is_some_and(requires_trusted))
        {
            return Err(ConfigError::MissingTrust);
        }
        let cookies = Cookies::new(&self.rp);
        if !self.factors.all.is_empty() && self.factors.store.is_none() {
            return Err(missing("factors"));
        }
        if let Some(proof) = &self.proof {
            let policy = proof.attestation_policy();
            if !(policy.verifies() && policy.requires_trusted()) {
                return Err(ConfigError::Proof { problem: "its attestation policy does not require trust" });
            }
            if proof.id() != self.rp.id() {
                return Err(ConfigError::Proof { problem: "it has another RP ID" });
            }
        }
        let mut names = vec![FactorName::PASSKEY];
        for factor in &self.factors.all {
            let name = factor.name();
            if names.contains(&name) {
                return Err(ConfigError::FactorName { name });
            }
            names.push(name);
        }
        let keys = match self.keys {
            Some(keys) => keys,
            None => KeyRing::new([secret])?,
        };
        Ok(Passkeys {
            inner: Arc::new(Inner {
                rp: self.rp,
                proof: self.proof,
                users: self.users.ok_or(missing("users"))?,
                credentials: self.credentials.ok_or(missing("credentials"))?,
                is_user_store_shared: self.sign_up.is_some(),
                sign_up: self.sign_up,
                ceremonies: self.ceremonies.ok_or(missing("ceremonies"))?,
                sessions: self.sessions.ok_or(missing("sessions"))?,
                factors: self.factors,
                keys,
                trust: self.trust.unwrap_or_else(|| Arc::new(StaticAnchors::none())),
                policy: self.policy,
                clients: self.clients,
                clock: self.clock,
                timer: self.timer.ok_or(ConfigError::MissingTimer)?,
                events: self.events,
                decoys,
                admission: self.admission,
                groups: self.groups,
                context: self.context,
                rate_limiter: self.rate_limiter,
                authenticators: self.authenticators,
                cookies,
                http: self.http,
                client_address: self.client_address,
                is_address_missing: AtomicBool::new(false),
                sweeps: AtomicU32::new(0),
                is_maintained: AtomicBool::new(false),
                revoked: RevokedSessions::default(),
            }),
        })
    }

    fn check_policy(&self) -> Result<(), PolicyError> {
        let factors = self.factors.all.iter().map(|factor| factor.name());
        self.policy.check(&Environment {
            factors: std::iter::once(FactorName::PASSKEY).chain(factors).collect(),
            has_model_facts: self.authenticators.has_facts(),
            verifies_attestation: self.rp.attestation_policy().verifies(),
            has_trust_source: self.trust.is_some(),
            algorithms: self.rp.algorithms(),
            backup: self.rp.backup_policy(),
        })?;
        for (one, other, contradiction) in self.policy.conflicts() {
            tracing::warn!(target: "rp", "no user can be in the groups {one:?} and {other:?}: {contradiction}");
        }
        Ok(())
    }

    fn check_clients(&self) -> Result<(), CommandLineClientError> {
        for (at, client) in self.clients.iter().enumerate() {
            client.check()?;
            if self.clients.iter().take(at).any(|other| other.id == client.id) {
                return Err(CommandLineClientError::Duplicate);
            }
        }
        if !self.clients.is_empty() {
            if let Some(Sessions::Application) = self.sessions {
                return Err(CommandLineClientError::ApplicationSessions);
            }
            issuer(&self.rp).ok_or(CommandLineClientError::Issuer)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rp_core::AttestationPolicy;

    use super::*;
    use crate::policy::{AttestationRule, Policy};
    use crate::store::MemoryStore;

    fn party(requires_trusted: bool) -> RelyingParty {
        let policy = AttestationPolicy::default();
        let policy = if requires_trusted { policy.require_trusted() } else { policy };
        let rp = RelyingParty::builder("example.org").origin("https://example.org");
        rp.attestation_policy(policy).build().unwrap()
    }

    fn builder(requires_trusted: bool) -> PasskeysBuilder {
        Passkeys::builder(party(requires_trusted)).store(MemoryStore::new()).secret([7; 32])
    }

    fn error(builder: PasskeysBuilder) -> String {
        builder.build().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn required_trust_needs_a_source_of_trust() {
        let mut policy = Policy::default();
        policy.default.passkeys.attestation = AttestationRule::Trusted;
        let party_requires =
            "the relying party requires trusted attestation, and nothing is trusted: call `trust`";
        let policy_requires = "policy, default: the rules for passkeys require trusted attestation, and nothing is \
                               trusted: call `trust`";
        for (set, expected) in [
            (builder as fn(bool) -> PasskeysBuilder, party_requires),
            (|_| builder(false).proof(party(true)), party_requires),
        ] {
            assert_eq!(error(set(true)), expected);
            assert_eq!(error(set(true).trust(Arc::new(StaticAnchors::none()))), "");
        }
        assert_eq!(error(builder(false).policy(policy.clone())), policy_requires);
        assert_eq!(error(builder(false).policy(policy).trust(Arc::new(StaticAnchors::none()))), "");
        assert_eq!(error(builder(false)), "");
    }

    #[test]
    fn a_missing_part_is_named() {
        let without_secret = Passkeys::builder(party(false)).store(MemoryStore::new());
        assert_eq!(error(without_secret), "no secret: call `secret`");
        let without_stores = Passkeys::builder(party(false)).secret([7; 32]);
        assert_eq!(error(without_stores), "no store for users: call `store`, or `users`");
        let of_proofs = |proof| error(builder(false).proof(proof));
        assert_eq!(of_proofs(party(false)), "proof: its attestation policy does not require trust");
        let elsewhere = RelyingParty::builder("example.net").origin("https://example.net");
        let elsewhere = elsewhere.attestation_policy(AttestationPolicy::default().require_trusted()).build();
        let trust = Arc::new(StaticAnchors::none());
        let other = error(builder(false).proof(elsewhere.unwrap()).trust(trust));
        assert_eq!(other, "proof: it has another RP ID");
        let sign_up = Policy { sign_up: true, ..Policy::default() };
        let apart = builder(false).users(MemoryStore::new()).policy(sign_up);
        assert!(error(apart).starts_with("sign-up creates a user and a passkey in one transaction"));
    }
}
