use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::distrust::Distrust;
use super::revocation_lists::RevocationLists;
use super::roots;
use super::source::{AnchorScope, Conclusion, Consultation, Evidence, Judge, TrustSource};
use crate::attestation::format::Format;
use crate::bytes::Aaguid;
use crate::x509::TrustAnchor;

/// Anchors that are trusted for one format each, and for certain models if you name them.
///
/// A vendor's root proves only what the vendor's format states: the root of SafetyNet's certificate issues
/// certificates for any web site, and U2F requires nothing of a certificate except its curve.
///
/// # Examples
/// ```
/// use rp_core::Format;
/// use rp_core::trust::{FormatAnchors, roots};
///
/// let trust = FormatAnchors::default()
///     .with(Format::Apple, [roots::apple_webauthn()])
///     .with(Format::AndroidKey, roots::google_hardware_attestation());
/// # let _ = trust;
/// ```
#[derive(Clone, Debug, Default)]
pub struct FormatAnchors {
    listings: Vec<Listing>,
    revocation: RevocationLists,
}

/// Anchors for one format.
#[derive(Clone, Debug)]
struct Listing {
    format: Format,
    /// The models that the anchors are for; `None` for every model.
    models: Option<BTreeSet<Aaguid>>,
    anchors: Vec<TrustAnchor>,
}

impl FormatAnchors {
    /// The vendors' published roots, each for its own format: `apple`, `android-key` and `android-safetynet`.
    /// Policy decides which formats are accepted at all.
    #[must_use]
    pub fn vendors() -> Self {
        Self::default()
            .with(Format::Apple, [roots::apple_webauthn()])
            .with(Format::AndroidKey, roots::google_hardware_attestation())
            .with(Format::AndroidSafetynet, [roots::globalsign_r1()])
    }

    /// Adds anchors for statements of a format, for every model.
    #[must_use]
    pub fn with(mut self, format: Format, anchors: impl IntoIterator<Item = TrustAnchor>) -> Self {
        self.listings.push(Listing { format, models: None, anchors: anchors.into_iter().collect() });
        self
    }

    /// Adds anchors for statements of a format that claim one of these models.
    ///
    /// A path to an anchor that is listed for a single model proves that model, even in the formats that do not sign
    /// the AAGUID. List an anchor for a single model only if the vendor uses it for nothing else.
    #[must_use]
    pub fn with_models(
        mut self,
        format: Format,
        models: impl IntoIterator<Item = Aaguid>,
        anchors: impl IntoIterator<Item = TrustAnchor>,
    ) -> Self {
        let models = Some(models.into_iter().collect());
        self.listings.push(Listing { format, models, anchors: anchors.into_iter().collect() });
        self
    }

    /// Checks each path against these lists.
    #[must_use]
    pub fn with_revocation(mut self, lists: RevocationLists) -> Self {
        self.revocation = lists;
        self
    }
}

impl TrustSource for FormatAnchors {
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
        let lookup = Lookup { listings: &self.listings, format: evidence.format, claimed: evidence.aaguid };
        let mut anchors: Cow<'a, [TrustAnchor]> = Cow::default();
        for listing in lookup.of_format().filter(|listing| lookup.is_for_model(listing)) {
            if anchors.is_empty() {
                anchors = Cow::Borrowed(listing.anchors.as_slice());
            } else {
                anchors.to_mut().extend_from_slice(&listing.anchors);
            }
        }
        let has_models = lookup.of_format().any(|listing| listing.models.is_some());
        let consultation = Consultation::new(anchors).with_revocation(&self.revocation);
        if has_models { consultation.with_judge(lookup) } else { consultation }
    }
}

struct Lookup<'a> {
    listings: &'a [Listing],
    format: &'a Format,
    claimed: Option<Aaguid>,
}

impl<'a> Lookup<'a> {
    fn of_format(&self) -> impl Iterator<Item = &'a Listing> {
        self.listings.iter().filter(|listing| listing.format == *self.format)
    }

    /// A U2F statement does not sign the AAGUID, so that its anchors decide about the model.
    fn is_for_model(&self, listing: &Listing) -> bool {
        let Some(models) = &listing.models else { return true };
        *self.format == Format::FidoU2f || self.claimed.is_some_and(|claimed| models.contains(&claimed))
    }
}

impl Judge for Lookup<'_> {
    fn scope(&self, anchor: &TrustAnchor) -> AnchorScope {
        let listings = self.of_format().filter(|listing| listing.anchors.contains(anchor));
        let Some(models) = listings.map(|listing| listing.models.as_ref()).collect::<Option<Vec<_>>>() else {
            return AnchorScope::AnyModel;
        };
        let models: BTreeSet<&Aaguid> = models.into_iter().flatten().collect();
        match (models.len(), models.first()) {
            (1, Some(model)) => AnchorScope::OneModel(**model),
            _ if self.claimed.is_some_and(|claimed| models.contains(&claimed)) => AnchorScope::SeveralModels,
            _ => AnchorScope::AnyModel,
        }
    }

    fn judge(&self, _: &Conclusion<'_>) -> Result<(), Distrust> {
        Ok(())
    }
}
