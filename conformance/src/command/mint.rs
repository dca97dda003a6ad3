use std::path::PathBuf;

use rp_conformance::format::File;

use super::Done;

/// Writes the responses of the software authenticator (honest, unusual and wrong) as a vector file.
#[derive(clap::Args)]
pub(crate) struct Mint {
    /// The file to write.
    file: PathBuf,
}

impl Mint {
    pub(crate) fn execute(&self) -> Done {
        let cases = rp_conformance::matrix::cases()?;
        println!("{} cases", cases.len());
        let vectors = File::new("minted by the software authenticator of rp-conformance", cases);
        std::fs::write(&self.file, vectors.to_json()?)?;
        Ok(true)
    }
}
