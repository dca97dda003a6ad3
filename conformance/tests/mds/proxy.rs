//! Downloads behind a proxy, as `HTTP_PROXY` configures it for the command `rp-mds`.

use rp_conformance::publisher::{Publisher, SERIALS, Signing};
use rp_core::Timestamp;

use crate::command::{command, signing};
use crate::server::{Reply, Server};
use crate::support::{Directory, payload};

/// A list whose signer names this CRL address, and standard error and exit status of its download through this proxy.
fn fetch(proxy: &Server, crl_url: &str, no_proxy: &str) -> (String, i32) {
    let directory = Directory::new(&format!("proxy-{}", proxy.port()));
    let publisher = Publisher::new("proxy", Timestamp::now());
    let root = directory.write("root.der", publisher.root());
    let signing = Signing { crl_url: Some(crl_url.to_owned()), ..signing() };
    let blob = publisher.blob(&payload(15, "FIDO_CERTIFIED"), &signing);
    proxy.answer(move |asked| match asked.target.as_str() {
        "http://lists.example/" => Reply::status(302).with("Location", "http://lists.example/list"),
        "http://lists.example/list" => Reply::ok(blob.clone()),
        "http://crl.example/" => Reply::ok(publisher.crl(false, &[SERIALS[0]])),
        _ => Reply::status(404),
    });
    let mut command = command();
    for name in ["http_proxy", "ALL_PROXY", "all_proxy", "no_proxy", "REQUEST_METHOD"] {
        command.env_remove(name);
    }
    // The name resolves to a private address, as a company's proxy usually does.
    command.env("HTTP_PROXY", format!("http://localhost:{}", proxy.port())).env("NO_PROXY", no_proxy);
    command.args(["fetch", "--url", "http://lists.example/", "--plain-http"]);
    command.arg("--roots").arg(root).arg("--cache").arg(directory.path().join("cache"));
    let output = command.output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
}

#[test]
fn a_proxy_with_a_private_address_forwards_redirects_and_crls() {
    let proxy = Server::always(Reply::status(404));
    let (err, code) = fetch(&proxy, "http://crl.example/", "");
    assert!(err.contains("signer: certificate 0: revoked on"), "the CRL was downloaded: {err}");
    assert_eq!(code, 1);
}

#[test]
fn private_addresses_are_rejected_unless_a_proxy_resolves_them() {
    let proxy = Server::always(Reply::status(404));
    let direct = format!("http://localhost:{}/direct", proxy.port());
    for (url, no_proxy, error) in [
        (direct.as_str(), "localhost", "has no public address"),
        ("http://10.0.0.1/", "", "a private address"),
    ] {
        let (err, code) = fetch(&proxy, url, no_proxy);
        assert!(err.starts_with("revocation status of the signer unknown") && err.contains(error), "{err}");
        assert_eq!(code, 0);
        assert!(!proxy.asked().iter().any(|asked| asked.target.contains("direct")));
    }
}
