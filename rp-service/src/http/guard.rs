use rp_core::RelyingParty;

use super::{Body, Request, Route};
use crate::refusal::Refusal;

/// Refuses what another site's page sends. Browsers tell where a request comes from, and pages cannot change
/// what they tell; a request with neither header comes from no browser, and carries nobody's cookies.
pub(super) fn check_site(rp: &RelyingParty, route: Route, request: &Request<'_>) -> Result<(), Refusal> {
    if !route.changes_state() {
        return Ok(());
    }
    for origin in request.header("origin") {
        let accepted = std::str::from_utf8(origin)
            .is_ok_and(|origin| is_web_origin(origin) && rp.accepts_origin(origin));
        if !accepted {
            return Err(cross_site("origin", origin));
        }
    }
    for site in request.header("sec-fetch-site") {
        let site = site.trim_ascii();
        if site.eq_ignore_ascii_case(b"same-site") || site.eq_ignore_ascii_case(b"cross-site") {
            return Err(cross_site("sec-fetch-site", site));
        }
    }
    Ok(())
}

fn cross_site(header: &str, value: &[u8]) -> Refusal {
    Refusal::CrossSite { from: format!("{header} {:?}", String::from_utf8_lossy(value)) }
}

/// The body, if it is JSON by its media type, and not too long.
pub(super) fn json_body<'a>(request: &'a Request<'_>) -> Result<&'a [u8], Refusal> {
    let mut media_types = request.header("content-type");
    match (media_types.next(), media_types.next()) {
        (Some(media_type), None) if is_json(media_type) => {}
        _ => return Err(Refusal::MediaType),
    }
    match &request.body {
        Body::Read(bytes) if bytes.len() <= super::MAX_BODY_BYTES => Ok(bytes),
        Body::Read(_) | Body::TooLarge => Err(Refusal::BodyTooLarge),
    }
}

/// `application/json`, in any case and with any parameters.
fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

/// Whether an origin is the web's, and not a native application's.
pub(super) fn is_web_origin(origin: &str) -> bool {
    origin.starts_with("https://") || origin.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rp() -> RelyingParty {
        RelyingParty::builder("example.org")
            .origin("https://example.org")
            .related_origin("https://example.com")
            .native_origin("android:apk-key-hash:AAAA")
            .build()
            .unwrap()
    }

    fn site(route: Route, headers: &[(&str, &[u8])]) -> Result<(), Refusal> {
        check_site(&rp(), route, &Request { headers: headers.to_vec(), ..Request::default() })
    }

    #[test]
    fn accepted_web_origins_and_requests_without_an_origin_pass() {
        assert!(site(Route::SignOut, &[]).is_ok());
        assert!(
            site(Route::SignOut, &[("origin", b"https://example.org"), ("sec-fetch-site", b"same-origin")])
                .is_ok()
        );
        assert!(site(Route::SignOut, &[("origin", b"https://example.com")]).is_ok());
        assert!(site(Route::SignOut, &[("sec-fetch-site", b"none")]).is_ok());
    }

    #[test]
    fn other_origins_are_refused() {
        for origin in [
            &b"https://evil.example"[..],
            b"http://example.org",
            b"https://example.org:8443",
            b"https://login.example.org",
            b"android:apk-key-hash:AAAA",
            b"null",
            b"",
            b"\xff",
        ] {
            let refusal = site(Route::SignOut, &[("origin", origin)]).unwrap_err();
            assert_eq!((refusal.status(), refusal.code()), (403, "cross-site-request"), "{origin:?}");
        }
        let two: [(&str, &[u8]); 2] =
            [("origin", b"https://example.org"), ("origin", b"https://evil.example")];
        assert!(site(Route::SignOut, &two).is_err());
    }

    #[test]
    fn same_site_and_cross_site_are_refused_even_from_an_accepted_origin() {
        for word in [&b"same-site"[..], b"cross-site", b" Cross-Site "] {
            let headers = [("origin", &b"https://example.org"[..]), ("sec-fetch-site", word)];
            assert_eq!(site(Route::SignOut, &headers).unwrap_err().code(), "cross-site-request");
        }
    }

    #[test]
    fn what_changes_nothing_is_not_asked_where_it_comes_from() {
        assert!(site(Route::Credentials, &[("sec-fetch-site", b"cross-site")]).is_ok());
        for route in Route::ALL.into_iter().filter(|route| route.changes_state()) {
            assert!(site(route, &[("sec-fetch-site", b"cross-site")]).is_err(), "{route:?}");
        }
    }

    fn media_type(headers: &[(&str, &[u8])]) -> Result<(), &'static str> {
        let body = Body::Read(b"{}".to_vec());
        let request = Request { headers: headers.to_vec(), body, ..Request::default() };
        json_body(&request).map(drop).map_err(|refusal| refusal.code())
    }

    #[test]
    fn only_application_json_is_read() {
        for accepted in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
            assert_eq!(media_type(&[("content-type", accepted.as_bytes())]), Ok(()), "{accepted}");
        }
        for refused in [
            "",
            "text/plain",
            "application/jsonp",
            "application/problem+json",
            "application/x-www-form-urlencoded",
        ] {
            let answer = media_type(&[("content-type", refused.as_bytes())]);
            assert_eq!(answer, Err("unsupported-media-type"), "{refused}");
        }
        assert_eq!(media_type(&[]), Err("unsupported-media-type"));
        let two: [(&str, &[u8]); 2] =
            [("content-type", b"application/json"), ("content-type", b"application/json")];
        assert_eq!(media_type(&two), Err("unsupported-media-type"));
    }

    #[test]
    fn a_body_over_the_bound_is_refused_however_it_comes() {
        let long = vec![b' '; crate::http::MAX_BODY_BYTES + 1];
        for (body, expected) in [
            (Body::Read(long.clone()), Err("body-too-large")),
            (Body::TooLarge, Err("body-too-large")),
            (Body::Read(long[1..].to_vec()), Ok(crate::http::MAX_BODY_BYTES)),
        ] {
            let headers = vec![("content-type", &b"application/json"[..])];
            let request = Request { headers, body, ..Request::default() };
            assert_eq!(json_body(&request).map(<[u8]>::len).map_err(|refusal| refusal.code()), expected);
        }
    }
}
