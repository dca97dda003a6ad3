//! The body of a request to a TOTP: to confirm its enrolment and, once it is enrolled, to verify the user.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rp_fuzz::service::Enrolled;

thread_local! {
    static ENROLLED: [Enrolled; 2] = [Enrolled::pending(), Enrolled::confirmed()];
}

fuzz_target!(|data: &[u8]| {
    ENROLLED.with(|users| users.iter().for_each(|user| user.use_totp(data)));
});
