//! The HTTP tests that every adapter passes, on actix-web; and what both say compared to the byte.
#![expect(clippy::unwrap_used, reason = "what cannot be sent is a failed test")]

#[path = "../../rp-axum/tests/http/site.rs"]
mod axum_site;
#[path = "http/site.rs"]
mod site;

use rp_conformance::http::{Case, Fixture, alike};

rp_conformance::http_tests!(actix_web::test, site::actix);

#[actix_web::test]
async fn both_adapters_answer_alike_to_the_byte() {
    for &case in Case::ALL {
        let fixture = Fixture::new(&case.setup());
        let here = case.run(&site::actix(&fixture).await, &fixture).await;
        let fixture = Fixture::new(&case.setup());
        let there = case.run(&axum_site::Axum::new(&fixture), &fixture).await;
        alike(case, &here, &there);
    }
}
