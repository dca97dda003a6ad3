//! The service's session store, as `actix-session` asks for it.

use std::collections::HashMap;
use std::fmt;

use actix_session::storage::{
    LoadError, SaveError, SessionKey as CookieKey, SessionStore as ActixStore, UpdateError,
};
use actix_web::cookie::time::Duration;
use rp_core::{Timestamp, base64url};
use rp_service::Passkeys;
use rp_service::http::SESSION_LIFETIME;
use rp_service::store::{CeremonyStore, CredentialStore, SessionKey, SessionStore, StoreError};

use super::said;

/// The service's session store, as `actix-session` asks for it.
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

type State = HashMap<String, String>;

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> Store<S> {
    fn expires_at(&self) -> Timestamp {
        self.0.now().saturating_add(SESSION_LIFETIME)
    }

    /// Notes the failure as an event, and for the layer, which answers it.
    fn failed(&self, error: StoreError) -> String {
        let told = error.to_string();
        said::failed(self.0.storage_failed(error));
        told
    }

    fn other(&self, error: StoreError) -> anyhow::Error {
        anyhow::Error::msg(self.failed(error))
    }

    async fn create(&self, state: &State) -> anyhow::Result<CookieKey> {
        let data = serde_json::to_vec(state)?;
        let identifier = loop {
            let mut random = [0; 32];
            getrandom::fill(&mut random)?;
            let identifier = base64url::encode(&random);
            let created = self.0.store().create(key(&identifier), &data, self.expires_at()).await;
            // 256 random bits that somebody has already: never.
            if created.map_err(|error| self.other(error))? {
                break identifier;
            }
        };
        self.sweep(key(&identifier)).await;
        said::end_replaced().await.map_err(anyhow::Error::msg)?;
        Ok(CookieKey::try_from(identifier)?)
    }

    async fn end(&self, key: SessionKey) -> Result<(), String> {
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

fn key(identifier: &str) -> SessionKey {
    SessionKey::of(identifier.as_bytes())
}

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> ActixStore for Store<S> {
    async fn load(&self, identifier: &CookieKey) -> Result<Option<State>, LoadError> {
        let loaded = self.0.store().load(key(identifier.as_ref()), self.0.now()).await;
        // What cannot be read counts as none.
        let data = loaded.map_err(|error| LoadError::Other(self.other(error)))?;
        Ok(data.and_then(|data| serde_json::from_slice(&data).ok()))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<CookieKey, SaveError> {
        self.create(&state).await.map_err(SaveError::Other)
    }

    async fn update(
        &self,
        identifier: CookieKey,
        state: State,
        _: &Duration,
    ) -> Result<CookieKey, UpdateError> {
        let data = serde_json::to_vec(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        // One that is gone stays gone: its user signed out while this request was under way.
        let saved = self.0.store().save(key(identifier.as_ref()), &data, self.expires_at()).await;
        saved.map_err(|error| UpdateError::Other(self.other(error)))?;
        Ok(identifier)
    }

    async fn update_ttl(&self, identifier: &CookieKey, _: &Duration) -> anyhow::Result<()> {
        let touched = self.0.store().touch(key(identifier.as_ref()), self.expires_at()).await;
        touched.map(drop).map_err(|error| self.other(error))
    }

    async fn delete(&self, identifier: &CookieKey) -> anyhow::Result<()> {
        let key = key(identifier.as_ref());
        if said::is_renewing() {
            let store = self.clone();
            said::replaced(Box::pin(async move { store.end(key).await }));
            return Ok(());
        }
        self.end(key).await.map_err(anyhow::Error::msg)
    }
}
