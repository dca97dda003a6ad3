//! `attestationRootCertificates`: the trust anchors of a model.

use std::collections::HashSet;

use rp_core::TrustAnchor;
use rp_core::x509::CertificateError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base64;
use crate::members;

/// The anchors of a statement, each once.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    pub(crate) anchors: Box<[TrustAnchor]>,
    pub(crate) errors: Box<[AnchorError]>,
}

/// Why a certificate of a statement is not an anchor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The member is not a list.
    #[error("attestationRootCertificates: not a list")]
    NotAList,
    /// An element is not base64 text.
    #[error("attestationRootCertificates[{index}]: not base64")]
    Base64 {
        /// Its index.
        index: usize,
    },
    /// The name or the key of an element cannot be parsed.
    #[error("attestationRootCertificates[{index}]: {error}")]
    Certificate {
        /// Its index.
        index: usize,
        /// The cause.
        #[source]
        error: CertificateError,
    },
}

impl Anchors {
    /// Reads the certificates of a statement; one that cannot be parsed does not affect the others.
    pub(crate) fn read(statement: &str) -> Self {
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
            return Self { errors: [AnchorError::NotAList].into(), ..Self::default() };
        };
        let (mut anchors, mut errors, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (index, raw) in list.into_iter().enumerate() {
            let Some(der) = members::text(raw.get()).and_then(|text| base64::decode_certificate(&text))
            else {
                errors.push(AnchorError::Base64 { index });
                continue;
            };
            match TrustAnchor::from_der(&der) {
                Ok(anchor) => anchors.extend(seen.insert(der).then_some(anchor)),
                Err(error) => errors.push(AnchorError::Certificate { index, error }),
            }
        }
        Self { anchors: anchors.into(), errors: errors.into() }
    }
}
