//! Checks that a server can leave out.

/// A check of a server. A server without it accepts responses that it must reject: for tests that show that a test suite
/// finds the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// The challenge is the one that was sent.
    Challenge,
    /// The origin is accepted.
    Origin,
    /// The ceremony did not run in a cross-origin frame.
    CrossOrigin,
    /// The user was verified, if that is required.
    UserVerification,
    /// The algorithm was offered.
    Algorithm,
    /// The attestation statement verifies.
    Attestation,
    /// The certification path ends in an anchor.
    Trust,
    /// No report in force says that the model is compromised.
    ModelStatus,
    /// The counter increased.
    Counter,
    /// BE is as it was at registration.
    BackupEligibility,
    /// The user handle is that of the account.
    UserHandle,
    /// The credential is one of the account.
    Account,
    /// A ceremony is completed once.
    SingleUse,
    /// A credential ID is registered once.
    CredentialExists,
    /// `tokenBinding` is well-formed.
    TokenBinding,
    /// No two challenges are equal.
    FreshChallenge,
}

impl Check {
    /// Every check that can be left out.
    pub const ALL: &'static [Self] = &[
        Self::Challenge,
        Self::Origin,
        Self::CrossOrigin,
        Self::UserVerification,
        Self::Algorithm,
        Self::Attestation,
        Self::Trust,
        Self::ModelStatus,
        Self::Counter,
        Self::BackupEligibility,
        Self::UserHandle,
        Self::Account,
        Self::SingleUse,
        Self::CredentialExists,
        Self::TokenBinding,
        Self::FreshChallenge,
    ];
}
