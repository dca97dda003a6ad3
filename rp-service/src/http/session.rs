//! Sessions, as far as the session crates leave them to us: they keep what a session holds under an identifier in a
//! cookie, over [`SessionStore`](crate::store::SessionStore); when a session begins and ends is decided here.
//!
//! An adapter implements its session crate's store over [`Sessions`], and lays [`scope::around`] about the crate's
//! middleware. There it
//!
//! 1. reads what the session that came holds under [`SessionData::KEY`](crate::SessionData::KEY), and asks
//!    [`SharedPasskeys`](super::SharedPasskeys), which keeps a new session before it stores what that is for
//!    ([`RequestSession`](crate::RequestSession));
//! 2. tells the crate what [`Answer::session`](super::Answer::session) says, which then asks its store for a new
//!    session, and is given the one that is kept already;
//! 3. calls [`SharedPasskeys::settle`](super::SharedPasskeys::settle) once the crate has made its answer, answers
//!    [`scope::failure`] where the crate could only say 500, and sends every `Set-Cookie` through
//!    [`CookieAttributes::outgoing`](super::CookieAttributes::outgoing).

mod cookie;
pub mod scope;
mod sessions;

pub use cookie::SESSION_LIFETIME;
pub(super) use sessions::Held;
pub use sessions::{SessionForm, Sessions};

#[cfg(test)]
mod tests;
