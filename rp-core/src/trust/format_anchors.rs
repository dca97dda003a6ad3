use alloc::vec::Vec;

use super::roots;
use super::source::{Consultation, Evidence, TrustSource};
use crate::attestation::Format;
use crate::x509::{Crl, Revocation, TrustAnchor};

/// Anchors that vouch each for the statements of one format, whatever the model.
///
/// A vendor's root proves what the vendor's format says and nothing else: the root behind SafetyNet's host issues
/// certificates for anybody's site, and U2F asks nothing of a certificate but its curve.
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
    anchors: Vec<(Format, Vec<TrustAnchor>)>,
    crls: Vec<Crl>,
}

impl FormatAnchors {
    /// The vendors' published roots, each for its own format: `apple`, `android-key` and `android-safetynet`.
    /// Which formats are accepted at all is for policy to say.
    #[must_use]
    pub fn vendors() -> Self {
        Self::default()
            .with(Format::Apple, [roots::apple_webauthn()])
            .with(Format::AndroidKey, roots::google_hardware_attestation())
            .with(Format::AndroidSafetynet, [roots::globalsign_r1()])
    }

    /// Has these anchors vouch for statements of this format, beside those that do already.
    #[must_use]
    pub fn with(mut self, format: Format, anchors: impl IntoIterator<Item = TrustAnchor>) -> Self {
        match self.anchors.iter_mut().find(|(known, _)| *known == format) {
            Some((_, known)) => known.extend(anchors),
            None => self.anchors.push((format, anchors.into_iter().collect())),
        }
        self
    }

    /// Has these CRLs held against each path; one that does not verify revokes nothing.
    #[must_use]
    pub fn with_crls(mut self, crls: Vec<Crl>) -> Self {
        self.crls = crls;
        self
    }
}

impl TrustSource for FormatAnchors {
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
        let of_format = self.anchors.iter().find(|(format, _)| format == evidence.format);
        let anchors = of_format.map(|(_, anchors)| anchors.as_slice()).unwrap_or_default();
        Consultation::new(anchors).with_revocation(Revocation { crls: &self.crls, required: false })
    }
}
