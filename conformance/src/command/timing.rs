use rp_conformance::timing::{Cell, measure};

use super::{Done, progress_bar};

/// Measures whether the time of a response reveals that a username exists. Fails if an AUC is not between 0.45 and 0.55.
#[derive(clap::Args)]
pub(crate) struct Timing {
    /// The number of requests per cell.
    #[arg(long, default_value_t = 5_000)]
    requests: usize,
}

impl Timing {
    pub(crate) fn execute(&self) -> Done {
        let cells = Cell::all();
        let progress = progress_bar(self.requests.saturating_mul(cells.len()));
        println!("| cell | requests | AUC, known and unknown | control | median, known | median, unknown |");
        println!("|---|--:|--:|--:|--:|--:|");
        let mut is_even = true;
        for cell in cells {
            progress.set_message(cell.to_string());
            let result = measure(cell, self.requests, || progress.inc(1))?;
            is_even &= result.is_even();
            progress.suspend(|| {
                println!(
                    "| {cell} | {} | {:.3} | {:.3} | {:.2} ms | {:.2} ms |",
                    result.requests,
                    result.auc,
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
