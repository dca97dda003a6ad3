use serde::{Deserialize, Serialize};

/// The action of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Creates a user with a first passkey.
    SignUp,
    /// Adds a passkey to the user of the session.
    AddPasskey,
    /// Completes a registration that was not identified as one of the two.
    Register,
    /// Signs in with a passkey.
    SignIn,
    /// Verifies the user of the session again.
    StepUp,
    /// Reports a first factor that the application verified.
    FirstFactor,
    /// Completes a sign-in with a second factor.
    SecondFactor,
    /// Authorises an enrolment with a recovery code.
    Recovery,
    /// Enrols a second factor other than a passkey.
    EnrolFactor,
    /// Deletes a second factor other than a passkey.
    DeleteFactor,
    /// Names a passkey.
    RenamePasskey,
    /// Deletes a passkey.
    DeletePasskey,
    /// Reads the data of the user.
    Read,
    /// Checks a requirement of the application.
    Guard,
    /// Signs out.
    SignOut,
    /// Ends sessions.
    EndSessions,
    /// Creates a user without a passkey.
    CreateUser,
    /// Changes the names of a user.
    ChangeUser,
    /// Locks a user.
    LockUser,
    /// Unlocks a user.
    UnlockUser,
    /// Deletes a user.
    DeleteUser,
    /// Creates an enrolment grant.
    CreateGrant,
    /// Confirms the request of a command line.
    Authorize,
    /// Exchanges the code of a command line for a session.
    IssueToken,
    /// An operator deletes a passkey of a user.
    RevokePasskey,
    /// An operator deletes the second factors of a user except passkeys.
    ResetFactors,
    /// Stores another result of the attestation of a passkey, because metadata or the policy changed.
    Rejudge,
    /// An operator imports a user, a passkey or a second factor.
    Import,
    /// An operator exports all users.
    Export,
    /// Proves that a genuine authenticator is present. The event contains no client.
    Proof,
    /// Deletes expired entries; reported only if it fails.
    Sweep,
    /// A request that was rejected before its action was known.
    Request,
}

impl Action {
    /// Every action.
    #[cfg(feature = "metrics")]
    pub(crate) const ALL: [Self; 32] = [
        Self::SignUp,
        Self::AddPasskey,
        Self::Register,
        Self::SignIn,
        Self::StepUp,
        Self::FirstFactor,
        Self::SecondFactor,
        Self::Recovery,
        Self::EnrolFactor,
        Self::DeleteFactor,
        Self::RenamePasskey,
        Self::DeletePasskey,
        Self::Read,
        Self::Guard,
        Self::SignOut,
        Self::EndSessions,
        Self::CreateUser,
        Self::ChangeUser,
        Self::LockUser,
        Self::UnlockUser,
        Self::DeleteUser,
        Self::CreateGrant,
        Self::Authorize,
        Self::IssueToken,
        Self::RevokePasskey,
        Self::ResetFactors,
        Self::Rejudge,
        Self::Import,
        Self::Export,
        Self::Proof,
        Self::Sweep,
        Self::Request,
    ];

    /// The action as it appears in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::AddPasskey => "add-passkey",
            Self::Register => "register",
            Self::SignIn => "sign-in",
            Self::StepUp => "step-up",
            Self::FirstFactor => "first-factor",
            Self::SecondFactor => "second-factor",
            Self::Recovery => "recovery",
            Self::EnrolFactor => "enrol-factor",
            Self::DeleteFactor => "delete-factor",
            Self::RenamePasskey => "rename-passkey",
            Self::DeletePasskey => "delete-passkey",
            Self::Read => "read",
            Self::Guard => "guard",
            Self::SignOut => "sign-out",
            Self::EndSessions => "end-sessions",
            Self::CreateUser => "create-user",
            Self::ChangeUser => "change-user",
            Self::LockUser => "lock-user",
            Self::UnlockUser => "unlock-user",
            Self::DeleteUser => "delete-user",
            Self::CreateGrant => "create-grant",
            Self::Authorize => "authorize",
            Self::IssueToken => "issue-token",
            Self::RevokePasskey => "revoke-passkey",
            Self::ResetFactors => "reset-factors",
            Self::Rejudge => "rejudge",
            Self::Import => "import",
            Self::Export => "export",
            Self::Proof => "proof",
            Self::Sweep => "sweep",
            Self::Request => "request",
        }
    }

    /// Whether the user should be informed when it succeeds: a factor was added, removed or reset, or a recovery code was
    /// used (NIST SP 800-63B-4, section 4.6).
    #[must_use]
    pub const fn notifies(self) -> bool {
        matches!(
            self,
            Self::AddPasskey
                | Self::DeletePasskey
                | Self::EnrolFactor
                | Self::DeleteFactor
                | Self::Recovery
                | Self::RevokePasskey
                | Self::ResetFactors
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_in_json_as_in_logs() {
        for action in [Action::SignUp, Action::EnrolFactor, Action::RevokePasskey, Action::Import] {
            assert_eq!(serde_json::to_string(&action).unwrap(), format!("{:?}", action.as_str()));
        }
    }
}
