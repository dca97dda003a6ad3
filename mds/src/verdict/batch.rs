//! Whether the compromise of one batch is that of an authenticator's.

use rp_core::x509::Certificate;

use super::ModelQuery;
use crate::base64;
use crate::status::{Status, StatusReport};

/// Whether a compromise is that of the authenticator's batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    This,
    Other,
    Unknown,
}

impl Batch {
    /// A report that names no certificate is about all batches; one whose certificate cannot be read as well.
    ///
    /// `batchCertificate` bounds every compromise, and `certificate`, which may be the attestation's root, that of an
    /// attestation key (Metadata Service 3.1, section 3.1.3).
    pub(super) fn of(report: &StatusReport, query: &ModelQuery<'_>) -> Self {
        let key = report.certificate.as_deref().filter(|_| report.status == Status::AttestationKeyCompromise);
        let named: Vec<&str> = key.into_iter().chain(report.batch_certificate.as_deref()).collect();
        if !report.status.is_compromise() || named.is_empty() {
            return Self::This;
        }
        let read = |text| Certificate::from_der_lenient(&base64::certificate(text)?).ok();
        let Some(compromised) = named.into_iter().map(read).collect::<Option<Vec<_>>>() else {
            return Self::This;
        };
        if compromised.iter().any(|one| query.has_key(one)) {
            Self::This
        } else if query.certificates.is_empty() || compromised.iter().any(|one| query.may_be_below(one)) {
            Self::Unknown
        } else {
            Self::Other
        }
    }
}

impl ModelQuery<'_> {
    /// Whether a key is that of a certificate of the path, or of what it ends in.
    fn has_key(&self, certificate: &Certificate) -> bool {
        let keys = self.certificates.iter().map(Certificate::spki);
        keys.chain(self.anchor.map(|anchor| anchor.spki())).any(|key| key == certificate.spki())
    }

    /// Whether an authority of this name issued a certificate of the path, and nobody knows by which key: of a path
    /// that was validated, the key of an issuer in it is known.
    fn may_be_below(&self, authority: &Certificate) -> bool {
        let name = authority.subject();
        let is_known = self.anchor.is_some_and(|anchor| {
            anchor.name() == name || self.certificates.iter().any(|one| one.subject() == name)
        });
        !is_known && self.certificates.iter().any(|one| one.issuer() == name)
    }
}
