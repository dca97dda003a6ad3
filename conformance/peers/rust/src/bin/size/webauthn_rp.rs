//! One registration with webauthn_rp: the response is on the standard input.

use serde_json::{from_value, json};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::register::{
    PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle,
};
use webauthn_rp::request::{AsciiDomain, RpId, TimedCeremony as _, UserVerificationRequirement};
use webauthn_rp::{PublicKeyCredentialCreationOptions, Registration, RegistrationServerState};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::io::read_to_string(std::io::stdin())?;
    let rp_id = RpId::Domain(AsciiDomain::try_from("example.org".to_owned())?);
    let id: UserHandle<16> = from_value(json!("BwcHBwcHBwcHBwcHBwcHBw"))?;
    let user = PublicKeyCredentialUserEntity {
        name: "kim".try_into()?,
        id: &id,
        display_name: Some("Kim".try_into()?),
    };
    let mut options = PublicKeyCredentialCreationOptions::passkey(&rp_id, user, Vec::new());
    options.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
    options.extensions = Default::default();
    let (state, _) = options.start_ceremony()?;
    let (sent, mut encoded) = (state.sent_challenge().0.to_le_bytes(), state.encode()?);
    let at = encoded.windows(16).position(|bytes| bytes == sent).ok_or("no challenge in the state")?;
    encoded[at..at + 16].copy_from_slice(&[0x51; 16]);
    let state = RegistrationServerState::<16>::decode(&encoded)?;
    let response = Registration::from_json_relaxed(json.as_bytes())?;
    let registered =
        state.verify(&rp_id, &response, &RegistrationVerificationOptions::<&str, &str>::default())?;
    println!("{}", registered.id().as_ref().len());
    Ok(())
}
