//! The cookies of a client.

use std::collections::BTreeMap;

use crate::http::HttpResponse;

/// The cookies of one site by name. Domains and paths are not considered.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieJar(BTreeMap<String, Vec<u8>>);

impl CookieJar {
    /// The value of the header `Cookie`, if there is a cookie.
    pub(crate) fn header(&self) -> Option<Vec<u8>> {
        let pairs = self.0.iter().map(|(name, value)| [name.as_bytes(), b"=", value].concat());
        let pairs: Vec<_> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }

    /// Keeps the cookies that a response sets, and removes those that it clears.
    pub(crate) fn keep(&mut self, response: &HttpResponse) {
        for cookie in response.header("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0") {
                self.0.remove(name);
            } else {
                self.set(name, value.as_bytes());
            }
        }
    }

    /// The value of a cookie, by the end of its name: a prefix depends on the origin.
    pub(crate) fn get(&self, end: &str) -> Option<&[u8]> {
        self.0.iter().find(|(name, _)| name.ends_with(end)).map(|(_, value)| value.as_slice())
    }

    /// Sets a cookie by its full name.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Removes cookies by the end of their names.
    pub(crate) fn remove(&mut self, end: &str) {
        self.0.retain(|name, _| !name.ends_with(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(cookies: &[&str]) -> HttpResponse {
        let header = |cookie: &&str| ("set-cookie".to_owned(), (*cookie).to_owned());
        HttpResponse { headers: cookies.iter().map(header).collect(), ..HttpResponse::default() }
    }

    #[test]
    fn cookies_are_sent_until_a_response_clears_them() {
        let mut jar = CookieJar::default();
        assert_eq!(jar.header(), None);
        jar.keep(&response(&["__Host-a=1; Path=/", "b=2=3", "c=4", "no cookie"]));
        assert_eq!(jar.header().unwrap(), b"__Host-a=1; b=2=3; c=4");
        assert_eq!(jar.get("a"), Some(&b"1"[..]));
        jar.keep(&response(&["b=; Path=/", "c=4; max-age=0"]));
        assert_eq!(jar.header().unwrap(), b"__Host-a=1");
    }
}
