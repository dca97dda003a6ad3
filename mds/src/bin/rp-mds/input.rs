//! Lists that a command reads.

use std::path::{Path, PathBuf};

use clap::Args;
use rp_core::Timestamp;
use rp_core::x509::PathError;
use rp_mds::{
    ALLIANCE_DOMAIN, BlobError, Cache, Catalog, Date, Metadata, Names, Retention, Roots, Verification,
};

/// Where a list comes from.
#[derive(Args)]
pub(crate) struct Input {
    /// A BLOB, or an operator's own entries in JSON; several are asked in their order.
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The cache that `rp-mds fetch` and services fill, read where no file is given.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) roots: RootFiles,
}

/// What a signer's path may end in.
#[derive(Args)]
pub(crate) struct RootFiles {
    /// Certificates in DER or PEM that the signer's path may end in, in place of the known ones of the system's store.
    #[arg(long, value_name = "FILE")]
    roots: Vec<PathBuf>,
    /// The domain that must be the signer's: the roots issue certificates to anyone.
    #[arg(long, value_name = "DOMAIN", default_value = ALLIANCE_DOMAIN)]
    signer_domain: String,
    /// Take a signer of whatever domain: for roots of one's own.
    #[arg(long, conflicts_with = "signer_domain")]
    any_signer_domain: bool,
}

/// The name of the Alliance's source, in the cache.
pub(crate) const SOURCE: &str = "fido";

impl RootFiles {
    pub(crate) fn read(&self) -> Result<Roots, Box<dyn std::error::Error>> {
        if self.roots.is_empty() {
            return Roots::of_the_system().map_err(|error| format!("{error}; give them with --roots").into());
        }
        let mut roots = Roots::default();
        for file in &self.roots {
            roots = roots.and(Roots::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
        }
        Ok(roots)
    }

    /// The domain that must be the signer's, if it is to be one.
    pub(crate) fn signer_domain(&self) -> Option<&str> {
        (!self.any_signer_domain).then_some(&*self.signer_domain)
    }

    /// How a BLOB is verified.
    pub(crate) fn verification<'a>(&'a self, roots: &'a Roots, at: Timestamp) -> Verification<'a> {
        Verification { signer_domain: self.signer_domain(), ..Verification::new(roots, at) }
    }
}

impl Input {
    /// The lists, in their order. Signers are judged now, at whatever day the models are.
    pub(crate) fn read(&self) -> Result<Catalog, Box<dyn std::error::Error>> {
        let now = Timestamp::now();
        let mut catalog = Catalog::default();
        for file in &self.files {
            let metadata = read_file(file, &self.roots, now)?;
            catalog = catalog.and(&file.display().to_string(), metadata.into());
        }
        if self.files.is_empty() {
            catalog = catalog.and(SOURCE, self.read_cache(now)?.into());
        }
        Ok(catalog)
    }

    fn read_cache(&self, now: Timestamp) -> Result<Metadata, Box<dyn std::error::Error>> {
        let directory = cache_directory(self.cache.as_deref())?;
        // Who only reads makes no directory.
        let cached = if directory.is_dir() { Cache::open(&directory)?.load(SOURCE)? } else { Vec::new() };
        let Some(cached) = cached.into_iter().next() else {
            return Err(format!("{}: nothing is cached; rp-mds fetch, or --file", directory.display()).into());
        };
        let roots = self.roots.read()?;
        Ok(self.roots.verification(&roots, cached.verified_at.unwrap_or(now)).verify(&cached.blob)?)
    }
}

/// The cache of the command line, or the user's.
pub(crate) fn cache_directory(given: Option<&Path>) -> Result<PathBuf, Box<dyn std::error::Error>> {
    if let Some(given) = given {
        return Ok(given.into());
    }
    let of_user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let of_user = of_user.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(of_user.ok_or("no cache directory; give one with --cache")?.join("rp-mds"))
}

/// A list in a file, whatever it is. A signer that has expired since is judged at the last moment of its validity, and
/// that is told: what it signed is genuine, if old.
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
    // Each certificate of a path may be the one that has expired.
    for _ in 0..10 {
        match roots.verification(&anchors, at).verify(&bytes) {
            Err(BlobError::Path { source: PathError::Expired { not_after, .. } }) if not_after < at => {
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
    Err(named(&"its signer's path is never valid as a whole").into())
}

/// The time of the command line, or now.
#[derive(Args)]
pub(crate) struct At {
    /// Judge at this day (YYYY-MM-DD, its first second) in place of now.
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
    /// Names of models that the list does not know: the community's aaguid.json. It names, and vouches for nothing.
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
