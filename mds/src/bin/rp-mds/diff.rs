//! `rp-mds diff OLD NEW`.

use std::path::PathBuf;

use clap::Args;
use rp_core::Timestamp;
use rp_mds::{Difference, Named};

use super::input::{RootFiles, read_file};
use super::output::{Answer, CommandResult, Tone, of_status, paint, print, print_json, printable};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The older list.
    old: PathBuf,
    /// The newer list.
    new: PathBuf,
    #[command(flatten)]
    roots: RootFiles,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let now = Timestamp::now();
    let old = read_file(&arguments.old, &arguments.roots, now)?;
    let new = read_file(&arguments.new, &arguments.roots, now)?;
    let difference = Difference::between(&old, &new);
    if arguments.json {
        print_json(&difference)?;
        return Ok(Answer::Yes);
    }
    let mut text = String::new();
    let mut line = |tone, sign: &str, named: &Named, more: &str| {
        let what = format!("{sign} {}  {}{more}", named.model, printable(&named.description));
        text.push_str(&paint(tone, what));
        text.push('\n');
    };
    for named in &difference.added {
        line(Tone::Good, "+", named, "");
    }
    for named in &difference.removed {
        line(Tone::Bad, "-", named, "");
    }
    for change in &difference.status {
        let word =
            |status: &Option<rp_mds::Status>| status.as_ref().map_or("none".into(), ToString::to_string);
        let tone = change.after.as_ref().map_or(Tone::Plain, of_status);
        let more = format!(": {} -> {}", word(&change.before), word(&change.after));
        line(tone, "!", &change.model, &more);
    }
    for named in &difference.changed {
        line(Tone::Plain, "~", named, "");
    }
    let Difference { added, removed, status, changed } = &difference;
    text.push_str(&format!(
        "{} new, {} removed, {} with another status, {} changed otherwise\n",
        added.len(),
        removed.len(),
        status.len(),
        changed.len()
    ));
    print(&text);
    Ok(Answer::Yes)
}
