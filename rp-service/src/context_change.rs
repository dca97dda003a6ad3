use std::net::IpAddr;

use crate::session::Client;

/// Decides whether a request comes from another context than an earlier one.
///
/// A function from the earlier client and the current one to `bool` is a `ContextChange`.
pub trait ContextChange: Send + Sync {
    /// Whether the context has changed so much that a factor must be verified again.
    fn has_changed(&self, before: &Client, now: &Client) -> bool;
}

impl<F: Fn(&Client, &Client) -> bool + Send + Sync> ContextChange for F {
    fn has_changed(&self, before: &Client, now: &Client) -> bool {
        self(before, now)
    }
}

/// A context is an address range and a user agent without its version numbers: the default.
///
/// An address that is not known, or not an IP address, is compared as a text. A stolen cookie that is used with the same
/// user agent in the same network is not noticed.
///
/// # Examples
/// ```
/// use rp_service::{AddressAndUserAgent, Client, ContextChange};
///
/// let context = AddressAndUserAgent::default();
/// let at = |address, agent| Client::new(Some(address), Some(agent));
/// let before = at("192.0.2.7", "Firefox/150.0");
/// assert!(!context.has_changed(&before, &at("192.0.2.200", "Firefox/151.0")));
/// assert!(context.has_changed(&before, &at("198.51.100.7", "Firefox/150.0")));
/// assert!(context.has_changed(&before, &at("192.0.2.7", "Chrome/150.0")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressAndUserAgent {
    /// The number of leading bits of an IPv4 address that stay the same.
    pub ipv4_prefix: u8,
    /// The number of leading bits of an IPv6 address that stay the same.
    pub ipv6_prefix: u8,
}

impl Default for AddressAndUserAgent {
    /// A /24 of IPv4, and a /48 of IPv6: what a provider assigns to one customer or site.
    fn default() -> Self {
        Self { ipv4_prefix: 24, ipv6_prefix: 48 }
    }
}

impl ContextChange for AddressAndUserAgent {
    fn has_changed(&self, before: &Client, now: &Client) -> bool {
        let is_same_agent = match (&before.user_agent, &now.user_agent) {
            (Some(before), Some(now)) => family(before).eq(family(now)),
            (before, now) => before == now,
        };
        !is_same_agent || !self.is_same_range(before.address.as_deref(), now.address.as_deref())
    }
}

impl AddressAndUserAgent {
    fn is_same_range(&self, before: Option<&str>, now: Option<&str>) -> bool {
        let parse = |text: Option<&str>| text.and_then(|text| text.parse::<IpAddr>().ok());
        match (parse(before), parse(now)) {
            (Some(before), Some(now)) => match (before.to_canonical(), now.to_canonical()) {
                (IpAddr::V4(before), IpAddr::V4(now)) => {
                    let shift = 32_u32.saturating_sub(self.ipv4_prefix.into());
                    let network = |address: std::net::Ipv4Addr| address.to_bits().checked_shr(shift);
                    network(before) == network(now)
                }
                (IpAddr::V6(before), IpAddr::V6(now)) => {
                    let shift = 128_u32.saturating_sub(self.ipv6_prefix.into());
                    let network = |address: std::net::Ipv6Addr| address.to_bits().checked_shr(shift);
                    network(before) == network(now)
                }
                _ => false,
            },
            _ => before == now,
        }
    }
}

/// A user agent without version numbers, which change every few weeks.
fn family(agent: &str) -> impl Iterator<Item = char> {
    agent.chars().filter(|character| !character.is_ascii_digit() && *character != '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, now: &str) -> bool {
        let at = |address: &str| Client::new(Some(address), Some("agent"));
        AddressAndUserAgent::default().has_changed(&at(before), &at(now))
    }

    #[test]
    fn an_address_of_the_same_range_is_the_same_context() {
        assert!(!changed("192.0.2.0", "192.0.2.255"));
        assert!(changed("192.0.2.255", "192.0.3.0"));
        assert!(!changed("2001:db8:0:1::1", "2001:db8:0:ffff::2"));
        assert!(changed("2001:db8:0:1::1", "2001:db8:1:1::1"));
        assert!(!changed("::ffff:192.0.2.1", "192.0.2.9"), "the same address in both notations");
        assert!(changed("192.0.2.1", "2001:db8::1"));
        assert!(!changed("proxy", "proxy"));
        assert!(changed("proxy", "192.0.2.1"));
    }

    #[test]
    fn a_missing_value_differs_from_a_present_one() {
        let context = AddressAndUserAgent::default();
        let full = Client::new(Some("192.0.2.7"), Some("agent"));
        assert!(!context.has_changed(&Client::default(), &Client::default()));
        for partial in [Client::new(None, Some("agent")), Client::new(Some("192.0.2.7"), None)] {
            assert!(context.has_changed(&full, &partial) && context.has_changed(&partial, &full));
        }
    }

    #[test]
    fn prefixes_of_zero_and_of_all_bits_are_possible() {
        let at = |address: &str| Client::new(Some(address), None);
        let any = AddressAndUserAgent { ipv4_prefix: 0, ipv6_prefix: 0 };
        assert!(!any.has_changed(&at("192.0.2.7"), &at("198.51.100.1")));
        assert!(!any.has_changed(&at("2001:db8::1"), &at("2001:db9::1")));
        let exact = AddressAndUserAgent { ipv4_prefix: 32, ipv6_prefix: 255 };
        assert!(exact.has_changed(&at("192.0.2.7"), &at("192.0.2.8")));
        assert!(exact.has_changed(&at("2001:db8::1"), &at("2001:db8::2")));
    }
}
