use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::custom::Registered;
use super::{AndroidKeyPolicy, AttestationStatementFormat, Format, TpmManufacturer};
use crate::bytes::Aaguid;

/// Which statements are accepted, and what they must prove.
///
/// The default verifies every statement that comes, accepts all formats of section 8 but the deprecated
/// `android-safetynet`, and asks for no trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationPolicy {
    verify: bool,
    require_trusted: bool,
    accept_none: bool,
    accept_self: bool,
    formats: BTreeSet<Format>,
    registered: Vec<Registered>,
    android_keys: AndroidKeyPolicy,
    conformance_tpm: bool,
    models: ModelList,
}

/// Models by AAGUID. A list speaks only of trusted statements, and an AAGUID of zeroes is no model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelList {
    /// Only these, where it is not `None`.
    pub allowed: Option<BTreeSet<Aaguid>>,
    /// None of these.
    pub denied: BTreeSet<Aaguid>,
}

impl Default for AttestationPolicy {
    fn default() -> Self {
        let formats = Format::DEFINED.into_iter().filter(|format| *format != Format::AndroidSafetynet);
        Self {
            verify: true,
            require_trusted: false,
            accept_none: true,
            accept_self: true,
            formats: formats.collect(),
            registered: Vec::new(),
            android_keys: AndroidKeyPolicy::default(),
            conformance_tpm: false,
            models: ModelList::default(),
        }
    }
}

impl AttestationPolicy {
    /// Passes over every statement: it is not looked at beyond being well-formed CBOR, and proves nothing.
    #[must_use]
    pub fn ignore_statements(mut self) -> Self {
        self.verify = false;
        self
    }

    /// Refuses a registration whose statement does not lead to a trusted anchor: `none` and self attestation
    /// do not.
    #[must_use]
    pub fn require_trusted(mut self) -> Self {
        self.require_trusted = true;
        self
    }

    /// Refuses `none` (7.1, step 24), whether or not trust is asked for.
    #[must_use]
    pub fn refuse_none(mut self) -> Self {
        self.accept_none = false;
        self
    }

    /// Refuses self attestation (7.1, step 24), whether or not trust is asked for.
    #[must_use]
    pub fn refuse_self(mut self) -> Self {
        self.accept_self = false;
        self
    }

    /// Accepts exactly these formats, and of those that the caller brought a procedure for none but these.
    #[must_use]
    pub fn formats(mut self, formats: impl IntoIterator<Item = Format>) -> Self {
        self.formats = formats.into_iter().collect();
        self
    }

    /// Accepts every format of section 8, the deprecated `android-safetynet` too, which Google no longer serves.
    #[must_use]
    pub fn all_formats(self) -> Self {
        self.formats(Format::DEFINED)
    }

    /// Accepts a format of one's own beside the others, and verifies it by this procedure. One for an identifier
    /// that section 8 defines, or that was registered before, is never asked.
    #[must_use]
    pub fn with_format(mut self, procedure: impl AttestationStatementFormat + 'static) -> Self {
        self.formats.insert(procedure.identifier().into());
        self.registered.push(Registered(Arc::new(procedure)));
        self
    }

    /// Where keys that `android-key` attests may live; anywhere by default, as the specification has it where
    /// nothing else is wanted.
    #[must_use]
    pub fn android_keys(mut self, policy: AndroidKeyPolicy) -> Self {
        self.android_keys = policy;
        self
    }

    /// Accepts, in the `fido` profile, the TPM manufacturer of FIDO's conformance tools. What is given up: anyone
    /// can have such a TPM. For a run of those tools, and nothing else.
    #[must_use]
    pub fn accept_conformance_tpm(mut self) -> Self {
        self.conformance_tpm = true;
        self
    }

    /// Accepts exactly these models. As only a trusted statement proves a model, this asks for trust.
    #[must_use]
    pub fn allow_models(mut self, models: impl IntoIterator<Item = Aaguid>) -> Self {
        self.models.allowed = Some(models.into_iter().collect());
        self.require_trusted = true;
        self
    }

    /// Refuses these models where a trusted statement proves them.
    #[must_use]
    pub fn deny_models(mut self, models: impl IntoIterator<Item = Aaguid>) -> Self {
        self.models.denied.extend(models);
        self
    }

    /// Whether statements are verified.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verify
    }

    /// Whether a trusted statement is asked for.
    #[must_use]
    pub fn requires_trusted(&self) -> bool {
        self.require_trusted
    }

    pub(crate) fn accepts_none(&self) -> bool {
        self.accept_none
    }

    pub(crate) fn accepts_self(&self) -> bool {
        self.accept_self
    }

    /// Whether statements of this format are accepted.
    #[must_use]
    pub fn accepts_format(&self, format: &Format) -> bool {
        self.formats.contains(format)
    }

    pub(super) fn registered(&self, identifier: &str) -> Option<&dyn AttestationStatementFormat> {
        let procedures = self.registered.iter().map(|registered| &*registered.0);
        procedures.into_iter().find(|procedure| procedure.identifier() == identifier)
    }

    pub(super) fn accepted_android_keys(&self) -> AndroidKeyPolicy {
        self.android_keys
    }

    pub(super) fn accepts_tpm_manufacturer(&self, manufacturer: TpmManufacturer) -> bool {
        let is_conformance_tpm = manufacturer == TpmManufacturer::FIDO_CONFORMANCE;
        manufacturer.is_registered() || (self.conformance_tpm && is_conformance_tpm)
    }

    /// Whether a trusted statement about this model is accepted; `None` is a statement that signs no model.
    pub(crate) fn accepts_model(&self, aaguid: Option<Aaguid>) -> bool {
        let allowed = match (&self.models.allowed, aaguid) {
            (None, _) => true,
            (Some(allowed), Some(aaguid)) => allowed.contains(&aaguid),
            (Some(_), None) => false,
        };
        allowed && aaguid.is_none_or(|aaguid| !self.models.denied.contains(&aaguid))
    }
}
