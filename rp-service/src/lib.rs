//! Whose credentials, which ceremony is pending, which policy holds, what is logged; stores.
//!
//! [`Passkeys`] joins a [`RelyingParty`](rp_core::RelyingParty), a store, a trust source, a [`Policy`], a clock and
//! an [`EventSink`]. It knows no web framework: the adapters translate requests and answers, and take no decision.
//! What is answered over HTTP is decided in [`http`]; sessions are data here ([`SessionData`]), kept by the
//! framework's own session crate.
//!
//! Everything that is refused is one [`Refusal`]. What a client is told of it is a [`Problem`]; what it truly was
//! goes into an [`Event`].

mod decoy;
mod event;
mod gate;
pub mod http;
mod limiter;
mod model;
mod passkeys;
mod policy;
mod problem;
mod refusal;
mod session;
pub mod store;
mod username;
mod wire;

pub use decoy::{DecoyError, DecoyShape};
pub use event::{Action, Event, EventSink, TracingSink};
pub use gate::{Admission, Entry, Gate, Purpose, Veto};
pub use limiter::{GuessLimiter, MemoryLimiter, TooManyGuesses};
#[cfg(feature = "mds")]
pub use model::MetadataModels;
pub use model::{Model, ModelDirectory, PasskeyProviders};
pub use passkeys::{
    Authentication, BrowserId, NicknameError, Passkeys, PasskeysBuilder, Registration, SignUp,
};
pub use policy::Policy;
pub use problem::Problem;
pub use refusal::{NoCeremony, Refusal};
pub use session::{Acr, Amr, RequestSession, SessionChange, SessionData};
pub use username::{Username, UsernameError};
pub use wire::{
    AuthenticationJson, CredentialJson, CredentialsJson, OriginsJson, PasskeyEndpoints, SignalJson,
};
