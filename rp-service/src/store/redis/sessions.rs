use rp_core::{CredentialId, Timestamp, UserHandle};
use serde::{Deserialize, Serialize};

use super::scripts::{SCRIPTS, number};
use super::{GRACE_SECONDS, RedisStore};
use crate::session::{Client, Session, SessionId, SessionKind, SessionState, VerifiedFactor};
use crate::store::{SWEEP_LIMIT, SessionKey, SessionStore, StoreError};

impl SessionStore for RedisStore {
    async fn create_session(&self, key: SessionKey, session: &Session) -> Result<bool, StoreError> {
        let mut create = SCRIPTS.replace_session.prepare_invoke();
        create.arg(b"").arg(key.0.as_slice());
        self.run(bind(&mut create, session)?).await
    }

    async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut load = SCRIPTS.load_session.prepare_invoke();
        load.arg(key.0.as_slice()).arg(number(now));
        let row: Option<SessionRow> = self.run(&mut load).await?;
        row.map(read).transpose()
    }

    async fn replace_session(
        &self,
        old: SessionKey,
        new: SessionKey,
        session: &Session,
    ) -> Result<bool, StoreError> {
        let mut replace = SCRIPTS.replace_session.prepare_invoke();
        replace.arg(old.0.as_slice()).arg(new.0.as_slice());
        self.run(bind(&mut replace, session)?).await
    }

    async fn touch_session(
        &self,
        key: SessionKey,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut touch = SCRIPTS.touch_session.prepare_invoke();
        touch.arg(key.0.as_slice()).arg(number(used_at)).arg(number(expires_at)).arg(GRACE_SECONDS);
        self.run(&mut touch).await
    }

    async fn require_user_verification(&self, key: SessionKey) -> Result<bool, StoreError> {
        let mut require = SCRIPTS.require_user_verification.prepare_invoke();
        self.run(require.arg(key.0.as_slice())).await
    }

    async fn end_session(&self, key: SessionKey) -> Result<bool, StoreError> {
        let mut end = SCRIPTS.end_session.prepare_invoke();
        self.run(end.arg(key.0.as_slice())).await
    }

    async fn sessions(&self, user: &UserHandle, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let mut list = SCRIPTS.list_sessions.prepare_invoke();
        let rows: Vec<SessionRow> = self.run(list.arg(user.as_bytes())).await?;
        let mut sessions = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        sessions.retain(|session| !session.is_expired(now));
        sessions.sort_by(|one, other| {
            other.last_used_at.cmp(&one.last_used_at).then(one.id.as_bytes().cmp(other.id.as_bytes()))
        });
        Ok(sessions)
    }

    async fn end_session_by_id(&self, user: &UserHandle, id: &SessionId) -> Result<bool, StoreError> {
        Ok(self.end_where(user, "only", id.as_bytes()).await? > 0)
    }

    async fn end_sessions(&self, user: &UserHandle, keep: Option<&SessionId>) -> Result<u64, StoreError> {
        // No ID is empty
        self.end_where(user, "except", keep.map_or(&[][..], |id| id.as_bytes())).await
    }

    async fn end_sessions_of_passkey(
        &self,
        user: &UserHandle,
        credential: &CredentialId,
    ) -> Result<u64, StoreError> {
        self.end_where(user, "credential", credential.as_bytes()).await
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sweep = SCRIPTS.sweep_sessions.prepare_invoke();
        self.run(sweep.arg(number(before)).arg(SWEEP_LIMIT)).await
    }
}

impl RedisStore {
    /// Ends those sessions of a user of which the condition holds.
    async fn end_where(&self, user: &UserHandle, condition: &str, value: &[u8]) -> Result<u64, StoreError> {
        let mut end = SCRIPTS.end_sessions.prepare_invoke();
        self.run(end.arg(user.as_bytes()).arg(condition).arg(value)).await
    }
}

/// The members that no script reads, as JSON.
#[derive(Serialize, Deserialize)]
struct Details {
    state: SessionState,
    kind: SessionKind,
    created_at: i64,
    verified_at: i64,
    factors: Vec<VerifiedFactor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Binds the fields of a session, in the order in which the scripts read them.
fn bind<'a, 's>(
    script: &'a mut redis::ScriptInvocation<'s>,
    session: &Session,
) -> Result<&'a mut redis::ScriptInvocation<'s>, StoreError> {
    let details = Details {
        state: session.state,
        kind: session.kind,
        created_at: session.created_at.as_unix_seconds(),
        verified_at: session.verified_at.as_unix_seconds(),
        factors: session.factors.clone(),
        address: session.client.address.clone(),
        user_agent: session.client.user_agent.clone(),
    };
    let details = serde_json::to_string(&details).map_err(StoreError::unavailable)?;
    script
        .arg(session.id.as_bytes().as_slice())
        .arg(session.user.as_bytes())
        .arg(number(session.last_used_at))
        .arg(number(session.expires_at))
        .arg(u8::from(session.user_verification_required))
        // No ID is empty
        .arg(session.credential.as_ref().map_or(&[][..], CredentialId::as_bytes))
        .arg(details)
        .arg(GRACE_SECONDS);
    Ok(script)
}

/// The fields of a session as the scripts return them: ID, user, last use, end, whether user verification is required,
/// credential, details.
type SessionRow = (Vec<u8>, Vec<u8>, i64, i64, u8, Vec<u8>, String);

fn read(
    (id, user, last_used_at, expires_at, uv, credential, details): SessionRow,
) -> Result<Session, StoreError> {
    let unreadable = |what| StoreError::Unreadable { what };
    let details: Details = serde_json::from_str(&details).map_err(|_| unreadable("session.details"))?;
    let credential = (!credential.is_empty()).then(|| CredentialId::try_from(credential.as_slice()));
    Ok(Session {
        id: id.try_into().map(SessionId::from_bytes).map_err(|_| unreadable("session.id"))?,
        user: user.as_slice().try_into().map_err(|_| unreadable("session.user"))?,
        state: details.state,
        kind: details.kind,
        created_at: Timestamp::from_unix_seconds(details.created_at),
        last_used_at: Timestamp::from_unix_seconds(last_used_at),
        verified_at: Timestamp::from_unix_seconds(details.verified_at),
        expires_at: Timestamp::from_unix_seconds(expires_at),
        factors: details.factors,
        credential: credential.transpose().map_err(|_| unreadable("session.credential"))?,
        client: Client { address: details.address, user_agent: details.user_agent, request_id: None },
        user_verification_required: uv != 0,
    })
}
