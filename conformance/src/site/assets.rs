//! The files of the page.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path at which it is served.
    pub path: &'static str,
    /// Its content.
    pub content: &'static str,
    media_type: &'static str,
}

impl Asset {
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

/// The page and everything that it loads.
pub const ASSETS: [Asset; 6] = [
    Asset { path: "/", media_type: HTML, content: include_str!("pages/index.html") },
    Asset { path: "/app.js", media_type: SCRIPT, content: include_str!("pages/app.js") },
    Asset { path: "/ceremonies.js", media_type: SCRIPT, content: include_str!("pages/ceremonies.js") },
    Asset { path: "/words.js", media_type: SCRIPT, content: include_str!("pages/words.js") },
    Asset {
        path: "/style.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("pages/style.css"),
    },
    Asset { path: "/icon.svg", media_type: "image/svg+xml", content: include_str!("pages/icon.svg") },
];

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Allows only the page's own files: no inline script or style, and no frame around the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
