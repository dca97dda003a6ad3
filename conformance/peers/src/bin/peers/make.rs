//! The inputs, from the software authenticator.

use std::time::{SystemTime, UNIX_EPOCH};

use rp_conformance::authenticator::{Algorithm, Authenticator, Config, Fault, Format};
use rp_core::Timestamp;
use rp_peers::inputs::Wrong;
use rp_peers::{Bytes, Input, Inputs, Response, Result};
use serde_json::{Value, json};

/// The names of the ceremonies, and their titles.
pub(crate) const CEREMONIES: [(&str, &str); 5] = [
    ("registration-none", "registration, `none`"),
    ("registration-packed", "registration, `packed`"),
    ("authentication-es256", "authentication, ES256"),
    ("authentication-eddsa", "authentication, EdDSA"),
    ("authentication-rs256", "authentication, RS256"),
];

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const USER_HANDLE: [u8; 16] = [7; 16];
const REGISTRATION_CHALLENGE: [u8; 16] = [0x51; 16];
const AUTHENTICATION_CHALLENGE: [u8; 16] = [0xa2; 16];

/// All five ceremonies.
pub(crate) fn inputs() -> Result<Inputs> {
    let packed = authenticator("peers", Format::Packed, Algorithm::Es256)?;
    let [none, attested, es256, eddsa, rs256] = CEREMONIES.map(|(name, _)| name);
    Ok(Inputs {
        rp_id: RP_ID.into(),
        origin: ORIGIN.into(),
        user_handle: Bytes(USER_HANDLE.into()),
        anchor: Bytes(packed.anchors().remove(0)),
        aaguid: Bytes(packed.config.aaguid.into()),
        ceremonies: vec![
            registration(none, Format::None)?,
            registration(attested, Format::Packed)?,
            authentication(es256, Algorithm::Es256)?,
            authentication(eddsa, Algorithm::EdDsa)?,
            authentication(rs256, Algorithm::Rs256)?,
        ],
    })
}

/// An authenticator with one algorithm, whose certificates are valid now.
fn authenticator(seed: &str, format: Format, algorithm: Algorithm) -> Result<Authenticator> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = Timestamp::from_unix_seconds(seconds.try_into()?);
    Ok(Authenticator::new(seed, Config { format, algorithms: vec![algorithm], now, ..Config::default() }))
}

fn registration(name: &str, format: Format) -> Result<Input> {
    let options = creation_options(Algorithm::Es256, format);
    let create = |seed: &str, fault: Option<Fault>| {
        let mut authenticator = authenticator(seed, format, Algorithm::Es256)?;
        authenticator.config.fault = fault;
        Ok::<_, Box<dyn std::error::Error>>(authenticator.create(&options, ORIGIN)?)
    };
    let wrong = |fault: Fault| {
        Ok::<_, Box<dyn std::error::Error>>((fault.to_string(), create("peers", Some(fault))?))
    };
    let wrong = match format {
        Format::Packed => vec![
            wrong(Fault::SigFlipped)?,
            wrong(Fault::LeafSignatureFlipped)?,
            ("another-root".into(), create("another vendor", None)?),
        ],
        // Nothing is signed: the challenge and the RP ID can be verified.
        _ => vec![wrong(Fault::ChallengeOther)?, wrong(Fault::RpIdHashOther)?],
    };
    Ok(Input {
        name: name.into(),
        attested: format == Format::Packed,
        registration: response(&REGISTRATION_CHALLENGE, create("peers", None)?),
        authentication: None,
        wrong: wrong.into_iter().map(|(fault, json)| Wrong { fault, json }).collect(),
    })
}

fn authentication(name: &str, algorithm: Algorithm) -> Result<Input> {
    let mut registered = authenticator("peers", Format::None, algorithm)?;
    let registration = registered.create(&creation_options(algorithm, Format::None), ORIGIN)?;
    let id = serde_json::from_str::<Value>(&registration)?["id"].take();
    let options = json!({
        "challenge": Bytes(AUTHENTICATION_CHALLENGE.into()),
        "rpId": RP_ID,
        "allowCredentials": [{"type": "public-key", "id": id}],
        "userVerification": "preferred",
    });
    let get = |fault: Option<Fault>| {
        let mut authenticator = registered.clone();
        authenticator.config.fault = fault;
        authenticator.get(&options, ORIGIN)
    };
    let wrong = [Fault::AssertionFlipped, Fault::ChallengeOther]
        .map(|fault| Ok(Wrong { fault: fault.to_string(), json: get(Some(fault))? }));
    Ok(Input {
        name: name.into(),
        attested: false,
        registration: response(&REGISTRATION_CHALLENGE, registration),
        authentication: Some(response(&AUTHENTICATION_CHALLENGE, get(None)?)),
        wrong: wrong.into_iter().collect::<Result<_>>()?,
    })
}

fn creation_options(algorithm: Algorithm, format: Format) -> Value {
    json!({
        "rp": {"id": RP_ID, "name": "Example"},
        "user": {"id": Bytes(USER_HANDLE.into()), "name": "kim", "displayName": "Kim"},
        "challenge": Bytes(REGISTRATION_CHALLENGE.into()),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm.cose()}],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "preferred"},
        "attestation": if format == Format::None { "none" } else { "direct" },
    })
}

fn response(challenge: &[u8], json: String) -> Response {
    Response { challenge: Bytes(challenge.to_vec()), json }
}
