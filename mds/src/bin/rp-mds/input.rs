//! The lists that a command reads.

use std::path::{Path, PathBuf};

use clap::Args;
use rp_core::Timestamp;
use rp_core::x509::PathError;
use rp_mds::{
    ALLIANCE_HOST, BlobError, Cache, Catalog, Date, Metadata, Names, Retention, Roots, SignerError,
    SignerHost, Verification,
};

/// Where the lists come from.
#[derive(Args)]
pub(crate) struct Input {
    /// A BLOB, or your own entries in JSON. Of several files the first that contains a model counts.
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The cache directory, used if no file is given.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) roots: RootFiles,
}

/// Which signers are accepted.
#[derive(Args)]
pub(crate) struct RootFiles {
    /// Root certificates in DER or PEM, instead of the known ones in the system's certificate store.
    #[arg(long, value_name = "FILE")]
    roots: Vec<PathBuf>,
    /// The host that the signer's certificate must be issued for.
    #[arg(long, value_name = "HOST", default_value = ALLIANCE_HOST)]
    signer_host: String,
    /// Accept a signer of any host: only for roots that issue certificates to no one else.
    #[arg(long, conflicts_with = "signer_host")]
    any_signer_host: bool,
}

/// The name of the FIDO Alliance's source in the cache.
pub(crate) const SOURCE: &str = "fido";

impl RootFiles {
    pub(crate) fn read(&self) -> Result<Roots, Box<dyn std::error::Error>> {
        if self.roots.is_empty() {
            return Roots::system().map_err(|error| format!("{error}; use --roots").into());
        }
        let mut roots = Roots::default();
        for file in &self.roots {
            roots = roots.and(Roots::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
        }
        Ok(roots)
    }

    /// The host that the signer's certificate must be issued for.
    pub(crate) fn signer_host(&self) -> SignerHost<'_> {
        if self.any_signer_host { SignerHost::Any } else { SignerHost::Is(&self.signer_host) }
    }

    /// How a BLOB is verified.
    pub(crate) fn verification<'a>(&'a self, roots: &'a Roots, at: Timestamp) -> Verification<'a> {
        Verification { signer_host: self.signer_host(), ..Verification::new(roots, at) }
    }
}

impl Input {
    /// The lists, in their order. Signers are checked now, whatever the date for which models are judged.
    pub(crate) fn read(&self) -> Result<Catalog, Box<dyn std::error::Error>> {
        let now = Timestamp::now();
        let mut catalog = Catalog::default();
        for file in &self.files {
            let metadata = read_file(file, &self.roots, now)?;
            catalog = catalog.and(&file.display().to_string(), metadata.into());
        }
        if self.files.is_empty() {
            let (metadata, confirmed_at) = self.read_cache(now)?;
            catalog = catalog.and_confirmed(SOURCE, metadata.into(), Some(confirmed_at));
        }
        Ok(catalog)
    }

    /// The list in the cache, and when its publisher last confirmed it.
    fn read_cache(&self, now: Timestamp) -> Result<(Metadata, Timestamp), Box<dyn std::error::Error>> {
        let directory = cache_directory(self.cache.as_deref())?;
        // Reading creates no directory.
        let cached = if directory.is_dir() { Cache::open(&directory)?.load(SOURCE)? } else { Vec::new() };
        let Some(cached) = cached.into_iter().next() else {
            return Err(format!(
                "{}: the cache is empty; run rp-mds fetch, or use --file",
                directory.display()
            )
            .into());
        };
        let roots = self.roots.read()?;
        let (at, confirmed_at) =
            cached.record.map_or((now, now), |record| (record.verified_at, record.confirmed_at));
        Ok((self.roots.verification(&roots, at).verify(&cached.bytes)?, confirmed_at))
    }
}

/// The given cache directory, or the user's.
pub(crate) fn cache_directory(given: Option<&Path>) -> Result<PathBuf, Box<dyn std::error::Error>> {
    if let Some(given) = given {
        return Ok(given.into());
    }
    let of_user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let of_user = of_user.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(of_user.ok_or("no cache directory; use --cache")?.join("rp-mds"))
}

/// A list in a file. A signer that has expired is checked at the last moment of its validity, with a message: the list is
/// genuine, but old.
pub(crate) fn read_file(
    path: &Path,
    roots: &RootFiles,
    now: Timestamp,
) -> Result<Metadata, Box<dyn std::error::Error>> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| named(&error))?;
    if matches!(bytes.trim_ascii_start().first(), Some(b'[' | b'{')) {
        return Metadata::from_own_entries(&bytes, Retention::ALL).map_err(|error| named(&error).into());
    }
    let anchors = roots.read()?;
    let mut at = now;
    // Each certificate of the path may have expired.
    for _ in 0..10 {
        match roots.verification(&anchors, at).verify(&bytes) {
            Err(BlobError::Signer(SignerError::Path(PathError::Expired { not_after, .. })))
                if not_after < at =>
            {
                at = not_after;
            }
            Err(error) => return Err(named(&error).into()),
            Ok(metadata) => {
                if at != now {
                    eprintln!("{}: its signer expired on {}", path.display(), Date::from(at));
                }
                return Ok(metadata);
            }
        }
    }
    Err(named(&"the path of its signer is never valid").into())
}

/// The time for which models are judged.
#[derive(Args)]
pub(crate) struct At {
    /// Judge for this date (YYYY-MM-DD, at midnight UTC) instead of now.
    #[arg(long, value_name = "DAY")]
    at: Option<Date>,
}

impl At {
    pub(crate) fn time(&self) -> Timestamp {
        self.at.map_or_else(Timestamp::now, Date::start)
    }
}

/// A list of names.
#[derive(Args)]
pub(crate) struct NameFile {
    /// Names of models that the list does not contain: the community's aaguid.json. They are for display only.
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

impl NameFile {
    pub(crate) fn read(&self) -> Result<Names, Box<dyn std::error::Error>> {
        let Some(file) = &self.names else { return Ok(Names::default()) };
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| named(&error))?;
        Names::from_json(&bytes).map_err(|error| named(&error).into())
    }
}
