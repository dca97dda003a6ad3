use rp_core::RelyingParty;

use super::cookie::{Cookies, is_web_origin};
use super::request::{HttpConfig, Request};
use super::route::Route;
use crate::error::ServiceError;

/// Rejects state-changing requests that a page of another site sent. Browsers report the origin, and pages cannot change
/// that report.
pub(super) fn check_site(
    rp: &RelyingParty,
    cookies: &Cookies,
    config: &HttpConfig,
    request: &Request<'_>,
) -> Result<(), ServiceError> {
    let reject = |reason: String| {
        let accepted = rp.origins().iter().filter(|origin| is_web_origin(origin)).cloned().collect();
        Err(ServiceError::CrossSite { reason, accepted })
    };
    let sites: Vec<_> = request.header("sec-fetch-site").map(<[u8]>::trim_ascii).collect();
    let is_same_origin =
        !sites.is_empty() && sites.iter().all(|site| site.eq_ignore_ascii_case(b"same-origin"));
    // Not every browser sends Sec-Fetch-Site with the handshake of a WebSocket. Host is that of the URL.
    let is_own_host = |origin: &str| {
        let host = origin.split_once("://").map(|(_, host)| host.as_bytes());
        sites.is_empty() && is_websocket(request) && request.header("host").map(Some).eq([host])
    };
    let mut origins = request.header("origin").peekable();
    let has_origin = origins.peek().is_some();
    let mut is_front_end = has_origin;
    for origin in origins {
        let text = std::str::from_utf8(origin).ok().filter(|text| is_web_origin(text));
        let is_accepted = text.is_some_and(|text| {
            let is_configured =
                rp.origins().iter().chain(&config.front_ends).any(|configured| configured == text);
            // An origin that only a switch admits: a browser must confirm that the page is the site's own.
            is_configured || ((is_same_origin || is_own_host(text)) && rp.accepts_origin(text))
        });
        if !is_accepted {
            return reject(format!("origin {:?}", String::from_utf8_lossy(origin)));
        }
        is_front_end &= text.is_some_and(|text| config.front_ends.iter().any(|front_end| front_end == text));
    }
    for site in &sites {
        let is_rejected = site.eq_ignore_ascii_case(b"cross-site")
            || (site.eq_ignore_ascii_case(b"same-site") && !is_front_end);
        if is_rejected {
            return reject(format!("sec-fetch-site {:?}", String::from_utf8_lossy(site)));
        }
    }
    // Browsers can be made to send such requests.
    let has_cookie = cookies.are_in(request) || request.application_session.is_some();
    if !has_origin && sites.is_empty() && has_cookie {
        return reject("a cookie without origin and sec-fetch-site".into());
    }
    Ok(())
}

/// Whether the request is the handshake of a WebSocket (RFC 6455, section 4.1).
pub(super) fn is_websocket(request: &Request<'_>) -> bool {
    let protocols = request.header("upgrade").flat_map(|value| value.split(|&byte| byte == b','));
    protocols.into_iter().any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// Checks the media type: `application/json`, in any case and with any parameters; for the tokens of command lines also
/// `application/x-www-form-urlencoded` (RFC 6749, section 4.1.3).
pub(super) fn check_media_type(route: Route, request: &Request<'_>) -> Result<(), ServiceError> {
    match media_type(request) {
        Some(media_type) if media_type.eq_ignore_ascii_case(b"application/json") => Ok(()),
        Some(_) if route == Route::Token && is_form(request) => Ok(()),
        _ => Err(ServiceError::MediaType),
    }
}

/// Whether the body is a form.
pub(super) fn is_form(request: &Request<'_>) -> bool {
    let form = b"application/x-www-form-urlencoded";
    media_type(request).is_some_and(|media_type| media_type.eq_ignore_ascii_case(form))
}

/// The media type without its parameters, if there is exactly one.
fn media_type<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    let mut media_types = request.header("content-type");
    let (media_type, None) = (media_types.next()?, media_types.next()) else { return None };
    Some(media_type.split(|&byte| byte == b';').next()?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(headers: &[(&str, &[u8])]) -> Result<(), ServiceError> {
        let rp = RelyingParty::builder("example.org")
            .origin("https://example.org")
            .related_origin("https://example.com")
            .related_origin("https://app.example.org")
            .native_origin("android:apk-key-hash:AAAA")
            .allow_subdomains()
            .build()
            .unwrap();
        let config =
            HttpConfig { front_ends: vec!["https://app.example.org".into()], ..HttpConfig::default() };
        let request = Request { headers: headers.to_vec(), ..Request::default() };
        check_site(&rp, &Cookies::new(&rp), &config, &request)
    }

    #[test]
    fn configured_origins_and_requests_without_cookies_pass() {
        assert!(site(&[]).is_ok());
        let own = [("origin", &b"https://example.org"[..]), ("sec-fetch-site", b"same-origin")];
        assert!(site(&own).is_ok());
        assert!(site(&[("origin", b"https://example.com")]).is_ok());
        assert!(site(&[("sec-fetch-site", b"none")]).is_ok());
    }

    #[test]
    fn other_origins_are_rejected() {
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
            let error = site(&[("origin", origin)]).unwrap_err();
            assert_eq!((error.status(), error.code()), (403, "cross-site-request"), "{origin:?}");
        }
        let two: [(&str, &[u8]); 2] =
            [("origin", b"https://example.org"), ("origin", b"https://evil.example")];
        assert!(site(&two).is_err());
    }

    #[test]
    fn a_handshake_at_the_host_of_its_origin_is_same_origin() {
        let (origin, upgrade) =
            (("origin", &b"https://login.example.org"[..]), ("upgrade", &b"websocket"[..]));
        let host = |host: &'static [u8]| ("host", host);
        assert!(site(&[origin, upgrade, host(b"login.example.org")]).is_ok());
        for rejected in [
            &[origin, upgrade, host(b"example.org")][..],
            &[origin, upgrade, host(b"login.example.org:8443")],
            &[origin, upgrade],
            &[origin, upgrade, host(b"login.example.org"), host(b"login.example.org")],
            &[origin, upgrade, host(b"login.example.org"), ("sec-fetch-site", b"same-site")],
            &[origin, host(b"login.example.org")],
            &[("origin", b"https://evil.example"), upgrade, host(b"evil.example")],
        ] {
            assert!(site(rejected).is_err(), "{rejected:?}");
        }
    }

    #[test]
    fn an_origin_of_a_switch_passes_only_as_same_origin() {
        let origin = ("origin", &b"https://login.example.org"[..]);
        assert!(site(&[origin, ("sec-fetch-site", b"same-origin")]).is_ok());
        for other in [&b"none"[..], b"same-site", b"cross-site"] {
            assert!(site(&[origin, ("sec-fetch-site", other)]).is_err());
        }
    }

    #[test]
    fn same_site_passes_only_from_a_front_end() {
        let front_end = ("origin", &b"https://app.example.org"[..]);
        assert!(site(&[front_end, ("sec-fetch-site", b"same-site")]).is_ok());
        assert!(site(&[front_end, ("sec-fetch-site", b"cross-site")]).is_err());
        for site_value in [&b"same-site"[..], b"cross-site", b" Cross-Site "] {
            let headers = [("origin", &b"https://example.org"[..]), ("sec-fetch-site", site_value)];
            assert_eq!(site(&headers).unwrap_err().code(), "cross-site-request");
        }
        assert!(site(&[("sec-fetch-site", b"same-site")]).is_err());
    }

    #[test]
    fn a_cookie_of_ours_without_origin_and_site_is_rejected() {
        for cookie in [&b"__Host-rp-session=x"[..], b"a=\xe9; __Host-rp-ceremony=x"] {
            assert_eq!(site(&[("cookie", cookie)]).unwrap_err().code(), "cross-site-request");
            assert!(site(&[("cookie", cookie), ("sec-fetch-site", b"same-origin")]).is_ok());
            assert!(site(&[("cookie", cookie), ("origin", b"https://example.org")]).is_ok());
        }
        assert!(site(&[("cookie", b"other=x")]).is_ok());
    }

    #[test]
    fn the_error_lists_the_accepted_origins() {
        let error = site(&[("origin", b"http://localhost:3000")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cross-site request: origin \"http://localhost:3000\"; accepted origins: https://example.org \
             https://example.com https://app.example.org"
        );
    }

    fn checked(headers: &[(&str, &[u8])]) -> Result<(), &'static str> {
        let request = Request { headers: headers.to_vec(), ..Request::default() };
        check_media_type(Route::SignOut, &request).map_err(|error| error.code())
    }

    #[test]
    fn only_application_json_is_accepted() {
        for accepted in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
            assert_eq!(checked(&[("content-type", accepted.as_bytes())]), Ok(()), "{accepted}");
        }
        for rejected in [
            "",
            "text/plain",
            "application/jsonp",
            "application/problem+json",
            "application/x-www-form-urlencoded",
        ] {
            let result = checked(&[("content-type", rejected.as_bytes())]);
            assert_eq!(result, Err("unsupported-media-type"), "{rejected}");
        }
        assert_eq!(checked(&[]), Err("unsupported-media-type"));
        let two: [(&str, &[u8]); 2] =
            [("content-type", b"application/json"), ("content-type", b"application/json")];
        assert_eq!(checked(&two), Err("unsupported-media-type"));
    }

    #[test]
    fn the_token_of_a_command_line_may_be_asked_for_by_a_form() {
        let headers = vec![("content-type", &b"application/x-www-form-urlencoded;charset=utf-8"[..])];
        let request = Request { headers, ..Request::default() };
        assert!(check_media_type(Route::Token, &request).is_ok() && is_form(&request));
        assert!(check_media_type(Route::ConfirmAuthorization, &request).is_err());
    }
}
