use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::custom::{AttestationStatementFormat, Registered};
use super::format::Format;
use super::statement_policy::{AndroidKeyPolicy, StatementPolicy};
use crate::bytes::Aaguid;

/// Which statements are accepted, and whether they must be trusted.
///
/// The default verifies every statement, accepts all formats of section 8 except the deprecated
/// `android-safetynet`, and does not require trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationPolicy {
    verify: bool,
    require_trusted: bool,
    accept_none: bool,
    accept_self: bool,
    formats: BTreeSet<Format>,
    registered: Vec<Registered>,
    statements: StatementPolicy,
    models: ModelList,
}

/// Models by AAGUID. A zero AAGUID is not a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelList {
    /// If set, only these are accepted, and only if a trusted statement proves them.
    pub allowed: Option<BTreeSet<Aaguid>>,
    /// These are rejected, even if the AAGUID is only claimed.
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
            statements: StatementPolicy::default(),
            models: ModelList::default(),
        }
    }
}

impl AttestationPolicy {
    /// Ignores every statement: it must be well-formed CBOR and proves nothing. Trust sources are not consulted.
    #[must_use]
    pub fn ignore_statements(mut self) -> Self {
        self.verify = false;
        self
    }

    /// Rejects a registration whose statement has no path to a trusted anchor, such as `none` and self attestation.
    #[must_use]
    pub fn require_trusted(mut self) -> Self {
        self.require_trusted = true;
        self
    }

    /// Rejects `none` (7.1, step 24), whether or not trust is required.
    #[must_use]
    pub fn refuse_none(mut self) -> Self {
        self.accept_none = false;
        self
    }

    /// Rejects self attestation (7.1, step 24), whether or not trust is required.
    #[must_use]
    pub fn refuse_self(mut self) -> Self {
        self.accept_self = false;
        self
    }

    /// Accepts exactly these formats. A format of [`AttestationPolicy::with_format`] must be among them if it is
    /// registered before this call.
    #[must_use]
    pub fn formats(mut self, formats: impl IntoIterator<Item = Format>) -> Self {
        self.formats = formats.into_iter().collect();
        self
    }

    /// Accepts every format of section 8, including the deprecated `android-safetynet`, which Google no longer serves.
    #[must_use]
    pub fn all_formats(self) -> Self {
        self.formats(Format::DEFINED)
    }

    /// Accepts another format, verified by this procedure. A procedure for an identifier that section 8 defines, or
    /// that is already registered, is never called.
    #[must_use]
    pub fn with_format(mut self, procedure: impl AttestationStatementFormat + 'static) -> Self {
        self.formats.insert(procedure.identifier().into());
        self.registered.push(Registered(Arc::new(procedure)));
        self
    }

    /// Sets which Android keys are accepted; by default every key, as in the specification.
    #[must_use]
    pub fn android_keys(mut self, policy: AndroidKeyPolicy) -> Self {
        self.statements.android_keys = policy;
        self
    }

    /// Rejects a `tpm` statement unless the TPM created the key and cannot export it (`fixedTPM`, `fixedParent` and
    /// `sensitiveDataOrigin` in `objectAttributes`). WebAuthn itself accepts keys that were imported into a TPM.
    #[must_use]
    pub fn require_tpm_key_origin(mut self) -> Self {
        self.statements.tpm_key_origin_required = true;
        self
    }

    /// Accepts the TPM manufacturer of FIDO's conformance tools in the `fido` profile. Use it only to run those tools:
    /// anyone can have such a TPM.
    #[must_use]
    pub fn accept_conformance_tpm(mut self) -> Self {
        self.statements.conformance_tpm = true;
        self
    }

    /// Accepts exactly these models. Only a trusted statement proves a model, so trust is required.
    #[must_use]
    pub fn allow_models(mut self, models: impl IntoIterator<Item = Aaguid>) -> Self {
        self.models.allowed = Some(models.into_iter().collect());
        self.require_trusted = true;
        self
    }

    /// Rejects these models. An authenticator can hide its model by sending a zero AAGUID; require trust as well to
    /// rule that out.
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

    /// Whether a trusted statement is required.
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

    /// The policy of the formats.
    pub(crate) fn statements(&self) -> &StatementPolicy {
        &self.statements
    }

    /// Whether the model is rejected, proven or not.
    pub(super) fn denies_model(&self, aaguid: Aaguid) -> bool {
        self.models.denied.contains(&aaguid)
    }

    /// Whether a trusted statement is accepted that proves this model, or none.
    pub(super) fn allows_model(&self, proven: Option<Aaguid>) -> bool {
        let Some(allowed) = &self.models.allowed else { return true };
        proven.is_some_and(|model| allowed.contains(&model))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tpm::manufacturer::TpmManufacturer;
    use super::*;

    #[test]
    fn the_conformance_tools_tpm_is_accepted_if_it_is_asked_for() {
        let accepts = |policy: &AttestationPolicy, manufacturer| {
            policy.statements().accepts_tpm_manufacturer(manufacturer)
        };
        let usual = AttestationPolicy::default();
        let tools = AttestationPolicy::default().accept_conformance_tpm();
        assert!(!accepts(&usual, TpmManufacturer::FIDO_CONFORMANCE));
        assert!(accepts(&tools, TpmManufacturer::FIDO_CONFORMANCE));
        for policy in [usual, tools] {
            assert!(accepts(&policy, TpmManufacturer::new(*b"INTC")));
            assert!(!accepts(&policy, TpmManufacturer::new([0; 4])));
        }
    }
}
