use std::path::PathBuf;

use rp_conformance::generate;

use super::Done;

/// Writes every format, algorithm and fault as vector files, with a schema and a harness for each of seven languages.
#[derive(clap::Args)]
pub(crate) struct Generate {
    /// The folder to write to; existing files are overwritten.
    directory: PathBuf,
    /// The source of all keys, IDs and challenges: the same seed gives the same bytes.
    #[arg(long, default_value = "matrix", value_name = "TEXT")]
    seed: String,
}

impl Generate {
    pub(crate) fn execute(&self) -> Done {
        println!("{} files", generate::write(&self.directory, &self.seed)?);
        Ok(true)
    }
}
