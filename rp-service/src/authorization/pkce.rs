use rp_core::base64url;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// The challenge of PKCE with the method S256: the SHA-256 hash of the verifier (RFC 7636, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads a challenge: 32 bytes in base64url without padding.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        base64url::decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Whether this is the challenge of a verifier: 43 to 128 unreserved characters (section 4.1).
    pub(crate) fn matches(&self, verifier: &str) -> bool {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(is_unreserved)
            && bool::from(rp_core::crypto::sha256(&[verifier.as_bytes()]).ct_eq(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_matches() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.matches(VERIFIER));
        assert!(!challenge.matches(CHALLENGE));
        assert!(!challenge.matches(&VERIFIER.replace('d', "e")));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (verifier, is_one) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
        ] {
            let challenge = CodeChallenge(rp_core::crypto::sha256(&[verifier.as_bytes()]));
            assert_eq!(challenge.matches(&verifier), is_one, "{verifier}");
        }
    }

    #[test]
    fn a_challenge_is_32_bytes_in_base64url() {
        for wrong in
            ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &format!("{CHALLENGE}A"), "not base64url"]
        {
            assert_eq!(CodeChallenge::parse(wrong), None, "{wrong}");
        }
    }
}
