//! What the software authenticator mints, with one byte altered, is never accepted: an ES256 assertion whose
//! authenticator data, client data or signature changed in any way.
#![no_main]

use std::sync::LazyLock;

use rp_conformance::authenticator::{Authenticator, Config, Page};
use rp_core::{
    Allow, AuthenticationResponse, Challenge, CredentialRecord, RegistrationResponse, RelyingParty, StaticAnchors,
    User, UserHandle, base64url,
};
use serde_json::Value;

const ORIGIN: &str = "https://example.org";
const MEMBERS: [&str; 3] = ["authenticatorData", "clientDataJSON", "signature"];

struct Scene {
    rp: RelyingParty,
    record: CredentialRecord,
    response: Value,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).algorithms([rp_core::Algorithm::Es256]);
    let rp = rp.build().expect("a configuration that is right");
    let handle = UserHandle::try_from(&[1][..]).expect("one byte is enough");
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let mut key = Authenticator::new("fuzz", Config::default());
    let (options, pending) = rp.registration(&user).start_with(Challenge::recorded(&[1; 32]));
    let options = serde_json::to_value(&options.public_key).expect("options are JSON");
    let json = key.create(&options, Page::at(ORIGIN)).expect("a credential");
    let response = RegistrationResponse::from_json(json.as_bytes()).expect("a response");
    let registered = rp.finish_registration(pending, &response, &StaticAnchors::none(), key.config.now);
    let record = registered.expect("an honest registration").credential;
    let (options, _) = rp.authentication(Allow::discoverable()).start_with(Challenge::recorded(&[2; 32]));
    let options = serde_json::to_value(&options.public_key).expect("options are JSON");
    let json = key.get(&options, Page::at(ORIGIN)).expect("an assertion");
    Scene { rp, record, response: serde_json::from_str(&json).expect("JSON") }
});

libfuzzer_sys::fuzz_target!(|data: (u8, u16, u8)| {
    let (member, at, change) = data;
    if change == 0 {
        return;
    }
    let scene = &*SCENE;
    let member = MEMBERS[usize::from(member) % MEMBERS.len()];
    let mut response = scene.response.clone();
    let text = response["response"][member].as_str().expect("a member");
    let mut bytes = base64url::decode(text).expect("base64url");
    let at = usize::from(at) % bytes.len();
    bytes[at] ^= change;
    response["response"][member] = base64url::encode(&bytes).into();
    let (_, pending) = scene.rp.authentication(Allow::discoverable()).start_with(Challenge::recorded(&[2; 32]));
    let Ok(response) = AuthenticationResponse::from_json(response.to_string().as_bytes()) else { return };
    let judged = scene.rp.finish_authentication(pending, &response, &scene.record, rp_core::Timestamp::now());
    assert!(judged.is_err(), "{member} byte {at} ^ {change:#04x} was accepted");
});
