//! The client side of server tests: plays every behaviour of a conforming server against one that is running.
//!
//! A server is reached by a [`Transport`] and speaks one of two [`BindingName`]s: FIDO's server transport binding, or the
//! HTTP interface of rp. The software authenticator makes each response, valid or with one named fault. A rejection
//! counts only if the same response without its fault was accepted just before.
//!
//! ```
//! use rp_conformance::drive::{BindingName, Drive};
//! use rp_conformance::http::HttpRequest;
//! use rp_conformance::serve::{Config, Server};
//!
//! let server = Server::new(Config::at("http://localhost:8080"))?;
//! let transport = |request: &HttpRequest| server.handle(request);
//! let mut drive = Drive::new(BindingName::Fido, "http://localhost:8080");
//! drive.only = Some("registration-options".into());
//! let report = drive.run(&transport, |_| ());
//! assert!(report.is_clean());
//! # Ok::<(), rp_conformance::serve::ServeError>(())
//! ```

#![expect(
    clippy::indexing_slicing,
    reason = "only JSON values are indexed: a member that is missing is read as null, and only objects are written to"
)]

mod accounts;
mod binding;
mod case;
mod cases;
mod client;
mod fault_reasons;
mod fido;
mod group;
mod models;
mod options;
mod played;
mod player;
mod reasons;
mod rp;
mod run;
mod service;
mod service_cases;
mod settings;
mod transport;
mod turn;

pub use models::{certified_root, entries, write_metadata};
pub use reasons::{Reasons, ReasonsError};
pub use settings::{BindingName, Drive};
pub use transport::{Network, Transport, TransportError, UrlError};
