use std::collections::BTreeMap;
use std::fmt;

use rp_core::Timestamp;
use serde_json::Value;

use super::{SESSION_LIFETIME, scope};
use crate::passkeys::Passkeys;
use crate::session::{RequestSession, SessionChange, SessionData};
use crate::store::{CeremonyStore, CredentialStore, SessionKey, SessionStore, StoreError};

/// How a session crate writes what this one needs to write in its stead.
#[derive(Clone, Copy, Debug)]
pub struct SessionForm {
    /// A new identifier, as the crate's store is given it: at least 128 random bits.
    pub identifier: fn() -> Result<Vec<u8>, StoreError>,
    /// What a session holds under [`SessionData::KEY`].
    pub entry: fn(&SessionData) -> serde_json::Result<Value>,
}

/// A session crate's store, over the service's own [`SessionStore`].
///
/// Sessions are kept under a hash of their identifier, and without it. A state is one JSON object, members sorted,
/// as [`Sessions::encode`] writes it.
///
/// All of it runs within [`scope::around`]. Where a ceremony opened a session, the crate's next new session is that
/// one, and the end of the one that came waits until the answer is made ([`SharedPasskeys::settle`]). Errors are words
/// for the crate's own error; the event, and the answer in [`scope::failure`], are made already.
///
/// [`SharedPasskeys::settle`]: crate::http::SharedPasskeys::settle
pub struct Sessions<S> {
    pub(in crate::http) passkeys: Passkeys<S>,
    form: SessionForm,
}

impl<S> Sessions<S> {
    /// Sessions of this service's store, as a session crate writes them.
    #[must_use]
    pub fn new(passkeys: &Passkeys<S>, form: SessionForm) -> Self {
        Self { passkeys: passkeys.clone(), form }
    }

    /// When a session ends that is written now.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.passkeys.now().saturating_add(SESSION_LIFETIME)
    }
}

impl Sessions<()> {
    /// What a session holds, as it is kept.
    ///
    /// # Errors
    /// As `serde_json` has them.
    pub fn encode<'a, V: serde::Serialize + 'a>(
        entries: impl IntoIterator<Item = (&'a String, &'a V)>,
    ) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&entries.into_iter().collect::<BTreeMap<_, _>>())
    }
}

impl<S: CeremonyStore + CredentialStore + SessionStore> Sessions<S> {
    /// The state of a session.
    ///
    /// # Errors
    /// The store's words.
    pub async fn load(&self, identifier: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let key = SessionKey::of(identifier);
        let loaded = self.passkeys.store().load(key, self.passkeys.now()).await;
        let state = loaded.map_err(|error| self.failed(error))?;
        if let Some(state) = &state {
            scope::came(key, state);
        }
        Ok(state)
    }

    /// Keeps a new session; gives its identifier.
    ///
    /// # Errors
    /// The store's words.
    pub async fn create(&self, state: &[u8]) -> Result<Vec<u8>, String> {
        let Some(opened) = scope::give() else {
            return self.keep(state).await.map_err(|error| self.failed(error));
        };
        if opened.state != state {
            self.save(&opened.identifier, state).await?;
        }
        Ok(opened.identifier)
    }

    /// Writes the state of a session that is there. One that is gone stays gone: its user signed out while this
    /// request was under way.
    ///
    /// # Errors
    /// The store's words; none where what the request asked for is stored already: then it is an event, and the answer
    /// stands.
    pub async fn save(&self, identifier: &[u8], state: &[u8]) -> Result<(), String> {
        let saved = self.passkeys.store().save(SessionKey::of(identifier), state, self.expires_at()).await;
        match saved {
            Ok(_) => Ok(()),
            Err(error) if scope::is_done() => {
                let _ = self.passkeys.storage_failed(error);
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Moves the end of a session that is there.
    ///
    /// # Errors
    /// The store's words.
    pub async fn touch(&self, identifier: &[u8]) -> Result<(), String> {
        let touched = self.passkeys.store().touch(SessionKey::of(identifier), self.expires_at()).await;
        touched.map(drop).map_err(|error| self.failed(error))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store's words.
    pub async fn end(&self, identifier: &[u8]) -> Result<(), String> {
        let key = SessionKey::of(identifier);
        let waits = scope::opened().is_some_and(|opened| opened != identifier);
        if waits || scope::over_key() == Some(key) {
            return Ok(());
        }
        if self.passkeys.store().end(key).await.map_err(|error| self.failed(error))? {
            scope::over(key);
        }
        Ok(())
    }

    /// Ends what a session that was opened leaves behind; a failure is an event, and the answer stands.
    pub(in crate::http) async fn settle(&self, has_failed: bool) {
        let Some(opened) = scope::take_opened() else { return };
        // The session that came is over also where the application kept none in its place; not so where the browser is
        // left with it.
        if let Some(key) = scope::key_that_came().filter(|_| opened.is_given || !has_failed) {
            let ended = self.passkeys.store().end(key).await;
            if let Ok(true) = ended {
                scope::over(key);
            }
            self.passkeys.record_failed_sweep(ended);
        }
        if !opened.is_given {
            self.drop_opened(&opened).await;
        }
    }

    async fn drop_opened(&self, opened: &scope::Opened) {
        let ended = self.passkeys.store().end(SessionKey::of(&opened.identifier)).await;
        self.passkeys.record_failed_sweep(ended);
    }

    async fn keep(&self, state: &[u8]) -> Result<Vec<u8>, StoreError> {
        loop {
            let identifier = (self.form.identifier)()?;
            let key = SessionKey::of(&identifier);
            // Random bits that somebody has already: once in the age of the universe.
            if !self.passkeys.store().create(key, state, self.expires_at()).await? {
                continue;
            }
            // Every so often a new session takes old ones along; where that fails, the next one does.
            if key.is_sweeping() {
                let swept = self.passkeys.store().sweep_sessions(self.passkeys.now()).await;
                self.passkeys.record_failed_sweep(swept);
            }
            return Ok(identifier);
        }
    }

    /// Notes the failure as an event, and for the adapter, which answers it.
    fn failed(&self, error: StoreError) -> String {
        let words = error.to_string();
        scope::failed(self.passkeys.storage_failed(error));
        words
    }
}

/// The session of a request, for the service.
pub(in crate::http) struct Held<'a, S> {
    pub(in crate::http) sessions: &'a Sessions<S>,
    pub(in crate::http) data: Option<&'a SessionData>,
}

impl<S: CeremonyStore + CredentialStore + SessionStore> RequestSession for Held<'_, S> {
    fn data(&self) -> Option<&SessionData> {
        self.data
    }

    async fn open(&self, data: &SessionData) -> Result<(), StoreError> {
        if !scope::is_around() {
            return Err(StoreError::unavailable("no layer of sessions around this route"));
        }
        let mut entries: BTreeMap<String, Value> = match scope::state_that_came() {
            // What an application kept for one account does not come before another.
            Some(state) if !SessionChange::Renew(data.clone()).clears(self.data) => {
                serde_json::from_slice(&state).unwrap_or_default()
            }
            _ => BTreeMap::new(),
        };
        let entry = (self.sessions.form.entry)(data).map_err(StoreError::unavailable)?;
        entries.insert(SessionData::KEY.to_owned(), entry);
        let state = Sessions::encode(&entries).map_err(StoreError::unavailable)?;
        let identifier = self.sessions.keep(&state).await?;
        scope::open(identifier, state);
        Ok(())
    }

    async fn abandon(&self) {
        if let Some(opened) = scope::take_opened() {
            self.sessions.drop_opened(&opened).await;
        }
    }

    async fn end(&self) -> Result<(), StoreError> {
        if let Some(key) = scope::key_that_came()
            && self.sessions.passkeys.store().end(key).await?
        {
            scope::over(key);
        }
        Ok(())
    }
}

impl<S> Clone for Sessions<S> {
    fn clone(&self) -> Self {
        Self { passkeys: self.passkeys.clone(), form: self.form }
    }
}

impl<S> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("form", &self.form).finish_non_exhaustive()
    }
}
