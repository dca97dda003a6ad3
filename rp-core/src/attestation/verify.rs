use super::error::AttestationError;
use super::format::Format;
use super::policy::AttestationPolicy;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::{android_key, android_safetynet, apple, compound, fido_u2f, none, packed, tpm};

/// Verifies a statement by the procedure of its format (7.1, steps 21 and 22).
pub(crate) fn verify(
    policy: &AttestationPolicy,
    format: &Format,
    input: &StatementInput<'_>,
) -> Result<Verified, AttestationError> {
    let unsupported = || AttestationError::Format { format: format.clone() };
    // 21. Determine the attestation statement format by a USASCII case-sensitive match on fmt
    if !policy.accepts_format(format) {
        return Err(unsupported());
    }
    // 22. attStmt is a correct attestation statement, conveying a valid attestation signature
    match format {
        Format::None => Ok(none::verify(input)?),
        Format::Packed => Ok(packed::verify(input)?),
        Format::Tpm => Ok(tpm::verify(input)?),
        Format::AndroidKey => Ok(android_key::verify(input)?),
        Format::AndroidSafetynet => Ok(android_safetynet::verify(input)?),
        Format::FidoU2f => Ok(fido_u2f::verify(input)?),
        Format::Apple => Ok(apple::verify(input)?),
        Format::Compound => Ok(compound::verify(input, |format, part| verify(policy, format, part))?),
        Format::Other(identifier) => {
            let registered = policy.registered(identifier).ok_or_else(unsupported)?;
            let rejected = |source| AttestationError::Registered { format: format.clone(), source };
            registered.verify(input).map_err(rejected)
        }
    }
}
