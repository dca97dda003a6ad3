use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use rp_conformance::load::{self, Report, Settings, Site, measure, steps};

use super::{Done, progress_bar};

/// Measures sign-ins per second at the example sites, next to an empty handler of the same framework, and their memory.
///
/// Fails if the service's own share of a sign-in exceeds 30 µs, or if memory grows with the number of ceremonies. Rows with
/// PostgreSQL and Redis need their URLs.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// The example site of rp-axum: the program `passkeys`.
    #[arg(long, value_name = "FILE", required_unless_present = "actix")]
    axum: Option<PathBuf>,
    /// The example site of rp-actix: the program `passkeys-actix`.
    #[arg(long, value_name = "FILE")]
    actix: Option<PathBuf>,
    /// The URL of a PostgreSQL server; the tables of the site are created in it.
    #[arg(long, env = "RP_POSTGRES", value_name = "URL")]
    postgres: Option<String>,
    /// The URL of a Redis server.
    #[arg(long, env = "RP_REDIS", value_name = "URL")]
    redis: Option<String>,
    /// The number of rounds; results are their medians.
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    rounds: usize,
    /// The number of sign-ins of each server in a round.
    #[arg(long, default_value_t = 2_000, value_name = "NUMBER")]
    sign_ins: usize,
    /// The number of connections.
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    connections: usize,
    /// The number of ceremonies for which memory must stay flat.
    #[arg(long, default_value_t = 100_000, value_name = "NUMBER")]
    ceremonies: usize,
}

impl Load {
    pub(crate) fn execute(self) -> Done {
        if self.postgres.is_none() || self.redis.is_none() {
            eprintln!("conformance load: some rows are missing, --postgres or --redis is not set");
        }
        let site = |framework, program: Option<PathBuf>| program.map(|program| Site { framework, program });
        let sites = [site(load::Framework::Axum, self.axum), site(load::Framework::Actix, self.actix)];
        let settings = Settings {
            sites: sites.into_iter().flatten().collect(),
            postgres: self.postgres,
            redis: self.redis,
            rounds: self.rounds,
            sign_ins: self.sign_ins,
            connections: self.connections,
            ceremonies: self.ceremonies,
        };
        let bar = progress_bar(steps(&settings));
        let progress = bar.clone();
        let report = measure(settings, &(Arc::new(move |steps| progress.inc(steps)) as _))
            .map_err(|error| error.to_string())?;
        bar.finish_and_clear();
        print!("{report}");
        Ok(report.own_share() <= Report::OWN_SHARE && report.is_flat())
    }
}

/// An empty handler of a framework, for `load`.
#[derive(clap::Args)]
pub(crate) struct EmptyHandler {
    framework: Framework,
}

#[derive(Clone, Copy, ValueEnum)]
enum Framework {
    Axum,
    Actix,
}

impl EmptyHandler {
    pub(crate) fn execute(&self) -> Done {
        load::serve_empty_handler(match self.framework {
            Framework::Axum => load::Framework::Axum,
            Framework::Actix => load::Framework::Actix,
        })?;
        Ok(true)
    }
}
