//! Cases whose instructions `.ci/instructions` counts with Callgrind.
//!
//! `rp-instructions` prints the names of the cases, `rp-instructions CASE` prepares one and runs it in [`counted`]. All inputs
//! are the same in each run, except the tokens of the service, which are random.

mod blob;
mod ceremony;
mod sign_in;

use std::hint::black_box;

use rp_conformance::authenticator::{Algorithm, Format};

/// A name, and what prepares and runs the case.
type Case = (&'static str, fn());

const CASES: [Case; 15] = [
    ("registration/none", || ceremony::registration(Format::None)),
    ("registration/packed", || ceremony::registration(Format::Packed)),
    ("registration/packed-self", || ceremony::registration(Format::PackedSelf)),
    ("registration/fido-u2f", || ceremony::registration(Format::FidoU2f)),
    ("registration/tpm", || ceremony::registration(Format::Tpm)),
    ("registration/android-key", || ceremony::registration(Format::AndroidKey)),
    ("registration/android-safetynet", || ceremony::registration(Format::AndroidSafetyNet)),
    ("registration/apple", || ceremony::registration(Format::Apple)),
    ("registration/compound", || ceremony::registration(Format::Compound)),
    ("authentication/es256", || ceremony::authentication(Algorithm::Es256)),
    ("authentication/eddsa", || ceremony::authentication(Algorithm::EdDsa)),
    ("authentication/rs256", || ceremony::authentication(Algorithm::Rs256)),
    ("blob/load", blob::load),
    ("blob/look-up", blob::look_up),
    ("service/sign-in", sign_in::sign_in),
];

/// The part of a case that is counted, without the preparation and without dropping the result.
#[inline(never)]
fn counted<T>(run: impl FnOnce() -> T) -> T {
    black_box(run())
}

fn main() {
    match std::env::args().nth(1) {
        None => CASES.iter().for_each(|(name, _)| println!("{name}")),
        Some(wanted) => {
            let (_, run) = CASES.iter().find(|(name, _)| *name == wanted).unwrap();
            run();
        }
    }
}
