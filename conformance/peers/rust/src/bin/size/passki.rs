//! One registration with passki: the response is on the standard input.

use passki::{Passki, RegistrationOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::io::read_to_string(std::io::stdin())?;
    let passki = Passki::new("example.org", &["https://example.org"], "Example");
    let (_, mut state) =
        passki.start_passkey_registration(&[7; 16], "kim", "Kim", RegistrationOptions::default())?;
    state.challenge = [0x51; 16].to_vec();
    let passkey = passki.finish_passkey_registration(&serde_json::from_str(&json)?, &state)?;
    println!("{}", passkey.credential_id.len());
    Ok(())
}
