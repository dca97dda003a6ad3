//! Recovery codes: a code that is read is written and read as itself.
#![no_main]

use rp_service::RecoveryCode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(code) = RecoveryCode::parse(&text) {
        let written = code.expose();
        assert_eq!(RecoveryCode::parse(&written).expect("a code").expose(), written);
    }
});
