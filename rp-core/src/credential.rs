//! The credential record and the update that an authentication yields ([section 4], [section 7]).
//!
//! [section 4]: https://www.w3.org/TR/webauthn-3/#credential-record
//! [section 7]: https://www.w3.org/TR/webauthn-3/#sctn-rp-operations

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::attestation::{Attestation, AttestationType, Format};
use crate::base64url::Bytes;
use crate::bytes::{Aaguid, CredentialId, UserHandle};
use crate::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};

/// A credential record: the items of section 7.1, step 27, and the account that it belongs to.
///
/// Serialises with the member names of the specification, byte strings as base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialRecord {
    /// The credential ID.
    pub id: CredentialId,
    /// The user handle of the account. `finish_authentication` compares it with the ceremony and the response.
    pub user_handle: UserHandle,
    /// The credential public key, `COSE_Key` as the authenticator sent it.
    pub public_key: Bytes,
    /// The signature counter of the last ceremony; 0 if the authenticator has none.
    pub sign_count: u32,
    /// Whether UV was set, at registration or later with the caller's consent.
    pub uv_initialized: bool,
    /// How the client reaches the authenticator, as it reported; unknown words are kept.
    #[serde(default)]
    pub transports: Vec<String>,
    /// Whether the credential can be backed up. `None` if an imported record does not know it: the next
    /// authentication sets it, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_eligible: Option<bool>,
    /// Whether the credential was backed up at the last ceremony.
    pub backup_state: bool,
    /// The attestation object, for verification under a later policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation_object: Option<Bytes>,
    /// The client data that the attestation covers.
    #[serde(rename = "attestationClientDataJSON", default, skip_serializing_if = "Option::is_none")]
    pub attestation_client_data_json: Option<Bytes>,
    /// The RP ID that the credential is scoped to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// The authenticator model, as the authenticator reported it. Not proven by itself.
    pub aaguid: Aaguid,
    /// How the registration was attested.
    pub attestation: StoredAttestation,
}

impl From<&CredentialRecord> for PublicKeyCredentialDescriptorJson {
    fn from(record: &CredentialRecord) -> Self {
        Self {
            r#type: PublicKeyCredentialType::PublicKey,
            id: record.id.clone(),
            transports: record.transports.clone(),
        }
    }
}

/// The result of the attestation, as a record stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAttestation {
    /// The statement's format.
    pub format: Format,
    /// The attestation type of the statement.
    pub r#type: AttestationType,
    /// Whether its path ended in a trusted anchor when it was verified.
    pub trusted: bool,
    /// The model, if the statement was trusted and proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Aaguid>,
    /// Whether a signature of the registration covers the counter. If not, as with `none` and `fido-u2f`, the counter
    /// is what the client said until the first authentication.
    #[serde(default)]
    pub sign_count_proven: bool,
}

impl From<&Attestation> for StoredAttestation {
    fn from(attestation: &Attestation) -> Self {
        Self {
            format: attestation.format.clone(),
            r#type: attestation.r#type,
            trusted: attestation.is_trusted(),
            model: attestation.model,
            sign_count_proven: attestation.signs_authenticator_data(),
        }
    }
}

impl StoredAttestation {
    /// The attestation of a credential about whose registration nothing is known.
    pub const UNKNOWN: Self = Self {
        format: Format::None,
        r#type: AttestationType::None,
        trusted: false,
        model: None,
        sign_count_proven: false,
    };
}

/// The changes that an authentication makes to a record (7.2, step 24). Apply it by compare-and-set on the counter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a counter that is not stored gives no protection"]
pub struct CredentialUpdate {
    /// The credential ID of the record.
    pub id: CredentialId,
    /// The counter that the check used. If the store has another one by now, call [`Authenticated::rebase`].
    ///
    /// [`Authenticated::rebase`]: crate::Authenticated::rebase
    pub previous_sign_count: u32,
    /// The counter to store.
    pub sign_count: u32,
    /// The backup state to store.
    pub backup_state: bool,
    /// The backup eligibility to store, if the record does not know it yet.
    pub backup_eligible: Option<bool>,
    /// Whether UV was set. See [`CredentialUpdate::initialize_user_verification`].
    pub user_verified: bool,
    /// Set only by the caller's decision.
    uv_initialized: bool,
}

impl CredentialRecord {
    /// A credential that another system registered: the counter is 0, nothing is known of backup, transports and
    /// user verification, and the registration was not attested. Set the fields that the other system stored.
    ///
    /// `public_key` is the `COSE_Key`. It is parsed when an assertion is verified.
    ///
    /// # Examples
    /// ```
    /// use rp_core::{CredentialId, CredentialRecord, UserHandle};
    /// # let (id, key, handle) = ([1; 16], [0xa0], *b"kim");
    ///
    /// let record = CredentialRecord {
    ///     sign_count: 7,
    ///     ..CredentialRecord::imported(CredentialId::try_from(&id[..])?, &key, UserHandle::try_from(&handle[..])?)
    /// };
    /// assert_eq!((record.backup_eligible, record.attestation.trusted), (None, false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn imported(id: CredentialId, public_key: &[u8], user_handle: UserHandle) -> Self {
        Self {
            id,
            user_handle,
            public_key: public_key.into(),
            sign_count: 0,
            uv_initialized: false,
            transports: Vec::new(),
            backup_eligible: None,
            backup_state: false,
            attestation_object: None,
            attestation_client_data_json: None,
            rp_id: None,
            aaguid: Aaguid::ZERO,
            attestation: StoredAttestation::UNKNOWN,
        }
    }
}

impl CredentialUpdate {
    /// The update of a record after an authentication with this counter and these flags.
    ///
    /// `finish_authentication` creates it. Nothing is verified here: it is public for tests of stores, and for
    /// callers that verify elsewhere.
    pub fn new(record: &CredentialRecord, sign_count: u32, flags: crate::Flags) -> Self {
        Self {
            id: record.id.clone(),
            previous_sign_count: record.sign_count,
            sign_count,
            backup_state: flags.backup_state(),
            backup_eligible: record.backup_eligible.is_none().then(|| flags.backup_eligible()),
            user_verified: flags.user_verified(),
            uv_initialized: false,
        }
    }

    /// The update of another record of the same credential, with the caller's decision on `uvInitialized` kept.
    pub(crate) fn rebase(&self, record: &CredentialRecord, sign_count: u32, flags: crate::Flags) -> Self {
        Self { uv_initialized: self.uv_initialized, ..Self::new(record, sign_count, flags) }
    }

    /// Sets `uvInitialized`, if UV was set. Section 7.2, step 24, requires that the user authorised it with a factor
    /// equivalent to user verification: that is the caller's responsibility.
    pub fn initialize_user_verification(mut self) -> Self {
        self.uv_initialized = self.user_verified;
        self
    }

    /// Whether `uvInitialized` is to be set.
    #[must_use]
    pub fn uv_initialized(&self) -> bool {
        self.uv_initialized
    }

    /// Applies the update to a record. The counter never decreases.
    pub fn apply(&self, record: &mut CredentialRecord) {
        record.sign_count = record.sign_count.max(self.sign_count);
        record.backup_state = self.backup_state;
        if record.backup_eligible.is_none() {
            record.backup_eligible = self.backup_eligible;
        }
        record.uv_initialized |= self.uv_initialized;
    }
}

/// A record for tests, of this account and with this ID.
#[cfg(test)]
#[cfg(feature = "_credentials")]
pub(crate) fn sample(account: &[u8], id: &[u8]) -> CredentialRecord {
    let (id, account) = (CredentialId::try_from(id).unwrap(), UserHandle::try_from(account).unwrap());
    CredentialRecord::imported(id, &[], account)
}
