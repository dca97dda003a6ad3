//! Marshalled TPM 2.0 structures: big-endian fields, one after another.

/// Why a TPM structure was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TpmStructureError {
    /// The structure ends too early, or a size exceeds it.
    #[error("attStmt.{structure}: {field} at byte {offset} exceeds the structure")]
    Truncated {
        /// The member of the statement.
        structure: &'static str,
        /// The field, as TPM 2.0 names it.
        field: &'static str,
        /// The offset of the field.
        offset: usize,
    },
    /// A field has a value or a size that TPM 2.0 does not define.
    #[error("attStmt.{structure}: {field} at byte {offset} has a value that TPM 2.0 does not define")]
    Value {
        /// The member of the statement.
        structure: &'static str,
        /// The field, as TPM 2.0 names it.
        field: &'static str,
        /// The offset of the field.
        offset: usize,
    },
    /// Bytes follow the structure.
    #[error("attStmt.{structure}: trailing bytes from byte {offset}")]
    Trailing {
        /// The member of the statement.
        structure: &'static str,
        /// The offset of the first one.
        offset: usize,
    },
}

/// Reads a structure field by field.
pub(super) struct Reader<'a> {
    structure: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(structure: &'static str, bytes: &'a [u8]) -> Self {
        Self { structure, bytes, at: 0 }
    }

    pub(super) fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], TpmStructureError> {
        let (structure, offset) = (self.structure, self.at);
        let end = offset.saturating_add(len);
        let taken = self.bytes.get(offset..end);
        self.at = end;
        taken.ok_or(TpmStructureError::Truncated { structure, field, offset })
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], TpmStructureError> {
        let mut array = [0; N];
        for (to, from) in array.iter_mut().zip(self.take(N, field)?) {
            *to = *from;
        }
        Ok(array)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, TpmStructureError> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, TpmStructureError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// A `TPM2B`: a size of two bytes, at most `max`, and that many bytes.
    pub(super) fn sized(&mut self, max: usize, field: &'static str) -> Result<&'a [u8], TpmStructureError> {
        let offset = self.at;
        let len = usize::from(self.u16(field)?);
        if len > max {
            return Err(TpmStructureError::Value { structure: self.structure, field, offset });
        }
        self.take(len, field)
    }

    /// Skips an algorithm with its parameters; TPM_ALG_NULL has none. `lens` has the length of the parameters for each
    /// algorithm that is allowed here.
    pub(super) fn algorithm(
        &mut self,
        lens: &[(u16, usize)],
        field: &'static str,
    ) -> Result<(), TpmStructureError> {
        let (structure, offset) = (self.structure, self.at);
        let algorithm = self.u16(field)?;
        if algorithm == ALG_NULL {
            return Ok(());
        }
        let known = lens.iter().find(|(known, _)| *known == algorithm);
        let (_, len) = known.ok_or(TpmStructureError::Value { structure, field, offset })?;
        self.take(*len, field).map(|_| ())
    }

    pub(super) fn finish(self) -> Result<(), TpmStructureError> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(TpmStructureError::Trailing { structure: self.structure, offset: self.at })
    }
}

/// TPM_ALG_NULL (Part 2, section 6.3).
const ALG_NULL: u16 = 0x0010;

/// The longest digest, that of SHA-512.
const MAX_DIGEST_LEN: usize = 64;
/// `TPMT_HA`: an algorithm of two bytes and a digest; the longest that `TPM2B_NAME` and `TPM2B_DATA` hold.
pub(super) const MAX_NAME_LEN: usize = 2 + MAX_DIGEST_LEN;
/// `TPM2B_DIGEST`.
pub(super) const MAX_AUTH_POLICY_LEN: usize = MAX_DIGEST_LEN;
/// `TPM2B_PUBLIC_KEY_RSA` and RSA signatures, of 8192 bits: as long as a key may be here.
pub(super) const MAX_RSA_LEN: usize = 1024;
/// `TPM2B_ECC_PARAMETER` on P-521, or on the curves of 638 bits that TPMs know as well.
pub(super) const MAX_ECC_LEN: usize = 80;
