//! The required behaviour of stores, as tests that any store can run.
//!
//! A behaviour is a function whose name says what it shows; it panics if the store behaves differently. A macro for each
//! trait makes a test of each behaviour. Its argument is a future that returns two openings of one new, empty storage:
//! two connections to one database, or [`shared`] for a store whose clones share what they store. Contenders of a race
//! use both. Times are near the real clock, for stores that delete expired entries themselves.
//!
//! | macro | traits |
//! |---|---|
//! | [`user_store_tests!`](crate::user_store_tests) | [`UserStore`](crate::store::UserStore) |
//! | [`credential_store_tests!`](crate::credential_store_tests) | [`CredentialStore`](crate::store::CredentialStore) |
//! | [`sign_up_store_tests!`](crate::sign_up_store_tests) | [`SignUpStore`](crate::store::SignUpStore) |
//! | [`ceremony_store_tests!`](crate::ceremony_store_tests) | [`CeremonyStore`](crate::store::CeremonyStore) |
//! | [`session_store_tests!`](crate::session_store_tests) | [`SessionStore`](crate::store::SessionStore) |
//! | [`factor_store_tests!`](crate::factor_store_tests) | [`FactorStore`](crate::store::FactorStore) |
//! | [`combined_store_tests!`](crate::combined_store_tests) | `SignUpStore`, `SessionStore` and `FactorStore` in one store |
//! | [`replay_cache_tests!`](crate::replay_cache_tests) | [`ReplayCache`](crate::store::ReplayCache) |
//! | [`rate_limiter_tests!`](crate::rate_limiter_tests) | [`RateLimiter`](crate::RateLimiter) |
//!
//! # Examples
//! ```
//! // tests/my_store.rs
//! # use rp_service::store::MemoryStore as MyStore;
//! mod my_store {
//!     # use super::MyStore;
//!     use rp_service::store::testkit::shared;
//!
//!     rp_service::ceremony_store_tests!(async { shared(MyStore::new()) });
//!     rp_service::session_store_tests!(async { shared(MyStore::new()) });
//! }
//! # fn main() {}
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::arithmetic_side_effects,
    reason = "these are tests, which panic if a store is wrong"
)]

pub mod ceremonies;
pub mod combined;
pub mod conditions;
pub mod counters;
pub mod credentials;
pub mod factors;
pub mod rate_limiters;
pub mod replay_caches;
mod samples;
pub mod sessions;
pub mod sign_up;
pub mod users;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;

/// Two openings of a storage that the clones of a store share.
pub fn shared<S: Clone>(store: S) -> [S; 2] {
    [store.clone(), store]
}

/// The result of a macro's future: two openings, or `None` to skip the tests, for example because no server is
/// running.
pub trait Openings<S> {
    /// The openings.
    fn openings(self) -> Option<[S; 2]>;
}

impl<S> Openings<S> for [S; 2] {
    fn openings(self) -> Option<[S; 2]> {
        Some(self)
    }
}

impl<S> Openings<S> for Option<[S; 2]> {
    fn openings(self) -> Option<[S; 2]> {
        self
    }
}

/// Runs a behaviour on several threads, so that contenders run in parallel.
pub fn run(behaviour: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(behaviour);
}

/// Starts contenders at the same time, alternately on the two openings, and returns their results in order.
async fn race<S, T, F>(stores: &[Arc<S>; 2], contenders: usize, task: impl Fn(Arc<S>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(contenders));
    let contender = |at: usize| {
        let [even, odd] = stores;
        let (start, run) =
            (Arc::clone(&start), task(Arc::clone(if at.is_multiple_of(2) { even } else { odd }), at));
        tokio::spawn(async move {
            start.wait().await;
            run.await
        })
    };
    let tasks: Vec<_> = (0..contenders).map(contender).collect();
    let mut results = Vec::with_capacity(contenders);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// The number of results that are this one.
fn count<T: PartialEq>(results: &[T], wanted: &T) -> usize {
    results.iter().filter(|result| *result == wanted).count()
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_tests {
    ($fresh:expr; $module:ident: $($behaviour:ident)+) => {$(
        #[test]
        fn $behaviour() {
            $crate::store::testkit::run(async {
                if let Some(stores) = $crate::store::testkit::Openings::openings($fresh.await) {
                    $crate::store::testkit::$module::$behaviour(stores).await;
                }
            });
        }
    )+};
}

/// A test of each behaviour in [`users`](crate::store::testkit::users). The argument is a future that returns two
/// openings of a new store.
#[macro_export]
macro_rules! user_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; users:
            a_user_is_found_by_handle_and_name
            a_name_is_compared_by_its_key_alone
            a_name_belongs_to_one_user
            a_handle_belongs_to_one_user
            of_parallel_users_with_one_name_one_is_created
            a_renamed_user_has_a_new_name_and_the_old_is_free
            a_rename_does_not_take_the_name_of_another
            of_parallel_renames_to_one_name_one_is_done
            an_empty_change_returns_the_user
            a_missing_user_is_neither_changed_nor_locked
            a_lock_keeps_its_first_time_until_it_is_removed
            a_locked_user_can_be_created
            a_deleted_user_is_gone_and_the_name_is_free
            a_new_user_does_not_inherit_a_lock
            users_are_paged_in_the_order_of_their_handles
        }
    };
}

/// A test of each behaviour in [`credentials`](crate::store::testkit::credentials),
/// [`conditions`](crate::store::testkit::conditions) and [`counters`](crate::store::testkit::counters). The argument is
/// a future that returns two openings of a new store.
#[macro_export]
macro_rules! credential_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; credentials:
            a_passkey_comes_back_as_it_was_stored
            what_an_imported_record_lacks_stays_unknown
            a_missing_passkey_is_not_found
            a_credential_id_is_unique_across_users
            descriptors_are_the_ids_and_transports_of_the_user
            passkeys_are_listed_oldest_first
            a_passkey_is_named_and_unnamed
            a_passkey_of_another_user_cannot_be_named
            a_deleted_passkey_is_gone_and_its_id_is_free
            a_passkey_of_another_user_cannot_be_deleted
            the_last_passkey_is_deleted_only_if_that_is_allowed
            of_parallel_deletions_one_passkey_is_left
            a_passkey_above_the_maximum_is_rejected
            parallel_adds_stop_at_the_maximum
            all_passkeys_and_grants_of_a_user_are_deleted
            passkeys_are_paged_in_the_order_of_their_ids
            an_attestation_is_replaced_and_nothing_else
            passkeys_are_listed_by_a_range_of_users
        }
        $crate::__store_tests! { $fresh; conditions:
            an_authorising_passkey_must_be_the_users
            an_operator_needs_no_verification
            another_factor_adds_only_the_first_passkey
            another_factor_deletes_nothing
            a_grant_adds_one_passkey
            a_grant_is_for_one_user
            a_grant_expires_after_its_last_second
            a_rejected_add_leaves_the_grant
            a_grant_deletes_nothing
            a_missing_grant_authorises_nothing
            of_parallel_adds_with_one_grant_one_is_done
            of_parallel_adds_by_another_factor_one_is_done
            no_add_follows_the_end_of_its_authorising_passkey
            authorisation_is_checked_before_id_and_maximum
            the_last_expiry_of_the_users_grants_is_returned
            a_grant_is_taken_once_for_its_user
            a_sweep_deletes_expired_grants_and_nothing_else
        }
        $crate::__store_tests! { $fresh; counters:
            an_update_is_stored
            an_update_of_another_counter_changes_nothing
            of_parallel_updates_from_one_counter_one_is_done
            a_counter_only_increases_under_parallel_updates
            a_counter_never_decreases
            counters_that_stay_zero_never_conflict
            backup_eligibility_is_written_once
            uv_initialized_is_set_only_with_consent
            the_time_of_use_never_decreases
            an_update_of_another_users_passkey_finds_nothing
        }
    };
}

/// A test of each behaviour in [`sign_up`](crate::store::testkit::sign_up). The argument is a future that returns two
/// openings of a new store.
#[macro_export]
macro_rules! sign_up_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; sign_up:
            a_user_and_the_first_passkey_are_created_together
            a_taken_name_leaves_no_passkey
            a_taken_handle_leaves_no_passkey
            a_known_credential_leaves_no_user
            a_reserved_credential_leaves_no_user
            a_passkey_of_another_user_creates_no_user
            of_parallel_sign_ups_with_one_name_one_is_done
            of_parallel_sign_ups_with_one_credential_one_is_done
            a_passkey_needs_a_user
            a_locked_user_neither_adds_nor_deletes_a_passkey
            no_add_follows_the_lock_of_its_user
            a_deleted_user_leaves_no_passkey_and_no_grant
        }
    };
}

/// A test of each behaviour in [`ceremonies`](crate::store::testkit::ceremonies). The argument is a future that returns
/// two openings of a new store.
#[macro_export]
macro_rules! ceremony_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; ceremonies:
            a_ceremony_is_found_once
            of_64_parallel_takes_one_finds_the_ceremony
            a_ceremony_lives_through_its_last_second
            an_expired_ceremony_is_reported_once
            a_ceremony_with_the_same_key_is_replaced
            a_take_leaves_other_ceremonies
            a_sweep_deletes_expired_ceremonies_and_nothing_else
            a_state_that_is_too_long_is_rejected
        }
    };
}

/// A test of each behaviour in [`sessions`](crate::store::testkit::sessions). The argument is a future that returns two
/// openings of a new store.
#[macro_export]
macro_rules! session_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; sessions:
            a_session_comes_back_as_it_was_stored
            a_session_without_optional_members_comes_back
            a_missing_session_is_not_found
            the_key_and_the_id_of_a_session_are_unique
            a_session_lives_through_its_last_second
            a_clock_that_goes_back_revives_no_expired_session
            a_session_used_after_its_end_has_expired
            a_replaced_session_has_only_its_new_key
            of_64_parallel_replacements_one_is_done
            a_replacement_takes_nothing_of_another_session
            an_ended_session_is_not_replaced
            a_touched_session_expires_later
            the_time_of_last_use_never_decreases
            of_parallel_touches_the_latest_counts
            neither_ended_nor_expired_sessions_are_touched
            required_user_verification_stays_required
            an_ended_session_is_gone
            sessions_are_listed_most_recently_used_first
            the_least_recently_used_sessions_above_a_maximum_end
            a_session_is_ended_by_its_id_for_its_user_alone
            all_sessions_of_a_user_end_except_the_kept_one
            sessions_of_a_passkey_end
            a_sweep_deletes_expired_sessions_and_nothing_else
        }
    };
}

/// A test of each behaviour in [`combined`](crate::store::testkit::combined), for a store of users, passkeys, second
/// factors and sessions. The argument is a future that returns two openings of a new store.
#[macro_export]
macro_rules! combined_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; combined:
            an_ended_session_neither_adds_nor_deletes
            an_expired_session_neither_adds_nor_deletes
            a_session_of_another_user_neither_adds_nor_deletes
            no_add_follows_the_end_of_its_session
            of_a_replaced_session_the_old_key_adds_nothing
            conditions_are_checked_in_the_documented_order
            a_deleted_passkey_ends_the_sessions_it_verified
            a_rejected_deletion_ends_no_session
            deleted_passkeys_end_the_sessions_they_verified
            a_deleted_user_leaves_no_session
            a_second_factor_outranks_a_first_factor
            a_second_factor_authorises_while_it_is_enrolled
            a_grant_enrols_one_factor
            a_grant_deletes_no_factor
            conditions_of_factors_are_checked_in_order
            a_deleted_user_leaves_no_factor
        }
    };
}

/// A test of each behaviour in [`factors`](crate::store::testkit::factors). The argument is a future that returns two
/// openings of a new store.
#[macro_export]
macro_rules! factor_store_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; factors:
            a_factor_comes_back_as_it_was_stored
            a_missing_factor_is_not_found
            a_user_has_one_factor_of_each_name
            factors_are_listed_by_a_range_of_users
            a_factor_of_another_version_is_not_written
            of_64_parallel_writes_one_is_done
            a_deleted_factor_is_gone
            a_deleted_factor_is_not_written_back
            factors_are_listed_by_name_for_their_user
            all_factors_of_a_user_are_deleted
        }
    };
}

/// A test of each behaviour in [`rate_limiters`](crate::store::testkit::rate_limiters). The argument is a future that
/// returns two openings of a new limiter.
#[macro_export]
macro_rules! rate_limiter_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; rate_limiters:
            attempts_above_the_limit_wait_for_the_window_to_end
            a_check_counts_nothing
            a_forgiven_attempt_does_not_count
            subjects_are_limited_separately
            limits_are_counted_separately
            a_limit_of_zero_allows_nothing
            of_parallel_attempts_no_more_than_the_limit_pass
        }
    };
}

/// A test of each behaviour in [`replay_caches`](crate::store::testkit::replay_caches). The argument is a future that
/// returns two openings of a new cache.
#[macro_export]
macro_rules! replay_cache_tests {
    ($fresh:expr) => {
        $crate::__store_tests! { $fresh; replay_caches:
            a_use_is_recorded_once
            of_64_parallel_uses_one_is_recorded
            a_sweep_leaves_uses_of_valid_ceremonies
        }
    };
}
