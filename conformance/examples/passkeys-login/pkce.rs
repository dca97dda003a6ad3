use rp_core::base64url;
use sha2::{Digest as _, Sha256};

/// The secrets of one sign-in.
pub(crate) struct Pkce {
    /// Proves that the code comes back to the program that asked for it (RFC 7636, section 4.1).
    pub(crate) verifier: String,
    /// Finds the response to this request.
    pub(crate) state: String,
}

impl Pkce {
    /// New secrets of 256 and 128 bits.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let (mut verifier, mut state) = ([0; 32], [0; 16]);
        getrandom::fill(&mut verifier)?;
        getrandom::fill(&mut state)?;
        Ok(Self { verifier: base64url::encode(&verifier), state: base64url::encode(&state) })
    }

    /// The hash of the verifier, with the method S256.
    pub(crate) fn challenge(&self) -> String {
        base64url::encode(&Sha256::digest(&self.verifier))
    }
}
