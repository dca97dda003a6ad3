//! Metadata kept up to date as a service does it, told on standard output.
//!
//! `cargo run -p rp-mds --example keep_up -- CACHE [OWN-ENTRIES]` refreshes for ten seconds, and shows what is held then.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rp_core::Timestamp;
use rp_mds::{
    Cache, Event, MetadataTrust, ModelId, Names, Policy, Refresher, Retention, Roots, SourceConfig,
};

// ANCHOR: refresher
fn refresher(cache: PathBuf, own: Option<PathBuf>) -> Result<Arc<Refresher>, Box<dyn Error>> {
    let mut builder = Refresher::builder();
    // What the operator says of a model goes before what the Alliance says.
    if let Some(own) = own {
        builder = builder.source(SourceConfig::own("own", own));
    }
    let refresher = builder
        .source(SourceConfig::alliance(Roots::of_the_system()?).retention(Retention::LEAN))
        .cache(Cache::open(cache)?)
        .events(|event| {
            event.trace();
            if let Event::ModelsChanged { changes, .. } = event {
                changes.iter().for_each(|change| println!("judged otherwise: {}", change.after));
            }
        })
        .build()?;
    // From the cache and files; the network is not asked, and nothing here waits for it.
    refresher.start();
    Ok(Arc::new(refresher))
}
// ANCHOR_END: refresher

// ANCHOR: trust
fn trust(refresher: &Refresher, policy: &str) -> Result<MetadataTrust, serde_json::Error> {
    Ok(MetadataTrust::new(refresher.catalog(), serde_json::from_str::<Policy>(policy)?))
}
// ANCHOR_END: trust

// ANCHOR: names
/// The name to show beside a passkey: metadata's, or else that of the community's list.
fn shown(trust: &MetadataTrust, names: &Names, aaguid: rp_core::Aaguid, language: &str) -> Option<String> {
    names.show(&trust.catalog().load(), aaguid)?.name(language).map(str::to_owned)
}
// ANCHOR_END: names

// ANCHOR: run
fn keep_up(refresher: &Arc<Refresher>) -> tokio::task::JoinHandle<()> {
    let refresher = Arc::clone(refresher);
    tokio::spawn(async move { refresher.run().await })
}
// ANCHOR_END: run

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let cache = arguments.next().ok_or("usage: keep_up CACHE [OWN-ENTRIES]")?;
    let refresher = refresher(cache, arguments.next())?;
    let trust = trust(&refresher, include_str!("policy.json"))?;
    let task = keep_up(&refresher);
    tokio::time::sleep(Duration::from_secs(10)).await;
    for health in refresher.health(Timestamp::now()) {
        println!("{}", serde_json::to_string_pretty(&health)?);
    }
    for model in trust.catalog().load().models() {
        if let ModelId::Aaguid(aaguid) = model {
            println!("{aaguid}  {}", shown(&trust, &Names::default(), aaguid, "en").unwrap_or_default());
        }
    }
    task.abort();
    Ok(())
}
