//! Seeds of the policy parser and of decisions.

use super::layout::Inputs;

const FILES: [&str; 3] = [
    "",
    "[default]\nsecond_factor = 'optional'\npasskeys = { most = 8 }\n\
     reauthenticate = { at_sign_in = 'changed-context', after = '12h', on_changed_context = true }\n\
     [group.a]\nsecond_factor = 'required'\nfactors = ['passkey', 'recovery-codes']\n\
     passkeys = { device_bound = true, user_verification = 'required', attestation = 'trusted', certification = 'L1' }\n\
     enrol = { from = 2027-01-15, grace_days = 14, remind_days = 30 }\nafter_recovery = 'enrol-only'\n\
     [group.b]\nsecond_factor = 'never'\nfactors = 'totp'\nafter_recovery = 'sign-in'\n\
     passkeys = { synced = true, fips = 'L1', hardware = true, algorithms = 'ES256', attachment = 'platform' }\n",
    "sign_up = true\nrecent_verification = '5m'\nusername_lists = 'never'\n\
     [sessions]\nidle = 'never'\nabsolute = '30d'\nfirst_factor = '600s'\n\
     [limits]\nreveals = { attempts = 5, window = '1m' }\n",
];

pub(super) fn files() -> Inputs {
    FILES.iter().map(|file| file.as_bytes().to_vec()).collect()
}

/// Each file, NUL, and choices.
pub(super) fn decisions() -> Inputs {
    let choices: [&[u8]; 3] = [&[0; 64], &[1; 64], b"\x01\x02\x03\x04\x05\x06\x07\x08"];
    let all = FILES.iter().flat_map(|file| choices.map(|bytes| [file.as_bytes(), b"\0", bytes].concat()));
    all.collect()
}
