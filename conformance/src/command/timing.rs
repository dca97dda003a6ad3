use rp_conformance::timing::{Cell, Storage, measure};

use super::{Done, progress_bar};

/// Measures whether the time of a response reveals that a username exists. Fails if an AUC is not between 0.45 and 0.55.
#[derive(clap::Args)]
pub(crate) struct Timing {
    /// The number of requests per cell.
    #[arg(long, default_value_t = 5_000)]
    requests: usize,
    /// The URL of a PostgreSQL server, in which schemas are created and dropped. Without it, its cells are missing.
    #[arg(long, env = "RP_POSTGRES", value_name = "URL")]
    postgres: Option<String>,
    /// The stores to measure; all of them by default.
    #[arg(long, value_enum, value_name = "STORE")]
    store: Vec<Store>,
}

/// The store of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Store {
    Memory,
    Sqlite,
    Postgres,
}

impl From<Store> for Storage {
    fn from(store: Store) -> Self {
        match store {
            Store::Memory => Self::Memory,
            Store::Sqlite => Self::Sqlite,
            Store::Postgres => Self::Postgres,
        }
    }
}

impl Timing {
    fn storages(&self) -> Vec<Storage> {
        if !self.store.is_empty() {
            return self.store.iter().copied().map(Storage::from).collect();
        }
        let mut storages = vec![Storage::Memory, Storage::Sqlite];
        if self.postgres.is_some() {
            storages.push(Storage::Postgres);
        } else {
            eprintln!("conformance timing: the cells of PostgreSQL are missing, --postgres is not set");
        }
        storages
    }

    pub(crate) fn execute(&self) -> Done {
        let cells = Cell::of(&self.storages());
        let progress = progress_bar(self.requests.saturating_mul(cells.len()));
        println!(
            "| cell | requests | AUC, known and unknown | standard error | control | median, known | median, unknown |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|");
        let mut is_even = true;
        for cell in cells {
            progress.set_message(cell.to_string());
            let result = measure(cell, self.requests, self.postgres.as_deref(), || progress.inc(1))?;
            is_even &= result.is_even();
            progress.suspend(|| {
                println!(
                    "| {cell} | {} | {:.3} | {:.3} | {:.3} | {:.2} ms | {:.2} ms |",
                    result.requests,
                    result.auc,
                    result.standard_error,
                    result.control,
                    result.known.as_secs_f64() * 1_000.0,
                    result.unknown.as_secs_f64() * 1_000.0,
                );
            });
        }
        progress.finish_and_clear();
        Ok(is_even)
    }
}
