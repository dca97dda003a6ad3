use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rp_core::Timestamp;

/// Bounds how often one peer finds usernames taken, which is the one answer that tells which usernames exist, or
/// credentials registered already.
///
/// The peer is what the adapter calls it, such as a network address. Behind a proxy every request comes from
/// the proxy: the application has to say which header the proxy writes, or all users share one bound.
pub trait GuessLimiter: Send + Sync {
    /// Whether the peer may try.
    ///
    /// # Errors
    /// [`TooManyGuesses`], with the time to wait.
    fn check(&self, peer: &str, now: Timestamp) -> Result<(), TooManyGuesses>;

    /// The peer found a username taken, or a credential registered already.
    fn note(&self, peer: &str, now: Timestamp);
}

/// The peer is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many usernames were tried")]
pub struct TooManyGuesses {
    /// How long.
    pub retry_after: Duration,
}

/// A bound kept in this process's memory: so many guesses for each peer in a window of time.
#[derive(Debug)]
pub struct MemoryLimiter {
    guesses: u32,
    window: Duration,
    peers: Mutex<HashMap<String, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began_at: Timestamp,
    guesses: u32,
}

impl MemoryLimiter {
    /// How many peers are remembered, some ten megabytes at most; when there are more, those whose window is
    /// over give way, then all: the bound is one against guessing, not a place to keep an attacker's addresses.
    pub const MAX_PEERS: usize = 65_536;
    /// How much of a peer's name counts.
    const MAX_PEER_BYTES: usize = 64;

    /// So many guesses in a window.
    #[must_use]
    pub fn new(guesses: u32, window: Duration) -> Self {
        Self { guesses, window, peers: Mutex::default() }
    }

    fn is_over(&self, window: Window, now: Timestamp) -> bool {
        now.saturating_since(window.began_at) >= self.window
    }
}

impl Default for MemoryLimiter {
    /// Ten guesses in ten minutes: room for a family choosing names, and a year for fifty thousand names.
    fn default() -> Self {
        Self::new(10, Duration::from_secs(600))
    }
}

impl GuessLimiter for MemoryLimiter {
    fn check(&self, peer: &str, now: Timestamp) -> Result<(), TooManyGuesses> {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        match peers.get(key(peer)) {
            Some(&window) if !self.is_over(window, now) && window.guesses >= self.guesses => {
                let elapsed = now.saturating_since(window.began_at);
                Err(TooManyGuesses { retry_after: self.window.saturating_sub(elapsed) })
            }
            _ => Ok(()),
        }
    }

    fn note(&self, peer: &str, now: Timestamp) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = key(peer);
        if let Some(window) = peers.get_mut(peer)
            && !self.is_over(*window, now)
        {
            window.guesses = window.guesses.saturating_add(1);
            return;
        }
        if peers.len() >= Self::MAX_PEERS {
            peers.retain(|_, window| !self.is_over(*window, now));
            if peers.len() >= Self::MAX_PEERS {
                peers.clear();
            }
        }
        peers.insert(peer.to_owned(), Window { began_at: now, guesses: 1 });
    }
}

fn key(peer: &str) -> &str {
    peer.get(..peer.floor_char_boundary(MemoryLimiter::MAX_PEER_BYTES)).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn a_peer_that_guessed_too_often_waits_for_the_rest_of_the_window() {
        let limiter = MemoryLimiter::new(2, Duration::from_secs(60));
        limiter.note("a", at(0));
        assert_eq!(limiter.check("a", at(10)), Ok(()));
        limiter.note("a", at(10));
        assert_eq!(limiter.check("a", at(20)), Err(TooManyGuesses { retry_after: Duration::from_secs(40) }));
        assert_eq!(limiter.check("b", at(20)), Ok(()));
        assert_eq!(limiter.check("a", at(60)), Ok(()));
        limiter.note("a", at(60));
        assert_eq!(limiter.check("a", at(60)), Ok(()));
    }

    #[test]
    fn no_more_peers_than_the_bound_are_remembered() {
        let limiter = MemoryLimiter::default();
        for peer in 0..=MemoryLimiter::MAX_PEERS {
            limiter.note(&peer.to_string(), at(0));
        }
        assert!(limiter.peers.lock().unwrap().len() <= MemoryLimiter::MAX_PEERS);
    }

    #[test]
    fn long_names_of_peers_are_cut_at_a_character() {
        let long = "ä".repeat(100);
        assert_eq!(key(&long), "ä".repeat(32));
        assert_eq!(key("a"), "a");
    }
}
