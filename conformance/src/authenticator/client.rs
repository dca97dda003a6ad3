//! The client: options as a page passes them, and the resulting client data.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fault::{Ceremony, Fault};
use super::quirk::Quirk;
use crate::format::Bytes;

/// The page that calls, as the client sees it.
///
/// The client does not compare the origin with the RP ID, as a browser would: a test needs the result of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its origin.
    pub origin: String,
    /// Whether it is in a frame of another origin.
    pub cross_origin: bool,
    /// The origin of the top-level page, if the client reports it.
    pub top_origin: Option<String>,
}

impl Page {
    /// A top-level page.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.into(), cross_origin: false, top_origin: None }
    }

    /// A page in a frame.
    #[must_use]
    pub fn framed(origin: &str, top_origin: &str) -> Self {
        Self { origin: origin.into(), cross_origin: true, top_origin: Some(top_origin.into()) }
    }
}

impl From<&str> for Page {
    fn from(origin: &str) -> Self {
        Self::at(origin)
    }
}

/// Why the ceremony failed in the client; a browser would throw an exception.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The options are not those of Level 3 (`TypeError`).
    #[error("options: {0}")]
    Options(String),
    /// The authenticator holds a credential of `excludeCredentials` (`InvalidStateError`).
    #[error("the authenticator is registered already")]
    Excluded,
    /// No algorithm was offered that the authenticator supports (`NotSupportedError`).
    #[error("none of the algorithms offered is supported")]
    NoAlgorithm,
    /// User verification is required, and the authenticator has none (`NotAllowedError`).
    #[error("user verification is required and not available")]
    NoUserVerification,
    /// A resident key is required, and the authenticator cannot store one (`NotAllowedError`).
    #[error("a discoverable credential is required and cannot be kept")]
    NoResidentKey,
    /// The authenticator has no matching credential (`NotAllowedError`).
    #[error("no credential of this relying party")]
    NoCredential,
}

/// `PublicKeyCredentialCreationOptionsJSON`, with the members that a client and an authenticator use.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationOptions {
    pub(crate) rp: RpEntity,
    pub(crate) user: UserEntity,
    pub(crate) challenge: Bytes,
    pub(crate) pub_key_cred_params: Vec<Parameters>,
    #[serde(default)]
    pub(crate) exclude_credentials: Vec<Descriptor>,
    #[serde(default)]
    pub(crate) authenticator_selection: Selection,
    #[serde(default)]
    pub(crate) attestation: Option<String>,
    #[serde(default)]
    pub(crate) extensions: Map<String, Value>,
}

/// `PublicKeyCredentialRequestOptionsJSON`, likewise.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    pub(crate) challenge: Bytes,
    #[serde(default)]
    pub(crate) rp_id: Option<String>,
    #[serde(default)]
    pub(crate) allow_credentials: Vec<Descriptor>,
    #[serde(default)]
    pub(crate) user_verification: Option<String>,
    #[serde(default)]
    pub(crate) extensions: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RpEntity {
    #[serde(default)]
    pub(crate) id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct UserEntity {
    pub(crate) id: Bytes,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) alg: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) id: Bytes,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Selection {
    pub(crate) resident_key: Option<String>,
    pub(crate) require_resident_key: bool,
    pub(crate) user_verification: Option<String>,
}

/// Reads options; those under a member `publicKey`, as `navigator.credentials` takes them, are accepted too.
pub(crate) fn options<'de, T: Deserialize<'de>>(options: &'de Value) -> Result<T, ClientError> {
    T::deserialize(options.get("publicKey").unwrap_or(options))
        .map_err(|error| ClientError::Options(error.to_string()))
}

/// The default RP ID: the origin's host.
pub(crate) fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    authority.split(['/', ':']).next().unwrap_or_default()
}

/// `clientDataJSON` ([section 5.8.1]).
///
/// [section 5.8.1]: https://www.w3.org/TR/webauthn-3/#dictionary-client-data
pub(crate) fn client_data(
    ceremony: Ceremony,
    challenge: &Bytes,
    page: &Page,
    extensions: &Map<String, Value>,
    fault: Option<Fault>,
    quirk: Option<Quirk>,
) -> Vec<u8> {
    // 10.1.6: client data of another machine are signed as they are
    if let Some(remote) = extensions.get("remoteClientDataJSON").and_then(Value::as_str) {
        return remote.into();
    }
    let mut members = Members::default();
    let payment = extensions.get("payment").filter(|_| ceremony == Ceremony::Get);
    let payment = payment.filter(|payment| payment.get("isPayment") == Some(&Value::Bool(true)));
    members.push("type", type_member(ceremony, payment.is_some(), fault));
    members.push("challenge", challenge_member(challenge, fault));
    members.push("origin", origin_member(&page.origin, fault));
    members.push("crossOrigin", cross_origin_member(page.cross_origin, fault));
    members.push("topOrigin", top_origin_member(page.top_origin.as_deref(), fault));
    members.push("tokenBinding", token_binding_member(fault, quirk));
    members.push("payment", payment.map(payment_member));
    match fault {
        Some(Fault::ClientDataDuplicate) => members.push("challenge", Some(json!(challenge.to_string()))),
        Some(Fault::ClientDataArray) => return br#"["webauthn.create","webauthn.get"]"#.to_vec(),
        Some(Fault::ClientDataNotJson) => return b"type=webauthn.create".to_vec(),
        Some(Fault::ClientDataEmpty) => return Vec::new(),
        _ => {}
    }
    if fault == Some(Fault::ClientDataStandardBase64) {
        // At any place, its base64url has characters that standard base64 lacks.
        members.push("other", Some(json!("~~~???~~~???")));
    }
    match quirk {
        Some(Quirk::ClientDataUnknownMember) => {
            members.push("extra_keys_may_be_added_here", Some(json!({"a": [1, null]})));
        }
        Some(Quirk::ClientDataOtherOrder) => members.0.reverse(),
        _ => {}
    }
    let mut text = members.text(quirk).into_bytes();
    match fault {
        Some(Fault::ClientDataTrailing) => text.extend(b"{}"),
        Some(Fault::ClientDataTruncated) => {
            text.pop();
        }
        Some(Fault::ClientDataNotUtf8) => {
            text.pop();
            text.extend(b",\"\xff\":1}");
        }
        _ => {}
    }
    text
}

/// Members in their order, possibly with duplicates.
#[derive(Default)]
struct Members(Vec<(&'static str, Value)>);

impl Members {
    fn push(&mut self, name: &'static str, value: Option<Value>) {
        self.0.extend(value.map(|value| (name, value)));
    }

    fn text(&self, quirk: Option<Quirk>) -> String {
        let (between, around) = match quirk {
            Some(Quirk::ClientDataWhiteSpace) => (",\r\n\t", " "),
            _ => (",", ""),
        };
        let members: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{around}\"{name}\":{around}{value}{around}"))
            .collect();
        let text = format!("{{{}}}", members.join(between));
        match quirk {
            Some(Quirk::ClientDataEscapedSlashes) => text.replace('/', "\\/"),
            Some(Quirk::ClientDataByteOrderMark) => format!("\u{feff}{text}"),
            _ => text,
        }
    }
}

/// The `payment` member of client data: the extension's input without the members that only the client uses.
fn payment_member(input: &Value) -> Value {
    let mut payment = input.as_object().cloned().unwrap_or_default();
    payment.remove("isPayment");
    payment.remove("browserBoundPubKeyCredParams");
    Value::Object(payment)
}

fn type_member(ceremony: Ceremony, payment: bool, fault: Option<Fault>) -> Option<Value> {
    let (own, other) = match ceremony {
        Ceremony::Get if payment => ("payment.get", "webauthn.create"),
        Ceremony::Create => ("webauthn.create", "webauthn.get"),
        Ceremony::Get => ("webauthn.get", "webauthn.create"),
    };
    match fault {
        Some(Fault::ClientTypeMissing) => None,
        Some(Fault::ClientTypeNotString) => Some(json!(1)),
        Some(Fault::ClientTypeEmpty) => Some(json!("")),
        Some(Fault::ClientTypeOther) => Some(json!("webauthn.other")),
        Some(Fault::ClientTypeOfOtherCeremony) => Some(json!(other)),
        _ => Some(json!(own)),
    }
}

fn challenge_member(challenge: &Bytes, fault: Option<Fault>) -> Option<Value> {
    let own = challenge.to_string();
    match fault {
        Some(Fault::ChallengeMissing) => None,
        Some(Fault::ChallengeNotString) => Some(json!(1)),
        Some(Fault::ChallengeEmpty) => Some(json!("")),
        Some(Fault::ChallengePadded) => Some(json!(format!("{own}="))),
        Some(Fault::ChallengeOther) => {
            let other: Vec<u8> = challenge.0.iter().map(|byte| !byte).collect();
            Some(json!(Bytes(other).to_string()))
        }
        Some(Fault::ChallengeLonger) => Some(json!(format!("{own}AAAA"))),
        _ => Some(json!(own)),
    }
}

fn origin_member(origin: &str, fault: Option<Fault>) -> Option<Value> {
    let (scheme, rest) = origin.split_once("://").unwrap_or(("https", origin));
    let (host, port) = split_port(rest);
    Some(match fault {
        Some(Fault::OriginMissing) => return None,
        Some(Fault::OriginNotString) => json!(1),
        Some(Fault::OriginEmpty) => json!(""),
        Some(Fault::OriginOther) => json!("https://attacker.example"),
        Some(Fault::OriginScheme) => {
            json!(format!("{}://{rest}", if scheme == "http" { "https" } else { "http" }))
        }
        Some(Fault::OriginPort) => {
            json!(format!("{scheme}://{host}{}", if port == ":4430" { ":4431" } else { ":4430" }))
        }
        Some(Fault::OriginPrefix) => json!(format!("{scheme}://{host}.attacker.example{port}")),
        Some(Fault::OriginSuffix) => json!(format!("{scheme}://evil{rest}")),
        Some(Fault::OriginHyphen) => json!(format!("{scheme}://evil-{rest}")),
        Some(Fault::OriginInternational) => json!(format!("{scheme}://{}{port}", in_cyrillic(host))),
        Some(Fault::OriginSubdomain) => json!(format!("{scheme}://sub.{rest}")),
        Some(Fault::OriginTrailingDot) => json!(format!("{scheme}://{host}.{port}")),
        Some(Fault::OriginCase) => json!(origin.to_uppercase()),
        _ => json!(origin),
    })
}

/// The host, and the port with its colon if there is one.
fn split_port(authority: &str) -> (&str, &str) {
    let is_port = |at: &usize| authority.bytes().skip(*at).skip(1).all(|byte| byte.is_ascii_digit());
    authority.rfind(':').filter(is_port).map_or((authority, ""), |at| authority.split_at(at))
}

/// A host with a Cyrillic letter that looks like one of its Latin letters.
fn in_cyrillic(host: &str) -> String {
    let letters = [('o', "\u{43e}"), ('a', "\u{430}"), ('e', "\u{435}"), ('c', "\u{441}"), ('p', "\u{440}")];
    match letters.iter().find(|(latin, _)| host.contains(*latin)) {
        Some((latin, cyrillic)) => host.replacen(*latin, cyrillic, 1),
        None => format!("\u{43e}{host}"),
    }
}

fn cross_origin_member(cross_origin: bool, fault: Option<Fault>) -> Option<Value> {
    Some(match fault {
        Some(Fault::CrossOrigin | Fault::TopOriginOther) => json!(true),
        Some(Fault::CrossOriginNotBoolean) => json!("false"),
        _ => json!(cross_origin),
    })
}

fn top_origin_member(top_origin: Option<&str>, fault: Option<Fault>) -> Option<Value> {
    match fault {
        Some(Fault::TopOriginUnexpected | Fault::TopOriginOther) => Some(json!("https://attacker.example")),
        Some(Fault::TopOriginNotString) => Some(json!(1)),
        _ => top_origin.map(|origin| json!(origin)),
    }
}

fn token_binding_member(fault: Option<Fault>, quirk: Option<Quirk>) -> Option<Value> {
    match (fault, quirk) {
        (Some(Fault::TokenBindingNotObject), _) | (_, Some(Quirk::TokenBindingNotObject)) => {
            Some(json!("supported"))
        }
        (Some(Fault::TokenBindingWithoutStatus), _) => Some(json!({"id": "AAAA"})),
        (Some(Fault::TokenBindingStatusOther), _) => Some(json!({"status": "wanted"})),
        (Some(Fault::TokenBindingPresent), _) | (_, Some(Quirk::TokenBindingPresent)) => {
            Some(json!({"status": "present", "id": "AAAA"}))
        }
        (_, Some(Quirk::TokenBinding)) => Some(json!({"status": "supported"})),
        _ => None,
    }
}
