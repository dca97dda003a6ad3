//! Vectors for every format with every algorithm that it supports: valid, unusual, and wrong in every named step.
//!
//! The [`authenticator`](crate::authenticator) makes them from fixed seeds, so they are the same every time. They can be
//! written to a file, run against any server, and used as seeds of a fuzzer.

mod scenario;
mod turns;

use crate::authenticator::{Algorithm, Ceremony, ClientError, Fault, Format, Quirk, Setting};
use crate::format::Case;
use scenario::Scenario;

/// Every case of this module.
///
/// # Errors
/// None that a caller could cause: the options are this module's own.
pub fn cases() -> Result<Vec<Case>, ClientError> {
    Ok([honest()?, odd()?, faulty()?].concat())
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
    let mut cases = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        for format in Format::ALL.iter().copied().filter(|format| format.fits(algorithm)) {
            cases.push(Scenario::new(format, algorithm).registration()?);
        }
        cases.push(Scenario::new(Format::None, algorithm).authentication()?);
    }
    for scenario in turns::registrations() {
        cases.push(scenario.registration()?);
    }
    for scenario in turns::authentications() {
        cases.push(scenario.authentication()?);
    }
    Ok(cases)
}

/// Unusual responses that a server must accept.
///
/// # Errors
/// None that a caller could cause.
pub fn odd() -> Result<Vec<Case>, ClientError> {
    let mut cases = Vec::new();
    for quirk in Quirk::ALL.iter().copied() {
        let scenario = |format| Scenario { quirk: Some(quirk), ..Scenario::new(format, Algorithm::Es256) };
        if quirk.applies_to(Ceremony::Create) {
            for format in Format::ALL.iter().copied().filter(|format| quirk.fits(*format)) {
                cases.push(scenario(format).registration()?);
            }
        }
        if quirk.applies_to(Ceremony::Get) {
            cases.push(scenario(Format::None).authentication()?);
        }
    }
    Ok(cases)
}

/// Responses that a server must reject, each for its own reason: every fault in every format to which it applies, and
/// the faults of the assertion's signature with every algorithm. A vector cannot express [`Setting::Discoverable`].
///
/// # Errors
/// None that a caller could cause.
pub fn faulty() -> Result<Vec<Case>, ClientError> {
    let mut cases = Vec::new();
    let faults = || Fault::ALL.iter().copied().filter(|fault| fault.setting() != Setting::Discoverable);
    let kinds_of_keys = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
    for format in Format::ALL.iter().copied() {
        for fault in faults() {
            let fits = |algorithm: &Algorithm| {
                format.fits(*algorithm) && fault.applies_to(Ceremony::Create, format, *algorithm)
            };
            if let Some(algorithm) = kinds_of_keys.into_iter().find(fits) {
                cases.push(
                    Scenario { fault: Some(fault), ..Scenario::new(format, algorithm) }.registration()?,
                );
            }
        }
    }
    for algorithm in Algorithm::ALL.iter().copied() {
        for fault in faults() {
            let of_interest = algorithm == Algorithm::Es256 || fault.name().starts_with("assertion-");
            if of_interest && fault.applies_to(Ceremony::Get, Format::None, algorithm) {
                let scenario = Scenario::new(Format::None, algorithm);
                cases.push(Scenario { fault: Some(fault), ..scenario }.authentication()?);
            }
        }
    }
    Ok(cases)
}
