//! The administrator's routes: users and their state under the policy, a dry run of another policy, the events of a user, and
//! what an administrator does to a user, with a reason.

#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeMap;
use std::time::Duration;

use rp_core::{CredentialId, Timestamp, UserHandle, base64url};
use rp_service::admin::{CheckedUser, Operator, UserState};
use rp_service::http::Context;
use rp_service::{CurrentUser, Passkeys, Policy, RecentEvents, Requirement, ServiceError};
use serde::Deserialize;
use serde_json::json;

use self::views::{Change, Details, Row};
use super::administrators::Administrators;
use super::answer::{Answer, parse};
use super::passwords::Passwords;

/// The administrators of the site, and the events that they see.
#[derive(Clone, Debug)]
pub(super) struct Administration {
    pub(super) administrators: Administrators,
    pub(super) events: RecentEvents,
}

/// `POST /admin/users`.
#[derive(Deserialize)]
struct Page {
    after: Option<String>,
}

/// `POST /admin/user`.
#[derive(Deserialize)]
struct OneUser {
    user: String,
}

/// `POST /admin/check`.
#[derive(Deserialize)]
struct DryRun {
    policy: String,
    #[serde(default)]
    days: u32,
}

/// `POST /admin/act`.
#[derive(Deserialize)]
struct Operation {
    user: String,
    reason: String,
    #[serde(flatten)]
    act: Act,
}

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
enum Act {
    Lock,
    Unlock,
    EndSessions,
    ResetFactors,
    RevokePasskey { credential: String },
}

impl Administration {
    /// The users of a page, in the order of their handles.
    pub(super) async fn users(
        &self,
        context: &Context,
        passwords: &Passwords,
        body: &[u8],
    ) -> Result<Answer, ServiceError> {
        if let Err(rejected) = self.administrator(context, &reading()).await? {
            return Ok(rejected);
        }
        let after = parse::<Page>(body)?.after.as_deref().and_then(handle);
        let passkeys = context.passkeys();
        let users = states(passkeys, passwords, passkeys.policy(), passkeys.now(), after.as_ref()).await?;
        let next =
            (users.len() == PAGE).then(|| users.last().map(|state| state.user.handle.to_string())).flatten();
        let users: Vec<_> = users.iter().map(Row::of).collect();
        Ok(Answer::json(
            200,
            &match next {
                Some(next) => json!({ "users": users, "next": next }),
                None => json!({ "users": users }),
            },
        ))
    }

    /// One user, with the latest events.
    pub(super) async fn user(
        &self,
        context: &Context,
        passwords: &Passwords,
        body: &[u8],
    ) -> Result<Answer, ServiceError> {
        if let Err(rejected) = self.administrator(context, &reading()).await? {
            return Ok(rejected);
        }
        let Some(user) = handle(&parse::<OneUser>(body)?.user) else { return Err(ServiceError::NoSuchUser) };
        let passkeys = context.passkeys();
        let has_password = passwords.exists(&user).await?;
        let state = passkeys
            .user_state(&user, has_password, passkeys.now())
            .await?
            .ok_or(ServiceError::NoSuchUser)?;
        let events = self.events.of_user(&user, MAX_EVENTS);
        Ok(Answer::json(200, &json!(Details::of(passkeys, &state, has_password, events))))
    }

    /// The users whose state another policy, or a later day, would change. Nothing is changed.
    pub(super) async fn check(
        &self,
        context: &Context,
        passwords: &Passwords,
        body: &[u8],
    ) -> Result<Answer, ServiceError> {
        if let Err(rejected) = self.administrator(context, &reading()).await? {
            return Ok(rejected);
        }
        let run: DryRun = parse(body)?;
        let passkeys = context.passkeys();
        let policy = match run.policy.trim() {
            "" => passkeys.policy().clone(),
            text => match Policy::from_toml(text) {
                Ok(policy) => policy,
                Err(error) => {
                    return Ok(Answer::problem_with(
                        400,
                        "policy-invalid",
                        "This is not a policy",
                        &error.to_string(),
                    ));
                }
            },
        };
        let now = passkeys.now();
        let then = now.saturating_add(Duration::from_hours(24).saturating_mul(run.days));
        let (mut counts, mut changes, mut checked, mut after) =
            ([BTreeMap::new(), BTreeMap::new()], Vec::new(), 0_usize, None);
        loop {
            let today = states(passkeys, passwords, passkeys.policy(), now, after.as_ref()).await?;
            let future = states(passkeys, passwords, &policy, then, after.as_ref()).await?;
            let mut future: BTreeMap<_, _> =
                future.into_iter().map(|state| (state.user.handle.clone(), state)).collect();
            for one in &today {
                // A user who was deleted in between is in neither.
                let Some(other) = future.remove(&one.user.handle) else { continue };
                let standings = [one.outlook.standing, other.outlook.standing];
                for (counted, standing) in counts.iter_mut().zip(standings) {
                    let count: &mut u64 = counted.entry(standing.as_str()).or_default();
                    *count = count.saturating_add(1);
                }
                if one.outlook.standing != other.outlook.standing {
                    changes.push(Change { now: one.outlook.standing.as_str(), then: Row::of(&other) });
                }
            }
            checked = checked.saturating_add(today.len());
            after = today.last().map(|state| state.user.handle.clone());
            if today.len() < PAGE || checked >= MAX_CHECKED {
                break;
            }
        }
        let [today, future] = counts;
        Ok(Answer::json(
            200,
            &json!({ "checked": checked, "now": today, "then": future, "changes": changes }),
        ))
    }

    /// Carries out an operation on a user. The reason is in the event.
    pub(super) async fn act(&self, context: &Context, body: &[u8]) -> Result<Answer, ServiceError> {
        let administrator = match self.administrator(context, &acting()).await? {
            Ok(administrator) => administrator,
            Err(rejected) => return Ok(rejected),
        };
        let Operation { user, reason, act } = parse(body)?;
        let Some(user) = handle(&user) else { return Err(ServiceError::NoSuchUser) };
        let operator = match Operator::new(&reason) {
            Ok(operator) => operator.user(&administrator.user.handle),
            Err(error) => return Ok(Answer::problem(400, "reason-missing", &error.to_string())),
        };
        if user == administrator.user.handle {
            let title = "An administrator cannot do this to their own account";
            return Ok(Answer::problem(403, "own-account", title));
        }
        let admin = context.passkeys().admin(operator);
        match act {
            Act::Lock => admin.lock(&user).await?,
            Act::Unlock => admin.unlock(&user).await?,
            Act::EndSessions => drop(admin.end_sessions(&user).await?),
            Act::ResetFactors => drop(admin.reset_factors(&user).await?),
            Act::RevokePasskey { credential } => {
                let id = base64url::decode(&credential).ok();
                let id = id.and_then(|bytes| CredentialId::try_from(bytes.as_slice()).ok());
                let id = id.ok_or(ServiceError::NoSuchPasskey)?;
                // A passkey of this user, and not of the administrator.
                let passkeys = context.passkeys();
                let state = passkeys.user_state(&user, true, passkeys.now()).await?;
                let has = |state: UserState| state.passkeys.iter().any(|passkey| passkey.record.id == id);
                if !state.is_some_and(has) {
                    return Err(ServiceError::NoSuchPasskey);
                }
                drop(admin.revoke_passkey(&id).await?);
            }
        }
        Ok(Answer::empty())
    }

    /// The administrator who sent a request, or the response to someone else.
    async fn administrator(
        &self,
        context: &Context,
        requirement: &Requirement,
    ) -> Result<Result<CurrentUser, Answer>, ServiceError> {
        let current = context.require(requirement).await?;
        let is_one = self.administrators.include(&current.user);
        Ok(is_one.then_some(current).ok_or_else(|| {
            Answer::problem(403, "not-an-administrator", "This account is not an administrator's")
        }))
    }
}

/// The states of the users of a page. Whether a user has a password decides which sign-ins are possible.
async fn states(
    passkeys: &Passkeys,
    passwords: &Passwords,
    policy: &Policy,
    at: Timestamp,
    after: Option<&UserHandle>,
) -> Result<Vec<CheckedUser>, ServiceError> {
    let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
    let with = passkeys.check_policy(policy, true, at, after, limit).await?;
    let without = passkeys.check_policy(policy, false, at, after, limit).await?;
    let mut without: BTreeMap<_, _> =
        without.into_iter().map(|state| (state.user.handle.clone(), state)).collect();
    let mut states = Vec::with_capacity(with.len());
    for with in with {
        let has_password = passwords.exists(&with.user.handle).await?;
        states.push(match without.remove(&with.user.handle) {
            Some(without) if !has_password => without,
            _ => with,
        });
    }
    Ok(states)
}

fn handle(text: &str) -> Option<UserHandle> {
    UserHandle::try_from(base64url::decode(text).ok()?.as_slice()).ok()
}

/// The requirement for seeing users: a recent passkey that verified its user.
fn reading() -> Requirement {
    Requirement::passkey().user_verified().within_minutes(15)
}

/// The requirement for a change.
fn acting() -> Requirement {
    Requirement::passkey().user_verified().within_minutes(2)
}

/// Users in a page.
const PAGE: usize = 100;
/// Users in a dry run of the example; `passkeys-admin policy check` has no limit.
const MAX_CHECKED: usize = 10_000;
/// Events of a user.
const MAX_EVENTS: usize = 100;
