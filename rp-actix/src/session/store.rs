//! The service's session store, as `actix-session` asks for it.

use std::collections::HashMap;

use actix_session::storage::{
    LoadError, SaveError, SessionKey as CookieKey, SessionStore as ActixStore, UpdateError,
};
use actix_web::cookie::time::Duration;
use anyhow::Error;
use rp_core::base64url;
use rp_service::http::session::{SessionForm, Sessions};
use rp_service::store::{CeremonyStore, CredentialStore, SessionStore, StoreError};

/// The service's session store, as `actix-session` asks for it.
#[derive(Clone, Debug)]
pub struct Store<S>(pub(super) Sessions<S>);

/// Identifiers and entries as `actix-session` writes them.
pub(super) const FORM: SessionForm = SessionForm {
    identifier: || {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(StoreError::unavailable)?;
        Ok(base64url::encode(&random).into())
    },
    entry: |data| serde_json::to_string(data).map(Into::into),
};

type State = HashMap<String, String>;

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> ActixStore for Store<S> {
    async fn load(&self, identifier: &CookieKey) -> Result<Option<State>, LoadError> {
        let state = self.0.load(identifier.as_ref().as_bytes()).await;
        // What cannot be read counts as none.
        let state = state.map_err(|words| LoadError::Other(Error::msg(words)))?;
        Ok(state.and_then(|state| serde_json::from_slice(&state).ok()))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<CookieKey, SaveError> {
        let state = Sessions::encode(&state).map_err(|error| SaveError::Serialization(error.into()))?;
        let identifier = self.0.create(&state).await.map_err(|words| SaveError::Other(Error::msg(words)))?;
        let identifier = String::from_utf8(identifier).map_err(|error| SaveError::Other(error.into()))?;
        CookieKey::try_from(identifier).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(
        &self,
        identifier: CookieKey,
        state: State,
        _: &Duration,
    ) -> Result<CookieKey, UpdateError> {
        let state = Sessions::encode(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        let saved = self.0.save(identifier.as_ref().as_bytes(), &state).await;
        saved.map_err(|words| UpdateError::Other(Error::msg(words)))?;
        Ok(identifier)
    }

    async fn update_ttl(&self, identifier: &CookieKey, _: &Duration) -> anyhow::Result<()> {
        self.0.touch(identifier.as_ref().as_bytes()).await.map_err(Error::msg)
    }

    async fn delete(&self, identifier: &CookieKey) -> anyhow::Result<()> {
        self.0.end(identifier.as_ref().as_bytes()).await.map_err(Error::msg)
    }
}
