use std::fmt;

/// The number of cases with the expected result, and the number of all cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    as_expected: usize,
    of: usize,
}

impl Tally {
    pub(super) fn note(&mut self, as_expected: bool) {
        self.of = self.of.saturating_add(1);
        self.as_expected = self.as_expected.saturating_add(usize::from(as_expected));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.of = self.of.saturating_add(other.of);
        self.as_expected = self.as_expected.saturating_add(other.as_expected);
    }

    pub(super) const fn holds(self) -> bool {
        self.as_expected == self.of
    }

    /// Whether all cases pass, in one character; empty without a case.
    pub(super) const fn mark(self) -> &'static str {
        match self.of {
            0 => "",
            _ if self.holds() => "✓",
            _ => "✗",
        }
    }

    pub(super) const fn count(self) -> usize {
        self.of
    }
}

/// A cell, empty without a case.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { of: 0, .. } => Ok(()),
            Self { as_expected, of } if as_expected == of => write!(f, "✓ {of}"),
            Self { as_expected, of } => write!(f, "✗ {as_expected} of {of}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_how_many_hold_and_a_cross_where_one_does_not() {
        let mut tally = Tally::default();
        assert_eq!((tally.to_string().as_str(), tally.mark()), ("", ""));
        tally.note(true);
        assert_eq!((tally.to_string().as_str(), tally.mark()), ("✓ 1", "✓"));
        tally.note(false);
        assert_eq!((tally.to_string().as_str(), tally.mark()), ("✗ 1 of 2", "✗"));
    }
}
