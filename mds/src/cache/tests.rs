use std::time::{Duration, SystemTime};

use rp_core::Timestamp;

use super::*;

/// A directory of its own for a test, gone when the test is over.
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

#[test]
fn what_is_kept_is_there_after_a_restart_and_the_one_before_is_gone() {
    let directory = Directory::new("kept");
    let cache = Cache::open(&directory.0).unwrap();
    assert!(cache.load("fido").unwrap().is_empty());
    let mut state = State { no: Some(1), verified_at: Some(NOW), ..State::default() };
    cache.store_blob("fido", b"first", &mut state).unwrap();
    cache.store_blob("fido", b"second", &mut state).unwrap();

    let again = Cache::open(&directory.0).unwrap();
    assert_eq!(again.state("fido").unwrap(), state);
    let cached = again.load("fido").unwrap();
    assert_eq!(cached.len(), 1);
    assert_eq!((cached[0].blob.as_slice(), cached[0].verified_at), (&b"second"[..], Some(NOW)));
    assert_eq!(directory.files().len(), 2, "{:?}", directory.files());
}

#[test]
fn a_write_that_was_interrupted_loses_nothing() {
    let directory = Directory::new("interrupted");
    let cache = Cache::open(&directory.0).unwrap();
    let mut state = State { verified_at: Some(NOW), ..State::default() };
    cache.store_blob("fido", b"first", &mut state).unwrap();
    // Between the new BLOB and the state that names it.
    fs::write(directory.0.join("fido.0123456789abcdef.jwt"), b"second").unwrap();
    // Within a write of the state.
    fs::write(directory.0.join("fido.0123456789abcdef.new"), b"{\"no\":").unwrap();
    let cached = cache.load("fido").unwrap();
    assert_eq!((cached[0].blob.as_slice(), cached[0].verified_at), (&b"first"[..], Some(NOW)));
    assert_eq!((cached[1].blob.as_slice(), cached[1].verified_at), (&b"second"[..], None));
}

#[test]
fn a_state_that_cannot_be_read_is_none_and_the_blob_is_still_there() {
    let directory = Directory::new("state");
    let cache = Cache::open(&directory.0).unwrap();
    let mut state = State { no: Some(7), verified_at: Some(NOW), ..State::default() };
    cache.store_blob("fido", b"blob", &mut state).unwrap();
    fs::write(directory.0.join("fido.json"), b"{\"no\": 7, \"sha").unwrap();
    assert_eq!(cache.state("fido").unwrap(), State::default());
    let cached = cache.load("fido").unwrap();
    assert_eq!((cached[0].blob.as_slice(), cached[0].verified_at), (&b"blob"[..], None));
}

#[test]
fn a_write_that_fails_leaves_what_was_there() {
    let directory = Directory::new("fails");
    let cache = Cache::open(&directory.0).unwrap();
    let mut state = State { no: Some(1), ..State::default() };
    cache.store_blob("fido", b"first", &mut state).unwrap();
    let before = state.clone();
    // The new state can take no place: a directory stands there, and cannot be replaced by a file.
    fs::remove_file(directory.0.join("fido.json")).unwrap();
    fs::create_dir_all(directory.0.join("fido.json/in the way")).unwrap();
    let error = cache.store_blob("fido", b"second", &mut state).unwrap_err();
    assert!(matches!(error, CacheError::Io { .. }), "{error}");
    assert_eq!(state, before);
    let kept = cache.blobs("fido").unwrap();
    assert!(kept.iter().any(|path| fs::read(path).unwrap() == b"first"));
    assert!(directory.files().iter().all(|name| !name.ends_with(".new")));
}

#[test]
fn what_an_interrupted_write_left_is_removed() {
    let directory = Directory::new("left");
    let cache = Cache::open(&directory.0).unwrap();
    cache.store_blob("fido", b"blob", &mut State::default()).unwrap();
    let kept = directory.files();
    let hours_ago = |hours: u64| SystemTime::now() - Duration::from_secs(hours * 3_600);
    for (name, at) in
        [("fido.a.new", hours_ago(2)), ("fido.b.new", hours_ago(0)), ("other.txt", hours_ago(2))]
    {
        let file = File::create(directory.0.join(name)).unwrap();
        file.set_modified(at).unwrap();
    }
    drop(cache.try_lock().unwrap().unwrap());
    let expected: Vec<_> =
        kept.into_iter().chain(["fido.b.new", "lock", "other.txt"].map(String::from)).collect();
    let mut expected = expected;
    expected.sort();
    assert_eq!(directory.files(), expected, "what may be a write of this moment stays");
}

#[test]
fn a_write_follows_no_link() {
    let directory = Directory::new("link");
    let cache = Cache::open(&directory.0).unwrap();
    let elsewhere = directory.0.join("elsewhere");
    fs::write(&elsewhere, b"before").unwrap();
    std::os::unix::fs::symlink(&elsewhere, directory.0.join("fido.json")).unwrap();
    cache.store_state("fido", &State { no: Some(1), ..State::default() }).unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"before");
    assert_eq!(cache.state("fido").unwrap().no, Some(1));
}

#[test]
fn one_has_the_lock_at_a_time() {
    let directory = Directory::new("lock");
    let (one, other) = (Cache::open(&directory.0).unwrap(), Cache::open(&directory.0).unwrap());
    let lock = one.try_lock().unwrap();
    assert!(lock.is_some() && other.try_lock().unwrap().is_none());
    drop(lock);
    assert!(other.try_lock().unwrap().is_some());
}

#[test]
fn sources_have_names_that_make_file_names() {
    let directory = Directory::new("names");
    let cache = Cache::open(&directory.0).unwrap();
    for wrong in ["", "../fido", "FIDO", "a b", "fido.jwt"] {
        assert!(matches!(cache.state(wrong), Err(CacheError::Name { .. })), "{wrong:?}");
    }
    // One source's files are not another's.
    cache.store_blob("fido", b"one", &mut State::default()).unwrap();
    cache.store_blob("fido-mirror", b"other", &mut State::default()).unwrap();
    assert_eq!(cache.load("fido").unwrap().len(), 1);
}

#[test]
fn revocation_lists_are_kept_by_address() {
    let directory = Directory::new("crl");
    let cache = Cache::open(&directory.0).unwrap();
    cache.store_crl("http://crl.example.org/a", b"list").unwrap();
    assert_eq!(cache.crl("http://crl.example.org/a").as_deref(), Some(&b"list"[..]));
    assert_eq!(cache.crl("http://crl.example.org/b"), None);
}
