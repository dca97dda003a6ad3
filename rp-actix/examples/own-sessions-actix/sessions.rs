//! Sessions in the memory of the server, so that they end when the user signs out. They are lost when the program ends: in
//! production, use the store in Redis of `actix-session`, or one in your database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use actix_session::storage::{
    LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key,
};
use actix_web::cookie::time::Duration;

/// The sessions of all workers.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<HashMap<String, Stored>>>);

struct Stored {
    state: State,
    expires_at: Instant,
}

type State = HashMap<String, String>;

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let now = Instant::now();
        let sessions = self.lock();
        let stored = sessions.get(key.as_ref()).filter(|stored| stored.expires_at > now);
        Ok(stored.map(|stored| stored.state.clone()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let now = Instant::now();
        let expires_at = expiry(ttl);
        let mut sessions = self.lock();
        sessions.retain(|_, stored| stored.expires_at > now);
        sessions.insert(key.as_ref().to_owned(), Stored { state, expires_at });
        Ok(key)
    }

    async fn update(&self, key: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        // A session that has ended meanwhile stays ended.
        if let Some(stored) = self.lock().get_mut(key.as_ref()) {
            *stored = Stored { state, expires_at: expiry(ttl) };
        }
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        if let Some(stored) = self.lock().get_mut(key.as_ref()) {
            stored.expires_at = expiry(ttl);
        }
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.lock().remove(key.as_ref());
        Ok(())
    }
}

/// The time at which a session expires. With a negative or too long time to live, it expires at once.
fn expiry(ttl: &Duration) -> Instant {
    let now = Instant::now();
    (*ttl).try_into().ok().and_then(|ttl: std::time::Duration| now.checked_add(ttl)).unwrap_or(now)
}
