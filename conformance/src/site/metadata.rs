//! FIDO metadata behind the site: which models are known, trusted and refused.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rp_mds::{Cache, Current, Event, MetadataTrust, Policy, Refresher, Roots, SourceConfig};
use rp_service::{MetadataModels, PasskeysBuilder};

/// Where metadata come from. With none of these the site asks no passkey for attestation.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "FIDO metadata")]
pub(crate) struct MetadataArgs {
    /// A list of models, as a signed BLOB or as your own entries in JSON: models are shown by name and picture, marked
    /// where the list vouches for them, and refused where it reports them as revoked or compromised.
    #[arg(long = "mds", value_name = "FILE")]
    file: Option<PathBuf>,
    /// A folder in which what was verified outlives a restart. Without --mds, the list of the FIDO Alliance is fetched
    /// into it in the background.
    #[arg(long = "mds-cache", value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Certificates, in PEM or DER, by which a BLOB is believed, in place of those that the FIDO Alliance's is known by.
    #[arg(long = "mds-roots", value_name = "FILE")]
    roots: Option<PathBuf>,
}

/// A list of models that is kept up to date for as long as the site runs.
#[derive(Debug)]
pub(crate) struct Metadata(Arc<Current>);

impl MetadataArgs {
    /// Reads the file or the cache, and refreshes what was read in the background; a file that cannot be used is an
    /// error, and a network that cannot be reached is none.
    pub(crate) fn load(&self) -> Result<Option<Metadata>, Box<dyn Error>> {
        let source = match (&self.file, &self.cache, &self.roots) {
            (Some(file), ..) if is_json(file)? => SourceConfig::own("own", file),
            (Some(file), ..) => self.signed(|roots| SourceConfig::file("file", file, roots))?,
            (None, Some(_), _) => self.signed(SourceConfig::alliance)?,
            (None, None, Some(_)) => return Err("--mds-roots needs --mds or --mds-cache beside it".into()),
            (None, None, None) => return Ok(None),
        };
        let first_failure = Arc::new(OnceLock::new());
        let failure = Arc::clone(&first_failure);
        let mut refresher = Refresher::builder().source(source).events(move |event| {
            if let Event::Failed { error, .. } = event {
                failure.get_or_init(|| error.clone());
            }
            event.trace();
        });
        if let Some(folder) = &self.cache {
            refresher =
                refresher.cache(Cache::open(folder).map_err(|error| format!("--mds-cache: {error}"))?);
        }
        let refresher = refresher.build()?;
        refresher.start();
        if let (Some(file), Some(error)) = (&self.file, first_failure.get()) {
            return Err(format!("--mds {}: {error}", file.display()).into());
        }
        let current = refresher.current();
        tokio::spawn(async move { refresher.run().await });
        Ok(Some(Metadata(current)))
    }

    /// A source of signed lists. Whatever the roots, the signer must be of the Alliance's own domain: public roots issue
    /// certificates to anyone.
    fn signed(&self, source: impl FnOnce(Roots) -> SourceConfig) -> Result<SourceConfig, Box<dyn Error>> {
        let roots = match &self.roots {
            Some(file) => Roots::read(file).map_err(|error| format!("--mds-roots: {error}")),
            None => Roots::of_the_system().map_err(|error| format!("{error}; give them with --mds-roots")),
        };
        Ok(source(roots?))
    }
}

impl Metadata {
    /// Lets the list vouch for models, and name them.
    pub(crate) fn behind<S>(&self, passkeys: PasskeysBuilder<S>) -> PasskeysBuilder<S> {
        passkeys
            .trust(Arc::new(MetadataTrust::new(Arc::clone(&self.0), Policy::default())))
            .models(MetadataModels::new(Arc::clone(&self.0)))
    }
}

/// Whether a file is the operator's own list: a BLOB begins with base64, and JSON does not.
fn is_json(file: &Path) -> Result<bool, Box<dyn Error>> {
    let mut beginning = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(64).read_to_end(&mut beginning));
    read.map_err(|error| format!("--mds {}: {error}", file.display()))?;
    Ok(matches!(beginning.trim_ascii_start().first(), Some(b'[' | b'{')))
}
