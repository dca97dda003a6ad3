use alloc::sync::Arc;
use alloc::vec::Vec;

use super::android_status::AndroidStatusList;
use crate::x509::{Crl, Revocation};

/// The revocation data of a trust source, as the caller fetched them.
///
/// # Examples
/// ```
/// use rp_core::trust::{AndroidStatusList, FormatAnchors, RevocationLists};
///
/// # let (status, crls) = (br#"{"entries": {}}"#, Vec::new());
/// let lists = RevocationLists::default()
///     .with_crls(crls)
///     .with_android_status_list(AndroidStatusList::parse(status)?);
/// let trust = FormatAnchors::vendors().with_revocation(lists);
/// # let _ = trust;
/// # Ok::<(), rp_core::trust::AndroidStatusListError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RevocationLists {
    crls: Vec<Crl>,
    crls_required: bool,
    android: Option<Arc<AndroidStatusList>>,
}

impl RevocationLists {
    /// Checks each certificate of a path against these CRLs. A CRL whose signature is invalid revokes nothing.
    #[must_use]
    pub fn with_crls(mut self, crls: impl IntoIterator<Item = Crl>) -> Self {
        self.crls = crls.into_iter().collect();
        self
    }

    /// Rejects a path with a certificate that no current CRL covers.
    #[must_use]
    pub fn require_crls(mut self) -> Self {
        self.crls_required = true;
        self
    }

    /// Checks each certificate of an `android-key` path against Android's attestation status list.
    #[must_use]
    pub fn with_android_status_list(mut self, list: impl Into<Arc<AndroidStatusList>>) -> Self {
        self.android = Some(list.into());
        self
    }

    /// The CRLs, as path validation takes them.
    #[must_use]
    pub fn revocation(&self) -> Revocation<'_> {
        Revocation { crls: &self.crls, required: self.crls_required }
    }

    /// Android's attestation status list, if it is set.
    #[must_use]
    pub fn android_status_list(&self) -> Option<&AndroidStatusList> {
        self.android.as_deref()
    }
}
