//! Related origins: the document `/.well-known/webauthn`, which lets origins of other domains use an RP ID
//! ([section 5.11]).
//!
//! [section 5.11]: https://www.w3.org/TR/webauthn-3/#sctn-related-origins

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::origin::WebOrigin;
use crate::relying_party::RelyingParty;

#[cfg(feature = "public-suffix")]
mod label;
#[cfg(feature = "public-suffix")]
mod lint;

#[cfg(feature = "public-suffix")]
pub use label::registrable_origin_label;
#[cfg(feature = "public-suffix")]
pub use lint::{OriginFinding, OriginsFinding};

/// The number of registrable origin labels that every client supports. Some clients support no more.
pub const MAX_LABELS: usize = 5;

/// The document at `/.well-known/webauthn` of the RP ID, served with `https` as `application/json`.
///
/// # Examples
/// ```
/// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
/// use rp_core::RelyingParty;
///
/// let rp = RelyingParty::builder("example.org")
///     .origin("https://example.org")
///     .related_origin("https://example.de")
///     .build()?;
/// assert_eq!(
///     serde_json::to_string(&rp.related_origins())?,
///     r#"{"origins":["https://example.org","https://example.de"]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedOrigins {
    /// The origins that can use the RP ID; at least one.
    pub origins: Vec<String>,
}

impl RelyingParty {
    /// The document of this relying party: every accepted web origin that was given by name. If none of them is within
    /// the RP ID, as when only native applications are accepted, the origin of the RP ID is added: clients reject an
    /// empty list.
    #[must_use]
    pub fn related_origins(&self) -> RelatedOrigins {
        let web = || self.origins().iter().filter_map(|origin| Some((origin, WebOrigin::parse(origin)?)));
        let has_own = web().any(|(_, web)| web.is_within(self.id()));
        let own = (!has_own).then(|| format!("https://{}", self.id()));
        RelatedOrigins { origins: own.into_iter().chain(web().map(|(origin, _)| origin.clone())).collect() }
    }
}

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_web_origin_and_is_never_empty() {
        let builder = || RelyingParty::builder("example.org").native_origin("android:apk-key-hash:AAAA");
        let origins = |rp: RelyingParty| rp.related_origins().origins;
        assert_eq!(origins(builder().build().unwrap()), ["https://example.org"]);
        assert_eq!(
            origins(builder().related_origin("https://example.de").build().unwrap()),
            ["https://example.org", "https://example.de"]
        );
        assert_eq!(
            origins(builder().origin("https://login.example.org:8443").build().unwrap()),
            ["https://login.example.org:8443"]
        );
    }
}
