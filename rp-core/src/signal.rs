//! The arguments of the Signal methods, with which authenticators remove deleted passkeys and update names
//! ([section 5.1.10]).
//!
//! [section 5.1.10]: https://www.w3.org/TR/webauthn-3/#sctn-signal-methods

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bytes::{CredentialId, UserHandle};
use crate::credential::CredentialRecord;
use crate::registration::User;
use crate::relying_party::RelyingParty;

/// The argument of `PublicKeyCredential.signalUnknownCredential`: a credential that is not registered, sent after a
/// rejected authentication or registration.
///
/// It can be sent without a session: it contains only the credential ID that the client sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownCredentialOptions {
    /// The RP ID.
    pub rp_id: String,
    /// The unknown credential.
    pub credential_id: CredentialId,
}

/// The argument of `PublicKeyCredential.signalAllAcceptedCredentials`: every credential of an account.
///
/// Send it only to the signed-in account, as it contains credential IDs ([section 14.6.3]). Authenticators remove or hide
/// a credential that is missing, so the list must be complete.
///
/// [section 14.6.3]: https://www.w3.org/TR/webauthn-3/#sctn-credential-id-privacy-leak
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllAcceptedCredentialsOptions {
    /// The RP ID.
    pub rp_id: String,
    /// The account's user handle.
    pub user_id: UserHandle,
    /// All credentials of the account.
    pub all_accepted_credential_ids: Vec<CredentialId>,
}

/// The argument of `PublicKeyCredential.signalCurrentUserDetails`: the current names of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentUserDetailsOptions {
    /// The RP ID.
    pub rp_id: String,
    /// The account's user handle.
    pub user_id: UserHandle,
    /// The name that distinguishes the account.
    pub name: String,
    /// The display name of the person.
    pub display_name: String,
}

impl RelyingParty {
    /// Signals that a credential is unknown.
    ///
    /// # Examples
    /// ```
    /// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
    /// use rp_core::{CredentialId, RelyingParty};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let signal = rp.signal_unknown_credential(CredentialId::try_from(&[1, 2, 3][..])?);
    /// assert_eq!(serde_json::to_string(&signal)?, r#"{"rpId":"example.org","credentialId":"AQID"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn signal_unknown_credential(&self, credential_id: CredentialId) -> UnknownCredentialOptions {
        UnknownCredentialOptions { rp_id: self.id().into(), credential_id }
    }

    /// Signals that an account has exactly these credentials. Records of another account are left out, because an
    /// authenticator would show them under this account.
    #[must_use]
    pub fn signal_all_accepted_credentials<'a>(
        &self,
        user_handle: &UserHandle,
        credentials: impl IntoIterator<Item = &'a CredentialRecord>,
    ) -> AllAcceptedCredentialsOptions {
        let own = credentials.into_iter().filter(|record| record.user_handle == *user_handle);
        AllAcceptedCredentialsOptions {
            rp_id: self.id().into(),
            user_id: user_handle.clone(),
            all_accepted_credential_ids: own.map(|record| record.id.clone()).collect(),
        }
    }

    /// Signals the current names of an account.
    #[must_use]
    pub fn signal_current_user_details(&self, user: &User) -> CurrentUserDetailsOptions {
        CurrentUserDetailsOptions {
            rp_id: self.id().into(),
            user_id: user.handle.clone(),
            name: user.name.clone(),
            display_name: user.display_name.clone(),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use super::*;
    use crate::credential::sample;

    fn rp() -> RelyingParty {
        RelyingParty::builder("example.org").origin("https://example.org").build().unwrap()
    }

    #[test]
    fn signals_have_the_members_of_the_specification() {
        let user = User {
            handle: UserHandle::try_from(&b"kim"[..]).unwrap(),
            name: "kim".into(),
            display_name: "Kim".into(),
        };
        assert_eq!(
            serde_json::to_string(&rp().signal_current_user_details(&user)).unwrap(),
            r#"{"rpId":"example.org","userId":"a2lt","name":"kim","displayName":"Kim"}"#
        );
        let record = sample(b"kim", &[1, 2, 3]);
        assert_eq!(
            serde_json::to_string(&rp().signal_all_accepted_credentials(&user.handle, [&record])).unwrap(),
            r#"{"rpId":"example.org","userId":"a2lt","allAcceptedCredentialIds":["AQID"]}"#
        );
        assert_eq!(
            serde_json::to_string(&rp().signal_unknown_credential(record.id)).unwrap(),
            r#"{"rpId":"example.org","credentialId":"AQID"}"#
        );
    }

    #[test]
    fn credentials_of_another_account_are_left_out() {
        let handle = UserHandle::try_from(&b"kim"[..]).unwrap();
        let records = [sample(b"kim", &[1]), sample(b"lee", &[2])];
        let signal = rp().signal_all_accepted_credentials(&handle, &records);
        assert_eq!(signal.all_accepted_credential_ids, [records[0].id.clone()]);
    }
}
