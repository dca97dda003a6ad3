//! The browser module, which the adapters serve.

use super::request::Request;
use super::response::Response;
use super::route::{Route, Routes};

/// A file of the browser module. Its routes serve the minified build; the source with its types, tests and npm package is
/// in the folder `web` of this crate.
///
/// # Examples
/// A page that rejects a module other than the one of this build:
/// ```
/// use rp_service::http::{BrowserModule, Routes};
///
/// let page = format!(
///     r#"<!doctype html>{}<script type="module">
///     import {{ connect }} from "/webauthn/passkeys.js";
///     await connect().autofill();
///     </script>"#,
///     BrowserModule::Passkeys.preload_tag(&Routes::all()),
/// );
/// assert!(page.contains(r#"<link rel="modulepreload" href="/webauthn/passkeys.js" integrity="sha384-"#));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BrowserModule {
    /// `passkeys.js`: the module, with English texts.
    Passkeys,
    /// `passkeys.de.js`: German texts for it.
    GermanTexts,
    /// `telemetry.js`: reports of it (`PasskeysBuilder::browser_telemetry`, with the feature `metrics`).
    Telemetry,
}

impl BrowserModule {
    /// The content.
    #[must_use]
    pub const fn content(self) -> &'static str {
        match self {
            Self::Passkeys => include_str!("../../web/passkeys.min.js"),
            Self::GermanTexts => include_str!("../../web/passkeys.de.js"),
            Self::Telemetry => include_str!("../../web/telemetry.js"),
        }
    }

    /// The integrity metadata of the content ([Subresource Integrity]): `sha384-` and the hash in base64.
    ///
    /// [Subresource Integrity]: https://www.w3.org/TR/sri-2/
    #[must_use]
    pub const fn integrity(self) -> &'static str {
        match self {
            Self::Passkeys => "sha384-aOOyIOSPN6A2IdBxcS2uixNTn8+lvfy6Wqx6ldHY+6k2wd3t4qTX6FBcRMOhvWJM",
            Self::GermanTexts => "sha384-0ruLfSnWMU/PHFIjcSuMhO1UdZ2wd2U6L0T0s5qXqJR97F0RHoGohEHtrQyGIAMq",
            Self::Telemetry => "sha384-DDIaHnO3ujLcpe6buYL1AgQ781a38P/asBFh35sPBOvAxryrVTYVUJSd6VyPS0dH",
        }
    }

    /// The tag that loads the file early and makes the browser reject a file with another hash, for the head of a page
    /// before its first script. An `import` has no integrity of its own.
    #[must_use]
    pub fn preload_tag(self, routes: &Routes) -> String {
        let (path, integrity) = (routes.path(self.route()), self.integrity());
        format!(r#"<link rel="modulepreload" href="{path}" integrity="{integrity}">"#)
    }

    const fn route(self) -> Route {
        match self {
            Self::Passkeys => Route::BrowserModule,
            Self::GermanTexts => Route::GermanTexts,
            Self::Telemetry => Route::TelemetryModule,
        }
    }

    /// The response: 200 with the file, or 304 if the browser has it. Caches ask every time, because the path of the next
    /// version is the same.
    pub(super) fn response(self, request: &Request<'_>) -> Response {
        let etag = format!("\"{}\"", self.integrity());
        let has_it = request.header("if-none-match").any(|tags| contains(tags, etag.as_bytes()));
        let mut response = Response::empty(if has_it { 304 } else { 200 });
        if !has_it {
            response = response.with("content-type", "text/javascript; charset=utf-8".into());
            response.body = self.content().into();
        }
        response.with("cache-control", "no-cache".into()).with("etag", etag)
    }
}

/// Whether a list of entity tags has this one (RFC 9110, section 13.1.2: weak comparison), or is `*`.
fn contains(tags: &[u8], etag: &[u8]) -> bool {
    tags.split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha384};

    use super::*;

    const ALL: [BrowserModule; 3] =
        [BrowserModule::Passkeys, BrowserModule::GermanTexts, BrowserModule::Telemetry];

    fn requested(module: BrowserModule, if_none_match: &[&str]) -> Response {
        let headers = if_none_match.iter().map(|tags| ("if-none-match", tags.as_bytes())).collect();
        module.response(&Request { headers, ..Request::default() })
    }

    #[test]
    fn the_integrity_is_the_hash_of_the_content() {
        for module in ALL {
            let hash = rp_core::base64url::encode(&Sha384::digest(module.content()));
            let expected = format!("sha384-{}", hash.replace('-', "+").replace('_', "/"));
            assert_eq!(module.integrity(), expected, "{module:?}");
        }
    }

    #[test]
    fn the_module_has_less_than_six_kilobytes() {
        assert!(BrowserModule::Passkeys.content().len() < 6_000);
    }

    #[test]
    fn a_file_that_the_browser_has_is_not_sent_again() {
        for module in ALL {
            let etag = format!("\"{}\"", module.integrity());
            let (weak, list) = (format!("W/{etag}"), format!("\"other\" , {etag}"));
            for tags in [&[etag.as_str()][..], &[&weak], &[&list], &["\"other\"", &etag], &["*"]] {
                let response = requested(module, tags);
                assert_eq!((response.status, response.body.len()), (304, 0), "{tags:?}");
                assert!(response.headers.contains(&("etag", etag.clone())));
            }
            for tags in [&[][..], &["\"other\""], &[module.integrity()]] {
                let response = requested(module, tags);
                assert_eq!((response.status, response.body.as_slice()), (200, module.content().as_bytes()));
                assert!(response.headers.contains(&("cache-control", "no-cache".into())));
            }
        }
    }

    #[test]
    fn the_tag_has_the_prefix_of_the_routes() {
        let tag = BrowserModule::Passkeys.preload_tag(&Routes::all().prefix("/auth/"));
        assert!(
            tag.starts_with(r#"<link rel="modulepreload" href="/auth/passkeys.js" integrity="sha384-"#),
            "{tag}"
        );
    }
}
