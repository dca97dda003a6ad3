use std::path::PathBuf;

use super::Done;

/// Writes the seeds of the fuzz targets, one folder per target.
#[derive(clap::Args)]
pub(crate) struct Seeds {
    /// The folder to write to; existing files are overwritten.
    directory: PathBuf,
}

impl Seeds {
    pub(crate) fn execute(&self) -> Done {
        let written = rp_conformance::seeds::write(&self.directory)?;
        println!(
            "{} seeds for {} targets",
            written.iter().map(|(_, count)| count).sum::<usize>(),
            written.len()
        );
        Ok(true)
    }
}
