//! The service's session store, as `tower-sessions` asks for it.

use std::fmt;

use async_trait::async_trait;
use rp_service::http::session::{SessionForm, Sessions};
use rp_service::store::{CeremonyStore, CredentialStore, SessionStore};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// The service's session store, as `tower-sessions` asks for it.
pub struct Store<S>(pub(super) Sessions<S>);

impl<S> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0).finish()
    }
}

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Identifiers and entries as `tower-sessions` writes them.
pub(super) const FORM: SessionForm = SessionForm {
    identifier: || Ok(Id::default().0.to_be_bytes().into()),
    entry: |data| serde_json::to_value(data),
};

impl<S> Store<S> {
    /// What a record has to say of its end; the service's store keeps the time beside the record.
    pub(super) fn expiry_date(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.expires_at().as_unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// What is stored of a record: what the application keeps in it, and not the identifier that signs a browser in.
fn encode(record: &Record) -> Result<Vec<u8>> {
    Sessions::encode(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

#[async_trait]
impl<S> tower_sessions::SessionStore for Store<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    async fn create(&self, record: &mut Record) -> Result<()> {
        let identifier = self.0.create(&encode(record)?).await.map_err(Error::Backend)?;
        let identifier = identifier.try_into().map_err(|_| Error::Backend("not 128 bits".into()))?;
        record.id = Id(i128::from_be_bytes(identifier));
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(&record.id.0.to_be_bytes(), &encode(record)?).await.map_err(Error::Backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let state = self.0.load(&id.0.to_be_bytes()).await.map_err(Error::Backend)?;
        // What another release wrote and this one cannot read counts as none.
        let data = state.and_then(|state| serde_json::from_slice(&state).ok());
        Ok(data.map(|data| Record { id: *id, data, expiry_date: self.expiry_date() }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.end(&id.0.to_be_bytes()).await.map_err(Error::Backend)
    }
}
