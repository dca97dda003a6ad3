//! What is said of a request's session while the request is answered: `tower-sessions` passes none of it on.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use rp_service::http::Answer;

/// Ends a session, once it is awaited. What fails is told by [`failed`].
pub(super) type End = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

#[derive(Default)]
struct Said {
    /// What is answered where the store failed.
    failure: Cell<Option<Answer>>,
    /// Whether the service ended the session.
    over: Cell<bool>,
    /// Whether the session whose end is asked for next is being replaced.
    renewing: Cell<bool>,
    /// The sessions that were replaced, and end once their successor is kept.
    replaced: Cell<Vec<End>>,
}

tokio::task_local! {
    static SAID: Said;
}

/// Keeps what is said while a request is answered.
pub(super) fn listen<F: Future>(answered: F) -> impl Future<Output = F::Output> {
    SAID.scope(Said::default(), answered)
}

/// Outside a request there is nobody to tell.
fn tell<T: Default>(words: impl FnOnce(&Said) -> T) -> T {
    SAID.try_with(words).unwrap_or_default()
}

/// The store failed; this is to be answered.
pub(super) fn failed(answer: Answer) {
    tell(|said| said.failure.set(Some(answer)));
}

/// What is to be answered where the store failed.
pub(super) fn failure() -> Option<Answer> {
    tell(|said| said.failure.take())
}

/// The session is over.
pub(super) fn over() {
    tell(|said| said.over.set(true));
}

/// Whether the session is over.
pub(super) fn is_over() -> bool {
    tell(|said| said.over.get())
}

/// The session gets a new identifier: the old one ends after the new one is kept, so that nobody is signed out
/// by a store that fails in between.
pub(super) fn renew() {
    tell(|said| said.renewing.set(true));
}

/// Whether an end that is asked for now is that of a session being replaced.
pub(super) fn is_renewing() -> bool {
    tell(|said| said.renewing.take())
}

/// Keeps an end until the successor is kept.
pub(super) fn replaced(end: End) {
    tell(|said| {
        let mut ends = said.replaced.take();
        ends.push(end);
        said.replaced.set(ends);
    });
}

/// Ends the sessions that were replaced.
pub(super) async fn end_replaced() -> Result<(), String> {
    for end in tell(|said| said.replaced.take()) {
        end.await?;
    }
    Ok(())
}
