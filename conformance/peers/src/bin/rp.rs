//! rp-core. A second argument turns its caches of keys and certificates off.

use rp_core::options::AttestationConveyancePreference;
use rp_core::{
    AllowedCredentials, AttestationPolicy, Authenticated, AuthenticationResponse, Challenge,
    CredentialRecord, PendingAuthentication, PendingRegistration, Registered, RegistrationResponse,
    RelyingParty, StaticAnchors, Timestamp, TrustAnchor, User, UserHandle,
};
use rp_peers::{Input, Inputs, Library, Result, run};

struct Rp {
    plain: RelyingParty,
    /// The same, for responses whose attestation must be trusted.
    attested: RelyingParty,
    user: User,
    trust: StaticAnchors,
    now: Timestamp,
}

impl Rp {
    fn new(inputs: &Inputs) -> Result<Self> {
        let caches = std::env::args().nth(2).is_none();
        let builder = || {
            let builder = RelyingParty::builder(&inputs.rp_id).origin(&inputs.origin);
            if caches { builder } else { builder.key_cache(0).certificate_cache(0) }
        };
        let attested = builder()
            .attestation(AttestationConveyancePreference::Direct)
            .attestation_policy(AttestationPolicy::default().require_trusted());
        let handle = UserHandle::try_from(&inputs.user_handle.0[..])?;
        Ok(Self {
            plain: builder().build()?,
            attested: attested.build()?,
            user: User { handle, name: "kim".into(), display_name: "Kim".into() },
            trust: StaticAnchors::new([TrustAnchor::from_der(&inputs.anchor.0)?]),
            now: Timestamp::now(),
        })
    }

    fn relying_party(&self, input: &Input) -> &RelyingParty {
        if input.attested { &self.attested } else { &self.plain }
    }
}

impl Library for Rp {
    type Registering = PendingRegistration;
    type Registered = Registered;
    type Authenticating = PendingAuthentication;
    type Authenticated = Authenticated;

    fn start_registration(&self, input: &Input) -> Result<PendingRegistration> {
        let challenge = Challenge::recorded(&input.registration.challenge.0);
        let request = self.relying_party(input).registration(&self.user);
        Ok(request.start_recorded(challenge, self.now).1)
    }

    fn finish_registration(
        &self,
        input: &Input,
        json: &str,
        state: PendingRegistration,
    ) -> Result<Registered> {
        let response = RegistrationResponse::from_json(json.as_bytes())?;
        Ok(self.relying_party(input).finish_registration(state, &response, &self.trust, self.now)?)
    }

    fn start_authentication(
        &self,
        challenge: &[u8],
        credential: &Registered,
    ) -> Result<PendingAuthentication> {
        let record: &[CredentialRecord] = std::slice::from_ref(&credential.credential);
        let allow = AllowedCredentials::account(self.user.handle.clone(), record);
        Ok(self.plain.authentication(allow).start_recorded(Challenge::recorded(challenge), self.now).1)
    }

    fn finish_authentication(
        &self,
        json: &str,
        state: PendingAuthentication,
        credential: &Registered,
    ) -> Result<Authenticated> {
        let response = AuthenticationResponse::from_json(json.as_bytes())?;
        Ok(self.plain.finish_authentication(state, &response, &credential.credential, self.now)?)
    }
}

fn main() -> Result<()> {
    run(&rp_core::cose::backends().to_string(), Rp::new)
}
