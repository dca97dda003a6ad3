use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;

use crate::x509::Certificate;

/// Android's attestation status list: the serial numbers of certificates that Google revoked or suspended
/// ([certificate revocation status list]).
///
/// Fetch `https://android.googleapis.com/attestation/status` regularly and pass the bytes to
/// [`AndroidStatusList::parse`]. Every certificate of a trusted `android-key` path is looked up in the list.
///
/// The list itself is not signed: fetch it over HTTPS.
///
/// # Examples
/// ```
/// use rp_core::trust::AndroidStatusList;
///
/// let list = AndroidStatusList::parse(
///     br#"{"entries": {"c8966fcb2fbb0d7a": {"status": "SUSPENDED", "reason": "SOFTWARE_FLAW"}}}"#,
/// )?;
/// assert_eq!(list.len(), 1);
/// # Ok::<(), rp_core::trust::AndroidStatusListError>(())
/// ```
/// [certificate revocation status list]: https://developer.android.com/privacy-and-security/security-key-attestation#certificate_status
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AndroidStatusList {
    /// By serial number, big-endian without leading zeros.
    entries: BTreeMap<Box<[u8]>, AndroidCertificateStatus>,
}

/// The entry of one certificate: it must not be trusted, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AndroidCertificateStatus {
    /// `REVOKED`, `SUSPENDED`, or a later word.
    pub status: Box<str>,
    /// Why, e.g. `KEY_COMPROMISE`.
    pub reason: Option<Box<str>>,
}

/// Why a status list was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AndroidStatusListError {
    /// The list is longer than [`AndroidStatusList::MAX_BYTES`].
    #[error("the list has {got} bytes, more than {}", AndroidStatusList::MAX_BYTES)]
    Length {
        /// The number of bytes.
        got: usize,
    },
    /// The list is not a JSON object with `entries`, or an entry has no `status`.
    #[error("not a status list: {reason}")]
    Json {
        /// The parser's message.
        reason: String,
    },
    /// The name of an entry is not a hexadecimal serial number.
    #[error("{name:?} is not a hexadecimal serial number")]
    SerialNumber {
        /// The name.
        name: String,
    },
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    entries: BTreeMap<Cow<'a, str>, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    status: Box<str>,
    reason: Option<Box<str>>,
}

impl AndroidStatusList {
    /// The greatest length of a list: many times that of the list of 2026, and parsed within a second.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Parses the JSON document. Unknown members are ignored.
    ///
    /// # Errors
    /// [`AndroidStatusListError`]; keep using the list that you have.
    pub fn parse(json: &[u8]) -> Result<Self, AndroidStatusListError> {
        if json.len() > Self::MAX_BYTES {
            return Err(AndroidStatusListError::Length { got: json.len() });
        }
        let document: Document<'_> = serde_json::from_slice(json)
            .map_err(|error| AndroidStatusListError::Json { reason: error.to_string() })?;
        let entries = document.entries.into_iter().map(|(name, Entry { status, reason })| {
            let serial = serial_number(&name)
                .ok_or_else(|| AndroidStatusListError::SerialNumber { name: name.into_owned() })?;
            Ok((serial, AndroidCertificateStatus { status, reason }))
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// The entry of a certificate, if its serial number is in the list.
    #[must_use]
    pub fn status(&self, certificate: &Certificate) -> Option<&AndroidCertificateStatus> {
        let serial = certificate.serial_number();
        let first = serial.iter().position(|byte| *byte != 0).unwrap_or(serial.len());
        self.entries.get(serial.get(first..)?)
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the list has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Debug for AndroidStatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AndroidStatusList({} entries)", self.len())
    }
}

impl fmt::Display for AndroidCertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.status)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

/// Hexadecimal digits of either case, with or without leading zeros.
fn serial_number(text: &str) -> Option<Box<[u8]>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| !digits.is_empty())?;
    let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    // Pairs from the end, so that an odd number of digits begins with a half byte.
    let bytes = digits.get(first..)?.rchunks(2).rev();
    Some(bytes.map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect())
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec;

    use super::*;

    #[test]
    fn serial_numbers_are_compared_as_numbers() {
        for text in ["c8966f", "C8966F", "00c8966f"] {
            assert_eq!(serial_number(text).as_deref(), Some(&[0xc8, 0x96, 0x6f][..]), "{text}");
        }
        assert_eq!(serial_number("abc").as_deref(), Some(&[0x0a, 0xbc][..]));
        assert_eq!(serial_number("0").as_deref(), Some(&[][..]));
        assert_eq!((serial_number(""), serial_number("-1"), serial_number("0x1")), (None, None, None));
    }

    #[cfg(feature = "es256")]
    #[test]
    fn a_certificate_is_found_by_its_serial_number() {
        use crate::x509::test_certs::Template;
        let list = br#"{"entries": {"7": {"status": "REVOKED", "expires": "2020-11-13", "reason": "KEY_COMPROMISE"}}}"#;
        let list = AndroidStatusList::parse(list).unwrap();
        let certificate = |serial: u8| {
            let mut template = Template::new("Key", 1, "CA", &[]);
            template.serial = vec![serial];
            Certificate::from_der(&template.signed_by(2)).unwrap()
        };
        let status = list.status(&certificate(7)).map(ToString::to_string);
        assert_eq!(status.as_deref(), Some("REVOKED (KEY_COMPROMISE)"));
        assert_eq!(list.status(&certificate(8)), None);
    }

    #[test]
    fn the_length_is_the_number_of_entries() {
        let list = |json: &str| AndroidStatusList::parse(json.as_bytes()).unwrap();
        let (empty, two) = (
            r#"{"entries": {}}"#,
            r#"{"entries": {"7": {"status": "REVOKED"}, "8": {"status": "SUSPENDED"}}}"#,
        );
        assert_eq!((list(empty).len(), list(empty).is_empty()), (0, true));
        assert_eq!((list(two).len(), list(two).is_empty()), (2, false));
    }

    #[test]
    fn what_is_not_a_status_list_is_rejected() {
        let rejected = |json: &str| AndroidStatusList::parse(json.as_bytes()).unwrap_err();
        for json in
            ["", "[]", "{}", r#"{"entries": []}"#, r#"{"entries": {"1": {}}}"#, r#"{"entries": {"1": 2}}"#]
        {
            assert!(matches!(rejected(json), AndroidStatusListError::Json { .. }), "{json}");
        }
        let name = "g1".to_string();
        let json = format!(r#"{{"entries": {{"{name}": {{"status": "REVOKED"}}}}}}"#);
        assert_eq!(rejected(&json), AndroidStatusListError::SerialNumber { name });
        let long = vec![b' '; AndroidStatusList::MAX_BYTES + 1];
        assert_eq!(AndroidStatusList::parse(&long), Err(AndroidStatusListError::Length { got: long.len() }));
    }
}
