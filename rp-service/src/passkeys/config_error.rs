use crate::authorization::CommandLineClientError;
use crate::decoy::DecoyError;
use crate::factor_name::FactorName;
use crate::policy::PolicyError;
use crate::seal::KeyRingError;

/// An error in the configuration of a service.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A store is missing.
    #[error("no store for {what}: call `store`, or `{what}`")]
    MissingStore {
        /// The kind of store, which is also the name of the builder's method.
        what: &'static str,
    },
    /// The secret is missing.
    #[error("no secret: call `secret`")]
    MissingSecret,
    /// The relying party, or that of proofs, requires trusted attestation, and no source of trust is set.
    #[error("the relying party requires trusted attestation, and nothing is trusted: call `trust`")]
    MissingTrust,
    /// The timer is missing, on a platform without a clock.
    #[error("no timer: call `timer`")]
    MissingTimer,
    /// Sign-up is allowed, but users and passkeys are in different stores.
    #[error(
        "sign-up creates a user and a passkey in one transaction, which takes one store for both: call \
         `users_and_credentials`, or close sign-up"
    )]
    SignUpAcrossStores,
    /// The policy would lock users out.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The credentials that are shown for unknown usernames cannot be made.
    #[error(transparent)]
    Decoys(#[from] DecoyError),
    /// The relying party of proofs does not require trust, or has another RP ID.
    #[error("proof: {problem}")]
    Proof {
        /// The problem.
        problem: &'static str,
    },
    /// A program cannot be registered.
    #[error("command_line: {0}")]
    CommandLine(#[from] CommandLineClientError),
    /// The secret cannot encrypt the states of second factors.
    #[error("the secret: {0}")]
    Keys(#[from] KeyRingError),
    /// Two second factors have the same name, or one has the name of passkeys.
    #[error("two second factors with the name {name}")]
    FactorName {
        /// The name.
        name: FactorName,
    },
    /// A front end's origin is not accepted by the relying party.
    #[error("the front end {origin} is not an accepted web origin of the relying party")]
    FrontEnd {
        /// The origin.
        origin: String,
    },
}

/// Prints the message: programs that return the error from `main` show it by `Debug`.
impl std::fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
