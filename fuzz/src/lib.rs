//! Shared by the fuzz targets: the bases of their inputs.
//!
//! The layout of the inputs and the seeds are in `rp_conformance::seeds`.

pub mod alter;
pub mod minted;
pub mod service;

use std::sync::{LazyLock, OnceLock};

use rp_conformance::seeds::{BaseAppAttestation, BaseAuthentication, BaseRegistration, unpack};

/// The valid registrations. Making them takes seconds, so a target does it in its `init`.
pub fn registrations() -> &'static [BaseRegistration] {
    static BASES: LazyLock<Vec<BaseRegistration>> =
        LazyLock::new(|| BaseRegistration::all().expect("the matrix can be minted"));
    &BASES
}

/// The valid authentications.
pub fn authentications() -> &'static [BaseAuthentication] {
    static BASES: LazyLock<Vec<BaseAuthentication>> =
        LazyLock::new(|| BaseAuthentication::all().expect("the matrix can be minted"));
    &BASES
}

/// The item of a number, modulo the length.
pub fn nth<T>(bases: &[T], number: usize) -> &T {
    &bases[number % bases.len()]
}

/// Verifies an input as a statement of a format, in place of a valid one.
pub fn statement(fmt: &str, data: &[u8]) {
    static BASES: OnceLock<Vec<&BaseRegistration>> = OnceLock::new();
    let bases = BASES.get_or_init(|| registrations().iter().filter(|base| base.is_of(fmt)).collect());
    if let Some((number, [statement])) = unpack(data) {
        let base = nth(bases, number);
        let _ = base.judge(&base.with_statement(statement));
    }
}

/// Verifies an input as the statement of an app's attestation.
pub fn app_attest_statement(data: &[u8]) {
    static BASE: LazyLock<BaseAppAttestation> =
        LazyLock::new(|| BaseAppAttestation::minted().expect("its anchor is a certificate"));
    if let Some((_, [statement])) = unpack(data) {
        let _ = BASE.judge(&BASE.with_statement(statement));
    }
}

/// Consecutive DER values; the last may be cut short.
pub fn der_values(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut values = Vec::new();
    while !rest.is_empty() {
        let length = match rest[1..] {
            [short @ ..=0x7f, ..] => 2 + usize::from(short),
            [0x81, length, ..] => 3 + usize::from(length),
            [0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
            _ => rest.len(),
        };
        let (value, behind) = rest.split_at(length.min(rest.len()));
        values.push(value);
        rest = behind;
    }
    values
}
