//! Properties of rules and decisions, over generated policies, users, sessions and times.
#![expect(clippy::arithmetic_side_effects, reason = "sums of small constants")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use rp_core::{Aaguid, Algorithm, Timestamp};

use super::*;
use crate::factor_name::FactorName;

const MODELS: [Aaguid; 2] = [Aaguid::new([1; 16]), Aaguid::new([2; 16])];
const FACTORS: [FactorName; 3] = [FactorName::PASSKEY, FactorName::TOTP, FactorName::RECOVERY_CODES];
const FROM: time::Date = time::macros::date!(2027 - 01 - 15);

fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

fn allowed<T: Ord + Clone + std::fmt::Debug + 'static>(
    values: &[T],
) -> impl Strategy<Value = Allowed<T>> + use<T> {
    let some = prop::sample::subsequence(values.to_vec(), 0..=values.len()).prop_map(Allowed::only);
    prop_oneof![2 => Just(Allowed::Any), 1 => some]
}

fn passkey_rules() -> impl Strategy<Value = PasskeyRules> {
    let preference = || one_of(&[Preference::Discouraged, Preference::Preferred, Preference::Required]);
    let rarely = || prop::bool::weighted(0.2);
    let certification = prop::option::weighted(0.2, one_of(&[Certification::L1, Certification::L2]));
    let fips = prop::option::weighted(0.2, one_of(&[Fips::L1, Fips::L2]));
    let lists = (
        allowed(&[Attachment::Platform, Attachment::CrossPlatform]),
        allowed(&MODELS),
        allowed(&[Algorithm::Es256, Algorithm::Rs256]),
    );
    let attestation = one_of(&[AttestationRule::Any, AttestationRule::Trusted]);
    let bools = (rarely(), rarely(), rarely());
    ((0..4_usize, bools, preference(), preference()), (lists, attestation, certification, fips)).prop_map(
        |((most, (device_bound, synced, hardware), user_verification, resident_key), rest)| {
            let ((attachment, models, algorithms), attestation, certification, fips) = rest;
            PasskeyRules {
                most,
                device_bound,
                synced,
                user_verification,
                resident_key,
                attachment,
                attestation,
                certification,
                fips,
                hardware,
                models,
                algorithms,
            }
        },
    )
}

fn enrolment() -> impl Strategy<Value = EnrolmentPeriod> {
    (-2..3_i64, 0..3_u16, 0..3_u16).prop_map(|(day, grace_days, remind_days)| {
        let from = UtcDate(FROM.saturating_add(time::Duration::days(day)));
        EnrolmentPeriod { from, grace_days, remind_days }
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    use SecondFactorPolicy::{Never, Optional, Required, WhereEnrolled};
    let second_factor = one_of(&[Never, Optional, WhereEnrolled, Required]);
    let reauthenticate = (
        one_of(&[SecondFactorPrompt::ChangedContext, SecondFactorPrompt::Always]),
        one_of(&[
            MaxAge::Never,
            MaxAge::After(Duration::from_hours(1)),
            MaxAge::After(Duration::from_hours(30)),
        ]),
        prop::bool::weighted(0.3),
    );
    let after_recovery = one_of(&[AfterRecovery::SignIn, AfterRecovery::EnrolOnly]);
    let enrol = prop::option::weighted(0.4, enrolment());
    (second_factor, allowed(&FACTORS), passkey_rules(), enrol, reauthenticate, after_recovery).prop_map(
        |(
            second_factor,
            factors,
            passkeys,
            enrol,
            (at_sign_in, after, on_changed_context),
            after_recovery,
        )| {
            let reauthenticate = Reauthentication { at_sign_in, after, on_changed_context };
            Rules { second_factor, factors, passkeys, enrol, reauthenticate, after_recovery }
        },
    )
}

fn passkey() -> impl Strategy<Value = PasskeyFacts> {
    let listed = (
        prop::option::of(one_of(&[Certification::L1, Certification::L2])),
        prop::option::of(one_of(&[Fips::L1, Fips::L2])),
        any::<bool>(),
    )
        .prop_map(|(certification, fips, is_hardware)| ModelFacts { certification, fips, is_hardware });
    let algorithm = prop::option::weighted(0.9, one_of(&[Algorithm::Es256, Algorithm::Rs256]));
    let model = prop::option::of(one_of(&MODELS));
    let reported = (
        prop::option::of(one_of(&[Attachment::Platform, Attachment::CrossPlatform])),
        prop::option::of(any::<bool>()),
    );
    let backup_eligible = prop::option::of(any::<bool>());
    (backup_eligible, any::<bool>(), algorithm, any::<bool>(), model, listed, reported).prop_map(
        |(backup_eligible, uv_initialized, algorithm, trusted, model, listed, (attachment, discoverable))| {
            PasskeyFacts {
                backup_eligible,
                uv_initialized,
                algorithm,
                trusted,
                model,
                listed,
                attachment,
                discoverable,
            }
        },
    )
}

fn subject() -> impl Strategy<Value = Subject> {
    let factors = prop::sample::subsequence(FACTORS[1..].to_vec(), 0..=2);
    (prop::collection::vec(passkey(), 0..3), factors).prop_map(|(passkeys, factors)| Subject {
        passkeys,
        factors: factors.into_iter().collect(),
        ..Subject::default()
    })
}

fn session() -> impl Strategy<Value = SessionFacts> {
    let method = prop_oneof![
        Just(VerifiedMethod::Password),
        (passkey(), any::<bool>())
            .prop_map(|(passkey, user_verified)| VerifiedMethod::Passkey { passkey, user_verified }),
        Just(VerifiedMethod::RecoveryCode),
        Just(VerifiedMethod::Other(FactorName::TOTP)),
    ];
    let verified = (method, 0..40_i64).prop_map(|(factor, hours)| Verified {
        factor,
        at: Timestamp::from_unix_seconds(Timestamp::from(FROM).as_unix_seconds() - hours * 3_600),
    });
    (prop::collection::vec(verified, 0..3), any::<bool>(), any::<bool>()).prop_map(
        |(mut verified, is_context_known, has_context_changed)| {
            // Each method once.
            let mut seen = BTreeSet::new();
            verified.retain(|one| {
                seen.insert(match &one.factor {
                    VerifiedMethod::Password => 0,
                    VerifiedMethod::Passkey { .. } => 1,
                    VerifiedMethod::RecoveryCode => 2,
                    VerifiedMethod::Other(_) => 3,
                })
            });
            SessionFacts { verified, is_context_known, has_context_changed }
        },
    )
}

/// Around the dates of the generated enrolments, at their boundaries and between.
fn now() -> impl Strategy<Value = Timestamp> {
    (-6..8_i64, -1..2_i64).prop_map(|(day, second)| {
        Timestamp::from_unix_seconds(Timestamp::from(FROM).as_unix_seconds() + day * 86_400 + second)
    })
}

/// A policy with these groups, and a user who is in all of them.
fn of_groups(groups: &[(Rules, Option<Timestamp>)], subject: &Subject) -> (Policy, Subject) {
    let mut policy = Policy::default();
    let mut subject = subject.clone();
    for (number, (rules, since)) in groups.iter().enumerate() {
        let group = number.to_string();
        policy.group.insert(group.clone(), all_members(rules));
        subject.groups.push(Membership { group, since: *since });
    }
    (policy, subject)
}

/// An override of every member.
fn all_members(rules: &Rules) -> RulesOverride {
    let (passkeys, again) = (rules.passkeys.clone(), rules.reauthenticate.clone());
    RulesOverride {
        second_factor: Some(rules.second_factor),
        factors: Some(rules.factors.clone()),
        passkeys: PasskeyRulesOverride {
            most: Some(passkeys.most),
            device_bound: Some(passkeys.device_bound),
            synced: Some(passkeys.synced),
            user_verification: Some(passkeys.user_verification),
            resident_key: Some(passkeys.resident_key),
            attachment: Some(passkeys.attachment),
            attestation: Some(passkeys.attestation),
            certification: Some(passkeys.certification),
            fips: Some(passkeys.fips),
            hardware: Some(passkeys.hardware),
            models: Some(passkeys.models),
            algorithms: Some(passkeys.algorithms),
        },
        enrol: Some(rules.enrol),
        reauthenticate: ReauthenticationOverride {
            at_sign_in: Some(again.at_sign_in),
            after: Some(again.after),
            on_changed_context: Some(again.on_changed_context),
        },
        after_recovery: Some(rules.after_recovery),
    }
}

fn group() -> impl Strategy<Value = (Rules, Option<Timestamp>)> {
    (rules(), prop::option::of(now()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_additional_requirement_never_allows_more(
        groups in prop::collection::vec(group(), 1..3),
        additional in group(),
        subject in subject(),
        session in session(),
        now in now(),
    ) {
        let (before, user) = of_groups(&groups, &subject);
        let before = before.decide(&user, &session, now);
        let (after, user) = of_groups(&[groups, vec![additional]].concat(), &subject);
        let after = after.decide(&user, &session, now);
        prop_assert!(!after.access.is_signed_in() || before.access.is_signed_in(), "{before:?} {after:?}");
        // The session verified a factor that is not accepted, and had to verify one that was; now no rule accepts that either.
        let was_asked_for_accepted =
            matches!(before.reason, Reason::FactorNotAccepted | Reason::PasskeyNotAccepted(_));
        prop_assert!(
            !after.access.allows_enrolment() || before.access.allows_enrolment() || was_asked_for_accepted,
            "{before:?} {after:?}"
        );
    }

    /// The other members of the policy are not rules; with a new member this does not compile.
    #[test]
    fn members_that_are_not_rules_decide_nothing(
        group in group(),
        subject in subject(),
        session in session(),
        now in now(),
    ) {
        let (policy, user) = of_groups(&[group], &subject);
        let decision = policy.decide(&user, &session, now);
        let other = Policy {
            default: policy.default,
            group: policy.group,
            sign_up: true,
            recent_verification: Duration::ZERO,
            step_up_user_verification: Some(UserVerificationRequirement::Required),
            allow_omitted_user_verification: true,
            allow_deleting_last: true,
            conditional_create: true,
            bearer_tokens: true,
            nickname_max_chars: 1,
            sessions: SessionPolicy::aal3(),
            aal3: Aal3Rules { fips: None, certification: Some(Certification::L3) },
            username_lists: UsernameLists::Never,
            limits: Limits::default(),
        };
        prop_assert_eq!(other.decide(&user, &session, now), decision);
    }

    #[test]
    fn time_alone_never_allows_more(
        everyone in rules(),
        groups in prop::collection::vec(group(), 0..3),
        subject in subject(),
        session in session(),
        now in now(),
        later in 0..10_u64,
    ) {
        let (policy, user) = of_groups(&groups, &subject);
        let policy = Policy { default: everyone, ..policy };
        let before = policy.decide(&user, &session, now);
        let after = policy.decide(&user, &session, now.saturating_add(Duration::from_hours(later * 12)));
        prop_assert!(!after.access.is_signed_in() || before.access.is_signed_in(), "{before:?} {after:?}");
    }

    #[test]
    fn a_session_without_a_factor_may_do_nothing(group in group(), subject in subject(), now in now()) {
        let (policy, user) = of_groups(&[group], &subject);
        let decision = policy.decide(&user, &SessionFacts::default(), now);
        prop_assert_eq!(decision.access, Access::Nothing);
    }

    #[test]
    fn a_password_alone_enrols_only_if_nothing_is_enrolled(group in group(), subject in subject(), now in now()) {
        let (policy, user) = of_groups(&[group], &subject);
        let password = Verified { factor: VerifiedMethod::Password, at: now };
        let session = SessionFacts { verified: vec![password], ..SessionFacts::default() };
        if policy.decide(&user, &session, now).access == Access::Enrol {
            prop_assert!(subject.passkeys.is_empty() && !subject.factors.contains(&FactorName::TOTP));
        }
    }

    #[test]
    fn the_strictest_rules_do_not_depend_on_the_order(one in rules(), two in rules(), three in rules()) {
        prop_assert_eq!(one.strictest(&one), one.clone());
        prop_assert_eq!(one.strictest(&two), two.strictest(&one));
        prop_assert_eq!(one.strictest(&two).strictest(&three), one.strictest(&two.strictest(&three)));
    }

    #[test]
    fn a_passkey_that_stricter_rules_accept_meets_the_looser(
        one in passkey_rules(),
        two in passkey_rules(),
        passkey in passkey(),
    ) {
        if one.strictest(&two).check(&passkey).is_ok() {
            prop_assert_eq!((one.check(&passkey), two.check(&passkey)), (Ok(()), Ok(())));
        }
    }

    #[cfg(feature = "toml")]
    #[test]
    fn any_text_is_a_policy_or_an_error(text in "\\PC*") {
        let _ = Policy::from_toml(&text);
    }
}
