#![expect(clippy::arithmetic_side_effects, reason = "sums of small constants")]

mod several_factors;

use std::fmt::Write;

use rp_core::Algorithm;
use time::macros::datetime;

use super::*;
use crate::policy::passkey::ModelFacts;
use crate::policy::rules::{Certification, Fips, PasskeyRules, Reauthentication};

/// The deadline of the rule `required-from`: 14 days after 2027-01-15.
const BY: Timestamp = Timestamp::from_unix_seconds(datetime!(2027-01-29 00:00 UTC).unix_timestamp());

/// The first and the last second of each phase of `required-from`.
const TIMES: [Timestamp; 6] = [
    Timestamp::from_unix_seconds(datetime!(2026-12-15 23:59:59 UTC).unix_timestamp()),
    Timestamp::from_unix_seconds(datetime!(2026-12-16 00:00 UTC).unix_timestamp()),
    Timestamp::from_unix_seconds(datetime!(2027-01-14 23:59:59 UTC).unix_timestamp()),
    Timestamp::from_unix_seconds(datetime!(2027-01-15 00:00 UTC).unix_timestamp()),
    Timestamp::from_unix_seconds(BY.as_unix_seconds() - 1),
    BY,
];

/// Every rule, and its name in the table. A rule of other members can be combined with it.
const RULES: [(&str, &str); 23] = [
    ("never", "second_factor = 'never'"),
    ("optional", "second_factor = 'optional'"),
    ("required", "second_factor = 'required'"),
    (
        "required-from",
        "second_factor = 'required'\nenrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }",
    ),
    ("from", "enrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }"),
    ("factors-passkey", "factors = 'passkey'"),
    ("factors-totp", "factors = ['totp', 'recovery-codes']"),
    ("most", "passkeys.most = 1"),
    ("attachment", "passkeys.attachment = 'cross-platform'"),
    ("device-bound", "passkeys.device_bound = true"),
    ("synced", "passkeys.synced = true"),
    ("user-verification", "passkeys.user_verification = 'required'"),
    ("trusted", "passkeys.attestation = 'trusted'"),
    ("certification", "passkeys.certification = 'L2'"),
    ("fips", "passkeys.fips = 'L1'"),
    ("hardware", "passkeys.hardware = true"),
    ("models", "passkeys.models = 'a1000000-0000-4000-8000-000000000001'"),
    ("algorithms", "passkeys.algorithms = 'ES256'"),
    ("resident-key", "passkeys.resident_key = 'required'"),
    ("changed-at-sign-in", "reauthenticate.at_sign_in = 'changed-context'"),
    ("after-12-hours", "reauthenticate.after = '12h'"),
    ("changed-context", "reauthenticate.on_changed_context = true"),
    ("recovery-signs-in", "after_recovery = 'sign-in'"),
];

fn synced() -> PasskeyFacts {
    PasskeyFacts {
        backup_eligible: Some(true),
        uv_initialized: true,
        algorithm: Some(Algorithm::Es256),
        ..PasskeyFacts::default()
    }
}

fn security_key() -> PasskeyFacts {
    PasskeyFacts {
        backup_eligible: Some(false),
        trusted: true,
        model: Some("a1000000-0000-4000-8000-000000000001".parse().unwrap()),
        listed: ModelFacts {
            certification: Some(Certification::L2),
            fips: Some(Fips::L1),
            is_hardware: true,
        },
        ..synced()
    }
}

fn key(passkey: PasskeyFacts, user_verified: bool) -> VerifiedMethod {
    VerifiedMethod::Passkey { passkey, user_verified }
}

fn totp() -> VerifiedMethod {
    VerifiedMethod::Other(FactorName::TOTP)
}

/// A user, a session and the name of the scenario.
struct Scenario {
    name: &'static str,
    subject: Subject,
    verified: Vec<VerifiedMethod>,
    hours_ago: i64,
    is_context_known: bool,
    has_context_changed: bool,
}

impl Scenario {
    fn new(name: &'static str, passkeys: &[PasskeyFacts], factors: &[FactorName]) -> Self {
        let subject = Subject {
            passkeys: passkeys.into(),
            factors: factors.iter().cloned().collect(),
            ..Subject::default()
        };
        let verified = vec![VerifiedMethod::Password];
        Self { name, subject, verified, hours_ago: 0, is_context_known: false, has_context_changed: false }
    }

    fn verified(self, verified: impl Into<Vec<VerifiedMethod>>) -> Self {
        Self { verified: verified.into(), ..self }
    }

    fn all() -> Vec<Self> {
        let codes = [FactorName::TOTP, FactorName::RECOVERY_CODES];
        let (key_owner, key_used) = ([security_key()], [key(security_key(), true)]);
        let new = Self::new;
        vec![
            new("nothing enrolled, password", &[], &[]),
            new("synced passkey, password", &[synced()], &[]),
            new("synced passkey, used", &[synced()], &[]).verified([key(synced(), true)]),
            new("security key, used", &key_owner, &[]).verified(key_used.clone()),
            new("security key, used without UV", &key_owner, &[]).verified([key(security_key(), false)]),
            new("security key, password and it without UV", &key_owner, &[])
                .verified([VerifiedMethod::Password, key(security_key(), false)]),
            new("TOTP, password", &[], &[FactorName::TOTP]),
            new("TOTP, password and TOTP", &[], &[FactorName::TOTP])
                .verified([VerifiedMethod::Password, totp()]),
            new("TOTP, password and recovery code", &[], &codes)
                .verified([VerifiedMethod::Password, VerifiedMethod::RecoveryCode]),
            new("security key, recovery code alone", &key_owner, &[FactorName::RECOVERY_CODES])
                .verified([VerifiedMethod::RecoveryCode]),
            Self {
                hours_ago: 13,
                ..new("security key, used 13 hours ago", &key_owner, &[]).verified(key_used.clone())
            },
            Self {
                has_context_changed: true,
                ..new("security key, context changed", &key_owner, &[]).verified(key_used)
            },
            Self {
                is_context_known: true,
                ..new("TOTP, password in a known context", &[], &[FactorName::TOTP])
            },
        ]
    }

    fn decide(&self, policy: &Policy, now: Timestamp) -> Decision {
        let at = Timestamp::from_unix_seconds(now.as_unix_seconds() - self.hours_ago * 3_600);
        let session = SessionFacts {
            verified: self.verified.iter().cloned().map(|factor| Verified { factor, at }).collect(),
            is_context_known: self.is_context_known,
            has_context_changed: self.has_context_changed,
        };
        policy.decide(&self.subject, &session, now)
    }
}

fn policy(rules: &str) -> Policy {
    Policy::from_toml(&format!("[default]\n{rules}")).unwrap()
}

/// One letter; in lower case with a reminder.
fn letter(decision: &Decision) -> char {
    let letter = match &decision.access {
        Access::SignedIn { offered } if offered.is_empty() => 'S',
        Access::SignedIn { .. } => 'O',
        Access::SecondFactor(_) => 'F',
        Access::Reauthenticate { .. } => 'R',
        Access::Enrol => 'E',
        Access::Nothing => 'N',
    };
    if decision.reminder.is_some() { letter.to_ascii_lowercase() } else { letter }
}

/// A line of the table: for each time, a letter for each scenario; times of the same letters together.
fn line(name: &str, rules: &str) -> String {
    let (policy, scenarios) = (policy(rules), Scenario::all());
    let mut columns: Vec<String> =
        TIMES.map(|now| scenarios.iter().map(|one| letter(&one.decide(&policy, now))).collect()).into();
    columns.dedup();
    format!("{name}: {}\n", columns.join(" "))
}

/// The names of all members of a set of rules. With a new member it does not compile until the member is added.
macro_rules! members {
    ($type:ident, $prefix:literal, $($member:ident)+) => {{
        let $type { $($member: _,)+ } = $type::default();
        vec![$(concat!($prefix, stringify!($member))),+]
    }};
}

#[test]
fn every_member_of_the_rules_is_in_the_table() {
    let members = [
        members!(Rules, "", second_factor factors passkeys enrol reauthenticate after_recovery),
        members!(
            PasskeyRules, "passkeys.",
            most device_bound synced user_verification resident_key attachment attestation certification fips hardware
            models algorithms
        ),
        members!(Reauthentication, "reauthenticate.", at_sign_in after on_changed_context),
    ];
    for member in members.concat() {
        let is_of_it =
            |rule: &str| rule.starts_with(&format!("{member} =")) || rule.starts_with(&format!("{member}."));
        assert!(RULES.iter().any(|(_, rules)| rules.lines().any(is_of_it)), "{member}");
    }
}

#[test]
fn every_rule_alone_and_in_pairs_decides_as_in_the_table() {
    let mut table = String::from(
        "# What a session may do under each rule, and under each pair of rules of different members.\n\
         # A letter for each scenario: S signed in, O signed in and a second factor offered, F second factor, R verify again,\n\
         # E enrol, N nothing; in lower case with a reminder. Times of the same outcome are one column.\n#\n",
    );
    for (number, scenario) in Scenario::all().iter().enumerate() {
        let _ = writeln!(table, "# {}. {}", number + 1, scenario.name);
    }
    table += &line("\ndefault", "");
    for (name, rule) in RULES {
        table += &line(name, rule);
    }
    for (place, (name, rule)) in RULES.iter().enumerate() {
        for (other, others) in &RULES[place + 1..] {
            let members = |rules: &'static str| rules.lines().map(|rule| rule.split(' ').next().unwrap());
            if members(rule).all(|member| members(others).all(|other| other != member)) {
                table += &line(&format!("{name} + {other}"), &format!("{others}\n{rule}"));
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/decisions.txt");
    if std::env::var_os("UPDATE_DECISIONS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (line, expected) in table.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(table.lines().count(), expected.lines().count());
}

/// Decides a scenario on the day after the deadline.
fn decided(rules: &str, scenario: &str) -> (Access, String) {
    let scenarios = Scenario::all();
    let scenario = scenarios.iter().find(|one| one.name == scenario).unwrap();
    let decision = scenario.decide(&policy(rules), BY);
    (decision.access, decision.reason.to_string())
}

#[test]
fn each_outcome_has_its_reason() {
    let signed_in = || Access::SignedIn { offered: vec![] };
    let second = |factors: &[FactorName]| Access::SecondFactor(factors.into());
    for (rules, scenario, access, reason) in [
        ("", "nothing enrolled, password", signed_in(), "the user has no second factor"),
        ("", "synced passkey, password", second(&[FactorName::PASSKEY]), "a second factor is required"),
        ("", "synced passkey, used", signed_in(), "a passkey was used"),
        ("", "TOTP, password and TOTP", signed_in(), "a second factor was verified"),
        ("", "TOTP, password and recovery code", Access::Enrol, "a recovery code allows enrolment only"),
        ("second_factor = 'never'", "TOTP, password", signed_in(), "no second factor is required"),
        (
            "second_factor = 'optional'",
            "TOTP, password",
            Access::SignedIn { offered: vec![FactorName::TOTP] },
            "the second factor can be skipped",
        ),
        (
            "second_factor = 'required'",
            "nothing enrolled, password",
            Access::Enrol,
            "a factor is required that the user has not enrolled",
        ),
        (
            "second_factor = 'required'",
            "security key, used without UV",
            second(&[FactorName::PASSKEY]),
            "a second factor is required",
        ),
        (
            "passkeys.device_bound = true",
            "synced passkey, used",
            Access::Enrol,
            "the policy requires a device-bound passkey",
        ),
        // The factor that the user has is asked for before another one can be enrolled.
        ("factors = 'passkey'", "TOTP, password", second(&[FactorName::TOTP]), "a second factor is required"),
        (
            "factors = 'passkey'",
            "TOTP, password and TOTP",
            Access::Enrol,
            "the verified factor is not accepted",
        ),
        (
            "factors = 'passkey'",
            "security key, recovery code alone",
            Access::Nothing,
            "no factor was verified",
        ),
        (
            "reauthenticate.after = '12h'",
            "security key, used 13 hours ago",
            Access::Reauthenticate { after: MaxAge::After(std::time::Duration::from_hours(12)) },
            "the last verification is older than 43200 seconds",
        ),
        (
            "reauthenticate.on_changed_context = true",
            "security key, context changed",
            Access::Reauthenticate { after: MaxAge::Never },
            "the context of the session has changed",
        ),
        (
            "reauthenticate.at_sign_in = 'changed-context'",
            "TOTP, password in a known context",
            signed_in(),
            "a second factor was verified in this context before",
        ),
        (
            "second_factor = 'required'\nfactors = []",
            "security key, used",
            Access::Nothing,
            "no factor is accepted",
        ),
        (
            "passkeys = { device_bound = true, synced = true }",
            "security key, used",
            Access::Nothing,
            "a passkey cannot be both device_bound and synced",
        ),
    ] {
        assert_eq!(decided(rules, scenario), (access, reason.to_owned()), "{rules}: {scenario}");
    }
}

#[test]
fn recovery_codes_are_offered_next_to_the_factor_they_replace() {
    let codes = [FactorName::TOTP, FactorName::RECOVERY_CODES];
    let scenario = Scenario::new("codes", &[synced()], &codes);
    let second = |rules: &str| match scenario.decide(&policy(rules), BY).access {
        Access::SecondFactor(factors) => factors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        access => panic!("{access:?}"),
    };
    assert_eq!(second(""), ["passkey", "recovery-codes", "totp"]);
    assert_eq!(second("factors = ['totp', 'recovery-codes']"), ["recovery-codes", "totp"]);
    assert_eq!(second("factors = ['totp']"), ["totp"]);
}

#[test]
fn a_factor_used_as_the_first_one_is_no_second_one() {
    // A one-time password that stands alone.
    let scenario = Scenario::new("alone", &[], &[FactorName::TOTP]).verified([totp()]);
    let decision = scenario.decide(&policy("second_factor = 'required'"), BY);
    assert_eq!(decision.access, Access::Enrol);
}

#[test]
fn a_known_context_replaces_no_factor_that_does_not_count() {
    let codes = [FactorName::TOTP, FactorName::RECOVERY_CODES];
    let password = VerifiedMethod::Password;
    for (rules, used) in [
        ("passkeys = { hardware = true, user_verification = 'required' }", key(synced(), false)),
        ("factors = 'totp'", VerifiedMethod::RecoveryCode),
    ] {
        let policy = policy(&format!("{rules}\nreauthenticate.at_sign_in = 'changed-context'"));
        let scenario = |verified: Vec<VerifiedMethod>| Scenario {
            is_context_known: true,
            ..Scenario::new("known", &[], &codes).verified(verified)
        };
        let access = scenario(vec![password.clone(), used]).decide(&policy, BY).access;
        assert!(matches!(access, Access::SecondFactor(_)), "{rules}: {access:?}");
        assert!(scenario(vec![password.clone()]).decide(&policy, BY).access.is_signed_in(), "{rules}");
    }
}

#[test]
fn the_age_is_exceeded_one_second_after_its_limit() {
    let policy = policy("reauthenticate.after = '12h'");
    let subject = Subject { passkeys: vec![synced()], ..Subject::default() };
    let used = Verified { factor: key(synced(), true), at: BY };
    let session = SessionFacts { verified: vec![used], ..SessionFacts::default() };
    let access = |seconds| policy.decide(&subject, &session, Timestamp::from_unix_seconds(seconds)).access;
    let limit = BY.as_unix_seconds() + 12 * 3_600;
    assert!(access(limit).is_signed_in());
    assert!(matches!(access(limit + 1), Access::Reauthenticate { .. }));
}

#[test]
fn the_grace_of_a_group_starts_when_its_user_joins() {
    let policy = Policy::from_toml(
        "[group.administrators]\nsecond_factor = 'required'\n\
         enrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }",
    )
    .unwrap();
    let decide = |since: Option<Timestamp>, now: Timestamp| {
        let groups = vec![Membership { group: "administrators".into(), since }];
        let subject = Subject { groups, ..Subject::default() };
        let password = Verified { factor: VerifiedMethod::Password, at: now };
        let session = SessionFacts { verified: vec![password], ..SessionFacts::default() };
        policy.decide(&subject, &session, now)
    };
    let group = Some("administrators".to_owned());
    let reminder = |by, in_grace| Some(Reminder { group: group.clone(), by, in_grace });
    let day = |day: i64| Timestamp::from_unix_seconds(BY.as_unix_seconds() + day * 86_400);
    assert_eq!(decide(None, TIMES[1]).reminder, reminder(BY, false));
    assert_eq!(decide(None, TIMES[3]).reminder, reminder(BY, true));
    let required = decide(None, BY);
    assert_eq!((required.access, required.reminder), (Access::Enrol, None));
    let reason = "group \"administrators\" requires a factor that the user has not enrolled";
    assert_eq!(required.reason.to_string(), reason);
    // Joined on the day of the deadline: 14 days more.
    let joined = Some(day(0).saturating_add(std::time::Duration::from_secs(86_399)));
    let in_grace = decide(joined, day(13));
    assert!(in_grace.access.is_signed_in());
    assert_eq!(in_grace.reminder, reminder(day(14), true));
    assert_eq!(decide(joined, day(14)).access, Access::Enrol);
}

#[test]
fn the_rules_of_everyone_apply_until_the_period_of_a_group_ends() {
    let policy = Policy::from_toml(
        "[default]\nsecond_factor = 'required'\nfactors = ['passkey']\npasskeys.synced = true\n\
         [group.administrators]\nfactors = ['totp', 'passkey']\npasskeys = { synced = false, device_bound = true }\n\
         enrol = { from = 2027-01-15, grace_days = 14 }\n\
         [group.guests]\nsecond_factor = 'optional'\nenrol = { from = 2027-01-15 }",
    )
    .unwrap();
    let decide = |group: &str, factors: &[FactorName], methods: &[VerifiedMethod]| {
        let groups = vec![Membership { group: group.into(), since: None }];
        let subject = Subject { groups, factors: factors.iter().cloned().collect(), ..Subject::default() };
        let verified = |factor: &VerifiedMethod| Verified { factor: factor.clone(), at: TIMES[0] };
        [TIMES[0], BY].map(|now| {
            let verified = methods.iter().map(verified).collect();
            let session = SessionFacts { verified, ..SessionFacts::default() };
            policy.decide(&subject, &session, now).access
        })
    };
    let password = VerifiedMethod::Password;
    let signed_in = || Access::SignedIn { offered: Vec::new() };
    // A future date does not switch off that everyone needs a second factor.
    assert_eq!(
        decide("administrators", &[], std::slice::from_ref(&password)),
        [Access::Enrol, Access::Enrol]
    );
    // A passkey that either accepts is accepted: the group's own rules are never an obstacle before the date.
    let of_totp = decide("administrators", &[FactorName::TOTP], &[password.clone(), totp()]);
    assert_eq!(of_totp, [signed_in(), signed_in()]);
    assert_eq!(decide("administrators", &[], &[key(synced(), true)]), [signed_in(), Access::Enrol]);
    assert_eq!(decide("administrators", &[], &[key(security_key(), true)]), [signed_in(), signed_in()]);
    // Looser rules of a group apply at once.
    assert_eq!(decide("guests", &[], &[password]), [signed_in(), signed_in()]);
}

#[test]
fn a_group_is_reminded_of_the_period_of_everyone_before_its_own() {
    let policy = Policy::from_toml(
        "[default]\nsecond_factor = 'required'\nenrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }\n\
         [group.staff]\npasskeys.device_bound = true\nenrol = { from = 2027-06-01, remind_days = 200 }",
    )
    .unwrap();
    let reminder = |passkeys: Vec<PasskeyFacts>, now| {
        let groups = vec![Membership { group: "staff".into(), since: None }];
        let subject = Subject { groups, passkeys, ..Subject::default() };
        let password = Verified { factor: VerifiedMethod::Password, at: now };
        let session = SessionFacts { verified: vec![password], ..SessionFacts::default() };
        let decision = policy.decide(&subject, &session, now);
        decision.reminder.map(|reminder| (reminder.group, reminder.by))
    };
    let june = Timestamp::from(time::macros::date!(2027 - 06 - 01));
    assert_eq!(reminder(vec![], TIMES[3]), Some((None, BY)));
    // A synced passkey is enough until June.
    assert_eq!(reminder(vec![synced()], TIMES[3]), Some((Some("staff".into()), june)));
    assert_eq!(reminder(vec![security_key()], TIMES[3]), None);
    assert_eq!(reminder(vec![], BY), Some((Some("staff".into()), june)));
}

#[test]
fn a_user_who_has_the_factor_is_not_reminded() {
    let policy = policy(
        "second_factor = 'required'\npasskeys.device_bound = true\n\
         enrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }",
    );
    let reminded = |passkey| {
        let scenario = Scenario::new("", &[passkey], &[]).verified([key(passkey, true)]);
        let decision = scenario.decide(&policy, TIMES[1]);
        assert!(decision.access.is_signed_in());
        decision.reminder.is_some()
    };
    assert!(!reminded(security_key()));
    assert!(reminded(synced()), "a synced passkey will not be accepted");
}

#[test]
fn groups_without_rules_do_not_count() {
    let policy = Policy::from_toml(
        "[default]\nsecond_factor = 'required'\n[group.guests]\nsecond_factor = 'never'\n\
         [group.staff]\npasskeys.most = 2",
    )
    .unwrap();
    let rules = |groups: &[&str]| {
        let groups: Vec<_> =
            groups.iter().map(|group| Membership { group: (*group).into(), since: None }).collect();
        let rules = policy.rules(&groups);
        (rules.second_factor, rules.passkeys.most)
    };
    assert_eq!(rules(&[]), (SecondFactorPolicy::Required, 8));
    assert_eq!(rules(&["unknown"]), (SecondFactorPolicy::Required, 8));
    assert_eq!(rules(&["guests", "unknown"]), (SecondFactorPolicy::Never, 8));
    assert_eq!(rules(&["guests", "staff"]), (SecondFactorPolicy::Required, 2));
}
