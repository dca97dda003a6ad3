use std::borrow::Cow;
use std::time::Duration;

use super::scope;
use crate::http::CookieAttributes;
use crate::store::SessionKey;

/// How long a session lives after it was last written: a working day and the night behind it. The cookie itself
/// ends with the browser.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

impl SessionKey {
    /// The key of the session that this identifier names.
    #[must_use]
    pub fn of(identifier: &[u8]) -> Self {
        Self(rp_core::crypto::sha256(&[identifier]))
    }

    /// Whether an adapter that keeps a new session under this key drops those whose time is up: one in 64, which
    /// the hash chooses, since a sweep drops four times as many
    /// ([`SWEEP_LIMIT`](crate::store::SWEEP_LIMIT)).
    #[must_use]
    pub fn is_sweeping(&self) -> bool {
        self.0[0] < 4
    }
}

impl CookieAttributes {
    /// A `Set-Cookie` of this cookie, with the attributes that are asked for here: session crates cannot say
    /// `Partitioned`, and take cookies away without `Secure`, which browsers do not accept where the name begins with
    /// `__Host-`. `None` for other cookies.
    fn rewrite(&self, set_cookie: &str) -> Option<String> {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let value = pair.trim().strip_prefix(self.name.as_str())?.strip_prefix('=')?;
        let is_over = |attribute: &str| {
            attribute.trim().split_once('=').is_some_and(|(name, age)| {
                name.eq_ignore_ascii_case("max-age") && age.trim().parse::<i64>().is_ok_and(|age| age <= 0)
            })
        };
        if value.is_empty() || attributes.split(';').any(is_over) {
            return Some(self.remove());
        }
        Some(self.set(value))
    }

    /// What goes out for a `Set-Cookie` that a session crate, or anybody else, wrote: the session's with its
    /// attributes, others as they are. `None`: it is left out. That is what becomes of a session's cookie that is taken
    /// away though nobody ended the session: an answer to a request that was under way with the old cookie while its
    /// session was renewed would take away the new one.
    #[must_use]
    pub fn outgoing<'a>(&self, set_cookie: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match std::str::from_utf8(set_cookie).ok().and_then(|cookie| self.rewrite(cookie)) {
            None => Some(Cow::Borrowed(set_cookie)),
            Some(removal) if removal == self.remove() && scope::over_key().is_none() => None,
            Some(rewritten) => Some(Cow::Owned(rewritten.into_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::http::SameSite;

    use super::*;

    #[test]
    fn some_new_sessions_take_old_ones_along() {
        let sweeping = (0_u16..1024).filter(|id| SessionKey::of(&id.to_be_bytes()).is_sweeping()).count();
        assert!((8..32).contains(&sweeping), "{sweeping} of 1024, where 16 are to be expected");
    }

    #[test]
    fn a_session_cookie_gets_the_attributes_that_are_asked_for() {
        let cookie = CookieAttributes {
            name: "__Host-s".into(),
            same_site: SameSite::None,
            secure: true,
            partitioned: true,
        };
        let all = "HttpOnly; SameSite=None; Path=/; Secure; Partitioned";
        assert_eq!(cookie.rewrite("__Host-s=abc; Path=/; Max-Age=60"), Some(format!("__Host-s=abc; {all}")));
        for over in ["__Host-s=; Path=/", "__Host-s=abc; Max-Age=0", "__Host-s="] {
            assert_eq!(cookie.rewrite(over), Some(format!("__Host-s=; {all}; Max-Age=0")), "{over}");
        }
        for other in ["__Host-s2=abc", "other=__Host-s=abc", ""] {
            assert_eq!(cookie.rewrite(other), None, "{other}");
        }
    }
}
