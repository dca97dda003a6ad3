//! Refreshing from a correct server.

use std::sync::Arc;

use rp_conformance::publisher::Signing;
use rp_mds::{
    Cache, Event, FileSource, Freshness, ModelQuery, Outcome, Policy, Refresher, RemoteSource, Roots,
    StaticSource, StoredCredential,
};
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::{
    AAGUID, Directory, NOW, Recorded, blob, builder, error, later, no, of, once, payload, publisher, roots,
    verdict,
};

#[tokio::test]
async fn requests_are_conditional() {
    let directory = Directory::new("conditional");
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")).with("ETag", "\"v15\""));
    let (builder, told) = builder(&server);
    let refresher = builder.cache(Cache::open(directory.path()).unwrap()).build().unwrap();
    once(&refresher, NOW).await;
    server.answer(|asked| {
        assert_eq!(asked.header("If-None-Match"), Some("\"v15\""));
        Reply::status(304)
    });
    assert!(matches!(once(&refresher, later(1)).await, Outcome::NotModified));
    // The Alliance's entity tag is the serial number, and error responses contain it too.
    server.answer(|_| Reply::status(429).with("ETag", "15"));
    assert!(matches!(once(&refresher, later(2)).await, Outcome::NotModified));
    assert_eq!(told.words(), ["updated None Some(15) false", "not modified", "not modified"]);
    assert_eq!(refresher.health(later(2))[0].failures, 0);
}

#[tokio::test]
async fn a_source_is_requested_when_due_and_not_before_retry_after() {
    let directory = Directory::new("due");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let refresher = builder(&server).0.cache(cache()).build().unwrap();
    refresher.refresh(NOW, false).await;
    assert!(matches!(refresher.refresh(later(23), false).await[0], Outcome::NotDue { .. }));
    assert_eq!(server.asked().len(), 1);
    server.answer(|_| Reply::status(429).with("Retry-After", "7200"));
    let failed = error(refresher.refresh(later(26), false).await.remove(0));
    assert_eq!(failed.to_string(), "HTTP status 429");
    // A program that starts often does not send a request each time, even if forced.
    for _ in 0..3 {
        let again = builder(&server).0.cache(cache()).build().unwrap();
        again.start_at(later(27));
        assert!(
            matches!(again.refresh(later(27), true).await[0], Outcome::NotDue { next } if next == later(28))
        );
        assert_eq!(no(&again), Some(15));
    }
    assert_eq!(server.asked().len(), 2);
    server.answer(|_| Reply::ok(blob(16, "FIDO_CERTIFIED")));
    assert!(matches!(refresher.refresh(later(29), false).await[0], Outcome::Updated));
}

#[tokio::test]
async fn retry_after_is_respected_if_nothing_is_modified() {
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")).with("ETag", "15"));
    let refresher = builder(&server).0.build().unwrap();
    once(&refresher, NOW).await;
    server.answer(|_| Reply::status(429).with("ETag", "15").with("Retry-After", "7200"));
    assert!(matches!(once(&refresher, later(1)).await, Outcome::NotModified));
    assert!(matches!(once(&refresher, later(2)).await, Outcome::NotDue { .. }));
    assert_eq!(server.asked().len(), 2);
    assert!(matches!(once(&refresher, later(4)).await, Outcome::NotModified));
}

#[tokio::test]
async fn a_304_without_a_condition_is_a_failure() {
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    server.answer(|_| Reply::status(304).with("ETag", "15"));
    let refresher = builder(&server).0.build().unwrap();
    assert_eq!(error(once(&refresher, NOW).await).to_string(), "HTTP status 304");
    assert_eq!(refresher.health(NOW)[0].failures, 1);
    // The same without an entity tag.
    server.answer(|_| Reply::ok(blob(15, "FIDO_CERTIFIED")));
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
    server.answer(|_| Reply::status(304));
    assert_eq!(error(once(&refresher, later(2)).await).to_string(), "HTTP status 304");
}

#[tokio::test]
async fn a_lower_serial_number_is_rejected_after_a_restart() {
    let directory = Directory::new("rollback");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    once(&builder(&server).0.cache(cache()).build().unwrap(), NOW).await;

    server.answer(|_| Reply::ok(blob(14, "FIDO_CERTIFIED")));
    let refresher = builder(&server).0.cache(cache()).build().unwrap();
    refresher.start_at(NOW);
    let refused = error(once(&refresher, later(1)).await);
    assert_eq!(refused.to_string(), "serial number 14 is lower than 15, which was seen before");

    // Half of the Alliance's BLOBs up to 2024 kept their number with other content.
    let dated = |status: &str, changed: &str| {
        let mut payload = payload(15, status);
        payload["entries"][0]["timeOfLastStatusChange"] = json!(changed);
        publisher().blob(&payload, &Signing::default())
    };
    let newer = dated("REVOKED", "2026-02-01");
    server.answer(move |_| Reply::ok(newer.clone()));
    assert!(matches!(once(&refresher, later(2)).await, Outcome::Updated));
    assert!(!verdict(&refresher).is_accepted());
    let older = dated("FIDO_CERTIFIED", "2026-01-01");
    server.answer(move |_| Reply::ok(older.clone()));
    assert_eq!(
        error(once(&refresher, later(3)).await).to_string(),
        "serial number 15 is that of the current list, which has a later date"
    );
    assert!(!verdict(&refresher).is_accepted());
}

#[tokio::test]
async fn models_whose_verdict_changes_are_reported() {
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let (builder, told) = builder(&server);
    let refresher = builder.build().unwrap();
    once(&refresher, NOW).await;
    let before = refresher.catalog().load().clone();
    server.answer(|_| Reply::ok(blob(16, "REVOKED")));
    once(&refresher, later(1)).await;
    assert_eq!(told.words().last().unwrap(), "models changed 1 1");
    // Existing references keep the previous snapshot.
    let query = ModelQuery::new(AAGUID.parse().unwrap(), NOW);
    assert!(Policy::default().judge(&before, &query).is_accepted());
    assert!(!verdict(&refresher).is_accepted());
}

#[tokio::test]
async fn a_revocation_that_comes_into_force_later_is_reported() {
    let mut payload = payload(15, "FIDO_CERTIFIED");
    let revoked = json!({"status": "REVOKED", "effectiveDate": "2026-09-23"});
    payload["entries"][0]["statusReports"].as_array_mut().unwrap().push(revoked);
    let server = Server::always(Reply::ok(publisher().blob(&payload, &Signing::default())));
    let (builder, events) = builder(&server);
    let refresher = builder.build().unwrap();
    // On 2026-09-21.
    once(&refresher, NOW).await;
    for hours in [1, 24] {
        refresher.refresh(later(hours), false).await;
        assert!(events.words().iter().all(|told| !told.starts_with("models")), "{:?}", events.words());
    }
    server.answer(|_| Reply::status(500));
    refresher.refresh(later(36), false).await;
    assert_eq!(events.words().last().unwrap(), "models changed 1 1");
    refresher.refresh(later(37), false).await;
    assert_eq!(events.words().iter().filter(|told| told.starts_with("models")).count(), 1, "and once");
    // Stored credentials are affected, although the list is the same.
    let told = events.0.lock().unwrap();
    let changed = told.iter().find_map(|event| match event {
        Event::ModelsChanged { before, then, after, .. } => Some((before, *then, after)),
        _ => None,
    });
    let (before, then, after) = changed.unwrap();
    let stored = StoredCredential { key: 7, model: AAGUID.parse().unwrap(), certificates: Vec::new() };
    let now = later(36);
    let affected = Policy::default().affected_between((before, then), (after, now), [stored]);
    assert!(affected[0].before.is_accepted() && !affected[0].after.is_accepted());
}

#[tokio::test]
async fn the_first_of_several_sources_counts() {
    let directory = Directory::new("sources");
    let own = |status: &str| {
        json!([
            {"aaguid": AAGUID, "metadataStatement": {"description": "ours"}, "statusReports": [{"status": status}]}
        ])
        .to_string()
    };
    let path = directory.write("own.json", own("NOT_FIDO_CERTIFIED"));
    let mirror = directory.write("mirror.jwt", blob(15, "REVOKED"));
    let told = Recorded::default();
    let events = Arc::clone(&told.0);
    let refresher = Refresher::builder()
        .source(StaticSource::new("own", &path))
        .source(FileSource::new("mirror", &mirror, roots()).signer_host("mds.example.org"))
        .events(move |event| events.lock().unwrap().push(event.clone()))
        .build()
        .unwrap();
    refresher.start_at(NOW);
    assert_eq!(verdict(&refresher).source.as_deref(), Some("own"));
    assert!(verdict(&refresher).is_accepted(), "the operator's word comes first");

    // Another length, because the clock of a file system may be coarse.
    directory.write("own.json", "[]");
    refresher.refresh(NOW, false).await;
    assert_eq!(verdict(&refresher).source.as_deref(), Some("mirror"));
    assert!(!verdict(&refresher).is_accepted());

    directory.write("mirror.jwt", "cut");
    directory.write("own.json", "{");
    let outcomes = refresher.refresh(NOW, false).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed(_))), "{outcomes:?}");
    assert_eq!(verdict(&refresher).source.as_deref(), Some("mirror"), "what was held is held");
}

#[test]
fn a_source_accepts_another_signer_only_if_configured() {
    let directory = Directory::new("domains");
    let path = directory.write("blob.jwt", blob(15, "FIDO_CERTIFIED"));
    let file = || FileSource::new("mirror", &path, roots());
    for (source, held) in [
        (file().signer_host("mds.example.org"), Some(15)),
        (file(), None),
        (file().any_signer_host(), Some(15)),
    ] {
        let (builder, told) = of(source);
        let refresher = builder.build().unwrap();
        refresher.start_at(NOW);
        assert_eq!(no(&refresher), held);
        if held.is_none() {
            let words = "failed signer: certificate of mds.example.org, not of mds.fidoalliance.org";
            assert_eq!(told.words(), [words]);
        }
    }
}

#[test]
fn a_misconfigured_source_is_an_error_of_the_builder() {
    let build = |source: rp_mds::Source| Refresher::builder().source(source).build().unwrap_err().to_string();
    assert_eq!(
        build(RemoteSource::new("fido", "http://mds.example.org/", roots()).into()),
        "source fido: http://mds.example.org/ is not an https URL"
    );
    assert_eq!(
        build(RemoteSource::new("fido", "mds", roots()).into()),
        "source fido: mds is not an https URL"
    );
    assert_eq!(build(RemoteSource::alliance(Roots::default()).into()), "source fido: no roots");
    assert!(build(StaticSource::new("Own", "/x").into()).starts_with("the name of a source"));
    let twice =
        Refresher::builder().source(StaticSource::new("own", "/x")).source(StaticSource::new("own", "/y"));
    assert_eq!(twice.build().unwrap_err().to_string(), "two sources are named own");
}

/// A payload without `nextUpdate`.
fn undated(no: u64) -> String {
    let mut payload = payload(no, "FIDO_CERTIFIED");
    payload.as_object_mut().unwrap().remove("nextUpdate");
    publisher().blob(&payload, &Signing::default())
}

/// The freshness of the only source, this number of days after [`NOW`].
fn freshness(refresher: &Refresher, days: i64) -> Freshness {
    let at = later(24 * days);
    let catalog = refresher.catalog();
    let of_catalog = catalog.load().lists()[0].freshness(at, &Policy::default().staleness);
    assert_eq!(refresher.health(at)[0].freshness, of_catalog, "the catalog is published");
    of_catalog
}

#[tokio::test]
async fn without_next_update_the_age_counts_from_the_last_200_or_304() {
    let directory = Directory::new("undated");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(undated(15)).with("ETag", "15"));
    let refresher = builder(&server).0.cache(cache()).build().unwrap();
    once(&refresher, NOW).await;
    assert_eq!(freshness(&refresher, 31), Freshness::Fresh);
    assert!(matches!(freshness(&refresher, 32), Freshness::Stale { .. }));
    // A 429 with the ETag of the current list does not confirm it; a failure does not either.
    server.answer(|_| Reply::status(429).with("ETag", "15"));
    assert!(matches!(once(&refresher, later(24 * 10)).await, Outcome::NotModified));
    server.answer(|_| Reply::status(500));
    error(once(&refresher, later(24 * 11)).await);
    assert!(matches!(freshness(&refresher, 32), Freshness::Stale { .. }));
    server.answer(|_| Reply::status(304));
    assert!(matches!(once(&refresher, later(24 * 12)).await, Outcome::NotModified));
    assert_eq!(freshness(&refresher, 43), Freshness::Fresh);
    assert!(matches!(freshness(&refresher, 44), Freshness::Stale { .. }));
    // A restart changes nothing.
    let restarted = builder(&server).0.cache(cache()).build().unwrap();
    restarted.start_at(later(24 * 40));
    assert_eq!(freshness(&restarted, 43), Freshness::Fresh);
    assert!(matches!(freshness(&restarted, 44), Freshness::Stale { .. }));
}

#[tokio::test]
async fn a_304_that_another_process_received_counts_too() {
    let directory = Directory::new("confirmed");
    let cache = || Cache::open(directory.path()).unwrap();
    let server = Server::always(Reply::ok(undated(15)).with("ETag", "15"));
    let one = builder(&server).0.cache(cache()).build().unwrap();
    let other = builder(&server).0.cache(cache()).build().unwrap();
    once(&one, NOW).await;
    other.start_at(NOW);
    server.answer(|_| Reply::status(304));
    once(&one, later(24 * 10)).await;
    assert!(matches!(freshness(&other, 41), Freshness::Stale { .. }));
    assert!(matches!(other.refresh(later(24 * 10), false).await[0], Outcome::NotDue { .. }));
    assert_eq!(freshness(&other, 41), Freshness::Fresh);
}

#[tokio::test]
async fn the_age_of_a_file_counts_from_the_first_verification() {
    let directory = Directory::new("undated-file");
    let path = directory.write("blob.jwt", undated(15));
    let started = |days: i64| {
        let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
        let (builder, _) = of(file.revocation(rp_mds::RevocationMode::Given));
        let refresher = builder.cache(Cache::open(directory.path().join("cache")).unwrap()).build().unwrap();
        refresher.start_at(later(24 * days));
        refresher
    };
    assert_eq!(freshness(&started(0), 31), Freshness::Fresh);
    assert!(matches!(freshness(&started(20), 32), Freshness::Stale { .. }));
    // The same number signed again.
    directory.write("blob.jwt", format!("{}\n", undated(15)));
    assert!(matches!(freshness(&started(20), 32), Freshness::Stale { .. }));
    directory.write("blob.jwt", undated(16));
    assert_eq!(freshness(&started(20), 51), Freshness::Fresh);
}

#[tokio::test]
async fn a_file_is_not_rolled_back_below_another_process() {
    let directory = Directory::new("file-numbers");
    let cache = || Cache::open(directory.path().join("cache")).unwrap();
    let build = |name: &str, blob: String| {
        let path = directory.write(name, blob);
        let file = FileSource::new("mirror", path, roots()).signer_host("mds.example.org");
        let (builder, events) = of(file.revocation(rp_mds::RevocationMode::Given));
        (builder.cache(cache()).build().unwrap(), events)
    };
    let (one, _) = build("one.jwt", blob(15, "FIDO_CERTIFIED"));
    let (other, _) = build("other.jwt", blob(17, "FIDO_CERTIFIED"));
    one.start_at(NOW);
    other.start_at(NOW);
    assert_eq!((no(&one), no(&other)), (Some(15), Some(17)));
    directory.write("one.jwt", format!("{}\n", blob(16, "FIDO_CERTIFIED")));
    let message = "serial number 16 is lower than 17, which was seen before";
    assert_eq!(error(once(&one, NOW).await).to_string(), message);
    assert_eq!(cache().record("mirror").unwrap().no, Some(17));
}
