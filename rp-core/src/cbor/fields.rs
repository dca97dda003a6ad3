//! Access to the members of a map by name and type. Errors contain the path of the member.

use alloc::string::String;
use alloc::vec::Vec;

use super::value::{Map, Value};

/// Why a member of a map was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The member is missing.
    #[error("{path} is missing")]
    Missing {
        /// The path of the member, such as `attStmt.sig`.
        path: String,
    },
    /// The member has another type.
    #[error("{path} is {found}, not {expected}")]
    Type {
        /// The path of the member, such as `attStmt.x5c[1]`.
        path: String,
        /// The expected type.
        expected: &'static str,
        /// The type that was found.
        found: &'static str,
    },
}

/// A map whose keys are texts, and the path to it.
///
/// # Examples
/// ```
/// use rp_core::cbor;
///
/// let statement = cbor::parse(&[0xa1 /* map(1) */, 0x63, b'a', b'l', b'g', 0x26 /* -7 */])?;
/// let statement = statement.as_map().expect("a map").fields("attStmt");
/// assert_eq!(statement.integer("alg")?, -7);
/// assert_eq!(statement.bytes("sig").unwrap_err().to_string(), "attStmt.sig is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fields<'m, 'a> {
    map: &'m Map<'a>,
    path: &'m str,
}

impl<'a> Map<'a> {
    /// The members by name. Errors prefix the names with `path`, the path to this map, unless it is empty.
    #[must_use]
    pub fn fields<'m>(&'m self, path: &'m str) -> Fields<'m, 'a> {
        Fields { map: self, path }
    }
}

impl<'m, 'a> Fields<'m, 'a> {
    /// The map itself.
    #[must_use]
    pub fn map(self) -> &'m Map<'a> {
        self.map
    }

    /// The member of this name and of any type, if there is one.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'m Value<'a>> {
        self.map.get_text(name)
    }

    /// The member of this name and of any type.
    ///
    /// # Errors
    /// [`FieldError::Missing`].
    pub fn required(self, name: &str) -> Result<&'m Value<'a>, FieldError> {
        self.get(name).ok_or_else(|| FieldError::Missing { path: self.path(name) })
    }

    /// The member of this name, a byte string.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type.
    pub fn bytes(self, name: &str) -> Result<&'a [u8], FieldError> {
        self.typed(name, "a byte string", Value::as_bytes)
    }

    /// The member of this name, a text.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type.
    pub fn text(self, name: &str) -> Result<&'a str, FieldError> {
        self.typed(name, "a text", Value::as_text)
    }

    /// The member of this name, an integer of 64 bits.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type.
    pub fn integer(self, name: &str) -> Result<i64, FieldError> {
        self.typed(name, "an integer of 64 bits", Value::as_integer)
    }

    /// The member of this name, an array.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type.
    pub fn array(self, name: &str) -> Result<&'m [Value<'a>], FieldError> {
        self.typed(name, "an array", Value::as_array)
    }

    /// The member of this name, a map.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type.
    pub fn inner_map(self, name: &str) -> Result<&'m Map<'a>, FieldError> {
        self.typed(name, "a map", Value::as_map)
    }

    /// The member of this name, an array of byte strings such as `x5c`.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing or has another type; the path includes the index of the item.
    pub fn byte_strings(self, name: &str) -> Result<Vec<&'a [u8]>, FieldError> {
        let items = self.array(name)?;
        let mut strings = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            strings.push(item.as_bytes().ok_or_else(|| FieldError::Type {
                path: alloc::format!("{}[{index}]", self.path(name)),
                expected: "a byte string",
                found: item.kind(),
            })?);
        }
        Ok(strings)
    }

    fn typed<T>(
        self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'m Value<'a>) -> Option<T>,
    ) -> Result<T, FieldError> {
        let value = self.required(name)?;
        read(value).ok_or_else(|| FieldError::Type { path: self.path(name), expected, found: value.kind() })
    }

    fn path(self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { alloc::format!("{}.{name}", self.path) }
    }
}
