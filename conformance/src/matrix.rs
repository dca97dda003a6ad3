//! Vectors for every format with every algorithm that it supports: valid, unusual, and wrong in every named step.
//!
//! The [`authenticator`](crate::authenticator) makes them from fixed seeds, so they are the same every time. They can be
//! written to a file, run against any server, and used as seeds of a fuzzer.

pub(crate) mod scenario;
pub(crate) mod turns;

pub use scenario::SEED;

use crate::authenticator::{Algorithm, Ceremony, ClientError, Fault, Format, Quirk, Setting};
use crate::format::Case;
use scenario::Scenario;

/// Every case of this module.
///
/// # Errors
/// None that a caller could cause: the options are this module's own.
pub fn cases() -> Result<Vec<Case>, ClientError> {
    cases_of(SEED)
}

/// The same cases with keys, IDs and challenges of another seed.
///
/// # Errors
/// None that a caller could cause.
pub fn cases_of(seed: &str) -> Result<Vec<Case>, ClientError> {
    made([honest_turns(), odd_turns(), faulty_turns()].concat(), seed)
}

/// The format and the algorithm of a case of this module, parsed from its id; an authentication uses a
/// credential that was registered with [`Format::None`].
#[must_use]
pub fn subject(case: &Case) -> Option<(Format, Algorithm)> {
    let subject = case.id.strip_prefix("minted/")?.split('/').next()?;
    Format::ALL.iter().copied().find_map(|format| {
        let algorithm = subject.strip_prefix(format.name())?.strip_prefix('-')?;
        let algorithm = Algorithm::ALL.iter().copied().find(|one| one.name() == algorithm)?;
        Some((format, algorithm))
    })
}

/// Responses that a server must accept: every format with every algorithm that it supports, and a few variants of each.
///
/// # Errors
/// None that a caller could cause.
pub fn honest() -> Result<Vec<Case>, ClientError> {
    honest_of(SEED)
}

/// The same responses of another seed.
///
/// # Errors
/// None that a caller could cause.
pub fn honest_of(seed: &str) -> Result<Vec<Case>, ClientError> {
    made(honest_turns(), seed)
}

/// A ceremony and its scenario.
type Turn = (Ceremony, Scenario);

/// The cases of these ceremonies.
fn made(turns: Vec<Turn>, seed: &str) -> Result<Vec<Case>, ClientError> {
    let case = |(ceremony, scenario): Turn| {
        let scenario = Scenario { seed: seed.to_owned(), ..scenario };
        match ceremony {
            Ceremony::Create => scenario.registration(),
            Ceremony::Get => scenario.authentication(),
        }
    };
    turns.into_iter().map(case).collect()
}

fn honest_turns() -> Vec<Turn> {
    let mut turns = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        let formats = Format::ALL.iter().copied().filter(|format| format.fits(algorithm));
        turns.extend(formats.map(|format| (Ceremony::Create, Scenario::new(format, algorithm))));
        turns.push((Ceremony::Get, Scenario::new(Format::None, algorithm)));
    }
    turns.extend(turns::registrations().into_iter().map(|scenario| (Ceremony::Create, scenario)));
    turns.extend(turns::authentications().into_iter().map(|scenario| (Ceremony::Get, scenario)));
    turns
}

/// Unusual responses that a server must accept.
///
/// # Errors
/// None that a caller could cause.
pub fn odd() -> Result<Vec<Case>, ClientError> {
    made(odd_turns(), SEED)
}

fn odd_turns() -> Vec<Turn> {
    let mut turns = Vec::new();
    for quirk in Quirk::ALL.iter().copied() {
        let scenario = |format| Scenario { quirk: Some(quirk), ..Scenario::new(format, Algorithm::Es256) };
        if quirk.applies_to(Ceremony::Create) {
            for format in Format::ALL.iter().copied().filter(|format| quirk.fits(*format)) {
                turns.push((Ceremony::Create, scenario(format)));
            }
        }
        if quirk.applies_to(Ceremony::Get) {
            turns.push((Ceremony::Get, scenario(Format::None)));
        }
    }
    turns
}

/// Responses that a server must reject, each for its own reason: every fault in every format to which it applies, and
/// the faults of the assertion's signature with every algorithm. A vector cannot express [`Setting::Discoverable`].
///
/// # Errors
/// None that a caller could cause.
pub fn faulty() -> Result<Vec<Case>, ClientError> {
    made(faulty_turns(), SEED)
}

fn faulty_turns() -> Vec<Turn> {
    let mut turns = Vec::new();
    let faults = || Fault::ALL.iter().copied().filter(|fault| fault.setting() != Setting::Discoverable);
    let kinds_of_keys = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
    for format in Format::ALL.iter().copied() {
        for fault in faults() {
            let fits = |algorithm: &Algorithm| {
                format.fits(*algorithm) && fault.applies_to(Ceremony::Create, format, *algorithm)
            };
            if let Some(algorithm) = kinds_of_keys.into_iter().find(fits) {
                let scenario = Scenario { fault: Some(fault), ..Scenario::new(format, algorithm) };
                turns.push((Ceremony::Create, scenario));
            }
        }
    }
    for algorithm in Algorithm::ALL.iter().copied() {
        for fault in faults() {
            let of_interest = algorithm == Algorithm::Es256 || fault.name().starts_with("assertion-");
            if of_interest && fault.applies_to(Ceremony::Get, Format::None, algorithm) {
                let scenario = Scenario::new(Format::None, algorithm);
                turns.push((Ceremony::Get, Scenario { fault: Some(fault), ..scenario }));
            }
        }
    }
    turns
}
