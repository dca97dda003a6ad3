//! Response times that reveal nothing.

use std::time::Duration;

use tokio::time::Instant;

/// Waits until the time since the request is a multiple of [`TIME_STEP`]. The task sleeps: it holds no lock, no connection
/// to a store and no thread.
pub(super) async fn wait_for_next_multiple(started_at: Instant) {
    let steps = started_at.elapsed().as_nanos().div_ceil(TIME_STEP.as_nanos());
    let wait = u32::try_from(steps).ok().and_then(|steps| TIME_STEP.checked_mul(steps));
    if let Some(end) = wait.and_then(|wait| started_at.checked_add(wait)) {
        tokio::time::sleep_until(end).await;
    }
}

/// The step of response times that could reveal whether a user exists: longer than any difference between a known and an
/// unknown username, and too short to be noticed.
const TIME_STEP: Duration = Duration::from_millis(25);
