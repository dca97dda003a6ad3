//! Byte strings and times as vectors write them.

use std::fmt;

use rp_core::base64url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A byte string: read from base64url or standard base64, padded or not; written as base64url without padding.
#[derive(Clone, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({self})")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode_lenient(&text).map(Self).map_err(|_| de::Error::custom("not base64url, nor base64"))
    }
}

/// Serde for times: RFC 3339, to the second.
pub(crate) mod rfc3339 {
    use rp_core::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        let time = OffsetDateTime::from_unix_timestamp(time.as_unix_seconds()).map_err(ser::Error::custom)?;
        serializer.serialize_str(&time.format(&Rfc3339).map_err(ser::Error::custom)?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|error| de::Error::custom(format_args!("not a time of RFC 3339: {error}")))?;
        Ok(Timestamp::from_unix_seconds(time.unix_timestamp()))
    }

    /// The same for a time that may be left out.
    pub(crate) mod option {
        use rp_core::Timestamp;
        use serde::{Deserializer, Serializer};

        pub(crate) fn serialize<S: Serializer>(
            time: &Option<Timestamp>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => super::serialize(time, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}
