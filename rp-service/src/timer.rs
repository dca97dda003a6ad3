use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Waits, for bodies that take too long and for responses whose time could reveal something. By default it is the timer of
/// `tokio`; on `wasm32-unknown-unknown`, which has no clock, the host provides one
/// ([`PasskeysBuilder::timer`](crate::PasskeysBuilder::timer)).
pub trait Timer: Send + Sync {
    /// The time since a moment that stays the same. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits. A task that waits holds no thread.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The timer of `tokio`.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Debug)]
pub(crate) struct TokioTimer(tokio::time::Instant);

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl TokioTimer {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Timer for TokioTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}
