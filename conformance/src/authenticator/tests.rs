use serde_json::json;
use x509_cert::der::{Decode, Encode};

use super::*;

const ORIGIN: &str = "https://example.org";

fn creation() -> Value {
    json!({
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "dXNlcg", "name": "user", "displayName": "User"},
        "challenge": "bm9ib2R5IGtub3dzIHRoaXM",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "attestation": "direct",
    })
}

fn request() -> Value {
    json!({"rpId": "example.org", "challenge": "bm9ib2R5IGtub3dzIHRoaXM"})
}

fn with(options: Value, more: Value) -> Value {
    let (Value::Object(mut options), Value::Object(more)) = (options, more) else { unreachable!() };
    options.extend(more);
    Value::Object(options)
}

fn authenticator(config: Config) -> Authenticator {
    Authenticator::new("tests", config)
}

fn parse(response: &str) -> Value {
    serde_json::from_str(response).unwrap()
}

fn bytes(response: &Value, name: &str) -> Vec<u8> {
    rp_core::base64url::decode(response["response"][name].as_str().unwrap()).unwrap()
}

#[test]
fn the_same_options_give_the_same_response() {
    for format in Format::ALL.iter().copied() {
        let make =
            || authenticator(Config { format, ..Config::default() }).create(&creation(), ORIGIN).unwrap();
        assert_eq!(make(), make(), "{format}");
    }
}

#[test]
fn an_assertion_signs_authenticator_data_and_the_hash() {
    use p256::ecdsa::signature::Verifier;

    let mut key = authenticator(Config::default());
    let created = parse(&key.create(&creation(), ORIGIN).unwrap());
    let allow = json!({"allowCredentials": [{"type": "public-key", "id": created["id"]}]});
    let asserted = parse(&key.get(&with(request(), allow), ORIGIN).unwrap());
    assert_eq!(asserted["id"], created["id"]);

    let auth_data = bytes(&asserted, "authenticatorData");
    assert_eq!(auth_data[..32], *Sha256::digest("example.org"));
    assert_eq!(auth_data[33..], [0, 0, 0, 8], "one more than at registration");
    let message = [&auth_data[..], &Sha256::digest(bytes(&asserted, "clientDataJSON"))].concat();
    let public = key.credentials()[0].key.public().sec1();
    p256::ecdsa::VerifyingKey::from_sec1_bytes(&public)
        .unwrap()
        .verify(&message, &p256::ecdsa::Signature::from_der(&bytes(&asserted, "signature")).unwrap())
        .unwrap();
}

#[test]
fn a_packed_statement_is_signed_by_a_leaf_below_the_anchor() {
    use p256::ecdsa::signature::Verifier;

    let mut key = authenticator(Config { format: Format::Packed, ..Config::default() });
    let created = parse(&key.create(&creation(), ORIGIN).unwrap());
    let object: std::collections::BTreeMap<String, serde_cbor::Value> =
        serde_cbor::from_slice(&bytes(&created, "attestationObject")).unwrap();
    let serde_cbor::Value::Map(statement) = &object["attStmt"] else { unreachable!() };
    let member = |name: &str| &statement[&serde_cbor::Value::Text(name.into())];
    let serde_cbor::Value::Array(x5c) = member("x5c") else { unreachable!() };
    let der = |value: &serde_cbor::Value| match value {
        serde_cbor::Value::Bytes(bytes) => bytes.clone(),
        other => unreachable!("{other:?}"),
    };

    let message =
        [bytes(&created, "authenticatorData"), Sha256::digest(bytes(&created, "clientDataJSON")).to_vec()]
            .concat();
    let certificates: Vec<Vec<u8>> = x5c.iter().map(der).chain(key.anchors()).collect();
    let parsed: Vec<_> =
        certificates.iter().map(|der| x509_cert::Certificate::from_der(der).unwrap()).collect();
    let verifying_key = |certificate: &x509_cert::Certificate| {
        let bits = &certificate.tbs_certificate().subject_public_key_info().subject_public_key;
        p256::ecdsa::VerifyingKey::from_sec1_bytes(bits.raw_bytes()).unwrap()
    };
    let signature = |der: &[u8]| p256::ecdsa::Signature::from_der(der).unwrap();
    verifying_key(&parsed[0]).verify(&message, &signature(&der(member("sig")))).unwrap();
    for pair in parsed.windows(2) {
        let (one, issuer) = (&pair[0], &pair[1]);
        assert_eq!(one.tbs_certificate().issuer(), issuer.tbs_certificate().subject());
        let tbs = one.tbs_certificate().to_der().unwrap();
        verifying_key(issuer).verify(&tbs, &signature(one.signature().raw_bytes())).unwrap();
    }
    for (bytes, parsed) in certificates.iter().zip(&parsed) {
        assert_eq!(*bytes, parsed.to_der().unwrap(), "what is written is DER");
    }
}

#[test]
fn every_format_is_minted_with_every_algorithm_that_fits() {
    for format in Format::ALL.iter().copied() {
        for algorithm in Algorithm::ALL.iter().copied().filter(|algorithm| format.fits(*algorithm)) {
            let config = Config { format, algorithms: vec![algorithm], ..Config::default() };
            let params = json!({"pubKeyCredParams": [{"type": "public-key", "alg": algorithm.cose()}]});
            let created = authenticator(config).create(&with(creation(), params), ORIGIN).unwrap();
            let object: serde_cbor::Value =
                serde_cbor::from_slice(&bytes(&parse(&created), "attestationObject")).unwrap();
            let serde_cbor::Value::Map(object) = object else { unreachable!() };
            let fmt = &object[&serde_cbor::Value::Text("fmt".into())];
            assert_eq!(*fmt, serde_cbor::Value::Text(format.fmt().into()), "{algorithm}");
        }
    }
}

#[test]
fn an_algorithm_that_the_format_can_have_is_preferred() {
    let offered = [Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Es256];
    let params = offered.map(|algorithm| json!({"type": "public-key", "alg": algorithm.cose()}));
    let options = with(creation(), json!({ "pubKeyCredParams": params }));
    for format in Format::ALL.iter().copied() {
        let mut authenticator = authenticator(Config { format, ..Config::default() });
        authenticator.create(&options, ORIGIN).unwrap();
        let expected = offered.into_iter().find(|algorithm| format.fits(*algorithm));
        assert_eq!(authenticator.credentials().last().map(|one| one.key.algorithm()), expected, "{format}");
    }
}

/// Faults that need several credentials, or other settings.
const SHOWN_ELSEWHERE: [Fault; 2] = [Fault::CredentialNotAllowed, Fault::AlgorithmNotOffered];

fn faults(ceremony: Ceremony, format: Format) -> impl Iterator<Item = Fault> {
    Fault::ALL.iter().copied().filter(move |fault| {
        fault.applies_to(ceremony, format, Algorithm::Es256) && !SHOWN_ELSEWHERE.contains(fault)
    })
}

#[test]
fn every_fault_of_a_registration_changes_the_response() {
    for format in Format::ALL.iter().copied() {
        let mint = |fault| {
            let config = Config { format, fault, ..Config::default() };
            authenticator(config).create(&creation(), ORIGIN).unwrap()
        };
        let honest = mint(None);
        for fault in faults(Ceremony::Create, format) {
            assert_ne!(mint(Some(fault)), honest, "{fault} of {format}");
        }
    }
}

#[test]
fn every_fault_of_an_authentication_changes_the_response() {
    let mut key = authenticator(Config::default());
    let resident = json!({"authenticatorSelection": {"residentKey": "required"}});
    key.create(&with(creation(), resident), ORIGIN).unwrap();
    let mint = |fault| {
        let mut key = key.clone();
        key.config.fault = fault;
        key.get(&request(), ORIGIN).unwrap()
    };
    let honest = mint(None);
    for fault in faults(Ceremony::Get, Format::None) {
        assert_ne!(mint(Some(fault)), honest, "{fault}");
    }
}

#[test]
fn a_wrong_origin_is_another_host_or_port_of_a_valid_url() {
    let origin_of = |page: &str, fault| {
        let mut key = authenticator(Config { fault: Some(fault), ..Config::default() });
        let host = client::host(page).to_owned();
        let created =
            parse(&key.create(&with(creation(), json!({"rp": {"id": host, "name": "x"}})), page).unwrap());
        let client_data: Value = serde_json::from_slice(&bytes(&created, "clientDataJSON")).unwrap();
        client_data["origin"].as_str().unwrap().to_owned()
    };
    for (page, fault, expected) in [
        ("http://localhost:8090", Fault::OriginTrailingDot, "http://localhost.:8090"),
        ("http://localhost:8090", Fault::OriginPrefix, "http://localhost.attacker.example:8090"),
        ("http://localhost:8090", Fault::OriginInternational, "http://l\u{43e}calhost:8090"),
        ("https://localhost:4430", Fault::OriginPort, "https://localhost:4431"),
        ("https://example.org", Fault::OriginTrailingDot, "https://example.org."),
        ("https://example.org", Fault::OriginPrefix, "https://example.org.attacker.example"),
        ("https://example.org", Fault::OriginPort, "https://example.org:4430"),
        // No Latin o.
        ("https://rp.example.net", Fault::OriginInternational, "https://rp.ex\u{430}mple.net"),
        ("https://quiz.fi", Fault::OriginInternational, "https://\u{43e}quiz.fi"),
    ] {
        assert_eq!(origin_of(page, fault), expected, "{fault} at {page}");
    }
}

#[test]
fn standard_base64_differs_in_its_characters_alone() {
    let mut key = authenticator(Config::default());
    let honest = parse(&key.create(&creation(), ORIGIN).unwrap());
    key.config.fault = Some(Fault::ClientDataStandardBase64);
    for page in ["https://example.org", "https://a.example.org", "https://bc.example.org"] {
        let allow = json!({"allowCredentials": [{"type": "public-key", "id": honest["id"]}]});
        let created = key.create(&creation(), page).unwrap();
        for response in [created, key.get(&with(request(), allow), page).unwrap()] {
            let text = parse(&response)["response"]["clientDataJSON"].as_str().unwrap().to_owned();
            assert!(text.contains(['+', '/']) && !text.contains('='), "{text}");
            let decoded = rp_core::base64url::decode(&text.replace('+', "-").replace('/', "_")).unwrap();
            let client_data: Value = serde_json::from_slice(&decoded).unwrap();
            assert_eq!(client_data["origin"], page);
        }
    }
}

#[test]
fn no_attestation_is_given_where_none_is_asked_for() {
    for asked in [json!({"attestation": "none"}), json!({"attestation": null})] {
        let mut key = authenticator(Config { format: Format::Packed, ..Config::default() });
        let created = parse(&key.create(&with(creation(), asked), ORIGIN).unwrap());
        assert!(bytes(&created, "attestationObject").starts_with(b"\xa3\x63fmt\x64none\x67attStmt\xa0"));
    }
}

#[test]
fn a_credential_of_the_exclude_list_is_not_made_again() {
    let mut key = authenticator(Config::default());
    let created = parse(&key.create(&creation(), ORIGIN).unwrap());
    let exclude = json!({"excludeCredentials": [{"type": "public-key", "id": created["id"]}]});
    assert_eq!(key.create(&with(creation(), exclude.clone()), ORIGIN), Err(ClientError::Excluded));
    let other_rp = json!({"rp": {"id": "example.net", "name": "Other"}});
    assert!(key.create(&with(with(creation(), exclude), other_rp), ORIGIN).is_ok());
}

#[test]
fn only_a_discoverable_credential_is_found_without_its_id() {
    let mut key = authenticator(Config::default());
    key.create(&creation(), ORIGIN).unwrap();
    assert_eq!(key.get(&request(), ORIGIN), Err(ClientError::NoCredential));

    let resident = json!({"authenticatorSelection": {"residentKey": "required"}});
    let created = parse(&key.create(&with(creation(), resident.clone()), ORIGIN).unwrap());
    let asserted = parse(&key.get(&request(), ORIGIN).unwrap());
    assert_eq!(asserted["id"], created["id"]);
    assert_eq!(asserted["response"]["userHandle"], "dXNlcg");

    key.config.resident_keys = false;
    assert_eq!(key.create(&with(creation(), resident), ORIGIN), Err(ClientError::NoResidentKey));
}

#[test]
fn what_cannot_be_done_is_refused_as_a_browser_would() {
    let mut key = authenticator(Config { verification: Verification::Never, ..Config::default() });
    let required = json!({"authenticatorSelection": {"userVerification": "required"}});
    assert_eq!(key.create(&with(creation(), required), ORIGIN), Err(ClientError::NoUserVerification));
    let ps256 = json!({"pubKeyCredParams": [{"type": "public-key", "alg": -37}]});
    assert_eq!(key.create(&with(creation(), ps256), ORIGIN), Err(ClientError::NoAlgorithm));
    assert!(matches!(key.create(&json!({"rp": {}}), ORIGIN), Err(ClientError::Options(_))));
}

#[test]
fn extensions_are_answered_by_client_and_authenticator() {
    let mut key = authenticator(Config::default());
    let asked = json!({
        "authenticatorSelection": {"residentKey": "preferred"},
        "extensions": {"credProps": true, "credentialProtectionPolicy": "userVerificationRequired", "prf": {},
            "minPinLength": true},
    });
    let created = parse(&key.create(&with(creation(), asked), ORIGIN).unwrap());
    assert_eq!(
        created["clientExtensionResults"],
        json!({"credProps": {"rk": true}, "prf": {"enabled": true}})
    );
    let auth_data = bytes(&created, "authenticatorData");
    let outputs = b"\xa3\x6bcredProtect\x03\x6bhmac-secret\xf5\x6cminPinLength\x04";
    assert!(auth_data.ends_with(outputs), "{}", String::from_utf8_lossy(&auth_data));
    assert_eq!(auth_data[32], 0b1100_0101);

    let eval = json!({"extensions": {"prf": {"eval": {"first": "c2FsdA"}}}});
    let results = |key: &mut Authenticator| {
        parse(&key.get(&with(request(), eval.clone()), ORIGIN).unwrap())["clientExtensionResults"].clone()
    };
    let first = results(&mut key);
    assert!(first["prf"]["results"]["first"].is_string());
    assert_eq!(first, results(&mut key), "one salt, one result");
}

#[test]
fn a_u2f_credential_is_found_by_its_appid() {
    let mut key = authenticator(Config::default());
    let appid = "https://example.org/app-id.json";
    let u2f = json!({"rp": {"id": appid, "name": "U2F"}});
    let created = parse(&key.create(&with(creation(), u2f), ORIGIN).unwrap());
    let asked = json!({
        "allowCredentials": [{"type": "public-key", "id": created["id"]}],
        "extensions": {"appid": appid},
    });
    let asserted = parse(&key.get(&with(request(), asked), ORIGIN).unwrap());
    assert_eq!(asserted["clientExtensionResults"], json!({"appid": true}));
    assert_eq!(bytes(&asserted, "authenticatorData")[..32], *Sha256::digest(appid));
}

#[test]
fn a_payment_is_confirmed_with_client_data_of_its_own() {
    let mut key = authenticator(Config::default());
    let resident = json!({"authenticatorSelection": {"residentKey": "required"}});
    key.create(&with(creation(), resident), ORIGIN).unwrap();
    let payment = json!({
        "isPayment": true, "rpId": "example.org", "topOrigin": "https://shop.example",
        "payeeOrigin": "https://shop.example", "total": {"currency": "SEK", "value": "10.00"},
        "instrument": {"displayName": "Card", "icon": "https://example.org/card.png"},
    });
    let asserted = key.get(&with(request(), json!({"extensions": {"payment": payment}})), ORIGIN).unwrap();
    let client_data: Value = serde_json::from_slice(&bytes(&parse(&asserted), "clientDataJSON")).unwrap();
    assert_eq!(client_data["type"], "payment.get");
    assert_eq!(client_data["payment"]["total"]["value"], "10.00");
    assert_eq!(client_data["payment"].get("isPayment"), None);
}
