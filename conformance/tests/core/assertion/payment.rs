use rp_core::payment::{
    BrowserBoundKeyError, ConfirmedPayment, PaymentCredentialInstrument, PaymentCurrencyAmount,
    PaymentDataError, PaymentEntityLogo, PaymentTransaction, StartPaymentError,
};
use rp_core::{AllowedCredentials, AuthenticationError, Challenge, ChallengeLengthError, Code, base64url};
use serde_json::{Value, json};

use super::{Key, NOW, ORIGIN, VERIFIED, registered, rp, user};

const MERCHANT: &str = "https://merchant.example";

fn transaction() -> PaymentTransaction {
    let logo = |name: &str| PaymentEntityLogo {
        url: format!("https://{name}.example/logo.png"),
        label: name.into(),
    };
    PaymentTransaction {
        origin: MERCHANT.into(),
        top_origin: MERCHANT.into(),
        payee_name: Some("Merchant".into()),
        payee_origin: Some(MERCHANT.into()),
        payment_entities_logos: vec![logo("network"), logo("bank")],
        total: PaymentCurrencyAmount { currency: "USD".into(), value: "5.00".into() },
        instrument: PaymentCredentialInstrument {
            display_name: "Card".into(),
            icon: "https://bank.example/card.png".into(),
            icon_must_be_shown: true,
            details: None,
        },
    }
}

/// The correct `payment` member for [`transaction`].
fn client_data(challenge: &Challenge) -> Value {
    json!({
        "type": "payment.get",
        "challenge": base64url::encode(challenge.as_bytes()),
        "origin": MERCHANT,
        "crossOrigin": false,
        "payment": {
            "rpId": "example.org",
            "topOrigin": MERCHANT,
            "payeeName": "Merchant",
            "payeeOrigin": MERCHANT,
            "paymentEntitiesLogos": [
                {"url": "https://network.example/logo.png", "label": "network"},
                {"url": "https://bank.example/logo.png", "label": "bank"},
            ],
            "total": {"currency": "USD", "value": "5.00"},
            "instrument": {"displayName": "Card", "icon": "https://bank.example/card.png"},
        },
    })
}

/// A payment with different client data.
struct Scene {
    transaction: PaymentTransaction,
    flags: u8,
    outputs: Value,
}

impl Scene {
    fn new() -> Self {
        Self { transaction: transaction(), flags: VERIFIED, outputs: json!({}) }
    }

    fn judged(&self, change: impl FnOnce(&mut Value)) -> Result<ConfirmedPayment, AuthenticationError> {
        let (rp, key) = (rp(), Key::new(7));
        let record = key.record();
        let allow = AllowedCredentials::account(user().handle, std::slice::from_ref(&record));
        let (options, pending) = rp.start_payment(allow, self.transaction.clone(), NOW).unwrap();
        let mut client_data = client_data(&options.data.challenge);
        change(&mut client_data);
        let response = key.response(&client_data.to_string(), self.flags, &self.outputs);
        rp.finish_payment(pending, &response, &record, NOW)
    }

    fn refused(&self, change: impl FnOnce(&mut Value)) -> AuthenticationError {
        self.judged(change).unwrap_err()
    }
}

fn refused(change: impl FnOnce(&mut Value)) -> AuthenticationError {
    Scene::new().refused(change)
}

#[test]
fn a_payment_that_was_shown_as_asked_is_confirmed() {
    let confirmed = Scene::new().judged(|_| {}).unwrap();
    assert_eq!(confirmed.transaction, transaction());
    assert!(confirmed.authenticated.flags.user_verified());
    assert_eq!(confirmed.browser_bound_key, None);
}

#[test]
fn a_sign_in_confirms_no_payment_and_vice_versa() {
    let error = refused(|data| data["type"] = "webauthn.get".into());
    assert_eq!(error.to_string(), r#"type is "webauthn.get", not "payment.get""#);
    assert_eq!(error.code(), Code::TypeMismatch);

    let (rp, key) = (rp(), Key::new(7));
    let record = key.record();
    let allow = AllowedCredentials::account(user().handle, std::slice::from_ref(&record));
    let (options, pending) = rp.start_authentication(allow, NOW).unwrap();
    let mut data = client_data(&options.public_key.challenge);
    data["origin"] = ORIGIN.into();
    let response = key.response(&data.to_string(), VERIFIED, &json!({}));
    let error = rp.finish_authentication(pending, &response, &record, NOW).unwrap_err();
    assert_eq!(error.to_string(), r#"type is "payment.get", not "webauthn.get""#);
}

#[test]
fn a_payment_credential_is_registered_by_webauthn_create() {
    let (rp, user) = (rp(), user());
    let started = rp.registration(&user).payment().start(NOW).unwrap();
    let challenge = base64url::encode(started.1.challenge().as_bytes());
    let data = json!({"type": "payment.create", "challenge": challenge, "origin": ORIGIN, "payment": {}});
    let refused = registered(&rp, started, &data.to_string(), &json!({})).unwrap_err();
    assert_eq!(refused.code(), Code::TypeMismatch);
}

#[test]
fn a_credential_for_payments_is_asked_for_as_clients_want_it() {
    let (rp, user) = (rp(), user());
    let (options, _) = rp.registration(&user).payment().start(NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    assert_eq!(options["extensions"]["payment"], json!({"isPayment": true}));
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["authenticatorAttachment"], "platform");
    assert_eq!(
        (&selection["residentKey"], &selection["userVerification"]),
        (&json!("preferred"), &json!("required"))
    );
}

#[test]
fn options_have_the_members_of_the_specification() {
    let (rp, key) = (rp(), Key::new(7));
    let allow = AllowedCredentials::account(user().handle, &[key.record()]);
    let challenge = Challenge::issued(&[1; 16]).unwrap();
    let (options, _) = rp.start_payment_with(allow, transaction(), challenge, NOW).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    assert_eq!(options["total"], json!({"currency": "USD", "value": "5.00"}));
    let data = &options["data"];
    assert_eq!(data["challenge"], "AQEBAQEBAQEBAQEBAQEBAQ");
    assert_eq!(data["credentialIds"], json!([base64url::encode(b"credential")]));
    assert_eq!((&data["rpId"], &data["payeeOrigin"]), (&json!("example.org"), &json!(MERCHANT)));
    assert_eq!(data["instrument"]["iconMustBeShown"], true);
    assert_eq!(data["browserBoundPubKeyCredParams"][0]["type"], "public-key");
}

#[test]
fn a_payment_has_credentials_and_a_random_challenge() {
    let (rp, key) = (rp(), Key::new(7));
    let error = rp.start_payment(AllowedCredentials::discoverable(), transaction(), NOW).unwrap_err();
    assert_eq!(error, StartPaymentError::NoCredential);
    let allow = AllowedCredentials::account(user().handle, &[key.record()]);
    let error = rp.start_payment_with(allow, transaction(), Challenge::recorded(&[1; 15]), NOW).unwrap_err();
    assert_eq!(error, StartPaymentError::Challenge(ChallengeLengthError { got: 15 }));
}

#[test]
fn each_member_that_says_something_else_is_refused_by_its_name() {
    let mismatch = |member, change: fn(&mut Value)| {
        let error = refused(|data| change(&mut data["payment"]));
        assert_eq!(error, AuthenticationError::Payment(PaymentDataError::Mismatch { member }));
        assert_eq!(error.code(), Code::PaymentMismatch);
    };
    mismatch("rpId", |payment| payment["rpId"] = "other.example".into());
    mismatch("rp", |payment| payment["rp"] = "other.example".into());
    mismatch("payeeName", |payment| payment["payeeName"] = "Another".into());
    mismatch("payeeName", |payment| {
        payment.as_object_mut().unwrap().remove("payeeName");
    });
    mismatch("payeeOrigin", |payment| payment["payeeOrigin"] = "https://another.example".into());
    mismatch("total", |payment| payment["total"]["value"] = "1.00".into());
    mismatch("total", |payment| payment["total"]["value"] = "5.0".into());
    mismatch("total", |payment| payment["total"]["currency"] = "EUR".into());
    mismatch("instrument", |payment| payment["instrument"]["displayName"] = "Another".into());
    mismatch("instrument", |payment| payment["instrument"]["icon"] = "".into());
    mismatch("instrument", |payment| payment["instrument"]["details"] = "more".into());
    mismatch("instrument", |payment| payment["instrument"]["iconMustBeShown"] = false.into());
}

#[test]
fn a_payment_that_was_signed_elsewhere_is_refused() {
    let error = refused(|data| data["origin"] = "https://another.example".into());
    assert_eq!((error.code(), error.step()), (Code::OriginMismatch, 12));
    let error = refused(|data| data["payment"]["topOrigin"] = "https://another.example".into());
    assert_eq!((error.code(), error.step()), (Code::TopOriginMismatch, 14));
    let error = refused(|data| data["topOrigin"] = "https://another.example".into());
    assert_eq!(error.code(), Code::TopOriginMismatch);
    let error = refused(|data| data["crossOrigin"] = true.into());
    assert_eq!(error.code(), Code::CrossOriginNotAllowed);
    let error = refused(|data| data["challenge"] = "AAAA".into());
    assert_eq!(error.code(), Code::ChallengeMismatch);
}

#[test]
fn a_payment_in_a_frame_needs_the_expected_page() {
    let mut scene = Scene::new();
    scene.transaction.top_origin = "https://shop.example".into();
    let framed = |data: &mut Value| {
        data["crossOrigin"] = true.into();
        data["topOrigin"] = "https://shop.example".into();
        data["payment"]["topOrigin"] = "https://shop.example".into();
    };
    assert!(scene.judged(framed).is_ok());
    assert_eq!(scene.refused(|_| {}).code(), Code::TopOriginMismatch);
}

#[test]
fn a_client_may_show_fewer_logos_in_their_order_and_no_others() {
    let logos = |logos: Value| Scene::new().judged(|data| data["payment"]["paymentEntitiesLogos"] = logos);
    let network = json!({"url": "https://network.example/logo.png", "label": "network"});
    let bank = json!({"url": "https://bank.example/logo.png", "label": "bank"});
    let unseen = json!({"url": "", "label": "network"});
    let stranger = json!({"url": "https://stranger.example/logo.png", "label": "network"});
    for shown in [json!([]), json!([network]), json!([bank]), json!([unseen, bank])] {
        assert!(logos(shown.clone()).is_ok(), "{shown}");
    }
    let refused = PaymentDataError::Mismatch { member: "paymentEntitiesLogos" };
    for shown in [json!([bank, network]), json!([network, network]), json!([stranger])] {
        let error = logos(shown.clone()).unwrap_err();
        assert_eq!(error, AuthenticationError::Payment(refused.clone()), "{shown}");
    }
}

#[test]
fn an_icon_that_need_not_be_shown_may_be_missing() {
    let mut scene = Scene::new();
    scene.transaction.instrument.icon_must_be_shown = false;
    assert!(scene.judged(|data| data["payment"]["instrument"]["icon"] = "".into()).is_ok());
}

#[test]
fn client_data_with_a_malformed_payment_are_rejected() {
    let malformed = |change: fn(&mut Value)| {
        let error = refused(change);
        assert!(matches!(error, AuthenticationError::Payment(PaymentDataError::Malformed { .. })), "{error}");
        assert_eq!(error.code(), Code::MalformedClientData);
    };
    malformed(|data| {
        data.as_object_mut().unwrap().remove("payment");
    });
    malformed(|data| data["payment"] = json!(["example.org"]));
    malformed(|data| data["payment"]["total"] = "5.00".into());
    malformed(|data| {
        data["payment"].as_object_mut().unwrap().remove("rpId");
    });
}

#[test]
fn the_rest_of_section_7_2_holds_for_a_payment() {
    let unverified = Scene { flags: 0, ..Scene::new() };
    assert_eq!(unverified.refused(|_| {}), AuthenticationError::UserNotVerified);

    let (rp, key, other) = (rp(), Key::new(7), Key::new(8));
    let record = key.record();
    let allow = AllowedCredentials::account(user().handle, std::slice::from_ref(&record));
    let (options, pending) = rp.start_payment(allow, transaction(), NOW).unwrap();
    let response = other.response(&client_data(&options.data.challenge).to_string(), VERIFIED, &json!({}));
    let error = rp.finish_payment(pending, &response, &record, NOW).unwrap_err();
    assert_eq!(error.code(), Code::SignatureInvalid);
}

#[test]
fn a_pending_payment_comes_back_from_a_store_with_its_version() {
    let (rp, key) = (rp(), Key::new(7));
    let allow = AllowedCredentials::account(user().handle, &[key.record()]);
    let (_, pending) = rp.start_payment(allow, transaction(), NOW).unwrap();
    let stored = serde_json::to_value(&pending).unwrap();
    assert_eq!(stored["version"], 2);
    let back: rp_core::payment::PendingPayment = serde_json::from_value(stored).unwrap();
    assert_eq!((back.challenge(), back.transaction()), (pending.challenge(), &transaction()));
}

/// A payment whose client data name the browser bound key, and a signature over them.
fn with_browser_bound_key(
    named: &str,
    outputs: impl FnOnce(&str) -> Value,
) -> Option<Result<Vec<u8>, BrowserBoundKeyError>> {
    let (rp, key) = (rp(), Key::new(7));
    let record = key.record();
    let allow = AllowedCredentials::account(user().handle, std::slice::from_ref(&record));
    let (options, pending) = rp.start_payment(allow, transaction(), NOW).unwrap();
    let mut data = client_data(&options.data.challenge);
    data["payment"]["browserBoundPublicKey"] = named.into();
    let data = data.to_string();
    let response = key.response(&data, VERIFIED, &outputs(&data));
    let confirmed = rp.finish_payment(pending, &response, &record, NOW).unwrap();
    confirmed.browser_bound_key.map(|key| key.map(|key| key.public_key.0))
}

fn signature(signature: &[u8]) -> Value {
    json!({"payment": {"browserBoundSignature": {"signature": base64url::encode(signature)}}})
}

#[test]
fn a_browser_bound_key_is_told_if_it_signed_client_data() {
    let bound = Key::new(9);
    let named = base64url::encode(&bound.cose());
    let told = with_browser_bound_key(&named, |data| signature(&bound.sign(data.as_bytes())));
    assert_eq!(told, Some(Ok(bound.cose())));
}

#[test]
fn a_wrong_browser_bound_signature_leaves_the_passkey_valid() {
    let bound = Key::new(9);
    let named = base64url::encode(&bound.cose());
    let stranger = |data: &str| signature(&Key::new(8).sign(data.as_bytes()));
    let told = with_browser_bound_key(&named, stranger).unwrap().unwrap_err();
    assert_eq!(told.to_string(), "browserBoundSignature does not verify");
    // The `{}` that JSON.stringify returns for an ArrayBuffer is not a signature.
    let empty = |_: &str| json!({"payment": {"browserBoundSignature": {"signature": {}}}});
    assert_eq!(with_browser_bound_key(&named, empty), Some(Err(BrowserBoundKeyError::SignatureMissing)));
    assert_eq!(with_browser_bound_key("A=", |_| json!({})), Some(Err(BrowserBoundKeyError::Encoding)));
    let told = with_browser_bound_key("oA", |_| json!({})).unwrap().unwrap_err();
    assert!(matches!(told, BrowserBoundKeyError::PublicKey(_)), "{told}");
}

#[test]
fn a_payment_registration_reports_the_browser_bound_key() {
    let judged = |payments: bool| {
        let (rp, user, bound) = (rp(), user(), Key::new(9));
        let request = rp.registration(&user);
        let request = if payments { request.payment() } else { request };
        let started = request.start(NOW).unwrap();
        let challenge = base64url::encode(started.1.challenge().as_bytes());
        let data = json!({
            "type": "webauthn.create", "challenge": challenge, "origin": ORIGIN,
            "payment": {"browserBoundPublicKey": base64url::encode(&bound.cose())},
        });
        let outputs = signature(&bound.sign(data.to_string().as_bytes()));
        registered(&rp, started, &data.to_string(), &outputs).unwrap().browser_bound_key
    };
    assert_eq!(judged(true).unwrap().unwrap().public_key.0, Key::new(9).cose());
    assert_eq!(judged(false), None);
}
