use alloc::string::String;

use url::{Host, Url};

use super::RelatedOrigins;

/// The registrable origin label of a domain: the first label of its registrable domain, `example` for
/// `www.example.co.uk`. `None` for a public suffix and for an IP address.
///
/// The public suffix list is that of the dependency `psl`; clients can have other versions.
///
/// # Examples
/// ```
/// use rp_core::related_origins::registrable_origin_label;
///
/// assert_eq!(registrable_origin_label("www.example.co.uk"), Some("example"));
/// assert_eq!(registrable_origin_label("co.uk"), None);
/// ```
#[must_use]
pub fn registrable_origin_label(domain: &str) -> Option<&str> {
    let registrable = psl::domain_str(domain)?;
    registrable.split('.').next().filter(|label| !label.is_empty())
}

/// An item of the document as a client sees it.
pub(super) struct Item {
    pub(super) url: Url,
    /// In lower case and punycode.
    pub(super) domain: String,
    pub(super) label: String,
}

/// Why a client ignores an item.
pub(super) enum NoItem {
    Url,
    Domain,
    Label,
}

impl Item {
    /// Steps 4.1 to 4.4 of the related origins validation procedure.
    pub(super) fn read(origin: &str) -> Result<Self, NoItem> {
        // 4.1. Let url be the result of running the URL parser with originItem
        let url = Url::parse(origin).map_err(|_| NoItem::Url)?;
        // 4.2. Let domain be the effective domain of url; an origin that is opaque has none
        let domain = match url.host() {
            Some(Host::Domain(domain)) if url.origin().is_tuple() => String::from(domain),
            _ => return Err(NoItem::Domain),
        };
        // 4.3. Let label be registrable origin label of domain; 4.4. if it is empty or null, continue
        match registrable_origin_label(&domain) {
            Some(label) => Ok(Self { label: label.into(), domain, url }),
            None => Err(NoItem::Label),
        }
    }
}

/// The labels that a client has counted, up to its limit.
pub(super) struct Labels {
    max: usize,
    seen: alloc::vec::Vec<String>,
}

impl Labels {
    pub(super) fn new(max: usize) -> Self {
        Self { max, seen: alloc::vec::Vec::new() }
    }

    /// Whether the client considers an origin with this label (steps 4.5 and 4.7).
    pub(super) fn takes(&mut self, label: &str) -> bool {
        if self.seen.iter().any(|seen| seen == label) {
            return true;
        }
        if self.seen.len() >= self.max {
            return false;
        }
        self.seen.push(label.into());
        true
    }
}

impl RelatedOrigins {
    /// Whether a client that supports `max_labels` labels, [`MAX_LABELS`] or more, lets this caller use the RP ID: the
    /// related origins validation procedure ([section 5.11.1]).
    ///
    /// [`MAX_LABELS`]: super::MAX_LABELS
    /// [section 5.11.1]: https://www.w3.org/TR/webauthn-3/#sctn-validating-relation-origin
    #[must_use]
    pub fn relates(&self, caller_origin: &str, max_labels: usize) -> bool {
        let Ok(caller) = Url::parse(caller_origin) else { return false };
        let mut labels = Labels::new(max_labels);
        // 4. For each originItem of origins
        self.origins.iter().any(|origin| {
            // 4.6. If callerOrigin and url are same origin, return true
            Item::read(origin)
                .is_ok_and(|item| labels.takes(&item.label) && item.url.origin() == caller.origin())
        })
    }

    /// The number of registrable origin labels of the document. Clients can ignore those after [`MAX_LABELS`].
    ///
    /// [`MAX_LABELS`]: super::MAX_LABELS
    #[must_use]
    pub fn labels(&self) -> usize {
        let mut labels = Labels::new(usize::MAX);
        for item in self.origins.iter().filter_map(|origin| Item::read(origin).ok()) {
            labels.takes(&item.label);
        }
        labels.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::related_origins::MAX_LABELS;

    fn document(origins: &[&str]) -> RelatedOrigins {
        RelatedOrigins { origins: origins.iter().map(|&origin| origin.into()).collect() }
    }

    #[test]
    fn a_label_is_what_stands_before_the_public_suffix() {
        for (domain, label) in [
            ("example.co.uk", Some("example")),
            ("www.example.de", Some("example")),
            ("a.b.example.com", Some("example")),
            ("kim.github.io", Some("kim")),
            ("github.io", None),
            ("com", None),
            ("localhost", None),
            ("xn--85x722f.xn--55qx5d.cn", Some("xn--85x722f")),
            ("xn--55qx5d.cn", None),
        ] {
            assert_eq!(registrable_origin_label(domain), label, "{domain}");
        }
    }

    #[test]
    fn the_example_of_the_specification_has_four_labels() {
        let document = document(&[
            "https://example.co.uk",
            "https://example.de",
            "https://example.sg",
            "https://example.net",
            "https://exampledelivery.com",
            "https://exampledelivery.co.uk",
            "https://exampledelivery.de",
            "https://exampledelivery.sg",
            "https://myexamplerewards.com",
            "https://examplecars.com",
        ]);
        assert_eq!(document.labels(), 4);
        assert!(document.origins.iter().all(|origin| document.relates(origin, MAX_LABELS)));
        assert!(!document.relates("https://examplecars.com", 3));
        assert!(document.relates("https://myexamplerewards.com", 3));
    }

    #[test]
    fn only_origins_with_a_new_label_beyond_the_limit_are_ignored() {
        let document = document(&[
            "https://one.com",
            "https://two.com",
            "https://three.com",
            "https://four.com",
            "https://five.com",
            "https://six.com",
            "https://five.org",
        ]);
        assert!(!document.relates("https://six.com", MAX_LABELS));
        assert!(document.relates("https://six.com", MAX_LABELS + 1));
        assert!(document.relates("https://five.org", MAX_LABELS));
    }

    #[test]
    fn every_scheme_whose_origin_has_a_domain_counts_a_label() {
        let document = document(&["wss://one.com", "ftp://two.com", "http://three.com", "other://four.com"]);
        assert_eq!(document.labels(), 3);
    }

    #[test]
    fn origins_are_the_same_by_scheme_host_and_port() {
        let document = document(&["https://Example.com:443/a/path", "https://example.net:8443"]);
        assert!(document.relates("https://example.com", MAX_LABELS));
        for caller in [
            "http://example.com",
            "https://www.example.com",
            "https://example.com:8443",
            "https://example.net",
            "null",
            "",
        ] {
            assert!(!document.relates(caller, MAX_LABELS), "{caller}");
        }
    }

    #[test]
    fn origins_without_a_label_are_ignored_and_not_counted() {
        let document =
            document(&["https://127.0.0.1", "https://github.io", "data:text/plain,x", "x", "https://[::1]"]);
        assert_eq!(document.labels(), 0);
        assert!(!document.relates("https://127.0.0.1", MAX_LABELS));
        assert!(!document.relates("data:text/plain,x", MAX_LABELS));
    }
}
