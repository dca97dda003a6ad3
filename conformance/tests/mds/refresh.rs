//! Refreshing from a server that is honest.

use std::sync::Arc;

use rp_conformance::publisher::Signing;
use rp_mds::{Cache, Event, ModelQuery, Outcome, Policy, Refresher, Roots, SourceConfig, StoredCredential};
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::{
    AAGUID, Directory, NOW, Recorded, blob, builder, error, later, no, of, once, payload, publisher, roots,
    verdict,
};

#[tokio::test]
async fn requests_are_conditional_and_what_is_not_modified_is_held() {
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
    // The Alliance's entity tag is the serial number, and comes with errors too.
    server.answer(|_| Reply::status(429).with("ETag", "15"));
    assert!(matches!(once(&refresher, later(2)).await, Outcome::NotModified));
    assert_eq!(told.words(), ["updated None Some(15) false", "not modified", "not modified"]);
    assert_eq!(refresher.health(later(2))[0].failures, 0);
}

#[tokio::test]
async fn a_source_is_not_asked_before_it_is_due() {
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
    // A program that starts often does not ask each time, even if forced.
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
async fn retry_after_is_heeded_though_nothing_is_modified() {
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
async fn a_restart_keeps_the_highest_serial_number_and_date() {
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
        "serial number 15 is that of the BLOB held, which is of a later date"
    );
    assert!(!verdict(&refresher).is_accepted());
}

#[tokio::test]
async fn models_that_a_new_list_concerns_are_told() {
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let (builder, told) = builder(&server);
    let refresher = builder.build().unwrap();
    once(&refresher, NOW).await;
    let before = refresher.catalog().load().clone();
    server.answer(|_| Reply::ok(blob(16, "REVOKED")));
    once(&refresher, later(1)).await;
    assert_eq!(told.words().last().unwrap(), "models changed 1 1");
    // Existing references keep the previous catalog.
    let query = ModelQuery::new(AAGUID.parse().unwrap(), NOW);
    assert!(Policy::default().judge(&before, &query).is_accepted());
    assert!(!verdict(&refresher).is_accepted());
}

#[tokio::test]
async fn a_revocation_that_comes_into_force_later_is_told() {
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
    // Stored credentials are reported too, although the list is the same.
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
async fn sources_keep_their_order_and_changed_files_are_reread() {
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
        .source(SourceConfig::own("own", &path))
        .source(SourceConfig::file("mirror", &mirror, roots()).signer_domain("example.org"))
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
fn a_signer_of_another_domain_is_rejected_by_default() {
    let directory = Directory::new("domains");
    let path = directory.write("blob.jwt", blob(15, "FIDO_CERTIFIED"));
    let file = || SourceConfig::file("mirror", &path, roots());
    for (source, held) in [
        (file().signer_domain("example.org"), Some(15)),
        (file(), None),
        (file().any_signer_domain(), Some(15)),
    ] {
        let (builder, told) = of(source);
        let refresher = builder.build().unwrap();
        refresher.start_at(NOW);
        assert_eq!(no(&refresher), held);
        if held.is_none() {
            let words = "failed signer: certificate of mds.example.org, not of fidoalliance.org";
            assert_eq!(told.words(), [words]);
        }
    }
}

#[test]
fn a_wrong_source_configuration_is_rejected_when_built() {
    let build = |source| Refresher::builder().source(source).build().unwrap_err().to_string();
    assert_eq!(
        build(SourceConfig::remote("fido", "http://mds.example.org/", roots())),
        "source fido: http://mds.example.org/ is no https address"
    );
    assert_eq!(build(SourceConfig::remote("fido", "mds", roots())), "source fido: mds is no https address");
    assert_eq!(build(SourceConfig::alliance(Roots::default())), "source fido: no roots");
    assert!(build(SourceConfig::own("Own", "/x")).starts_with("a source's name"));
    let twice =
        Refresher::builder().source(SourceConfig::own("own", "/x")).source(SourceConfig::own("own", "/y"));
    assert_eq!(twice.build().unwrap_err().to_string(), "two sources are named own");
}
