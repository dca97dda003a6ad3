//! Revocation lists of the signer, from its distribution points.

use rp_conformance::publisher::{Publisher, SERIALS, Signing};
use rp_core::x509::Crl;
use rp_mds::{BlobError, Cache, FileSource, Outcome, RefreshError, RevocationMode};

use crate::server::{Asked, Reply, Server};
use crate::support::{Directory, NOW, client, error, later, no, of, once, payload, publisher, roots, source};

#[tokio::test]
async fn crls_are_downloaded_for_verified_signers_only() {
    let server = Server::always(Reply::status(404));
    let signing = |server: &Server| Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    let crls = |server: &Server| server.asked().iter().filter(|asked| asked.target == "/crl").count();
    let honest = publisher().blob(&payload(15, "FIDO_CERTIFIED"), &signing(&server));
    let forged =
        Publisher::new("another publisher", NOW).blob(&payload(15, "FIDO_CERTIFIED"), &signing(&server));
    let soft = || source(&server).revocation(RevocationMode::Soft);

    let private = client().with_private_addresses();
    server.answer(move |_| Reply::ok(forged.clone()));
    let (builder, _) = of(soft());
    error(once(&builder.client(private.clone()).build().unwrap(), NOW).await);
    assert_eq!(crls(&server), 0, "its signer was not verified");

    let blob = honest.clone();
    server.answer(move |_| Reply::ok(blob.clone()));
    let (builder, told) = of(soft());
    let refresher = builder.build().unwrap();
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    assert_eq!(crls(&server), 0, "a private address");
    assert!(told.words()[0].starts_with("revocation unknown http://127.0.0.1"), "{:?}", told.words());

    // Hard mode rejects a signer whose status is unknown.
    let hard = of(source(&server).revocation(RevocationMode::Hard)).0.build().unwrap();
    let refused = error(once(&hard, NOW).await);
    assert_eq!(refused.to_string(), "signer: certificate 1: revocation status is unknown");

    // With lists: the authority's, and the root's at the same address, one after the other.
    let serve = |revoked: bool, honest: String| {
        move |asked: &Asked| match asked.target.as_str() {
            "/crl" => Reply::ok(publisher().crl(false, if revoked { &[SERIALS[0]] } else { &[] })),
            _ => Reply::ok(honest.clone()),
        }
    };
    server.answer(serve(true, honest.clone()));
    let refresher = of(soft()).0.client(private.clone()).build().unwrap();
    let refused = error(once(&refresher, NOW).await);
    assert!(matches!(&refused, RefreshError::Blob(BlobError::Signer(_))), "{refused}");
    assert!(refused.to_string().starts_with("signer: certificate 0: revoked on"), "{refused}");
    server.answer(serve(false, honest));
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
}

/// A server with a BLOB, and with the authority's revocation list, which the BLOB's signer names.
fn server_of(no: u64) -> (Server, String) {
    let server = Server::always(Reply::status(404));
    let signing = Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    let blob = publisher().blob(&payload(no, "FIDO_CERTIFIED"), &signing);
    let body = blob.clone();
    server.answer(move |asked| match asked.target.as_str() {
        "/crl" => Reply::ok(publisher().crl(false, &[])),
        _ => Reply::ok(body.clone()),
    });
    (server, blob)
}

/// The root's list, which the operator provides.
fn of_root() -> Vec<Crl> {
    vec![Crl::from_der(&publisher().crl(true, &[])).unwrap()]
}

fn lists_asked(server: &Server) -> usize {
    server.asked().iter().filter(|asked| asked.target == "/crl").count()
}

#[tokio::test]
async fn hard_mode_rejects_a_file_with_unknown_revocation_status() {
    let directory = Directory::new("file-revocation");
    let (server, blob) = server_of(15);
    let path = directory.write("blob.jwt", blob);
    let unknown = "failed signer: certificate 0: revocation status is unknown";
    let file = |mode, crls| {
        let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
        of(file.revocation(mode).crls(crls))
    };
    let both = || [of_root(), vec![Crl::from_der(&publisher().crl(false, &[])).unwrap()]].concat();
    let (builder, told) = file(RevocationMode::Hard, both());
    let refresher = builder.build().unwrap();
    refresher.start_at(NOW);
    assert_eq!((no(&refresher), told.words()), (Some(15), vec!["updated None Some(15) false".to_owned()]));
    // With one of the two lists.
    let (builder, told) = file(RevocationMode::Hard, of_root());
    let refresher = builder.build().unwrap();
    refresher.start_at(NOW);
    assert_eq!((no(&refresher), told.words()), (None, vec![unknown.to_owned()]));
    let refused = error(once(&refresher, NOW).await);
    assert!(
        matches!(refused, RefreshError::Blob(BlobError::Signer(_))) && no(&refresher).is_none(),
        "its lists are at a private address: {refused}"
    );
    // Soft mode accepts it and emits an event.
    let (builder, told) = file(RevocationMode::Soft, of_root());
    let refresher = builder.build().unwrap();
    refresher.start_at(NOW);
    once(&refresher, NOW).await;
    assert_eq!(no(&refresher), Some(15));
    assert!(told.words()[1].starts_with("revocation unknown http://127.0.0.1"), "{:?}", told.words());
    assert_eq!(lists_asked(&server), 0);

    // With lists that can be fetched it is known, and known again after a restart without network.
    let cache = || Cache::open(directory.path().join("cache")).unwrap();
    let reached = || {
        let (builder, told) = file(RevocationMode::Hard, of_root());
        let client = client().with_private_addresses();
        (builder.client(client).cache(cache()).build().unwrap(), told)
    };
    let (refresher, _) = reached();
    refresher.start_at(NOW);
    assert_eq!(no(&refresher), None);
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    server.answer(|_| panic!("nobody asks"));
    let (restarted, told) = reached();
    restarted.start_at(later(24 * 365));
    assert_eq!((no(&restarted), told.words()[0].as_str()), (Some(15), "updated None Some(15) false"));
}

#[tokio::test]
async fn a_known_revocation_status_survives_a_restart() {
    let directory = Directory::new("known");
    let cache = || Cache::open(directory.path()).unwrap();
    let (server, _) = server_of(15);
    let hard = |mode| {
        let (builder, told) = of(source(&server).revocation(mode).crls(of_root()));
        (builder.client(client().with_private_addresses()).cache(cache()).build().unwrap(), told)
    };
    assert!(matches!(once(&hard(RevocationMode::Hard).0, NOW).await, Outcome::Updated));
    let (restarted, told) = hard(RevocationMode::Hard);
    restarted.start_at(later(1));
    assert_eq!((no(&restarted), told.words()), (Some(15), vec!["updated None Some(15) true".to_owned()]));

    // A list that was accepted without CRLs is not used in hard mode.
    let other = Directory::new("not-known");
    let cache = || Cache::open(other.path()).unwrap();
    once(&of(source(&server)).0.cache(cache()).build().unwrap(), NOW).await;
    let (builder, told) = of(source(&server).revocation(RevocationMode::Hard).crls(of_root()));
    let restarted = builder.cache(cache()).build().unwrap();
    restarted.start_at(later(1));
    assert_eq!(no(&restarted), None);
    assert_eq!(told.words(), ["failed signer: certificate 0: revocation status is unknown"]);
}

#[tokio::test]
async fn a_usable_crl_is_stored_and_downloaded_once() {
    let directory = Directory::new("kept-list");
    let cache = || Cache::open(directory.path()).unwrap();
    let fetch = async |server: &Server| {
        let (builder, told) = of(source(server).revocation(RevocationMode::Soft).crls(of_root()));
        let refresher = builder.client(client().with_private_addresses()).cache(cache()).build().unwrap();
        assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
        assert!(
            told.words().iter().all(|told| !told.starts_with("revocation unknown")),
            "{:?}",
            told.words()
        );
    };
    let (server, blob) = server_of(15);
    fetch(&server).await;
    assert_eq!(lists_asked(&server), 1);
    // Another start with another BLOB of that signer, whose list is no longer available.
    std::fs::remove_file(directory.path().join("fido.json")).unwrap();
    server.answer(move |asked| match asked.target.as_str() {
        "/crl" => Reply::status(404),
        _ => Reply::ok(blob.clone()),
    });
    fetch(&server).await;
    assert_eq!(lists_asked(&server), 1);
}

#[tokio::test]
async fn a_stored_crl_that_is_not_usable_is_downloaded_again() {
    let directory = Directory::new("mute-list");
    let cache = Cache::open(directory.path()).unwrap();
    let (server, _) = server_of(15);
    let url = server.url("/crl");
    let forged = Publisher::new("a forger", NOW).crl(false, &[]);
    cache.store_crl(&url, &forged).unwrap();
    let (builder, _) = of(source(&server).revocation(RevocationMode::Hard).crls(of_root()));
    let client = client().with_private_addresses();
    let refresher = builder.client(client).cache(cache.clone()).build().unwrap();
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    assert_eq!(lists_asked(&server), 1);
    assert_eq!(cache.crl(&url), Some(publisher().crl(false, &[])));
}

#[tokio::test]
async fn a_crl_that_ends_this_second_is_used_and_not_stored() {
    // Lists of the publisher are valid for 30 days.
    for (now, is_stored) in [(later(30 * 24 - 1), true), (later(30 * 24), false)] {
        let directory = Directory::new("last-second");
        let cache = Cache::open(directory.path()).unwrap();
        let (server, _) = server_of(15);
        let (builder, _) = of(source(&server).revocation(RevocationMode::Hard).crls(of_root()));
        let client = client().with_private_addresses();
        let refresher = builder.client(client).cache(cache.clone()).build().unwrap();
        assert!(matches!(once(&refresher, now).await, Outcome::Updated), "{now}");
        assert_eq!(cache.crl(&server.url("/crl")).is_some(), is_stored, "{now}");
    }
}

#[tokio::test]
async fn no_crl_is_downloaded_for_a_list_that_is_rolled_back() {
    let directory = Directory::new("rolled-back");
    let (server, later_list) = server_of(16);
    let signing = Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    let earlier_list = publisher().blob(&payload(9, "FIDO_CERTIFIED"), &signing);
    let path = directory.write("blob.jwt", later_list);
    let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
    let refreshers = [
        of(file.revocation(RevocationMode::Soft).crls(of_root())),
        of(source(&server).revocation(RevocationMode::Soft).crls(of_root())),
    ]
    .map(|(builder, _)| builder.client(client().with_private_addresses()).build().unwrap());
    for refresher in &refreshers {
        assert!(matches!(once(refresher, NOW).await, Outcome::Updated));
    }
    assert_eq!(lists_asked(&server), 2);
    directory.write("blob.jwt", &earlier_list);
    server.answer(move |asked| match asked.target.as_str() {
        "/crl" => Reply::ok(publisher().crl(false, &[])),
        _ => Reply::ok(earlier_list.clone()),
    });
    for refresher in &refreshers {
        let rejected = error(once(refresher, later(1)).await).to_string();
        assert_eq!(rejected, "serial number 9 is lower than 16, which was seen before");
    }
    assert_eq!(lists_asked(&server), 2);
}

/// Answers with the authority's list, which may contain the signer, and with this BLOB.
fn serve(server: &Server, is_revoked: bool, blob: &str) {
    let blob = blob.to_owned();
    server.answer(move |asked| match asked.target.as_str() {
        "/crl" => Reply::ok(publisher().crl(false, if is_revoked { &[SERIALS[0]] } else { &[] })),
        _ => Reply::ok(blob.clone()),
    });
}

/// Whether a refresh failed because the signer is revoked.
fn is_revoked(outcome: Outcome) -> bool {
    error(outcome).to_string().starts_with("signer: certificate 0: revoked on")
}

/// The number of BLOBs in a cache.
fn cached_blobs(cache: &Cache) -> usize {
    cache.load("fido").unwrap().len()
}

#[tokio::test]
async fn a_file_whose_signer_turns_out_revoked_is_withdrawn() {
    let directory = Directory::new("revoked-file");
    let (server, blob) = server_of(15);
    serve(&server, true, &blob);
    let path = directory.write("blob.jwt", &blob);
    for name in ["without", "with"] {
        let cache = (name == "with").then(|| Cache::open(directory.path().join("cache")).unwrap());
        let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
        let (builder, told) = of(file.revocation(RevocationMode::Soft).crls(of_root()));
        let builder = builder.client(client().with_private_addresses());
        let refresher = match cache.clone() {
            Some(cache) => builder.cache(cache).build().unwrap(),
            None => builder.build().unwrap(),
        };
        refresher.start_at(NOW);
        assert_eq!(no(&refresher), Some(15), "nothing is downloaded at the start");
        assert!(is_revoked(once(&refresher, NOW).await));
        assert_eq!(no(&refresher), None);
        assert!(!refresher.health(NOW)[0].held);
        let words = told.words();
        assert!(
            words[1].starts_with("withdrawn Some(15) None signer: certificate 0: revoked on"),
            "{words:?}"
        );
        assert!(words[2].starts_with("failed signer: certificate 0: revoked on"), "{words:?}");
        assert!(words[3].starts_with("models changed 1"), "{words:?}");
        assert!(cache.is_none_or(|cache| cache.record("mirror").unwrap().blob.is_none()));
        // The file is still there: it fails again, and nothing is withdrawn twice.
        assert!(is_revoked(once(&refresher, later(1)).await));
        assert_eq!(told.words().iter().filter(|word| word.starts_with("withdrawn")).count(), 1);
    }
}

#[tokio::test]
async fn the_list_before_a_revoked_signer_is_used_again() {
    let directory = Directory::new("list-before");
    let (server, first) = server_of(15);
    let path = directory.write("blob.jwt", &first);
    let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
    let (builder, told) = of(file.revocation(RevocationMode::Soft).crls(of_root()));
    let refresher = builder.client(client().with_private_addresses()).build().unwrap();
    once(&refresher, NOW).await;
    assert_eq!(no(&refresher), Some(15));
    let signing = Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    directory.write("blob.jwt", publisher().blob(&payload(16, "FIDO_CERTIFIED"), &signing));
    refresher.start_at(NOW);
    assert_eq!(no(&refresher), Some(16), "provisionally");
    serve(&server, true, &first);
    assert!(is_revoked(once(&refresher, NOW).await));
    assert_eq!(no(&refresher), Some(15), "its signer was known not to be revoked");
    assert!(
        told.words().iter().any(|word| word.starts_with("withdrawn Some(16) Some(15)")),
        "{:?}",
        told.words()
    );
}

#[tokio::test]
async fn a_cached_list_whose_signer_turns_out_revoked_is_withdrawn() {
    let signing = |server: &Server| Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    // The same list is downloaded again, or the next list of the same signer.
    for next in [15, 16] {
        let directory = Directory::new(&format!("revoked-cache-{next}"));
        let cache = || Cache::open(directory.path()).unwrap();
        let (server, _) = server_of(15);
        let soft = || source(&server).revocation(RevocationMode::Soft).crls(of_root());
        // CRLs are at a private address: the status is unknown.
        assert!(matches!(once(&of(soft()).0.cache(cache()).build().unwrap(), NOW).await, Outcome::Updated));
        let (builder, told) = of(soft());
        let builder = builder.client(client().with_private_addresses());
        let refresher = builder.cache(cache()).build().unwrap();
        refresher.start_at(later(1));
        assert_eq!((no(&refresher), cached_blobs(&cache())), (Some(15), 1));
        let blob = publisher().blob(&payload(next, "FIDO_CERTIFIED"), &signing(&server));
        serve(&server, true, &blob);
        assert!(is_revoked(once(&refresher, later(25)).await));
        assert_eq!((no(&refresher), cached_blobs(&cache())), (None, 0), "{next}");
        assert_eq!(cache().record("fido").unwrap().blob, None);
        let words = told.words();
        assert!(
            words[1].starts_with("withdrawn Some(15) None signer: certificate 0: revoked on"),
            "{words:?}"
        );
        assert!(is_revoked(once(&refresher, later(49)).await));
        let restarted = of(soft()).0.cache(cache()).build().unwrap();
        restarted.start_at(later(49));
        assert_eq!(no(&restarted), None);
    }
}

#[tokio::test]
async fn a_cached_list_with_a_known_status_outlives_its_signer() {
    let directory = Directory::new("known-cache");
    let cache = || Cache::open(directory.path()).unwrap();
    let (server, _) = server_of(15);
    let (builder, told) = of(source(&server).revocation(RevocationMode::Soft).crls(of_root()));
    let client = client().with_private_addresses();
    let refresher = builder.client(client).cache(cache()).build().unwrap();
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    let signing = Signing { crl_url: Some(server.url("/crl")), ..Signing::default() };
    serve(&server, true, &publisher().blob(&payload(16, "FIDO_CERTIFIED"), &signing));
    cache().store_crl(&server.url("/crl"), b"expired").unwrap();
    assert!(is_revoked(once(&refresher, later(25)).await));
    assert_eq!((no(&refresher), cached_blobs(&cache())), (Some(15), 1), "{:?}", told.words());
}

#[tokio::test]
async fn a_cached_list_is_removed_if_a_cached_crl_revokes_it() {
    let directory = Directory::new("revoked-at-start");
    let cache = || Cache::open(directory.path()).unwrap();
    let (server, _) = server_of(15);
    let soft = || source(&server).revocation(RevocationMode::Soft).crls(of_root());
    once(&of(soft()).0.cache(cache()).build().unwrap(), NOW).await;
    cache().store_crl(&server.url("/crl"), &publisher().crl(false, &[SERIALS[0]])).unwrap();
    let (builder, told) = of(soft());
    let restarted = builder.cache(cache()).build().unwrap();
    restarted.start_at(later(1));
    assert_eq!((no(&restarted), cached_blobs(&cache())), (None, 0));
    assert_eq!(cache().record("fido").unwrap().no, Some(15), "a lower number is still rejected");
    assert!(told.words()[0].starts_with("failed signer: certificate 0: revoked on"), "{:?}", told.words());
}

#[tokio::test]
async fn a_crl_issued_after_the_verification_is_used() {
    let hours = 72;
    for (revoked, mode) in
        [(&[SERIALS[0]][..], RevocationMode::Soft), (&[], RevocationMode::Soft), (&[], RevocationMode::Hard)]
    {
        let directory = Directory::new("later-crl");
        let cache = || Cache::open(directory.path().join("cache")).unwrap();
        let (server, blob) = server_of(15);
        let path = directory.write("blob.jwt", &blob);
        let file = |mode| {
            let file = FileSource::new("mirror", &path, roots()).signer_host("mds.example.org");
            let (builder, told) = of(file.revocation(mode).crls(of_root()));
            (builder.cache(cache()), told)
        };
        // CRLs are at a private address: the status is unknown.
        once(&file(RevocationMode::Soft).0.build().unwrap(), NOW).await;
        let crl = Publisher::new("mds tests", later(hours)).crl(false, revoked);
        server.answer(move |_| Reply::ok(crl.clone()));
        let (builder, told) = file(mode);
        let restarted = builder.client(client().with_private_addresses()).build().unwrap();
        restarted.start_at(later(hours));
        assert_eq!(no(&restarted), (mode == RevocationMode::Soft).then_some(15));
        let outcome = once(&restarted, later(hours)).await;
        assert_eq!(lists_asked(&server), 1);
        let words = told.words();
        match revoked {
            [] => assert_eq!(no(&restarted), Some(15), "{words:?}"),
            _ => assert!(is_revoked(outcome) && no(&restarted).is_none(), "{words:?}"),
        }
        assert!(words.iter().all(|word| !word.starts_with("revocation unknown")), "{words:?}");
    }
}

#[tokio::test]
async fn a_list_that_another_process_found_revoked_is_withdrawn() {
    let directory = Directory::new("two-processes");
    let cache = || Cache::open(directory.path()).unwrap();
    let (server, blob) = server_of(15);
    let soft = || of(source(&server).revocation(RevocationMode::Soft).crls(of_root()));
    // CRLs are at a private address: the status is unknown.
    let (builder, told) = soft();
    let first = builder.cache(cache()).build().unwrap();
    assert!(matches!(once(&first, NOW).await, Outcome::Updated));
    serve(&server, true, &blob);
    let second = soft().0.client(client().with_private_addresses()).cache(cache()).build().unwrap();
    second.start_at(NOW);
    assert!(is_revoked(once(&second, later(25)).await));
    assert_eq!((no(&first), no(&second)), (Some(15), None));
    server.answer(|_| Reply::status(304));
    first.refresh(later(25), false).await;
    assert_eq!(no(&first), None);
    assert!(
        told.words().iter().any(|word| word.starts_with("withdrawn Some(15) None")),
        "{:?}",
        told.words()
    );
}

#[tokio::test]
async fn a_304_downloads_the_missing_crls_of_the_list() {
    for (is_withdrawn, revoked) in [(true, &[SERIALS[0]][..]), (false, &[])] {
        let directory = Directory::new("not-modified");
        let cache = || Cache::open(directory.path()).unwrap();
        let (server, blob) = server_of(15);
        let soft = || of(source(&server).revocation(RevocationMode::Soft).crls(of_root()));
        server.answer(move |_| Reply::ok(blob.clone()).with("ETag", "15"));
        // CRLs are at a private address: the status is unknown.
        once(&soft().0.cache(cache()).build().unwrap(), NOW).await;
        server.answer(move |asked| match asked.target.as_str() {
            "/crl" => Reply::ok(publisher().crl(false, revoked)),
            _ => Reply::status(304),
        });
        let (builder, told) = soft();
        let builder = builder.client(client().with_private_addresses());
        let restarted = builder.cache(cache()).build().unwrap();
        restarted.start_at(later(25));
        assert_eq!(no(&restarted), Some(15));
        for day in [1, 2] {
            restarted.refresh(later(26 * day), false).await;
            let words = told.words();
            assert_eq!(no(&restarted), (!is_withdrawn).then_some(15), "{words:?}");
            let is_told = words.iter().any(|word| word.starts_with("withdrawn Some(15) None"));
            assert_eq!(is_told, is_withdrawn, "{words:?}");
        }
        assert_eq!(lists_asked(&server), 1, "it is in the cache");
    }
}
