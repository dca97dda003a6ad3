//! The functions of the host: time, randomness and output.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rp_core::Timestamp;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Seconds since 1970.
    safe fn seconds() -> f64;
    fn random(start: *mut u8, len: usize);
    fn print(start: *const u8, len: usize);
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(seconds() as i64)
}

pub(crate) fn report(text: &str) {
    // SAFETY: the host reads this range and keeps nothing.
    unsafe { print(text.as_ptr(), text.len()) }
}

/// A timer whose waits end at once, and whose time is that which was waited. A real host waits.
pub(crate) struct Timer;

static WAITED_NANOSECONDS: AtomicU64 = AtomicU64::new(0);

impl rp_service::Timer for Timer {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(WAITED_NANOSECONDS.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        WAITED_NANOSECONDS.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Box::pin(ready(()))
    }
}

/// The randomness of every crate (`getrandom`, back end `custom`).
///
/// # Safety
/// `start` is valid for `len` bytes.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(start: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    // SAFETY: as above; the host writes this range.
    unsafe { random(start, len) };
    Ok(())
}
