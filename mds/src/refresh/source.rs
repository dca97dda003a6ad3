//! Where lists come from.

use std::path::{Path, PathBuf};

use reqwest::Url;
use rp_core::Timestamp;
use rp_core::x509::Crl;

use crate::cache::is_name;
use crate::fetch::{COPY, FetchError};
use crate::{Retention, Roots, Verification};

/// Where the Alliance publishes.
pub const ALLIANCE_URL: &str = "https://mds.fidoalliance.org/";
/// Whose signer the Alliance's is.
pub const ALLIANCE_DOMAIN: &str = "fidoalliance.org";

/// A list that is held, and where it comes from.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    name: String,
    origin: Origin,
    retention: Retention,
    max_len: usize,
}

#[derive(Clone, Debug)]
enum Origin {
    Remote { url: String, hosts: Vec<String>, local_copy_serial: bool, insecure: bool, signed: Signed },
    File { path: PathBuf, signed: Signed },
    Own { path: PathBuf },
}

/// By what a signed list is believed.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) roots: Roots,
    pub(super) domain: Option<String>,
    pub(super) crls: Vec<Crl>,
    pub(super) revocation: RevocationMode,
}

/// What is done about revocation of a signer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationMode {
    /// Only the lists that the operator handed in are looked at.
    Given,
    /// Lists are fetched where the verified certificates say, and a signer of which nothing is known passes, with an
    /// event. Their servers are reached over plain HTTP, and not from everywhere.
    #[default]
    Soft,
    /// As [`RevocationMode::Soft`], and a signer of which nothing is known is refused.
    Hard,
}

/// What is wrong with the configuration of a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Two sources have one name.
    #[error("two sources are named {name}")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name makes no file name.
    #[error("a source's name is of lower-case letters, digits and hyphens, not {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// An address is none, or is not `https`.
    #[error("source {name}: {url} is no https address")]
    Url {
        /// The source.
        name: String,
        /// The address.
        url: String,
    },
    /// There is nothing to believe a signed list by.
    #[error("source {name}: no roots")]
    NoRoots {
        /// The source.
        name: String,
    },
    /// No client could be made.
    #[error(transparent)]
    Client(FetchError),
}

impl SourceConfig {
    /// The Alliance's list, signed by one of its own domain under these roots. It is called `fido`.
    #[must_use]
    pub fn alliance(roots: Roots) -> Self {
        let mut source = Self::remote("fido", ALLIANCE_URL, roots);
        if let Origin::Remote { local_copy_serial, hosts, .. } = &mut source.origin {
            *local_copy_serial = true;
            hosts.push("mds3.fidoalliance.org".into());
        }
        source
    }

    /// A signed list at an address, such as a mirror's. The signer must be the Alliance's, unless
    /// [`signer_domain`](Self::signer_domain) says whose else.
    #[must_use]
    pub fn remote(name: &str, url: &str, roots: Roots) -> Self {
        let signed = Signed::by(roots);
        let (url, hosts) = (url.to_owned(), Vec::new());
        Self::of(name, Origin::Remote { url, hosts, local_copy_serial: false, insecure: false, signed })
    }

    /// A signed list in a file, such as one that another program fetches. It is read again when it changes. The signer
    /// must be the Alliance's, unless [`signer_domain`](Self::signer_domain) says whose else.
    #[must_use]
    pub fn file(name: &str, path: impl Into<PathBuf>, roots: Roots) -> Self {
        Self::of(name, Origin::File { path: path.into(), signed: Signed::by(roots) })
    }

    /// The operator's own entries in a file; see [`Metadata::from_own_entries`](crate::Metadata::from_own_entries).
    /// It is read again when it changes.
    #[must_use]
    pub fn own(name: &str, path: impl Into<PathBuf>) -> Self {
        Self::of(name, Origin::Own { path: path.into() })
    }

    fn of(name: &str, origin: Origin) -> Self {
        Self { name: name.to_owned(), origin, retention: Retention::ALL, max_len: Verification::MAX_LEN }
    }

    /// Hosts that a redirect may lead to, beside the address's own.
    #[must_use]
    pub fn redirect_hosts(mut self, more: impl IntoIterator<Item = String>) -> Self {
        if let Origin::Remote { hosts, .. } = &mut self.origin {
            hosts.extend(more);
        }
        self
    }

    /// The domain that must be the signer's, in place of the Alliance's.
    #[must_use]
    pub fn signer_domain(mut self, domain: &str) -> Self {
        if let Some(signed) = self.origin.signed_mut() {
            signed.domain = Some(domain.to_owned());
        }
        self
    }

    /// Takes a signer of whatever domain: for roots that are the operator's own and issue to no one else. Under public
    /// roots anyone who has a certificate could sign.
    #[must_use]
    pub fn any_signer_domain(mut self) -> Self {
        if let Some(signed) = self.origin.signed_mut() {
            signed.domain = None;
        }
        self
    }

    /// Revocation lists of the operator's.
    #[must_use]
    pub fn crls(mut self, crls: Vec<Crl>) -> Self {
        if let Some(signed) = self.origin.signed_mut() {
            signed.crls = crls;
        }
        self
    }

    /// What is done about revocation of the signer.
    #[must_use]
    pub fn revocation(mut self, mode: RevocationMode) -> Self {
        if let Some(signed) = self.origin.signed_mut() {
            signed.revocation = mode;
        }
        self
    }

    /// What of the list is kept in memory.
    #[must_use]
    pub const fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The greatest length that is read, in bytes.
    #[must_use]
    pub const fn max_len(mut self, max_len: usize) -> Self {
        self.max_len = max_len;
        self
    }

    /// Takes an address that is not `https`: for a mirror on the same machine. The list is signed, but who stands in
    /// between can withhold it, and sees that it is fetched.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        if let Origin::Remote { insecure, .. } = &mut self.origin {
            *insecure = true;
        }
        self
    }

    /// What the source is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn is_remote(&self) -> bool {
        matches!(self.origin, Origin::Remote { .. })
    }

    pub(super) fn kept(&self) -> Retention {
        self.retention
    }

    pub(super) fn longest(&self) -> usize {
        self.max_len
    }

    /// The file of a source that is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Remote { .. } => None,
            Origin::File { path, .. } | Origin::Own { path } => Some(path),
        }
    }

    pub(super) const fn signed(&self) -> Option<&Signed> {
        match &self.origin {
            Origin::Remote { signed, .. } | Origin::File { signed, .. } => Some(signed),
            Origin::Own { .. } => None,
        }
    }

    /// How a list of this source is verified.
    pub(super) fn verification<'a>(&'a self, signed: &'a Signed, at: Timestamp) -> Verification<'a> {
        Verification {
            signer_domain: signed.domain.as_deref(),
            crls: &signed.crls,
            retention: self.retention,
            max_len: self.max_len,
            ..Verification::new(&signed.roots, at)
        }
    }

    /// Address, and hosts of redirects, of a source that is fetched; told of what is held, if it wants that.
    pub(super) fn address(&self, held: Option<u64>) -> Option<(Url, &[String])> {
        let Origin::Remote { url, hosts, local_copy_serial, .. } = &self.origin else { return None };
        let mut url = Url::parse(url).ok()?;
        if let Some(no) = held.filter(|_| *local_copy_serial) {
            url.query_pairs_mut().append_pair(COPY, &no.to_string());
        }
        Some((url, hosts))
    }

    pub(super) fn check(&self) -> Result<(), SourceError> {
        let name = self.name.clone();
        if !is_name(&name) {
            return Err(SourceError::Name { name });
        }
        if self.signed().is_some_and(|signed| signed.roots.anchors().is_empty()) {
            return Err(SourceError::NoRoots { name });
        }
        if let Origin::Remote { url, insecure, .. } = &self.origin {
            let scheme = Url::parse(url).ok().filter(Url::has_host).map(|url| url.scheme().to_owned());
            let is_taken = match scheme.as_deref() {
                Some("https") => true,
                Some("http") => *insecure,
                _ => false,
            };
            if !is_taken {
                return Err(SourceError::Url { name, url: url.clone() });
            }
        }
        Ok(())
    }
}

impl Origin {
    fn signed_mut(&mut self) -> Option<&mut Signed> {
        match self {
            Self::Remote { signed, .. } | Self::File { signed, .. } => Some(signed),
            Self::Own { .. } => None,
        }
    }
}

impl Signed {
    fn by(roots: Roots) -> Self {
        let domain = Some(ALLIANCE_DOMAIN.to_owned());
        Self { roots, domain, crls: Vec::new(), revocation: RevocationMode::default() }
    }
}
