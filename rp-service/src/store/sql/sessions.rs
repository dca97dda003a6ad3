use rp_core::{CredentialId, Timestamp, UserHandle};

use super::SqlStore;
use super::database::Database;
use super::query::query;
use super::rows::{self, bind_session};
use crate::session::{Session, SessionId};
use crate::store::{SWEEP_LIMIT, SessionKey, SessionStore, StoreError};

impl<D: Database> SessionStore for SqlStore<D> {
    async fn create_session(&self, key: SessionKey, session: &Session) -> Result<bool, StoreError> {
        let create = query(
            "INSERT INTO rp_sessions (
                key, id, user_handle, state, kind, created_at, last_used_at, verified_at, expires_at, factors,
                credential_id, address, user_agent, user_verification_required
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT DO NOTHING",
        );
        Ok(self.write().execute(bind_session(create.bind(key.0.as_slice()), session)?).await? > 0)
    }

    async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let find = query("SELECT * FROM rp_sessions WHERE key = $1").bind(key.0.as_slice());
        let Some(row) = self.read().row(find).await? else { return Ok(None) };
        let session = rows::session(&row)?;
        if !session.is_expired(now) {
            return Ok(Some(session));
        }
        // Unless a parallel request has prolonged it
        let end = query(
            "DELETE FROM rp_sessions WHERE key = $1 AND (expires_at < $2 OR expires_at < last_used_at)",
        );
        // On a full disk it is swept later; the session is over in any case
        let _ = self.write().execute(end.bind(key.0.as_slice()).bind(now.as_unix_seconds())).await;
        Ok(None)
    }

    async fn replace_session(
        &self,
        old: SessionKey,
        new: SessionKey,
        session: &Session,
    ) -> Result<bool, StoreError> {
        let replace = query(
            "UPDATE rp_sessions SET
                key = $1, id = $2, user_handle = $3, state = $4, kind = $5, created_at = $6, last_used_at = $7,
                verified_at = $8, expires_at = $9, factors = $10, credential_id = $11, address = $12,
                user_agent = $13, user_verification_required = $14
            WHERE key = $15",
        );
        let replace = bind_session(replace.bind(new.0.as_slice()), session)?.bind(old.0.as_slice());
        Ok(self.write().execute_unique(replace).await?.is_some_and(|replaced| replaced > 0))
    }

    async fn touch_session(
        &self,
        key: SessionKey,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let touch = query(
            "UPDATE rp_sessions SET
                expires_at = CASE WHEN last_used_at <= $2 THEN $3 ELSE expires_at END,
                last_used_at = CASE WHEN last_used_at <= $2 THEN $2 ELSE last_used_at END
            WHERE key = $1 AND expires_at >= $2 AND expires_at >= last_used_at",
        );
        let touch = touch.bind(key.0.as_slice()).bind(used_at.as_unix_seconds());
        Ok(self.write().execute(touch.bind(expires_at.as_unix_seconds())).await? > 0)
    }

    async fn require_user_verification(&self, key: SessionKey) -> Result<bool, StoreError> {
        let require = query("UPDATE rp_sessions SET user_verification_required = TRUE WHERE key = $1");
        Ok(self.write().execute(require.bind(key.0.as_slice())).await? > 0)
    }

    async fn end_session(&self, key: SessionKey) -> Result<bool, StoreError> {
        let end = query("DELETE FROM rp_sessions WHERE key = $1").bind(key.0.as_slice());
        Ok(self.write().execute(end).await? > 0)
    }

    async fn sessions(&self, user: &UserHandle, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let list = query(
            "SELECT * FROM rp_sessions
            WHERE user_handle = $1 AND expires_at >= $2 AND expires_at >= last_used_at
            ORDER BY last_used_at DESC, id",
        );
        let rows = self.read().rows(list.bind(user.as_bytes()).bind(now.as_unix_seconds())).await?;
        rows.iter().map(rows::session).collect()
    }

    async fn end_session_by_id(&self, user: &UserHandle, id: &SessionId) -> Result<bool, StoreError> {
        let end = query("DELETE FROM rp_sessions WHERE user_handle = $1 AND id = $2");
        Ok(self.write().execute(end.bind(user.as_bytes()).bind(id.as_bytes().as_slice())).await? > 0)
    }

    async fn end_oldest_sessions(
        &self,
        opened: &Session,
        max: usize,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // First a query, which does not wait for the writers of SQLite: most sign-ins end no session
        let oldest = query(
            "SELECT id FROM rp_sessions
            WHERE user_handle = $1 AND state = $2 AND id <> $3 AND expires_at >= $4 AND expires_at >= last_used_at
            ORDER BY last_used_at DESC, id LIMIT $5 OFFSET $6",
        );
        let oldest = oldest
            .bind(opened.user.as_bytes())
            .bind(rows::to_word(&opened.state)?)
            .bind(opened.id.as_bytes().as_slice());
        let oldest = oldest.bind(now.as_unix_seconds()).bind(SWEEP_LIMIT);
        let kept = i64::try_from(max.saturating_sub(1)).unwrap_or(i64::MAX);
        let mut ended = 0;
        for row in self.read().rows(oldest.bind(kept)).await? {
            let id = rows::session_id(&row)?;
            let has_ended = self.end_session_by_id(&opened.user, &id).await?;
            ended = u64::saturating_add(ended, has_ended.into());
        }
        Ok(ended)
    }

    async fn end_sessions(&self, user: &UserHandle, keep: Option<&SessionId>) -> Result<u64, StoreError> {
        // No ID is empty
        let end = query("DELETE FROM rp_sessions WHERE user_handle = $1 AND id <> $2");
        let keep = keep.map_or(&[][..], |id| id.as_bytes());
        self.write().execute(end.bind(user.as_bytes()).bind(keep)).await
    }

    async fn end_sessions_of_passkey(
        &self,
        user: &UserHandle,
        credential: &CredentialId,
    ) -> Result<u64, StoreError> {
        let end = query(END_SESSIONS_OF_PASSKEY).bind(user.as_bytes()).bind(credential.as_bytes());
        self.write().execute(end).await
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let sweep = query(
            // PostgreSQL checks a row again after it waited for the lock, but not the subquery
            "DELETE FROM rp_sessions WHERE key IN
                (SELECT key FROM rp_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
            AND expires_at < $1",
        );
        self.write().execute(sweep.bind(before.as_unix_seconds()).bind(SWEEP_LIMIT)).await
    }
}

/// Ends the sessions of a user ($1) whose last verification was by a passkey ($2).
pub(super) const END_SESSIONS_OF_PASSKEY: &str =
    "DELETE FROM rp_sessions WHERE user_handle = $1 AND credential_id = $2";
