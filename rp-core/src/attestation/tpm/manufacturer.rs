use core::fmt;

/// The manufacturer of a TPM: four bytes, mostly letters, from the AIK certificate's SAN (`id:494E5443` is Intel).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TpmManufacturer([u8; 4]);

impl TpmManufacturer {
    /// The TPM manufacturer of FIDO's conformance tools. It is not registered, and anyone with the tools has its keys,
    /// so only [`AttestationPolicy::accept_conformance_tpm`](crate::AttestationPolicy::accept_conformance_tpm) accepts
    /// it.
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

    /// Whether it is in TCG's TPM Vendor ID Registry (family 1.2 and 2.0, version 1.07). Simulators are left out,
    /// because they keep no secret.
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
    fn a_manufacturer_is_id_and_eight_hexadecimal_digits() {
        let stm = TpmManufacturer::parse("id:53544D20").unwrap();
        assert_eq!(TpmManufacturer::parse("id:53544d20"), Some(stm));
        assert_eq!(stm, TpmManufacturer::new(*b"STM "));
        assert_eq!(stm.to_string(), "id:53544D20");
        for wrong in ["53544D20", "id:53544D2", "id:53544D200", "id:+3544D20", "ID:53544D20", "id:", "STM "] {
            assert_eq!(TpmManufacturer::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_conformance_tools_vendor_is_not_registered() {
        assert!(TpmManufacturer::new(*b"INTC").is_registered());
        assert!(!TpmManufacturer::FIDO_CONFORMANCE.is_registered());
        assert_eq!(TpmManufacturer::FIDO_CONFORMANCE.to_string(), "id:FFFFF1D0");
        assert!(!TpmManufacturer::new([0; 4]).is_registered());
        assert!(!TpmManufacturer::new(*b"SIM0").is_registered());
    }

    #[test]
    fn each_manufacturer_is_registered_once() {
        assert!(REGISTRY.is_sorted_by(|one, next| one < next));
    }
}
