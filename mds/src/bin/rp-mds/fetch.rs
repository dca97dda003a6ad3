//! `rp-mds fetch`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use rp_core::Timestamp;
use rp_mds::{
    ALLIANCE_URL, Cache, Date, Event, Outcome, Refresher, RemoteSource, RevocationMode, SignerHost,
};

use super::input::{RootFiles, SOURCE, cache_directory};
use super::output::{CommandResult, Tone, paint, print, printable};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The cache directory.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The URL of a mirror. Its signer must be the FIDO Alliance's, unless --signer-host names another.
    #[arg(long, value_name = "URL", default_value = ALLIANCE_URL)]
    url: String,
    #[command(flatten)]
    roots: RootFiles,
    /// Download even if the source is not due, unless the server asked to wait (Retry-After).
    #[arg(long)]
    force: bool,
    /// Reject a signer whose revocation status is unknown.
    #[arg(long)]
    require_crls: bool,
    /// Allow a URL without TLS.
    #[arg(long)]
    plain_http: bool,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let directory = cache_directory(arguments.cache.as_deref())?;
    let roots = arguments.roots.read()?;
    let mode = if arguments.require_crls { RevocationMode::Hard } else { RevocationMode::Soft };
    let mut source = if arguments.url == ALLIANCE_URL {
        RemoteSource::alliance(roots)
    } else {
        RemoteSource::new(SOURCE, &arguments.url, roots)
    };
    source = match arguments.roots.signer_host() {
        SignerHost::Is(host) => source.signer_host(host),
        SignerHost::Any => source.any_signer_host(),
    };
    source = source.revocation(mode);
    if arguments.plain_http {
        source = source.allow_plain_http();
    }
    let messages = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&messages);
    let refresher = Refresher::builder()
        .source(source)
        .cache(Cache::open(&directory)?)
        .events(move |event| events.lock().unwrap_or_else(PoisonError::into_inner).extend(message(event)))
        .build()?;
    refresher.start();
    // Events of the cache are not printed.
    messages.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let progress = ProgressBar::new_spinner();
    progress.set_message(arguments.url.clone());
    progress.enable_steady_tick(Duration::from_millis(120));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcomes = runtime.block_on(refresher.refresh(Timestamp::now(), arguments.force));
    progress.finish_and_clear();
    for line in messages.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        eprintln!("{}", printable(line));
    }
    let is_requested = !outcomes.iter().any(|outcome| matches!(outcome, Outcome::NotDue { .. }));
    let (mut is_ok, mut is_busy) = (true, false);
    for outcome in outcomes {
        let message = match outcome {
            Outcome::Updated => "the list was replaced".into(),
            Outcome::NotModified => "nothing new".into(),
            Outcome::NotDue { next } => format!("not due before {}; use --force to download now", time(next)),
            Outcome::Busy => {
                is_busy = true;
                "another process is downloading".into()
            }
            _ => {
                is_ok = false;
                continue;
            }
        };
        print(&format!("{message}\n"));
    }
    for health in refresher.health(Timestamp::now()) {
        // Without a request, the last attempt explains the state.
        if let Some(error) = health.last_error.filter(|_| !is_requested) {
            eprintln!("the last attempt failed: {}", printable(&error));
        }
        let no = health.no.map_or("none".into(), |no| no.to_string());
        let next = health.next_update.map_or("unknown".into(), |next| next.to_string());
        let text = format!("current list: no. {no}, {} entries, next update {next}", health.entries);
        print(&paint(if health.held { Tone::Plain } else { Tone::Bad }, text));
        print("\n");
        is_ok &= health.held || is_busy;
    }
    Ok(is_ok.into())
}

/// The message of an event, unless the outcome contains it.
fn message(event: &Event) -> Option<String> {
    match event {
        Event::Failed { error, next, .. } => {
            let next = next.map(|next| format!("; due again at {}", time(next))).unwrap_or_default();
            Some(format!("not refreshed: {error}{next}"))
        }
        Event::Withdrawn { error, .. } => Some(format!("the current list is no longer used: {error}")),
        Event::RevocationUnknown { error, .. } => {
            Some(format!("revocation status of the signer unknown: {error}"))
        }
        Event::NotCached { error, .. } => Some(format!("not cached: {error}")),
        Event::Overdue { freshness, .. } => Some(format!("overdue: {freshness:?}")),
        Event::Updated { rejected, .. } if !rejected.is_empty() => {
            let lines: Vec<_> = rejected.iter().map(|one| format!("rejected: {one}")).collect();
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
