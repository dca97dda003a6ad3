use core::fmt;

/// Who made a TPM: four bytes, mostly letters, as the AIK certificate's SAN tells it (`id:494E5443` is Intel).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TpmManufacturer([u8; 4]);

impl TpmManufacturer {
    /// What FIDO's conformance tools call the maker of their TPM. It is in no registry, and whoever has the
    /// tools has its keys, so it is accepted by
    /// [`AttestationPolicy::accept_conformance_tpm`](crate::AttestationPolicy::accept_conformance_tpm) alone.
    pub const FIDO_CONFORMANCE: Self = Self([0xff, 0xff, 0xf1, 0xd0]);

    /// The manufacturer of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Reads `id:` and eight hexadecimal digits (TCG EK Credential Profile, section 3.2.9).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("id:").filter(|digits| digits.len() == 8)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        u32::from_str_radix(digits, 16).ok().map(|id| Self(id.to_be_bytes()))
    }

    /// Whether TCG's TPM Vendor ID Registry (family 1.2 and 2.0, version 1.07) has it. A simulator does not
    /// count, whatever it calls itself: it keeps no secret.
    #[must_use]
    pub fn is_registered(self) -> bool {
        REGISTRY.iter().any(|registered| **registered == self.0)
    }
}

impl fmt::Display for TpmManufacturer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("id:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for TpmManufacturer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TpmManufacturer({self})")
    }
}

const REGISTRY: &[&[u8; 4]] = &[
    b"AMD\0", // AMD
    b"ANT\0", // Ant Group
    b"ATML",  // Atmel
    b"BRCM",  // Broadcom
    b"CSCO",  // Cisco
    b"FLYS",  // Flyslice Technologies
    b"GOOG",  // Google
    b"HISI",  // Huawei
    b"HPE\0", // HPE
    b"HPI\0", // HPI
    b"IBM\0", // IBM
    b"IFX\0", // Infineon
    b"INTC",  // Intel
    b"LEN\0", // Lenovo
    b"MSFT",  // Microsoft
    b"NSG\0", // NSING
    b"NSM ",  // National Semiconductor
    b"NTC\0", // Nuvoton Technology
    b"NTZ\0", // Nationz
    b"QCOM",  // Qualcomm
    b"ROCC",  // Fuzhou Rockchip
    b"SEAL",  // Wisekey
    b"SECE",  // SecEdge
    b"SMSC",  // SMSC
    b"SMSN",  // Samsung
    b"SNS\0", // Sinosun
    b"STM ",  // STMicroelectronics
    b"TXN\0", // Texas Instruments
    b"WEC\0", // Winbond
];

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_manufacturer_is_id_and_eight_digits_in_either_case() {
        let stm = TpmManufacturer::parse("id:53544D20").unwrap();
        assert_eq!(TpmManufacturer::parse("id:53544d20"), Some(stm));
        assert_eq!(stm, TpmManufacturer::new(*b"STM "));
        assert_eq!(stm.to_string(), "id:53544D20");
        for wrong in ["53544D20", "id:53544D2", "id:53544D200", "id:+3544D20", "ID:53544D20", "id:", "STM "] {
            assert_eq!(TpmManufacturer::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_conformance_tools_vendor_and_nobody_are_not_registered() {
        assert!(TpmManufacturer::new(*b"INTC").is_registered());
        assert!(!TpmManufacturer::FIDO_CONFORMANCE.is_registered());
        assert_eq!(TpmManufacturer::FIDO_CONFORMANCE.to_string(), "id:FFFFF1D0");
        assert!(!TpmManufacturer::new([0; 4]).is_registered());
        assert!(!TpmManufacturer::new(*b"SIM0").is_registered());
    }

    #[test]
    fn nobody_is_registered_twice() {
        assert!(REGISTRY.is_sorted_by(|one, next| one < next));
    }
}
