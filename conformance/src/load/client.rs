//! Clients with software authenticators, one connection each.
#![expect(clippy::indexing_slicing, reason = "a member that a JSON object lacks is null")]

use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::server::Server;
use super::settings::{Progress, Storage};
use super::statistics::quantile;
use crate::authenticator::{Algorithm, Authenticator, Config};
use crate::connection::{Connection, Failure};

/// A connection, and the authenticators of several users who sign in through it.
pub(super) struct Client {
    connection: Connection,
    origin: String,
    users: Vec<Authenticator>,
    next: usize,
    /// The body that an empty handler receives in place of a response; `None` at a site.
    recorded: Option<Value>,
}

/// The number of users of each client, so that no user reaches the limit of sessions at once.
const USERS: usize = 8;

impl Client {
    /// This many clients of a site, whose users have signed up.
    pub(super) async fn all(server: &Server, storage: Storage, count: usize) -> Result<Vec<Self>, Failure> {
        let mut clients = Vec::new();
        for number in 0..count {
            clients.push(match storage {
                Storage::Nothing => Self::of_empty_handler(server).await?,
                // A database may have users of earlier runs.
                _ => {
                    Self::sign_up(server, &format!("load-{}-{number}", UNIX_EPOCH.elapsed()?.as_nanos()))
                        .await?
                }
            });
        }
        Ok(clients)
    }

    /// A client whose users have signed up.
    async fn sign_up(server: &Server, name: &str) -> Result<Self, Failure> {
        let connection = Connection::open(server.address, &server.origin).await?;
        let origin = server.origin.clone();
        let mut client = Self { connection, origin, users: Vec::new(), next: 0, recorded: None };
        for user in 0..USERS {
            let name = format!("{name}-{user}");
            let mut authenticator = authenticator(&name);
            let body = json!({ "username": name });
            let (options, _) = client.connection.post_ok("registration/options", &body).await?;
            let response = authenticator.create(&options, client.origin.as_str())?;
            let response = serde_json::from_str(&response)?;
            client.connection.post_ok("registration/verify", &response).await?;
            client.users.push(authenticator);
        }
        Ok(client)
    }

    /// A client of an empty handler, which sends bodies like those of a sign-in.
    async fn of_empty_handler(server: &Server) -> Result<Self, Failure> {
        let connection = Connection::open(server.address, &server.origin).await?;
        let mut authenticator = authenticator("recorded");
        let creation = json!({
            "rp": {"id": "localhost"}, "user": {"id": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
            "challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {"residentKey": "required"},
        });
        authenticator.create(&creation, server.origin.as_str())?;
        let request = json!({"rpId": "localhost", "challenge": creation["challenge"]});
        let recorded = serde_json::from_str(&authenticator.get(&request, server.origin.as_str())?)?;
        let origin = server.origin.clone();
        Ok(Self { connection, origin, users: Vec::new(), next: 0, recorded: Some(recorded) })
    }

    /// Signs a user in. Returns the time of both requests, without that of the authenticator.
    async fn sign_in(&mut self) -> Result<Duration, Failure> {
        let (options, first) = self.start().await?;
        let response = match &self.recorded {
            Some(response) => response.clone(),
            None => {
                let count = self.users.len().max(1);
                let user = self.next.checked_rem(count).unwrap_or_default();
                self.next = self.next.wrapping_add(1);
                let authenticator = self.users.get_mut(user).ok_or("no user")?;
                serde_json::from_str(&authenticator.get(&options, self.origin.as_str())?)?
            }
        };
        let (session, second) = self.connection.post_ok("authentication/verify", &response).await?;
        if self.recorded.is_none() && session["state"] != "signed-in" {
            return Err(format!("not signed in: {session}").into());
        }
        Ok(first.saturating_add(second))
    }

    /// Starts a ceremony.
    async fn start(&mut self) -> Result<(Value, Duration), Failure> {
        self.connection.post_ok("authentication/options", &json!({})).await
    }
}

/// An authenticator with ES256 alone: sites prefer EdDSA.
pub(super) fn authenticator(name: &str) -> Authenticator {
    Authenticator::new(name, Config { algorithms: vec![Algorithm::Es256], ..Config::default() })
}

/// The result of a number of sign-ins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) sign_ins_per_second: f64,
    /// The median time of a sign-in.
    pub(super) median: Duration,
    /// The 99th percentile.
    pub(super) p99: Duration,
    /// The processor time of the server per sign-in.
    pub(super) processor: Duration,
}

/// All clients sign in at the same time. Returns them with the result.
pub(super) async fn sign_in(
    server: &Server,
    mut clients: Vec<Client>,
    sign_ins: usize,
    progress: &Progress,
) -> Result<(Vec<Client>, Sample), Failure> {
    let each = sign_ins.div_ceil(clients.len().max(1));
    let mut running = JoinSet::new();
    for client in &mut clients {
        // Servers close connections that were idle while others were measured.
        client.connection.reopen().await?;
    }
    let (started_at, processor) = (Instant::now(), server.processor_time()?);
    for mut client in clients {
        let progress = progress.clone();
        running.spawn(async move {
            let mut times = Vec::with_capacity(each);
            for _ in 0..each {
                times.push(client.sign_in().await?);
                progress(1);
            }
            Ok::<_, Failure>((client, times))
        });
    }
    let (mut clients, mut times) = (Vec::new(), Vec::new());
    while let Some(done) = running.join_next().await {
        let (client, these) = done??;
        clients.push(client);
        times.extend(these);
    }
    let (elapsed, used) = (started_at.elapsed(), server.processor_time()?.saturating_sub(processor));
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX).max(1);
    times.sort_unstable();
    let sample = Sample {
        sign_ins_per_second: f64::from(count) / elapsed.as_secs_f64(),
        median: quantile(&times, 50),
        p99: quantile(&times, 99),
        processor: used.checked_div(count).unwrap_or_default(),
    };
    Ok((clients, sample))
}

/// Starts this many ceremonies, and completes every fourth.
pub(super) async fn start_and_abandon(
    clients: Vec<Client>,
    ceremonies: usize,
    progress: &Progress,
) -> Result<Vec<Client>, Failure> {
    let each = ceremonies.div_ceil(clients.len().max(1));
    let mut running = JoinSet::new();
    for mut client in clients {
        let progress = progress.clone();
        running.spawn(async move {
            for ceremony in 0..each {
                if ceremony.is_multiple_of(4) {
                    client.sign_in().await?;
                } else {
                    client.start().await?;
                }
                progress(1);
            }
            Ok::<_, Failure>(client)
        });
    }
    let mut clients = Vec::new();
    while let Some(done) = running.join_next().await {
        clients.push(done??);
    }
    Ok(clients)
}
