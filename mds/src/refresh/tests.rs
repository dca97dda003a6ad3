use rp_core::trust::roots::GLOBALSIGN_R3;

use super::*;
use crate::refresh::source::StaticSource;
use crate::roots::Roots;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

#[test]
fn the_debug_output_names_sources_and_cache() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path()).unwrap();
    let cached = format!("{cache:?}");
    let source = StaticSource::new("own", "/etc/rp/models.json");
    let listed = format!("[{:?}]", Source::from(source.clone()));
    let builder = Refresher::builder().source(source).cache(cache);
    assert_eq!(format!("{builder:?}"), format!("RefresherBuilder {{ sources: {listed}, .. }}"));
    let refresher = builder.build().unwrap();
    assert_eq!(
        format!("{refresher:?}"),
        format!("Refresher {{ sources: {listed}, cache: Some({cached}), .. }}")
    );
}
/// How a request begins if the cache has a file that is not a BLOB, and the events.
fn begin_with_a_damaged_cache(is_locked: bool) -> (Vec<Begin>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let cache = || Cache::open(directory.path()).unwrap();
    cache().store_blob("fido", b"damaged", |_| {}).unwrap();
    let lock = is_locked.then(|| cache().try_lock().unwrap().unwrap());
    let roots = Roots::from_certificates(GLOBALSIGN_R3.der()).unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let refresher = Refresher::builder()
        .source(RemoteSource::new("fido", "https://mds.example.org/", roots))
        .cache(cache())
        .events(move |event| sink.lock().unwrap().push(format!("{event:?}")))
        .build()
        .unwrap();
    let begin = || refresher.0.begin(&refresher.0.slots[0], NOW, false);
    let begun = vec![begin(), begin()];
    drop(lock);
    let events = events.lock().unwrap().clone();
    (begun, events)
}

#[test]
fn a_damaged_cache_is_reported_once() {
    let (begun, events) = begin_with_a_damaged_cache(false);
    assert!(matches!(begun[0], Begin::Request { is_new: false, .. }), "another list is downloaded");
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("Failed {") && events[0].contains("not a compact JWS"), "{events:?}");
}

#[test]
fn a_damaged_cache_is_the_outcome_while_it_is_locked() {
    // The caller emits the outcome as an event.
    let (begun, events) = begin_with_a_damaged_cache(true);
    assert!(matches!(begun[0], Begin::Done(Outcome::Failed(RefreshError::Blob(_)))));
    assert!(matches!(begun[1], Begin::Done(Outcome::Busy)), "the file is ignored from then on");
    assert_eq!(events, [""; 0]);
}
