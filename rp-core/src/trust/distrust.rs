use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use crate::timestamp::Timestamp;

/// Why a trust source rejects an authenticator model or a statement of it.
///
/// [`Distrust::code`] is stable; the variants hold what a program or an operator wants to know about the reason.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Distrust {
    /// The model's certification or the model itself is revoked.
    Revoked {
        /// The status that decides, as the source names it, e.g. `REVOKED`.
        status: Box<str>,
        /// The time at which the status took effect, if the source contains it.
        since: Option<Timestamp>,
    },
    /// Keys, user verification or the attestation key of the model are compromised.
    Compromised {
        /// The status that decides, e.g. `ATTESTATION_KEY_COMPROMISE`.
        status: Box<str>,
        /// The time at which the status took effect, if the source contains it.
        since: Option<Timestamp>,
    },
    /// Another status that the operator does not accept, e.g. `RETIRED`.
    Status {
        /// The status that decides.
        status: Box<str>,
        /// The time at which the status took effect, if the source contains it.
        since: Option<Timestamp>,
    },
    /// The model's certification is lower than required.
    NotCertified {
        /// The required level.
        required: Box<str>,
        /// The level in force, if there is one.
        got: Option<Box<str>>,
    },
    /// The authenticator's firmware is older than required.
    OutdatedFirmware {
        /// The authenticator's firmware version.
        firmware: u64,
        /// The first accepted version.
        required: u64,
    },
    /// The operator accepts only listed models, and this one is not listed.
    Unlisted,
    /// The operator accepts only certain models, and the statement does not prove one of them.
    NotAllowed,
    /// The operator rejects this model.
    Denied,
    /// The model does not make such statements: its metadata do not list the format, the attestation type or the
    /// algorithm.
    Unexpected {
        /// The property that is not listed: `format`, `attestation type` or `algorithm`.
        what: &'static str,
        /// The statement's value.
        got: Box<str>,
    },
    /// A characteristic of the model, such as its key protection, is not among those that the operator accepts.
    Characteristic {
        /// The characteristic, e.g. `keyProtection`.
        name: &'static str,
        /// The operator's requirement.
        required: Box<str>,
        /// The model's value; empty if its metadata have none.
        got: Box<str>,
    },
    /// The source's own data cannot be relied on: they are too old, or the model's entry is unreadable.
    SourceData {
        /// A description of the problem.
        problem: Box<str>,
    },
    /// Several reasons, the most severe first. [`Distrust::reasons`] iterates over them.
    Several(Vec<Self>),
    /// A reason of the application's own trust source.
    Other(Arc<dyn Error + Send + Sync>),
}

impl Distrust {
    /// A reason of the application's own.
    #[must_use]
    pub fn other(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Other(Arc::new(error))
    }

    /// Combines any number of reasons, the gravest first; `None` without reasons.
    #[must_use]
    pub fn from_reasons(reasons: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut reasons: Vec<Self> = reasons.into_iter().collect();
        if reasons.len() > 1 { Some(Self::Several(reasons)) } else { reasons.pop() }
    }

    /// Every reason, the gravest first: one, except for [`Distrust::Several`].
    #[must_use]
    pub fn reasons(&self) -> &[Self] {
        match self {
            Self::Several(reasons) => reasons,
            reason => core::slice::from_ref(reason),
        }
    }

    /// The stable code, in kebab-case: that of the gravest reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revoked { .. } => "revoked",
            Self::Compromised { .. } => "compromised",
            Self::Status { .. } => "status-not-accepted",
            Self::NotCertified { .. } => "not-certified",
            Self::OutdatedFirmware { .. } => "outdated-firmware",
            Self::Unlisted => "unlisted",
            Self::NotAllowed => "not-allowed",
            Self::Denied => "denied",
            Self::Unexpected { .. } => "unexpected-statement",
            Self::Characteristic { .. } => "characteristic-not-accepted",
            Self::SourceData { .. } => "source-data",
            Self::Several(reasons) => reasons.first().map_or("other", Self::code),
            Self::Other(_) => "other",
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked { status, since }
            | Self::Compromised { status, since }
            | Self::Status { status, since } => {
                f.write_str(status)?;
                since.map_or(Ok(()), |since| write_date(since, f))
            }
            Self::NotCertified { required, got } => {
                write!(f, "certification is {}, {required} is required", got.as_deref().unwrap_or("none"))
            }
            Self::OutdatedFirmware { firmware, required } => {
                write!(f, "firmware {firmware} is older than {required}")
            }
            Self::Unlisted => f.write_str("the model is not listed"),
            Self::NotAllowed => f.write_str("the statement does not prove an allowed model"),
            Self::Denied => f.write_str("the model is denied"),
            Self::Unexpected { what, got } => write!(f, "the model does not list {what} {got}"),
            Self::Characteristic { name, required, got } if got.is_empty() => {
                write!(f, "{name} is unknown, {required} is required")
            }
            Self::Characteristic { name, required, got } => {
                write!(f, "{name} is {got}, {required} is required")
            }
            Self::SourceData { problem } => f.write_str(problem),
            Self::Several(reasons) => {
                for (index, reason) in reasons.iter().enumerate() {
                    if index > 0 {
                        f.write_str("; ")?;
                    }
                    reason.fmt(f)?;
                }
                Ok(())
            }
            Self::Other(error) => error.fmt(f),
        }
    }
}

/// The day, as metadata state it; seconds for a time that no calendar has.
fn write_date(since: Timestamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match time::OffsetDateTime::from_unix_timestamp(since.as_unix_seconds()) {
        Ok(time) => write!(f, " since {}", time.date()),
        Err(_) => write!(f, " since second {} of the Unix epoch", since.as_unix_seconds()),
    }
}

impl Error for Distrust {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Other(error) => error.source(),
            _ => None,
        }
    }
}

/// Reasons are equal if they have the same code and the same message.
impl PartialEq for Distrust {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && alloc::format!("{self}") == alloc::format!("{other}")
    }
}

impl Eq for Distrust {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn revoked() -> Distrust {
        let since = Some(Timestamp::from_unix_seconds(1_780_272_000));
        Distrust::Revoked { status: "REVOKED".into(), since }
    }

    #[test]
    fn a_status_is_shown_with_its_day() {
        assert_eq!(revoked().to_string(), "REVOKED since 2026-06-01");
        let undated = Distrust::Compromised { status: "USER_VERIFICATION_BYPASS".into(), since: None };
        assert_eq!(undated.to_string(), "USER_VERIFICATION_BYPASS");
        assert_eq!((revoked().code(), undated.code()), ("revoked", "compromised"));
    }

    #[test]
    fn several_reasons_are_all_shown_and_the_first_gives_the_code() {
        let several = Distrust::from_reasons([revoked(), Distrust::Denied]).unwrap();
        assert_eq!(several.to_string(), "REVOKED since 2026-06-01; the model is denied");
        assert_eq!(several.code(), "revoked");
        assert_eq!(several.reasons(), [revoked(), Distrust::Denied]);
        assert_eq!(Distrust::from_reasons([Distrust::Denied]), Some(Distrust::Denied));
        assert_eq!(Distrust::Denied.reasons(), [Distrust::Denied]);
        assert_eq!(Distrust::from_reasons(vec![]), None);
    }

    #[test]
    fn reasons_of_other_kinds_differ() {
        assert_ne!(revoked(), Distrust::Status { status: "REVOKED since 2026-06-01".into(), since: None });
        assert_ne!(Distrust::NotAllowed, Distrust::Denied);
    }

    #[test]
    fn an_applications_own_reason_is_kept() {
        let other = Distrust::other(crate::base64url::decode("!").unwrap_err());
        let Distrust::Other(error) = &other else { panic!("{other}") };
        assert_eq!((error.to_string(), other.code()), (other.to_string(), "other"));
    }
}
