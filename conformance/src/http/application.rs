//! The application around the interface: its own routes, which every site in the tests mounts.
//!
//! | route | what it requires or does | text of the response |
//! |---|---|---|
//! | any method, `/app/user` | the signed-in user | the username |
//! | any method, `/app/maybe` | nothing | the username, or `no one` |
//! | `POST /app/passkey` | [`passkey`] | the username |
//! | `POST /app/recent` | [`recent`] | the username |
//! | `POST /app/verified` | [`verified`] | the username |
//! | `POST /app/hardware` | [`hardware`] | the username |
//! | `POST /app/level` | [`level`] | the username |
//! | `POST /app/registration` | a registration response in place of `registration/verify` | [`registration`] |
//! | `POST /app/authentication` | an authentication response in place of `authentication/verify` | [`authentication`] |
//! | `POST /app/proof` | a registration response in place of `proof/verify` | `genuine` |
//! | `POST /app/password` | reports a password of the user in the header `x-user` | [`first_factor`] |
//! | `POST /app/sign-out` | ends the session | `signed out` |

use std::fmt::Write;

use rp_core::UserHandle;
use rp_service::{
    Authentication, FactorName, FirstFactor, Next, Passkeys, Purpose, Registration, Requirement, ServiceError,
};

/// The requirement of `/app/passkey`.
pub fn passkey() -> Requirement {
    Requirement::passkey()
}

/// The requirement of `/app/recent`.
pub fn recent() -> Requirement {
    Requirement::passkey().within_minutes(2)
}

/// The requirement of `/app/verified`.
pub fn verified() -> Requirement {
    Requirement::passkey().user_verified()
}

/// The requirement of `/app/hardware`.
pub fn hardware() -> Requirement {
    Requirement::passkey().hardware()
}

/// The requirement of `/app/level`.
pub fn level() -> Requirement {
    Requirement::aal(2)
}

/// The text of `/app/registration`.
#[must_use]
pub fn registration(registration: &Registration) -> String {
    let what = if registration.is_new_user() { "created" } else { "added" };
    format!("{} {what}", registration.user.name)
}

/// The text of `/app/authentication`.
#[must_use]
pub fn authentication(authentication: &Authentication) -> String {
    let what = match authentication.purpose {
        Purpose::StepUp => "step-up",
        Purpose::SecondFactor => "second-factor",
        _ => "sign-in",
    };
    format!("{} {what}", authentication.user.name)
}

/// The text of `/app/password`.
#[must_use]
pub fn first_factor(first: &FirstFactor) -> String {
    let mut text = first.user.name.clone();
    let _ = match &first.next {
        Next::SignedIn => write!(text, " signed in"),
        Next::SecondFactor(factors) => {
            let names: Vec<_> = factors.iter().map(FactorName::as_str).collect();
            write!(text, " needs {}", names.join(" or "))
        }
        Next::Enrol { .. } => write!(text, " enrols"),
        Next::Offer(factors) => {
            let names: Vec<_> = factors.iter().map(ToString::to_string).collect();
            write!(text, " signed in, may use {}", names.join(" or "))
        }
        Next::Remind { by } => write!(text, " signed in, enrols by {by}"),
        other => write!(text, " {other:?}"),
    };
    text
}

/// The user whose password was correct, from the header `x-user`.
///
/// # Errors
/// [`ServiceError::NoSuchUser`], [`ServiceError::Storage`].
pub async fn user(passkeys: &Passkeys, name: &str) -> Result<UserHandle, ServiceError> {
    let user = passkeys.user_by_name(name).await?;
    Ok(user.ok_or(ServiceError::NoSuchUser)?.handle)
}
