use rp_core::Aaguid;

use crate::transfer::error::ForeignRecordError;

/// The facts in a record of another library.
pub(super) struct Facts {
    pub(super) id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) user_handle: Option<Vec<u8>>,
    pub(super) sign_count: u32,
    pub(super) transports: Vec<String>,
    /// `None` if the record does not say.
    pub(super) uv_initialized: Option<bool>,
    pub(super) backup_eligible: Option<bool>,
    pub(super) backup_state: Option<bool>,
    pub(super) aaguid: Option<Aaguid>,
    /// Attestation object and client data, if both were kept.
    pub(super) attestation: Option<(Vec<u8>, Vec<u8>)>,
}

/// The error of a record that does not have the expected form.
pub(super) fn form(problem: impl std::fmt::Display) -> ForeignRecordError {
    ForeignRecordError::Form { problem: problem.to_string() }
}
