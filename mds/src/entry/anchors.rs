//! What vouches for a model: `attestationRootCertificates`.

use std::borrow::Cow;

use rp_core::TrustAnchor;
use rp_core::x509::CertificateError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base64;

/// The anchors of a statement, each once.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    pub(super) anchors: Box<[TrustAnchor]>,
    pub(super) faults: Box<[AnchorError]>,
}

/// Why a certificate of a statement vouches for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The member is no list.
    #[error("attestationRootCertificates: not a list")]
    NotAList,
    /// An element is no text in base64.
    #[error("attestationRootCertificates[{index}]: not base64")]
    Base64 {
        /// Its place.
        index: usize,
    },
    /// An element has no name or no key.
    #[error("attestationRootCertificates[{index}]: {error}")]
    Certificate {
        /// Its place.
        index: usize,
        /// Why.
        #[source]
        error: CertificateError,
    },
}

impl Anchors {
    /// Reads the certificates of a statement; one that cannot be read costs no other.
    pub(super) fn read(statement: &str) -> Self {
        #[derive(Deserialize)]
        struct Statement<'a> {
            #[serde(borrow, default, rename = "attestationRootCertificates")]
            certificates: Option<&'a RawValue>,
        }
        let certificates =
            serde_json::from_str(statement).ok().and_then(|Statement { certificates }| certificates);
        let Some(certificates) = certificates.filter(|raw| raw.get() != "null") else {
            return Self::default();
        };
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(certificates.get()) else {
            return Self { faults: [AnchorError::NotAList].into(), ..Self::default() };
        };
        let (mut anchors, mut faults) = (Vec::new(), Vec::new());
        for (index, raw) in list.into_iter().enumerate() {
            match anchor(index, raw) {
                Ok(anchor) if anchors.contains(&anchor) => {}
                Ok(anchor) => anchors.push(anchor),
                Err(fault) => faults.push(fault),
            }
        }
        Self { anchors: anchors.into(), faults: faults.into() }
    }
}

fn anchor(index: usize, raw: &RawValue) -> Result<TrustAnchor, AnchorError> {
    let text: Cow<'_, str> = serde_json::from_str(raw.get()).map_err(|_| AnchorError::Base64 { index })?;
    let der = base64::certificate(&text).ok_or(AnchorError::Base64 { index })?;
    TrustAnchor::from_der(&der).map_err(|error| AnchorError::Certificate { index, error })
}
