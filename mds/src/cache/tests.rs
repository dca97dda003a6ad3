use std::time::SystemTime;

use rp_core::Timestamp;

use super::*;

/// A temporary directory for one test.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rp-mds-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn blob_record(blob: &[u8]) -> BlobRecord {
    BlobRecord {
        sha256: hash(blob),
        verified_at: NOW,
        confirmed_at: NOW,
        known_not_revoked: false,
        etag: None,
    }
}

fn store(cache: &Cache, blob: &[u8]) -> Result<SourceRecord, CacheError> {
    cache.store_blob("fido", blob, |record| record.blob = Some(blob_record(blob)))
}

#[test]
fn a_stored_blob_is_there_after_a_restart() {
    let directory = Directory::new("kept");
    let cache = Cache::open(&directory.0).unwrap();
    assert!(cache.load("fido").unwrap().is_empty());
    store(&cache, b"first").unwrap();
    let record = store(&cache, b"second").unwrap();

    let again = Cache::open(&directory.0).unwrap();
    assert_eq!(again.record("fido").unwrap(), record);
    let cached = again.load("fido").unwrap();
    assert_eq!(cached.len(), 1, "the previous one is removed");
    assert_eq!((cached[0].bytes.as_slice(), &cached[0].record), (&b"second"[..], &record.blob));
    assert_eq!(directory.files().len(), 3, "{:?}", directory.files());
}

#[test]
fn an_interrupted_write_loses_nothing() {
    let directory = Directory::new("interrupted");
    let cache = Cache::open(&directory.0).unwrap();
    store(&cache, b"first").unwrap();
    // Between the new BLOB and the record that names it.
    fs::write(directory.0.join("fido.0123456789abcdef.jwt"), b"second").unwrap();
    // While the record is written.
    fs::write(directory.0.join("fido.0123456789abcdef.new"), b"{\"no\":").unwrap();
    let cached = cache.load("fido").unwrap();
    assert_eq!((cached[0].bytes.as_slice(), cached[0].record.is_some()), (&b"first"[..], true));
    assert_eq!((cached[1].bytes.as_slice(), cached[1].record.is_some()), (&b"second"[..], false));
}

#[test]
fn an_unreadable_record_is_empty_and_the_blob_remains() {
    let directory = Directory::new("record");
    let cache = Cache::open(&directory.0).unwrap();
    store(&cache, b"blob").unwrap();
    fs::write(directory.0.join("fido.json"), b"{\"no\": 7, \"blob").unwrap();
    assert_eq!(cache.record("fido").unwrap(), SourceRecord::default());
    let cached = cache.load("fido").unwrap();
    assert_eq!((cached[0].bytes.as_slice(), &cached[0].record), (&b"blob"[..], &None));
}

#[test]
fn a_failed_write_leaves_the_previous_content() {
    let directory = Directory::new("fails");
    let cache = Cache::open(&directory.0).unwrap();
    store(&cache, b"first").unwrap();
    // A directory in place of the record cannot be replaced by a file.
    fs::remove_file(directory.0.join("fido.json")).unwrap();
    fs::create_dir_all(directory.0.join("fido.json/in the way")).unwrap();
    let error = store(&cache, b"second").unwrap_err();
    assert!(matches!(error, CacheError::Io { .. }), "{error}");
    let kept = cache.blobs("fido").unwrap();
    assert!(kept.iter().any(|path| fs::read(path).unwrap() == b"first"));
    assert!(directory.files().iter().all(|name| !name.ends_with(".new")));
}

#[test]
fn old_temporary_files_are_removed() {
    let directory = Directory::new("left");
    let cache = Cache::open(&directory.0).unwrap();
    store(&cache, b"blob").unwrap();
    let mut expected = directory.files();
    let now = SystemTime::now();
    for (name, minutes) in [("fido.a.new", 61), ("fido.b.new", 30), ("fido.c.new", 0), ("other.txt", 61)] {
        let file = File::create(directory.0.join(name)).unwrap();
        file.set_modified(now - Duration::from_secs(minutes * 60)).unwrap();
    }
    drop(cache.try_lock().unwrap().unwrap());
    expected.extend(["fido.b.new", "fido.c.new", "lock", "other.txt"].map(String::from));
    expected.sort();
    assert_eq!(directory.files(), expected, "a slow disk takes minutes, and not an hour");
}

#[cfg(unix)]
#[test]
fn a_write_does_not_follow_a_link() {
    let directory = Directory::new("link");
    let cache = Cache::open(&directory.0).unwrap();
    let elsewhere = directory.0.join("elsewhere");
    fs::write(&elsewhere, b"before").unwrap();
    std::os::unix::fs::symlink(&elsewhere, directory.0.join("fido.json")).unwrap();
    cache.update("fido", |record| record.verified(Some(1), NOW)).unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"before");
    assert_eq!(cache.record("fido").unwrap().no, Some(1));
}

#[test]
fn the_serial_number_never_decreases() {
    let directory = Directory::new("number");
    let cache = Cache::open(&directory.0).unwrap();
    let later = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + 60);
    cache.update("fido", |record| record.verified(Some(7), NOW)).unwrap();
    // Another process that read the record before.
    cache.update("fido", |record| *record = SourceRecord { no: Some(6), ..SourceRecord::default() }).unwrap();
    cache.update("fido", |record| record.verified(Some(7), later)).unwrap();
    let record = cache.record("fido").unwrap();
    assert_eq!((record.no, record.no_since), (Some(7), Some(NOW)));
    cache.update("fido", |record| record.verified(Some(8), later)).unwrap();
    assert_eq!(cache.record("fido").unwrap().no_since, Some(later));
}

#[test]
fn the_first_time_of_a_serial_number_can_be_corrected() {
    let directory = Directory::new("since");
    let cache = Cache::open(&directory.0).unwrap();
    let earlier = Timestamp::from_unix_seconds(NOW.as_unix_seconds() - 60);
    cache.update("fido", |record| record.verified(Some(7), NOW)).unwrap();
    // Only with a lower number is it restored.
    cache.update("fido", |record| record.no_since = Some(earlier)).unwrap();
    assert_eq!(cache.record("fido").unwrap().no_since, Some(earlier));
    let undone = cache.update("fido", |record| (record.no, record.no_since) = (Some(6), Some(NOW))).unwrap();
    assert_eq!((undone.no, undone.no_since), (Some(7), Some(earlier)));
}

#[test]
fn records_merge_by_serial_number_and_by_attempt() {
    let at = |second: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + second);
    // The attempt decides about everything but the serial number and the BLOB.
    let record = |no: u64, attempt: i64, name: &str| SourceRecord {
        no: Some(no),
        no_since: Some(at(no.try_into().unwrap())),
        blob: Some(blob_record(name.as_bytes())),
        last_attempt: Some(at(attempt)),
        last_success: Some(at(attempt)),
        failures: attempt.try_into().unwrap(),
        not_before: Some(at(attempt + 1)),
        last_error: Some(name.to_owned()),
    };
    for (cached, ours, no, latest) in [
        ((7, 20), (6, 30), 7, "ours"),
        ((6, 20), (7, 30), 7, "ours"),
        ((7, 30), (6, 20), 7, "cached"),
        ((6, 30), (7, 20), 7, "cached"),
        ((7, 20), (7, 20), 7, "cached"),
    ] {
        let merged = record(cached.0, cached.1, "cached").merged(&record(ours.0, ours.1, "ours"));
        let attempt = cached.1.max(ours.1);
        let expected = SourceRecord { blob: Some(blob_record(b"cached")), ..record(no, attempt, latest) };
        assert_eq!(merged, expected, "{cached:?} {ours:?}");
    }
    let (unknown, empty) = (SourceRecord::default(), SourceRecord::default());
    let ours = record(7, 20, "ours");
    assert_eq!(unknown.merged(&ours), SourceRecord { blob: None, ..ours.clone() }, "the file is the cache's");
    assert_eq!(ours.clone().merged(&empty), ours);
    // Both have verified the serial number: the time of the cache counts.
    let other_time = SourceRecord { no_since: Some(at(1_000)), ..record(7, 30, "ours") };
    assert_eq!(record(7, 20, "cached").merged(&other_time).no_since, Some(at(7)));
}

#[test]
fn changes_of_two_threads_are_both_kept() {
    let directory = Directory::new("threads");
    let cache = Cache::open(&directory.0).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    cache.update("fido", |record| record.failures += 1).unwrap();
                }
            });
        }
    });
    assert_eq!(cache.record("fido").unwrap().failures, 40);
}

#[test]
fn only_one_process_has_the_lock() {
    let directory = Directory::new("lock");
    let (one, other) = (Cache::open(&directory.0).unwrap(), Cache::open(&directory.0).unwrap());
    let lock = one.try_lock().unwrap();
    assert!(lock.is_some() && other.try_lock().unwrap().is_none());
    drop(lock);
    assert!(other.try_lock().unwrap().is_some());
}

#[test]
fn names_of_sources_are_plain() {
    let directory = Directory::new("names");
    let cache = Cache::open(&directory.0).unwrap();
    for wrong in ["", "../fido", "FIDO", "a b", "fido.jwt"] {
        assert!(matches!(cache.record(wrong), Err(CacheError::Name { .. })), "{wrong:?}");
    }
    // The files of one source are not those of another.
    cache.store_blob("fido", b"one", |_| {}).unwrap();
    cache.store_blob("fido-mirror", b"other", |_| {}).unwrap();
    assert_eq!(cache.load("fido").unwrap().len(), 1);
}

#[test]
fn crls_are_stored_by_address() {
    let directory = Directory::new("crl");
    let cache = Cache::open(&directory.0).unwrap();
    cache.store_crl("http://crl.example.org/a", b"list").unwrap();
    assert_eq!(cache.crl("http://crl.example.org/a").as_deref(), Some(&b"list"[..]));
    assert_eq!(cache.crl("http://crl.example.org/b"), None);
}
