//! The cases, one for each rule of the interface.

mod account;
mod ceremonies;
mod credentials;
mod requests;
mod sessions;

use super::{Fixture, Setup, Site, Transcript};

/// A rule of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Opening an account, its options and its answer.
    OpeningAnAccount,
    /// A closed sign-up opens nothing.
    SignUpClosed,
    /// A name that is taken by the time of the response.
    UsernameTaken,
    /// Signing in with a discoverable credential, and with a username.
    SigningIn,
    /// Options for names that nobody has cannot be told from those for names that somebody has.
    UnknownUsername,
    /// A forged response is refused alike, whoever was named.
    ForgedResponse,
    /// Without a username, an unknown credential is told.
    UnknownCredential,
    /// A ceremony is used once, also by a response that is refused.
    UsedOnce,
    /// A ceremony expires, no sooner than the timeout that was sent.
    Expiry,
    /// Several ceremonies are pending in one browser.
    SeveralPending,
    /// A ceremony belongs to its browser.
    AnotherBrowser,
    /// A ceremony that an account began ends under that account.
    AnotherAccount,
    /// A step-up never changes who is signed in.
    StepUp,
    /// Sessions get a new identifier at every sign-in, step-up and sign-out.
    SessionIdentifiers,
    /// Signing out, signed in or not.
    SigningOut,
    /// Adding asks for a fresh verification, and does not count as one.
    Adding,
    /// An account holds no more than it may.
    TooManyCredentials,
    /// Listing and naming.
    ListingAndNaming,
    /// Deleting asks for a fresh verification, and the last one stays.
    Deleting,
    /// Another account's credentials are not there.
    ForeignCredential,
    /// What the Signal methods are given.
    Signals,
    /// The well-known documents.
    WellKnown,
    /// Requests from other sites are refused.
    CrossSite,
    /// Bodies that are not JSON, or too large.
    Bodies,
    /// Nobody signed in.
    NotSignedIn,
    /// Cookies where cross-origin frames are accepted.
    FramedCookies,
    /// A session store that fails.
    FailingStore,
    /// Methods that a route does not serve.
    Methods,
    /// `passkey-endpoints` that are not set.
    NoEndpoints,
    /// An answer to a request with an old cookie leaves the new one alone.
    OldCookie,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 30] = [
        Self::OpeningAnAccount,
        Self::SignUpClosed,
        Self::UsernameTaken,
        Self::SigningIn,
        Self::UnknownUsername,
        Self::ForgedResponse,
        Self::UnknownCredential,
        Self::UsedOnce,
        Self::Expiry,
        Self::SeveralPending,
        Self::AnotherBrowser,
        Self::AnotherAccount,
        Self::StepUp,
        Self::SessionIdentifiers,
        Self::SigningOut,
        Self::Adding,
        Self::TooManyCredentials,
        Self::ListingAndNaming,
        Self::Deleting,
        Self::ForeignCredential,
        Self::Signals,
        Self::WellKnown,
        Self::CrossSite,
        Self::Bodies,
        Self::NotSignedIn,
        Self::FramedCookies,
        Self::FailingStore,
        Self::OldCookie,
        Self::Methods,
        Self::NoEndpoints,
    ];

    /// What the case needs of its fixture.
    #[must_use]
    pub fn setup(self) -> Setup {
        let setup = Setup::default();
        match self {
            Self::SignUpClosed => Setup { sign_up: false, ..setup },
            Self::NoEndpoints => Setup { endpoints: false, ..setup },
            Self::FramedCookies => Setup { framed: true, ..setup },
            _ => setup,
        }
    }

    /// Runs the case against a site with this fixture's service.
    ///
    /// # Panics
    /// Where the site answers otherwise than the interface says.
    pub async fn run<S: Site>(self, site: &S, fixture: &Fixture) -> Transcript {
        match self {
            Self::OpeningAnAccount => account::opening(site, fixture).await,
            Self::SignUpClosed => account::sign_up_closed(site, fixture).await,
            Self::UsernameTaken => account::username_taken(site, fixture).await,
            Self::SigningIn => account::signing_in(site, fixture).await,
            Self::UnknownUsername => account::unknown_username(site, fixture).await,
            Self::ForgedResponse => account::forged_response(site, fixture).await,
            Self::UnknownCredential => account::unknown_credential(site, fixture).await,
            Self::UsedOnce => ceremonies::used_once(site, fixture).await,
            Self::Expiry => ceremonies::expiry(site, fixture).await,
            Self::SeveralPending => ceremonies::several_pending(site, fixture).await,
            Self::AnotherBrowser => ceremonies::another_browser(site, fixture).await,
            Self::AnotherAccount => ceremonies::another_account(site, fixture).await,
            Self::StepUp => ceremonies::step_up(site, fixture).await,
            Self::SessionIdentifiers => ceremonies::session_identifiers(site, fixture).await,
            Self::SigningOut => account::signing_out(site, fixture).await,
            Self::Adding => credentials::adding(site, fixture).await,
            Self::TooManyCredentials => credentials::too_many(site, fixture).await,
            Self::ListingAndNaming => credentials::listing_and_naming(site, fixture).await,
            Self::Deleting => credentials::deleting(site, fixture).await,
            Self::ForeignCredential => credentials::foreign(site, fixture).await,
            Self::Signals => credentials::signals(site, fixture).await,
            Self::WellKnown => requests::well_known(site, fixture).await,
            Self::CrossSite => requests::cross_site(site, fixture).await,
            Self::Bodies => requests::bodies(site, fixture).await,
            Self::NotSignedIn => requests::not_signed_in(site, fixture).await,
            Self::FramedCookies => requests::framed_cookies(site, fixture).await,
            Self::FailingStore => sessions::failing_store(site, fixture).await,
            Self::OldCookie => sessions::old_cookie(site, fixture).await,
            Self::Methods => requests::methods(site, fixture).await,
            Self::NoEndpoints => requests::no_endpoints(site, fixture).await,
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

/// A test of each case: `http_tests!(site)`, where `site` makes a [`Site`] of a [`Fixture`], and `#[$test]` is the
/// framework's own attribute for asynchronous tests.
#[macro_export]
macro_rules! http_tests {
    ($test:meta, $site:expr) => {
        $crate::http_tests!(@ $test, $site,
            an_account_is_opened_and_signed_in: OpeningAnAccount,
            a_closed_sign_up_opens_nothing: SignUpClosed,
            a_name_that_is_taken_by_then_is_refused: UsernameTaken,
            signing_in_with_and_without_a_username: SigningIn,
            an_unknown_username_looks_like_a_known_one: UnknownUsername,
            a_forged_response_is_refused_alike_whoever_was_named: ForgedResponse,
            without_a_username_an_unknown_credential_is_told: UnknownCredential,
            a_ceremony_is_used_once_also_by_a_refused_response: UsedOnce,
            a_ceremony_expires_no_sooner_than_its_timeout: Expiry,
            several_ceremonies_are_pending_in_one_browser: SeveralPending,
            a_ceremony_belongs_to_its_browser: AnotherBrowser,
            a_ceremony_ends_under_the_account_that_began_it: AnotherAccount,
            a_step_up_never_changes_who_is_signed_in: StepUp,
            a_session_gets_a_new_identifier_at_every_change: SessionIdentifiers,
            signing_out_works_signed_in_or_not: SigningOut,
            adding_asks_for_a_fresh_verification_and_is_none: Adding,
            an_account_holds_no_more_than_it_may: TooManyCredentials,
            credentials_are_listed_and_named: ListingAndNaming,
            deleting_asks_for_a_fresh_verification_and_keeps_the_last: Deleting,
            another_accounts_credential_is_not_there: ForeignCredential,
            signals_list_what_is_accepted: Signals,
            the_well_known_documents_are_served: WellKnown,
            requests_from_other_sites_are_refused: CrossSite,
            bodies_are_json_and_bounded: Bodies,
            nobody_signed_in_is_401: NotSignedIn,
            cookies_in_frames_are_partitioned: FramedCookies,
            a_session_store_that_fails_is_503_and_signs_nobody_out: FailingStore,
            an_answer_to_an_old_cookie_leaves_the_new_one_alone: OldCookie,
            a_method_that_is_not_served_is_405_and_head_is_get: Methods,
            passkey_endpoints_that_are_not_set_are_404: NoEndpoints,
        );
    };
    (@ $test:meta, $site:expr, $($name:ident: $case:ident,)+) => {
        $(
            #[$test]
            async fn $name() {
                let case = $crate::http::Case::$case;
                let fixture = $crate::http::Fixture::new(&case.setup());
                let site = ($site)(&fixture).await;
                let _ = case.run(&site, &fixture).await;
            }
        )+
    };
}
