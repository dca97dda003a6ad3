#[cfg(feature = "mds")]
mod metadata;

#[cfg(feature = "mds")]
pub use metadata::MetadataDirectory;
use rp_core::{Aaguid, Timestamp};
use serde::Serialize;

use crate::policy::ModelFacts;

/// The name and icon of an authenticator model or passkey provider, for lists of passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuthenticatorInfo {
    /// The name.
    pub name: String,
    /// The icon, as a `data:` URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// A directory of authenticators by AAGUID. For display only: without a trusted attestation, the client chose the AAGUID.
pub trait AuthenticatorDirectory: Send + Sync {
    /// Returns the authenticator, if it is known.
    fn info(&self, aaguid: &Aaguid) -> Option<AuthenticatorInfo>;

    /// The listed facts of a model that an attestation proves. By default nothing is known: only metadata say more.
    fn facts(&self, model: &Aaguid, now: Timestamp) -> ModelFacts {
        let _ = (model, now);
        ModelFacts::default()
    }

    /// Whether the directory knows more of models than their names. A policy whose rules depend on [`Self::facts`] is
    /// rejected otherwise.
    fn has_facts(&self) -> bool {
        false
    }
}

impl<F: Fn(&Aaguid) -> Option<AuthenticatorInfo> + Send + Sync> AuthenticatorDirectory for F {
    fn info(&self, aaguid: &Aaguid) -> Option<AuthenticatorInfo> {
        self(aaguid)
    }
}

/// The passkey providers that publish their AAGUIDs. They send no attestation, so FIDO metadata do not list them.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasskeyProviders;

impl AuthenticatorDirectory for PasskeyProviders {
    fn info(&self, aaguid: &Aaguid) -> Option<AuthenticatorInfo> {
        let (_, name) =
            PROVIDERS.iter().find(|(bytes, _)| bytes == &u128::from_be_bytes(*aaguid.as_bytes()))?;
        Some(AuthenticatorInfo { name: (*name).to_owned(), icon: None })
    }
}

const PROVIDERS: [(u128, &str); 17] = [
    (0xea9b8d66_4d01_1d21_3ce4_b6b48cb575d4, "Google Password Manager"),
    (0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd, "iCloud Keychain"),
    (0xdd4ec289_e01d_41c9_bb89_70fa845d4bf2, "iCloud Keychain (managed)"),
    (0x08987058_cadc_4b81_b6e1_30de50dcbe96, "Windows Hello"),
    (0x9ddd1817_af5a_4672_a2b9_3e3dd95000a9, "Windows Hello"),
    (0x6028b017_b1d4_4c02_b4b3_afcdafc96bb2, "Windows Hello"),
    (0xadce0002_35bc_c60a_648b_0b25f1f05503, "Chrome on Mac"),
    (0xb5397666_4885_aa6b_cebf_e52262a439a2, "Chromium browser"),
    (0x53414d53_554e_4700_0000_000000000000, "Samsung Pass"),
    (0xbada5566_a7aa_401f_bd96_45619a55120d, "1Password"),
    (0xd548826e_79b4_db40_a3d8_11116f7e8349, "Bitwarden"),
    (0x531126d6_e717_415c_9320_3d9aa6981239, "Dashlane"),
    (0x0ea242b4_43c4_4a1b_8b17_dd6d0b6baec6, "Keeper"),
    (0xb84e4048_15dc_4dd0_8640_f4f60813c8af, "NordPass"),
    (0xf3809540_7f14_49c1_a8b3_8f813b225541, "Enpass"),
    (0x50726f74_6f6e_5061_7373_50726f746f6e, "Proton Pass"),
    (0xfdb141b2_5d84_443e_8a35_4698c205a502, "KeePassXC"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_found_by_their_aaguid() {
        let aaguid = "fbfc3007-154e-4ecc-8c0b-6e020557d7bd".parse().unwrap();
        assert_eq!(PasskeyProviders.info(&aaguid).unwrap().name, "iCloud Keychain");
        assert_eq!(PasskeyProviders.info(&Aaguid::ZERO), None);
    }
}
