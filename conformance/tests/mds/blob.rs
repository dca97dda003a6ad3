//! Verification of BLOBs, and every way in which a BLOB can be wrong.

use rp_conformance::authenticator::Algorithm;
use rp_conformance::publisher::{Behind, Publisher, SERIALS, Signing};
use rp_core::x509::{Crl, PathError};
use rp_core::{Code, Timestamp};
use rp_mds::{BlobError, Metadata, Roots, SignerError, SignerHost, Verification};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn publisher() -> Publisher {
    Publisher::new("blob tests", NOW)
}

fn payload() -> Value {
    json!({
        "legalHeader": "terms",
        "no": 15,
        "nextUpdate": "2026-10-01",
        "entries": [{
            "aaguid": "a1000000-0000-4000-8000-000000000001",
            "statusReports": [{"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-02-03"}]
        }]
    })
}

fn roots() -> Roots {
    Roots::from_certificates(&publisher().root()).unwrap()
}

/// A verification for the publisher of these tests.
fn verification(roots: &Roots, at: Timestamp) -> Verification<'_> {
    Verification { signer_host: SignerHost::Is("mds.example.org"), ..Verification::new(roots, at) }
}

fn verify(blob: &str) -> Result<Metadata, BlobError> {
    verification(&roots(), NOW).verify(blob.as_bytes())
}

fn signed(signing: &Signing) -> String {
    publisher().blob(&payload(), signing)
}

fn honest() -> String {
    signed(&Signing::default())
}

/// Header, payload and signature of a BLOB.
fn parts(blob: &str) -> [String; 3] {
    let parts: Vec<_> = blob.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn refused(blob: &str) -> String {
    let error = verify(blob).unwrap_err();
    assert_eq!(error.code(), Code::MetadataInvalid, "{error}");
    error.to_string()
}

#[test]
fn a_blob_is_read_with_white_space_around_it() {
    let metadata = verify(&format!("\n{}\r\n", honest())).unwrap();
    assert_eq!((metadata.no(), metadata.entries().len()), (Some(15), 1));
    assert_eq!(metadata.next_update().unwrap().to_string(), "2026-10-01");
    assert_eq!(metadata.legal_header(), Some("terms"));
    assert_eq!(metadata.signer().unwrap().names(), ["mds.example.org"]);
}

#[test]
fn every_asymmetric_algorithm_of_jws_signs() {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    for algorithm in [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, Es512, EdDsa] {
        let metadata = verify(&signed(&Signing { algorithm, ..Signing::default() }));
        assert_eq!(metadata.unwrap().no(), Some(15), "{algorithm:?}");
    }
}

#[test]
fn none_hmacs_and_algorithms_of_another_key_are_rejected() {
    for alg in ["none", "HS256", "HS512", "ES256K", ""] {
        let blob = signed(&Signing { header: json!({"alg": alg}), ..Signing::default() });
        assert_eq!(refused(&blob), format!("header: alg {alg:?} is not accepted"));
    }
    for alg in ["RS256", "PS256", "ES384", "EdDSA"] {
        let blob = signed(&Signing { header: json!({"alg": alg}), ..Signing::default() });
        assert_eq!(refused(&blob), format!("alg {alg} is not an algorithm of the certificate's key"));
    }
    let blob = signed(&Signing { header: json!({"alg": null}), ..Signing::default() });
    assert!(refused(&blob).starts_with("header: missing field `alg`"));
}

#[test]
fn a_header_without_certificates_is_rejected() {
    let header = |header| refused(&signed(&Signing { header, ..Signing::default() }));
    assert_eq!(header(json!({"x5c": null})), "header: no x5c");
    assert_eq!(header(json!({"x5c": []})), "header: no x5c");
    assert_eq!(header(json!({"x5u": "https://mds.example.org/x5c"})), "header: x5u is not supported");
    assert_eq!(header(json!({"crit": ["b64"], "b64": false})), "header: crit is not supported");
    assert_eq!(header(json!({"x5c": ["*"]})), "header: x5c[0] is not base64");
    assert_eq!(header(json!({"x5c": vec!["AAAA"; 11]})), "header: x5c has 11 certificates, more than 10");
    assert!(header(json!({"x5c": ["AAAA"]})).starts_with("x5c[0]: "));
    assert!(header(json!({"x5c": "AAAA"})).starts_with("header: invalid type"));
}

#[test]
fn a_message_quotes_the_start_of_what_is_not_a_jws() {
    assert_eq!(
        refused("<html><body>429 Too Many Requests</body></html>"),
        "not a compact JWS of three parts: starts with \"<html><body>429 Too Many Requests</body>\""
    );
    assert_eq!(refused(""), "not a compact JWS of three parts: starts with \"\"");
    let [header, payload, signature] = parts(&honest());
    assert!(refused(&format!("{header}.{payload}")).starts_with("not a compact JWS"));
    assert!(refused(&format!("{header}.{payload}.{signature}.")).starts_with("not a compact JWS"));
}

#[test]
fn a_cut_or_changed_blob_does_not_verify() {
    let [header, payload, signature] = parts(&honest());
    let mismatch = "the signature does not verify";
    let cut = &payload[..payload.len() - 4];
    assert_eq!(refused(&format!("{header}.{cut}.{signature}")), mismatch);
    let [_, other, _] = parts(&publisher().blob(&json!({"no": 16, "entries": []}), &Signing::default()));
    assert_eq!(refused(&format!("{header}.{other}.{signature}")), mismatch);
    let form = "malformed EcdsaSha256 signature";
    assert_eq!(refused(&format!("{header}.{payload}.{}", &signature[..84])), form);
    assert_eq!(refused(&format!("{header}.{payload}.")), form);
    let not_base64 = |part: &str| format!("{part}: not base64url without padding");
    assert_eq!(refused(&format!("{header}=.{payload}.{signature}")), not_base64("header"));
    assert_eq!(refused(&format!("{header}.{payload}.{signature}=")), not_base64("signature"));
}

#[test]
fn white_space_within_a_part_is_rejected() {
    // The signature covers the characters, so a signer can sign text that is not base64url.
    let blob = honest();
    let [header, payload, signature] = parts(&blob);
    let refusal = refused(&format!("{header}.{payload}\n.{signature}"));
    assert_eq!(refusal, "the signature does not verify");
}

#[test]
fn the_path_is_found_through_x5c_as_a_pool() {
    use Behind::{Authority, CrossSignedRoot, OldRoot, Root};
    let old = Roots::from_certificates(&publisher().old_root()).unwrap();
    let both = roots().and(old.clone());
    let orders: [&[Behind]; 6] = [
        &[Authority],
        &[Authority, Root],
        &[Root, Authority],
        &[CrossSignedRoot, Authority],
        &[OldRoot, Root, CrossSignedRoot, Authority],
        &[Authority, Authority, CrossSignedRoot],
    ];
    for (at, behind) in orders.into_iter().enumerate() {
        let blob = signed(&Signing { behind: behind.into(), ..Signing::default() });
        for (name, roots) in [("new", &roots()), ("both", &both)] {
            let verified = verification(roots, NOW).verify(blob.as_bytes());
            assert!(verified.is_ok(), "{at} {name}: {}", verified.unwrap_err());
        }
        // The old root is reached only through the cross certificate.
        let by_old = verification(&old, NOW).verify(blob.as_bytes());
        assert_eq!(by_old.is_ok(), behind.contains(&CrossSignedRoot), "{at} old");
    }
}

#[test]
fn the_error_for_an_unknown_root_names_the_missing_issuer() {
    let other = Publisher::new("another publisher", NOW);
    let old = Roots::from_certificates(&publisher().old_root()).unwrap();
    let error = verification(&old, NOW).verify(honest().as_bytes()).unwrap_err();
    assert!(error.is_untrusted_root());
    assert_eq!(
        error.to_string(),
        "signer: x5c[1] is issued by CN=Root, which is neither in x5c nor among the roots"
    );
    // A root with the same name and another key.
    let same_name = Roots::from_certificates(&other.root()).unwrap();
    let error = verification(&same_name, NOW).verify(honest().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "signer: certificate 1: the signature does not verify");
    // x5c with an untrusted root.
    let own = other
        .blob(&payload(), &Signing { behind: vec![Behind::Authority, Behind::Root], ..Signing::default() });
    assert!(!refused(&own).is_empty());
}

#[test]
fn a_signer_outside_its_validity_is_rejected() {
    let expired = verify(&signed(&Signing { valid_days: -1, ..Signing::default() })).unwrap_err();
    assert_eq!(expired.code(), Code::CertificateExpired);
    let early = Timestamp::from_unix_seconds(NOW.as_unix_seconds() - 731 * 86_400);
    let error = verification(&roots(), early).verify(honest().as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::CertificateExpired);
}

#[test]
fn a_signer_of_another_host_is_rejected() {
    let roots = roots();
    let of = |host: &'static str, names: &[&str]| {
        let names = names.iter().map(ToString::to_string).collect();
        let blob = signed(&Signing { names, ..Signing::default() });
        let verification = Verification::new(&roots, NOW);
        Verification { signer_host: SignerHost::Is(host), ..verification }.verify(blob.as_bytes())
    };
    assert!(of("mds.example.org", &["mds.example.org"]).is_ok());
    assert!(of("mds.example.org", &["www.example.net", "*.example.org"]).is_ok());
    for names in [&["example.org", "mds.example.org.evil"][..], &["badmds.example.org"], &["*.org"]] {
        let error = of("mds.example.org", names).unwrap_err();
        let message = format!("signer: certificate of {}, not of mds.example.org", names.join(", "));
        assert_eq!((error.to_string(), error.code()), (message, Code::MetadataInvalid));
    }
}

#[test]
fn the_default_signer_is_the_host_of_the_fido_alliance() {
    let roots = roots();
    let of = |name: &str| {
        let blob = signed(&Signing { names: vec![name.into()], ..Signing::default() });
        Verification::new(&roots, NOW).verify(blob.as_bytes())
    };
    assert!(of("mds.fidoalliance.org").is_ok());
    for other in ["mds.example.org", "fidoalliance.org", "www.fidoalliance.org"] {
        let error = of(other).unwrap_err();
        assert!(matches!(error, BlobError::Signer(SignerError::Host { .. })), "{other}: {error}");
    }
    let any = Verification { signer_host: SignerHost::Any, ..Verification::new(&roots, NOW) };
    assert!(any.verify(honest().as_bytes()).is_ok());
}

#[test]
fn a_header_with_null_members_or_that_is_a_list_is_rejected() {
    let blob = honest();
    let [header, payload, signature] = parts(&blob);
    let decoded = rp_core::base64url::decode(&header).unwrap();
    let object: Value = serde_json::from_slice(&decoded).unwrap();
    let list = json!([object["alg"], object["x5c"]]).to_string();
    let list = rp_core::base64url::encode(list.as_bytes());
    let message = refused(&format!("{list}.{payload}.{signature}"));
    assert!(message.starts_with("header: invalid type: sequence, expected an object"), "{message}");
    let with = |name: &str| {
        let object = String::from_utf8(decoded.clone()).unwrap();
        let object = object.replacen('{', &format!("{{\"{name}\":null,"), 1);
        let header = rp_core::base64url::encode(object.as_bytes());
        refused(&format!("{header}.{payload}.{signature}"))
    };
    assert_eq!(with("crit"), "header: crit is not supported");
    assert_eq!(with("x5u"), "header: x5u is not supported");
    assert!(with("alg").starts_with("header: invalid type: null, expected a string"));
}

#[test]
fn a_revoked_signer_or_authority_is_rejected() {
    let (roots, publisher) = (roots(), publisher());
    let verify = |crls: &[Vec<u8>], require_crls| {
        let crls: Vec<_> = crls.iter().map(|der| Crl::from_der(der).unwrap()).collect();
        Verification { crls: &crls, require_crls, ..verification(&roots, NOW) }.verify(honest().as_bytes())
    };
    let clean = [publisher.crl(false, &[]), publisher.crl(true, &[])];
    let verified = verify(&clean, true).unwrap();
    assert!(verified.signer().unwrap().is_known_not_revoked());
    for revoked in [
        [publisher.crl(false, &[SERIALS[0]]), publisher.crl(true, &[])],
        [publisher.crl(false, &[]), publisher.crl(true, &[SERIALS[1]])],
    ] {
        assert_eq!(verify(&revoked, false).unwrap_err().code(), Code::CertificateRevoked);
    }
    // Without CRLs the status is unknown, which is accepted unless CRLs are required.
    assert!(!verify(&[], false).unwrap().signer().unwrap().is_known_not_revoked());
    assert!(matches!(
        verify(&[], true).unwrap_err(),
        BlobError::Signer(SignerError::Path(PathError::RevocationUnknown { .. }))
    ));
    // A list with the authority's name that another key signed is ignored.
    let forged = Publisher::new("a forger", NOW).crl(false, &[SERIALS[0]]);
    assert!(!verify(&[forged], false).unwrap().signer().unwrap().is_known_not_revoked());
}

#[test]
fn a_lower_serial_number_is_a_rollback_and_an_equal_one_is_not() {
    let roots = roots();
    let verify = |previous| {
        let how = Verification { previous_no: Some(previous), ..verification(&roots, NOW) };
        how.verify(honest().as_bytes())
    };
    assert!(verify(14).is_ok() && verify(15).is_ok());
    let error = verify(16).unwrap_err();
    assert_eq!(error.to_string(), "serial number 15 is lower than 16, which was seen before");
    assert_eq!(error.code(), Code::MetadataStale);
}

#[test]
fn a_payload_that_is_not_a_list_is_rejected() {
    let refused = |bytes: &[u8]| refused(&publisher().blob_of(bytes, &Signing::default()));
    assert_eq!(refused(br#"{"entries":[]}"#), "payload: no serial number");
    assert_eq!(refused(br#"{"no":1}"#), "payload: no entries");
    assert!(refused(br#"{"no":1,"entries":{}}"#).starts_with("payload: invalid type: map"));
    assert!(refused(br#"{"no":"1","entries":[]}"#).starts_with("payload: invalid type: string"));
    assert!(refused(br#"{"no":1,"no":2,"entries":[]}"#).starts_with("payload: no twice"));
    assert!(refused(br#"{"no":1,"entries":[]}x"#).starts_with("payload: trailing characters"));
    assert!(refused(br#"{"no":1,"entries":[{]}"#).starts_with("payload: "));
    assert!(refused(b"not JSON").starts_with("payload: "));
    assert_eq!(refused(b"{\"no\":1,\"\xff\":[]}"), "payload: not UTF-8 at byte 9");
}

#[test]
fn deep_nesting_rejects_one_entry() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let payload = format!(r#"{{"no":1,"entries":{deep},"later":{deep}}}"#);
    let metadata = verify(&publisher().blob_of(payload.as_bytes(), &Signing::default())).unwrap();
    assert_eq!(metadata.rejected().len(), 1);
}

#[test]
fn a_payload_without_a_readable_next_update_is_read() {
    for next in [json!(null), json!("soon"), json!(7)] {
        let payload = json!({"no": 1, "nextUpdate": next, "entries": []});
        let metadata = verify(&publisher().blob(&payload, &Signing::default())).unwrap();
        assert_eq!(metadata.next_update(), None);
    }
}

#[test]
fn a_blob_beyond_the_maximum_length_is_rejected() {
    let roots = roots();
    let how = Verification { max_len: 100, ..verification(&roots, NOW) };
    assert_eq!(how.verify(&[b'A'; 101]).unwrap_err().to_string(), "101 bytes, more than 100");
}
