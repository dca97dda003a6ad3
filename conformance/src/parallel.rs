//! Work on several threads, with the results in the order of the items.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Does the work for every item on this number of threads. Each thread begins with `start`, whose argument is the number
/// of the thread. `each` receives the results as they arrive, on the calling thread.
pub(crate) fn map<T: Sync, W, R: Send>(
    items: &[T],
    jobs: usize,
    start: impl Fn(usize) -> W + Sync,
    work: impl Fn(&mut W, &T) -> R + Sync,
    mut each: impl FnMut(&R),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for job in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, start, work) = (sender.clone(), &next, &start, &work);
            scope.spawn(move || {
                let mut worker = start(job);
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    // The receiver is gone only if the calling thread panicked.
                    let _ = sender.send((index, work(&mut worker, item)));
                }
            });
        }
        drop(sender);
        for (index, result) in receiver {
            each(&result);
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let mut seen = 0;
        let doubled = map(&items, 8, |_| (), |(), item| item * 2, |_| seen += 1);
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(seen, 100);
    }

    #[test]
    fn no_items_are_no_work() {
        assert!(map(&[] as &[u8], 4, |_| (), |(), item| *item, |_| ()).is_empty());
    }
}
