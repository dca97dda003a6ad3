//! Trust in attestation: trust sources, their anchors and their reasons for distrust (section 7.1, steps 23 and 24).

mod android_status;
mod distrust;
mod error;
mod format_anchors;
mod revocation_lists;
pub mod roots;
mod source;
mod static_anchors;

pub use android_status::{AndroidCertificateStatus, AndroidStatusList, AndroidStatusListError};
pub use distrust::Distrust;
pub use error::TrustError;
pub use format_anchors::FormatAnchors;
pub use revocation_lists::RevocationLists;
pub use source::{AnchorScope, Conclusion, Consultation, Evidence, Judge, TrustSource};
pub use static_anchors::StaticAnchors;
