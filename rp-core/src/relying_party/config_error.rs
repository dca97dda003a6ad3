use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::cose::Algorithm;
use crate::error::debug_with_causes;

/// Why a configuration is rejected. `Debug` prints the message, for programs that return the error from `main`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The RP ID is not a domain in lower-case ASCII.
    #[error("RP ID {rp_id:?} is not a domain in lower-case ASCII{}", local_hint(.rp_id, "localhost"))]
    RpId {
        /// The RP ID.
        rp_id: String,
    },
    /// The RP ID is a public suffix, such as `co.uk` or `github.io`. Browsers do not accept it for a page below it, and
    /// credentials would belong to all its sites.
    #[cfg(feature = "public-suffix")]
    #[error(
        "RP ID {rp_id:?} is a public suffix, which all sites below it share: use the domain of your site"
    )]
    PublicSuffix {
        /// The RP ID.
        rp_id: String,
    },
    /// No origin was added.
    #[error("no origin is accepted: add at least one")]
    NoOrigin,
    /// An origin is not in the form in which browsers serialise it.
    #[error(
        "origin {origin:?} is not of the form https://host or https://host:port, in lower case, without default port or path"
    )]
    OriginSyntax {
        /// The origin.
        origin: String,
    },
    /// A web origin without TLS that is not `localhost`.
    #[error(
        "origin {origin:?} is not https, which browsers require except on localhost{}",
        local_hint(.origin, "http://localhost")
    )]
    OriginNotSecure {
        /// The origin.
        origin: String,
    },
    /// An origin whose host is neither the RP ID nor below it.
    #[error(
        "origin {origin:?} is not within RP ID {rp_id:?}: use related_origin for an origin of another domain"
    )]
    OriginNotWithinRpId {
        /// The origin.
        origin: String,
        /// The RP ID.
        rp_id: String,
    },
    /// A native origin that is not `android:apk-key-hash:` or `ios:bundle-id:` followed by a value.
    #[error("origin {origin:?} is not of the form android:apk-key-hash:… or ios:bundle-id:…")]
    NativeOrigin {
        /// The origin.
        origin: String,
    },
    /// Top origins were given, and cross-origin use is not accepted.
    #[error("top origins have no effect without allow_cross_origin")]
    TopOriginsUnused,
    /// The AppID is not an `https` URL, with or without a path.
    #[error("AppID {appid:?} is not an https URL")]
    AppId {
        /// The AppID.
        appid: String,
    },
    /// The list of algorithms is empty.
    #[error("no algorithm is offered")]
    NoAlgorithm,
    /// This build lacks an algorithm that was given.
    #[error("this build does not support {algorithm}: enable its cargo feature")]
    AlgorithmNotSupported {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// RS1, whose hash is broken, is only accepted in the `fido` profile.
    #[error("RS1 is only accepted in the fido profile")]
    Rs1,
    /// The timeout is zero.
    #[error("the timeout is zero")]
    Timeout,
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_with_causes(self, f)
    }
}

/// Advice for an RP ID or an origin that names this machine by its address: `instead`, with the same port.
fn local_hint(text: &str, instead: &'static str) -> String {
    let Some((_, rest)) = ["127.0.0.1", "[::1]"].iter().find_map(|address| text.split_once(address)) else {
        return String::new();
    };
    format!("; during development, use {instead}{rest}")
}
