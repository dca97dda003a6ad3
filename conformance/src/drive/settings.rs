//! The settings of a run.

use rp_core::{Profile, Timestamp};

use super::reasons::Reasons;
use crate::authenticator::Format;

/// The interface of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingName {
    /// FIDO's server transport binding.
    Fido,
    /// The HTTP interface of rp, which `rp-axum` and `rp-actix` mount.
    Http,
}

/// A run against a server.
#[derive(Clone, Debug)]
pub struct Drive {
    /// The interface of the server.
    pub binding: BindingName,
    /// The origin of the page that the client reports.
    pub origin: String,
    /// The prefix of the routes, if it is not the usual one of the binding.
    pub prefix: Option<String>,
    /// The rules that apply to the server.
    pub profile: Profile,
    /// The attestation formats that the server supports.
    pub formats: Vec<Format>,
    /// Whether the server knows the models of [`write_metadata`](super::write_metadata).
    pub has_metadata: bool,
    /// Whether the server trusts the root of the certified model, without metadata.
    pub has_anchor: bool,
    /// Whether the server accepts statements whose path ends in no anchor.
    pub trust_is_optional: bool,
    /// The meaning of the server's messages.
    pub reasons: Reasons,
    /// Whether faults that have nothing to do with formats are made with every format.
    pub thorough: bool,
    /// Only cases whose id contains this text.
    pub only: Option<String>,
    /// The number of threads.
    pub jobs: usize,
    /// A text that distinguishes the users and credentials of this run from those of earlier ones.
    pub run: String,
    /// The name of the server in the report.
    pub subject: String,
}

impl Drive {
    /// A run on one thread against a server without metadata: in the `fido` profile over FIDO's binding, in the
    /// `webauthn` profile otherwise.
    #[must_use]
    pub fn new(binding: BindingName, origin: &str) -> Self {
        Self {
            binding,
            origin: origin.to_owned(),
            prefix: None,
            profile: match binding {
                BindingName::Fido => Profile::Fido,
                BindingName::Http => Profile::Webauthn,
            },
            formats: Format::ALL.into(),
            has_metadata: false,
            has_anchor: false,
            trust_is_optional: false,
            reasons: Reasons::default(),
            thorough: false,
            only: None,
            jobs: 1,
            run: format!("drive-{:x}", Timestamp::now().as_unix_seconds()),
            subject: origin.to_owned(),
        }
    }
}
