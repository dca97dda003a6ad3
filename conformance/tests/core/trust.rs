//! Trust: the position of the anchor in `x5c`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use rp_conformance::authenticator::{Authenticator, Config, Format, Page, Path};
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::TrustError;
use rp_core::{
    Algorithm, AttestationPolicy, Code, Profile, Registered, RegistrationError, RegistrationResponse,
    RelyingParty, StaticAnchors, TrustAnchor, User, UserHandle, cbor,
};

/// A packed registration whose `x5c` includes the root, verified with the certificate at index `anchor` of `x5c` as the
/// anchor.
fn register(profile: Profile, anchor: usize) -> Result<Registered, RegistrationError> {
    let config = Config { format: Format::Packed, path: Path::Root, ..Config::default() };
    let now = config.now;
    let mut authenticator = Authenticator::new("trust", config);
    let rp = RelyingParty::builder("example.org")
        .origin("https://example.org")
        .algorithms([Algorithm::Es256])
        .attestation(AttestationConveyancePreference::Direct)
        .attestation_policy(AttestationPolicy::default().require_trusted())
        .profile(profile)
        .build()
        .unwrap();
    let handle = UserHandle::try_from(&[7; 64][..]).unwrap();
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (options, pending) = rp.start_registration(&user, &[], now).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let json = authenticator.create(&options, Page::at("https://example.org")).unwrap();
    let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
    let object = cbor::parse(response.attestation_object()).unwrap();
    let statement = object.as_map().unwrap().get_text("attStmt").unwrap().as_map().unwrap();
    let x5c = statement.get_text("x5c").unwrap().as_array().unwrap();
    assert_eq!(x5c.len(), 3, "leaf, intermediate, root");
    let anchor = TrustAnchor::from_der(x5c[anchor].as_bytes().unwrap()).unwrap();
    rp.finish_registration(pending, &response, &StaticAnchors::new(vec![anchor]), now)
}

#[test]
fn the_root_sent_along_is_accepted_in_both_profiles() {
    for profile in [Profile::Webauthn, Profile::Fido] {
        assert!(register(profile, 2).unwrap().attestation.is_trusted(), "{profile:?}");
    }
}

#[test]
fn certificates_after_the_anchor_fail_only_under_fido() {
    for anchor in [0, 1] {
        assert!(register(Profile::Webauthn, anchor).unwrap().attestation.is_trusted());
        let refused = register(Profile::Fido, anchor).unwrap_err();
        assert_eq!(refused, RegistrationError::Trust(TrustError::BehindAnchor));
        assert_eq!(refused.code(), Code::AttestationUntrusted);
    }
}
