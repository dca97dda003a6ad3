//! Several relying parties in one process.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::request::Request;
use super::response::Response;
use crate::passkeys::Passkeys;

/// The relying parties of one process, each with the hosts under which it is served.
///
/// The host of a request selects one of them; other headers, such as `X-Forwarded-Host`, are never read. A request to any
/// other host is rejected with 421. The RP ID is that of the configuration, so a request cannot choose another one.
///
/// Tenants are added and removed while the server runs; clones share them. Each tenant needs stores of its own: a file, a
/// database or a schema. With a shared store, tenants would share usernames, passkeys and sessions.
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::http::Tenants;
/// use rp_service::store::MemoryStore;
/// use rp_service::{Passkeys, Secret};
///
/// let tenants = Tenants::new();
/// for host in ["shop.example", "news.example"] {
///     let rp = RelyingParty::builder(host).origin(&format!("https://{host}")).build()?;
///     let passkeys = Passkeys::builder(rp).store(MemoryStore::new()).secret(Secret::random()?).build()?;
///     tenants.insert(host, passkeys)?;
/// }
/// assert_eq!(tenants.get("news.example").unwrap().relying_party().id(), "news.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tenants(Arc<RwLock<BTreeMap<String, Passkeys>>>);

/// Why a tenant was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantError {
    /// Another tenant has the host.
    #[error("another tenant has the host {host:?}")]
    Taken {
        /// The host.
        host: String,
    },
    /// The host is neither of the RP ID nor of an origin of the relying party, so no page could use it.
    #[error("the host {host:?} is neither of the RP ID {rp_id:?} nor of an origin")]
    Host {
        /// The host.
        host: String,
        /// The RP ID.
        rp_id: String,
    },
}

impl Tenants {
    /// No tenants: every request is rejected.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host and its relying party. The host is as browsers send it: `example.org`, or `localhost:8080` with a port
    /// that is not the default. A relying party may have several hosts.
    ///
    /// # Errors
    /// [`TenantError`].
    pub fn insert(&self, host: &str, passkeys: Passkeys) -> Result<(), TenantError> {
        let host = host.to_ascii_lowercase();
        let rp = passkeys.relying_party();
        let name = host.split(':').next().unwrap_or_default();
        let is_below = name.strip_suffix(rp.id()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let is_origin = rp.origins().iter().any(|origin| {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host || authority == name)
        });
        if !(is_below || is_origin) {
            return Err(TenantError::Host { host, rp_id: rp.id().to_owned() });
        }
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.contains_key(&host) {
            return Err(TenantError::Taken { host });
        }
        tenants.insert(host, passkeys);
        Ok(())
    }

    /// Removes a host. Requests in progress are completed.
    pub fn remove(&self, host: &str) -> Option<Passkeys> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&host.to_ascii_lowercase())
    }

    /// The relying party of a host.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<Passkeys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&host.to_ascii_lowercase()).cloned()
    }
}

/// The relying parties that an adapter mounts: one relying party for every host, or [`Tenants`].
#[derive(Clone, Debug)]
pub enum Mounted {
    /// One relying party.
    One(Passkeys),
    /// One of several, selected by the host.
    Tenants(Tenants),
}

impl From<&Passkeys> for Mounted {
    fn from(passkeys: &Passkeys) -> Self {
        Self::One(passkeys.clone())
    }
}

impl From<&Tenants> for Mounted {
    fn from(tenants: &Tenants) -> Self {
        Self::Tenants(tenants.clone())
    }
}

impl Mounted {
    /// The relying party of a request. `authority` is that of the request's URI, which HTTP/2 has in place of `Host`. Of the
    /// request, only the header `host` is used.
    ///
    /// # Errors
    /// The response 421 if the request names no host, several hosts, or a host of no tenant.
    pub fn select(&self, authority: Option<&str>, request: &Request<'_>) -> Result<Passkeys, Response> {
        let tenants = match self {
            Self::One(passkeys) => return Ok(passkeys.clone()),
            Self::Tenants(tenants) => tenants,
        };
        let named = request.header("host").map(|host| std::str::from_utf8(host).ok());
        let mut hosts = authority.map(Some).into_iter().chain(named);
        let first = hosts.next().flatten();
        let is_only = hosts.all(|host| host == first);
        first.filter(|_| is_only).and_then(|host| tenants.get(host)).ok_or_else(|| {
            let response = Response::empty(MISDIRECTED).with("cache-control", "no-store".into());
            response.with("x-content-type-options", "nosniff".into())
        })
    }
}

/// Misdirected Request (RFC 9110, section 15.5.20).
const MISDIRECTED: u16 = 421;

#[cfg(test)]
mod tests {
    use rp_core::RelyingParty;

    use super::*;
    use crate::store::MemoryStore;

    fn passkeys(id: &str, origins: &[&str]) -> Passkeys {
        let builder = RelyingParty::builder(id);
        let builder = origins.iter().fold(builder, |builder, origin| builder.origin(origin));
        let rp = builder.build().unwrap();
        Passkeys::builder(rp).store(MemoryStore::new()).secret([7; 32]).build().unwrap()
    }

    fn selected(mounted: &Mounted, authority: Option<&str>, hosts: &[&str]) -> Option<String> {
        let headers = hosts.iter().map(|host| ("host", host.as_bytes())).collect();
        let request = Request { headers, ..Request::default() };
        match mounted.select(authority, &request) {
            Ok(passkeys) => Some(passkeys.relying_party().id().to_owned()),
            Err(response) => {
                assert_eq!(response.status, 421);
                None
            }
        }
    }

    #[test]
    fn exactly_one_listed_host_selects_a_relying_party() {
        let tenants = Tenants::new();
        tenants.insert("a.example", passkeys("a.example", &["https://a.example"])).unwrap();
        tenants.insert("localhost:8080", passkeys("localhost", &["http://localhost:8080"])).unwrap();
        let mounted = Mounted::from(&tenants);
        for (authority, hosts, expected) in [
            (None, &["a.example"][..], Some("a.example")),
            (None, &["A.EXAMPLE"], Some("a.example")),
            (Some("a.example"), &[], Some("a.example")),
            (Some("a.example"), &["a.example"], Some("a.example")),
            (None, &["localhost:8080"], Some("localhost")),
            (None, &["localhost"], None),
            (None, &["b.example"], None),
            (None, &["a.example:8080"], None),
            (None, &["a.example."], None),
            (None, &["a.example, b.example"], None),
            (None, &["a.example", "localhost:8080"], None),
            (Some("a.example"), &["localhost:8080"], None),
            (None, &[], None),
            (None, &[""], None),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(selected(&mounted, authority, hosts), expected, "{authority:?} {hosts:?}");
        }
    }

    #[test]
    fn a_host_belongs_to_the_relying_party_and_to_no_other() {
        let tenants = Tenants::new();
        let shop = passkeys("shop.example", &["https://shop.example"]);
        tenants.insert("api.shop.example", shop.clone()).unwrap();
        let taken = tenants.insert("API.shop.example", shop.clone()).unwrap_err();
        assert_eq!(taken, TenantError::Taken { host: "api.shop.example".into() });
        for host in ["evilshop.example", "shop.example.evil", "example", ""] {
            let error = tenants.insert(host, shop.clone()).unwrap_err();
            assert_eq!(error, TenantError::Host { host: host.into(), rp_id: "shop.example".into() });
        }
    }

    #[test]
    fn one_relying_party_is_served_under_every_host() {
        let mounted = Mounted::from(&passkeys("a.example", &["https://a.example"]));
        assert_eq!(selected(&mounted, None, &["10.0.0.1"]).as_deref(), Some("a.example"));
    }
}
