//! Challenges for hosted user pools: the three functions *define*, *create* and *verify challenge*, without any store.

use rp_core::options::{CredentialRequestOptions, UserVerificationRequirement};
use rp_core::{
    AllowedCredentials, Authenticated, AuthenticationError, AuthenticationResponse, CredentialRecord,
    PendingAuthentication, RandomnessError, RelyingParty, ResponseError, Timestamp, UserHandle,
};
use serde::{Deserialize, Serialize};

use crate::seal::{KeyRing, SealError};

/// Passkeys in the custom sign-in of a hosted user pool, such as Amazon Cognito, which calls three stateless functions: one
/// defines the next challenge from the results so far, one creates it, and one verifies the response.
///
/// The state between *create* and *verify* is a token that the pool keeps (its private challenge parameters): encrypted,
/// authenticated, and valid until the ceremony expires. Nothing is stored. The pool accepts one response for each challenge
/// it created; if yours does not, remember [`VerifiedChallenge::token_id`] until the ceremony has expired.
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::{ChallengeHooks, ChallengeKind, KeyRing, NextChallenge, PoolSignIn, Secret};
///
/// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
/// let hooks = ChallengeHooks::new(rp, KeyRing::new([Secret::from([7; 32])])?, PoolSignIn::Passkey);
/// assert_eq!(hooks.define(&[], true), NextChallenge::Challenge(ChallengeKind::Passkey));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChallengeHooks {
    rp: RelyingParty,
    keys: KeyRing,
    sign_in: PoolSignIn,
}

/// The requirements of a sign-in to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PoolSignIn {
    /// A passkey that verifies its user, and nothing else.
    Passkey,
    /// A password, then a passkey if the user has one.
    PasswordThenPasskey,
    /// A password alone.
    Password,
}

/// A kind of challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChallengeKind {
    /// The pool verifies a password itself.
    Password,
    /// [`ChallengeHooks::create`] and [`ChallengeHooks::verify`].
    Passkey,
}

/// A challenge that was answered, as the pool reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeResult {
    /// The kind.
    pub kind: ChallengeKind,
    /// Whether the answer was correct.
    pub is_correct: bool,
}

/// The decision of [`ChallengeHooks::define`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum NextChallenge {
    /// Another challenge is required.
    Challenge(ChallengeKind),
    /// The user is signed in: the pool issues its tokens.
    IssueTokens,
    /// The sign-in has failed.
    Fail,
}

/// A challenge that was created.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreatedChallenge {
    /// For the client: the public challenge parameters.
    pub options: CredentialRequestOptions,
    /// For the pool alone: the private challenge parameters.
    pub token: String,
}

/// A response that verifies. Store `authenticated.update` with the credential, by compare-and-set of the counter.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the counter of the credential has to be stored"]
pub struct VerifiedChallenge {
    /// The authentication.
    pub authenticated: Authenticated,
    /// The ID of the challenge, for a replay cache.
    pub token_id: [u8; 32],
}

/// Why a response to a challenge is not correct.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The token does not open, or has expired.
    #[error("token: {0}")]
    Token(#[from] SealError),
    /// The token was created for another user.
    #[error("the token was created for another user")]
    OtherUser,
    /// The answer is not an `AuthenticationResponseJSON`.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The user does not have the credential of the response.
    #[error("the user does not have the credential")]
    CredentialUnknown,
    /// The response does not verify.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
}

/// The content of a token.
#[derive(Serialize, Deserialize)]
struct State {
    user: UserHandle,
    pending: PendingAuthentication,
}

impl ChallengeHooks {
    /// Functions for a relying party. The keys are the same on every machine; rotate them as [`KeyRing`] describes.
    #[must_use]
    pub fn new(rp: RelyingParty, keys: KeyRing, sign_in: PoolSignIn) -> Self {
        Self { rp, keys, sign_in }
    }

    /// Defines the next challenge from the results so far. Fails after [`ChallengeHooks::MAX_FAILURES`] wrong answers.
    ///
    /// `has_passkey`: whether the user has a passkey, which makes it required in [`PoolSignIn::PasswordThenPasskey`]. If the
    /// passkeys cannot be read, return an error to the pool instead of `false`.
    pub fn define(&self, results: &[ChallengeResult], has_passkey: bool) -> NextChallenge {
        let is_done = |kind| results.iter().any(|result| result.kind == kind && result.is_correct);
        let failures = results.iter().filter(|result| !result.is_correct).count();
        if failures >= Self::MAX_FAILURES {
            return NextChallenge::Fail;
        }
        let required: &[ChallengeKind] = match (self.sign_in, has_passkey) {
            (PoolSignIn::Passkey, _) => &[ChallengeKind::Passkey],
            (PoolSignIn::PasswordThenPasskey, true) => &[ChallengeKind::Password, ChallengeKind::Passkey],
            (PoolSignIn::PasswordThenPasskey, false) | (PoolSignIn::Password, _) => {
                &[ChallengeKind::Password]
            }
        };
        let missing = required.iter().find(|kind| !is_done(**kind));
        missing.map_or(NextChallenge::IssueTokens, |kind| NextChallenge::Challenge(*kind))
    }

    /// The number of wrong answers with which a sign-in fails.
    pub const MAX_FAILURES: usize = 3;

    /// Creates the challenge of a passkey.
    ///
    /// In [`PoolSignIn::Passkey`] the options list no credentials, because the user is not verified yet: whether a name
    /// exists, and what its user has, is not revealed. Call it for unknown names too, with a user handle of its own. The
    /// passkey has to verify its user, because it is the only factor.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn create(
        &self,
        user: &UserHandle,
        credentials: &[CredentialRecord],
        now: Timestamp,
    ) -> Result<CreatedChallenge, RandomnessError> {
        let request = match self.sign_in {
            PoolSignIn::Passkey => self
                .rp
                .authentication(AllowedCredentials::discoverable())
                .user_verification(UserVerificationRequirement::Required),
            _ => self.rp.authentication(AllowedCredentials::account(user.clone(), credentials)),
        };
        let (options, pending) = request.start(now)?;
        let state = State { user: user.clone(), pending };
        let expires_at = now.saturating_add(self.rp.ceremony_lifetime());
        let token = self.keys.seal_token(SEAL_PURPOSE, &state, expires_at)?;
        Ok(CreatedChallenge { options, token })
    }

    /// Verifies the answer to a challenge, an `AuthenticationResponseJSON`, for the same user.
    ///
    /// # Errors
    /// [`ChallengeError`]. The answer is wrong then.
    pub fn verify(
        &self,
        token: &str,
        answer: &[u8],
        user: &UserHandle,
        credentials: &[CredentialRecord],
        now: Timestamp,
    ) -> Result<VerifiedChallenge, ChallengeError> {
        let state: State = self.keys.open_token(SEAL_PURPOSE, token, now)?;
        if state.user != *user {
            return Err(ChallengeError::OtherUser);
        }
        let response = AuthenticationResponse::from_json(answer)?;
        let record = credentials
            .iter()
            .find(|record| record.id.as_bytes() == response.id() && record.user_handle == *user)
            .ok_or(ChallengeError::CredentialUnknown)?;
        let token_id = rp_core::crypto::sha256(&[state.pending.challenge().as_bytes()]);
        let authenticated = self.rp.finish_authentication(state.pending, &response, record, now)?;
        Ok(VerifiedChallenge { authenticated, token_id })
    }
}

/// The purpose of the sealed tokens.
const SEAL_PURPOSE: &str = "rp pool challenge";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn hooks(sign_in: PoolSignIn) -> ChallengeHooks {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        ChallengeHooks::new(rp, KeyRing::new([Secret::from([7; 32])]).unwrap(), sign_in)
    }

    const RIGHT: [ChallengeResult; 2] = [
        ChallengeResult { kind: ChallengeKind::Password, is_correct: true },
        ChallengeResult { kind: ChallengeKind::Passkey, is_correct: true },
    ];

    #[test]
    fn each_sign_in_defines_its_challenges() {
        let [password, passkey] =
            [ChallengeKind::Password, ChallengeKind::Passkey].map(NextChallenge::Challenge);
        let done = NextChallenge::IssueTokens;
        for (sign_in, has_passkey, expected) in [
            (PoolSignIn::Passkey, true, [passkey, passkey, done]),
            (PoolSignIn::Passkey, false, [passkey, passkey, done]),
            (PoolSignIn::PasswordThenPasskey, true, [password, passkey, done]),
            (PoolSignIn::PasswordThenPasskey, false, [password, done, done]),
            (PoolSignIn::Password, true, [password, done, done]),
        ] {
            let hooks = hooks(sign_in);
            for (answered, expected) in expected.into_iter().enumerate() {
                let results = RIGHT.get(..answered).unwrap();
                assert_eq!(hooks.define(results, has_passkey), expected, "{sign_in:?} {answered}");
            }
        }
    }

    #[test]
    fn a_passkey_does_not_replace_the_password() {
        let results = RIGHT.get(1..).unwrap();
        let next = hooks(PoolSignIn::PasswordThenPasskey).define(results, true);
        assert_eq!(next, NextChallenge::Challenge(ChallengeKind::Password));
    }

    #[test]
    fn a_sign_in_fails_after_three_wrong_answers() {
        let hooks = hooks(PoolSignIn::Passkey);
        let wrong = ChallengeResult { kind: ChallengeKind::Passkey, is_correct: false };
        let passkey = NextChallenge::Challenge(ChallengeKind::Passkey);
        for (failures, expected) in [(1, passkey), (2, passkey), (3, NextChallenge::Fail)] {
            assert_eq!(hooks.define(&vec![wrong; failures], true), expected);
        }
        let late = [wrong, wrong, wrong, RIGHT[1]];
        assert_eq!(hooks.define(&late, true), NextChallenge::Fail);
    }

    #[test]
    fn a_token_is_for_one_user_and_expires_with_its_ceremony() {
        let (hooks, now) = (hooks(PoolSignIn::Passkey), Timestamp::from_unix_seconds(1_780_272_000));
        let [kim, sam] = [[1; 64], [2; 64]].map(|bytes| UserHandle::try_from(&bytes[..]).unwrap());
        let created = hooks.create(&kim, &[], now).unwrap();
        let error = |user, now| hooks.verify(&created.token, b"{}", user, &[], now).unwrap_err();
        assert!(matches!(error(&sam, now), ChallengeError::OtherUser));
        assert!(matches!(error(&kim, now), ChallengeError::Response(_)));
        let end = now.saturating_add(hooks.rp.ceremony_lifetime());
        assert!(matches!(error(&kim, end), ChallengeError::Response(_)));
        let late = end.saturating_add(std::time::Duration::from_secs(1));
        assert!(matches!(error(&kim, late), ChallengeError::Token(SealError::Expired)));
        let challenge = rp_core::base64url::encode(created.options.public_key.challenge.as_bytes());
        assert!(!created.token.contains(&challenge));
    }

    #[test]
    fn options_before_the_first_factor_list_nothing() {
        let now = Timestamp::from_unix_seconds(1_780_272_000);
        let kim = UserHandle::try_from(&[1; 64][..]).unwrap();
        let created = hooks(PoolSignIn::Passkey).create(&kim, &[], now).unwrap();
        let options = serde_json::to_value(&created.options.public_key).unwrap();
        assert_eq!(options["allowCredentials"], serde_json::json!([]));
        assert_eq!(options["userVerification"], "required");
    }
}
