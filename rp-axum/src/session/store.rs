//! The service's session store, as `tower-sessions` asks for it.

use std::fmt;

use async_trait::async_trait;
use rp_core::Timestamp;
use rp_service::Passkeys;
use rp_service::http::SESSION_LIFETIME;
use rp_service::store::{CeremonyStore, CredentialStore, SessionKey, SessionStore, StoreError};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::said;

/// The service's session store, as `tower-sessions` asks for it.
pub struct Store<S>(pub(super) Passkeys<S>);

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").finish_non_exhaustive()
    }
}

impl<S> Store<S> {
    pub(super) fn expires_at(&self) -> Timestamp {
        self.0.now().saturating_add(SESSION_LIFETIME)
    }

    /// What a record has to say of its end; the service's store keeps the time beside the record.
    pub(super) fn expiry_date(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.expires_at().as_unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> Store<S> {
    /// Notes the failure as an event, and for the layer, which answers it.
    fn failed(&self, error: StoreError) -> String {
        let told = error.to_string();
        said::failed(self.0.storage_failed(error));
        told
    }

    fn backend(&self, error: StoreError) -> Error {
        Error::Backend(self.failed(error))
    }

    async fn end(&self, key: SessionKey) -> std::result::Result<(), String> {
        self.0.store().end(key).await.map(drop).map_err(|error| self.failed(error))
    }

    /// Every so often a new session takes old ones along; where that fails, the next one does.
    async fn sweep(&self, key: SessionKey) {
        if key.is_sweeping()
            && let Err(error) = self.0.store().sweep_sessions(self.0.now()).await
        {
            // An event, and no reason to refuse anybody.
            let _ = self.0.storage_failed(error);
        }
    }
}

pub(super) fn key(id: &Id) -> SessionKey {
    SessionKey::of(&id.0.to_be_bytes())
}

/// What is stored of a record: what the application keeps in it, and not the identifier that signs a browser in.
fn encode(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

#[async_trait]
impl<S> tower_sessions::SessionStore for Store<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    async fn create(&self, record: &mut Record) -> Result<()> {
        let data = encode(record)?;
        loop {
            let created = self.0.store().create(key(&record.id), &data, self.expires_at()).await;
            if created.map_err(|error| self.backend(error))? {
                break;
            }
            // 128 random bits that somebody has already: once in the age of the universe.
            record.id = Id::default();
        }
        self.sweep(key(&record.id)).await;
        said::end_replaced().await.map_err(Error::Backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = encode(record)?;
        // One that is gone stays gone: its user signed out while this request was under way.
        let saved = self.0.store().save(key(&record.id), &data, self.expires_at()).await;
        saved.map(drop).map_err(|error| self.backend(error))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let loaded = self.0.store().load(key(id), self.0.now()).await;
        // What another release wrote and this one cannot read counts as none.
        let data = loaded.map_err(|error| self.backend(error))?;
        let data = data.and_then(|data| serde_json::from_slice(&data).ok());
        Ok(data.map(|data| Record { id: *id, data, expiry_date: self.expiry_date() }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let key = key(id);
        if said::is_renewing() {
            let store = self.clone();
            said::replaced(Box::pin(async move { store.end(key).await }));
            return Ok(());
        }
        self.end(key).await.map_err(Error::Backend)
    }
}
