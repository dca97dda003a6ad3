use rp_core::RelyingParty;

use super::Request;
use super::guard::is_web_origin;
use crate::passkeys::BrowserId;

/// How cookies are named and marked. It follows from the origins that are configured, never from a request.
///
/// All are `HttpOnly; SameSite=Lax; Path=/`. Where an accepted web origin is HTTPS they are `Secure` too, and
/// their names begin with `__Host-`, so that no subdomain can plant one. On `http://localhost` neither holds, as
/// not every browser keeps such cookies there. Where cross-origin frames are allowed they are
/// `SameSite=None; Secure; Partitioned`, since browsers send no others there.
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
}

/// A cookie's name and attributes, beside `HttpOnly` and `Path=/`, which all have. There is no `Domain`.
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
        // One HTTPS origin among others, or none for the web at all, is a site in earnest.
        let https = web.peek().is_none() || web.any(|origin| origin.starts_with("https://"));
        let framed = rp.allows_cross_origin();
        let attributes = |name: &str| CookieAttributes {
            name: format!("{}{name}", if https { "__Host-" } else { "" }),
            same_site: if framed { SameSite::None } else { SameSite::Lax },
            secure: https || framed,
            partitioned: framed,
        };
        Self { ceremony: attributes("rp-ceremony"), session: attributes("rp-session") }
    }

    /// The cookie that ceremonies hang on. It lives as long as the browser is open.
    #[must_use]
    pub fn ceremony(&self) -> &CookieAttributes {
        &self.ceremony
    }

    /// The cookie that the session hangs on.
    #[must_use]
    pub fn session(&self) -> &CookieAttributes {
        &self.session
    }

    /// The browser, if it was here before.
    pub(crate) fn browser(&self, request: &Request<'_>) -> Option<BrowserId> {
        request
            .header("cookie")
            .filter_map(|header| std::str::from_utf8(header).ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.ceremony.name)
            .find_map(|(_, value)| BrowserId::parse(value))
    }
}

impl CookieAttributes {
    /// `Set-Cookie` with this value, which must be made of characters that cookies have.
    #[must_use]
    pub fn set(&self, value: &str) -> String {
        let Self { name, same_site, secure, partitioned } = self;
        let same_site = same_site.as_str();
        let secure = if *secure { "; Secure" } else { "" };
        let partitioned = if *partitioned { "; Partitioned" } else { "" };
        format!("{name}={value}; HttpOnly; SameSite={same_site}; Path=/{secure}{partitioned}")
    }

    /// `Set-Cookie` that takes the cookie away.
    #[must_use]
    pub fn remove(&self) -> String {
        format!("{}; Max-Age=0", self.set(""))
    }
}

impl SameSite {
    /// The attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
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
        assert_eq!(
            set(RelyingParty::builder("example.org").origin("https://example.org")),
            "__Host-rp-ceremony=v; HttpOnly; SameSite=Lax; Path=/; Secure"
        );
        assert_eq!(
            set(RelyingParty::builder("localhost").origin("https://localhost:8443")),
            "__Host-rp-ceremony=v; HttpOnly; SameSite=Lax; Path=/; Secure"
        );
    }

    #[test]
    fn http_localhost_has_neither() {
        assert_eq!(
            set(RelyingParty::builder("localhost").origin("http://localhost:8080")),
            "rp-ceremony=v; HttpOnly; SameSite=Lax; Path=/"
        );
    }

    #[test]
    fn a_site_in_earnest_stays_secure_beside_localhost() {
        let builder = RelyingParty::builder("example.org").origin("https://example.org");
        assert!(set(builder.related_origin("http://localhost:8080")).contains("; Secure"));
        assert!(
            set(RelyingParty::builder("example.org").native_origin("ios:bundle-id:a")).contains("; Secure")
        );
    }

    #[test]
    fn cookies_in_cross_origin_frames_are_partitioned() {
        let builder = RelyingParty::builder("example.org").origin("https://example.org").allow_cross_origin();
        assert_eq!(
            set(builder),
            "__Host-rp-ceremony=v; HttpOnly; SameSite=None; Path=/; Secure; Partitioned"
        );
    }

    #[test]
    fn the_browser_is_found_among_other_cookies_and_only_by_a_whole_value() {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let (cookies, browser) = (Cookies::new(&rp), BrowserId::random().unwrap());
        let value = browser.to_cookie_value();
        let found = |header: &str| {
            let headers = vec![("accept", &b"*/*"[..]), ("cookie", header.as_bytes())];
            cookies.browser(&Request { headers, ..Request::default() })
        };
        assert_eq!(found(&format!("a=b; __Host-rp-ceremony={value};c=d")), Some(browser.clone()));
        assert_eq!(found(&format!("__Host-rp-ceremony=x; __Host-rp-ceremony={value}")), Some(browser));
        for other in ["", "rp-ceremony=", "__Host-rp-ceremony", "__Host-rp-ceremony=AAAA"] {
            assert_eq!(found(other), None, "{other}");
        }
        assert_eq!(found(&format!("rp-ceremony={value}")), None);
    }
}
