//! Revocation lists of the signer, from where its path says.

use rp_conformance::publisher::{Publisher, SERIALS, Signing};
use rp_mds::{BlobError, Outcome, RefreshError, RevocationMode};

use crate::server::{Asked, Reply, Server};
use crate::support::{NOW, client, error, later, of, once, payload, publisher, source};

#[tokio::test]
async fn revocation_lists_are_fetched_for_verified_signers_alone_and_not_from_private_addresses() {
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

    // By choice a signer of which nothing is known is refused.
    let hard = of(source(&server).revocation(RevocationMode::Hard)).0.build().unwrap();
    let refused = error(once(&hard, NOW).await);
    assert_eq!(refused.to_string(), "signer: certificate 1: whether it is revoked is not known");

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
    assert!(matches!(&refused, RefreshError::Blob(BlobError::Path { .. })), "{refused}");
    assert!(refused.to_string().starts_with("signer: certificate 0: revoked on"), "{refused}");
    server.answer(serve(false, honest));
    assert!(matches!(once(&refresher, later(1)).await, Outcome::Updated));
}
