//! The group of administrators, by username.

use rp_service::store::UserRecord;
use rp_service::{Groups, GroupsFuture, Membership};

/// The usernames of the administrators.
#[derive(Clone, Debug)]
pub(super) struct Administrators(pub(super) Vec<String>);

impl Administrators {
    /// Whether a user is an administrator.
    pub(super) fn include(&self, user: &UserRecord) -> bool {
        self.0.contains(&user.name)
    }
}

impl Groups for Administrators {
    fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a> {
        let member = Membership { group: "administrators".into(), since: Some(user.created_at) };
        Box::pin(async move { Ok(self.include(user).then_some(member).into_iter().collect()) })
    }
}
