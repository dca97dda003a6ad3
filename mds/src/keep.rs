//! What is kept of a BLOB in memory.

/// What is kept of a BLOB in memory; a BLOB without pictures is a quarter of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Pictures: `icon`, `iconDark`, `providerLogoLight`, `providerLogoDark`, and those of the transaction
    /// confirmation display.
    pub pictures: bool,
    /// Long texts that are not about the model: the legal header that each statement repeats, and descriptions in
    /// other languages. Friendly names stay.
    pub texts: bool,
}

impl Retention {
    /// Everything.
    pub const ALL: Self = Self { pictures: true, texts: true };
    /// What trust needs, and names.
    pub const LEAN: Self = Self { pictures: false, texts: false };

    /// Whether this member of a statement is dropped.
    pub(crate) fn drops(self, member: &str) -> bool {
        match member {
            "icon"
            | "iconDark"
            | "providerLogoLight"
            | "providerLogoDark"
            | "tcDisplayPNGCharacteristics" => !self.pictures,
            "legalHeader" | "alternativeDescriptions" => !self.texts,
            _ => false,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::ALL
    }
}
