//! Metadata kept up to date as in a service, with output.
//!
//! `cargo run -p rp-mds --example keep_up -- CACHE [OWN-ENTRIES]` refreshes for ten seconds, then prints the result.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rp_core::Timestamp;
use rp_mds::{
    Cache, Event, MetadataTrust, ModelId, Names, Policy, Refresher, RemoteSource, Retention, Roots,
    StaticSource,
};

// ANCHOR: refresher
fn refresher(cache: PathBuf, own: Option<PathBuf>) -> Result<Arc<Refresher>, Box<dyn Error>> {
    let mut builder = Refresher::builder();
    // The operator's own entries take precedence over the FIDO Alliance's.
    if let Some(own) = own {
        builder = builder.source(StaticSource::new("own", own));
    }
    let refresher = builder
        .source(RemoteSource::alliance(Roots::system()?).retention(Retention::LEAN))
        .cache(Cache::open(cache)?)
        .events(|event| {
            event.trace();
            if let Event::ModelsChanged { changes, .. } = event {
                changes.iter().for_each(|change| println!("verdict changed: {}", change.after));
            }
        })
        .build()?;
    // Reads the cache and files, not the network.
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
/// The name to show for a passkey: that of metadata, else that of the community's list, else a neutral word.
fn shown(trust: &MetadataTrust, names: &Names, aaguid: rp_core::Aaguid, language: &str) -> String {
    let shown = names.show(&trust.catalog().load(), aaguid).unwrap_or_default();
    shown.name(language).unwrap_or("Passkey").to_owned()
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
            println!("{aaguid}  {}", shown(&trust, &Names::default(), aaguid, "en"));
        }
    }
    task.abort();
    Ok(())
}
