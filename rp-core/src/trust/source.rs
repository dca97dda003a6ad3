use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::android_status::AndroidStatusList;
use super::distrust::Distrust;
use super::revocation_lists::RevocationLists;
use crate::attestation::format::{AttestationType, Format};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::timestamp::Timestamp;
use crate::x509::{Certificate, Path, Revocation, TrustAnchor};

/// A statement whose signature is verified and whose trust is not assessed yet.
///
/// Nothing in it is proven: the AAGUID and the certificates are what the client sent. A trust source uses them to find
/// anchors and to reject, never to accept.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Evidence<'a> {
    /// The statement's format.
    pub format: &'a Format,
    /// The attestation type. `None` and `SelfAttestation` have no certificates.
    pub r#type: AttestationType,
    /// The AAGUID in authenticator data; `None` if it is zero. Whether it is proven is known once a path is found
    /// ([`Conclusion::model`]).
    pub aaguid: Option<Aaguid>,
    /// The attestation certificate; `None` for none and self attestation.
    pub leaf: Option<&'a Certificate>,
    /// The attestation certificate and the others of `x5c`, DER, in the order sent; empty without certificates.
    pub trust_path: &'a [Vec<u8>],
    /// The credential's algorithm.
    pub algorithm: Algorithm,
    /// The time of assessment.
    pub at: Timestamp,
}

/// The result of path building, as [`Judge::judge`] receives it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Conclusion<'a> {
    /// The validated path; `None` if the statement has no certificates, or they lead to no anchor.
    pub path: Option<&'a Path>,
    /// The model, if it is proven.
    pub model: Option<Aaguid>,
}

/// Where anchors come from: fixed ones, or FIDO metadata.
///
/// # Examples
/// ```
/// use rp_core::trust::{Consultation, Distrust, Evidence};
/// use rp_core::{StaticAnchors, TrustSource};
///
/// /// The company's own anchors; keys that were reported as stolen are rejected.
/// struct Company {
///     anchors: StaticAnchors,
///     stolen: Vec<[u8; 32]>,
/// }
///
/// impl TrustSource for Company {
///     fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
///         let fingerprint = evidence.leaf.map(|leaf| rp_core::crypto::sha256(&[leaf.der()]));
///         if fingerprint.is_some_and(|fingerprint| self.stolen.contains(&fingerprint)) {
///             return Consultation::distrusted(Distrust::Denied);
///         }
///         self.anchors.consult(evidence)
///     }
/// }
/// # let _ = Company { anchors: StaticAnchors::none(), stolen: Vec::new() };
/// ```
pub trait TrustSource {
    /// Looks a statement up. Called once for each statement, before a path is built, and for statements without
    /// certificates too; it is called for each part of a `compound` statement.
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a>;
}

/// The response of a trust source about one statement, from one snapshot of its data.
#[derive(Default)]
#[must_use = "a statement is trusted only if the consultation agrees"]
pub struct Consultation<'a> {
    anchors: Cow<'a, [TrustAnchor]>,
    revocation: Option<&'a RevocationLists>,
    distrust: Option<Distrust>,
    judge: Option<Box<dyn Judge + 'a>>,
}

impl<'a> Consultation<'a> {
    /// The anchors in which the statement's path may end (step 23). Without any, no path is trusted.
    pub fn new(anchors: impl Into<Cow<'a, [TrustAnchor]>>) -> Self {
        Self { anchors: anchors.into(), ..Self::default() }
    }

    /// Rejects the statement, whatever its path: the registration fails even if trust is not required.
    pub fn distrusted(distrust: Distrust) -> Self {
        Self { distrust: Some(distrust), ..Self::default() }
    }

    /// Sets the lists against which the path is checked.
    pub fn with_revocation(mut self, lists: &'a RevocationLists) -> Self {
        self.revocation = Some(lists);
        self
    }

    /// Sets what is decided after path building.
    pub fn with_judge(mut self, judge: impl Judge + 'a) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// The verdict before path building.
    ///
    /// # Errors
    /// The reason to reject the statement; the registration fails.
    pub fn verdict(&self) -> Result<(), Distrust> {
        self.distrust.clone().map_or(Ok(()), Err)
    }

    /// The anchors.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }

    /// The CRLs.
    #[must_use]
    pub fn revocation(&self) -> Revocation<'_> {
        self.revocation.map(RevocationLists::revocation).unwrap_or_default()
    }

    /// Android's attestation status list, if the source has it.
    #[must_use]
    pub fn android_status_list(&self) -> Option<&AndroidStatusList> {
        self.revocation.and_then(RevocationLists::android_status_list)
    }

    /// The models for which the source lists an anchor.
    #[must_use]
    pub fn scope(&self, anchor: &TrustAnchor) -> AnchorScope {
        self.judge.as_ref().map_or(AnchorScope::AnyModel, |judge| judge.scope(anchor))
    }

    /// The verdict after path building. Called once, with or without a path.
    ///
    /// # Errors
    /// The reason to reject the statement; the registration fails.
    pub fn judge(&self, conclusion: &Conclusion<'_>) -> Result<(), Distrust> {
        self.judge.as_ref().map_or(Ok(()), |judge| judge.judge(conclusion))
    }
}

impl fmt::Debug for Consultation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { anchors, revocation, distrust, judge: _ } = self;
        f.debug_struct("Consultation")
            .field("anchors", anchors)
            .field("revocation", revocation)
            .field("distrust", distrust)
            .finish_non_exhaustive()
    }
}

/// The part of a [`Consultation`] that needs the path. It keeps the snapshot that the anchors came from.
pub trait Judge {
    /// The models for which the source lists this anchor, one of [`Consultation::anchors`].
    fn scope(&self, anchor: &TrustAnchor) -> AnchorScope {
        let _ = anchor;
        AnchorScope::AnyModel
    }

    /// Decides with the path, or without one.
    ///
    /// # Errors
    /// The reason to reject the statement; the registration fails even if trust is not required.
    fn judge(&self, conclusion: &Conclusion<'_>) -> Result<(), Distrust>;
}

/// The models for which a trust source lists an anchor: what a path to this anchor says about the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnchorScope {
    /// The anchor is not bound to models.
    AnyModel,
    /// The anchor is listed for several models, among them the one in [`Evidence::aaguid`].
    SeveralModels,
    /// The anchor is listed for this model and no other.
    OneModel(Aaguid),
}
