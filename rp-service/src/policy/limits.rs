use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::text::duration;
use crate::rate_limiter::Limit;

/// How much one client may try and create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Responses that reveal that a username is taken or that a credential exists, per browser or user. It is far below the
    /// limit per address, so that one client does not block all others behind its address.
    pub reveals: Limit,
    /// The same at sign-up, per address. It bounds a client that pretends to be many browsers.
    pub reveals_per_address: Limit,
    /// Accounts that are created, per address.
    pub sign_ups_per_address: Limit,
    /// Ceremonies that are started by a user's sessions: adding a passkey, step-up, second factor.
    pub ceremonies_per_user: Limit,
    /// Other ceremonies that are started, per address.
    pub ceremonies_per_address: Limit,
    /// Wrong second factors other than passkeys, per user.
    pub factors: Limit,
    /// The same, in a day.
    pub factors_per_day: Limit,
    /// The same, per address.
    pub factors_per_address: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Enough for choosing a name.
            reveals: Limit::new("reveals", 10, Duration::from_mins(10)),
            // Thirty people who choose names at the same time, behind one address.
            reveals_per_address: Limit::new("reveals per address", 300, Duration::from_mins(10)),
            // A class room in an hour. With the limit on the size of a registration it bounds what one address can store.
            sign_ups_per_address: Limit::new("sign-ups per address", 60, Duration::from_hours(1)),
            // Ten a minute, for one person.
            ceremonies_per_user: Limit::new("ceremonies per user", 100, Duration::from_mins(10)),
            // Every visitor of a sign-in page behind a large company's address, five times a second. A ceremony takes about a
            // kilobyte until it expires.
            ceremonies_per_address: Limit::new("ceremonies per address", 3_000, Duration::from_mins(10)),
            // Three codes of six digits are valid at a time: five guesses are right with a probability of 1 in 66,000.
            factors: Limit::new("factors", 5, Duration::from_mins(5)),
            // An attacker who has the password and guesses every day needs 10 years for an even chance. NIST SP
            // 800-63B-4, section 3.2.2, allows 100 failures in a row.
            factors_per_day: Limit::new("factors per day", 50, Duration::from_hours(24)),
            // The users of an office behind one address mistype at the same time.
            factors_per_address: Limit::new("factors per address", 100, Duration::from_mins(10)),
        }
    }
}

impl Limits {
    /// The first member that is zero.
    pub(super) fn zero(&self) -> Option<&'static str> {
        macro_rules! zero_of {
            ($($limit:ident)*) => {
                $(if self.$limit.attempts == 0 {
                    return Some(concat!("limits.", stringify!($limit), ".attempts"));
                }
                if self.$limit.window.is_zero() {
                    return Some(concat!("limits.", stringify!($limit), ".window"));
                })*
            };
        }
        zero_of!(reveals reveals_per_address sign_ups_per_address ceremonies_per_user ceremonies_per_address);
        zero_of!(factors factors_per_day factors_per_address);
        None
    }
}

/// The limits that a file overrides.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct LimitsFile {
    reveals: LimitFile,
    reveals_per_address: LimitFile,
    sign_ups_per_address: LimitFile,
    ceremonies_per_user: LimitFile,
    ceremonies_per_address: LimitFile,
    factors: LimitFile,
    factors_per_day: LimitFile,
    factors_per_address: LimitFile,
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (file, default) = (LimitsFile::deserialize(deserializer)?, Self::default());
        Ok(Self {
            reveals: file.reveals.of(default.reveals),
            reveals_per_address: file.reveals_per_address.of(default.reveals_per_address),
            sign_ups_per_address: file.sign_ups_per_address.of(default.sign_ups_per_address),
            ceremonies_per_user: file.ceremonies_per_user.of(default.ceremonies_per_user),
            ceremonies_per_address: file.ceremonies_per_address.of(default.ceremonies_per_address),
            factors: file.factors.of(default.factors),
            factors_per_day: file.factors_per_day.of(default.factors_per_day),
            factors_per_address: file.factors_per_address.of(default.factors_per_address),
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Limits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        LimitsFile::json_schema(generator)
    }
}

/// The members of a limit that a file overrides.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct LimitFile {
    /// The number of attempts.
    attempts: Option<u32>,
    /// The window, such as `10m`.
    #[serde(deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "super::text::MaxAge"))]
    window: Option<Duration>,
}

impl LimitFile {
    fn of(&self, limit: Limit) -> Limit {
        let window = self.window.unwrap_or(limit.window);
        Limit { attempts: self.attempts.unwrap_or(limit.attempts), window, ..limit }
    }
}
