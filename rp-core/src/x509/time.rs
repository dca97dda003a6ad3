//! UTCTime and GeneralizedTime as certificates write them (RFC 5280 section 4.1.2.5).
//!
//! `der`'s own types refuse UTCTime before 1970, which certificates in the field carry.

use der::Tag;

use super::tlv::{DerError, Tlv};
use crate::timestamp::Timestamp;

/// Reads `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ`.
///
/// GeneralizedTime before 2050 is read as well, as applications must; other zones, fractions of a second and
/// times without seconds are refused, as sections 4.1.2.5.1 and 4.1.2.5.2 forbid them.
pub(super) fn read(tlv: &Tlv<'_>, field: &'static str) -> Result<Timestamp, DerError> {
    let error = tlv.error(field);
    let (digits, two_digit_year) = match tlv.tag {
        Tag::UtcTime => (tlv.value.strip_suffix(b"Z").filter(|digits| digits.len() == 12), true),
        Tag::GeneralizedTime => (tlv.value.strip_suffix(b"Z").filter(|digits| digits.len() == 14), false),
        _ => return Err(error),
    };
    let digits = digits.ok_or(error)?;
    let (year, rest) = digits.split_at_checked(if two_digit_year { 2 } else { 4 }).ok_or(error)?;
    let year = number(year).ok_or(error)?;
    let year = match (two_digit_year, year) {
        (true, 50..) => year.saturating_add(1900),
        (true, _) => year.saturating_add(2000),
        (false, _) => year,
    };
    let pair = |at: usize| rest.chunks_exact(2).nth(at).and_then(number).ok_or(error);
    let (month, day) = (pair(0)?, pair(1)?);
    let (hour, minute, second) = (pair(2)?, pair(3)?, pair(4)?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return Err(error);
    }
    let seconds = days_from_epoch(year, month, day)
        .saturating_mul(86_400)
        .saturating_add(hour.saturating_mul(3_600))
        .saturating_add(minute.saturating_mul(60))
        .saturating_add(second);
    Ok(Timestamp::from_unix_seconds(seconds))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(value.saturating_mul(10).saturating_add(i64::from(digit)))
    })
}

const fn is_leap(year: i64) -> bool {
    (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, from year 0 on.
#[expect(clippy::arithmetic_side_effects, reason = "the year has four digits at most, month and day two")]
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From March on, five months have 153 days.
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    const MARCH_OF_YEAR_0_TO_EPOCH: i64 = 719_468;
    365 * year + leap_days + day_of_year - MARCH_OF_YEAR_0_TO_EPOCH
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
