//! Certificates, CRLs, and path validation to explicit anchors.
//!
//! Reading a [`Certificate`] verifies nothing. [`path`] validates the certificates from a leaf to a [`TrustAnchor`], as in
//! RFC 5280 section 6.1.

mod algorithm;
mod anchor;
mod budget;
mod certificate;
mod crl;
mod extensions;
mod general_name;
mod name;
mod name_constraints;
mod oid;
pub mod path;
mod policy;
#[cfg(test)]
#[cfg(feature = "es256")]
pub(crate) mod test_certs;
mod time;
pub(crate) mod tlv;

pub use anchor::{PemError, TrustAnchor};
pub use certificate::{Certificate, CertificateError, Extension};
pub use crl::{Crl, CrlError};
pub use extensions::{
    AaguidExtensionError, BasicConstraints, ID_FIDO_GEN_CE_AAGUID, ID_FIDO_GEN_CE_FW_VERSION, KeyUsage,
};
pub use general_name::GeneralName;
pub use name::Name;
pub use name_constraints::NameConstraintError;
pub use oid::Oid;
pub use path::{
    CertificateCache, Path, PathError, PathOptions, Revocation, RevocationStatus, UnusableCrlError,
};
pub use policy::PolicyError;
pub use tlv::DerError;
