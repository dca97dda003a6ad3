use alloc::string::String;
use alloc::vec::Vec;

use url::{Host, Url};

use super::label::{Item, Labels, NoItem};
use super::{MAX_LABELS, RelatedOrigins};
use crate::origin::WebOrigin;

/// A problem of the document, or of one of its origins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginsFinding {
    /// The list is empty; clients reject it.
    Empty,
    /// A problem of one origin.
    Origin {
        /// The index in the list.
        index: usize,
        /// The origin as written.
        origin: String,
        /// The problem.
        finding: OriginFinding,
    },
}

/// A problem of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginFinding {
    /// Not a URL with a host: clients ignore it.
    NotAnOrigin,
    /// An IP address, which has no label: clients ignore it.
    Address,
    /// The host is a public suffix, or a single label such as `localhost`: clients ignore it.
    PublicSuffix,
    /// The scheme is not `https`: its pages cannot use passkeys, except on `localhost`.
    NotHttps,
    /// There is a path, a query, a fragment or a user: clients compare only the origin.
    MoreThanOrigin,
    /// Not in the form of browsers: upper case, the default port, or characters outside ASCII.
    NotAsBrowsersWriteIt {
        /// The form of browsers.
        written: String,
    },
    /// The origin is a duplicate of an earlier one.
    Duplicate {
        /// The index of the earlier one.
        first: usize,
    },
    /// The host is within the RP ID and needs no entry, but can use up a label.
    WithinRpId,
    /// Five labels precede this one: clients with that limit ignore it.
    BeyondLabelLimit {
        /// The label.
        label: String,
    },
}

impl OriginFinding {
    /// Whether clients can ignore the origin because of it; other findings are a matter of style.
    #[must_use]
    pub fn hinders(&self) -> bool {
        matches!(
            self,
            Self::NotAnOrigin
                | Self::Address
                | Self::PublicSuffix
                | Self::NotHttps
                | Self::BeyondLabelLimit { .. }
        )
    }
}

impl OriginsFinding {
    /// Whether clients ignore one origin or the whole document because of it.
    #[must_use]
    pub fn hinders(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Origin { finding, .. } => finding.hinders(),
        }
    }
}

impl RelatedOrigins {
    /// Lists the problems of the document, in the order of the list. Every client that supports related origins accepts
    /// all origins of a document without findings.
    ///
    /// # Examples
    /// ```
    /// use rp_core::related_origins::{OriginFinding, OriginsFinding, RelatedOrigins};
    ///
    /// let document = RelatedOrigins { origins: vec!["https://co.uk".into()] };
    /// let [OriginsFinding::Origin { finding, .. }] = &document.lint("example.org")[..] else { panic!() };
    /// assert_eq!(*finding, OriginFinding::PublicSuffix);
    /// assert!(finding.hinders());
    /// ```
    #[must_use]
    pub fn lint(&self, rp_id: &str) -> Vec<OriginsFinding> {
        if self.origins.is_empty() {
            return Vec::from([OriginsFinding::Empty]);
        }
        let mut labels = Labels::new(MAX_LABELS);
        let mut seen: Vec<Option<url::Origin>> = Vec::with_capacity(self.origins.len());
        let mut findings = Vec::new();
        for (index, origin) in self.origins.iter().enumerate() {
            let url = Url::parse(origin).ok().map(|url| url.origin());
            let first = url.as_ref().and_then(|url| seen.iter().position(|seen| seen.as_ref() == Some(url)));
            let found = match first {
                Some(first) => Vec::from([OriginFinding::Duplicate { first }]),
                None => lint_origin(origin, rp_id, &mut labels),
            };
            seen.push(url);
            findings.extend(found.into_iter().map(|finding| OriginsFinding::Origin {
                index,
                origin: origin.clone(),
                finding,
            }));
        }
        findings
    }
}

fn lint_origin(origin: &str, rp_id: &str, labels: &mut Labels) -> Vec<OriginFinding> {
    let item = match Item::read(origin) {
        Ok(item) => item,
        Err(NoItem::Url) => return Vec::from([OriginFinding::NotAnOrigin]),
        Err(NoItem::Domain) => {
            let is_address =
                Url::parse(origin).is_ok_and(|url| matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))));
            let finding = if is_address { OriginFinding::Address } else { OriginFinding::NotAnOrigin };
            return Vec::from([finding]);
        }
        Err(NoItem::Label) => return Vec::from([OriginFinding::PublicSuffix]),
    };
    let mut findings = Vec::new();
    let url = &item.url;
    if url.scheme() != "https" {
        findings.push(OriginFinding::NotHttps);
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    let has_more = has_user || url.path() != "/" || url.query().is_some() || url.fragment().is_some();
    if has_more || origin.ends_with('/') {
        findings.push(OriginFinding::MoreThanOrigin);
    } else if WebOrigin::parse(origin).is_none() {
        findings.push(OriginFinding::NotAsBrowsersWriteIt { written: url.origin().ascii_serialization() });
    }
    let within = WebOrigin { scheme: "https", host: &item.domain, port: None }.is_within(rp_id);
    if within {
        findings.push(OriginFinding::WithinRpId);
    }
    if !labels.takes(&item.label) {
        findings.push(OriginFinding::BeyondLabelLimit { label: item.label });
    }
    findings
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn lint(origins: &[&str]) -> Vec<(usize, OriginFinding)> {
        let document = RelatedOrigins { origins: origins.iter().map(|&origin| origin.into()).collect() };
        let findings = document.lint("example.org").into_iter();
        findings
            .map(|finding| match finding {
                OriginsFinding::Origin { index, finding, .. } => (index, finding),
                OriginsFinding::Empty => panic!("not empty"),
            })
            .collect()
    }

    #[test]
    fn a_document_that_every_client_accepts_has_no_findings() {
        assert_eq!(
            lint(&["https://example.de", "https://example.co.uk:8443", "https://www.example.net"]),
            []
        );
    }

    #[test]
    fn an_empty_document_is_found() {
        let document = RelatedOrigins { origins: vec![] };
        assert_eq!(document.lint("example.org"), [OriginsFinding::Empty]);
        assert!(OriginsFinding::Empty.hinders());
    }

    #[test]
    fn what_clients_pass_over_is_found_with_its_reason() {
        for (origin, finding) in [
            ("example.de", OriginFinding::NotAnOrigin),
            ("android:apk-key-hash:AAAA", OriginFinding::NotAnOrigin),
            ("data:text/plain,x", OriginFinding::NotAnOrigin),
            ("chrome-extension://abcdef", OriginFinding::NotAnOrigin),
            ("https://192.0.2.7", OriginFinding::Address),
            ("https://[2001:db8::7]", OriginFinding::Address),
            ("https://co.uk", OriginFinding::PublicSuffix),
            ("https://github.io", OriginFinding::PublicSuffix),
            ("http://localhost:8080", OriginFinding::PublicSuffix),
            ("http://example.de", OriginFinding::NotHttps),
        ] {
            assert_eq!(lint(&[origin]), [(0, finding.clone())], "{origin}");
            assert!(finding.hinders(), "{origin}");
        }
    }

    #[test]
    fn what_is_written_oddly_is_found_though_clients_take_it() {
        let written = |written: &str| OriginFinding::NotAsBrowsersWriteIt { written: written.into() };
        for (origin, finding) in [
            ("https://example.de/", OriginFinding::MoreThanOrigin),
            ("https://example.de/passkeys", OriginFinding::MoreThanOrigin),
            ("https://example.de?x", OriginFinding::MoreThanOrigin),
            ("https://kim@example.de", OriginFinding::MoreThanOrigin),
            ("https://Example.de", written("https://example.de")),
            ("https://example.de:443", written("https://example.de")),
            ("https://bücher.de", written("https://xn--bcher-kva.de")),
            ("https://login.example.org", OriginFinding::WithinRpId),
        ] {
            assert_eq!(lint(&[origin]), [(0, finding.clone())], "{origin}");
            assert!(!finding.hinders(), "{origin}");
        }
    }

    #[test]
    fn duplicate_origins_are_found_in_any_notation() {
        let findings = lint(&["https://example.de", "https://example.net", "https://EXAMPLE.de:443/"]);
        assert_eq!(findings, [(2, OriginFinding::Duplicate { first: 0 })]);
    }

    #[test]
    fn only_the_sixth_label_is_beyond_the_limit() {
        let origins =
            ["one.com", "two.com", "three.com", "four.com", "five.com", "six.com", "five.org", "www.one.net"];
        let origins = origins.map(|host| String::from("https://") + host);
        let findings = lint(&origins.each_ref().map(String::as_str));
        assert_eq!(findings, [(5, OriginFinding::BeyondLabelLimit { label: "six".into() })]);
    }
}
