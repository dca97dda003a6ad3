use alloc::string::ToString;

use super::*;

fn builder() -> RelyingPartyBuilder {
    RelyingParty::builder("example.org").origin("https://example.org")
}

fn message(builder: RelyingPartyBuilder) -> alloc::string::String {
    builder.build().unwrap_err().to_string()
}

#[cfg(all(feature = "eddsa", feature = "es256", feature = "rs256"))]
#[test]
fn defaults_exclude_no_authenticator() {
    let rp = builder().build().unwrap();
    let algorithms: Vec<i64> = rp.algorithms.iter().map(|algorithm| algorithm.id()).collect();
    assert_eq!(algorithms, [-8, -7, -257]);
    assert_eq!(rp.selection.user_verification, crate::options::UserVerificationRequirement::Preferred);
    assert_eq!(rp.attestation, AttestationConveyancePreference::None);
    assert_eq!(rp.timeout(), Duration::from_secs(300));
    assert_eq!(rp.counter_policy, CounterPolicy::Refuse);
    assert!(!rp.allows_cross_origin());
    assert_eq!(rp.name(), "example.org");
}

#[test]
fn a_build_without_the_usual_algorithms_offers_others() {
    let rp = builder().build().unwrap();
    assert!(!rp.algorithms.is_empty());
    assert!(rp.algorithms.iter().all(|algorithm| algorithm.is_supported() && *algorithm != Algorithm::Rs1));
}

#[test]
fn a_top_origin_has_the_form_of_browsers() {
    let framed = |origin: &str| builder().allow_cross_origin().top_origin(origin);
    assert!(framed("https://top.example").build().is_ok());
    assert!(framed("http://localhost:8080").build().is_ok());
    assert_eq!(
        message(framed("http://top.example")),
        r#"origin "http://top.example" is not https, which browsers require except on localhost"#
    );
    for origin in ["top.example", "https://top.example/", "https://Top.example", "https://top.example:443"] {
        let error = framed(origin).build().unwrap_err();
        assert_eq!(error, ConfigError::OriginSyntax { origin: origin.into() });
    }
}

#[test]
fn an_appid_is_an_https_url() {
    for appid in
        ["https://example.org", "https://example.org/app-id.json", "https://www.example.org:8443/a?b"]
    {
        assert!(builder().appid(appid).build().is_ok(), "{appid}");
    }
    for appid in [
        "",
        "example.org",
        "http://example.org",
        "https://",
        "https:///app-id.json",
        "https://Example.org",
        "https://kim@example.org",
        "https://example.org/a b",
        "https://example.org/#a",
        "https://example.org#a",
    ] {
        assert_eq!(builder().appid(appid).build().unwrap_err(), ConfigError::AppId { appid: appid.into() });
    }
}

#[cfg(feature = "public-suffix")]
#[test]
fn the_appid_is_omitted_on_pages_that_cannot_use_it() {
    use crate::{AllowedCredentials, Timestamp, User, UserHandle};

    let user = User { handle: UserHandle::random().unwrap(), name: "kim".into(), display_name: "Kim".into() };
    let now = Timestamp::from_unix_seconds(0);
    for appid in ["https://example.org", "https://www.example.org:8443/app-id.json"] {
        let rp = builder().appid(appid).build().unwrap();
        for (page, is_sent) in [
            ("https://example.org", true),
            ("https://login.example.org:444", true),
            // Not known.
            ("android:apk-key-hash:AAAA", true),
            ("", true),
            ("https://example.com", false),
            ("https://example.org.evil.example", false),
            ("http://localhost:8080", false),
        ] {
            let expected = is_sent.then(|| appid.into());
            let (options, _) = rp.registration(&user).for_page(page).start(now).unwrap();
            assert_eq!(options.public_key.extensions.appid_exclude, expected, "{page}");
            let request = rp.authentication(AllowedCredentials::discoverable()).for_page(page);
            assert_eq!(request.start(now).unwrap().0.public_key.extensions.appid, expected, "{page}");
        }
    }
}

#[test]
fn an_rp_id_that_is_not_a_domain_is_rejected() {
    for rp_id in [
        "",
        "Example.org",
        "https://example.org",
        "example.org.",
        "example..org",
        "127.0.0.1",
        "a b",
        "bücher.example",
    ] {
        let error = RelyingParty::builder(rp_id).origin("https://example.org").build().unwrap_err();
        assert_eq!(error, ConfigError::RpId { rp_id: rp_id.into() });
    }
}

#[test]
fn an_origin_of_another_domain_must_be_a_related_origin() {
    for origin in
        ["https://evil-example.org", "https://evilexample.org", "https://example.org.evil", "https://org"]
    {
        assert!(
            message(builder().origin(origin)).ends_with("use related_origin for an origin of another domain"),
            "{origin}"
        );
        assert!(builder().related_origin(origin).build().is_ok());
    }
    assert!(builder().origin("https://login.example.org:8443").build().is_ok());
}

#[test]
fn an_origin_without_tls_is_accepted_only_on_localhost() {
    assert_eq!(
        message(builder().origin("http://example.org")),
        r#"origin "http://example.org" is not https, which browsers require except on localhost"#
    );
    let local = RelyingParty::builder("localhost").origin("http://localhost:8080").build();
    assert!(local.unwrap().accepts_origin("http://localhost:8080"));
}

#[test]
fn an_origin_has_the_form_of_browsers() {
    for origin in [
        "example.org",
        "https://example.org/",
        "https://Example.org",
        "https://example.org:443",
        "ftp://example.org",
    ] {
        assert_eq!(
            builder().origin(origin).build().unwrap_err(),
            ConfigError::OriginSyntax { origin: origin.into() }
        );
    }
}

#[test]
fn native_origins_are_those_of_android_and_ios() {
    assert!(builder().native_origin("android:apk-key-hash:abc").build().is_ok());
    assert!(builder().native_origin("ios:bundle-id:org.example").build().is_ok());
    for origin in ["android:apk-key-hash:", "https://example.org", "android:apk"] {
        assert!(
            message(builder().native_origin(origin))
                .ends_with("is not of the form android:apk-key-hash:… or ios:bundle-id:…")
        );
    }
}

#[test]
fn a_configuration_without_effect_is_rejected() {
    assert_eq!(RelyingParty::builder("example.org").build().unwrap_err(), ConfigError::NoOrigin);
    assert_eq!(
        builder().top_origin("https://example.com").build().unwrap_err(),
        ConfigError::TopOriginsUnused
    );
    assert_eq!(builder().algorithms([]).build().unwrap_err(), ConfigError::NoAlgorithm);
    assert_eq!(builder().timeout(Duration::ZERO).build().unwrap_err(), ConfigError::Timeout);
}

#[test]
fn an_address_of_this_machine_is_rejected_with_advice() {
    assert_eq!(
        message(RelyingParty::builder("localhost").origin("http://127.0.0.1:8080")),
        "origin \"http://127.0.0.1:8080\" is not https, which browsers require except on localhost; \
         during development, use http://localhost:8080"
    );
    assert_eq!(
        message(RelyingParty::builder("127.0.0.1").origin("http://127.0.0.1:8080")),
        "RP ID \"127.0.0.1\" is not a domain in lower-case ASCII; during development, use localhost"
    );
}

#[test]
fn debug_of_a_configuration_error_is_its_message() {
    let error = RelyingParty::builder("example.org").build().unwrap_err();
    assert_eq!(alloc::format!("{error:?}"), error.to_string());
}

#[cfg(feature = "public-suffix")]
#[test]
fn an_rp_id_that_is_a_public_suffix_is_rejected() {
    let own = |rp_id: &str| {
        let origin = alloc::format!("https://{rp_id}");
        RelyingParty::builder(rp_id).origin(&origin).build()
    };
    // Both sections of the list, wildcards and international domains.
    for rp_id in
        ["com", "org", "co.uk", "github.io", "herokuapp.com", "anything.ck", "xn--p1ai", "xn--55qx5d.cn"]
    {
        assert_eq!(own(rp_id).unwrap_err(), ConfigError::PublicSuffix { rp_id: rp_id.into() }, "{rp_id}");
        let other = builder().also_accept_rp_id(rp_id).build().unwrap_err();
        assert_eq!(other, ConfigError::PublicSuffix { rp_id: rp_id.into() }, "{rp_id}");
        // Vectors have arbitrary RP IDs.
        assert!(
            RelyingParty::builder(rp_id).verbatim_rp_id().verbatim_origin("x").build().is_ok(),
            "{rp_id}"
        );
    }
    // `www.ck` is an exception to `*.ck`; an intranet has single labels.
    for rp_id in
        ["localhost", "example.org", "bbc.co.uk", "rp.github.io", "www.ck", "intranet", "a.b.example"]
    {
        assert!(own(rp_id).is_ok(), "{rp_id}");
    }
    assert_eq!(
        own("github.io").unwrap_err().to_string(),
        r#"RP ID "github.io" is a public suffix, which all sites below it share: use the domain of your site"#
    );
}
