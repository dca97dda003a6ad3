//! Variants of the usual ceremony that a server must accept.

use serde_json::json;

use super::scenario::Scenario;
use crate::authenticator::{
    Algorithm, Android, Backup, Config, Counter, Format, Hash, Path, Tpm, Verification,
};
use rp_core::options::UserVerificationRequirement;

/// Variants of registration.
pub(crate) fn registrations() -> Vec<Scenario> {
    let attested_by = |algorithm| Config { attestation_algorithm: algorithm, ..Config::default() };
    let path = |path| Config { path, ..Config::default() };
    let tpm = |attestation_algorithm, name_hash, tpmt_signature| Config {
        attestation_algorithm,
        tpm: Tpm { name_hash, tpmt_signature, ..Tpm::default() },
        ..Config::default()
    };
    let android = |android| Config { android, ..Config::default() };
    let id_len = |id_len| Config { id_len, ..Config::default() };
    let mut scenarios: Vec<_> = [
        ("attested-by-es384", Format::Packed, attested_by(Algorithm::Es384)),
        ("attested-by-es512", Format::Packed, attested_by(Algorithm::Es512)),
        ("attested-by-eddsa", Format::Packed, attested_by(Algorithm::EdDsa)),
        ("attested-by-rs256", Format::Packed, attested_by(Algorithm::Rs256)),
        ("leaf-alone", Format::Packed, path(Path::Leaf)),
        ("root-sent-along", Format::Packed, path(Path::Root)),
        ("rsa-sha256", Format::Tpm, tpm(Algorithm::Rs256, Hash::Sha256, false)),
        ("rsa-sha1", Format::Tpm, tpm(Algorithm::Rs1, Hash::Sha1, false)),
        ("rsa-sha384", Format::Tpm, tpm(Algorithm::Rs384, Hash::Sha384, false)),
        ("rsa-sha512", Format::Tpm, tpm(Algorithm::Rs512, Hash::Sha512, false)),
        ("ecc-sha384", Format::Tpm, tpm(Algorithm::Es384, Hash::Sha384, false)),
        ("ecc-sha512", Format::Tpm, tpm(Algorithm::Es512, Hash::Sha512, false)),
        ("rsa-tpmt-signature", Format::Tpm, tpm(Algorithm::Rs256, Hash::Sha256, true)),
        ("ecc-tpmt-signature", Format::Tpm, tpm(Algorithm::Es256, Hash::Sha1, true)),
        ("strong-box", Format::AndroidKey, android(Android::StrongBox)),
        ("software", Format::AndroidKey, android(Android::Software)),
        ("backed-up", Format::None, backup(Backup::BackedUp)),
        ("backup-eligible", Format::None, backup(Backup::Eligible)),
        ("id-of-one-byte", Format::None, id_len(1)),
        ("id-of-1023-bytes", Format::Packed, id_len(1023)),
        ("user-not-verified", Format::Packed, verification(Verification::Never)),
    ]
    .into_iter()
    .map(|(name, format, config)| Scenario {
        name: Some(name),
        config,
        ..Scenario::new(format, Algorithm::Es256)
    })
    .collect();
    scenarios.extend([
        Scenario {
            leaf_is_anchor: true,
            ..named("leaf-is-anchor", Format::Packed)
        },
        Scenario { asked: UserVerificationRequirement::Required, ..named("user-verification-required", Format::None) },
        Scenario {
            extensions: Some((
                json!({"credentialProtectionPolicy": "userVerificationRequired", "minPinLength": true, "prf": {}}),
                json!({"credProtect": 3, "minPinLength": 4, "hmac-secret": true}),
            )),
            ..named("extensions", Format::Packed)
        },
    ]);
    scenarios
}

/// Variants of authentication.
pub(crate) fn authentications() -> Vec<Scenario> {
    let none = |name| named(name, Format::None);
    vec![
        Scenario {
            config: Config { counter: Counter::Zero, ..Config::default() },
            ..none("counter-stays-zero")
        },
        Scenario {
            config: Config { counter: Counter::From(u32::MAX - 1), ..Config::default() },
            ..none("counter-at-its-end")
        },
        Scenario { config: backup(Backup::BackedUp), ..none("backed-up") },
        Scenario { asked: UserVerificationRequirement::Required, ..none("user-verification-required") },
        Scenario { config: verification(Verification::Never), ..none("user-not-verified-though-preferred") },
        Scenario {
            asked: UserVerificationRequirement::Discouraged,
            ..none("user-not-verified-as-discouraged")
        },
        Scenario {
            asked: UserVerificationRequirement::Discouraged,
            config: verification(Verification::Always),
            ..none("user-verified-though-discouraged")
        },
        Scenario {
            extensions: Some((json!({"uvm": true}), json!({"uvm": [[4, 2, 4]]}))),
            ..none("extensions")
        },
        Scenario { by_appid: true, ..none("appid") },
    ]
}

fn named(name: &'static str, format: Format) -> Scenario {
    Scenario { name: Some(name), ..Scenario::new(format, Algorithm::Es256) }
}

fn backup(backup: Backup) -> Config {
    Config { backup, ..Config::default() }
}

fn verification(verification: Verification) -> Config {
    Config { verification, ..Config::default() }
}
