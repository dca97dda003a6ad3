//! Dates and lengths of time as a policy file writes them.

use std::fmt;
use std::time::Duration;

use rp_core::Timestamp;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use time::macros::format_description;

/// A day in UTC, such as `2027-01-15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDate(pub time::Date);

/// The maximum age of a verification, such as `"12h"`, or `"never"` if it does not become too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum MaxAge {
    /// It does not become too old.
    #[default]
    Never,
    /// It is too old after this time.
    After(Duration),
}

impl UtcDate {
    /// The first second of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.0.into()
    }

    fn parse(text: &str) -> Option<Self> {
        time::Date::parse(text, format_description!("[year]-[month]-[day]")).ok().map(Self)
    }
}

impl fmt::Display for UtcDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl MaxAge {
    /// The shorter one.
    pub(super) fn shorter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, age) | (age, Self::Never) => age,
            (Self::After(one), Self::After(another)) => Self::After(one.min(another)),
        }
    }
}

impl<'de> Deserialize<'de> for UtcDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Day;

        impl<'de> Visitor<'de> for Day {
            type Value = UtcDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 2027-01-15")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<UtcDate, E> {
                UtcDate::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            /// A date of TOML, which is not a text.
            #[cfg(feature = "toml")]
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<UtcDate, A::Error> {
                let deserializer = de::value::MapAccessDeserializer::new(map);
                let date = toml::value::Datetime::deserialize(deserializer)?;
                self.visit_str(&date.to_string())
            }
        }

        deserializer.deserialize_any(Day)
    }
}

impl<'de> Deserialize<'de> for MaxAge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match std::borrow::Cow::<'de, str>::deserialize(deserializer)? {
            text if text == "never" => Ok(Self::Never),
            text => read_duration(&text).map(Self::After),
        }
    }
}

/// A length of time: a whole number of seconds, minutes, hours or days, such as `"90s"`, `"5m"`, `"12h"` or `"30d"`.
pub(super) mod duration {
    use super::{Deserialize, Deserializer, Duration, MaxAge, read_duration};

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        read_duration(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?)
    }

    /// A length of time, or `"never"`.
    pub(in crate::policy) fn optional<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(match MaxAge::deserialize(deserializer)? {
            MaxAge::Never => None,
            MaxAge::After(duration) => Some(duration),
        })
    }
}

fn read_duration<E: de::Error>(text: &str) -> Result<Duration, E> {
    let parse = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let is_number = number.bytes().all(|octet| octet.is_ascii_digit());
        number
            .parse::<u64>()
            .ok()
            .filter(|_| is_number)?
            .checked_mul(seconds)
            .filter(|&total| total <= LONGEST)
    };
    let duration = parse().map(Duration::from_secs);
    duration.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &"a time such as 90s, 5m, 12h or 30d"))
}

/// A hundred years in seconds: sums with a time stay within the calendar.
const LONGEST: u64 = 100 * 366 * 86_400;

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{MaxAge, UtcDate};

    impl JsonSchema for UtcDate {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "UtcDate".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "format": "date" })
        }
    }

    impl JsonSchema for MaxAge {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "MaxAge".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "pattern": "^(never|[0-9]+[smhd])$" })
        }
    }

    /// The schema of a length of time.
    pub(in crate::policy) fn duration(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+[smhd]$" })
    }
}

#[cfg(feature = "schema")]
pub(super) use schema::duration as duration_schema;

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        serde_json::from_value(text.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_duration_is_a_number_and_one_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("12h", 43_200), ("30d", 2_592_000)] {
            assert_eq!(read(text), Ok(MaxAge::After(Duration::from_secs(seconds))), "{text}");
        }
        assert_eq!(read("never"), Ok(MaxAge::Never));
        for text in
            ["", "s", "5", "5 m", "+5m", "-5m", "1.5h", "5M", "5min", "99999999999999999999d", "36601d", "5é"]
        {
            let expected =
                format!("invalid value: string {text:?}, expected a time such as 90s, 5m, 12h or 30d");
            assert_eq!(read::<MaxAge>(text), Err(expected));
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert_eq!(read::<UtcDate>("2027-01-15").unwrap().start().to_string(), "2027-01-15 00:00:00 UTC");
        assert!(read::<UtcDate>("2028-02-29").is_ok());
        for text in [
            "2027-02-29",
            "2027-13-01",
            "2027-015",
            "20270115",
            "2027-W03-5",
            "+02027-01-15",
            "2027-01-15T00:00:00",
            "",
        ] {
            let expected = format!("invalid value: string {text:?}, expected a date such as 2027-01-15");
            assert_eq!(read::<UtcDate>(text), Err(expected));
        }
    }
}
