use rp_core::{Aaguid, Flags, UserHandle};
use serde_json::json;

use super::*;
use crate::policy::{Aal3Rules, Certification, Fips, ModelFacts};
use crate::session::{Client, SessionId, SessionKind, SessionState};

const MODEL: Aaguid = Aaguid::new([7; 16]);
const UP: u8 = Flags::USER_PRESENT;
const UV: u8 = Flags::USER_VERIFIED;

/// Hardware of a proven model, device-bound, certified.
fn hardware() -> Facts {
    let listed =
        ModelFacts { certification: Some(Certification::L2), fips: Some(Fips::L2), is_hardware: true };
    Facts { backup_eligible: Some(false), backed_up: false, model: Some((MODEL, listed)) }
}

#[derive(Clone, Copy)]
struct Facts {
    backup_eligible: Option<bool>,
    backed_up: bool,
    model: Option<(Aaguid, ModelFacts)>,
}

impl Facts {
    fn key(self, rules: &Aal3Rules) -> KeyFacts {
        KeyFacts::new(self.backup_eligible, self.backed_up, self.model, rules)
    }

    fn listed(mut self, change: impl FnOnce(&mut ModelFacts)) -> Self {
        change(&mut self.model.as_mut().unwrap().1);
        self
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn passkey(facts: Facts, flags: u8, uv_initialized: bool) -> VerifiedFactor {
    VerifiedFactor::passkey(facts.key(&Aal3Rules::default()), Flags::new(flags), uv_initialized, at(0))
}

fn other(method: Method) -> VerifiedFactor {
    VerifiedFactor::new(method, at(0))
}

fn session(factors: impl Into<Vec<VerifiedFactor>>) -> Session {
    Session {
        id: SessionId::from_bytes([1; 16]),
        user: UserHandle::try_from(&[1][..]).unwrap(),
        state: SessionState::SignedIn,
        kind: SessionKind::Browser,
        created_at: at(0),
        last_used_at: at(0),
        verified_at: at(0),
        expires_at: at(100_000),
        factors: factors.into(),
        credential: None,
        client: Client::default(),
        user_verification_required: false,
    }
}

fn reason(factors: impl Into<Vec<VerifiedFactor>>) -> String {
    Assurance::of(&session(factors)).aal_reason.to_string()
}

#[test]
fn each_level_has_its_reason() {
    let (password, totp) = (other(Method::Password), other(Method::Totp));
    let verified = |facts| passkey(facts, UP | UV, true);
    let touched = passkey(hardware(), UP, false);
    let synced = Facts { backup_eligible: Some(true), backed_up: true, ..hardware() };
    let aal3 = "AAL3: hardware of a proven model protects the key, FIDO certification L2, FIPS 140 level L2";
    for (factors, expected) in [
        (vec![], "AAL0, not AAL1: no factor was verified"),
        (vec![other(Method::RecoveryCode)], "AAL0, not AAL1: no factor was verified"),
        (vec![password.clone()], "AAL1, not AAL2: only a password was verified"),
        (
            vec![other(Method::Other("federated".into())), totp.clone()],
            "AAL1, not AAL2: no password and no user verification by a passkey",
        ),
        (vec![touched.clone()], "AAL1, not AAL2: the passkey did not verify its user"),
        (vec![passkey(hardware(), UP, true)], "AAL1, not AAL2: the passkey did not verify its user"),
        // Two things that the user has are one factor (section 2.2.1).
        (vec![totp.clone(), touched.clone()], "AAL1, not AAL2: the passkey did not verify its user"),
        (
            vec![passkey(hardware(), UP | UV, false)],
            "AAL1, not AAL2: no other factor has authorised the user verification of the passkey",
        ),
        (vec![password.clone(), totp.clone()], "AAL2, not AAL3: no passkey was used"),
        (
            vec![password.clone(), other(Method::Other("approval".into()))],
            "AAL2, not AAL3: no passkey was used",
        ),
        (vec![password.clone(), other(Method::Passkey)], "AAL2, not AAL3: the user was not present"),
        (vec![verified(synced)], "AAL2, not AAL3: the credential is synced"),
        (
            vec![verified(Facts { backed_up: false, ..synced })],
            "AAL2, not AAL3: the credential can be synced",
        ),
        (
            vec![verified(Facts { backup_eligible: None, ..hardware() })],
            "AAL2, not AAL3: it is not known whether the credential can be synced",
        ),
        (
            vec![verified(Facts { model: None, ..hardware() })],
            "AAL2, not AAL3: no trusted attestation proves the model",
        ),
        (
            vec![verified(hardware().listed(|listed| listed.is_hardware = false))],
            "AAL2, not AAL3: metadata do not list hardware key protection",
        ),
        (
            vec![verified(hardware().listed(|listed| listed.fips = None))],
            "AAL2, not AAL3: metadata do not list a FIPS 140 validation of the model, and the site requires L1",
        ),
        (vec![verified(hardware())], aal3),
        // A single-factor key in conjunction with a password (section 2.3.1).
        (vec![password, touched], aal3),
    ] {
        assert_eq!(reason(factors.clone()), expected, "{factors:?}");
    }
}

#[test]
fn the_site_decides_which_levels_aal3_requires() {
    let rules = |fips, certification| Aal3Rules { fips, certification };
    let below =
        |rules: &Aal3Rules, facts: Facts| facts.key(rules).below_aal3.map(|obstacle| obstacle.to_string());
    let nothing = hardware().listed(|listed| (listed.certification, listed.fips) = (None, None));
    assert_eq!(below(&rules(None, None), nothing), None);
    assert_eq!(
        below(&rules(None, Some(Certification::Functional)), nothing).unwrap(),
        "the model has no FIDO certification, and the site requires certified"
    );
    assert_eq!(
        below(&rules(None, Some(Certification::L3)), hardware()).unwrap(),
        "the model has FIDO certification L2, and the site requires L3"
    );
    assert_eq!(
        below(&rules(Some(Fips::L3), None), hardware()).unwrap(),
        "the model has FIPS 140 level L2, and the site requires L3"
    );
    assert_eq!(below(&rules(Some(Fips::L2), Some(Certification::L2)), hardware()), None);
}

#[test]
fn a_syncable_credential_is_never_aal3_or_phrh() {
    let password = other(Method::Password);
    for backup_eligible in [Some(true), None] {
        for backed_up in [false, true] {
            for rules in [Aal3Rules::default(), Aal3Rules { fips: None, ..Aal3Rules::default() }] {
                let key = Facts { backup_eligible, backed_up, ..hardware() }.key(&rules);
                assert_eq!(key.acr(), Acr::Phr);
                let factor = VerifiedFactor::passkey(key, Flags::new(UP | UV), true, at(0));
                for factors in [vec![factor.clone()], vec![password.clone(), factor]] {
                    assert_eq!(Assurance::of(&session(factors)).aal, 2);
                }
            }
        }
    }
}

#[test]
fn phrh_requires_a_proven_model_with_hardware_keys() {
    let of = |facts| {
        let assurance = Assurance::of(&session([passkey(facts, UP | UV, true)]));
        (assurance.acr, assurance.amr.contains(&Amr::Hwk), assurance.acr_reason.to_string())
    };
    let phr = |why: &str| (Some(Acr::Phr), false, format!("phr, not phrh: {why}"));
    let phrh = (Some(Acr::Phrh), true, "phrh: hardware of a proven model protects the key".to_owned());
    assert_eq!(of(hardware()), phrh);
    // Certification does not matter for it.
    assert_eq!(of(hardware().listed(|listed| (listed.certification, listed.fips) = (None, None))), phrh);
    assert_eq!(of(Facts { model: None, ..hardware() }), phr("no trusted attestation proves the model"));
    let software = hardware().listed(|listed| listed.is_hardware = false);
    assert_eq!(of(software), phr("metadata do not list hardware key protection"));
    let synced = Facts { backup_eligible: Some(true), ..hardware() };
    assert_eq!(of(synced), phr("the credential can be synced"));
    let password = Assurance::of(&session([other(Method::Password)]));
    assert_eq!(
        (password.acr, password.acr_reason.to_string().as_str()),
        (None, "no acr: no passkey was used")
    );
    let reported = Assurance::of(&session([other(Method::Passkey)]));
    assert_eq!(reported.acr_reason.to_string(), "no acr: nothing is known of the passkey");
}

#[test]
fn responses_show_the_values_without_the_reasons() {
    let of = |factors: Vec<VerifiedFactor>| serde_json::to_value(Assurance::of(&session(factors))).unwrap();
    assert_eq!(of(vec![other(Method::Password)]), json!({"aal": 1, "amr": ["pwd"]}));
    let factors = vec![other(Method::Password), passkey(hardware(), UP | UV, true)];
    assert_eq!(of(factors), json!({"aal": 3, "acr": "phrh", "amr": ["pwd", "hwk", "user", "mfa"]}));
}

#[test]
fn the_sentences_give_a_reason_for_each_value() {
    let synced = Facts { backup_eligible: Some(true), backed_up: true, model: None };
    let assurance = Assurance::of(&session([passkey(synced, UP | UV, true)]));
    assert_eq!(
        assurance.to_string(),
        "AAL2, not AAL3: the credential is synced; phr, not phrh: no trusted attestation proves the model; \
         pop: a passkey was used, and hardware protection of its key is not proven; \
         user: the user was present when the passkey was used; mfa: factors of two kinds were verified"
    );
}

#[test]
fn stored_factors_keep_the_facts_of_their_use() {
    let synced = Facts { backup_eligible: Some(true), backed_up: true, ..hardware() };
    for facts in [hardware(), synced, Facts { model: None, ..hardware() }] {
        let factor = passkey(facts, UP | UV, true);
        let stored = serde_json::to_string(&factor).unwrap();
        assert_eq!(serde_json::from_str::<VerifiedFactor>(&stored).unwrap(), factor, "{stored}");
    }
}

#[test]
fn a_requirement_of_a_level_is_met_by_recent_factors() {
    let with = |mut factor: VerifiedFactor, seconds| {
        factor.at = at(seconds);
        factor
    };
    let key = passkey(hardware(), UP | UV, true);
    let session = session([with(key, 0), with(other(Method::Password), 500), with(other(Method::Totp), 900)]);
    let meets = |requirement: Requirement, now| requirement.check(&session, at(now)).is_ok();
    assert!(meets(Requirement::aal(3), 1_000));
    assert!(!meets(Requirement::aal(4), 1_000), "no session reaches it");
    // The passkey at 0, the password at 500 and the one-time password at 900.
    let within = |aal, seconds| Requirement::aal(aal).within(std::time::Duration::from_secs(seconds));
    for (aal, oldest) in [(3, 0), (2, 500), (1, 900)] {
        assert!(meets(within(aal, 100), oldest + 100), "{aal}");
        assert!(!meets(within(aal, 100), oldest + 101), "{aal}");
    }
}

#[test]
fn what_a_level_lacks_is_what_a_page_can_request() {
    let missing = |aal, factors: Vec<VerifiedFactor>| {
        let requirement = Requirement::aal(aal);
        serde_json::to_value(requirement.check(&session(factors), at(0)).unwrap_err()).unwrap()
    };
    let (password, touched) = (other(Method::Password), passkey(hardware(), UP, false));
    assert_eq!(missing(2, vec![password.clone()]), json!({}), "any second factor");
    assert_eq!(missing(2, vec![touched]), json!({"userVerification": true}));
    assert_eq!(missing(3, vec![password]), json!({"acr": "phrh"}));
    let synced = Facts { backup_eligible: Some(true), ..hardware() };
    let expected = json!({"acr": "phrh", "userVerification": true});
    assert_eq!(missing(3, vec![passkey(synced, UP | UV, true)]), expected);
    // A passkey next to a password that is too old is not a second factor.
    let within = Requirement::aal(2).within(std::time::Duration::from_secs(100));
    let lacks =
        |now| serde_json::to_value(within.check(&session([other(Method::Password)]), at(now)).unwrap_err());
    assert_eq!(lacks(100).unwrap(), json!({"maxAge": 100}));
    assert_eq!(lacks(101).unwrap(), json!({"maxAge": 100, "userVerification": true}));
}

#[test]
fn a_level_is_as_old_as_the_verifications_that_reach_it() {
    let mut factors = [other(Method::Password), other(Method::Totp), passkey(hardware(), UP | UV, true)];
    for (factor, seconds) in factors.iter_mut().zip([300, 500, 100]) {
        factor.at = at(seconds);
    }
    let mut session = session(factors);
    let reached = |session: &Session| [1, 2, 3].map(|aal| Assurance::reached_at(session, aal));
    assert_eq!(reached(&session), [at(500), at(300), at(100)]);
    // Not earlier than the sign-in that they completed.
    session.created_at = at(400);
    assert_eq!(reached(&session), [at(500), at(400), at(400)]);
}
