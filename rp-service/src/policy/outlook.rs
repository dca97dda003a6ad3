//! The state of a user under a policy: the decision for the best sign-in that is possible with the user's factors.

use rp_core::Timestamp;
use serde::Serialize;

use super::Policy;
use super::decision::{Access, Decision, SessionFacts, Subject, Verified, VerifiedMethod};
use crate::factor_name::FactorName;

/// The state of a user under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outlook {
    /// The state.
    pub standing: Standing,
    /// The decision for the sign-in that gets furthest.
    pub decision: Decision,
}

/// The state of a user under a policy, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Standing {
    /// The user can sign in.
    Ready,
    /// The user can sign in, and is reminded of an enrolment.
    Reminded,
    /// The user has to enrol a factor at the next sign-in, before anything else.
    MustEnrol,
    /// No sign-in is possible.
    LockedOut,
}

impl Standing {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Ready, Self::Reminded, Self::MustEnrol, Self::LockedOut];

    /// The state as tables show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Reminded => "reminded",
            Self::MustEnrol => "must-enrol",
            Self::LockedOut => "locked-out",
        }
    }

    fn of(decision: &Decision) -> Self {
        match decision.access {
            Access::SignedIn { .. } if decision.reminder.is_none() => Self::Ready,
            Access::SignedIn { .. } => Self::Reminded,
            Access::Enrol => Self::MustEnrol,
            Access::Reauthenticate { .. } | Access::SecondFactor(_) | Access::Nothing => Self::LockedOut,
        }
    }
}

impl Policy {
    /// Decides about a new sign-in with all factors that the user has, and returns the decision that gets the user
    /// furthest. `has_password` says whether the user has a first factor of the application, such as a password.
    ///
    /// A passkey counts as verified by its user if it was before (`uvInitialized`). The context is an unknown one.
    ///
    /// # Examples
    /// ```
    /// use rp_core::Timestamp;
    /// use rp_service::{Policy, SecondFactorPolicy, Standing, Subject};
    ///
    /// let mut policy = Policy::default();
    /// policy.default.second_factor = SecondFactorPolicy::Required;
    /// let (subject, now) = (Subject::default(), Timestamp::from_unix_seconds(1_780_272_000));
    /// assert_eq!(policy.outlook(&subject, true, now).standing, Standing::MustEnrol);
    /// assert_eq!(policy.outlook(&subject, false, now).standing, Standing::LockedOut);
    /// ```
    #[must_use]
    pub fn outlook(&self, subject: &Subject, has_password: bool, now: Timestamp) -> Outlook {
        let decide = |methods: Vec<VerifiedMethod>| {
            let verified = methods.into_iter().map(|factor| Verified { factor, at: now }).collect();
            let decision = self.decide(subject, &SessionFacts { verified, ..SessionFacts::default() }, now);
            Outlook { standing: Standing::of(&decision), decision }
        };
        let mut best = decide(Vec::new());
        for methods in sign_ins(subject, has_password) {
            let outlook = decide(methods);
            // A session without any factor says less than the first real one.
            if outlook.standing < best.standing || best.decision.reason == super::Reason::NothingVerified {
                best = outlook;
            }
            if best.standing <= Standing::Reminded {
                break;
            }
        }
        best
    }
}

/// The sign-ins that are possible with the factors of a user.
fn sign_ins(subject: &Subject, has_password: bool) -> impl Iterator<Item = Vec<VerifiedMethod>> {
    let passkeys = subject
        .passkeys
        .iter()
        .map(|passkey| VerifiedMethod::Passkey { passkey: *passkey, user_verified: passkey.uv_initialized });
    let alone = passkeys.clone().map(|passkey| vec![passkey]);
    let others = subject.factors.iter().map(|name| match *name == FactorName::RECOVERY_CODES {
        true => VerifiedMethod::RecoveryCode,
        false => VerifiedMethod::Other(name.clone()),
    });
    let others: Vec<_> = others.collect();
    let with_passkey = passkeys.clone().flat_map({
        let others = others.clone();
        move |passkey| others.clone().into_iter().map(move |other| vec![passkey.clone(), other])
    });
    let second = passkeys.chain(others).map(|second| vec![VerifiedMethod::Password, second]);
    let password = std::iter::once(vec![VerifiedMethod::Password]);
    alone.chain(with_passkey).chain(second.chain(password).filter(move |_| has_password))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{
        Allowed, EnrolmentPeriod, PasskeyFacts, Preference, Reason, SecondFactorPolicy, UtcDate,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000); // 2026-06-01

    fn required() -> Policy {
        let mut policy = Policy::default();
        policy.default.second_factor = SecondFactorPolicy::Required;
        policy
    }

    fn passkey(uv_initialized: bool) -> Subject {
        let passkey = PasskeyFacts { uv_initialized, ..PasskeyFacts::default() };
        Subject { passkeys: vec![passkey], ..Subject::default() }
    }

    fn standing(policy: &Policy, subject: &Subject, has_password: bool) -> Standing {
        policy.outlook(subject, has_password, NOW).standing
    }

    #[test]
    fn any_way_to_sign_in_counts() {
        let policy = required();
        assert_eq!(standing(&policy, &passkey(true), false), Standing::Ready);
        assert_eq!(standing(&policy, &passkey(false), true), Standing::Ready);
        let totp = Subject { factors: [FactorName::TOTP].into(), ..Subject::default() };
        assert_eq!(standing(&policy, &totp, true), Standing::Ready);
        assert_eq!(standing(&policy, &totp, false), Standing::LockedOut);
        assert_eq!(standing(&Policy::default(), &Subject::default(), true), Standing::Ready);
    }

    #[test]
    fn a_passkey_that_never_verified_its_user_is_locked_out_alone() {
        let mut policy = required();
        policy.default.passkeys.user_verification = Preference::Required;
        let outlook = policy.outlook(&passkey(false), false, NOW);
        assert_ne!(outlook.standing, Standing::Ready);
        assert_eq!(standing(&policy, &passkey(true), false), Standing::Ready);
    }

    #[test]
    fn who_has_nothing_accepted_has_to_enrol_or_is_reminded() {
        let mut policy = required();
        let nothing = Subject::default();
        let outlook = policy.outlook(&nothing, true, NOW);
        assert_eq!(
            (outlook.standing, outlook.decision.reason),
            (Standing::MustEnrol, Reason::NotEnrolled { group: None })
        );
        policy.default.enrol = Some(EnrolmentPeriod {
            from: UtcDate(time::macros::date!(2026 - 06 - 01)),
            grace_days: 14,
            remind_days: 0,
        });
        assert_eq!(standing(&policy, &nothing, true), Standing::Reminded);
        policy.default.factors = Allowed::only([FactorName::TOTP]);
        assert_eq!(standing(&policy, &passkey(true), true), Standing::Reminded);
    }

    #[test]
    fn who_has_no_factor_at_all_is_locked_out() {
        let outlook = Policy::default().outlook(&Subject::default(), false, NOW);
        assert_eq!(
            (outlook.standing, outlook.decision.reason),
            (Standing::LockedOut, Reason::NothingVerified)
        );
    }
}
