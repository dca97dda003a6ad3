//! One registration with webauthn-rs-core: the response is on the standard input.

use std::time::Duration;

#[cfg(feature = "size-webauthn-rs-0_5")]
use webauthn_rs_core_0_5 as webauthn_rs_core;
#[cfg(not(feature = "size-webauthn-rs-0_5"))]
use webauthn_rs_core_0_6 as webauthn_rs_core;

use serde_json::{from_str, from_value, json, to_value};
use webauthn_rs_core::WebauthnCore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::io::read_to_string(std::io::stdin())?;
    let origins = vec!["https://example.org".parse()?];
    let timeout = Duration::from_secs(60);
    let core = WebauthnCore::new_unsafe_experts_only("Example", "example.org", origins, timeout, None, None);
    let builder = core.new_challenge_register_builder(&[7; 16], "kim", "Kim")?;
    let mut state = to_value(core.generate_challenge_register(builder)?.1)?;
    *state.get_mut("challenge").ok_or("no challenge in the state")? = json!("UVFRUVFRUVFRUVFRUVFRUQ");
    let credential = core.register_credential(&from_str(&json)?, &from_value(state)?, None)?;
    println!("{}", credential.cred_id.len());
    Ok(())
}
