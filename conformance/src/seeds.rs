//! Seeds of the fuzz targets: a reproducible folder of files for each.
//!
//! The input of a target is either the input of a parser, or an input of [`pack`]: the number of a base, and the parts
//! that a fuzzer may change. A base is a valid ceremony of the software authenticator ([`BaseRegistration`],
//! [`BaseAuthentication`]).

mod base;
mod ceremonies;
mod layout;
mod metadata;
mod parsers;
mod payment;
mod policy;

use std::io;
use std::path::Path;
use std::{fs, iter};

pub use base::{BaseAppAttestation, BaseAuthentication, BaseRegistration};
pub use layout::{Inputs, NOW, pack, unpack};
pub use metadata::publisher;
pub use payment::BasePayment;

use crate::authenticator::ClientError;
use ceremonies::Ceremonies;

/// Makes the seeds of a target from the ceremonies.
type Make = fn(&Ceremonies) -> Inputs;

/// The name of every target, and the function that makes its seeds.
const TARGETS: &[(&str, Make)] = &[
    ("altered_authentication", Ceremonies::altered_authentications),
    ("altered_registration", Ceremonies::altered_registrations),
    ("attestation_object", Ceremonies::attestation_objects),
    ("authentication", Ceremonies::authentications),
    ("authenticator_data", Ceremonies::authenticator_data),
    ("cbor", Ceremonies::cbor),
    ("cbor_ciborium", Ceremonies::cbor),
    ("certificate", Ceremonies::certificates),
    ("certificate_x509_cert", Ceremonies::certificates),
    ("client_data", Ceremonies::client_data),
    ("cose_key", Ceremonies::cose_keys),
    ("crl", |_| metadata::revocation_lists()),
    ("metadata_blob", |_| metadata::blobs()),
    ("metadata_payload", |_| metadata::payloads()),
    ("options_json", |_| parsers::options()),
    ("path", Ceremonies::paths),
    // Arbitrary bytes select the chain; the fuzzer finds the relevant ones faster than a seed could list them.
    ("path_webpki", |_| Inputs::from([vec![0; 64], vec![0xff; 64]])),
    ("payment", |_| payment::payments()),
    ("policy_decision", |_| policy::decisions()),
    ("policy_file", |_| policy::files()),
    ("recovery_code", |_| parsers::recovery_codes()),
    ("registration", Ceremonies::registrations),
    ("related_origins", |_| parsers::related_origins()),
    ("response_json", Ceremonies::responses),
    ("service_ceremony", |_| parsers::stored_ceremonies()),
    ("service_request", |_| parsers::service_requests()),
    ("signature_backends", |_| Inputs::from([vec![0; 96], vec![0x55; 96], vec![0xff; 96]])),
    ("statement_android_key", |minted| minted.statements("android-key")),
    ("statement_android_safetynet", |minted| minted.statements("android-safetynet")),
    ("statement_apple", |minted| minted.statements("apple")),
    ("statement_apple_appattest", |_| ceremonies::app_attest_statements()),
    ("statement_compound", |minted| minted.statements("compound")),
    ("statement_fido_u2f", |minted| minted.statements("fido-u2f")),
    ("statement_packed", |minted| minted.statements("packed")),
    ("statement_tpm", |minted| minted.statements("tpm")),
    ("totp", |_| parsers::totp_bodies()),
    ("vector_format", Ceremonies::vector_files),
];

/// The name of every target and its seeds.
///
/// # Errors
/// None that a caller could cause.
pub fn folders() -> Result<Vec<(&'static str, Inputs)>, ClientError> {
    let minted = Ceremonies::minted()?;
    Ok(TARGETS.iter().map(|(target, inputs)| (*target, inputs(&minted))).collect())
}

/// Writes a folder of numbered files for each target; returns how many files were written for each.
///
/// # Errors
/// If a folder or a file cannot be written.
pub fn write(directory: &Path) -> io::Result<Vec<(&'static str, usize)>> {
    let mut written = Vec::new();
    for (target, inputs) in folders().map_err(io::Error::other)? {
        let folder = directory.join(target);
        fs::create_dir_all(&folder)?;
        for (number, input) in iter::zip(0_usize.., &inputs) {
            fs::write(folder.join(format!("{number:04}")), input)?;
        }
        written.push((target, inputs.len()));
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
