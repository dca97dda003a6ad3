//! The signed data of the software authenticator: nothing else may be accepted.
//!
//! Accepted responses are read again with `ciborium`, `serde_json` and the offsets of section 6.1, independently of
//! rp-core.

use std::collections::HashSet;

use ciborium::Value as Cbor;
use ciborium_ll::{Decoder, Header, simple};
use rp_conformance::format::Ceremony;
use rp_conformance::seeds::{BaseAuthentication, BaseRegistration};
use rp_core::options::UserVerificationRequirement;
use rp_core::x509::Certificate;
use rp_core::{AttestationType, base64url};
use serde_json::Value;

use crate::der_values;

/// The signed data of a registration: client data, authenticator data, and members of the statement.
type Attested = (Vec<u8>, Vec<u8>, Proof);

/// The signed data of an authentication (credential ID, client data, authenticator data) and the signature.
type Asserted = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

/// The signed members of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Proof {
    fmt: String,
    /// `alg`; the older of two names of an algorithm.
    alg: Option<i128>,
    /// `ver`, `sig`, `certInfo`, `pubArea`, `response`: those of the format.
    parts: Vec<Option<Vec<u8>>>,
    /// The first certificate.
    leaf: Option<Vec<u8>>,
}

/// The signed data of all bases.
#[derive(Debug)]
pub struct Minted {
    attested: HashSet<Attested>,
    asserted: HashSet<Asserted>,
}

impl Minted {
    /// The signed data of registrations.
    pub fn registrations(bases: &[BaseRegistration]) -> Self {
        let attested = bases.iter().flat_map(|base| {
            let object = Object::read(&base.attestation_object).expect("what was minted is CBOR");
            object.attested(base, &base.client_data)
        });
        Self { attested: attested.collect(), asserted: HashSet::new() }
    }

    /// The signed data of authentications.
    pub fn authentications(bases: &[BaseAuthentication]) -> Self {
        let asserted = bases.iter().map(|base| asserted(&base.response).expect("what was minted is read"));
        Self { attested: HashSet::new(), asserted: asserted.collect() }
    }

    /// Checks an accepted registration: signed data is that of the software authenticator, unsigned data follows the
    /// rules of 7.1, and the verdict agrees with the response.
    pub fn check_registration(&self, base: &BaseRegistration, response: &Value, verdict: &Ceremony) {
        let client_data = member(response, "clientDataJSON").expect("base64url");
        let object = member(response, "attestationObject").and_then(|object| Object::read(&object));
        let object = object.unwrap_or_else(|| panic!("no attestation object in {response}"));
        let data = &object.authenticator_data;
        check_client_data(
            &client_data,
            "webauthn.create",
            &base.case.challenge.to_string(),
            &base.case.rp.origins,
        );
        check_verdict(data, verdict, base.case.user_verification);

        let minted = base.object().expect("what was minted is read");
        assert_eq!(data.rp_id_hash(), minted.auth_data.rp_id_hash());
        assert_eq!(Some(data.credential_id()), verdict.credential_id.as_ref().map(AsRef::as_ref));
        assert_eq!(id(response), data.credential_id());
        assert_eq!(Some(&data.0[37..53]), verdict.aaguid.as_ref().map(|aaguid| &aaguid.as_bytes()[..]));
        assert_eq!(Some(&*object.fmt), verdict.fmt.as_deref());
        let offered = base.case.algorithms.iter().flatten().any(|offered| Some(*offered) == verdict.alg);
        assert!(offered, "{:?} was not offered", verdict.alg);

        assert!(verdict.trusted == Some(true) || !base.case.attestation.require_trusted, "not trusted");
        if verdict.attestation_type == Some(AttestationType::None) {
            assert_eq!(verdict.trusted, Some(false));
            assert!(object.proves_nothing(), "{object:?} proves something");
            return;
        }
        for attested in object.attested(base, &client_data) {
            assert!(self.attested.contains(&attested), "nobody signed {attested:?}");
        }
    }

    /// Checks an accepted authentication: the software authenticator made it for this challenge and credential, and the
    /// verdict agrees with it.
    pub fn check_authentication(&self, base: &BaseAuthentication, response: &Value, verdict: &Ceremony) {
        let asserted = asserted(response).expect("what was accepted is read");
        let (id, client_data, data, _) = &asserted;
        check_client_data(
            client_data,
            "webauthn.get",
            &base.case.challenge.to_string(),
            &base.case.rp.origins,
        );
        check_verdict(&Data(data.clone()), verdict, base.case.user_verification);
        assert_eq!(*id, base.case.credential.id.0);
        let handle = member(response, "userHandle").filter(|handle| !handle.is_empty());
        let account = base.case.credential.user_handle.as_ref().map(|handle| &handle.0);
        assert!(handle.is_none() || handle.as_ref() == account, "{handle:?} is another account's");
        assert!(self.asserted.contains(&asserted), "nobody signed {asserted:?}");
    }
}

/// Authenticator data by their offsets.
#[derive(Clone, Debug)]
struct Data(Vec<u8>);

impl Data {
    fn rp_id_hash(&self) -> &[u8] {
        &self.0[..32]
    }

    fn flag(&self, bit: u8) -> bool {
        self.0[32] & (1 << bit) != 0
    }

    fn sign_count(&self) -> u32 {
        u32::from_be_bytes(self.0[33..37].try_into().expect("four bytes"))
    }

    fn credential_id(&self) -> &[u8] {
        let length = u16::from_be_bytes(self.0[53..55].try_into().expect("two bytes"));
        &self.0[55..][..length.into()]
    }

    /// The coordinates of the credential key.
    fn point(&self) -> Option<[Vec<u8>; 2]> {
        let key: Cbor = ciborium::from_reader(&self.0[55 + self.credential_id().len()..]).ok()?;
        let key = key.as_map()?;
        let coordinate = |label: i64| {
            let (_, value) = key.iter().find(|(key, _)| *key == Cbor::from(label))?;
            value.as_bytes().cloned()
        };
        Some([coordinate(-2)?, coordinate(-3)?])
    }
}

/// An attestation object.
#[derive(Debug)]
struct Object {
    fmt: String,
    statement: Cbor,
    authenticator_data: Data,
}

impl Object {
    fn read(bytes: &[u8]) -> Option<Self> {
        let object: Cbor = ciborium::from_reader(&*simple_as_null(bytes)).ok()?;
        Some(Self {
            fmt: get(&object, "fmt")?.as_text()?.into(),
            statement: get(&object, "attStmt")?.clone(),
            authenticator_data: Data(get(&object, "authData")?.as_bytes()?.clone()),
        })
    }

    /// Each statement with its signed data. Of a certificate that is itself an anchor only name and key count, so the
    /// anchor replaces it. Of any other certificate the number of unused bits in its signature does not count.
    fn attested(&self, base: &BaseRegistration, client_data: &[u8]) -> Vec<Attested> {
        let parts = match self.statement.as_array().filter(|_| self.fmt == "compound") {
            Some(parts) => parts.iter().filter_map(Proof::of_part).collect(),
            None => vec![Proof::of(&self.fmt, &self.statement)],
        };
        // A part of `none` proves nothing and is ignored.
        let parts = parts.into_iter().filter(|proof| proof.fmt != "none").map(|mut proof| {
            proof.leaf =
                proof.leaf.map(|leaf| anchor_of(&leaf, base).unwrap_or_else(|| without_unused_bits(leaf)));
            proof
        });
        parts.map(|proof| (client_data.to_vec(), self.signed_data(&proof), proof)).collect()
    }

    /// The part of authenticator data that a statement signs: all of it, or for `fido-u2f` only the RP ID, the credential
    /// ID and the point.
    fn signed_data(&self, proof: &Proof) -> Vec<u8> {
        let data = &self.authenticator_data;
        match data.point().filter(|_| proof.fmt == "fido-u2f") {
            Some([x, y]) => [data.rp_id_hash(), data.credential_id(), &x, &y].concat(),
            None => data.0.clone(),
        }
    }

    /// Whether it is `none`, or a compound of `none`.
    fn proves_nothing(&self) -> bool {
        let is_none = |part: &Cbor| get(part, "fmt").and_then(Cbor::as_text) == Some("none");
        match &self.statement {
            Cbor::Map(members) => self.fmt == "none" && members.is_empty(),
            Cbor::Array(parts) => self.fmt == "compound" && parts.iter().all(is_none),
            _ => false,
        }
    }
}

impl Proof {
    /// Unknown members are left out, because they have no effect.
    fn of(fmt: &str, statement: &Cbor) -> Self {
        let signed: &[&str] = match fmt {
            "tpm" => &["ver", "sig", "certInfo", "pubArea"],
            "android-safetynet" => &["response"],
            "apple" => &[],
            _ => &["sig"],
        };
        let bytes = |name: &&str| {
            let value = get(statement, name)?;
            value.as_bytes().cloned().or_else(|| value.as_text().map(|text| text.as_bytes().to_vec()))
        };
        let has_alg = matches!(fmt, "packed" | "tpm" | "android-key");
        let alg = get(statement, "alg").filter(|_| has_alg).and_then(Cbor::as_integer);
        let alg = alg.map(|alg| match i128::from(alg) {
            // ESP256, ESP384, ESP512 and Ed25519 say in full what ES256, ES384, ES512 and EdDSA say.
            -9 => -7,
            -51 => -35,
            -52 => -36,
            -19 => -8,
            other => other,
        });
        let leaf = get(statement, "x5c").filter(|_| fmt != "android-safetynet").and_then(Cbor::as_array);
        let leaf = leaf.and_then(|x5c| x5c.first()?.as_bytes().cloned());
        Self { fmt: fmt.into(), alg, parts: signed.iter().map(bytes).collect(), leaf }
    }

    fn of_part(part: &Cbor) -> Option<Self> {
        Some(Self::of(get(part, "fmt")?.as_text()?, get(part, "attStmt")?))
    }
}

/// An item with null in place of unassigned simple values, which ciborium does not read as values.
fn simple_as_null(mut item: &[u8]) -> Vec<u8> {
    let mut readable = Vec::new();
    let mut decoder = Decoder::from(item);
    while let Ok(header) = decoder.pull() {
        let length = match header {
            Header::Bytes(Some(length)) | Header::Text(Some(length)) => decoder.offset() + length,
            _ => decoder.offset(),
        };
        let (whole, rest) = item.split_at(length.min(item.len()));
        match header {
            Header::Simple(..simple::FALSE | 24..) => readable.push(0xf6),
            _ => readable.extend(whole),
        }
        item = rest;
        decoder = Decoder::from(item);
    }
    readable
}

/// The anchor with the name and key of a certificate.
fn anchor_of(leaf: &[u8], base: &BaseRegistration) -> Option<Vec<u8>> {
    let read = |der| Certificate::from_der(der).ok();
    let leaf = read(leaf)?;
    let is_leaf = |anchor: &Certificate| anchor.subject() == leaf.subject() && anchor.spki() == leaf.spki();
    base.anchors().iter().filter_map(|der| read(&der.0)).find(is_leaf).map(|anchor| anchor.der().to_vec())
}

/// A certificate whose signature states no unused bits. rp-core ignores their number, because a certificate of a U2F key
/// in the field states two and uses them.
fn without_unused_bits(mut certificate: Vec<u8>) -> Vec<u8> {
    let header = certificate.len() - content(&certificate).len();
    // Up to the first octet of the BIT STRING, which is the last of three values.
    let before = match der_values(content(&certificate))[..] {
        [tbs, algorithm, signature] => {
            tbs.len() + algorithm.len() + signature.len() - content(signature).len()
        }
        _ => return certificate,
    };
    if let Some(unused @ 0..=7) = certificate.get_mut(header + before) {
        *unused = 0;
    }
    certificate
}

/// The content of a DER value.
fn content(value: &[u8]) -> &[u8] {
    let header = match value {
        [_, long @ 0x81..=0x84, ..] => 2 + usize::from(long & 0x7f),
        _ => 2,
    };
    value.get(header..).unwrap_or_default()
}

/// Steps 7 to 11 of 7.1, and 10 to 14 of 7.2.
fn check_client_data(bytes: &[u8], r#type: &str, challenge: &str, origins: &[String]) {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let client_data: Value = serde_json::from_slice(text).expect("client data are JSON");
    assert_eq!(client_data["type"], r#type);
    assert_eq!(client_data["challenge"], challenge);
    assert!(origins.iter().any(|origin| client_data["origin"] == **origin), "{client_data}");
    assert_ne!(client_data["crossOrigin"], true);
    assert!(client_data["topOrigin"].is_null(), "{client_data}");
}

/// Steps 15 to 17 of 7.1, 16 to 18 of 7.2, and agreement of the verdict with authenticator data.
fn check_verdict(data: &Data, verdict: &Ceremony, asked: UserVerificationRequirement) {
    let [present, verified, eligible, backed_up] = [0, 2, 3, 4].map(|bit| data.flag(bit));
    assert!(present, "the user was not there");
    assert!(verified || asked != UserVerificationRequirement::Required, "the user was not verified");
    assert!(eligible || !backed_up, "backed up, and not eligible");
    let told = [verdict.user_present, verdict.user_verified, verdict.backup_eligible, verdict.backup_state];
    assert_eq!(told, [present, verified, eligible, backed_up].map(Some));
    assert_eq!(verdict.sign_count, Some(data.sign_count()));
}

fn asserted(response: &Value) -> Option<Asserted> {
    let member = |name| member(response, name);
    Some((id(response), member("clientDataJSON")?, member("authenticatorData")?, member("signature")?))
}

fn id(response: &Value) -> Vec<u8> {
    assert_eq!(response["id"], response["rawId"]);
    response["id"].as_str().and_then(|id| base64url::decode(id).ok()).expect("an ID is base64url")
}

fn member(response: &Value, name: &str) -> Option<Vec<u8>> {
    base64url::decode(response["response"][name].as_str()?).ok()
}

fn get<'a>(map: &'a Cbor, name: &str) -> Option<&'a Cbor> {
    map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}
