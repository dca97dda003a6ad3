//! The page of `GET authorize`. It loads nothing but the browser module, and no site may frame it.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// The content of the page before the user confirms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirmation<'a> {
    /// The host of the site.
    pub(crate) site: &'a str,
    /// The name of the client.
    pub(crate) client: &'a str,
    /// The port at which the client waits.
    pub(crate) port: u16,
    /// The user of the session.
    pub(crate) user: Option<&'a str>,
    /// The sealed request.
    pub(crate) request: &'a str,
    /// The address to which the user returns without confirming.
    pub(crate) cancel: &'a str,
}

impl Confirmation<'_> {
    /// The page.
    pub(crate) fn page(&self) -> String {
        let content = fill(
            include_str!("confirm.html"),
            &[
                ("client", &escape(self.client)),
                ("site", &escape(self.site)),
                ("port", &self.port.to_string()),
                ("account", &self.user.map_or_else(|| NO_ACCOUNT.to_owned(), escape)),
                ("other", if self.user.is_some() { "" } else { " hidden" }),
                ("request", &escape(self.request)),
                ("cancel", &escape(self.cancel)),
                ("script", SCRIPT),
            ],
        );
        page(&format!("Sign in to {}?", self.client), &content)
    }
}

/// The page for a request that was rejected.
pub(crate) fn rejected(title: &str, detail: &str) -> String {
    let content = [("title", escape(title)), ("detail", escape(detail))];
    page(
        title,
        &fill(include_str!("rejected.html"), &content.each_ref().map(|(name, text)| (*name, text.as_str()))),
    )
}

/// The headers of both pages. The script and the style of this build are the only ones that run, and no site frames the
/// page, so that a click is a decision of the user.
pub(crate) fn headers() -> [(&'static str, String); 5] {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; script-src 'self' '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash(SCRIPT),
            hash(STYLE)
        )
    });
    [
        ("content-type", "text/html; charset=utf-8".into()),
        ("content-security-policy", POLICY.clone()),
        ("x-frame-options", "DENY".into()),
        ("referrer-policy", "no-referrer".into()),
        ("cross-origin-opener-policy", "same-origin".into()),
    ]
}

fn page(title: &str, content: &str) -> String {
    let title = escape(title);
    fill(include_str!("page.html"), &[("title", &title), ("style", STYLE), ("content", content)])
}

/// Replaces each `{{name}}`. Values are not searched again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, text) = part.split_once("}}").unwrap_or(("", part));
        let value = values.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value);
        filled.push_str(value);
        filled.push_str(text);
    }
    filled
}

/// A text as HTML, in an element or in a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The hash of an inline script or style, for `Content-Security-Policy`.
fn hash(content: &str) -> String {
    let hash = rp_core::base64url::encode(&Sha256::digest(content));
    // 32 bytes in base64 have one character of padding.
    format!("sha256-{}=", hash.replace('-', "+").replace('_', "/"))
}

const SCRIPT: &str = include_str!("confirm.js");
const STYLE: &str = include_str!("page.css");
const NO_ACCOUNT: &str = "that of the passkey you use";

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIRMATION: Confirmation<'_> = Confirmation {
        site: "example.org",
        client: "<Acme> & \"Co\"",
        port: 49_152,
        user: Some("kim {{script}} '<b>'"),
        request: "AAAA",
        cancel: "http://127.0.0.1:49152/?error=access_denied&state=\"><script>",
    };

    #[test]
    fn no_value_becomes_markup() {
        let page = CONFIRMATION.page();
        assert!(page.contains("Sign in to &lt;Acme&gt; &amp; &quot;Co&quot;?"), "{page}");
        assert!(page.contains("kim {{script}} &#39;&lt;b&gt;&#39;"), "{page}");
        assert!(page.contains("access_denied&amp;state=&quot;&gt;&lt;script&gt;\""), "{page}");
        assert_eq!(page.matches("<script").count(), 1);
        let page = rejected("<b>", "{{style}}");
        assert!(page.contains("<title>&lt;b&gt;</title>") && page.contains("<p>{{style}}</p>"), "{page}");
    }

    #[test]
    fn another_account_is_offered_in_a_session_only() {
        let no_session = Confirmation { user: None, ..CONFIRMATION }.page();
        assert!(no_session.contains("class=\"link\" hidden>") && no_session.contains(NO_ACCOUNT));
        assert!(CONFIRMATION.page().contains("class=\"link\">"));
    }

    #[test]
    fn the_policy_has_the_hashes_of_script_and_style() {
        // The hash of the empty text, as other tools print it.
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let [_, (_, policy), ..] = headers();
        assert!(policy.contains(&hash(SCRIPT)) && policy.contains(&hash(STYLE)), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}
