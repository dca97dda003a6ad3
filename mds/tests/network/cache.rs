//! What outlives the process, and what several of them share.

use std::sync::Arc;
use std::time::Duration;

use rp_mds::{Cache, Outcome};

use crate::server::{Body, Reply, Server};
use crate::support::{Directory, NOW, blob, builder, later, no, of, once, source};

#[tokio::test]
async fn what_was_fetched_is_there_after_a_restart_without_network() {
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
    // The signer expires half a year from now; what it signed serves on.
    let (builder, told) = builder(&server);
    let refresher = builder.cache(cache()).build().unwrap();
    refresher.start_at(later(24 * 365));
    assert_eq!(no(&refresher), Some(15));
    assert_eq!(told.words()[0], "updated None Some(15) true");
    assert!(told.words()[1].starts_with("overdue TooOld"), "{:?}", told.words());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn one_of_two_on_one_cache_fetches_and_the_other_takes_it_from_there() {
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
async fn a_disk_that_is_full_costs_the_cache_and_not_the_list() {
    let directory = Directory::new("full");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;
    // Every file that this process will write for the state is on a device that is full.
    for count in 0..200 {
        let new = directory.path().join(format!("fido.{}-{count}.new", std::process::id()));
        std::os::unix::fs::symlink("/dev/full", new).unwrap();
    }
    server.answer(|_| Reply::ok(blob(16, "FIDO_CERTIFIED")).with("ETag", "16"));
    let (builder, told) = builder(&server);
    let refresher = builder.cache(cache()).build().unwrap();
    refresher.start_at(NOW);
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
    assert_eq!(no(&refresher), Some(16));
    let not_cached =
        told.words().into_iter().filter(|told| told.starts_with("not cached")).collect::<Vec<_>>();
    assert!(not_cached.iter().all(|told| told.contains("No space left on device")), "{not_cached:?}");
    assert!(!not_cached.is_empty());
    // The cache has an older one now, which does not come back, and what is held need not come twice.
    server.answer(|asked| {
        assert_eq!(asked.header("If-None-Match"), Some("16"));
        Reply::status(304)
    });
    assert!(matches!(once(&refresher, later(30)).await, Outcome::NotModified));
    assert_eq!(no(&refresher), Some(16));
    // What was there is there still.
    let again = of(source(&server)).0.cache(cache()).build().unwrap();
    again.start_at(NOW);
    assert!(no(&again) >= Some(15));
}

#[tokio::test]
async fn a_start_waits_for_nobody() {
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
