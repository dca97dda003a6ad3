//! The JSON that browsers write, read several times as fast as a general parser reads it.
//!
//! `JSON.stringify` writes responses and client data without white space, and their members need no escapes. This
//! reader accepts that form only: one object in printable ASCII without a backslash, and numbers that are integers.
//! It has no errors. `None` means that a general parser must read the input, which then accepts or rejects it.
//! Accepted input is JSON with the same meaning: tests compare the results with those of `serde_json`.

/// A position in a text of printable ASCII without a backslash.
pub(crate) struct Compact<'a> {
    rest: &'a str,
}

impl<'a> Compact<'a> {
    /// A reader at the start of the input.
    pub(crate) fn new(input: &'a str) -> Option<Self> {
        // No early end, so that many bytes are compared at once
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) & (byte != b'\\');
        input.bytes().fold(true, |all, byte| all & is_plain(byte)).then_some(Self { rest: input })
    }

    /// Reads an object. `member` is called with the name of each member and reads its value.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.skip("{")?;
        if self.skip("}").is_some() {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.skip(":")?;
            member(self, name)?;
            if self.skip(",").is_none() {
                return self.skip("}");
            }
        }
    }

    /// Reads an array. `item` reads each item.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip("[")?;
        if self.skip("]").is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.skip(",").is_none() {
                return self.skip("]");
            }
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Option<&'a str> {
        let text = self.rest.strip_prefix('"')?;
        let end = memchr::memchr(b'"', text.as_bytes())?;
        let (text, rest) = text.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(text)
    }

    /// Reads a string or `null`.
    pub(crate) fn optional_string(&mut self) -> Option<Option<&'a str>> {
        if self.skip("null").is_some() { Some(None) } else { self.string().map(Some) }
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        if self.skip("true").is_some() { Some(true) } else { self.skip("false").map(|()| false) }
    }

    /// Reads any value and returns its text.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        let start = self.rest;
        self.skip_value(0)?;
        start.get(..start.len().saturating_sub(self.rest.len()))
    }

    /// Checks that the input ends here.
    pub(crate) fn end(self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    /// `depth` is the number of objects and arrays around the value, which bounds the recursion.
    fn skip_value(&mut self, depth: usize) -> Option<()> {
        let depth = depth.saturating_add(1);
        match self.rest.as_bytes().first()? {
            _ if depth > MAX_DEPTH => None,
            b'"' => self.string().map(|_| ()),
            b'{' => self.object(|reader, _| reader.skip_value(depth)),
            b'[' => self.array(|reader| reader.skip_value(depth)),
            b'n' => self.skip("null"),
            b't' | b'f' => self.boolean().map(|_| ()),
            _ => self.skip_integer(),
        }
    }

    /// An integer without leading zeros. The caller accepts only a comma or a bracket after it, so no digit, fraction or
    /// exponent can follow.
    fn skip_integer(&mut self) -> Option<()> {
        let _ = self.skip("-");
        if self.skip("0").is_some() {
            return Some(());
        }
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        self.rest = self.rest.get(digits..)?;
        (1..=MAX_DIGITS).contains(&digits).then_some(())
    }

    fn skip(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }
}

/// Sets a member. `None` if the member is a duplicate.
pub(crate) fn set<T>(member: &mut Option<T>, value: T) -> Option<()> {
    member.replace(value).is_none().then_some(())
}

/// Deeper values are left to the general parser, which has its own limit. Extension outputs have a depth of four.
const MAX_DEPTH: usize = 8;
/// Longer integers are left to the general parser.
const MAX_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use serde_json::Value;

    use super::*;

    fn read(json: &str) -> Option<&str> {
        let mut reader = Compact::new(json)?;
        let value = reader.value()?;
        reader.end().map(|()| value)
    }

    #[test]
    fn every_value_of_a_browser_is_read_to_its_end() {
        for json in [
            "{}",
            "[]",
            "null",
            "-7",
            "0",
            "[[[[[[[0]]]]]]]",
            r#"{"a":"b","c":[1,-20,true,false,null,"~ "],"d":{"e":{},"f":[[]]}}"#,
        ] {
            assert_eq!(read(json), Some(json));
            assert_eq!(serde_json::from_str::<Value>(json).unwrap().to_string(), json);
        }
    }

    #[test]
    fn other_forms_are_left_to_the_general_parser() {
        for json in [
            r#"{ "a":1}"#,
            r#"{"a": 1}"#,
            "{\"a\":1}\n",
            r#"{"a":"\n"}"#,
            r#"{"a":"ä"}"#,
            "\"\u{7f}\"",
            "1.5",
            "1e3",
            "1234567890123456",
            "[[[[[[[[0]]]]]]]]",
        ] {
            assert_eq!(read(json), None, "{json}");
            assert!(serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_not_read() {
        for json in [
            "",
            "{",
            "}",
            "[",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "[1,]",
            "[,]",
            "01",
            "-",
            "+1",
            "--1",
            "tru",
            "nul",
            "truefalse",
            "\"",
            "\"a",
            "a",
            "{\"a\":1]",
            "[1}",
            "{}{}",
            "1 2",
            "{\"a\":01}",
            "{1:2}",
            "\"a\"b",
            "-01",
        ] {
            assert_eq!(read(json), None, "{json}");
            assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
        }
    }

    /// Every text of up to five of these tokens.
    #[test]
    fn exactly_the_texts_that_are_json_are_read() {
        const TOKENS: [&str; 11] = ["{", "}", "[", "]", ":", ",", "\"a\"", "0", "-", "12", "true"];
        let mut texts: Vec<String> = Vec::from([String::new()]);
        for _ in 0..5 {
            texts = texts
                .iter()
                .flat_map(|text| TOKENS.iter().map(move |token| [text.as_str(), token].concat()))
                .collect();
            for text in &texts {
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                assert_eq!(read(text).is_some(), is_json, "{text}");
            }
        }
    }
}
