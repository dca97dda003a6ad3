//! An authenticator application (RFC 6238), with the secret that the page shows.

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// SHA-1, six digits, steps of 30 seconds.
pub(crate) struct App {
    secret: Vec<u8>,
}

impl App {
    /// Takes the secret in base32, with spaces.
    pub(crate) fn new(base32: &str) -> Self {
        let (mut secret, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
        for character in base32.bytes().filter(|byte| *byte != b' ') {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|other| *other == character);
            bits = (bits << 5 | u32::try_from(value.unwrap()).unwrap()) & 0xfff;
            count += 5;
            if count >= 8 {
                count -= 8;
                secret.push(u8::try_from(bits >> count & 0xff).unwrap());
            }
        }
        Self { secret }
    }

    /// The code at the time that is ahead of the real one by `time`.
    pub(crate) fn code(&self, time: Duration) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + time;
        self.code_of(now.as_secs() / 30)
    }

    /// The code of now, and the next one.
    pub(crate) fn consecutive_codes(&self) -> [String; 2] {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        [0, 1].map(|after| self.code_of(now.as_secs() / 30 + after))
    }

    fn code_of(&self, step: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.secret).unwrap();
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 15);
        let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

#[test]
fn codes_are_those_of_rfc_6238() {
    // Appendix B: the last six of the eight digits at 59 s and at 1,111,111,109 s.
    let app = App::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert_eq!(app.secret, b"12345678901234567890");
    assert_eq!((app.code_of(1), app.code_of(37_037_036)), ("287082".into(), "081804".into()));
}
