use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rp_core::Timestamp;

/// Bounds how often one peer finds usernames taken, which is the one answer that tells which usernames exist, or
/// credentials registered already.
///
/// A guess is counted before it is answered, and forgiven where the answer told nothing: of guesses that come at
/// once, no more are answered than of guesses one after the other.
///
/// The peer is what the adapter calls it, such as a network address. Behind a proxy every request comes from
/// the proxy: the application has to say which header the proxy writes, or all users share one bound. Who adds a
/// passkey is signed in, and is bounded as `account`, a space, and the user handle.
pub trait GuessLimiter: Send + Sync {
    /// Whether the peer may try; nothing is counted.
    ///
    /// # Errors
    /// [`TooManyGuesses`], with the time to wait.
    fn check(&self, peer: &str, now: Timestamp) -> Result<(), TooManyGuesses>;

    /// Counts a guess, if the peer may try.
    ///
    /// # Errors
    /// [`TooManyGuesses`], with the time to wait; nothing is counted then.
    fn try_guess(&self, peer: &str, now: Timestamp) -> Result<(), TooManyGuesses>;

    /// Takes back a guess that was counted: it was none.
    fn forgive(&self, peer: &str, now: Timestamp);
}

/// The peer is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many usernames were tried")]
pub struct TooManyGuesses {
    /// How long.
    pub retry_after: Duration,
}

/// A bound kept in this process's memory: so many guesses for each peer in a window of time.
///
/// An IPv6 address counts with all others of its /64, which one subscriber has at least.
#[derive(Debug)]
pub struct MemoryLimiter {
    guesses: u32,
    window: Duration,
    peers: Mutex<Peers>,
}

#[derive(Debug, Default)]
struct Peers {
    windows: HashMap<Arc<str>, Window>,
    /// The same peers, by when their window began.
    by_age: BTreeMap<u64, Arc<str>>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began_at: Timestamp,
    guesses: u32,
    age: u64,
}

impl MemoryLimiter {
    /// How many peers are remembered, some ten megabytes at most; when there are more, the one whose window
    /// began first gives way.
    pub const MAX_PEERS: usize = 65_536;
    /// How much of a peer's name counts.
    const MAX_PEER_BYTES: usize = 64;

    /// So many guesses in a window.
    #[must_use]
    pub fn new(guesses: u32, window: Duration) -> Self {
        Self { guesses, window, peers: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Peers) -> T) -> T {
        work(&mut self.peers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_over(&self, window: Window, now: Timestamp) -> bool {
        now.saturating_since(window.began_at) >= self.window
    }

    /// Refuses a peer whose window is full.
    fn judge(&self, window: Window, now: Timestamp) -> Result<(), TooManyGuesses> {
        if window.guesses < self.guesses {
            return Ok(());
        }
        let elapsed = now.saturating_since(window.began_at);
        Err(TooManyGuesses { retry_after: self.window.saturating_sub(elapsed) })
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
        self.with(|peers| match peers.windows.get(key(peer).as_str()) {
            Some(&window) if !self.is_over(window, now) => self.judge(window, now),
            _ => Ok(()),
        })
    }

    fn try_guess(&self, peer: &str, now: Timestamp) -> Result<(), TooManyGuesses> {
        self.with(|peers| match peers.windows.get_mut(key(peer).as_str()) {
            Some(window) if !self.is_over(*window, now) => {
                self.judge(*window, now)?;
                window.guesses = window.guesses.saturating_add(1);
                Ok(())
            }
            _ => {
                self.judge(Window { began_at: now, guesses: 0, age: 0 }, now)?;
                peers.begin(key(peer), now);
                Ok(())
            }
        })
    }

    fn forgive(&self, peer: &str, now: Timestamp) {
        self.with(|peers| {
            if let Some(window) = peers.windows.get_mut(key(peer).as_str())
                && !self.is_over(*window, now)
            {
                window.guesses = window.guesses.saturating_sub(1);
            }
        });
    }
}

impl Peers {
    /// A new window, with one guess in it.
    fn begin(&mut self, peer: String, now: Timestamp) {
        let peer: Arc<str> = peer.into();
        if let Some(over) = self.windows.remove(&peer) {
            self.by_age.remove(&over.age);
        }
        while self.windows.len() >= MemoryLimiter::MAX_PEERS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.windows.remove(&oldest);
        }
        let age = self.next;
        self.next = age.wrapping_add(1);
        self.by_age.insert(age, Arc::clone(&peer));
        self.windows.insert(peer, Window { began_at: now, guesses: 1, age });
    }
}

/// Under what name a peer counts.
fn key(peer: &str) -> String {
    let address = peer.parse().ok().or_else(|| peer.parse::<SocketAddr>().ok().map(|address| address.ip()));
    match address.map(|address: IpAddr| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let subscriber = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("{subscriber}/64")
        }
        Some(IpAddr::V4(address)) => address.to_string(),
        None => {
            let cut = peer.floor_char_boundary(MemoryLimiter::MAX_PEER_BYTES);
            peer.get(..cut).unwrap_or(peer).to_owned()
        }
    }
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
        assert_eq!(limiter.try_guess("a", at(0)), Ok(()));
        assert_eq!(limiter.check("a", at(10)), Ok(()));
        assert_eq!(limiter.try_guess("a", at(10)), Ok(()));
        let refused = Err(TooManyGuesses { retry_after: Duration::from_secs(40) });
        assert_eq!(limiter.try_guess("a", at(20)), refused);
        assert_eq!(limiter.check("a", at(20)), refused);
        assert_eq!(limiter.try_guess("b", at(20)), Ok(()));
        assert_eq!(limiter.try_guess("a", at(60)), Ok(()));
        assert_eq!(limiter.check("a", at(60)), Ok(()));
    }

    #[test]
    fn a_guess_that_was_none_is_forgiven() {
        let limiter = MemoryLimiter::new(1, Duration::from_secs(60));
        for _ in 0..5 {
            assert_eq!(limiter.try_guess("a", at(0)), Ok(()));
            assert!(limiter.try_guess("a", at(0)).is_err());
            limiter.forgive("a", at(0));
        }
        limiter.forgive("a", at(0));
        assert_eq!(limiter.try_guess("a", at(0)), Ok(()));
        assert!(limiter.check("a", at(0)).is_err());
    }

    #[test]
    fn of_guesses_at_once_no_more_than_the_bound_pass() {
        let limiter = MemoryLimiter::new(3, Duration::from_secs(60));
        let passed = std::thread::scope(|scope| {
            let guess = || limiter.try_guess("a", at(0)).is_ok();
            let guesses: Vec<_> = (0..16).map(|_| scope.spawn(guess)).collect();
            guesses.into_iter().filter_map(|guess| guess.join().ok()).filter(|passed| *passed).count()
        });
        assert_eq!(passed, 3);
    }

    #[test]
    fn where_no_guess_is_allowed_none_passes() {
        assert!(MemoryLimiter::new(0, Duration::from_secs(60)).try_guess("a", at(0)).is_err());
    }

    #[test]
    fn of_more_peers_than_the_bound_the_oldest_gives_way() {
        let limiter = MemoryLimiter::new(1, Duration::from_secs(60));
        for peer in 0..=MemoryLimiter::MAX_PEERS {
            assert_eq!(limiter.try_guess(&peer.to_string(), at(0)), Ok(()));
        }
        limiter.with(|peers| {
            assert_eq!((peers.windows.len(), peers.by_age.len()), (65_536, 65_536));
        });
        assert_eq!(limiter.check("0", at(0)), Ok(()));
        assert!(limiter.check("1", at(0)).is_err());
    }

    #[test]
    fn a_window_that_begins_anew_is_young_again() {
        let limiter = MemoryLimiter::new(1, Duration::from_secs(60));
        for now in [0, 60, 120] {
            assert_eq!(limiter.try_guess("a", at(now)), Ok(()));
        }
        limiter.with(|peers| assert_eq!((peers.windows.len(), peers.by_age.len()), (1, 1)));
    }

    #[test]
    fn an_ipv6_address_counts_with_its_64() {
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(key("[2001:db8:1:2::9]:443"), "2001:db8:1:2::/64");
        assert_ne!(key("2001:db8:1:3::"), key("2001:db8:1:2::"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(key("192.0.2.1:443"), "192.0.2.1");
    }

    #[test]
    fn long_names_of_peers_are_cut_at_a_character() {
        let long = "ä".repeat(100);
        assert_eq!(key(&long), "ä".repeat(32));
        assert_eq!(key("a"), "a");
    }
}
