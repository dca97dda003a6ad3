//! Seeds that are parts of the ceremonies of the software authenticator.

use rp_core::cbor::Value;

use super::base::{BaseAppAttestation, BaseAuthentication, BaseRegistration};
use super::layout::{Inputs, pack};
use super::{metadata, parsers};
use crate::authenticator::{Algorithm, ClientError, Format, Seed};
use crate::format::{Body, Case, File};
use crate::matrix;

/// All ceremonies, valid and invalid.
pub(super) struct Ceremonies {
    cases: Vec<Case>,
    /// Valid and invalid ones that can be parsed into parts.
    registrations: Vec<BaseRegistration>,
    authentications: Vec<BaseAuthentication>,
    /// Valid ones, in the order in which targets number them.
    base_registrations: Vec<BaseRegistration>,
    base_authentications: Vec<BaseAuthentication>,
}

impl Ceremonies {
    pub(super) fn minted() -> Result<Self, ClientError> {
        let cases = matrix::cases()?;
        let accepted = || cases.iter().filter(|case| case.must_be_accepted());
        Ok(Self {
            registrations: cases.iter().filter_map(BaseRegistration::of).collect(),
            authentications: cases.iter().filter_map(BaseAuthentication::of).collect(),
            base_registrations: accepted().filter_map(BaseRegistration::of).collect(),
            base_authentications: accepted().filter_map(BaseAuthentication::of).collect(),
            cases,
        })
    }

    pub(super) fn client_data(&self) -> Inputs {
        let created = self.registrations.iter().map(|one| one.client_data.clone());
        created.chain(self.authentications.iter().map(|one| one.client_data.clone())).collect()
    }

    pub(super) fn attestation_objects(&self) -> Inputs {
        self.registrations.iter().map(|one| one.attestation_object.clone()).collect()
    }

    pub(super) fn authenticator_data(&self) -> Inputs {
        let asserted = self.authentications.iter().map(|one| one.authenticator_data.clone());
        asserted.chain(self.of_objects(|object| vec![object.auth_data.as_bytes().to_vec()])).collect()
    }

    pub(super) fn cose_keys(&self) -> Inputs {
        self.of_objects(|object| {
            let attested = object.auth_data.attested_credential();
            attested.map(|attested| attested.credential_public_key.as_bytes().to_vec()).into_iter().collect()
        })
        .collect()
    }

    /// Whole objects of each format, keys, and one item of each kind.
    pub(super) fn cbor(&self) -> Inputs {
        let mut inputs = self.cose_keys();
        let of_es256 = self.of(Algorithm::Es256).map(|one| one.attestation_object.clone());
        inputs.extend(of_es256);
        inputs.extend(ITEMS.iter().map(|item| item.to_vec()));
        inputs
    }

    pub(super) fn certificates(&self) -> Inputs {
        let mut inputs: Inputs = self.of_objects(|object| byte_strings_of_x5c(&object.att_stmt)).collect();
        inputs.extend(self.base_registrations.iter().flat_map(|one| one.anchors()).map(|der| der.0.clone()));
        inputs
    }

    /// Each chain, followed by its anchor.
    pub(super) fn paths(&self) -> Inputs {
        let with_anchor = |one: &BaseRegistration| {
            let mut chain = byte_strings_of_x5c(&one.object()?.att_stmt);
            chain.push(one.anchors().first()?.0.clone());
            (chain.len() > 1).then(|| chain.concat())
        };
        let mut inputs: Inputs = self.registrations.iter().filter_map(with_anchor).collect();
        inputs.insert(metadata::publisher().1.concat());
        inputs
    }

    pub(super) fn responses(&self) -> Inputs {
        let response = |case: &Case| match &case.body {
            Body::Registration(case) => Some(case.response.get().as_bytes().to_vec()),
            Body::Authentication(case) => Some(case.response.get().as_bytes().to_vec()),
            _ => None,
        };
        self.cases.iter().filter_map(response).collect()
    }

    /// The client's extension results, client data and object of each base.
    pub(super) fn registrations(&self) -> Inputs {
        let packed = |(number, one): (usize, &BaseRegistration)| {
            pack(number, &[&results(&one.response), &one.client_data, &one.attestation_object])
        };
        self.base_registrations.iter().enumerate().map(packed).collect()
    }

    /// The client's extension results, client data, authenticator data and signature of each base.
    pub(super) fn authentications(&self) -> Inputs {
        let packed = |(number, one): (usize, &BaseAuthentication)| {
            let results = results(&one.response);
            pack(number, &[&results, &one.client_data, &one.authenticator_data, &one.signature])
        };
        self.base_authentications.iter().enumerate().map(packed).collect()
    }

    /// A few choices for each base.
    pub(super) fn altered_registrations(&self) -> Inputs {
        choices(self.base_registrations.len())
    }

    /// A few choices for each base.
    pub(super) fn altered_authentications(&self) -> Inputs {
        choices(self.base_authentications.len())
    }

    /// The statements of a format, each with its number among them.
    pub(super) fn statements(&self, fmt: &str) -> Inputs {
        let of_format = |one: &&BaseRegistration| one.is_of(fmt);
        let packed = |(number, one): (usize, &BaseRegistration)| Some(pack(number, &[one.statement()?]));
        self.base_registrations.iter().filter(of_format).enumerate().filter_map(packed).collect()
    }

    /// A file of each kind, and one of a few cases.
    pub(super) fn vector_files(&self) -> Inputs {
        let file = |cases| File::new("seeds", cases).to_json().map(String::into_bytes).ok();
        let es256 = |case: &&Case| matrix::subject(case).is_some_and(|(_, one)| one == Algorithm::Es256);
        let honest = |case: &&Case| case.must_be_accepted() && case.id.split('/').count() == 3;
        let cases: Vec<Case> = self.cases.iter().filter(es256).filter(honest).cloned().collect();
        let mut inputs: Inputs = cases.iter().filter_map(|case| file(vec![case.clone()])).collect();
        inputs.extend(parsers::vector_files());
        inputs
    }

    fn of(&self, algorithm: Algorithm) -> impl Iterator<Item = &BaseRegistration> {
        let count = Format::ALL.iter().filter(|format| format.fits(algorithm)).count();
        self.base_registrations.iter().take(count)
    }

    fn of_objects(
        &self,
        parts: impl Fn(&rp_core::AttestationObject<'_>) -> Vec<Vec<u8>>,
    ) -> impl Iterator<Item = Vec<u8>> {
        self.registrations.iter().filter_map(BaseRegistration::object).flat_map(move |object| parts(&object))
    }
}

pub(super) fn app_attest_statements() -> Inputs {
    let base = BaseAppAttestation::minted().ok();
    base.and_then(|base| base.statement().map(|statement| pack(0, &[statement]))).into_iter().collect()
}

/// Random bytes from which a target that alters a base takes its choices.
fn choices(bases: usize) -> Inputs {
    let choices = |base: usize| pack(base, &[&Seed::new("choices").vec(&base.to_string(), CHOICES)]);
    (0..bases).map(choices).collect()
}

/// Enough bytes for a few alterations.
const CHOICES: usize = 64;

fn results(response: &serde_json::Value) -> Vec<u8> {
    response.get("clientExtensionResults").map_or_else(|| b"{}".to_vec(), |one| one.to_string().into_bytes())
}

/// The byte strings in `x5c`, at any depth.
fn byte_strings_of_x5c(value: &Value<'_>) -> Vec<Vec<u8>> {
    match value {
        Value::Array(items) => items.iter().flat_map(byte_strings_of_x5c).collect(),
        Value::Map(map) => match map.get_text("x5c").and_then(Value::as_array) {
            Some(x5c) => x5c.iter().filter_map(Value::as_bytes).map(<[u8]>::to_vec).collect(),
            None => map.iter().flat_map(|(_, value)| byte_strings_of_x5c(value)).collect(),
        },
        _ => Vec::new(),
    }
}

/// One item of each kind, valid and invalid.
const ITEMS: &[&[u8]] = &[
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // 2^64 - 1
    &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // -2^64
    &[0x83, 0xf4, 0xf5, 0xf6],                               // [false, true, null]
    &[0x82, 0xf7, 0xf8, 0x20],                               // [undefined, simple(32)]
    &[0xf9, 0x3c, 0x00],                                     // 1.0, two bytes
    &[0xfa, 0x47, 0xc3, 0x50, 0x00],                         // 100000.0, four bytes
    &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], // 1.1
    &[0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02],             // {"b": 1, "a": 2}
    &[0xa2, 0x01, 0x01, 0x18, 0x01, 0x02],                   // {1: 1, 1: 2}
    &[0xa1, 0x81, 0x01, 0xa1, 0x20, 0x40],                   // {[1]: {-1: h''}}
    &[0x9f, 0x01, 0xff],                                     // indefinite
    &[0xc2, 0x41, 0x01],                                     // a tag
    &[0x62, 0xc3, 0xbc],                                     // "ü"
];
