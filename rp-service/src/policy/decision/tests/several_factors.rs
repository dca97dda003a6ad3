//! Users with several factors, of which the rules do not accept each one.

use super::*;
use crate::policy::Standing;

fn second(factor: FactorName) -> Access {
    Access::SecondFactor(vec![factor])
}

#[test]
fn a_factor_that_is_not_accepted_does_not_replace_another() {
    let without_uv = PasskeyFacts { uv_initialized: false, ..security_key() };
    let (password, used) = (VerifiedMethod::Password, key(synced(), true));
    let not_accepted = "the verified factor is not accepted";
    let not_bound = "the policy requires a device-bound passkey";
    let (passkeys_only, bound) = ("factors = 'passkey'", "passkeys.device_bound = true");
    let both = "factors = 'passkey'\npasskeys.device_bound = true";
    let required = "second_factor = 'required'\npasskeys.device_bound = true";
    for (rules, passkeys, verified, access, reason) in [
        (
            passkeys_only,
            vec![security_key()],
            vec![password.clone(), totp()],
            second(FactorName::PASSKEY),
            not_accepted,
        ),
        (bound, vec![synced(), security_key()], vec![used.clone()], second(FactorName::PASSKEY), not_bound),
        (bound, vec![synced()], vec![used.clone()], second(FactorName::TOTP), not_bound),
        // Without the passkey, no other factor can be enrolled.
        (both, vec![synced()], vec![password.clone(), totp()], second(FactorName::PASSKEY), not_accepted),
        (both, vec![synced()], vec![password.clone(), totp(), used.clone()], Access::Enrol, not_bound),
        // The accepted key would not complete the sign-in.
        (required, vec![synced(), without_uv], vec![password, used], second(FactorName::PASSKEY), not_bound),
    ] {
        let scenario = Scenario::new("", &passkeys, &[FactorName::TOTP]).verified(verified);
        let decision = scenario.decide(&policy(rules), BY);
        let decided = match decision.access {
            // The accepted ones, of which only the first is compared.
            Access::SecondFactor(factors) => second(factors[0].clone()),
            access => access,
        };
        assert_eq!((decided, decision.reason.to_string().as_str()), (access, reason), "{rules}");
    }
}

#[test]
fn a_passkey_alone_enrols_if_no_other_would_be_enough() {
    let without_uv = PasskeyFacts { uv_initialized: false, ..security_key() };
    let scenario = Scenario::new("", &[synced(), without_uv], &[]).verified([key(synced(), true)]);
    let access = |rules: &str| scenario.decide(&policy(rules), BY).access;
    assert_eq!(access("passkeys.device_bound = true"), second(FactorName::PASSKEY));
    let required = "second_factor = 'required'\npasskeys.device_bound = true";
    assert_eq!(access(required), Access::Enrol);
    let verifying = "passkeys = { device_bound = true, user_verification = 'required' }";
    assert_eq!(access(verifying), Access::Enrol);
}

#[test]
fn a_passkey_with_another_factor_is_a_way_to_sign_in() {
    let factors = [FactorName::TOTP].into();
    let subject = Subject { passkeys: vec![synced()], factors, ..Subject::default() };
    let outlook = policy("passkeys.device_bound = true").outlook(&subject, false, BY);
    assert_eq!(outlook.standing, Standing::Ready);
}
