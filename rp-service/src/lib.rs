//! Framework-independent passkey service: users, pending ceremonies, sessions, policy, events and stores.
//!
//! [`Passkeys`] combines a [`RelyingParty`](rp_core::RelyingParty), stores ([`store`]), a trust source, a [`Policy`], a clock
//! and an [`EventSink`]. [`http`] responds to requests; the adapters `rp-axum` and `rp-actix` translate them and decide
//! nothing.
//!
//! Sign-in sessions belong to the service: a [`Session`] is a row, and the client holds a token. An application that has
//! sessions can keep them ([`ApplicationSession`]).
//!
//! Every error is a [`ServiceError`]. The client receives a [`Problem`]; the exact reason goes into an [`Event`].

mod acr;
pub mod admin;
mod admission;
mod application_session;
mod assurance;
mod authenticator_info;
mod authorization;
mod causes;
mod challenge;
mod context_change;
mod decoy;
mod error;
mod event;
mod factor;
mod factor_name;
mod groups;
pub mod http;
mod json;
pub mod metrics;
mod passkeys;
mod policy;
mod problem;
mod rate_limiter;
mod seal;
mod secret;
mod session;
pub mod store;
mod telemetry;
mod text;
mod timer;
mod transfer;
mod username;

pub use acr::Acr;
pub use admission::{AdmissionFuture, AdmissionHook, AdmissionRequest, Denied, Purpose};
pub use application_session::ApplicationSession;
pub use assurance::{
    AalReason, AcrReason, Amr, Assurance, Fresh, Guard, KeyFacts, KeyObstacle, MissingAssurance, Requirement,
};
#[cfg(feature = "mds")]
pub use authenticator_info::MetadataDirectory;
pub use authenticator_info::{AuthenticatorDirectory, AuthenticatorInfo, PasskeyProviders};
pub use authorization::{AuthorizationError, CommandLineClientError, LoopbackRedirect, TokenRequest};
pub use challenge::{
    ChallengeError, ChallengeHooks, ChallengeKind, ChallengeResult, CreatedChallenge, NextChallenge,
    PoolSignIn, VerifiedChallenge,
};
pub use context_change::{AddressAndUserAgent, ContextChange};
pub use decoy::{DecoyError, DecoyProfile, DecoyShape, DecoySurvey};
pub use error::{ErrorKind, NoCeremony, ServiceError};
pub use event::{
    Action, Event, EventOutcome, EventRecord, EventSink, JsonLinesSink, OcsfSink, RecentEvents,
    RecordedAssurance, RecordedDecision, TracingSink,
};
pub use factor::{
    Enrolment, FactorError, FactorFuture, FactorOptions, FactorOutcome, FactorRequest, FactorRole,
    RecoveryCode, RecoveryCodeError, RecoveryCodes, SecondFactor, Totp, TotpAlgorithm,
};
pub use factor_name::FactorName;
pub use groups::{Groups, GroupsFuture};
pub use json::{
    CredentialJson, CredentialsJson, EnrolledFactorJson, FactorsJson, ListedSessionJson, OriginsJson,
    PasskeyEndpoints, SessionJson, SessionsJson, SignalJson,
};
pub use passkeys::{
    Authentication, BrowserId, Caller, ConfigError, CurrentSession, CurrentUser, FactorVerification,
    FirstFactor, Grant, NewUser, Next, OpenedSession, Passkeys, PasskeysBuilder, PendingAuthorization, Proof,
    RedeemedCode, Registration, StartedAuthorization, TokenTransport,
};
#[cfg(feature = "toml")]
pub use policy::PolicyFileError;
pub use policy::{
    Aal3Rules, Access, AfterRecovery, Allowed, Attachment, AttestationRule, Certification, Contradiction,
    Decision, EnrolmentPeriod, Fips, Limits, MaxAge, Membership, ModelFacts, Outlook, PasskeyFacts,
    PasskeyRuleError, PasskeyRules, PasskeyRulesOverride, Phase, Policy, PolicyError, PolicyProblem,
    Preference, Reason, Reauthentication, ReauthenticationOverride, Reminder, Rules, RulesOverride,
    SecondFactorPolicy, SecondFactorPrompt, SessionFacts, SessionLimits, SessionPolicy, Standing, Subject,
    UsernameLists, UtcDate, Verified, VerifiedMethod, Word,
};
pub use problem::Problem;
pub use rate_limiter::{Limit, MemoryRateLimiter, RateLimit, RateLimited, RateLimiter};
pub use seal::{KeyRing, KeyRingError, Opened, SealError};
pub use secret::Secret;
pub use session::{
    Client, Method, Session, SessionId, SessionKind, SessionState, SessionToken, UserVerification,
    VerifiedFactor,
};
pub use telemetry::{
    BrowserReport, Capability, CeremonyOutcome, CeremonyPhase, CeremonyPurpose, DomExceptionName,
};
pub use timer::Timer;
pub use username::{Username, UsernameError};

/// The program of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The programs of the book about the service compile.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/deployment/events.md")]
    struct Events;
    #[cfg(feature = "cli")]
    #[doc = include_str!("../../docs/src/deployment/admin.md")]
    struct Admin;
}
