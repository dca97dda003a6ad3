//! Refreshing from a broken or hostile server: the current list stays in use.

use std::time::{Duration, Instant};

use rp_conformance::publisher::{Publisher, Signing};
use rp_mds::fetch::FetchError;
use rp_mds::{Cache, FileSource, Outcome, RefreshError, RemoteSource, RevocationMode};

use crate::server::{Body, Reply, Server};
use crate::support::{
    Directory, NOW, blob, builder, client, error, later, no, of, once, payload, publisher, roots, source,
    verdict,
};

/// Responses that must not replace the list, and the error for each.
fn bad_answers() -> Vec<(&'static str, Reply, &'static str)> {
    let good = blob(16, "REVOKED");
    let cut = &good[..good.len() - 200];
    let other = Publisher::new("another publisher", NOW);
    let signed = |signing: Signing| publisher().blob(&payload(16, "REVOKED"), &signing);
    vec![
        ("HTML", Reply::ok("<html><body>Busy</body></html>"), "not a compact JWS of three parts"),
        ("cut within", Reply::ok(cut), "not a compact JWS of three parts"),
        (
            "cut off",
            Reply::body(Body::Cut { announced: good.len(), sent: cut.into() }),
            "the response is incomplete",
        ),
        ("not base64", Reply::ok(format!("{good}*")), "signature: not base64url without padding"),
        ("not base64 in the payload", Reply::ok(good.replacen('.', ".*", 1)), "the signature "),
        ("empty", Reply::ok(""), "not a compact JWS of three parts"),
        ("other signature", Reply::ok(format!("{}AA", &good[..good.len() - 2])), "the signature "),
        ("other root", Reply::ok(other.blob(&payload(16, "REVOKED"), &Signing::default())), "signer: "),
        (
            "expired signer",
            Reply::ok(signed(Signing { valid_days: -1, ..Signing::default() })),
            "signer: certificate 0: not valid after",
        ),
        (
            "other domain",
            Reply::ok(signed(Signing { names: vec!["mds.example.net".into()], ..Signing::default() })),
            "signer: certificate of mds.example.net, not of mds.example.org",
        ),
        ("rollback", Reply::ok(blob(14, "FIDO_CERTIFIED")), "serial number 14 is lower than 15"),
        ("error", Reply::status(500), "HTTP status 500"),
        ("nothing", Reply::status(204), "HTTP status 204"),
    ]
}

#[tokio::test]
async fn a_list_that_fails_verification_never_replaces_another() {
    let directory = Directory::new("bad");
    let server = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let (builder, told) = builder(&server);
    let refresher = builder.cache(Cache::open(directory.path()).unwrap()).build().unwrap();
    once(&refresher, NOW).await;
    for (hour, (name, reply, words)) in (1..).zip(bad_answers()) {
        server.answer(move |_| reply.clone());
        let refused = error(once(&refresher, later(hour)).await).to_string();
        assert!(refused.starts_with(words), "{name}: {refused}");
        assert!(told.words().last().unwrap().ends_with(&refused), "{name}");
        assert_eq!(no(&refresher), Some(15), "{name}");
        assert!(verdict(&refresher).is_accepted(), "{name}");
        let health = &refresher.health(later(hour))[0];
        assert_eq!(i64::from(health.failures), hour, "{name}");
        assert_eq!(health.last_error.as_deref(), Some(refused.as_str()), "{name}");
    }
    // A service that starts now has the good list too.
    let again = of(source(&server)).0.cache(Cache::open(directory.path()).unwrap()).build().unwrap();
    again.start_at(later(20));
    assert_eq!(no(&again), Some(15));
}

#[tokio::test]
async fn a_header_of_megabytes_is_rejected_with_a_short_message() {
    let blob = |header: String| format!("{}.e30.AA", rp_core::base64url::encode(header.as_bytes()));
    let with_algorithm = |length: usize| blob(format!(r#"{{"alg":"{}","x5c":["AA"]}}"#, "A".repeat(length)));
    let server = Server::always(Reply::status(404));
    let refused = async |blob: String| {
        server.answer(move |_| Reply::ok(blob.clone()));
        let (builder, told) = builder(&server);
        let refresher = builder.build().unwrap();
        let refused = error(once(&refresher, NOW).await).to_string();
        let last_error = refresher.health(NOW)[0].last_error.clone().unwrap();
        assert!(told.words()[0].len() <= 420 && last_error.len() <= 400, "{last_error}");
        refused
    };
    assert_eq!(refused(with_algorithm(4)).await, r#"header: alg "AAAA" is not accepted"#);
    let shortened = refused(with_algorithm(40_000)).await;
    assert!(shortened.starts_with(r#"header: alg "AAAA"#) && shortened.len() < 400, "{shortened}");
    let long = refused(with_algorithm(3 << 20)).await;
    assert!(long.starts_with("header: 41943") && long.ends_with(" bytes, more than 65536"), "{long}");
    let empty = vec![""; 1 << 20];
    let certificates = serde_json::json!({"alg": "ES256", "x5c": empty}).to_string();
    assert!(refused(blob(certificates)).await.ends_with(" bytes, more than 65536"));
    // A message quotes text of a list.
    refused(blob(format!(r#"{{"alg":"ES256","x5c":"{}"}}"#, "A".repeat(40_000)))).await;
}

#[tokio::test]
async fn two_hundred_megabytes_are_not_read() {
    let server = Server::always(Reply::body(Body::Cut { announced: 200 << 20, sent: vec![b'A'; 1 << 16] }));
    let refresher = builder(&server).0.build().unwrap();
    let refused = error(once(&refresher, NOW).await);
    assert!(matches!(refused, RefreshError::Fetch(FetchError::TooLong { .. })), "{refused}");
    // A body without a length that never ends.
    server.answer(|_| Reply::body(Body::Endless { part: vec![b'A'; 1 << 16], pause: Duration::ZERO }));
    let refresher = of(source(&server).max_len(1 << 20)).0.build().unwrap();
    assert_eq!(error(once(&refresher, NOW).await).to_string(), "more than 1048576 bytes");
}

#[tokio::test]
async fn a_list_of_the_maximum_length_is_read() {
    let directory = Directory::new("maximum");
    let blob = blob(15, "FIDO_CERTIFIED");
    let path = directory.write("blob.jwt", &blob);
    let server = Server::always(Reply::ok(blob.clone()));
    let outcomes = async |max: usize| {
        let file = FileSource::new("mirror", &path, roots()).any_signer_host();
        let file = file.revocation(RevocationMode::Given).max_len(max);
        let remote = of(source(&server).max_len(max)).0.build().unwrap();
        let file = of(file).0.build().unwrap();
        [once(&remote, NOW).await, once(&file, NOW).await]
    };
    let read = outcomes(blob.len()).await;
    assert!(read.iter().all(|outcome| matches!(outcome, Outcome::Updated)), "{read:?}");
    let max = blob.len() - 1;
    let [remote, file] = outcomes(max).await.map(|outcome| error(outcome).to_string());
    assert_eq!(remote, format!("more than {max} bytes"));
    assert_eq!(file, format!("{} bytes, more than {max}", blob.len()));
}

#[tokio::test]
async fn an_endless_response_and_silence_end_with_the_limit() {
    let server =
        Server::always(Reply::body(Body::Endless { part: vec![b'A'], pause: Duration::from_millis(100) }));
    let refresher = builder(&server).0.build().unwrap();
    for (body, words) in
        [(None, "no response within 2 seconds"), (Some(Body::Silence), "no response within 0 seconds")]
    {
        if let Some(body) = body {
            server.answer(move |_| Reply::body(body.clone()));
        }
        let began = Instant::now();
        assert_eq!(error(once(&refresher, NOW).await).to_string(), words);
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn redirects_lead_to_listed_https_hosts_only() {
    let inner = Server::always(Reply::ok(blob(15, "FIDO_CERTIFIED")));
    let server = Server::always(Reply::status(200));
    let hosts = ["localhost".to_owned(), "10.0.0.1".to_owned(), "[::1]".to_owned()];
    let refresher = of(source(&server).redirect_hosts(hosts)).0.build().unwrap();
    let port = inner.port();
    for (to, words) in [
        (inner.url("/"), "not https"),
        (format!("https://127.0.0.1:{port}/"), "a private address"),
        ("https://10.0.0.1/".into(), "a private address"),
        ("https://[::1]/".into(), "a private address"),
        ("https://[::ffff:10.0.0.1]/".into(), "the host is not in the list"),
        ("https://evil.example/".into(), "the host is not in the list"),
        ("file:///etc/passwd".into(), "not https"),
        ("http://[".into(), "not a URL"),
        // The same origin, by an address that the server itself gave.
        ("/elsewhere".into(), "a private address"),
    ] {
        let location = to.clone();
        server.answer(move |_| Reply::status(302).with("Location", location.clone()));
        let refused = error(once(&refresher, NOW).await).to_string();
        assert_eq!(refused, format!("redirect to {to}: {words}"));
    }
    // A listed name that resolves to a private address.
    server.answer(move |_| Reply::status(302).with("Location", format!("https://localhost:{port}/")));
    let refused = error(once(&refresher, NOW).await).to_string();
    assert!(refused.contains("localhost has no public address"), "{refused}");
    assert!(inner.asked().is_empty(), "nobody came that far");
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    let server = Server::new(|asked| match asked.target.trim_start_matches('/').parse::<u8>() {
        Ok(0) => Reply::ok(blob(15, "FIDO_CERTIFIED")),
        Ok(left) => Reply::status(302).with("Location", format!("/{}", left - 1)),
        Err(_) => Reply::status(404),
    });
    let client = client().with_private_addresses();
    let from = |redirects: u8| {
        let url = server.url(&format!("/{redirects}"));
        let source = RemoteSource::new("fido", &url, roots()).allow_plain_http();
        let source = source.signer_host("mds.example.org").revocation(rp_mds::RevocationMode::Given);
        of(source).0.client(client.clone()).build().unwrap()
    };
    assert!(matches!(once(&from(5), NOW).await, Outcome::Updated));
    let refused = error(once(&from(6), NOW).await).to_string();
    assert!(refused.ends_with("/0: too many redirects"), "{refused}");
}

#[tokio::test]
async fn redirects_to_private_addresses_can_be_allowed() {
    let server = Server::new(|asked| match asked.target.as_str() {
        "/" => Reply::status(301).with("Location", "/blob"),
        "/blob" => Reply::ok(blob(15, "FIDO_CERTIFIED")),
        _ => Reply::status(302).with("Location", "/round"),
    });
    let client = client().with_private_addresses();
    let refresher = builder(&server).0.client(client.clone()).build().unwrap();
    assert!(matches!(once(&refresher, NOW).await, Outcome::Updated));
    let round = RemoteSource::new("fido", &server.url("/round"), roots()).allow_plain_http();
    let refresher = of(round).0.client(client).build().unwrap();
    assert!(error(once(&refresher, NOW).await).to_string().ends_with("/round: too many redirects"));
}
