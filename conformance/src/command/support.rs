use std::path::PathBuf;

use rp_conformance::support;

use super::Done;

/// Runs the responses of the software authenticator against rp-core and prints tables of supported features.
#[derive(clap::Args)]
pub(crate) struct Support {
    /// Write the tables into a page, between `<!-- support -->` and `<!-- /support -->`.
    #[arg(long, value_name = "PAGE")]
    write: Option<PathBuf>,
    /// Fail if the tables in a page differ from those of this run.
    #[arg(long, value_name = "PAGE", conflicts_with = "write")]
    check: Option<PathBuf>,
}

impl Support {
    /// Returns whether the page, if there is one, has the tables of this run.
    pub(crate) fn execute(&self) -> Done {
        let Some(path) = self.write.as_deref().or(self.check.as_deref()) else {
            print!("{}", support::Support::of_rp_core()?);
            return Ok(true);
        };
        let name = path.display();
        let page = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        let renewed =
            |tables: &str| support::renewed(&page, tables).map_err(|error| format!("{name}: {error}"));
        // A page without the markers is an error before the run, which takes a while.
        renewed("")?;
        let renewed = renewed(&support::Support::of_rp_core()?.to_string())?;
        let is_current = page == renewed;
        if self.write.is_some() {
            std::fs::write(path, renewed)?;
        } else if !is_current {
            eprintln!(
                "{name}: the tables are out of date; update them with `conformance support --write {name}`"
            );
        }
        Ok(self.write.is_some() || is_current)
    }
}
