//! The flags of authenticator data.

use core::fmt;

/// The flags of authenticator data ([section 6.1]). Reserved bits are kept and ignored.
///
/// [section 6.1]: https://www.w3.org/TR/webauthn-3/#authdata-flags
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// UP, bit 0: the user was present.
    pub const USER_PRESENT: u8 = 0x01;
    /// UV, bit 2: the user was verified.
    pub const USER_VERIFIED: u8 = 0x04;
    /// BE, bit 3: the credential can be backed up.
    pub const BACKUP_ELIGIBLE: u8 = 0x08;
    /// BS, bit 4: the credential is backed up.
    pub const BACKUP_STATE: u8 = 0x10;
    /// AT, bit 6: attested credential data is included.
    pub const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;
    /// ED, bit 7: extension data is included.
    pub const EXTENSION_DATA: u8 = 0x80;

    /// The flags in a byte.
    #[must_use]
    pub const fn new(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        self.0
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// UP: the user was present.
    #[must_use]
    pub const fn user_present(self) -> bool {
        self.has(Self::USER_PRESENT)
    }

    /// UV: the user was verified, for example by PIN or biometrics.
    #[must_use]
    pub const fn user_verified(self) -> bool {
        self.has(Self::USER_VERIFIED)
    }

    /// BE: the credential can be backed up. It never changes.
    #[must_use]
    pub const fn backup_eligible(self) -> bool {
        self.has(Self::BACKUP_ELIGIBLE)
    }

    /// BS: the credential is backed up.
    #[must_use]
    pub const fn backup_state(self) -> bool {
        self.has(Self::BACKUP_STATE)
    }

    /// AT: attested credential data is included.
    #[must_use]
    pub const fn attested_credential_data(self) -> bool {
        self.has(Self::ATTESTED_CREDENTIAL_DATA)
    }

    /// ED: extension data is included.
    #[must_use]
    pub const fn extension_data(self) -> bool {
        self.has(Self::EXTENSION_DATA)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(0x01, "UP"), (0x04, "UV"), (0x08, "BE"), (0x10, "BS"), (0x40, "AT"), (0x80, "ED")];
        f.debug_set().entries(names.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| name)).finish()
    }
}
