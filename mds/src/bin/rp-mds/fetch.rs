//! `rp-mds fetch`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use rp_core::Timestamp;
use rp_mds::{ALLIANCE_URL, Cache, Date, Event, Outcome, Refresher, RevocationMode, SourceConfig};

use super::Done;
use super::input::{RootFiles, SOURCE, cache_directory};
use super::style::{Tone, paint, print, printable};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where it is kept.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// A mirror, in place of the Alliance's own address; the signer must be the Alliance's all the same.
    #[arg(long, value_name = "URL", default_value = ALLIANCE_URL)]
    url: String,
    #[command(flatten)]
    roots: RootFiles,
    /// Fetch although it is not due; an address that wants to be left alone is left alone.
    #[arg(long)]
    force: bool,
    /// Refuse a signer of which it cannot be learnt that it is not revoked.
    #[arg(long)]
    require_crls: bool,
    /// Take an address without TLS.
    #[arg(long)]
    plain_http: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let directory = cache_directory(arguments.cache.as_deref())?;
    let roots = arguments.roots.read()?;
    let mode = if arguments.require_crls { RevocationMode::Hard } else { RevocationMode::Soft };
    let mut source = if arguments.url == ALLIANCE_URL {
        SourceConfig::alliance(roots)
    } else {
        SourceConfig::remote(SOURCE, &arguments.url, roots)
    };
    source = match arguments.roots.signer_domain() {
        Some(domain) => source.signer_domain(domain),
        None => source.any_signer_domain(),
    };
    source = source.revocation(mode);
    if arguments.plain_http {
        source = source.allow_plain_http();
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&told);
    let refresher = Refresher::builder()
        .source(source)
        .cache(Cache::open(&directory)?)
        .events(move |event| events.lock().unwrap_or_else(PoisonError::into_inner).extend(words(event)))
        .build()?;
    refresher.start();
    // What was in the cache is told only where nothing comes.
    told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let progress = ProgressBar::new_spinner();
    progress.set_message(arguments.url.clone());
    progress.enable_steady_tick(Duration::from_millis(120));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcomes = runtime.block_on(refresher.refresh(Timestamp::now(), arguments.force));
    progress.finish_and_clear();
    let told = told.lock().unwrap_or_else(PoisonError::into_inner);
    for line in told.iter() {
        eprintln!("{}", printable(line));
    }
    let is_asked = !outcomes.iter().any(|outcome| matches!(outcome, Outcome::NotDue { .. }));
    let (mut is_there, mut is_busy) = (true, false);
    for outcome in outcomes {
        let words = match outcome {
            Outcome::Updated => "another list is held".into(),
            Outcome::NotModified => "nothing new".into(),
            Outcome::NotDue { next } => format!("not due before {}; --force asks now", time(next)),
            Outcome::Busy => {
                // Its end tells whether there is a list.
                is_busy = true;
                "another process is fetching".into()
            }
            _ => {
                is_there = false;
                continue;
            }
        };
        print(&format!("{words}\n"));
    }
    for health in refresher.health(Timestamp::now()) {
        // Where nobody was asked, the answer is that of the last attempt.
        if let Some(error) = health.last_error.filter(|_| !is_asked) {
            eprintln!("the last attempt failed: {}", printable(&error));
        }
        let no = health.no.map_or("none".into(), |no| no.to_string());
        let next = health.next_update.map_or("not told".into(), |next| next.to_string());
        let text = format!("held: no. {no}, {} entries, next update {next}", health.entries);
        print(&paint(if health.held { Tone::Plain } else { Tone::Bad }, text));
        print("\n");
        is_there &= health.held || is_busy;
    }
    Ok(is_there.into())
}

/// What of an event is told; an outcome tells the rest.
fn words(event: &Event) -> Option<String> {
    match event {
        Event::Failed { error, next, .. } => {
            let next = next.map(|next| format!("; due again at {}", time(next))).unwrap_or_default();
            Some(format!("not refreshed: {error}{next}"))
        }
        Event::RevocationUnknown { error, .. } => {
            Some(format!("whether the signer is revoked is not known: {error}"))
        }
        Event::NotCached { error, .. } => Some(format!("not cached: {error}")),
        Event::Overdue { freshness, .. } => Some(format!("overdue: {freshness:?}")),
        Event::Updated { rejected, .. } if !rejected.is_empty() => {
            let lines: Vec<_> = rejected.iter().map(|one| format!("left out: {one}")).collect();
            Some(lines.join("; "))
        }
        _ => None,
    }
}

fn time(at: Timestamp) -> String {
    let of_day = at.as_unix_seconds().rem_euclid(86_400);
    let (hour, minute) = (of_day.div_euclid(3_600), of_day.rem_euclid(3_600).div_euclid(60));
    format!("{} {hour:02}:{minute:02} UTC", Date::from(at))
}
