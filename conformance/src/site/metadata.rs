//! FIDO metadata of the site: which models are known, trusted and rejected.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rp_mds::{
    Cache, Event, FileSource, MetadataTrust, Policy, Refresher, RemoteSource, Roots, SharedCatalog, Source,
    StaticSource,
};
use rp_service::{MetadataDirectory, PasskeysBuilder};

/// The source of metadata. Without these arguments the site does not request attestation.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "FIDO metadata")]
pub(super) struct MetadataArguments {
    /// A list of models: a signed BLOB, or your own entries in JSON. Models are shown with name and picture, marked as
    /// trusted if the list has their root, and rejected if it reports them as revoked or compromised.
    #[arg(long = "mds", value_name = "FILE")]
    file: Option<PathBuf>,
    /// A folder that keeps the verified list across restarts. Without --mds, the list of the FIDO Alliance is fetched
    /// into it in the background.
    #[arg(long = "mds-cache", value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The root certificates of a BLOB, in PEM or DER, instead of the known roots of the FIDO Alliance's BLOB.
    #[arg(long = "mds-roots", value_name = "FILE")]
    roots: Option<PathBuf>,
}

/// A list of models that is refreshed while the site runs.
#[derive(Debug)]
pub(super) struct Metadata(Arc<SharedCatalog>);

impl MetadataArguments {
    /// Reads the file or the cache, and refreshes the list in the background. A file that cannot be used is an error; a
    /// network that cannot be reached is not.
    pub(super) fn load(&self) -> Result<Option<Metadata>, Box<dyn Error>> {
        let source = match (&self.file, &self.cache, &self.roots) {
            (Some(file), ..) if is_json(file)? => Source::from(StaticSource::new("own", file)),
            (Some(file), ..) => FileSource::new("file", file, self.roots()?).into(),
            (None, Some(_), _) => RemoteSource::alliance(self.roots()?).into(),
            (None, None, Some(_)) => return Err("--mds-roots requires --mds or --mds-cache".into()),
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
        let current = refresher.catalog();
        tokio::spawn(async move { refresher.run().await });
        Ok(Some(Metadata(current)))
    }

    /// The roots of signed lists. With any roots, the signer must be the FIDO Alliance's host.
    fn roots(&self) -> Result<Roots, Box<dyn Error>> {
        let roots = match &self.roots {
            Some(file) => Roots::read(file).map_err(|error| format!("--mds-roots: {error}")),
            None => Roots::system().map_err(|error| format!("{error}; use --mds-roots")),
        };
        Ok(roots?)
    }
}

impl Metadata {
    /// Makes the list the trust source and the source of model names.
    pub(super) fn configure(&self, passkeys: PasskeysBuilder) -> PasskeysBuilder {
        passkeys
            .trust(Arc::new(MetadataTrust::new(Arc::clone(&self.0), Policy::default())))
            .authenticators(MetadataDirectory::new(Arc::clone(&self.0)))
    }
}

/// Whether a file is the operator's own list in JSON; a BLOB begins with base64.
fn is_json(file: &Path) -> Result<bool, Box<dyn Error>> {
    let mut beginning = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(64).read_to_end(&mut beginning));
    read.map_err(|error| format!("--mds {}: {error}", file.display()))?;
    Ok(matches!(beginning.trim_ascii_start().first(), Some(b'[' | b'{')))
}
