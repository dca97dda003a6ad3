//! HTTP, as far as no framework has a say in it: which requests are refused before they are read, what bodies
//! look like, what is answered, how cookies are marked. An adapter translates a request into [`Request`], calls
//! [`SharedPasskeys::handle`], and translates the [`Answer`]; so all adapters answer alike. What it does for sessions
//! is told in [`session`].
//!
//! A proxy in front must keep `Origin`, `Sec-Fetch-Site` and `Cookie` as they come. Nothing here believes
//! `Host`, `Forwarded` or `X-Forwarded-*`: origins are configured.

mod answer;
mod body;
mod cookie;
mod guard;
mod handle;
mod route;
mod routes;
pub mod session;
mod shared;

pub use answer::Answer;
pub use cookie::{CookieAttributes, Cookies, SameSite};
pub use route::Route;
pub use routes::Routes;
pub use session::SESSION_LIFETIME;
pub use shared::SharedPasskeys;

/// A request, as an adapter hands it over.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Every header in the order it came, names in lower case.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// The body, where the route reads one ([`Route::reads_body`]).
    pub body: Body,
    /// `{id}` of the path, percent-decoded, where the route has one.
    pub id: Option<String>,
    /// Who asks, for [`GuessLimiter`](crate::GuessLimiter).
    pub peer: Option<String>,
}

/// A request's body.
#[derive(Clone, Debug)]
pub enum Body {
    /// All of it; empty where it broke off, which is no longer JSON.
    Read(Vec<u8>),
    /// More than [`MAX_BODY_BYTES`]: not read further.
    TooLarge,
}

impl Default for Body {
    fn default() -> Self {
        Self::Read(Vec::new())
    }
}

/// The most bytes of a body that an adapter reads: the largest honest one is a registration with a chain of
/// certificates and a post-quantum key, about a quarter of this.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

impl<'a> Request<'a> {
    /// All values of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| *value)
    }
}
