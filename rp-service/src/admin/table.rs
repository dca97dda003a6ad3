use std::io::{self, Write};

/// A table of columns with minimum widths, written row by row.
pub(super) struct Table {
    columns: &'static [(&'static str, usize)],
}

impl Table {
    /// Writes the header.
    pub(super) fn begin(out: &mut impl Write, columns: &'static [(&'static str, usize)]) -> io::Result<Self> {
        let table = Self { columns };
        let names: Vec<_> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        table.row(out, &names)?;
        Ok(table)
    }

    /// Writes a row. Characters that would change the terminal are escaped.
    pub(super) fn row(&self, out: &mut impl Write, cells: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (cell, (_, width)) in cells.iter().zip(self.columns) {
            let cell = printable(cell);
            line.push_str(&cell);
            let missing = width.saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', missing.saturating_add(2)));
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// The text without control characters and without characters that change the direction of writing.
pub(super) fn printable(text: &str) -> String {
    let is_unsafe = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_terminals_safe() {
        let mut out = Vec::new();
        let table = Table::begin(&mut out, &[("name", 8), ("value", 3)]).unwrap();
        table.row(&mut out, &["Zoë".to_owned(), "a\u{1b}[31m\u{202e}".to_owned()]).unwrap();
        table.row(&mut out, &["longer than that".to_owned(), String::new()]).unwrap();
        let expected = "name      value\nZoë       a\\u{1b}[31m\\u{202e}\nlonger than that\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
