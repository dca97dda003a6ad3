//! Sessions, as far as the session crates leave them to us: they keep what a session holds under an identifier in a
//! cookie, over [`SessionStore`](crate::store::SessionStore); when a session begins and ends is decided here.

mod cookie;
pub mod scope;
mod sessions;

pub use cookie::SESSION_LIFETIME;
pub(super) use sessions::Held;
pub use sessions::{SessionForm, Sessions};

#[cfg(test)]
mod tests;
