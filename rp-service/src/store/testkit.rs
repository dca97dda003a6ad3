//! What a store must hold, as tests that any store can be put through.
//!
//! A behaviour is a function whose name says what it shows and which panics where the store does otherwise. It
//! takes a fresh store; clones of it must share what is stored. Three macros make a test of each behaviour:
//! [`ceremony_store_tests!`](crate::ceremony_store_tests),
//! [`credential_store_tests!`](crate::credential_store_tests) and
//! [`session_store_tests!`](crate::session_store_tests). Times are near the real clock's, for stores that
//! drop by themselves what has ended.
//!
//! # Examples
//! ```
//! // tests/my_store.rs
//! # use rp_service::store::MemoryStore as MyStore;
//! mod my_store {
//!     # use super::MyStore;
//!     rp_service::ceremony_store_tests!(async { MyStore::new() });
//!     rp_service::credential_store_tests!(async { MyStore::new() });
//!     rp_service::session_store_tests!(async { MyStore::new() });
//! }
//! # fn main() {}
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::arithmetic_side_effects,
    reason = "these are tests, which panic where a store is wrong"
)]

pub mod ceremonies;
pub mod counters;
pub mod credentials;
pub mod limits;
mod samples;
pub mod sessions;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;

/// Runs a behaviour on several threads, so that what races does race.
pub fn run(behaviour: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(behaviour);
}

/// Starts `contenders` tasks, lets them go at once, and gives what each came to.
async fn race<T, F>(contenders: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let line = Arc::new(Barrier::new(contenders));
    let start = |at| {
        let (line, run) = (Arc::clone(&line), task(at));
        tokio::spawn(async move {
            line.wait().await;
            run.await
        })
    };
    let tasks: Vec<_> = (0..contenders).map(start).collect();
    let mut results = Vec::with_capacity(contenders);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// How many of the results are this one.
fn count<T: PartialEq>(results: &[T], wanted: &T) -> usize {
    results.iter().filter(|result| *result == wanted).count()
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_tests {
    ($fresh:expr; $room:ident: $($behaviour:ident)+) => {$(
        #[test]
        fn $behaviour() {
            $crate::store::testkit::run(async {
                $crate::store::testkit::$room::$behaviour($fresh.await).await;
            });
        }
    )+};
}

/// A test for each behaviour in [`ceremonies`](crate::store::testkit::ceremonies); the argument is a future
/// that gives a fresh store.
#[macro_export]
macro_rules! ceremony_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; ceremonies:
            a_ceremony_is_found_once
            of_64_parallel_takes_one_finds_the_ceremony
            a_ceremony_lives_through_its_last_second
            a_ceremony_past_its_time_is_expired_then_gone
            a_ceremony_put_again_is_replaced
            one_ceremony_taken_leaves_the_others
            a_sweep_drops_what_has_ended_and_nothing_else
            a_state_that_is_too_long_is_refused_and_replaces_nothing
        }
    };
}

/// A test for each behaviour in [`credentials`](crate::store::testkit::credentials),
/// [`limits`](crate::store::testkit::limits) and [`counters`](crate::store::testkit::counters); the argument
/// is a future that gives a fresh store.
#[macro_export]
macro_rules! credential_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; credentials:
            an_account_and_its_passkey_come_back_as_they_were
            what_an_imported_record_never_knew_comes_back_unknown
            what_is_not_there_is_not_found
            an_account_whose_name_is_taken_is_not_opened
            an_account_whose_handle_is_taken_is_not_opened
            an_account_whose_credential_exists_is_not_left_behind
            of_parallel_openings_with_one_name_one_is_done
            of_parallel_openings_with_one_credential_one_account_is_there
            a_credential_id_is_unique_over_all_accounts
            a_record_of_another_account_is_refused
            passkeys_are_named_in_options_as_they_are
            passkeys_are_listed_oldest_first
            a_passkey_is_named_and_loses_its_name
            anothers_passkey_cannot_be_named
            an_account_is_kept_without_a_passkey
            an_account_put_again_changes_its_names_alone
            an_account_put_under_anothers_name_is_refused
            an_account_is_deleted_with_its_passkeys
        }
        $crate::__store_tests! { $fresh; limits:
            a_passkey_over_the_limit_is_refused
            of_parallel_adds_at_the_limit_one_is_done
            a_passkey_needs_an_account
            a_passkey_is_deleted
            anothers_passkey_cannot_be_deleted
            the_last_passkey_goes_only_where_that_is_allowed
            of_parallel_deletions_one_passkey_is_left
        }
        $crate::__store_tests! { $fresh; counters:
            an_update_is_stored
            an_update_judged_on_another_count_changes_nothing
            of_parallel_updates_from_one_count_one_is_done
            a_counter_only_grows_under_parallel_authentications
            a_counter_never_goes_back
            counters_that_stay_zero_never_conflict
            backup_eligibility_is_filled_in_once
            uv_initialized_rises_on_the_callers_word_alone
            the_time_of_use_never_goes_back
            an_update_of_anothers_passkey_finds_nothing
        }
    };
}

/// A test for each behaviour in [`sessions`](crate::store::testkit::sessions); the argument is a future that
/// gives a fresh store.
#[macro_export]
macro_rules! session_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; sessions:
            a_session_is_created_loaded_saved_and_ended
            a_session_is_not_created_over_another
            a_session_that_ended_is_not_brought_back
            a_session_past_its_time_is_not_loaded
            a_session_is_prolonged
            a_sweep_drops_sessions_that_have_ended_and_nothing_else
            session_data_that_are_too_long_are_refused_and_change_nothing
        }
    };
}
