//! The groups of cases, as certification programmes have them.

use crate::authenticator::{Ceremony, Fault, Format, Quirk};

/// The group of a fault in a ceremony. The table of faults is ordered by what they damage.
pub(super) fn of_fault(fault: Fault, ceremony: Ceremony, format: Format) -> String {
    let part = match fault {
        fault if fault <= Fault::UserHandleNotBase64url => "structure",
        fault if fault <= Fault::TokenBindingPresent => "client data",
        fault if fault <= Fault::AuthDataEmpty => "attestation object",
        fault if fault <= Fault::CredentialIdTooLong => "authenticator data",
        fault if fault <= Fault::KeyRsaEvenExponent => "credential key",
        fault if fault < Fault::AssertionFlipped => return of_format(format),
        fault if fault < Fault::CounterSame => "signature",
        Fault::CounterSame | Fault::CounterLess | Fault::CounterZero => "authenticator data",
        _ => return ACCOUNT.into(),
    };
    format!("{}: {part}", name(ceremony))
}

/// The group of a quirk.
pub(super) fn of_quirk(quirk: Quirk, ceremony: Ceremony) -> String {
    let part = match quirk {
        quirk if quirk <= Quirk::UserHandleEmpty => "structure",
        quirk if quirk <= Quirk::TokenBindingNotObject => "client data",
        quirk if quirk <= Quirk::StatementMember => "attestation object",
        _ => "authenticator data",
    };
    format!("{}: {part}", name(ceremony))
}

/// The group of a statement format.
pub(super) fn of_format(format: Format) -> String {
    match format {
        Format::PackedSelf => "Registration: packed, self".into(),
        other => format!("Registration: {other}"),
    }
}

const fn name(ceremony: Ceremony) -> &'static str {
    match ceremony {
        Ceremony::Create => "Registration",
        Ceremony::Get => "Authentication",
    }
}

pub(super) const CREATION_OPTIONS: &str = "Registration options";
pub(super) const REQUEST_OPTIONS: &str = "Authentication options";
pub(super) const ALGORITHMS: &str = "Authentication: algorithms";
pub(super) const AUTHENTICATOR_DATA: &str = "Authentication: authenticator data";
pub(super) const ACCOUNT: &str = "Account";
pub(super) const METADATA: &str = "Metadata";
pub(super) const SESSION: &str = "Session";
pub(super) const STEP_UP: &str = "Step-up";
pub(super) const SECOND_FACTOR: &str = "Second factor";
pub(super) const PROOF: &str = "Proof without an account";
pub(super) const POLICY: &str = "Policy";
