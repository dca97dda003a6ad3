//! Each extension in both ceremonies, and whether rp-core reports its output.

use std::fmt;

use rp_core::extensions::{
    AuthenticationExtensionInputs, AuthenticationExtensionOutputs, CredentialProtectionPolicy,
    LargeBlobAuthenticationInputs, LargeBlobRegistrationInputs, LargeBlobSupport, PrfInputs,
    RegistrationExtensionInputs, RegistrationExtensionOutputs,
};
use rp_core::payment::{
    ConfirmedPayment, PaymentCredentialInstrument, PaymentCurrencyAmount, PaymentTransaction,
};
use rp_core::{
    AllowedCredentials, AuthenticationResponse, Challenge, CredentialRecord, RegistrationResponse,
    RelyingParty, StaticAnchors, User, UserHandle,
};
use serde_json::json;

use crate::authenticator::{Authenticator, Config};

const ORIGIN: &str = "https://example.org";
const APPID: &str = "https://example.org/app-id.json";

/// An extension and its results in both ceremonies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension {
    pub(super) name: &'static str,
    pub(super) registration: Output,
    pub(super) authentication: Output,
}

/// Whether the output of an extension is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// The output is reported with its type.
    Reported,
    /// No output is reported.
    Missing,
    /// The extension has no output for a server in this ceremony.
    NotApplicable,
}

impl Extension {
    pub(super) fn holds(&self) -> bool {
        self.registration != Output::Missing && self.authentication != Output::Missing
    }
}

/// A cell.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reported => "✓",
            Self::Missing => "✗",
            Self::NotApplicable => "",
        })
    }
}

/// Requests all extensions in one registration and one authentication.
pub(super) fn results() -> Vec<Extension> {
    let (registered, authenticated) = ceremonies().unwrap_or_default();
    let reported = |is_some: bool| if is_some { Output::Reported } else { Output::Missing };
    let none = Output::NotApplicable;
    let row = |name, registration, authentication| Extension { name, registration, authentication };
    let (create, get) = (&registered, &authenticated);
    vec![
        row("appid", none, reported(get.appid.is_some())),
        row("appidExclude", reported(create.appid_exclude.is_some()), none),
        row("credProps", reported(create.cred_props.is_some_and(|properties| properties.rk.is_some())), none),
        row("credProtect", reported(create.cred_protect.is_some()), none),
        row("credBlob", reported(create.cred_blob.is_some()), reported(get.cred_blob.is_some())),
        row("minPinLength", reported(create.min_pin_length.is_some()), none),
        row(
            "largeBlob",
            reported(create.large_blob_supported.is_some()),
            reported(get.large_blob.as_ref().is_some_and(|output| output.written.is_some())),
        ),
        // The outputs of `prf` and `hmac-secret` at authentication are secrets, which rp-core drops.
        row("prf", reported(create.prf_enabled.is_some()), none),
        row("hmac-secret", reported(create.hmac_secret.is_some()), none),
        row("uvm", reported(create.uvm.is_some()), reported(get.uvm.is_some())),
        row("payment", none, reported(payment().is_some())),
        row(
            "remoteClientDataJSON",
            reported(remote_registration() == Some(true)),
            reported(remote_authentication() == Some(true)),
        ),
    ]
}

/// One registration and one authentication with all extensions; `None` if one of them failed.
fn ceremonies() -> Option<(RegistrationExtensionOutputs, AuthenticationExtensionOutputs)> {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).appid(APPID).build().ok()?;
    let mut key = Authenticator::new("extensions", Config::default());
    let user = user()?;

    let request = rp.registration(&user).extensions(registration_inputs());
    let (options, pending) = request.start_recorded(Challenge::recorded(&[1; 32]), key.config.now);
    let response = key.create(&serde_json::to_value(&options.public_key).ok()?, ORIGIN).ok()?;
    let response = RegistrationResponse::from_json(response.as_bytes()).ok()?;
    let registered =
        rp.finish_registration(pending, &response, &StaticAnchors::none(), key.config.now).ok()?;

    let credential = registered.credential;
    let allow = AllowedCredentials::account(user.handle.clone(), std::slice::from_ref(&credential));
    let request = rp.authentication(allow).extensions(authentication_inputs());
    let (options, pending) = request.start_recorded(Challenge::recorded(&[2; 32]), key.config.now);
    let response = key.get(&serde_json::to_value(&options.public_key).ok()?, ORIGIN).ok()?;
    let response = AuthenticationResponse::from_json(response.as_bytes()).ok()?;
    let authenticated = rp.finish_authentication(pending, &response, &credential, key.config.now).ok()?;
    Some((registered.extensions, authenticated.extensions))
}

/// A credential registered with `rp`, and its authenticator.
fn credential(rp: &RelyingParty) -> Option<(Authenticator, CredentialRecord)> {
    let mut key = Authenticator::new("extensions", Config::default());
    let (options, pending) = rp.start_registration(&user()?, &[], key.config.now).ok()?;
    let response = key.create(&serde_json::to_value(&options.public_key).ok()?, ORIGIN).ok()?;
    let response = RegistrationResponse::from_json(response.as_bytes()).ok()?;
    let registered =
        rp.finish_registration(pending, &response, &StaticAnchors::none(), key.config.now).ok()?;
    Some((key, registered.credential))
}

/// A payment that is confirmed as requested: the client adds the extension itself.
fn payment() -> Option<ConfirmedPayment> {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).build().ok()?;
    let (mut key, credential) = credential(&rp)?;
    let transaction = PaymentTransaction {
        origin: ORIGIN.into(),
        top_origin: ORIGIN.into(),
        payee_name: Some("Merchant".into()),
        payee_origin: None,
        payment_entities_logos: Vec::new(),
        total: PaymentCurrencyAmount { currency: "EUR".into(), value: "10.00".into() },
        instrument: PaymentCredentialInstrument {
            display_name: "Card".into(),
            icon: "https://example.org/card.png".into(),
            icon_must_be_shown: true,
            details: None,
        },
    };
    let allow =
        AllowedCredentials::account(credential.user_handle.clone(), std::slice::from_ref(&credential));
    let (options, pending) = rp.start_payment(allow, transaction, key.config.now).ok()?;
    let data = options.data;
    let request = json!({
        "challenge": data.challenge, "rpId": data.rp_id, "userVerification": "required",
        "allowCredentials": data.credential_ids.iter().map(|id| json!({"type": "public-key", "id": id})).collect::<Vec<_>>(),
        "extensions": {"payment": {
            "isPayment": true, "rpId": data.rp_id, "topOrigin": ORIGIN, "payeeName": data.payee_name,
            "total": options.total, "instrument": data.instrument,
        }},
    });
    let response = key.get(&request, ORIGIN).ok()?;
    let response = AuthenticationResponse::from_json(response.as_bytes()).ok()?;
    rp.finish_payment(pending, &response, &credential, key.config.now).ok()
}

/// Client data that a page on another machine sends.
fn remote_client_data(ceremony: &str, challenge: &Challenge) -> String {
    let challenge = rp_core::base64url::encode(challenge.as_bytes());
    json!({"type": ceremony, "challenge": challenge, "origin": ORIGIN, "remote": true}).to_string()
}

fn remote_registration() -> Option<bool> {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).build().ok()?;
    let (user, challenge) = (user()?, Challenge::recorded(&[1; 32]));
    let extensions = RegistrationExtensionInputs {
        remote_client_data_json: Some(remote_client_data("webauthn.create", &challenge)),
        ..RegistrationExtensionInputs::default()
    };
    let mut key = Authenticator::new("extensions", Config::default());
    let (options, pending) =
        rp.registration(&user).extensions(extensions).start_recorded(challenge, key.config.now);
    let response = key.create(&serde_json::to_value(&options.public_key).ok()?, ORIGIN).ok()?;
    let response = RegistrationResponse::from_json(response.as_bytes()).ok()?;
    let registered =
        rp.finish_registration(pending, &response, &StaticAnchors::none(), key.config.now).ok()?;
    registered.extensions.remote_client_data_json
}

fn remote_authentication() -> Option<bool> {
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).build().ok()?;
    let (mut key, credential) = credential(&rp)?;
    let challenge = Challenge::recorded(&[2; 32]);
    let extensions = AuthenticationExtensionInputs {
        remote_client_data_json: Some(remote_client_data("webauthn.get", &challenge)),
        ..AuthenticationExtensionInputs::default()
    };
    let allow =
        AllowedCredentials::account(credential.user_handle.clone(), std::slice::from_ref(&credential));
    let (options, pending) =
        rp.authentication(allow).extensions(extensions).start_recorded(challenge, key.config.now);
    let response = key.get(&serde_json::to_value(&options.public_key).ok()?, ORIGIN).ok()?;
    let response = AuthenticationResponse::from_json(response.as_bytes()).ok()?;
    let authenticated = rp.finish_authentication(pending, &response, &credential, key.config.now).ok()?;
    authenticated.extensions.remote_client_data_json
}

fn user() -> Option<User> {
    let handle = UserHandle::try_from(&b"kim"[..]).ok()?;
    Some(User { handle, name: "kim".into(), display_name: "Kim".into() })
}

fn registration_inputs() -> RegistrationExtensionInputs {
    RegistrationExtensionInputs {
        appid_exclude: Some(APPID.into()),
        cred_props: Some(true),
        credential_protection_policy: Some(CredentialProtectionPolicy::UserVerificationRequired),
        enforce_credential_protection_policy: Some(true),
        cred_blob: Some(b"a blob"[..].into()),
        min_pin_length: Some(true),
        large_blob: Some(LargeBlobRegistrationInputs { support: LargeBlobSupport::Preferred }),
        prf: Some(PrfInputs::default()),
        hmac_create_secret: Some(true),
        uvm: Some(true),
        payment: None,
        remote_client_data_json: None,
    }
}

fn authentication_inputs() -> AuthenticationExtensionInputs {
    AuthenticationExtensionInputs {
        appid: Some(APPID.into()),
        get_cred_blob: Some(true),
        large_blob: Some(LargeBlobAuthenticationInputs { read: None, write: Some(b"a blob"[..].into()) }),
        prf: None,
        hmac_get_secret: None,
        uvm: Some(true),
        payment: None,
        remote_client_data_json: None,
    }
}
