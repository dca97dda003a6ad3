//! One registration with rp-core: the response is on the standard input.

use rp_core::{Challenge, RegistrationResponse, RelyingParty, StaticAnchors, Timestamp, User, UserHandle};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::io::read_to_string(std::io::stdin())?;
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    let handle = UserHandle::try_from(&[7; 16][..])?;
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let now = Timestamp::now();
    let (_, pending) = rp.registration(&user).start_recorded(Challenge::recorded(&[0x51; 16]), now);
    let response = RegistrationResponse::from_json(json.as_bytes())?;
    let registered = rp.finish_registration(pending, &response, &StaticAnchors::none(), now)?;
    println!("{}", registered.credential.id.as_bytes().len());
    Ok(())
}
