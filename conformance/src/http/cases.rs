//! The cases, one for each rule of the interface.

mod accounts;
mod admission;
mod application;
mod assurance;
mod bearer;
mod ceremonies;
mod command_line;
mod conditions;
mod cookies;
mod credentials;
mod cross_site;
mod enumeration;
mod factor_modes;
mod factors;
mod first_factor;
mod grants;
mod policy;
mod proofs;
mod registration;
mod requests;
mod roll_out;
mod separate_stores;
mod sessions;
mod skipping;
mod storage;
mod telemetry;
mod token;
mod user_verification;
mod users;

use std::future::Future;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use super::transcript::Recorder;
use super::{Fixture, LocalFuture, Setup, Site, Transcript, UserAgent, assert_alike, bare};
use crate::authenticator::{Authenticator, Config};

/// Longer than [`Policy::recent_verification`](rp_service::Policy::recent_verification).
const NOT_RECENT: Duration = Duration::from_secs(301);

/// A rule of the interface, and the test that shows it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The rule as a sentence; the name of the test.
    pub name: &'static str,
    run: fn(Server) -> LocalFuture<()>,
}

/// Starts the site under test, as often as a case needs it.
struct Server {
    start: Rc<dyn Fn(Fixture) -> LocalFuture<Site>>,
    recorder: Recorder,
}

/// A site under test, and the service behind it.
struct Test {
    site: Site,
    fixture: Fixture,
}

impl Case {
    /// The case with this name.
    ///
    /// # Panics
    /// If no case has this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        *CASES.iter().find(|case| case.name == name).expect("the case exists")
    }

    /// Runs the case. `start` makes the site of a service.
    ///
    /// # Panics
    /// If the site does not behave as documented.
    pub async fn run<F, R>(self, start: F) -> Transcript
    where
        F: Fn(Fixture) -> R + 'static,
        R: Future<Output = Site> + 'static,
    {
        let recorder = Recorder::default();
        let start: Rc<dyn Fn(Fixture) -> LocalFuture<Site>> =
            Rc::new(move |fixture| Box::pin(start(fixture)));
        (self.run)(Server { start, recorder: recorder.clone() }).await;
        recorder.transcript()
    }

    /// Runs the case on a site and on the service itself, and compares the transcripts.
    ///
    /// # Panics
    /// If the site does not behave as documented, or responds with other bytes than the service.
    pub async fn check<F, R>(self, start: F)
    where
        F: Fn(Fixture) -> R + 'static,
        R: Future<Output = Site> + 'static,
    {
        let transcript = self.run(start).await;
        let reference = self.run(|fixture| async move { bare(&fixture) }).await;
        assert_alike(self.name, &transcript, &reference);
    }
}

impl Server {
    async fn start(&self) -> Test {
        self.start_with(|_| {}).await
    }

    async fn start_with(&self, change: impl FnOnce(&mut Setup)) -> Test {
        let mut setup = Setup::default();
        change(&mut setup);
        let fixture = Fixture::new(setup);
        let site = self.recorder.record((self.start)(fixture.clone()).await);
        Test { site, fixture }
    }
}

impl Test {
    /// A new browser; its authenticator's keys are derived from `seed`.
    fn browser(&self, seed: &str) -> UserAgent {
        let mut browser = UserAgent::new(&self.site, self.fixture.origin, seed);
        browser.prefix = self.fixture.prefix.to_owned();
        browser
    }

    /// A new browser with this authenticator.
    fn browser_with(&self, seed: &str, config: Config) -> UserAgent {
        UserAgent { authenticator: Authenticator::new(seed, config), ..self.browser(seed) }
    }
}

impl Deref for Test {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.fixture
    }
}

/// Another authenticator.
fn authenticator(seed: &str) -> Authenticator {
    Authenticator::new(seed, Config::default())
}

/// Makes the table of cases and, of the same table, `http_tests!`.
macro_rules! cases {
    ($d:tt $($module:ident { $($name:ident)+ })+) => {
        /// Every case.
        pub const CASES: &[Case] = &[
            $($(Case { name: stringify!($name), run: |server| Box::pin($module::$name(server)) },)+)+
        ];

        /// Makes a test of each case: `http_tests!(test, site)`, where `site` is an asynchronous function from a
        /// `Fixture` to a `Site`, and `#[test]` is the framework's attribute for asynchronous tests.
        #[macro_export]
        macro_rules! http_tests {
            ($d test:meta, $d site:expr) => {
                $($(
                    #[$d test]
                    async fn $name() {
                        $crate::http::Case::named(stringify!($name)).check($d site).await;
                    }
                )+)+
            };
        }
    };
}

cases! { $
    accounts {
        an_account_is_created_and_signed_in
        an_empty_display_name_counts_as_missing
        sign_up_must_be_enabled
        a_name_taken_meanwhile_is_rejected
        names_are_compared_by_rfc_8265_and_limited
        guesses_of_names_are_limited_with_retry_after
        one_client_does_not_shut_out_others_at_its_address
        a_user_signs_in_with_and_without_a_username
        the_admission_hook_rejects_after_verification
    }
    admission {
        a_passkey_that_is_not_admitted_is_not_added
        a_factor_that_is_not_admitted_is_not_enrolled
        a_second_factor_that_is_not_admitted_signs_no_one_in
        a_step_up_that_is_not_admitted_verifies_nothing
        a_recovery_code_that_is_not_admitted_is_not_used
    }
    first_factor {
        a_first_factor_session_is_rejected_except_as_listed
        a_registration_begun_when_signed_in_needs_it_at_the_end
        a_second_factor_completes_the_sign_in
        a_first_factor_session_lives_ten_minutes_without_renewal
        a_password_is_enough_where_the_user_has_no_passkey
        a_password_never_passes_a_guard_that_requires_a_passkey
        a_password_does_not_authorise_once_a_passkey_is_there
        a_password_of_an_unknown_or_locked_user_opens_nothing
        ceremonies_of_a_first_factor_are_counted_apart
    }
    factor_modes {
        every_factor_works_in_every_mode
        the_application_reports_no_factor_of_the_service
        of_parallel_wrong_codes_no_more_than_five_are_tried
    }
    factors {
        a_totp_is_enrolled_with_two_consecutive_codes
        a_password_and_a_totp_sign_in
        a_totp_verifies_the_user_again
        a_recovery_code_enrols_a_passkey_and_signs_no_one_in
        a_recovery_code_enrols_a_totp
        a_code_is_used_once_also_in_parallel
        a_new_set_of_recovery_codes_replaces_the_old_one
        wrong_codes_are_limited_per_user_and_per_address
        a_factor_of_another_user_is_unknown
        a_factor_that_the_service_no_longer_has_is_ignored
        a_first_factor_of_the_application_completes_nothing
        a_deleted_factor_ends_the_other_sessions_that_used_it
        of_two_confirmations_of_a_factor_the_second_changes_nothing
        an_enrolment_expires_and_is_checked_again
        secrets_of_factors_are_neither_stored_nor_logged
        a_factor_that_cannot_be_stored_changes_nothing
        options_of_other_factors_are_counted_apart_too
    }
    skipping {
        no_second_factor_can_be_skipped
    }
    proofs {
        a_genuine_authenticator_proves_that_and_no_more
        a_proof_is_made_with_a_sealed_ceremony
        a_proof_requires_a_trusted_attestation
        a_proof_is_used_once_and_for_nothing_else
    }
    grants {
        a_grant_adds_one_passkey
        a_grant_does_nothing_else
        a_grant_is_bound_to_its_user_and_expires
        of_two_uses_of_a_grant_one_is_accepted
    }
    conditions {
        every_condition_of_the_start_holds_at_the_end
        the_holder_of_a_lost_key_adds_nothing_after_its_deletion
        deleting_a_passkey_ends_the_sessions_that_it_opened
        deleting_the_passkey_in_use_ends_the_own_session
        conditions_are_checked_in_the_transaction_that_writes
        management_requires_what_it_requires_at_every_request
        changes_are_checked_in_the_transaction_that_writes
        a_locked_user_is_rejected_at_once
    }
    user_verification {
        a_passkey_used_without_uv_signs_in_and_does_no_more
        a_step_up_without_uv_is_rejected_and_the_next_requires_it
        a_step_up_requires_uv_if_all_passkeys_are_capable
        the_policy_may_accept_a_step_up_without_uv
        uv_of_a_pin_set_later_counts_for_nothing
        uv_is_initialized_when_another_factor_authorises_it
        another_verified_passkey_authorises_uv_too
        a_passkey_without_uv_is_no_second_factor_of_itself
    }
    sessions {
        the_token_changes_at_every_sign_in_and_step_up
        a_user_has_a_limited_number_of_sessions
        a_deleted_passkey_ends_a_session_written_meanwhile
        a_failed_sign_in_keeps_the_session
        of_parallel_step_ups_one_replaces_the_session
        a_step_up_whose_session_was_replaced_has_no_ceremony
        a_session_ends_when_idle
        a_session_ends_at_its_absolute_limit
        the_last_use_is_written_once_a_minute
        a_clock_that_goes_back_revives_nothing
        sessions_are_listed_with_their_clients
        one_session_is_ended_by_its_id
        all_other_sessions_are_ended
        a_sign_out_ends_the_session
        a_response_to_an_old_cookie_clears_no_cookie
        a_second_sign_in_ends_the_first_session
    }
    ceremonies {
        a_response_is_accepted_once
        a_rejected_response_uses_the_ceremony_up
        a_nickname_that_is_not_allowed_uses_nothing_up
        a_ceremony_expires_after_its_timeout
        several_ceremonies_are_pending_in_one_browser
        a_ceremony_is_bound_to_its_browser
        a_response_of_the_other_kind_has_no_ceremony
        a_step_up_never_changes_the_user
        autofill_requires_a_user_handle
        a_counter_that_does_not_increase_is_rejected
        a_counter_that_regresses_may_be_reported_instead
        a_key_without_a_counter_signs_in_repeatedly
        a_counter_that_moves_meanwhile_is_compared_again
    }
    policy {
        an_enrolment_is_reminded_then_in_grace_then_required
        a_required_factor_is_enrolled_and_then_used
        a_password_does_not_enrol_next_to_an_enrolled_factor
        a_passkey_that_rules_exclude_only_enrols
        a_session_stays_where_rules_accept_no_passkey
        a_user_has_eight_passkeys_and_no_ninth
        passkeys_that_rules_exclude_do_not_count
        a_group_has_its_own_number_of_passkeys
        options_ask_for_what_the_rules_require
        rules_for_passkeys_are_checked_at_registration
        a_group_joined_during_a_registration_has_its_rules
        a_session_verifies_again_after_its_age
        a_changed_context_is_verified_again
        a_second_factor_may_be_skipped_where_it_is_optional
        a_known_context_needs_no_second_factor_if_rules_say_so
        a_recovery_code_enrols_and_does_nothing_else
        a_passkey_without_uv_is_not_enough_where_required
    }
    roll_out {
        recovery_codes_are_accepted_until_the_date
        a_key_without_uv_is_accepted_until_the_date
        an_accepted_factor_is_asked_for_once_it_is_there
        an_enrolment_ends_when_its_verification_is_old
        a_key_is_registered_again_to_meet_stricter_rules
        a_key_that_was_not_trusted_is_not_registered_again
        an_enrolment_after_a_use_without_uv_asks_for_it
        a_step_up_requires_uv_where_the_rules_do
        an_imported_passkey_is_judged_by_its_first_use
        a_sign_up_before_the_date_signs_in
    }
    assurance {
        a_sign_in_is_recorded_with_its_assurance_and_reasons
        a_session_keeps_the_facts_of_its_sign_in
        a_guard_may_require_a_level
        a_session_ends_by_the_limits_of_its_level
        the_policy_decides_which_keys_reach_aal3
    }
    registration {
        adding_requires_recent_verification_and_is_none
        nothing_in_a_request_loosens_a_policy
        conditional_create_works_if_the_policy_allows
        a_known_credential_is_not_registered_again
        a_user_has_no_more_passkeys_than_allowed
        a_trusted_attestation_of_a_bound_key_is_phrh
        attestation_objects_are_limited_to_16_kib
        no_attestation_object_is_stored_for_none
    }
    credentials {
        passkeys_are_listed_and_named
        a_credential_shows_what_is_known_of_it
        deleting_requires_recent_verification_and_keeps_the_last
        the_last_passkey_is_deleted_if_the_policy_allows
        another_users_passkey_is_unknown
        signals_list_the_accepted_passkeys
    }
    users {
        a_user_changes_the_display_name
        a_user_deleted_meanwhile_changes_no_name
        a_renamed_user_signs_in_under_the_new_name
        a_locked_user_is_signed_out_until_unlocked
        a_deleted_user_is_gone_with_sessions_and_passkeys
        a_session_of_a_user_without_a_row_is_not_signed_in
        users_and_passkeys_are_walked_page_by_page
    }
    enumeration {
        options_for_unknown_names_look_like_known_ones
        options_for_a_name_list_the_same_each_time
        known_and_unknown_names_make_the_same_calls
        known_and_unknown_names_fail_at_the_same_checks
        forged_responses_are_rejected_alike
        revealing_reasons_are_reported_as_signature_invalid
        an_unknown_credential_is_reported_without_a_username
        a_decoy_is_rejected_like_a_real_credential
        a_decoy_is_registered_already_like_a_real_credential
        guesses_of_credentials_are_limited_like_those_of_names
        decoys_follow_the_configured_profile
        no_list_is_sent_if_passkeys_must_be_discoverable
        a_decoy_in_a_session_is_rejected_like_a_foreign_passkey
        prf_results_are_never_stored_or_logged
    }
    cross_site {
        requests_from_other_sites_are_rejected
        websockets_of_other_sites_are_rejected
        configured_origins_and_native_clients_pass
        an_origin_of_a_switch_passes_only_as_same_origin
        a_front_end_on_another_host_works
        rejections_have_the_headers_of_every_response
        hsts_is_never_sent_for_localhost
        no_other_origin_receives_cors_headers
        the_appid_is_omitted_on_pages_of_other_domains
    }
    bearer {
        bearer_tokens_are_off_by_default
        a_client_without_origin_receives_a_bearer_token
        a_client_without_origin_signs_up_with_a_bearer_token
        an_authorization_header_makes_the_cookie_ignored
    }
    command_line {
        command_lines_are_off_by_default
        a_command_line_receives_a_bearer_session
        a_bearer_session_ages_is_listed_and_ends
        a_bearer_session_lives_a_working_day
        the_page_shows_who_asks_and_is_never_framed
        an_unknown_client_or_redirect_is_not_redirected
        other_errors_of_a_request_go_to_the_client
        confirming_takes_a_passkey_since_the_page_was_shown
        another_user_can_replace_a_first_factor
        a_session_that_has_to_verify_again_may_confirm
        a_confirmation_belongs_to_the_page_that_was_shown
    }
    token {
        the_second_use_of_a_code_ends_its_session
        a_second_use_during_the_first_ends_its_session_too
        a_code_is_bound_to_verifier_client_and_redirect
        a_bearer_session_begins_when_its_code_is_used
        a_bearer_session_steps_up_and_stays_one
        a_code_expires_after_a_minute
        a_second_use_ends_the_session_after_the_code_expired
        a_code_ends_with_what_it_was_confirmed_with
        a_session_that_ends_meanwhile_leaves_no_bearer_session
        a_passkey_deleted_meanwhile_leaves_no_bearer_session
        a_token_request_is_complete_and_not_from_a_page
        codes_and_tokens_are_neither_stored_nor_logged
        a_code_that_cannot_be_exchanged_opens_nothing
    }
    telemetry {
        reports_of_browsers_are_off_by_default
        a_report_of_a_browser_touches_no_store_and_no_event
    }
    cookies {
        cookies_follow_the_configured_origin
        cookies_on_localhost_have_neither_secure_nor_prefix
        cookies_in_frames_are_partitioned
        a_foreign_cookie_locks_no_one_out
        of_duplicate_cookies_the_first_well_formed_one_counts
    }
    requests {
        the_well_known_documents_are_served
        passkey_endpoints_that_are_not_set_are_404
        other_methods_are_405_and_head_is_get
        client_data_are_limited_to_4_kib
        bodies_are_json_of_limited_length
        events_name_session_address_and_request
        every_route_of_the_user_requires_a_session
        routes_are_under_the_chosen_prefix
        a_prefix_may_have_parameters_of_its_own
        only_the_named_routes_are_mounted
        the_browser_module_is_cached_by_its_hash
    }
    storage {
        a_sign_up_that_cannot_be_stored_leaves_nothing
        a_name_taken_meanwhile_leaves_no_session
        a_sign_in_that_cannot_be_stored_leaves_nothing
        a_step_up_that_cannot_be_stored_changes_nothing
        a_second_factor_that_cannot_be_stored_changes_nothing
        a_first_factor_that_cannot_be_stored_leaves_nothing
        a_passkey_that_cannot_be_stored_is_not_added
        every_call_that_fails_is_503_and_changes_nothing
        a_use_that_cannot_be_written_ends_no_session
        a_session_ends_though_the_store_fails
        a_sweep_that_fails_delays_no_one
    }
    separate_stores {
        a_deleted_passkey_ends_its_sessions_in_another_store
        a_session_that_ends_in_another_store_changes_nothing
        a_session_that_ends_writes_no_factor_in_another_store
        a_user_locked_in_another_store_changes_nothing
        a_deleted_user_is_gone_from_every_store
    }
    application {
        extractors_return_the_signed_in_user
        guards_check_their_requirements
        verified_results_are_those_of_the_routes
        an_application_signs_its_user_out
    }
}
