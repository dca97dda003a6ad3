//! A software authenticator and its client. Their responses are valid, unusual, or wrong in one named step.
//!
//! It takes options and an origin and returns a response. Keys, IDs and certificates are derived from a seed, so every
//! run is the same. CBOR, DER and TPM structures have an encoder here, so that no mistake is shared with the server
//! under test.
//!
//! ```
//! use rp_conformance::authenticator::{Authenticator, Config, Fault, Format};
//! use serde_json::json;
//!
//! let mut authenticator = Authenticator::new("a key", Config { format: Format::Packed, ..Config::default() });
//! let options = json!({
//!     "rp": {"id": "example.org", "name": "Example"},
//!     "user": {"id": "dXNlcg", "name": "u", "displayName": "U"},
//!     "challenge": "bm9ib2R5IGtub3dzIHRoaXM",
//!     "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
//!     "attestation": "direct",
//! });
//! let response = authenticator.create(&options, "https://example.org")?;
//! assert!(response.contains("attestationObject"));
//!
//! authenticator.config.fault = Some(Fault::SigFlipped);
//! let wrong = authenticator.create(&options, "https://example.org")?;
//! assert_eq!(Fault::SigFlipped.expected_code(), rp_core::Code::AttestationInvalid);
//! # Ok::<(), rp_conformance::authenticator::ClientError>(())
//! ```

pub mod app_attest;

mod algorithm;
mod assertion;
mod auth_data;
mod authority;
mod cbor;
mod certificate;
mod client;
mod config;
pub(crate) mod der;
mod extensions;
mod fault;
mod format;
mod key;
mod object;
mod quirk;
mod response;
mod seed;
mod statement;

use rp_core::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use algorithm::Algorithm;
use auth_data::{Attested, AuthData};
use authority::Authority;
pub use authority::Path;
pub(crate) use authority::after;
pub use cbor::Cbor;
pub use certificate::{Certificate, Extension};
pub(crate) use certificate::{common_name, revocation_list};
pub use client::{ClientError, Page};
use client::{CreationOptions, Descriptor, RequestOptions};
pub use config::{Android, Backup, Config, Counter, Hash, Tpm, Verification};
use extensions::Kept;
pub use fault::{Ceremony, Fault, Setting};
pub use format::Format;
pub use key::{KeyPair, PublicKey};
pub use quirk::Quirk;
use response::{Asserted, Created};
pub use seed::Seed;
use statement::Subject;

/// An authenticator with its credentials.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// The configuration, which may change between ceremonies.
    pub config: Config,
    seed: Seed,
    /// The seed of what all devices of its vendor share: authorities and attestation keys.
    vendor: Seed,
    credentials: Vec<Credential>,
    made: u64,
}

/// A credential that the authenticator holds.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its ID.
    pub id: Vec<u8>,
    /// The RP ID, or the AppID, that it is for.
    pub rp_id: String,
    /// The account's user handle.
    pub user_handle: Vec<u8>,
    /// Its key pair.
    pub key: KeyPair,
    /// Its COSE_Key as it was sent.
    pub cose_key: Vec<u8>,
    /// The AAGUID that was sent.
    pub aaguid: [u8; 16],
    /// The last counter value that was sent.
    pub sign_count: u32,
    /// Whether it can be found without its ID.
    pub discoverable: bool,
    /// BE.
    pub backup_eligible: bool,
    /// BS.
    pub backup_state: bool,
    kept: Kept,
}

impl Authenticator {
    /// An authenticator whose keys, IDs and certificates come from a text.
    #[must_use]
    pub fn new(seed: &str, config: Config) -> Self {
        Self::of_vendor(seed, seed, config)
    }

    /// An authenticator with credentials of its own whose attestation keys and certificates are those of a vendor: all
    /// authenticators of a vendor have the same [`anchors`](Self::anchors).
    #[must_use]
    pub fn of_vendor(vendor: &str, seed: &str, config: Config) -> Self {
        Self { config, seed: Seed::new(seed), vendor: Seed::new(vendor), credentials: Vec::new(), made: 0 }
    }

    /// The certificates that a server must trust to trust this authenticator's attestation, DER.
    #[must_use]
    pub fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.authority().root()]
    }

    /// A revocation list of the root, DER, with serial numbers. The root issues the first certificate if the statement
    /// contains no other ([`Path::Leaf`]).
    #[must_use]
    pub fn crl(&self, this_update: Timestamp, next_update: Timestamp, revoked: &[&[u8]]) -> Vec<u8> {
        self.authority().crl(this_update, next_update, revoked)
    }

    /// The first certificate of its `packed` statements, DER; a server may use it as an anchor.
    #[must_use]
    pub fn attestation_certificate(&self) -> Vec<u8> {
        let subject = Subject {
            seed: &self.vendor,
            authority: &self.authority(),
            config: &self.config,
            key: &KeyPair::derive(Algorithm::Es256, &self.seed, "credential/0"),
            credential_id: &[],
            aaguid: self.config.aaguid,
            auth_data: &[],
            client_data_hash: [0; 32],
            fault: None,
        };
        statement::packed_certificates(&subject).into_iter().next().unwrap_or_default()
    }

    /// The identifier of its U2F attestation key: SHA-1 of the public key (RFC 5280 section 4.2.1.2, method 1). Metadata
    /// identify a U2F model by it.
    #[must_use]
    pub fn u2f_key_identifier(&self) -> [u8; 20] {
        let key = KeyPair::derive(Algorithm::Es256, &self.vendor, statement::U2F_KEY);
        sha1::Sha1::digest(key.public().sec1()).into()
    }

    /// The credentials that it holds, the oldest first.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// Removes a credential, as a user can.
    pub fn forget(&mut self, id: &[u8]) {
        self.credentials.retain(|credential| credential.id != id);
    }

    /// `navigator.credentials.create()`: from `PublicKeyCredentialCreationOptionsJSON` to
    /// `RegistrationResponseJSON`.
    ///
    /// # Errors
    /// [`ClientError`], where a browser would throw.
    pub fn create(&mut self, options: &Value, page: impl Into<Page>) -> Result<String, ClientError> {
        let (page, fault, quirk) = (page.into(), self.config.fault, self.config.quirk);
        let options: CreationOptions = client::options(options)?;
        let rp_id = options.rp.id.clone().unwrap_or_else(|| client::host(&page.origin).into());
        if self.holds_one_of(&options.exclude_credentials, &rp_id) {
            return Err(ClientError::Excluded);
        }
        let algorithm = self.choose(&options)?;
        let selection = &options.authenticator_selection;
        let verified = self.verifies(selection.user_verification.as_deref())?;
        let discoverable = self.keeps(&options)?;
        let format = match options.attestation.as_deref() {
            None | Some("none") => Format::None,
            Some(_) => self.config.format,
        };

        let key = KeyPair::derive(algorithm, &self.seed, &format!("credential/{}", self.made));
        let id = self.new_id();
        let cose = auth_data::damaged_key(key.public().cose(algorithm), fault);
        let cose_key = cose.encode();
        let aaguid = self.aaguid(format);
        let sign_count = match self.config.counter {
            Counter::Zero => 0,
            Counter::From(count) => count,
        };
        let mut kept =
            Kept { secret: self.seed.vec(&format!("secret/{}", self.made), 32), ..Kept::default() };
        let outputs = extensions::at_creation(&options.extensions, discoverable, &mut kept, quirk);
        let auth_data = AuthData {
            rp_id_hash: Sha256::digest(&rp_id).into(),
            flags: self.flags(verified),
            sign_count,
            attested: Some(Attested { aaguid, id: &id, key: cose }),
            extensions: outputs.authenticator,
        }
        .encode(fault);
        let asked = &options.extensions;
        let client_data =
            client::client_data(Ceremony::Create, &options.challenge, &page, asked, fault, quirk);
        let statement = statement::statement(
            format,
            &Subject {
                seed: &self.vendor,
                authority: &self.authority(),
                config: &self.config,
                key: &key,
                credential_id: &id,
                aaguid,
                auth_data: &auth_data,
                client_data_hash: Sha256::digest(&client_data).into(),
                fault,
            },
        );
        let object = object::attestation_object(format, statement, &auth_data, fault, quirk);
        let created = Created {
            id: &id,
            client_data: &client_data,
            attestation_object: &object,
            auth_data: &auth_data,
            transports: &self.config.transports,
            public_key: &key.public(),
            algorithm: algorithm.cose(),
        };
        let response = response::envelope(
            created.id,
            created.response(quirk),
            outputs.client,
            self.config.attachment,
            fault,
            quirk,
        );
        self.made = self.made.saturating_add(1);
        let user_handle = options.user.id.0;
        if discoverable {
            // A second credential for an account replaces the first one.
            self.credentials
                .retain(|one| !(one.discoverable && one.rp_id == rp_id && one.user_handle == user_handle));
        }
        self.credentials.push(Credential {
            id,
            rp_id,
            user_handle,
            key,
            cose_key,
            aaguid,
            sign_count,
            discoverable,
            backup_eligible: self.config.backup != Backup::DeviceBound,
            backup_state: self.config.backup == Backup::BackedUp,
            kept,
        });
        Ok(response)
    }

    /// `navigator.credentials.get()`: from `PublicKeyCredentialRequestOptionsJSON` to `AuthenticationResponseJSON`.
    ///
    /// # Errors
    /// [`ClientError`], where a browser would throw.
    pub fn get(&mut self, options: &Value, page: impl Into<Page>) -> Result<String, ClientError> {
        let (page, fault, quirk) = (page.into(), self.config.fault, self.config.quirk);
        let options: RequestOptions = client::options(options)?;
        let rp_id = options.rp_id.clone().unwrap_or_else(|| client::host(&page.origin).into());
        let verified = self.verifies(options.user_verification.as_deref())?;
        let counts = self.config.counter != Counter::Zero;
        let flags = self.flags(verified);
        let attachment = self.config.attachment;
        let credential = self.find(&options, &rp_id)?;

        let sign_count = match fault {
            Some(Fault::CounterSame) => credential.sign_count,
            Some(Fault::CounterLess) => credential.sign_count.saturating_sub(1),
            Some(Fault::CounterZero) => 0,
            _ if counts => credential.sign_count.saturating_add(1),
            _ => credential.sign_count,
        };
        let by_appid = credential.rp_id != rp_id;
        let outputs = extensions::at_assertion(
            &options.extensions,
            by_appid,
            &credential.id,
            &mut credential.kept,
            quirk,
        );
        let attested = (quirk == Some(Quirk::AttestedDataInAssertion)).then(|| Attested {
            aaguid: credential.aaguid,
            id: &credential.id,
            key: Cbor::Raw(credential.cose_key.clone()),
        });
        let auth_data = AuthData {
            rp_id_hash: Sha256::digest(&credential.rp_id).into(),
            flags,
            sign_count,
            attested,
            extensions: outputs.authenticator,
        }
        .encode(fault);
        let asked = &options.extensions;
        let client_data = client::client_data(Ceremony::Get, &options.challenge, &page, asked, fault, quirk);
        let signature = assertion::sign(&credential.key, &auth_data, &client_data, fault);
        let asserted = Asserted {
            id: &credential.id,
            client_data: &client_data,
            auth_data: &auth_data,
            signature: &signature,
            user_handle: credential.discoverable.then_some(&*credential.user_handle),
        };
        let response = response::envelope(
            asserted.id,
            asserted.response(fault, quirk),
            outputs.client,
            attachment,
            fault,
            quirk,
        );
        credential.sign_count = sign_count;
        Ok(response)
    }

    fn authority(&self) -> Authority {
        Authority::new(&self.vendor, self.config.now)
    }

    fn holds_one_of(&self, list: &[Descriptor], rp_id: &str) -> bool {
        self.credentials
            .iter()
            .any(|one| one.rp_id == rp_id && list.iter().any(|listed| listed.id.0 == one.id))
    }

    /// The first algorithm offered that it supports and its statements can be about, else the first that it supports;
    /// with [`Fault::AlgorithmNotOffered`], one that was not offered.
    fn choose(&self, options: &CreationOptions) -> Result<Algorithm, ClientError> {
        let offered =
            |algorithm: &Algorithm| options.pub_key_cred_params.iter().any(|one| one.alg == algorithm.cose());
        let chosen = if self.config.fault == Some(Fault::AlgorithmNotOffered) {
            self.config.algorithms.iter().chain(Algorithm::ALL).copied().find(|one| !offered(one))
        } else {
            let offered = options.pub_key_cred_params.iter().filter_map(|one| Algorithm::from_cose(one.alg));
            let mut supported = offered.filter(|one| self.config.algorithms.contains(one)).peekable();
            let first = supported.peek().copied();
            supported.find(|one| self.config.format.fits(*one)).or(first)
        };
        chosen.ok_or(ClientError::NoAlgorithm)
    }

    /// Whether the user is verified for this user verification requirement.
    fn verifies(&self, asked: Option<&str>) -> Result<bool, ClientError> {
        match (self.config.verification, asked) {
            (Verification::Never, Some("required")) => Err(ClientError::NoUserVerification),
            (Verification::Never, _) | (Verification::WhenAsked, Some("discouraged")) => Ok(false),
            (Verification::WhenAsked | Verification::Always, _) => Ok(true),
        }
    }

    /// Whether the new credential is discoverable.
    fn keeps(&self, options: &CreationOptions) -> Result<bool, ClientError> {
        let selection = &options.authenticator_selection;
        match selection.resident_key.as_deref() {
            Some("required") if !self.config.resident_keys => Err(ClientError::NoResidentKey),
            Some("required" | "preferred") => Ok(self.config.resident_keys),
            Some(_) => Ok(false),
            None if selection.require_resident_key && !self.config.resident_keys => {
                Err(ClientError::NoResidentKey)
            }
            None => Ok(selection.require_resident_key),
        }
    }

    /// The credential to use: one of the allowed credentials, otherwise the newest discoverable one.
    fn find(&mut self, options: &RequestOptions, rp_id: &str) -> Result<&mut Credential, ClientError> {
        let not_allowed = self.config.fault == Some(Fault::CredentialNotAllowed);
        let appid = options.extensions.get("appid").and_then(Value::as_str).map(str::to_owned);
        let listed = |one: &Credential| options.allow_credentials.iter().any(|listed| listed.id.0 == one.id);
        self.credentials
            .iter_mut()
            .rev()
            .filter(|one| one.rp_id == rp_id || Some(&one.rp_id) == appid.as_ref())
            .find(|one| match options.allow_credentials.is_empty() {
                true => one.discoverable,
                false => listed(one) != not_allowed,
            })
            .ok_or(ClientError::NoCredential)
    }

    fn new_id(&self) -> Vec<u8> {
        let len = match self.config.fault {
            Some(Fault::CredentialIdTooLong) => 1024,
            Some(Fault::CredentialIdEmpty) => 0,
            _ => self.config.id_len,
        };
        self.seed.vec(&format!("credential ID/{}", self.made), len)
    }

    /// The AAGUID in authenticator data; zero for U2F.
    fn aaguid(&self, format: Format) -> [u8; 16] {
        match format {
            Format::FidoU2f if self.config.fault != Some(Fault::U2fAaguidNotZero) => [0; 16],
            _ => self.config.aaguid,
        }
    }

    fn flags(&self, verified: bool) -> u8 {
        let mut flags = match self.config.backup {
            Backup::DeviceBound => 0,
            Backup::Eligible => auth_data::BACKUP_ELIGIBLE,
            Backup::BackedUp => auth_data::BACKUP_ELIGIBLE | auth_data::BACKUP_STATE,
        };
        if self.config.presence {
            flags |= auth_data::USER_PRESENT;
        }
        if verified {
            flags |= auth_data::USER_VERIFIED;
        }
        flags
    }
}

#[cfg(test)]
mod tests;
