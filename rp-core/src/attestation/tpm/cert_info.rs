use super::read::{MAX_NAME_LEN, Reader, TpmStructureError};

/// `certInfo`: a `TPMS_ATTEST` of TPM_ST_ATTEST_CERTIFY (TPM 2.0 Part 2, section 10.12.8), read to its last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CertInfo<'a> {
    /// What the caller had the TPM put in.
    pub(super) extra_data: &'a [u8],
    /// The name of the object that is certified.
    pub(super) name: &'a [u8],
}

/// Why `certInfo` certifies no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertInfoError {
    /// The structure is cut, goes on, or has impossible sizes.
    #[error(transparent)]
    Structure(#[from] TpmStructureError),
    /// `magic` is not TPM_GENERATED_VALUE: whatever this is, no TPM made it up by itself.
    #[error("attStmt.certInfo: magic is {got:#010x}, not TPM_GENERATED_VALUE")]
    Magic {
        /// What it is.
        got: u32,
    },
    /// `type` is not TPM_ST_ATTEST_CERTIFY.
    #[error("attStmt.certInfo: type is {got:#06x}, not TPM_ST_ATTEST_CERTIFY")]
    Type {
        /// What it is.
        got: u16,
    },
}

impl<'a> CertInfo<'a> {
    /// `qualifiedSigner`, `clockInfo` and `firmwareVersion` may be obfuscated and are passed over, as is the
    /// name's qualified form.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, CertInfoError> {
        let mut reader = Reader::new("certInfo", bytes);
        // Verify that magic is set to TPM_GENERATED_VALUE
        let magic = reader.u32("magic")?;
        if magic != GENERATED_VALUE {
            return Err(CertInfoError::Magic { got: magic });
        }
        // Verify that type is set to TPM_ST_ATTEST_CERTIFY
        let kind = reader.u16("type")?;
        if kind != ST_ATTEST_CERTIFY {
            return Err(CertInfoError::Type { got: kind });
        }
        reader.sized(MAX_NAME_LEN, "qualifiedSigner")?;
        let extra_data = reader.sized(MAX_NAME_LEN, "extraData")?;
        reader.take(CLOCK_INFO_LEN, "clockInfo")?;
        reader.take(FIRMWARE_VERSION_LEN, "firmwareVersion")?;
        let name = reader.sized(MAX_NAME_LEN, "attested.name")?;
        reader.sized(MAX_NAME_LEN, "attested.qualifiedName")?;
        reader.finish()?;
        Ok(Self { extra_data, name })
    }
}

/// 0xff and "TCG" (Part 2, section 6.2).
const GENERATED_VALUE: u32 = 0xff54_4347;
/// Part 2, section 6.9.
const ST_ATTEST_CERTIFY: u16 = 0x8017;
/// `TPMS_CLOCK_INFO`: clock (8), resetCount (4), restartCount (4), safe (1). `safe` is not held to be 0 or 1, as
/// the specification's own example has neither.
const CLOCK_INFO_LEN: usize = 8 + 4 + 4 + 1;
const FIRMWARE_VERSION_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn cert_info() -> Vec<u8> {
        let mut bytes = Vec::from([0xff, 0x54, 0x43, 0x47, 0x80, 0x17]);
        bytes.extend([0, 0]); // qualifiedSigner
        bytes.extend([0, 2, 0xaa, 0xbb]); // extraData
        bytes.extend([0x33; 17]); // clockInfo
        bytes.extend([0; 8]); // firmwareVersion
        bytes.extend([0, 3, 0x00, 0x0b, 0xcc]); // attested.name
        bytes.extend([0, 0]); // attested.qualifiedName
        bytes
    }

    #[test]
    fn extra_data_and_name_are_read() {
        let bytes = cert_info();
        let read = CertInfo::parse(&bytes);
        assert_eq!(read, Ok(CertInfo { extra_data: &[0xaa, 0xbb], name: &[0x00, 0x0b, 0xcc] }));
    }

    #[test]
    fn what_no_tpm_generated_and_what_certifies_nothing_is_refused() {
        let mut bytes = cert_info();
        bytes[0] = 0xfe;
        assert_eq!(CertInfo::parse(&bytes), Err(CertInfoError::Magic { got: 0xfe54_4347 }));
        let mut bytes = cert_info();
        bytes[5] = 0x18;
        assert_eq!(CertInfo::parse(&bytes), Err(CertInfoError::Type { got: 0x8018 }));
    }

    #[test]
    fn every_cut_is_refused_and_so_is_a_byte_behind() {
        let mut bytes = cert_info();
        for len in 0..bytes.len() {
            let error = CertInfo::parse(&bytes[..len]).unwrap_err();
            assert!(
                matches!(error, CertInfoError::Structure(TpmStructureError::Truncated { .. })),
                "{len}: {error}"
            );
        }
        bytes.push(0);
        let refused = CertInfo::parse(&bytes).unwrap_err();
        assert_eq!(alloc::string::ToString::to_string(&refused), "attStmt.certInfo: left over from byte 44");
    }

    #[test]
    fn a_size_beyond_the_longest_digest_is_refused() {
        let mut bytes = cert_info();
        bytes[9] = 67;
        bytes.extend([0; 100]);
        let structure = "certInfo";
        let refused = TpmStructureError::Value { structure, field: "extraData", offset: 8 };
        assert_eq!(CertInfo::parse(&bytes), Err(refused.into()));
    }
}
