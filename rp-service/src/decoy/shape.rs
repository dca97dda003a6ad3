use rp_core::cose::PublicKey;
use rp_core::options::AUTHENTICATOR_TRANSPORTS;
use rp_core::{Algorithm, CredentialId, CredentialRecord};
use serde::{Deserialize, Serialize};

/// The visible properties of a credential: the length of its ID and its transports in options, and the algorithm of its
/// key, which affects the response time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecoyShape {
    /// The length of the credential ID, in bytes: 16 to 1023.
    #[serde(rename = "idLength")]
    pub id_len: usize,
    /// The transports.
    pub transports: Vec<String>,
    /// The algorithm. If this build does not support it, the time of ES256 is spent.
    pub algorithm: Algorithm,
}

impl DecoyShape {
    /// The minimum length of credential IDs (section 4), which leaves room for the code of a decoy.
    pub(super) const MIN_ID_BYTES: usize = 16;

    /// A shape.
    #[must_use]
    pub fn new(id_len: usize, transports: &[&str], algorithm: Algorithm) -> Self {
        let transports = transports.iter().map(|&transport| transport.to_owned()).collect();
        Self { id_len, transports, algorithm }
    }

    /// The shape of a credential.
    #[must_use]
    pub fn of(record: &CredentialRecord) -> Self {
        let key = PublicKey::from_cose(&record.public_key);
        Self {
            id_len: record.id.as_bytes().len(),
            transports: record.transports.clone(),
            algorithm: key.map_or(Algorithm::Es256, |key| key.algorithm()),
        }
    }

    /// The shape as options show it, if a decoy can have it.
    pub(super) fn shown(self) -> Self {
        let id_len = self.id_len.clamp(Self::MIN_ID_BYTES, CredentialId::MAX_LEN);
        Self { id_len, transports: known_transports(&self.transports), ..self }
    }
}

/// The known transports among these, each once and in a fixed order; all known transports if none matches.
pub(super) fn known_transports(reported: &[String]) -> Vec<String> {
    let select = |is_in: &dyn Fn(&str) -> bool| {
        AUTHENTICATOR_TRANSPORTS
            .iter()
            .filter(|known| is_in(known))
            .map(|&known| known.to_owned())
            .collect::<Vec<_>>()
    };
    let known = select(&|known| reported.iter().any(|transport| transport == known));
    if known.is_empty() { select(&|_| true) } else { known }
}

/// `DecoyProfile::MAX_PASSKEYS`: far more than [`PasskeyRules::most`](crate::PasskeyRules::most) allows by default.
pub(super) const MAX_PASSKEYS: usize = 100;
