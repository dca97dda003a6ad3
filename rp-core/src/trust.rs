//! Trust in attestation: trust sources, their anchors and their reasons for distrust (section 7.1, steps 23 and 24).

mod distrust;
mod error;
mod format_anchors;
pub mod roots;
mod source;
mod static_anchors;

pub use distrust::Distrust;
pub use error::TrustError;
pub use format_anchors::FormatAnchors;
pub use source::{AnchorScope, Conclusion, Consultation, Evidence, Judge, TrustSource};
pub use static_anchors::StaticAnchors;
