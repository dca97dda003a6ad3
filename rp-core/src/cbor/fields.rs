//! A map's members, asked for by name and type; an error names the member's path.

use alloc::string::String;
use alloc::vec::Vec;

use super::value::{Map, Value};

/// Why a member of a map was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The member is not there.
    #[error("{path} is missing")]
    Missing {
        /// Where the member should be, such as `attStmt.sig`.
        path: String,
    },
    /// The member has another type.
    #[error("{path} is {found}, not {expected}")]
    Type {
        /// Where the member is, such as `attStmt.x5c[1]`.
        path: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
}

/// A map whose keys are texts, and the path that leads to it.
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
    /// The members by name; `path` leads to this map and stands before the names in errors. It may be empty.
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

    /// The member of this name, of any type, where it is there.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'m Value<'a>> {
        self.map.get_text(name)
    }

    /// The member of this name, of any type.
    ///
    /// # Errors
    /// [`FieldError::Missing`].
    pub fn required(self, name: &str) -> Result<&'m Value<'a>, FieldError> {
        self.get(name).ok_or_else(|| FieldError::Missing { path: self.path(name) })
    }

    /// The member of this name, which is a byte string.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else.
    pub fn bytes(self, name: &str) -> Result<&'a [u8], FieldError> {
        self.typed(name, "a byte string", Value::as_bytes)
    }

    /// The member of this name, which is a text.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else.
    pub fn text(self, name: &str) -> Result<&'a str, FieldError> {
        self.typed(name, "a text", Value::as_text)
    }

    /// The member of this name, which is an integer of at most 64 bits.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else.
    pub fn integer(self, name: &str) -> Result<i64, FieldError> {
        self.typed(name, "an integer of 64 bits", Value::as_integer)
    }

    /// The member of this name, which is an array.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else.
    pub fn array(self, name: &str) -> Result<&'m [Value<'a>], FieldError> {
        self.typed(name, "an array", Value::as_array)
    }

    /// The member of this name, which is a map.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else.
    pub fn inner_map(self, name: &str) -> Result<&'m Map<'a>, FieldError> {
        self.typed(name, "a map", Value::as_map)
    }

    /// The member of this name, which is an array of byte strings, as `x5c` is.
    ///
    /// # Errors
    /// [`FieldError`] where it is missing or something else; the path has the index of the item.
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
