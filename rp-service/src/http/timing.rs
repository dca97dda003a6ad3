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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_response_leaves_at_the_next_multiple_of_25_ms() {
        for (work, expected) in [(1, 25), (25, 25), (26, 50), (40, 50), (1_001, 1_025)] {
            let started_at = Instant::now();
            tokio::time::advance(Duration::from_millis(work)).await;
            wait_for_next_multiple(started_at).await;
            let (elapsed, expected) = (started_at.elapsed(), Duration::from_millis(expected));
            // Tokio's timers have a resolution of a millisecond.
            let late = elapsed.checked_sub(expected);
            assert!(late.is_some_and(|late| late <= Duration::from_millis(1)), "{work} {elapsed:?}");
        }
    }
}
