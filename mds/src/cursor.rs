//! A second look at JSON that `serde_json` has accepted, at the speed of a search.
//!
//! A BLOB consists of long strings. `serde_json` reads it once, which shows that it is JSON; after that, only the places
//! where values begin and end are of interest. They are found without reading the strings, so that splitting a BLOB into
//! the members of its statements takes a fraction of the time of a second parse.

use std::borrow::Cow;

use memchr::memchr2;
use serde_json::value::RawValue;

/// A position in a text that is known to be one JSON value.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Checks that a text is one JSON value, with white space around it.
    pub(crate) fn new(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(|raw: &RawValue| Self::of_valid(raw.get()))
    }

    /// A cursor at the start of a value that is known to be JSON, such as the result of [`Cursor::value`]. If it is not
    /// JSON, the results have no meaning.
    pub(crate) fn of_valid(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads a value of any type and returns its text.
    pub(crate) fn value(&mut self) -> &'a str {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    self.advance(1);
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.advance(1);
                }
                _ if is_between(byte) => self.advance(1),
                _ => self.skip_word(),
            }
            if depth == 0 {
                break;
            }
        }
        self.text_from(start)
    }

    /// Reads an object and returns its text. `member` is called with each name and reads the value. Any other value,
    /// and an object with a name that is not Unicode, is read too, and is the error.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>),
    ) -> Result<&'a str, &'a str> {
        if self.peek() != Some(b'{') {
            return Err(self.value());
        }
        let start = self.at;
        let mut is_unicode = true;
        self.advance(1);
        while self.is_before_item(b'}') {
            let name = self.at;
            self.skip_string();
            let name = name_of(self.text_from(name));
            self.skip_between();
            match name {
                Some(name) => member(self, name),
                None => {
                    is_unicode = false;
                    let _ = self.value();
                }
            }
        }
        let text = self.text_from(start);
        if is_unicode { Ok(text) } else { Err(text) }
    }

    /// Reads an array and returns its text. `item` is called for each item and reads it. Any other value is read too, and
    /// is the error.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self)) -> Result<&'a str, &'a str> {
        if self.peek() != Some(b'[') {
            return Err(self.value());
        }
        let start = self.at;
        self.advance(1);
        while self.is_before_item(b']') {
            item(self);
        }
        Ok(self.text_from(start))
    }

    /// The text that was read since an earlier position.
    fn text_from(&self, position: usize) -> &'a str {
        self.text.get(position..self.at).unwrap_or_default()
    }

    /// Goes to the next item, or past the bracket that ends them.
    fn is_before_item(&mut self, end: u8) -> bool {
        self.skip_between();
        match self.peek() {
            Some(byte) if byte == end => {
                self.advance(1);
                false
            }
            next => next.is_some(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Skips commas, colons and white space.
    fn skip_between(&mut self) {
        while self.peek().is_some_and(is_between) {
            self.advance(1);
        }
    }

    /// Skips a number, `true`, `false` or `null`.
    fn skip_word(&mut self) {
        while self.peek().is_some_and(|byte| !is_between(byte) && !matches!(byte, b'}' | b']')) {
            self.advance(1);
        }
    }

    /// Skips a string, which starts here.
    fn skip_string(&mut self) {
        self.advance(1);
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return;
            };
            self.advance(found);
            if self.peek() == Some(b'"') {
                return self.advance(1);
            }
            // The escaped character, which may be a quotation mark
            self.advance(2);
        }
    }
}

/// The text of a name, which is a string. `None` for surrogates that are not in pairs.
fn name_of(string: &str) -> Option<Cow<'_, str>> {
    if string.contains('\\') {
        return serde_json::from_str(string).ok().map(Cow::Owned);
    }
    string.get(1..string.len().saturating_sub(1)).map(Cow::Borrowed)
}

/// Whether a byte separates values.
const fn is_between(byte: u8) -> bool {
    matches!(byte, b',' | b':' | b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    /// The value, put together from what the cursor finds.
    fn rebuilt(cursor: &mut Cursor<'_>) -> Value {
        let next = cursor.peek();
        let (mut members, mut items) = (Map::new(), Vec::new());
        match next {
            Some(b'{') => {
                let object = cursor.object(|cursor, name| {
                    members.insert(name.into_owned(), rebuilt(cursor));
                });
                object.map(|_| Value::Object(members)).unwrap()
            }
            Some(b'[') => {
                cursor.array(|cursor| items.push(rebuilt(cursor))).unwrap();
                Value::Array(items)
            }
            _ => serde_json::from_str(cursor.value()).unwrap(),
        }
    }

    #[test]
    fn values_are_split_where_they_begin_and_end() {
        for text in [
            "{}",
            "[]",
            "7",
            r#" {"a":"b","c" : [ 1, -2.5e-7,true , null,"}]\"," ] , "d":{"e":{ },"f":[[],[{}]]},"":0}"#,
            r#"["\\","\\\"","\u0022",[],"{"]"#,
            r#"{"\u0061\"":1,"ä":{"\\":"\\"}}"#,
            "[\n\t1\r\n,\t2 ]\n",
        ] {
            let mut cursor = Cursor::new(text).unwrap();
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(rebuilt(&mut cursor), expected, "{text}");
            assert_eq!(cursor.at, text.trim().len(), "{text}");
            assert_eq!(Cursor::new(text).unwrap().value(), text.trim());
        }
    }

    #[test]
    fn what_is_not_json_has_no_cursor() {
        for text in ["", "{", "[1,]", "{\"a\"}", "01", "\"\u{1}\"", "1 2", "{}x"] {
            assert!(Cursor::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_read_as_a_whole() {
        for text in ["7", "null", r#""{""#, "[1]", r#"{"\ud800":1}"#] {
            let mut cursor = Cursor::new(text).unwrap();
            assert_eq!(cursor.object(|cursor, _| _ = cursor.value()), Err(text));
            assert_eq!(cursor.at, text.len());
        }
        for text in ["7", r#"{"a":[1]}"#] {
            let mut cursor = Cursor::new(text).unwrap();
            assert_eq!(cursor.array(|cursor| _ = cursor.value()), Err(text));
            assert_eq!(cursor.at, text.len());
        }
    }
}
