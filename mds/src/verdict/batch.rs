//! Whether the compromise of one batch concerns an authenticator.

use rp_core::x509::Certificate;

use super::ModelQuery;
use crate::base64;
use crate::status::Status;
use crate::status::report::StatusReport;

/// Whether the batch of the authenticator is compromised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    This,
    Other,
    Unknown,
}

impl Batch {
    /// A report without a certificate is about all batches, and so is one whose certificate cannot be parsed.
    ///
    /// `batchCertificate` limits any compromise to a batch; `certificate`, which may be the root of the attestation, only
    /// that of an attestation key (Metadata Service 3.1, section 3.1.3).
    pub(super) fn of(report: &StatusReport, query: &ModelQuery<'_>) -> Self {
        let key = report.certificate.as_deref().filter(|_| report.status == Status::AttestationKeyCompromise);
        let named: Vec<&str> = key.into_iter().chain(report.batch_certificate.as_deref()).collect();
        if !report.status.is_compromise() || named.is_empty() {
            return Self::This;
        }
        let read = |text| Certificate::from_der_lenient(&base64::decode_certificate(text)?).ok();
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
    /// Whether a certificate of the path or the anchor has the key of this certificate.
    fn has_key(&self, certificate: &Certificate) -> bool {
        let keys = self.certificates.iter().map(Certificate::spki);
        keys.chain(self.anchor.map(|anchor| anchor.spki())).any(|key| key == certificate.spki())
    }

    /// Whether an authority of this name issued a certificate of the path with an unknown key. In a validated path the
    /// keys of the issuers are known.
    fn may_be_below(&self, authority: &Certificate) -> bool {
        let name = authority.subject();
        let is_known = self.anchor.is_some_and(|anchor| {
            anchor.name() == name || self.certificates.iter().any(|one| one.subject() == name)
        });
        !is_known && self.certificates.iter().any(|one| one.issuer() == name)
    }
}
