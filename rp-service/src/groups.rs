use std::future::Future;
use std::pin::Pin;

use crate::policy::Membership;
use crate::store::{StoreError, UserRecord};

/// The groups of users, as the application knows them. They select the rules of the policy.
///
/// # Examples
/// ```
/// use rp_service::store::UserRecord;
/// use rp_service::{Groups, GroupsFuture, Membership};
///
/// struct ByName;
///
/// impl Groups for ByName {
///     fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a> {
///         let is_administrator = user.name_key.starts_with("admin-");
///         let group = Membership { group: "administrators".into(), since: Some(user.created_at) };
///         Box::pin(async move { Ok(is_administrator.then_some(group).into_iter().collect()) })
///     }
/// }
/// ```
pub trait Groups: Send + Sync {
    /// The groups of a user, and since when the user is in each. They are asked for at each sign-in and for each guarded
    /// request, so an answer that takes time should be cached.
    ///
    /// With an error, the request is rejected with `storage-unavailable`.
    fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a>;
}

/// The result of [`Groups`].
pub type GroupsFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<Membership>, StoreError>> + Send + 'a>>;

/// No one is in a group: the default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoGroups;

impl Groups for NoGroups {
    fn groups<'a>(&'a self, _: &'a UserRecord) -> GroupsFuture<'a> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
