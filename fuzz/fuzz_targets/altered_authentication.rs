//! Structure-aware: an altered authentication of the software authenticator; unsigned data is never accepted.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Unstructured;
use rp_conformance::seeds::unpack;
use rp_fuzz::minted::Minted;
use rp_fuzz::{alter, authentications, nth};

static MINTED: LazyLock<Minted> = LazyLock::new(|| Minted::authentications(authentications()));

libfuzzer_sys::fuzz_target!(init: LazyLock::force(&MINTED), |data: &[u8]| {
    let Some((number, [choices])) = unpack(data) else { return };
    let base = nth(authentications(), number);
    let Ok(response) = alter::authentication(base, authentications(), &mut Unstructured::new(choices)) else { return };
    if let Ok(verdict) = base.judge(&response) {
        MINTED.check_authentication(base, &response, &verdict);
    }
});
