//! `rp-importers 0.5|0.6`: registers a credential with this version of webauthn-rs, by its documented interface. Prints the
//! options, reads the response from a line, and prints the passkey as serde writes it.

use std::error::Error;
use std::io::stdin;

use serde_json::Value;

/// One registration at `https://example.org`.
macro_rules! register {
    ($library:ident) => {{
        use $library::prelude::{RegisterPublicKeyCredential, Url, Uuid, WebauthnBuilder};
        let webauthn = WebauthnBuilder::new("example.org", &Url::parse("https://example.org")?)?.build()?;
        let (options, pending) = webauthn.start_passkey_registration(Uuid::new_v4(), "kim", "Kim", None)?;
        println!("{}", serde_json::to_string(&options)?);
        let response: RegisterPublicKeyCredential = serde_json::from_value(line()?)?;
        let passkey = webauthn.finish_passkey_registration(&response, &pending)?;
        println!("{}", serde_json::to_string(&passkey)?);
    }};
}

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("0.5") => register!(webauthn_rs_0_5),
        Some("0.6") => register!(webauthn_rs_0_6),
        _ => return Err("usage: rp-importers 0.5|0.6".into()),
    }
    Ok(())
}

fn line() -> Result<Value, Box<dyn Error>> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
