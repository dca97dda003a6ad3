//! Authenticator data, which the authenticator signs ([section 6.1]).
//!
//! [section 6.1]: https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data

use core::fmt;

use crate::bytes::Aaguid;
use crate::cbor::{self, CborError, Map, Value};
use crate::cose::EncodedKey;
use crate::error::Code;

mod flags;
#[cfg(test)]
mod tests;

pub use flags::Flags;

/// Authenticator data, parsed to the last byte; borrows from the input. `Debug` does not print extension outputs.
#[derive(Clone)]
pub struct AuthenticatorData<'a> {
    bytes: &'a [u8],
    rp_id_hash: &'a [u8; 32],
    flags: Flags,
    sign_count: u32,
    attested_credential: Option<AttestedCredentialData<'a>>,
    extensions: Option<(&'a [u8], Map<'a>)>,
}

impl fmt::Debug for AuthenticatorData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatorData")
            .field("flags", &self.flags)
            .field("sign_count", &self.sign_count)
            .field("attested_credential", &self.attested_credential)
            .finish_non_exhaustive()
    }
}

/// The new credential ([section 6.5.1]).
///
/// [section 6.5.1]: https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data
#[derive(Clone, Debug)]
pub struct AttestedCredentialData<'a> {
    /// The model of the authenticator as it states it. Only a trusted attestation statement proves it.
    pub aaguid: Aaguid,
    /// The credential ID, 1 to 65,535 bytes.
    pub credential_id: &'a [u8],
    /// The credential public key: one CBOR item, whose parameters are not yet checked.
    pub credential_public_key: EncodedKey<'a>,
}

impl<'a> AuthenticatorData<'a> {
    /// The longest authenticator data in bytes: 128 KiB.
    ///
    /// The longest credential ID that 16 bits count has 64 KiB, and is rejected later with its own code. Real
    /// authenticator data has less than 4 KiB, its key and extension outputs included.
    pub const MAX_LEN: usize = 1 << 17;

    /// Parses authenticator data.
    ///
    /// Layout: 32 bytes RP ID hash, 1 byte flags, 4 bytes counter (big-endian), then attested credential data
    /// if AT is set, then one CBOR map if ED is set.
    ///
    /// # Errors
    /// [`AuthenticatorDataError`]: `Truncated` with the number of missing bytes, `Trailing` with the offset of the first
    /// extra byte, `PublicKey` and `Extensions` with the error in the CBOR.
    ///
    /// # Examples
    /// ```
    /// let mut bytes = [0; 37];
    /// bytes[32] = 0x05; // UP and UV
    /// bytes[36] = 7;
    /// let data = rp_core::AuthenticatorData::parse(&bytes)?;
    /// assert_eq!((data.flags().user_verified(), data.sign_count()), (true, 7));
    /// # Ok::<(), rp_core::AuthenticatorDataError>(())
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AuthenticatorDataError> {
        Self::parse_as(bytes, Layout::Webauthn)
    }

    /// The same for another layout.
    pub(crate) fn parse_as(bytes: &'a [u8], layout: Layout) -> Result<Self, AuthenticatorDataError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(AuthenticatorDataError::TooLong { len: bytes.len() });
        }
        let mut rest = Reader { bytes, offset: 0 };
        let rp_id_hash = rest.array()?;
        let [flags] = *rest.array()?;
        let flags = Flags::new(flags);
        let sign_count = u32::from_be_bytes(*rest.array()?);
        let has_attested_credential = match layout {
            Layout::Webauthn | Layout::AppAttestation => flags.attested_credential_data(),
            Layout::AppAssertion => false,
        };
        let attested_credential = if has_attested_credential {
            let aaguid = Aaguid::new(*rest.array()?);
            let length = u16::from_be_bytes(*rest.array()?);
            let credential_id = rest.take(usize::from(length))?;
            if credential_id.is_empty() {
                return Err(AuthenticatorDataError::NoCredentialId);
            }
            let offset = rest.offset;
            let credential_public_key = EncodedKey::parse_prefix(rest.remaining())
                .map_err(|error| AuthenticatorDataError::PublicKey { offset, error })?;
            rest.take(credential_public_key.as_bytes().len())?;
            Some(AttestedCredentialData { aaguid, credential_id, credential_public_key })
        } else {
            None
        };
        let has_extensions = match layout {
            Layout::Webauthn => flags.extension_data(),
            Layout::AppAttestation | Layout::AppAssertion => !rest.remaining().is_empty(),
        };
        let extensions = if has_extensions {
            let offset = rest.offset;
            let (value, len) = cbor::parse_prefix(rest.remaining())
                .map_err(|error| AuthenticatorDataError::Extensions { offset, error })?;
            let Value::Map(outputs) = value else {
                return Err(AuthenticatorDataError::ExtensionsNotMap { offset });
            };
            Some((rest.take(len)?, outputs))
        } else {
            None
        };
        if !rest.remaining().is_empty() {
            return Err(AuthenticatorDataError::Trailing { offset: rest.offset });
        }
        Ok(Self { bytes, rp_id_hash, flags, sign_count, attested_credential, extensions })
    }

    /// The bytes that the authenticator signed.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// SHA-256 of the RP ID of the credential.
    #[must_use]
    pub fn rp_id_hash(&self) -> &'a [u8; 32] {
        self.rp_id_hash
    }

    /// The flags.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// The signature counter; 0 if the authenticator has none.
    #[must_use]
    pub fn sign_count(&self) -> u32 {
        self.sign_count
    }

    /// Attested credential data, if AT is set.
    #[must_use]
    pub fn attested_credential(&self) -> Option<&AttestedCredentialData<'a>> {
        self.attested_credential.as_ref()
    }

    /// The authenticator's extension outputs, one CBOR map, if ED is set.
    #[must_use]
    pub fn extensions(&self) -> Option<&'a [u8]> {
        self.extensions.as_ref().map(|(bytes, _)| *bytes)
    }

    /// The same, parsed.
    pub(crate) fn extension_outputs(&self) -> Option<&Map<'a>> {
        self.extensions.as_ref().map(|(_, outputs)| outputs)
    }
}

/// Which fields follow the counter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// The fields that the flags AT and ED announce.
    Webauthn,
    /// App Attest, a new key: attested credential data if AT is set, then nothing or one CBOR map. ED is ignored, because
    /// newer systems add the map without it.
    AppAttestation,
    /// App Attest, an assertion: nothing or one CBOR map. AT and ED are ignored: AT is set, without attested credential
    /// data.
    AppAssertion,
}

/// Why authenticator data was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorDataError {
    /// The input is longer than [`AuthenticatorData::MAX_LEN`].
    #[error("authenticator data: {len} bytes, more than {max}", max = AuthenticatorData::MAX_LEN)]
    TooLong {
        /// The length of the input in bytes.
        len: usize,
    },
    /// The data is cut.
    #[error("authenticator data: {missing} bytes missing")]
    Truncated {
        /// The number of bytes that the next field lacks.
        missing: usize,
    },
    /// The credential ID is empty.
    #[error("authenticator data: the credential ID is empty")]
    NoCredentialId,
    /// The credential public key is not CBOR.
    #[error("authenticator data, credentialPublicKey at byte {offset}: {error}")]
    PublicKey {
        /// The offset of the key.
        offset: usize,
        /// The error; its offsets count from there.
        #[source]
        error: CborError,
    },
    /// The extension data is not CBOR, or missing.
    #[error("authenticator data, extensions at byte {offset}: {error}")]
    Extensions {
        /// The offset of the extension data.
        offset: usize,
        /// The error; its offsets count from there.
        #[source]
        error: CborError,
    },
    /// The extension data is not a CBOR map.
    #[error("authenticator data, extensions at byte {offset}: not a map")]
    ExtensionsNotMap {
        /// The offset of the extension data.
        offset: usize,
    },
    /// Bytes follow the last field.
    #[error("authenticator data: trailing bytes from byte {offset}")]
    Trailing {
        /// The offset of the first extra byte.
        offset: usize,
    },
}

impl AuthenticatorDataError {
    /// The stable code: [`Code::MalformedCbor`] for an error inside a CBOR item, otherwise
    /// [`Code::MalformedAuthenticatorData`].
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::PublicKey { .. } | Self::Extensions { .. } => Code::MalformedCbor,
            Self::TooLong { .. }
            | Self::Truncated { .. }
            | Self::NoCredentialId
            | Self::ExtensionsNotMap { .. }
            | Self::Trailing { .. } => Code::MalformedAuthenticatorData,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn remaining(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], AuthenticatorDataError> {
        let rest = self.remaining();
        let taken = rest
            .get(..length)
            .ok_or(AuthenticatorDataError::Truncated { missing: length.saturating_sub(rest.len()) })?;
        self.offset = self.offset.saturating_add(length);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], AuthenticatorDataError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| AuthenticatorDataError::Truncated { missing: N })
    }
}
