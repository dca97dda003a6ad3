//! UTCTime and GeneralizedTime as certificates write them (RFC 5280 section 4.1.2.5).
//!
//! The types of `der` reject UTCTime before 1970, which certificates in the field contain.

use der::Tag;
use time::{Date, Month, Time, UtcDateTime};

use super::tlv::{DerError, Tlv};
use crate::timestamp::Timestamp;

/// Reads `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ`.
///
/// GeneralizedTime before 2050 is accepted, as applications must. Other zones, fractions of a second and times without
/// seconds are rejected, as sections 4.1.2.5.1 and 4.1.2.5.2 forbid them.
pub(super) fn read(tlv: &Tlv<'_>, field: &'static str) -> Result<Timestamp, DerError> {
    from_text(tlv.tag, tlv.value).ok_or(tlv.error(field))
}

fn from_text(tag: Tag, text: &[u8]) -> Option<Timestamp> {
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |character: u8| character.saturating_sub(b'0');
    let (pairs, _) = digits.as_chunks();
    let mut pairs =
        pairs.iter().map(|&[tens, ones]| digit(tens).saturating_mul(10).saturating_add(digit(ones)));
    let mut next = || pairs.next();
    let year = match tag {
        Tag::UtcTime => match i32::from(next()?) {
            year @ 50.. => year.saturating_add(1900),
            year => year.saturating_add(2000),
        },
        Tag::GeneralizedTime => i32::from(next()?).saturating_mul(100).saturating_add(next()?.into()),
        _ => return None,
    };
    let date = Date::from_calendar_date(year, Month::try_from(next()?).ok()?, next()?).ok()?;
    let time = Time::from_hms(next()?, next()?, next()?).ok()?;
    next().is_none().then(|| UtcDateTime::new(date, time).into())
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::x509::tlv::Reader;

    fn seconds(tag: u8, text: &str) -> Option<i64> {
        let mut der: Vec<u8> = vec![tag, u8::try_from(text.len()).unwrap()];
        der.extend(text.as_bytes());
        let tlv = Reader::new(&der).any("time").unwrap();
        read(&tlv, "time").ok().map(Timestamp::as_unix_seconds)
    }

    const UTC: u8 = 0x17;
    const GENERALIZED: u8 = 0x18;

    #[test]
    fn both_forms_are_read_to_the_second() {
        assert_eq!(seconds(UTC, "700101000000Z"), Some(0));
        assert_eq!(seconds(UTC, "240229235959Z"), Some(1_709_251_199));
        assert_eq!(seconds(GENERALIZED, "20240229235959Z"), Some(1_709_251_199), "before 2050 too");
        assert_eq!(seconds(GENERALIZED, "99991231235959Z"), Some(253_402_300_799), "no expiry");
        assert_eq!(seconds(GENERALIZED, "00000101000000Z"), Some(-62_167_219_200));
    }

    #[test]
    fn two_digits_reach_from_1950_to_2049() {
        assert_eq!(seconds(UTC, "500101000000Z"), Some(-631_152_000));
        assert_eq!(seconds(UTC, "691231235959Z"), Some(-1));
        assert_eq!(seconds(UTC, "491231235959Z"), Some(2_524_607_999));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in ["170229143112Z", "240230000000Z", "241301000000Z", "240001000000Z", "240100000000Z"] {
            assert_eq!(seconds(UTC, text), None, "{text}");
        }
        for text in ["240101240000Z", "240101006000Z", "240101000060Z"] {
            assert_eq!(seconds(UTC, text), None, "{text}");
        }
        assert_eq!(seconds(GENERALIZED, "19000229000000Z"), None);
        assert!(seconds(GENERALIZED, "20000229000000Z").is_some());
    }

    #[test]
    fn other_zones_fractions_and_missing_seconds_are_refused() {
        for text in ["2401010000Z", "240101000000+0000", "240101000000", "2401010000000", "24010100000aZ"] {
            assert_eq!(seconds(UTC, text), None, "{text}");
        }
        for text in ["202401010000Z", "20240101000000.5Z", "20240101000000", "20240101000000+0100"] {
            assert_eq!(seconds(GENERALIZED, text), None, "{text}");
        }
    }
}
