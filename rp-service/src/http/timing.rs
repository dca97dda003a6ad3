//! Response times that reveal nothing, and bodies that take too long.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::timer::Timer;

/// Waits until the time since `started_at` is a multiple of [`TIME_STEP`]. The task sleeps: it holds no lock, no connection
/// to a store and no thread.
pub(super) async fn wait_for_next_multiple(timer: &dyn Timer, started_at: Duration) {
    let elapsed = timer.elapsed().saturating_sub(started_at);
    let steps = elapsed.as_nanos().div_ceil(TIME_STEP.as_nanos());
    let end = u32::try_from(steps).ok().and_then(|steps| TIME_STEP.checked_mul(steps));
    if let Some(end) = end {
        timer.sleep(end.saturating_sub(elapsed)).await;
    }
}

/// The output of a future; `None` if it takes longer than the limit.
pub(super) async fn within<F: Future>(timer: &dyn Timer, limit: Duration, future: F) -> Option<F::Output> {
    let (mut future, mut sleep) = (pin!(future), timer.sleep(limit));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// The step of response times that could reveal whether a user exists: longer than any difference between a known and an
/// unknown username, and too short to be noticed.
const TIME_STEP: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use rp_core::RelyingParty;
    use tokio::time::Instant;

    use super::*;
    use crate::http::{Body, Request, Route};
    use crate::passkeys::Passkeys;
    use crate::store::MemoryStore;
    use crate::timer::TokioTimer;

    #[tokio::test(start_paused = true)]
    async fn a_response_leaves_at_the_next_multiple_of_25_ms() {
        let timer = TokioTimer::start();
        for (work, expected) in [(1, 25), (25, 25), (26, 50), (40, 50), (1_001, 1_025)] {
            let (now, started_at) = (Instant::now(), timer.elapsed());
            tokio::time::advance(Duration::from_millis(work)).await;
            wait_for_next_multiple(&timer, started_at).await;
            let (elapsed, expected) = (now.elapsed(), Duration::from_millis(expected));
            // Tokio's timers have a resolution of a millisecond.
            let late = elapsed.checked_sub(expected);
            assert!(late.is_some_and(|late| late <= Duration::from_millis(1)), "{work} {elapsed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_future_that_takes_longer_than_the_limit_is_dropped() {
        let timer = TokioTimer::start();
        let limit = Duration::from_secs(1);
        let after = |millis| async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            millis
        };
        assert_eq!(within(&timer, limit, after(900)).await, Some(900));
        assert_eq!(within(&timer, limit, after(1_100)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_responses_hold_no_lock_and_no_thread() {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let builder = Passkeys::builder(rp).store(MemoryStore::new()).secret([7; 32]);
        let passkeys = builder.build().unwrap();
        let started_at = Instant::now();
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let passkeys = passkeys.clone();
            requests.spawn(async move {
                let headers: Vec<(&str, &[u8])> =
                    vec![("origin", b"https://example.org"), ("content-type", b"application/json")];
                let request = Request { headers, address: Some("192.0.2.7".into()), ..Request::default() };
                let body = async { Body::Complete(br#"{"username":"kim"}"#.to_vec()) };
                passkeys.handle(Route::AuthenticationOptions, &request, body).await.status
            });
        }
        let statuses = requests.join_all().await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        // One thread serves all of them in the time of one: the clock moves only while every task sleeps.
        assert!(started_at.elapsed() <= Duration::from_millis(26), "{:?}", started_at.elapsed());
    }
}
