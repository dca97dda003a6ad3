//! The HTTP interface, without a framework: which requests are rejected before they are read, what bodies and responses
//! look like, and how cookies are marked.
//!
//! An adapter translates a request into [`Request`], calls [`Passkeys::handle`](crate::Passkeys::handle) and translates the
//! [`Response`], so that all adapters respond with the same bytes.
//!
//! A proxy must forward `Origin`, `Sec-Fetch-Site` and `Cookie` unchanged. `Forwarded` and `X-Forwarded-*` are never
//! read: origins are configured. `Host` is read if there are several relying parties ([`Tenants`]), and selects one of them.

mod authorization;
mod body;
mod browser_module;
mod context;
pub(crate) mod cookie;
mod guard;
mod handle;
mod openapi;
pub(crate) mod request;
mod response;
mod route;
mod tenants;
mod timing;

pub use browser_module::BrowserModule;
pub use context::{Context, PendingCookies, Verified};
pub use cookie::{CookieAttributes, Cookies, SameSite};
pub use request::{Body, MAX_BODY_BYTES, Request};
pub use response::Response;
pub use route::{Route, Routes};
pub use tenants::{Mounted, TenantError, Tenants};
