//! Where lists come from.

use std::path::PathBuf;

use reqwest::Url;
use rp_core::Timestamp;
use rp_core::x509::Crl;

use crate::blob::Verification;
use crate::cache::is_name;
use crate::entry::statement::Retention;
use crate::fetch::{FetchError, LOCAL_COPY_SERIAL};
use crate::roots::Roots;
use crate::signer::{ALLIANCE_HOST, SignerHost};

/// The address of the FIDO Alliance's BLOB.
pub const ALLIANCE_URL: &str = "https://mds.fidoalliance.org/";

/// Where a list comes from: a [`RemoteSource`], a [`FileSource`] or a [`StaticSource`].
#[derive(Clone, Debug)]
pub struct Source(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Remote(RemoteSource),
    File(FileSource),
    Static(StaticSource),
}

/// A signed list at a URL.
#[derive(Clone, Debug)]
pub struct RemoteSource {
    name: String,
    url: String,
    hosts: Vec<String>,
    local_copy_serial: bool,
    plain_http: bool,
    signed: Signed,
}

/// A signed list in a file, such as one that another program downloads. It is read again when it changes.
#[derive(Clone, Debug)]
pub struct FileSource {
    name: String,
    path: PathBuf,
    signed: Signed,
}

/// Entries that the operator wrote, in a JSON file; see
/// [`Metadata::from_own_entries`](crate::Metadata::from_own_entries). It is read again when it changes.
#[derive(Clone, Debug)]
pub struct StaticSource {
    name: String,
    path: PathBuf,
    retention: Retention,
    max_len: usize,
}

/// How a signed list is verified.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) roots: Roots,
    /// `None` accepts any host.
    host: Option<String>,
    pub(super) crls: Vec<Crl>,
    pub(super) revocation: RevocationMode,
    retention: Retention,
    pub(super) max_len: usize,
}

/// How the revocation status of a signer is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationMode {
    /// By the operator's CRLs only.
    Given,
    /// CRLs are downloaded from the addresses in the verified certificates. A signer whose status is unknown is accepted,
    /// with an event: CRL servers use plain HTTP, and are not reachable from everywhere.
    #[default]
    Soft,
    /// As [`RevocationMode::Soft`], but a signer whose status is unknown is rejected.
    Hard,
}

/// An error in the configuration of a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Two sources have the same name.
    #[error("two sources are named {name}")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The name cannot be part of a file name.
    #[error("the name of a source consists of lower-case letters, digits and hyphens, not {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// The address is not an `https` URL.
    #[error("source {name}: {url} is not an https URL")]
    Url {
        /// The source.
        name: String,
        /// The address.
        url: String,
    },
    /// A signed list has no roots.
    #[error("source {name}: no roots")]
    NoRoots {
        /// The source.
        name: String,
    },
    /// The HTTP client could not be built.
    #[error(transparent)]
    Client(FetchError),
}

/// The setters that sources of signed lists have in common.
macro_rules! signed_setters {
    () => {
        /// The host that the signer's certificate must be issued for, instead of the FIDO Alliance's.
        #[must_use]
        pub fn signer_host(mut self, host: &str) -> Self {
            self.signed.host = Some(host.to_owned());
            self
        }

        /// Accepts a signer of any host: only for roots that issue certificates to no one else. Under public roots anyone
        /// with a certificate could sign.
        #[must_use]
        pub fn any_signer_host(mut self) -> Self {
            self.signed.host = None;
            self
        }

        /// CRLs that the operator provides.
        #[must_use]
        pub fn crls(mut self, crls: Vec<Crl>) -> Self {
            self.signed.crls = crls;
            self
        }

        /// How the revocation status of the signer is checked.
        #[must_use]
        pub fn revocation(mut self, mode: RevocationMode) -> Self {
            self.signed.revocation = mode;
            self
        }

        /// Which members of statements are kept in memory.
        #[must_use]
        pub fn retention(mut self, retention: Retention) -> Self {
            self.signed.retention = retention;
            self
        }

        /// The maximum length in bytes.
        #[must_use]
        pub fn max_len(mut self, max_len: usize) -> Self {
            self.signed.max_len = max_len;
            self
        }
    };
}

impl RemoteSource {
    /// The FIDO Alliance's list, named `fido`.
    #[must_use]
    pub fn alliance(roots: Roots) -> Self {
        let hosts = vec!["mds3.fidoalliance.org".to_owned()];
        Self { hosts, local_copy_serial: true, ..Self::new("fido", ALLIANCE_URL, roots) }
    }

    /// A signed list at a URL, such as a mirror's. The signer must be the FIDO Alliance's, unless
    /// [`signer_host`](Self::signer_host) names another.
    #[must_use]
    pub fn new(name: &str, url: &str, roots: Roots) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            hosts: Vec::new(),
            local_copy_serial: false,
            plain_http: false,
            signed: Signed::new(roots),
        }
    }

    /// Hosts that a redirect may lead to, in addition to that of the URL.
    #[must_use]
    pub fn redirect_hosts(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.hosts.extend(hosts);
        self
    }

    /// Allows an `http` URL, for a mirror on the same machine. The list is signed, but anyone on the way can withhold it.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    signed_setters!();

    /// The URL, with the serial number of the current copy if the server expects it.
    pub(super) fn url(&self, no: Option<u64>) -> Result<Url, FetchError> {
        let error = |_| FetchError::Address { url: self.url.clone(), reason: "not a URL" };
        let mut url = Url::parse(&self.url).map_err(error)?;
        if let Some(no) = no.filter(|_| self.local_copy_serial) {
            url.query_pairs_mut().append_pair(LOCAL_COPY_SERIAL, &no.to_string());
        }
        Ok(url)
    }

    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    pub(super) fn signed(&self) -> &Signed {
        &self.signed
    }

    fn check_url(&self) -> Result<(), SourceError> {
        let url = Url::parse(&self.url).ok().filter(Url::has_host);
        let is_allowed = url.is_some_and(|url| match url.scheme() {
            "https" => true,
            "http" => self.plain_http,
            _ => false,
        });
        let error = || SourceError::Url { name: self.name.clone(), url: self.url.clone() };
        if is_allowed { Ok(()) } else { Err(error()) }
    }
}

impl FileSource {
    /// A signed list in a file. The signer must be the FIDO Alliance's, unless [`signer_host`](Self::signer_host) names
    /// another.
    #[must_use]
    pub fn new(name: &str, path: impl Into<PathBuf>, roots: Roots) -> Self {
        Self { name: name.to_owned(), path: path.into(), signed: Signed::new(roots) }
    }

    signed_setters!();

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    pub(super) fn signed(&self) -> &Signed {
        &self.signed
    }
}

impl StaticSource {
    /// Entries in a JSON file.
    #[must_use]
    pub fn new(name: &str, path: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            path: path.into(),
            retention: Retention::ALL,
            max_len: Verification::MAX_LEN,
        }
    }

    /// Which members of statements are kept in memory.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The maximum length in bytes.
    #[must_use]
    pub fn max_len(mut self, max_len: usize) -> Self {
        self.max_len = max_len;
        self
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    pub(super) fn limits(&self) -> (Retention, usize) {
        (self.retention, self.max_len)
    }
}

impl Source {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Remote(source) => &source.name,
            Kind::File(source) => &source.name,
            Kind::Static(source) => &source.name,
        }
    }

    /// How the list is verified, if it is signed.
    pub(super) fn signed(&self) -> Option<&Signed> {
        match &self.0 {
            Kind::Remote(source) => Some(&source.signed),
            Kind::File(source) => Some(&source.signed),
            Kind::Static(_) => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), SourceError> {
        let name = self.name().to_owned();
        if !is_name(&name) {
            return Err(SourceError::Name { name });
        }
        if self.signed().is_some_and(|signed| signed.roots.anchors().is_empty()) {
            return Err(SourceError::NoRoots { name });
        }
        match &self.0 {
            Kind::Remote(source) => source.check_url(),
            Kind::File(_) | Kind::Static(_) => Ok(()),
        }
    }
}

impl From<RemoteSource> for Source {
    fn from(source: RemoteSource) -> Self {
        Self(Kind::Remote(source))
    }
}

impl From<FileSource> for Source {
    fn from(source: FileSource) -> Self {
        Self(Kind::File(source))
    }
}

impl From<StaticSource> for Source {
    fn from(source: StaticSource) -> Self {
        Self(Kind::Static(source))
    }
}

impl Signed {
    fn new(roots: Roots) -> Self {
        Self {
            roots,
            host: Some(ALLIANCE_HOST.to_owned()),
            crls: Vec::new(),
            revocation: RevocationMode::default(),
            retention: Retention::ALL,
            max_len: Verification::MAX_LEN,
        }
    }

    /// The verification of a list at this time.
    pub(super) fn verification(&self, at: Timestamp) -> Verification<'_> {
        Verification {
            signer_host: self.host.as_deref().map_or(SignerHost::Any, SignerHost::Is),
            crls: &self.crls,
            retention: self.retention,
            max_len: self.max_len,
            ..Verification::new(&self.roots, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use rp_core::trust::roots::GLOBALSIGN_R3;

    use super::*;

    #[test]
    fn the_alliance_receives_the_serial_number_of_the_copy() {
        let roots = || Roots::from_certificates(GLOBALSIGN_R3.der()).unwrap();
        let query = |source: &RemoteSource, no| source.url(no).unwrap().query().map(ToOwned::to_owned);
        let alliance = RemoteSource::alliance(roots());
        assert_eq!(query(&alliance, Some(7)).as_deref(), Some("localCopySerial=7"));
        assert_eq!(query(&alliance, None), None);
        assert_eq!(query(&RemoteSource::new("mirror", ALLIANCE_URL, roots()), Some(7)), None);
    }
}
