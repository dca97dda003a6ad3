//! Structure-aware: an altered registration of the software authenticator; unsigned data is never accepted.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Unstructured;
use rp_conformance::seeds::unpack;
use rp_fuzz::minted::Minted;
use rp_fuzz::{alter, nth, registrations};

static MINTED: LazyLock<Minted> = LazyLock::new(|| Minted::registrations(registrations()));

libfuzzer_sys::fuzz_target!(init: LazyLock::force(&MINTED), |data: &[u8]| {
    let Some((number, [choices])) = unpack(data) else { return };
    let base = nth(registrations(), number);
    let Ok(response) = alter::registration(base, registrations(), &mut Unstructured::new(choices)) else { return };
    if let Ok(verdict) = base.judge(&response) {
        MINTED.check_registration(base, &response, &verdict);
    }
});
