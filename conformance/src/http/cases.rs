//! The cases, one for each rule of the interface.

mod account;
mod application;
mod ceremonies;
mod cookies;
mod credentials;
mod masking;
mod registration;
mod requests;
mod sessions;
mod storage;

use rp_service::Policy;
use rp_service::http::Route;

use super::fixture::LOCALHOST;
use super::{Fixture, Setup, Site, Transcript};

/// Cases from a table, and a test of each: its name, the case, and the function that runs it.
macro_rules! cases {
    ($d:tt $($name:ident: $case:ident = $room:ident::$run:ident;)+) => {
        /// A rule of the interface; the names of the tests say which.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each has a sentence in the table that this is made from")]
        pub enum Case {
            $($case,)+
        }

        impl Case {
            /// Every case.
            pub const ALL: &[Self] = &[$(Self::$case,)+];

            /// Runs the case against a site with this fixture's service.
            ///
            /// # Panics
            /// Where the site answers otherwise than the interface says.
            pub async fn run<S: Site>(self, site: &S, fixture: &Fixture) -> Transcript {
                match self {
                    $(Self::$case => $room::$run(site, fixture).await,)+
                }
            }
        }

        /// A test of each case: `http_tests!(test, site)`, where `site` makes a `Site` of a `Fixture`, and
        /// `#[test]` is the framework's own attribute for asynchronous tests.
        #[macro_export]
        macro_rules! http_tests {
            ($d test:meta, $d site:expr) => {
                $(
                    #[$d test]
                    async fn $name() {
                        let case = $crate::http::Case::$case;
                        let fixture = $crate::http::Fixture::new(&case.setup());
                        let site = ($d site)(&fixture).await;
                        let _ = case.run(&site, &fixture).await;
                    }
                )+
            };
        }
    };
}

cases! { $
    an_account_is_opened_and_signed_in: OpeningAnAccount = account::opening;
    a_closed_sign_up_opens_nothing: SignUpClosed = account::sign_up_closed;
    a_name_that_is_taken_by_then_is_refused: UsernameTaken = account::username_taken;
    names_are_compared_without_case_and_width_and_have_64_characters: Usernames = account::usernames;
    guesses_of_names_are_bounded_with_a_time_to_come_back: TooManyRequests = account::too_many_requests;
    signing_in_with_and_without_a_username: SigningIn = account::signing_in;
    signing_out_works_signed_in_or_not: SigningOut = account::signing_out;
    an_application_that_asks_for_another_passkey_is_403: EnrolmentRequired = account::enrolment_required;
    an_unknown_username_looks_like_a_known_one: UnknownUsername = masking::unknown_username;
    a_forged_response_is_refused_alike_whoever_was_named: ForgedResponse = masking::forged_response;
    what_tells_of_an_account_goes_out_as_signature_invalid: MaskedReasons = masking::masked_reasons;
    without_a_username_an_unknown_credential_is_told: UnknownCredential = masking::unknown_credential;
    prf_results_are_dropped_and_never_stored_or_logged: PrfResults = masking::prf_results;
    a_ceremony_is_used_once_also_by_a_refused_response: UsedOnce = ceremonies::used_once;
    a_ceremony_expires_no_sooner_than_its_timeout: Expiry = ceremonies::expiry;
    several_ceremonies_are_pending_in_one_browser: SeveralPending = ceremonies::several_pending;
    a_ceremony_belongs_to_its_browser: AnotherBrowser = ceremonies::another_browser;
    a_ceremony_ends_under_the_account_that_began_it: AnotherAccount = ceremonies::another_account;
    a_step_up_never_changes_who_is_signed_in: StepUp = ceremonies::step_up;
    a_response_of_the_other_kind_has_no_ceremony: OtherKind = ceremonies::other_kind;
    a_session_gets_a_new_identifier_at_every_change: SessionIdentifiers = sessions::identifiers;
    an_answer_to_an_old_cookie_leaves_the_new_one_alone: OldCookie = sessions::old_cookie;
    a_session_whose_account_is_gone_ends: AccountGone = sessions::account_gone;
    adding_asks_for_a_fresh_verification_and_is_none: Adding = registration::adding;
    nothing_in_a_request_loosens_policy: LooseningNothing = registration::loosening_nothing;
    a_conditional_create_works_where_the_application_allows_it: ConditionalCreate = registration::conditional;
    a_credential_that_is_known_is_not_registered_again: CredentialExists = registration::credential_exists;
    an_account_holds_no_more_than_it_may: TooManyCredentials = registration::too_many;
    a_trusted_attestation_of_a_key_that_stays_is_phrh: TrustedAttestation = registration::trusted_attestation;
    credentials_are_listed_and_named: ListingAndNaming = credentials::listing_and_naming;
    a_credential_shows_what_is_known_of_it: CredentialMembers = credentials::members_of_one;
    deleting_asks_for_a_fresh_verification_and_keeps_the_last: Deleting = credentials::deleting;
    the_last_credential_goes_where_the_application_allows_it: DeletingTheLast = credentials::deleting_the_last;
    another_accounts_credential_is_not_there: ForeignCredential = credentials::foreign;
    signals_list_what_is_accepted: Signals = credentials::signals;
    the_well_known_documents_are_served: WellKnown = requests::well_known;
    passkey_endpoints_that_are_not_set_are_404: NoEndpoints = requests::no_endpoints;
    a_method_that_is_not_served_is_405_and_head_is_get: Methods = requests::methods;
    requests_from_other_sites_are_refused: CrossSite = requests::cross_site;
    bodies_are_json_and_bounded: Bodies = requests::bodies;
    nobody_signed_in_is_401: NotSignedIn = requests::not_signed_in;
    cookies_follow_the_configured_origin_and_no_header: HttpsCookies = cookies::https;
    cookies_on_localhost_have_neither_secure_nor_host: LocalhostCookies = cookies::localhost;
    cookies_in_frames_are_partitioned: FramedCookies = cookies::framed;
    a_sign_up_that_storage_fails_leaves_nothing: FailingSignUp = storage::sign_up;
    a_sign_in_that_storage_fails_moves_nothing: FailingSignIn = storage::sign_in;
    a_step_up_that_storage_fails_moves_nothing: FailingStepUp = storage::step_up;
    a_session_store_that_fails_is_503_and_signs_nobody_out: FailingStore = storage::sessions;
    what_is_done_is_answered_whatever_the_session_store_does_then: FailingAfterwards = storage::afterwards;
    routes_stand_under_the_prefix_that_the_application_chose: AnotherPrefix = application::another_prefix;
    only_the_routes_that_were_named_are_mounted: SomeRoutes = application::some_routes;
    extractors_give_who_is_signed_in_and_how_freshly: Extractors = application::extractors;
    extractors_verify_what_the_routes_verify: VerifiedExtractors = application::verified;
    extractors_refuse_other_sites_where_they_change_something: ExtractorsOfOtherSites = application::other_sites;
    what_an_application_keeps_stays_with_its_account: ApplicationsSession = application::session;
    an_application_ends_the_session_and_takes_the_cookie_away: ApplicationSignsOut = application::signs_out;
}

impl Case {
    /// What the case needs of its fixture.
    #[must_use]
    pub fn setup(self) -> Setup {
        let setup = Setup::default();
        let policy = setup.policy.clone();
        match self {
            Self::SignUpClosed => Setup { policy: Policy { sign_up: false, ..policy }, ..setup },
            Self::ConditionalCreate => {
                Setup { policy: Policy { conditional_create: true, ..policy }, ..setup }
            }
            Self::DeletingTheLast => {
                Setup { policy: Policy { allow_deleting_last: true, ..policy }, ..setup }
            }
            Self::TrustedAttestation => Setup { attestation: true, ..setup },
            Self::NoEndpoints => Setup { endpoints: false, ..setup },
            Self::FramedCookies => Setup { framed: true, ..setup },
            Self::LocalhostCookies => Setup { origin: LOCALHOST, ..setup },
            Self::AnotherPrefix => Setup { prefix: "/auth/passkeys", ..setup },
            Self::SomeRoutes => Setup { routes: vec![Route::AuthenticationOptions, Route::SignOut], ..setup },
            _ => setup,
        }
    }
}

/// Compares what two sites said in a case.
///
/// # Panics
/// Where they differ, with the first line that does.
#[expect(clippy::panic, reason = "a difference is a failed test")]
pub fn alike(case: Case, one: &Transcript, other: &Transcript) {
    for (at, (left, right)) in one.as_str().lines().zip(other.as_str().lines()).enumerate() {
        assert_eq!(left, right, "{case:?}, line {}", at.saturating_add(1));
    }
    if one.as_str().len() != other.as_str().len() {
        panic!("{case:?}: one transcript goes on where the other ends");
    }
}
