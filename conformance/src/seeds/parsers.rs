//! Seeds that are written by hand.

use rp_core::{AllowedCredentials, Challenge, RelyingParty, User, UserHandle};
use serde_json::{Value, json};

use super::layout::{Inputs, NOW, pack};
use super::metadata::publisher;
use crate::format::{Body, Bytes, Case, Chain, Expect, File, NoFacts};

/// Options with every member, and options with only the required members.
pub(super) fn options() -> Inputs {
    let descriptor =
        json!({"type": "public-key", "id": "AQID", "transports": ["internal", "hybrid", "unheard-of"]});
    let creation = json!({
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "AQ", "name": "kim", "displayName": "Kim"},
        "challenge": "AQEBAQEBAQEBAQEBAQEBAQ",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
    });
    let request = json!({"challenge": "AQEBAQEBAQEBAQEBAQEBAQ"});
    let more_of_creation = json!({
        "timeout": 300_000,
        "excludeCredentials": [descriptor],
        "authenticatorSelection": {
            "authenticatorAttachment": "platform",
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "hints": ["security-key", "client-device", "hybrid"],
        "attestation": "enterprise",
        "attestationFormats": ["packed", "tpm"],
        "extensions": {
            "appidExclude": "https://example.org/app-id.json",
            "credProps": true,
            "credentialProtectionPolicy": "userVerificationRequired",
            "enforceCredentialProtectionPolicy": true,
            "credBlob": "AQID",
            "minPinLength": true,
            "largeBlob": {"support": "preferred"},
            "prf": {"eval": {"first": "AQID", "second": "BAUG"}},
            "hmacCreateSecret": true,
            "uvm": true,
        },
    });
    let more_of_request = json!({
        "timeout": 300_000,
        "rpId": "example.org",
        "allowCredentials": [descriptor],
        "userVerification": "discouraged",
        "hints": ["client-device"],
        "extensions": {
            "appid": "https://example.org/app-id.json",
            "getCredBlob": true,
            "largeBlob": {"read": true},
            "prf": {"evalByCredential": {"AQID": {"first": "AQID"}}},
            "uvm": true,
        },
    });
    let all = [joined(&creation, &more_of_creation), joined(&request, &more_of_request), creation, request];
    all.iter().map(|options| options.to_string().into_bytes()).collect()
}

/// Documents of related origins, each with an origin that it accepts or not.
pub(super) fn related_origins() -> Inputs {
    let document = json!({"origins": [
        "https://example.org",
        "https://login.example.org:8443",
        "https://example.co.uk",
        "https://example.de",
        "https://xn--bcher-kva.example",
        "https://co.uk",
        "http://example.net",
        "https://192.0.2.1",
        "android:apk-key-hash:AAAA",
    ]});
    let callers = ["https://example.de", "https://example.net", "https://login.example.org:8443", "data:,"];
    callers.iter().map(|caller| pack(0, &[caller.as_bytes(), document.to_string().as_bytes()])).collect()
}

/// Vector files of the kinds that the authenticator does not mint.
pub(super) fn vector_files() -> Inputs {
    let (_, mut chain) = publisher();
    let anchor = chain.pop().unwrap_or_default();
    let chain = Chain {
        trust_anchors: vec![Bytes(anchor)],
        chain: chain.into_iter().map(Bytes).collect(),
        at: NOW,
        max_depth: Some(2),
        expect: Expect::Accept(NoFacts {}),
    };
    let chain = Case { id: "seed/chain".into(), note: Some("a chain".into()), body: Body::Chain(chain) };
    let chain = File::new("seeds", vec![chain]).to_json();
    let file = |case: Value| json!({"format": 1, "source": "seeds", "cases": [case]}).to_string();
    let expect = json!({"result": "reject", "reason": "malformed-public-key"});
    let mds = file(json!({
        "id": "seed/mds", "kind": "mds", "blob": "e30.e30.AA", "root": "MIIB",
        "at": "2026-06-01T00:00:00Z", "previous_no": 1, "expect": {"result": "reject", "reason": "metadata-invalid"},
    }));
    let signature = file(json!({
        "id": "seed/signature", "kind": "signature", "public_key": "oA", "message": "AA==", "signature": "",
        "expect": expect,
    }));
    [chain.unwrap_or_default(), mds, signature].into_iter().map(String::into_bytes).collect()
}

fn joined(some: &Value, more: &Value) -> Value {
    let members = [some, more].into_iter().filter_map(Value::as_object).flatten();
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Ceremonies of each kind as the service stores them, with a challenge of zeroes.
pub(super) fn stored_ceremonies() -> Inputs {
    let (Ok(rp), Ok(handle), Ok(challenge)) = (
        RelyingParty::builder("example.org").origin("https://example.org").build(),
        UserHandle::try_from(&[1, 2][..]),
        Challenge::issued(&[0; 32]),
    ) else {
        return Inputs::new();
    };
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (_, registration) = rp.registration(&user).start_recorded(challenge.clone(), NOW);
    let allowed = AllowedCredentials::account(user.handle, &[]);
    let (_, authentication) = rp.authentication(allowed).start_recorded(challenge, NOW);
    let started_by = json!({"session": "AAAAAAAAAAAAAAAAAAAAAA", "user": "AQI"});
    let ceremonies = [
        json!({"sign-up": {"pending": registration, "name": "kim", "nameKey": "kim", "displayName": "Kim"}}),
        json!({"add-passkey": {"pending": registration, "needsGrant": true}}),
        json!({"sign-in": {"pending": authentication, "usernameGiven": true}}),
        json!({"step-up": {"pending": authentication}}),
        json!({"second-factor": {"pending": authentication}}),
        json!({"proof": {"pending": registration}}),
    ];
    let stored = |ceremony: &Value| {
        [
            json!({"version": 2, "ceremony": ceremony}),
            json!({"version": 2, "startedBy": started_by, "ceremony": ceremony}),
        ]
    };
    ceremonies.iter().flat_map(stored).map(|ceremony| ceremony.to_string().into_bytes()).collect()
}

/// Bodies of requests to a second factor.
pub(super) fn totp_bodies() -> Inputs {
    [
        r#"{"code":"123456"}"#,
        r#"{"code":" 123 456"}"#,
        r#"{"code":"12345678"}"#,
        r#"{"codes":["123456","654321"]}"#,
        r#"{"codes":["1"]}"#,
        r#"{"code":"1","code":"2"}"#,
        "{}",
    ]
    .map(|body| body.as_bytes().to_vec())
    .into()
}

/// Recovery codes as people write them.
pub(super) fn recovery_codes() -> Inputs {
    ["7h2k-m0xw-9tqe-p4vd", "7H2K MOXW 9TQE P4VD", "liIL000000000000", "7h2k-m0xw-9tqe-p4vu", ""]
        .map(|code| code.as_bytes().to_vec())
        .into()
}

/// Requests to the routes of the service: the number of the route, cookies, `{id}` or `{name}`, and body.
pub(super) fn service_requests() -> Inputs {
    let cookies = "__Host-rp-ceremony=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; \
                   __Host-rp-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let bodies = [
        r#"{"username":"kim","displayName":"Kim"}"#,
        r#"{"mediation":"conditional"}"#,
        r#"{"purpose":"step-up"}"#,
        r#"{"purpose":"second-factor"}"#,
        r#"{"nickname":"key","grant":"AAAA","id":"AA","rawId":"AA","type":"public-key","response":{}}"#,
        r#"{"displayName":"Kim"}"#,
        r#"{"code":"123456"}"#,
        r#"{"codes":["123456","654321"]}"#,
        "",
    ];
    let routes = 0..ROUTES;
    let request = |route: u8, body: &str| {
        let mut request = vec![route];
        request.extend_from_slice([cookies, "AAAAAAAAAAAAAAAAAAAAAA", body].join("\0").as_bytes());
        request
    };
    routes.flat_map(|route| bodies.iter().map(move |body| request(route, body))).collect()
}

/// The number of the service's routes: the seeds build without the service.
const ROUTES: u8 = 31;

#[cfg(all(test, feature = "drivers"))]
mod tests {
    use std::collections::BTreeSet;

    use rp_service::http::Route;

    use super::service_requests;

    #[test]
    fn requests_among_the_seeds_are_to_every_route() {
        let requests = service_requests();
        let routes: BTreeSet<_> = requests.iter().filter_map(|request| request.first()).collect();
        assert!(routes.into_iter().map(|route| usize::from(*route)).eq(0..Route::ALL.len()));
    }
}
