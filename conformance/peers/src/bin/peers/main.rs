//! The driver of the comparison: `conformance/peers/run` builds the contestants and starts it.

mod child;
mod contestants;
mod make;
mod page;
mod picture;
mod results;
mod size;
mod turns;

use std::fs;
use std::path::{Path, PathBuf};

use rp_peers::Result;

use crate::results::{Results, Run};

const USAGE: &str = "usage: peers measure WORK RESULTS COMMAND KEY…
       peers inputs WORK
       peers size FIGURES RESULTS COMMAND
       peers page RESULTS PAGE PICTURE";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["measure", work, results, command, ref keys @ ..] => {
            measure(Path::new(work), results, command, keys)
        }
        ["inputs", work] => size::write_inputs(&make::inputs()?, Path::new(work)),
        ["size", figures, results, command] => {
            let mut all = Results::read(results)?;
            all.insert(Run { sizes: size::read(figures)?, ..Run::new(command)? });
            all.write(results)
        }
        ["page", results, page, picture] => {
            let results = Results::read(results)?;
            fs::write(picture, picture::svg(results.newest()?))?;
            page::write(&results, page)
        }
        _ => Err(USAGE.into()),
    }
}

/// Makes the inputs, checks that every contestant verifies, measures, and keeps the results.
fn measure(work: &Path, results: &str, command: &str, keys: &[&str]) -> Result<()> {
    let inputs = make::inputs()?;
    let file: PathBuf = work.join("inputs.json");
    fs::write(&file, serde_json::to_vec_pretty(&inputs)?)?;
    let run = turns::run(&inputs, &file, work, command, keys)?;
    println!("{}", page::terminal(&run));
    let mut all = Results::read(results)?;
    all.insert(run);
    all.write(results)
}
