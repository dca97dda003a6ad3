//! Faults: one named step that is wrong, and the reason for which a server must reject it.

mod table;

use std::fmt;

pub use table::Fault;

use super::algorithm::Algorithm;
use super::format::Format;

/// One of the two ceremonies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ceremony {
    /// `navigator.credentials.create()`.
    Create,
    /// `navigator.credentials.get()`.
    Get,
}

/// The server setting under which a fault is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Nothing beyond the defaults.
    Defaults,
    /// FIDO's server requirements apply.
    FidoProfile,
    /// Cross-origin frames are accepted, with the top origin `https://top.example`.
    CrossOrigin,
    /// User verification is required.
    UserVerification,
    /// The credential's algorithm is not among those offered.
    OtherAlgorithms,
    /// `allowCredentials` names another credential.
    OtherCredentials,
    /// `allowCredentials` is empty, and the account was named beforehand: with a list, step 5 of section 7.2 would
    /// come first.
    AnyCredential,
    /// A user handle is required, because no account was identified before.
    Discoverable,
}

/// The ceremonies and formats to which a fault applies.
#[derive(Clone, Copy, Debug)]
struct Scope {
    ceremony: Option<Ceremony>,
    formats: &'static [Format],
    keys: Keys,
}

/// The credential keys to which a fault applies.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Any,
    Ecdsa,
    P256,
    Ed25519,
    Rsa,
    Pss,
}

impl Scope {
    const fn create(formats: &'static [Format]) -> Self {
        Self { ceremony: Some(Ceremony::Create), formats, keys: Keys::Any }
    }

    const fn keys(formats: &'static [Format], keys: Keys) -> Self {
        Self { ceremony: Some(Ceremony::Create), formats, keys }
    }
}

impl Fault {
    /// Whether the fault can be made in a ceremony, with a statement of a format over a key of an algorithm.
    /// In an authentication, the format is irrelevant.
    #[must_use]
    pub fn applies_to(self, ceremony: Ceremony, format: Format, algorithm: Algorithm) -> bool {
        let scope = self.scope();
        let key_fits = match scope.keys {
            Keys::Any => true,
            Keys::Ecdsa => algorithm.is_ecdsa(),
            Keys::P256 => matches!(algorithm, Algorithm::Es256),
            Keys::Ed25519 => matches!(algorithm, Algorithm::EdDsa),
            Keys::Rsa => algorithm.is_rsa(),
            Keys::Pss => matches!(algorithm, Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512),
        };
        scope.ceremony.is_none_or(|one| one == ceremony)
            && (ceremony == Ceremony::Get || scope.formats.contains(&format))
            && key_fits
    }

    /// The server setting under which it is a fault.
    #[must_use]
    pub const fn setting(self) -> Setting {
        match self {
            Self::TokenBindingPresent
            | Self::TokenBindingNotObject
            | Self::TokenBindingWithoutStatus
            | Self::TokenBindingStatusOther
            | Self::U2fAaguidNotZero
            | Self::TpmManufacturerUnknown
            | Self::SafetyNetTimestampOld => Setting::FidoProfile,
            Self::TopOriginOther => Setting::CrossOrigin,
            Self::UserNotVerified => Setting::UserVerification,
            Self::AlgorithmNotOffered => Setting::OtherAlgorithms,
            Self::CredentialNotAllowed => Setting::OtherCredentials,
            Self::CredentialIdOther => Setting::AnyCredential,
            Self::UserHandleMissing => Setting::Discoverable,
            _ => Setting::Defaults,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_has_a_unique_name_and_a_place() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            let fits = |ceremony| {
                Format::ALL.iter().any(|format| {
                    Algorithm::ALL.iter().any(|algorithm| {
                        format.fits(*algorithm) && fault.applies_to(ceremony, *format, *algorithm)
                    })
                })
            };
            assert!(fits(Ceremony::Create) || fits(Ceremony::Get), "{fault}");
        }
    }
}
