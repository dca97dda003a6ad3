//! Who signed: a path from `x5c` to a root.

use rp_core::Timestamp;
#[cfg(feature = "fetch")]
use rp_core::x509::Crl;
use rp_core::x509::path::{self, Path};
use rp_core::x509::{Certificate, GeneralName, PathError, PathOptions, Revocation, RevocationStatus};

use super::{BlobError, JwsAlgorithm, Verification};

/// Who signed a BLOB, and by which root that is known.
#[derive(Clone, Debug)]
pub struct Signer {
    path: Path,
    algorithm: JwsAlgorithm,
}

/// How many signatures are checked at most: ten certificates and a few roots, and twice as many lists.
const SIGNATURE_CHECKS: usize = 32;

impl Signer {
    /// Finds the path; `pool` is what stands in `x5c` behind the leaf, in any order, some of it perhaps of no use.
    pub(super) fn find(
        leaf: &Certificate,
        pool: &[Vec<u8>],
        algorithm: JwsAlgorithm,
        how: &Verification<'_>,
    ) -> Result<Self, BlobError> {
        let options = PathOptions {
            signature_checks: SIGNATURE_CHECKS,
            revocation: Revocation { crls: how.crls, required: how.require_crls },
            ..PathOptions::default()
        };
        let path = path::search(leaf, pool, how.roots.anchors(), how.at, &options)
            .map_err(|source| BlobError::Path { source })?;
        if let Some(domain) = how.signer_domain {
            let names = dns_names(leaf);
            if !names.iter().any(|name| is_of_domain(name, domain)) {
                return Err(BlobError::SignerDomain { domain: domain.to_owned(), names });
            }
        }
        Ok(Self { path, algorithm })
    }

    /// Judges the signer of a BLOB that was verified once more, by other revocation lists.
    #[cfg(feature = "fetch")]
    pub(crate) fn again(&self, how: &Verification<'_>) -> Result<Self, BlobError> {
        let (leaf, behind) = self.path.certificates().split_first().ok_or(BlobError::NoCertificate)?;
        let behind: Vec<Vec<u8>> = behind.iter().map(|certificate| certificate.der().to_vec()).collect();
        Self::find(leaf, &behind, self.algorithm, how)
    }

    /// Whether a revocation list says something of a certificate of the path.
    #[cfg(feature = "fetch")]
    pub(crate) fn is_covered_by(&self, crl: &Crl, how: &Verification<'_>) -> bool {
        let how = Verification { crls: std::slice::from_ref(crl), require_crls: false, ..*how };
        match self.again(&how) {
            Ok(signer) => signer.path.revocation().contains(&RevocationStatus::NotRevoked),
            Err(error) => matches!(error, BlobError::Path { source: PathError::Revoked { .. } }),
        }
    }

    /// The certificate whose key signed.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.path.certificates().first()
    }

    /// The path from that certificate to the root.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the BLOB is signed.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// DNS names of the certificate.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.certificate().map(dns_names).unwrap_or_default()
    }

    /// The last second at which the whole path is valid: a BLOB that arrives later needs another signer.
    #[must_use]
    pub fn not_after(&self) -> Option<Timestamp> {
        self.path.certificates().iter().map(Certificate::not_after).min()
    }

    /// Whether every certificate of the path is known not to be revoked.
    #[must_use]
    pub fn is_known_not_revoked(&self) -> bool {
        self.path.revocation().iter().all(|status| *status == RevocationStatus::NotRevoked)
    }
}

fn dns_names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.subject_alt_name().ok().flatten().unwrap_or_default();
    let dns = |name: &GeneralName<'_>| match name {
        GeneralName::Dns(name) => Some((*name).to_owned()),
        _ => None,
    };
    names.iter().filter_map(dns).collect()
}

/// Whether a name is a domain's own or one below it; `*.domain` is one below it like any other.
fn is_of_domain(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.trim_end_matches('.'), domain.trim_end_matches('.'));
    if domain.is_empty() || name.len() < domain.len() {
        return false;
    }
    let below = name.len().saturating_sub(domain.len());
    let Some((prefix, suffix)) = name.split_at_checked(below) else { return false };
    suffix.eq_ignore_ascii_case(domain) && (prefix.is_empty() || prefix.ends_with('.'))
}

impl From<PathError> for BlobError {
    fn from(source: PathError) -> Self {
        Self::Path { source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_a_domain_at_a_dot_or_not_at_all() {
        for name in
            ["fidoalliance.org", "mds.fidoalliance.org", "*.FidoAlliance.org", "mds.fidoalliance.org."]
        {
            assert!(is_of_domain(name, "fidoalliance.org"), "{name}");
        }
        for name in
            ["evilfidoalliance.org", "fidoalliance.org.evil", "org", "", "fidoalliance.com", "\u{e9}.org"]
        {
            assert!(!is_of_domain(name, "fidoalliance.org"), "{name}");
        }
        assert!(!is_of_domain("fidoalliance.org", "mds.fidoalliance.org"));
        assert!(!is_of_domain("fidoalliance.org", ""));
    }
}
