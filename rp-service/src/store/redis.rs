use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, IntoConnectionInfo, ScriptInvocation};

use super::StoreError;

mod ceremonies;
mod rate_limits;
mod scripts;
mod sessions;

/// Ceremonies, sessions and rate limits in Redis or Valkey (version 6.2 or later), for any number of nodes.
///
/// Each call is one command or script, which the server runs by itself: a ceremony is taken once, and a session is replaced
/// once, on however many nodes. Keys have a prefix, `{rp}:` by default; the braces keep them on one shard of a cluster.
/// Entries expire by themselves as well, if no node sweeps them. Clones share one connection, which is made again after it
/// was lost.
///
/// # Durability
/// A restarted server rejects a replayed response only if it remembers that the ceremony was used:
///
/// | configuration | after a crash of the server | |
/// |---|---|---|
/// | `appendonly yes`, `appendfsync always` | everything is there | for sessions |
/// | `save ""`, `appendonly no` | nothing is there: users sign in again | enough for ceremonies and limits |
/// | anything else | a used ceremony or an ended session may be back | rejected |
///
/// A replica that is promoted may lack the last commands; the nodes of a failover need `min-replicas-to-write` or the loss
/// must be acceptable.
///
/// # Memory
/// A server that evicts entries forgets used ceremonies, sessions and counts before they expire:
///
/// | configuration | if the memory is full | |
/// |---|---|---|
/// | `maxmemory-policy noeviction` | writes fail, nothing is evicted | accepted |
/// | `maxmemory 0` | the memory has no limit, nothing is evicted | accepted |
/// | anything else | a used ceremony can be accepted again | rejected |
///
/// A server that does not allow `CONFIG GET` is not checked.
///
/// # Examples
/// ```no_run
/// use rp_service::store::RedisStore;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("redis://cache.example.org").await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: Arc<str>,
    name: Arc<str>,
}

/// How long a call waits for a response. After that, the service responds with 503.
const TIME_LIMIT: Duration = Duration::from_secs(4);

/// Calls fail without a connection; each one starts an attempt.
const RECONNECTIONS: usize = 2;

impl RedisStore {
    /// Connects to a server.
    ///
    /// `url` is such as `redis://user:password@host:6379/0`, or `unix:///run/redis.sock`. `rediss://` uses
    /// `rustls` with ring.
    ///
    /// # Errors
    /// [`StoreError`] if the server cannot be reached, or its configuration can bring back or evict used
    /// ceremonies.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        // The URL may contain a password
        let info = url.into_connection_info().map_err(|error| failure("Redis", error))?;
        let client = Client::open(info).map_err(|error| failure("Redis", error))?;
        Self::from_client(client).await
    }

    /// Uses a client with the application's own settings.
    ///
    /// # Errors
    /// [`StoreError`] if the server cannot be reached, or its configuration can bring back or evict used
    /// ceremonies.
    pub async fn from_client(client: Client) -> Result<Self, StoreError> {
        let name: Arc<str> = format!("redis://{}", client.get_connection_info().addr()).into();
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(TIME_LIMIT))
            .set_connection_timeout(Some(TIME_LIMIT))
            .set_number_of_retries(RECONNECTIONS);
        let connection = ConnectionManager::new_with_config(client, config).await;
        let connection = connection.map_err(|error| failure(&name, error))?;
        let store = Self { connection, prefix: DEFAULT_PREFIX.into(), name };
        store.check_configuration().await?;
        Ok(store)
    }

    /// Sets the prefix of all keys. Nodes with the same prefix share what they store.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Rejects a server that may bring back what was deleted, or evict what has not expired.
    async fn check_configuration(&self) -> Result<(), StoreError> {
        let mut config = HashMap::new();
        for setting in ["appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy"] {
            let mut command = redis::cmd("CONFIG");
            let values: Result<HashMap<String, String>, _> =
                command.arg("GET").arg(setting).query_async(&mut self.connection.clone()).await;
            match values {
                Ok(values) => config.extend(values),
                // The command does not exist, or the user may not run it
                Err(error) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
                    return Ok(());
                }
                Err(error) => return Err(failure(&self.name, error)),
            }
        }
        let value = |setting| config.get(setting).map_or("", String::as_str);
        match (value("appendonly"), value("appendfsync"), value("save")) {
            ("yes", "always", _) | ("no" | "", _, "") => {}
            (appendonly, appendfsync, save) => {
                return Err(failure(
                    &self.name,
                    PersistenceError {
                        appendonly: appendonly.to_owned(),
                        appendfsync: appendfsync.to_owned(),
                        save: save.to_owned(),
                    },
                ));
            }
        }
        match (value("maxmemory"), value("maxmemory-policy")) {
            ("0" | "", _) | (_, "noeviction" | "") => Ok(()),
            (maxmemory, policy) => Err(failure(
                &self.name,
                EvictionError { maxmemory: maxmemory.to_owned(), policy: policy.to_owned() },
            )),
        }
    }

    /// The name of a key.
    fn key(&self, kind: &str, key: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), kind.as_bytes(), key].concat()
    }

    /// Runs a script.
    async fn run<T: FromRedisValue>(&self, script: &mut ScriptInvocation<'_>) -> Result<T, StoreError> {
        let script = script.arg(&*self.prefix);
        script.invoke_async(&mut self.connection.clone()).await.map_err(|error| failure(&self.name, error))
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore").field("name", &self.name).field("prefix", &self.prefix).finish()
    }
}

const DEFAULT_PREFIX: &str = "{rp}:";

/// How long after its end an entry is deleted by the server, in seconds. A sweep comes before, unless no node runs; the
/// clocks of the nodes may differ by less.
const GRACE_SECONDS: i64 = 3_600;

/// The error of a server that has this name.
fn failure(name: &str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::unavailable(ServerError { name: name.to_owned(), error: error.into() })
}

/// An error, and the server that returned it. The message contains those of the causes, so `source` returns nothing.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {error}")]
struct ServerError {
    name: String,
    error: Box<dyn std::error::Error + Send + Sync>,
}

/// The server may bring back what was deleted.
#[derive(Debug, thiserror::Error)]
#[error(
    "appendonly is \"{appendonly}\", appendfsync is \"{appendfsync}\" and save is \"{save}\": a crash can bring back used \
     ceremonies; set appendonly yes and appendfsync always, or save \"\" and appendonly no"
)]
struct PersistenceError {
    appendonly: String,
    appendfsync: String,
    save: String,
}

/// The server may evict what has not expired.
#[derive(Debug, thiserror::Error)]
#[error(
    "maxmemory is \"{maxmemory}\" and maxmemory-policy is \"{policy}\": used ceremonies and sessions can be evicted; set \
     maxmemory-policy noeviction, or maxmemory 0"
)]
struct EvictionError {
    maxmemory: String,
    policy: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a provider of cryptography, `rustls` would panic. The features of this crate alone must have one.
    #[tokio::test]
    async fn a_failed_handshake_of_tls_is_an_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rediss://{}/0", listener.local_addr().unwrap());
        std::thread::spawn(move || listener.incoming().for_each(drop));
        let error = RedisStore::connect(&url).await.err();
        assert!(matches!(error, Some(StoreError::Unavailable { .. })), "{error:?}");
    }
}
