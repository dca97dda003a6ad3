//! The cache across restarts and processes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use rp_core::{Timestamp, crypto};
use rp_mds::{Cache, Outcome, Refresher};

use crate::server::{Body, Reply, Server};
use crate::support::{Directory, NOW, blob, builder, error, later, no, of, once, source, verdict};

#[tokio::test]
async fn a_downloaded_list_is_there_after_a_restart() {
    let directory = Directory::new("restart");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")).with("ETag", "15"));
    let refresher = builder(&server).0.cache(cache()).build().unwrap();
    refresher.start_at(NOW);
    assert_eq!(no(&refresher), None);
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    assert_eq!(no(&refresher), Some(15));
    drop(refresher);

    server.answer(|_| panic!("nobody asks"));
    // The signer expires in half a year; its list stays in use.
    let (builder, told) = builder(&server);
    let refresher = builder.cache(cache()).build().unwrap();
    refresher.start_at(later(24 * 365));
    assert_eq!(no(&refresher), Some(15));
    assert_eq!(told.words()[0], "updated None Some(15) true");
    assert!(told.words()[1].starts_with("overdue TooOld"), "{:?}", told.words());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn one_of_two_downloads_and_the_other_reads_the_cache() {
    let directory = Directory::new("two");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let one = builder(&server).0.cache(cache()).build().unwrap();
    let other = builder(&server).0.cache(cache()).build().unwrap();
    let lock = cache().try_lock().unwrap();
    assert!(matches!(once(&other, NOW).await, Outcome::Busy), "a third process is at it");
    drop(lock);
    assert!(matches!(one.refresh(NOW, false).await[0], Outcome::Updated));
    assert!(matches!(other.refresh(NOW, false).await[0], Outcome::Updated));
    assert_eq!((no(&one), no(&other)), (Some(15), Some(15)));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_full_disk_does_not_affect_the_list_in_memory() {
    let directory = Directory::new("full");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;
    server.answer(|_| Reply::ok(blob(16, "FIDO_CERTIFIED")).with("ETag", "16"));
    let (builder, told) = builder(&server);
    let refresher = builder.cache(cache()).build().unwrap();
    refresher.start_at(NOW);
    // Nothing can be written, as with a full disk.
    let away = directory.path().with_extension("away");
    fs::rename(directory.path(), &away).unwrap();
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
    assert_eq!(no(&refresher), Some(16));
    let not_cached =
        told.words().into_iter().filter(|told| told.starts_with("not cached")).collect::<Vec<_>>();
    assert!(not_cached.iter().all(|told| told.contains("No such file or directory")), "{not_cached:?}");
    assert!(!not_cached.is_empty());
    fs::rename(&away, directory.path()).unwrap();
    // The cache has an older list now. It does not replace the current one, and the current one is not fetched again.
    server.answer(|asked| {
        assert_eq!(asked.header("If-None-Match"), Some("16"));
        Reply::status(304)
    });
    assert!(matches!(once(&refresher, later(30)).await, Outcome::NotModified));
    assert_eq!(no(&refresher), Some(16));
    // The previous list is still there.
    let again = of(source(&server)).0.cache(cache()).build().unwrap();
    again.start_at(NOW);
    assert!(no(&again) >= Some(15));
}

/// Blocks the path of a BLOB, as on a disk that has room only for the state.
fn in_the_way(directory: &Directory, blob: &str) -> PathBuf {
    let sha256: String =
        crypto::sha256(&[blob.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = directory.path().join(format!("fido.{}.jwt", &sha256[..16]));
    fs::create_dir_all(path.join("in the way")).unwrap();
    path
}

#[tokio::test]
async fn a_record_never_describes_a_blob_that_is_not_stored() {
    let directory = Directory::new("mixed");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")).with("ETag", "15"));
    let (builder, told) = builder(&server);
    let refresher = builder.cache(cache()).build().unwrap();
    once(&refresher, NOW).await;
    let before = cache().record("fido").unwrap();
    let blob_record = before.blob.clone().unwrap();
    assert_eq!(
        (before.no, blob_record.etag.as_deref(), blob_record.verified_at),
        (Some(15), Some("15"), NOW)
    );

    let newer = blob(16, "FIDO_CERTIFIED");
    let in_the_way = in_the_way(&directory, &newer);
    let reply = Reply::ok(newer).with("ETag", "16");
    let again = reply.clone();
    server.answer(move |_| reply.clone());
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
    assert_eq!(no(&refresher), Some(16), "what could not be kept is held");
    assert!(told.words().iter().any(|told| told.starts_with("not cached")), "{:?}", told.words());
    assert_eq!(refresher.health(later(1))[0].verified_at, Some(later(1)));
    let record = cache().record("fido").unwrap();
    assert_eq!(record.no, Some(16), "a lower one is rejected");
    assert_eq!(record.last_success, Some(later(1)));
    assert_eq!(record.blob, before.blob, "the older one is in the cache");

    // A service that is started now has the older one, and requests any other one.
    fs::remove_dir_all(in_the_way).unwrap();
    server.answer(move |asked| match asked.header("If-None-Match") {
        Some("16") => Reply::status(304),
        _ => again.clone(),
    });
    let restarted = of(source(&server)).0.cache(cache()).build().unwrap();
    restarted.start_at(later(2));
    assert_eq!(no(&restarted), Some(15));
    assert!(matches!(once(&restarted, later(2)).await, Outcome::Updated));
    assert_eq!(no(&restarted), Some(16));
}

#[tokio::test]
async fn other_processes_soon_request_a_list_that_was_not_stored() {
    let directory = Directory::new("not-stored");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")).with("ETag", "15"));
    let one = builder(&server).0.cache(cache()).build().unwrap();
    let other = builder(&server).0.cache(cache()).build().unwrap();
    once(&one, NOW).await;
    assert!(matches!(other.refresh(NOW, false).await[0], Outcome::Updated));

    let revoked = blob(16, "REVOKED");
    let in_the_way = in_the_way(&directory, &revoked);
    let reply = Reply::ok(revoked).with("ETag", "16");
    server.answer(move |asked| match asked.header("If-None-Match") {
        Some("16") => Reply::status(304),
        _ => reply.clone(),
    });
    let stored = later(25);
    assert!(matches!(one.refresh(stored, false).await[0], Outcome::Updated));
    fs::remove_dir_all(in_the_way).unwrap();
    // The record says that a request has succeeded, and not which list the other processes have.
    let soon = Timestamp::from_unix_seconds(stored.as_unix_seconds() + 60);
    let restarted = builder(&server).0.cache(cache()).build().unwrap();
    restarted.start_at(soon);
    assert_eq!((no(&restarted), no(&other)), (Some(15), Some(15)));
    let in_minutes = |refresher: &Refresher| {
        let next = refresher.health(soon)[0].next_attempt.unwrap();
        next.saturating_since(stored).as_secs() / 60
    };
    assert!(matches!(other.refresh(soon, false).await[0], Outcome::NotDue { .. }));
    assert!((5..=10).contains(&in_minutes(&other)) && (5..=10).contains(&in_minutes(&restarted)));
    assert!(in_minutes(&one) >= 24 * 60, "it has the list");
    let next = other.health(soon)[0].next_attempt.unwrap();
    assert!(matches!(other.refresh(next, false).await[0], Outcome::Updated));
    assert!(!verdict(&other).is_accepted());
    assert!(matches!(restarted.refresh(next, false).await[0], Outcome::Updated));
    assert!(!verdict(&restarted).is_accepted(), "it is in the cache now");
    assert!(matches!(restarted.refresh(next, false).await[0], Outcome::NotDue { .. }));
}

#[tokio::test]
async fn a_service_starts_after_an_interrupted_write() {
    let directory = Directory::new("interrupted");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;
    let started = || {
        let refresher = of(source(&server)).0.cache(cache()).build().unwrap();
        refresher.start_at(later(1));
        no(&refresher)
    };
    assert_eq!(started(), Some(15));
    // Between a newer BLOB and the state that names it.
    directory.write("fido.0123456789abcdef.jwt", blob(16, "FIDO_CERTIFIED"));
    assert_eq!(started(), Some(16));
    // Within the BLOB, and within the state.
    directory.write("fido.0123456789abcdef.jwt", &blob(16, "FIDO_CERTIFIED")[..900]);
    directory.write("fido.1-2.new", "{\"no\":");
    assert_eq!(started(), Some(15));
    directory.write("fido.json", "{\"no\":");
    assert_eq!(started(), Some(15));
}

#[tokio::test]
async fn a_source_without_a_list_is_due() {
    let directory = Directory::new("nothing");
    let cache = || Cache::open(directory.path()).unwrap();
    let first = blob(15, "FIDO_CERTIFIED");
    let in_the_way = in_the_way(&directory, &first);
    let server = Server::always(Reply::ok(first));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;
    fs::remove_dir_all(in_the_way).unwrap();
    assert_eq!(cache().record("fido").unwrap().last_success, Some(NOW));
    // Not at each start of a program that crashes because of it, and not only after a day.
    let soon = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + 60);
    let restarted = builder(&server).0.cache(cache()).build().unwrap();
    restarted.start_at(soon);
    assert!(matches!(restarted.refresh(soon, false).await[0], Outcome::NotDue { .. }));
    let next = restarted.health(soon)[0].next_attempt.unwrap();
    assert!(next <= later(1), "{next:?}");
    assert!(matches!(restarted.refresh(next, false).await[0], Outcome::Updated));
    assert_eq!(no(&restarted), Some(15));
    assert!(matches!(restarted.refresh(later(1), false).await[0], Outcome::NotDue { .. }));
}

#[tokio::test]
async fn a_forced_refresh_publishes_the_list_of_the_cache() {
    let directory = Directory::new("forced");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let one = builder(&server).0.cache(cache()).build().unwrap();
    once(&one, NOW).await;
    server.answer(|_| Reply::ok(blob(16, "REVOKED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), later(1)).await;
    server.answer(|_| Reply::status(500));
    assert_eq!(no(&one), Some(15));
    assert_eq!(error(once(&one, later(2)).await).to_string(), "HTTP status 500");
    assert_eq!(no(&one), Some(16));
    assert!(!verdict(&one).is_accepted());
}

#[tokio::test]
async fn two_processes_converge_on_one_edition() {
    let directory = Directory::new("editions");
    let cache = || Cache::open(directory.path()).unwrap();
    let edition = |status: &str| Reply::ok(blob(15, status));
    let server = Server::always(edition("FIDO_CERTIFIED"));
    let one = builder(&server).0.cache(cache()).build().unwrap();
    let other = builder(&server).0.cache(cache()).build().unwrap();
    once(&one, NOW).await;
    assert!(matches!(other.refresh(NOW, false).await[0], Outcome::Updated));
    // The same number and the same dates, with other content.
    let newer = edition("REVOKED");
    server.answer(move |_| newer.clone());
    assert!(matches!(once(&one, later(1)).await, Outcome::Updated));
    assert!(matches!(other.refresh(later(1), false).await[0], Outcome::Updated));
    assert!(!verdict(&one).is_accepted() && !verdict(&other).is_accepted());
    // An earlier edition of a server does not come back.
    let older = edition("FIDO_CERTIFIED");
    server.answer(move |_| older.clone());
    assert_eq!(
        error(once(&one, later(2)).await).to_string(),
        "serial number 15 is that of the current list, which has replaced this one"
    );
    assert!(matches!(other.refresh(later(3), false).await[0], Outcome::NotDue { .. } | Outcome::Failed(_)));
    assert!(!verdict(&one).is_accepted() && !verdict(&other).is_accepted());
}

#[tokio::test]
async fn a_refresh_does_not_block_the_runtime() {
    let directory = Directory::new("threads");
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let threads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&threads);
    let refresher = of(source(&server)).0.events(move |_| seen.lock().unwrap().push(thread::current().id()));
    let refresher = refresher.cache(Cache::open(directory.path()).unwrap()).build().unwrap();
    // The runtime of this test has one thread, this one; a list is verified and stored on another.
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    let threads = threads.lock().unwrap();
    assert!(!threads.is_empty() && threads.iter().all(|one| *one != thread::current().id()));
}

#[tokio::test]
async fn a_start_does_not_wait_for_the_network() {
    let directory = Directory::new("start");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;
    server.answer(|_| Reply::body(Body::Silence));
    let refresher = Arc::new(builder(&server).0.cache(cache()).build().unwrap());
    refresher.start_at(NOW);
    let background = Arc::clone(&refresher);
    let task = tokio::spawn(async move { background.refresh(later(48), true).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(no(&refresher), Some(15), "readers do not wait for the server, which is silent");
    task.await.unwrap();
}
