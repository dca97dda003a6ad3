use std::time::Duration;

use cookie::Cookie;
use rp_core::RelyingParty;

use super::request::Request;
use crate::passkeys::{BrowserId, SealedCookies};
use crate::session::SessionToken;

/// The names and attributes of the cookies. They follow from the configured origins, never from a request.
///
/// All are `HttpOnly; SameSite=Lax; Path=/`. If an accepted web origin is HTTPS, they are `Secure` and their names begin with
/// `__Host-`, so that no subdomain can set them. On `http://localhost` neither holds, because not every browser accepts
/// such cookies there. If cross-origin frames are allowed, they are `SameSite=None; Secure; Partitioned`, because browsers
/// send no others there.
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::http::Cookies;
///
/// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
/// let cookies = Cookies::new(&rp);
/// assert_eq!(cookies.ceremony().name, "__Host-rp-ceremony");
/// assert_eq!(cookies.session().name, "__Host-rp-session");
/// # Ok::<(), rp_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookies {
    ceremony: CookieAttributes,
    session: CookieAttributes,
    sealed: [CookieAttributes; SealedCookies::SLOTS],
}

/// The name and attributes of a cookie, in addition to `HttpOnly` and `Path=/`. There is no `Domain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieAttributes {
    /// The name, with its prefix.
    pub name: String,
    /// `SameSite`.
    pub same_site: SameSite,
    /// `Secure`.
    pub secure: bool,
    /// `Partitioned`.
    pub partitioned: bool,
}

/// `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// `Lax`.
    Lax,
    /// `None`.
    None,
}

impl Cookies {
    /// The cookies of a relying party.
    #[must_use]
    pub fn new(rp: &RelyingParty) -> Self {
        let mut web = rp.origins().iter().filter(|origin| is_web_origin(origin)).peekable();
        // With one HTTPS origin, or without any web origin, this is treated as a production site.
        let https = web.peek().is_none() || web.any(|origin| origin.starts_with("https://"));
        let framed = rp.allows_cross_origin();
        let attributes = |name: &str| CookieAttributes {
            name: format!("{}{name}", if https { "__Host-" } else { "" }),
            same_site: if framed { SameSite::None } else { SameSite::Lax },
            secure: https || framed,
            partitioned: framed,
        };
        Self {
            ceremony: attributes("rp-ceremony"),
            session: attributes("rp-session"),
            sealed: std::array::from_fn(|slot| attributes(&format!("rp-ceremony-{slot}"))),
        }
    }

    /// The cookie that binds ceremonies to a browser. It expires when the browser is closed.
    #[must_use]
    pub fn ceremony(&self) -> &CookieAttributes {
        &self.ceremony
    }

    /// The cookie that contains the session's token. It expires when the browser is closed.
    #[must_use]
    pub fn session(&self) -> &CookieAttributes {
        &self.session
    }

    /// The browser, by its ceremony cookie.
    pub(crate) fn browser(&self, request: &Request<'_>) -> Option<BrowserId> {
        self.ceremony.values(request).find_map(BrowserId::parse)
    }

    /// The sealed ceremonies of the browser.
    pub(crate) fn sealed(&self, request: &Request<'_>) -> SealedCookies {
        let slots = (0..).zip(&self.sealed);
        SealedCookies::read(slots.filter_map(|(slot, cookie)| Some((slot, cookie.values(request).next()?))))
    }

    /// `Set-Cookie` for a ceremony that was sealed; it expires with the ceremony.
    pub(crate) fn set_sealed(&self, sealed: &SealedCookies, lifetime: Duration) -> Option<String> {
        let added = sealed.added()?;
        let cookie = self.sealed.get(added.slot)?;
        Some(format!("{}; Max-Age={}", cookie.set(&added.value), lifetime.as_secs()))
    }

    /// The token in the session cookie.
    pub(crate) fn token(&self, request: &Request<'_>) -> Option<SessionToken> {
        self.session.values(request).find_map(SessionToken::parse)
    }

    /// Whether the request carries one of the cookies.
    pub(crate) fn are_in(&self, request: &Request<'_>) -> bool {
        self.ceremony.values(request).next().is_some() || self.session.values(request).next().is_some()
    }
}

impl CookieAttributes {
    /// `Set-Cookie` with this value.
    #[must_use]
    pub fn set(&self, value: &str) -> String {
        self.cookie(value).to_string()
    }

    /// `Set-Cookie` that removes the cookie.
    #[must_use]
    pub fn remove(&self) -> String {
        let mut cookie = self.cookie("");
        cookie.set_max_age(cookie::time::Duration::ZERO);
        cookie.to_string()
    }

    fn cookie<'a>(&'a self, value: &'a str) -> Cookie<'a> {
        let mut cookie = Cookie::new(self.name.as_str(), value);
        cookie.set_http_only(true);
        cookie.set_path("/");
        cookie.set_same_site(match self.same_site {
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        });
        cookie.set_secure(self.secure);
        cookie.set_partitioned(self.partitioned);
        cookie
    }

    /// The values of this cookie in a request. A `Cookie` header consists of octets (RFC 6265, section 5.4): a cookie of
    /// another application that is not UTF-8 is skipped, and nothing else.
    fn values<'a>(&'a self, request: &Request<'a>) -> impl Iterator<Item = &'a [u8]> {
        request.header("cookie").flat_map(|header| header.split(|&octet| octet == b';')).filter_map(|pair| {
            let pair = pair.trim_ascii();
            pair.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
        })
    }
}

/// Whether an origin is a web origin, and not a native application's.
pub(super) fn is_web_origin(origin: &str) -> bool {
    origin.starts_with("https://") || origin.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use rp_core::RelyingPartyBuilder;

    use super::*;

    fn set(builder: RelyingPartyBuilder) -> String {
        Cookies::new(&builder.build().unwrap()).ceremony().set("v")
    }

    #[test]
    fn an_https_origin_has_secure_cookies_with_a_host_prefix() {
        let expected = "__Host-rp-ceremony=v; HttpOnly; SameSite=Lax; Secure; Path=/";
        assert_eq!(set(RelyingParty::builder("example.org").origin("https://example.org")), expected);
        assert_eq!(set(RelyingParty::builder("localhost").origin("https://localhost:8443")), expected);
    }

    #[test]
    fn http_localhost_has_neither() {
        assert_eq!(
            set(RelyingParty::builder("localhost").origin("http://localhost:8080")),
            "rp-ceremony=v; HttpOnly; SameSite=Lax; Path=/"
        );
    }

    #[test]
    fn a_production_site_stays_secure_next_to_localhost() {
        let builder = RelyingParty::builder("example.org").origin("https://example.org");
        assert!(set(builder.related_origin("http://localhost:8080")).contains("; Secure"));
        let native = RelyingParty::builder("example.org").native_origin("ios:bundle-id:a");
        assert!(set(native).contains("; Secure"));
    }

    #[test]
    fn cross_origin_frames_have_partitioned_cookies() {
        let framed = RelyingParty::builder("example.org").origin("https://example.org").allow_cross_origin();
        assert_eq!(set(framed), "__Host-rp-ceremony=v; HttpOnly; SameSite=None; Partitioned; Secure; Path=/");
    }

    #[test]
    fn a_foreign_cookie_that_is_not_utf_8_hides_nothing() {
        let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build().unwrap();
        let cookies = Cookies::new(&rp);
        let (browser, token) = (BrowserId::random().unwrap(), SessionToken::random().unwrap());
        let ours = format!("rp-session={}; rp-ceremony={}", token.expose(), browser.to_cookie_value());
        for foreign in [&b"other=Jos\xe9"[..], b"\xff", b"=", b"a=b=c", b"rp-session", b"rp-session=x"] {
            let header = [foreign, b"; ", ours.as_bytes(), b";", foreign].concat();
            let request = Request { headers: vec![("cookie", &header)], ..Request::default() };
            assert_eq!(cookies.token(&request), Some(token.clone()), "{}", foreign.escape_ascii());
            assert_eq!(cookies.browser(&request), Some(browser.clone()), "{}", foreign.escape_ascii());
        }
    }

    #[test]
    fn cookies_are_found_in_several_headers_and_by_their_full_name() {
        let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build().unwrap();
        let (cookies, token) = (Cookies::new(&rp), SessionToken::random().unwrap());
        let similar = format!("rp-session2={0}; xrp-session={0}", token.expose());
        let headers = vec![("cookie", similar.as_bytes())];
        let request = Request { headers, ..Request::default() };
        assert_eq!(cookies.token(&request), None);
        assert!(!cookies.are_in(&request));
        let ours = format!("rp-session={}", token.expose());
        let headers = vec![("cookie", similar.as_bytes()), ("cookie", ours.as_bytes())];
        assert_eq!(cookies.token(&Request { headers, ..Request::default() }), Some(token));
    }
}
