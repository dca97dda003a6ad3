use std::future::poll_fn;
use std::task::Poll;

use serde_json::{Value, json};

use super::{LocalFuture, ORIGIN, Site, UserAgent};

/// The number of parallel copies of one response.
const COPIES: usize = 256;

/// Sends 256 copies of one response in parallel, half to each of two sites that share a store, and checks that one is
/// accepted: for a sign-up, a sign-in and a step-up.
///
/// # Panics
/// If another number is accepted.
pub async fn one_of_256_parallel_finishes_is_accepted(sites: [Site; 2]) {
    let mut kim = UserAgent::new(&sites[0], ORIGIN, "kim");
    let response = kim.create(&json!({"username": "kim"})).await;
    assert_one_is_accepted(&mut kim, &sites, "registration/verify", &response).await;
    for body in [json!({}), json!({"purpose": "step-up"})] {
        let response = kim.assert(&body).await;
        assert_one_is_accepted(&mut kim, &sites, "authentication/verify", &response).await;
    }
}

async fn assert_one_is_accepted(
    browser: &mut UserAgent,
    sites: &[Site; 2],
    path: &'static str,
    response: &Value,
) {
    let send = |site: &Site| -> LocalFuture<_> {
        let (mut copy, response) = (browser.clone(), response.clone());
        copy.site = site.clone();
        Box::pin(async move {
            let answer = copy.post(path, &response).await;
            (copy, answer)
        })
    };
    let sends = (0..COPIES / 2).flat_map(|_| sites.iter().map(send)).collect();
    let mut accepted = None;
    for (copy, answer) in all(sends).await {
        if matches!(answer.status, 200 | 201) {
            assert!(accepted.replace(copy).is_none(), "{path}: a second response was accepted");
        } else {
            // 401: the session was replaced before the copy arrived.
            assert!(matches!(answer.problem().status, 401 | 409), "{path}: {answer:?}");
        }
    }
    *browser = accepted.expect("one response is accepted");
}

/// Runs futures in parallel on this thread.
pub(super) async fn all<T>(mut futures: Vec<LocalFuture<T>>) -> Vec<T> {
    let mut done = Vec::with_capacity(futures.len());
    poll_fn(|context| {
        futures.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(value) => {
                done.push(value);
                false
            }
            Poll::Pending => true,
        });
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done
}
