//! The signer of a BLOB: a path from `x5c` to a root, and the host that the certificate names.

use rp_core::x509::path::{self, Path};
use rp_core::x509::{Certificate, Crl, GeneralName, PathError, PathOptions, Revocation, RevocationStatus};
use rp_core::{Algorithm, Timestamp};

use crate::roots::Roots;

/// The host whose certificate signs the FIDO Alliance's BLOB.
pub const ALLIANCE_HOST: &str = "mds.fidoalliance.org";

/// The host that the signer's certificate must be issued for. The roots issue certificates to anyone, so without this
/// check anyone with a certificate could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerHost<'a> {
    /// This host, by a DNS name of the certificate or by a wildcard in place of its first label (RFC 6125).
    Is(&'a str),
    /// Any host: only for roots that issue certificates to no one else.
    Any,
}

impl Default for SignerHost<'_> {
    fn default() -> Self {
        Self::Is(ALLIANCE_HOST)
    }
}

/// The rules for a signer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignerRules<'a> {
    pub(crate) roots: &'a Roots,
    pub(crate) at: Timestamp,
    pub(crate) host: SignerHost<'a>,
    pub(crate) crls: &'a [Crl],
    pub(crate) require_crls: bool,
}

/// The signer of a BLOB that was verified.
#[derive(Clone, Debug)]
pub struct Signer {
    path: Path,
    algorithm: Algorithm,
}

/// Why a signer was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// No valid path leads from the signer to a root.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The certificate is issued for another host.
    #[error("certificate of {}, not of {host}", .names.join(", "))]
    Host {
        /// The expected host.
        host: String,
        /// DNS names of the certificate.
        names: Vec<String>,
    },
}

/// Ten certificates, a few roots, and twice as many CRLs.
const SIGNATURE_CHECKS: usize = 32;

impl Signer {
    /// Finds a path. `pool` is the rest of `x5c`, in any order; certificates that no path needs are ignored.
    pub(crate) fn find(
        leaf: &Certificate,
        pool: &[Vec<u8>],
        algorithm: Algorithm,
        rules: &SignerRules<'_>,
    ) -> Result<Self, SignerError> {
        let options = PathOptions {
            signature_checks: SIGNATURE_CHECKS,
            revocation: Revocation { crls: rules.crls, required: rules.require_crls },
            ..PathOptions::default()
        };
        let path = path::search(leaf, pool, rules.roots.anchors(), rules.at, &options)?;
        if let SignerHost::Is(host) = rules.host {
            let names = dns_names(leaf);
            if !names.iter().any(|name| is_for_host(name, host)) {
                return Err(SignerError::Host { host: host.to_owned(), names });
            }
        }
        Ok(Self { path, algorithm })
    }

    /// Checks the signer of a verified BLOB again, with other CRLs.
    #[cfg(feature = "fetch")]
    pub(crate) fn check_again(&self, rules: &SignerRules<'_>) -> Result<Self, SignerError> {
        let mut certificates = self.path.certificates().iter();
        // A path has at least one certificate.
        let Some(leaf) = certificates.next() else { return Ok(self.clone()) };
        let pool: Vec<Vec<u8>> = certificates.map(|certificate| certificate.der().to_vec()).collect();
        Self::find(leaf, &pool, self.algorithm, rules)
    }

    /// Whether a CRL contains the revocation status of a certificate of the path.
    #[cfg(feature = "fetch")]
    pub(crate) fn is_covered_by(&self, crl: &Crl, rules: &SignerRules<'_>) -> bool {
        let rules = SignerRules { crls: std::slice::from_ref(crl), require_crls: false, ..*rules };
        match self.check_again(&rules) {
            Ok(signer) => signer.path.revocation().contains(&RevocationStatus::NotRevoked),
            Err(error) => matches!(error, SignerError::Path(PathError::Revoked { .. })),
        }
    }

    /// The signer's certificate.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.path.certificates().first()
    }

    /// The path from the signer's certificate to the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The signature algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// DNS names of the certificate.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.certificate().map(dns_names).unwrap_or_default()
    }

    /// The last second at which the whole path is valid. A BLOB that arrives later needs another signer.
    #[must_use]
    pub fn not_after(&self) -> Option<Timestamp> {
        self.path.certificates().iter().map(Certificate::not_after).min()
    }

    /// Whether a CRL confirms for every certificate of the path that it is not revoked.
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

/// Whether a DNS name of a certificate is this host, or is a wildcard for it.
fn is_for_host(name: &str, host: &str) -> bool {
    let (name, host) = (name.trim_end_matches('.'), host.trim_end_matches('.'));
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => !host.is_empty() && name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_for_its_host_or_for_its_wildcard() {
        for name in ["mds.fidoalliance.org", "*.FidoAlliance.org", "MDS.fidoalliance.org."] {
            assert!(is_for_host(name, ALLIANCE_HOST), "{name}");
        }
        for name in [
            "fidoalliance.org",
            "www.fidoalliance.org",
            "a.mds.fidoalliance.org",
            "evil-mds.fidoalliance.org",
            "mds.fidoalliance.org.evil",
            "*.mds.fidoalliance.org",
            "*.org",
            "*",
            "*.",
            "m*.fidoalliance.org",
            "",
        ] {
            assert!(!is_for_host(name, ALLIANCE_HOST), "{name}");
        }
        assert!(!is_for_host("", "") && !is_for_host("*.", "."));
    }
}
