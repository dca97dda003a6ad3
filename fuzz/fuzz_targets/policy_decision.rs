//! A policy file, NUL, and choices for a user in the group `a`, a session and a time: a user who is in the group `b` as well
//! may do no more.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use rp_core::{Algorithm, Timestamp};
use rp_service::{
    Certification, FactorName, Fips, Membership, PasskeyFacts, Policy, SessionFacts, Subject, Verified,
    VerifiedMethod,
};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let (text, choices) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(policy) = std::str::from_utf8(text).ok().and_then(|text| Policy::from_toml(text).ok()) else {
        return;
    };
    let _ = decide(&policy, &mut Unstructured::new(choices));
});

fn decide(policy: &Policy, choices: &mut Unstructured<'_>) -> Result<()> {
    let now = time(choices)?;
    let mut subject = Subject::default();
    subject.created_at = choices.arbitrary::<bool>()?.then(|| time(choices)).transpose()?;
    for _ in 0..choices.int_in_range(0..=3)? {
        subject.passkeys.push(passkey(choices)?);
    }
    for factor in [FactorName::TOTP, FactorName::RECOVERY_CODES] {
        if choices.arbitrary()? {
            subject.factors.insert(factor);
        }
    }
    let mut session = SessionFacts::default();
    let (has_password, has_passkey) = (choices.arbitrary()?, choices.arbitrary()?);
    let methods: [(bool, VerifiedMethod); 4] = [
        (has_password, VerifiedMethod::Password),
        (
            has_passkey,
            VerifiedMethod::Passkey { passkey: passkey(choices)?, user_verified: choices.arbitrary()? },
        ),
        (choices.arbitrary()?, VerifiedMethod::RecoveryCode),
        (choices.arbitrary()?, VerifiedMethod::Other(FactorName::TOTP)),
    ];
    for factor in methods.into_iter().filter_map(|(is_verified, factor)| is_verified.then_some(factor)) {
        session.verified.push(Verified { factor, at: time(choices)? });
    }
    (session.is_context_known, session.has_context_changed) = choices.arbitrary()?;
    for group in ["a", "b"].iter().filter(|group| policy.group.contains_key(**group)) {
        let before = policy.decide(&subject, &session, now).access;
        let is_first = subject.groups.is_empty();
        subject.groups.push(Membership { group: (*group).into(), since: Some(time(choices)?) });
        let after = policy.decide(&subject, &session, now).access;
        // The first group overrides the rules of everyone, in both directions.
        assert!(is_first || before.is_signed_in() || !after.is_signed_in());
        assert!(is_first || before.allows_enrolment() || !after.allows_enrolment());
    }
    Ok(())
}

/// Within a few years of 2027, in steps of a third of a day.
fn time(choices: &mut Unstructured<'_>) -> Result<Timestamp> {
    let steps: i16 = choices.arbitrary()?;
    Ok(Timestamp::from_unix_seconds(1_800_000_000 + i64::from(steps) * 28_800))
}

fn passkey(choices: &mut Unstructured<'_>) -> Result<PasskeyFacts> {
    let mut passkey = PasskeyFacts::default();
    passkey.backup_eligible = choices.arbitrary()?;
    passkey.uv_initialized = choices.arbitrary()?;
    passkey.algorithm = Some(*choices.choose(&[Algorithm::Es256, Algorithm::Rs256])?);
    passkey.trusted = choices.arbitrary()?;
    passkey.model = choices.arbitrary::<bool>()?.then_some(rp_core::Aaguid::new([1; 16]));
    passkey.listed.certification =
        *choices.choose(&[None, Some(Certification::L1), Some(Certification::L2)])?;
    passkey.listed.fips = *choices.choose(&[None, Some(Fips::L1)])?;
    passkey.listed.is_hardware = choices.arbitrary()?;
    Ok(passkey)
}
