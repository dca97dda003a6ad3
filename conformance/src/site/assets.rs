//! The files of the page.

use rp_service::http::{BrowserModule, Routes};

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The path at which it is served.
    pub path: &'static str,
    /// Its content.
    pub content: String,
    media_type: &'static str,
}

impl Asset {
    fn new(path: &'static str, media_type: &'static str, content: &str) -> Self {
        Self { path, media_type, content: content.into() }
    }

    /// The headers of its response.
    #[must_use]
    pub const fn headers(&self) -> [(&'static str, &'static str); 5] {
        [
            ("content-type", self.media_type),
            ("content-security-policy", CONTENT_SECURITY_POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ]
    }
}

/// The page and everything that it loads, except the browser module, which the adapters serve.
pub(super) fn assets(has_telemetry: bool) -> Vec<Asset> {
    // The browser rejects a module other than that of this build.
    let mut module = BrowserModule::Passkeys.preload_tag(&Routes::all());
    if has_telemetry {
        module.push_str(&BrowserModule::Telemetry.preload_tag(&Routes::all()));
    }
    let page = |html: &str| html.replace("<!-- passkeys.js -->", &module);
    vec![
        Asset::new("/", HTML, &page(include_str!("pages/index.html"))),
        Asset::new("/admin", HTML, &page(include_str!("pages/admin.html"))),
        Asset::new("/admin.js", SCRIPT, include_str!("pages/admin.js")),
        Asset::new("/admin-words.js", SCRIPT, include_str!("pages/admin-words.js")),
        Asset::new("/app.js", SCRIPT, include_str!("pages/app.js")),
        Asset::new("/cards.js", SCRIPT, include_str!("pages/cards.js")),
        Asset::new("/dom.js", SCRIPT, include_str!("pages/dom.js")),
        Asset::new("/factors.js", SCRIPT, include_str!("pages/factors.js")),
        Asset::new("/words.js", SCRIPT, include_str!("pages/words.js")),
        Asset::new("/style.css", "text/css; charset=utf-8", include_str!("pages/style.css")),
        Asset::new("/admin.css", "text/css; charset=utf-8", include_str!("pages/admin.css")),
        Asset::new("/icon.svg", "image/svg+xml", include_str!("pages/icon.svg")),
    ]
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Allows only the page's own files: no inline script or style, and no frame around the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
