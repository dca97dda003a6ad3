use std::path::PathBuf;

use rp_conformance::drive::write_metadata;
use rp_core::Timestamp;

use super::Done;

/// Writes the metadata and the root certificates of the software authenticators that `drive` uses.
#[derive(clap::Args)]
pub(crate) struct Metadata {
    /// The folder to write to; existing files are overwritten.
    directory: PathBuf,
}

impl Metadata {
    pub(crate) fn execute(&self) -> Done {
        let models = write_metadata(&self.directory, Timestamp::now())?;
        println!("{models} models");
        Ok(true)
    }
}
