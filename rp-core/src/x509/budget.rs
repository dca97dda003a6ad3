//! Limits on the work for one path.

/// The checks that are left.
pub(super) struct Budget {
    signatures: usize,
    name_comparisons: usize,
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetError;

impl Budget {
    /// The number of names times the number of constraints. Real certificates have a few of each; this many are
    /// compared within milliseconds.
    pub(super) const NAME_COMPARISONS: usize = 100_000;

    /// A budget of this many signature verifications.
    pub(super) const fn new(signatures: usize) -> Self {
        Self { signatures, name_comparisons: Self::NAME_COMPARISONS }
    }

    /// Takes one signature verification.
    pub(super) fn take_signature(&mut self) -> Result<(), BudgetError> {
        self.signatures = self.signatures.checked_sub(1).ok_or(BudgetError)?;
        Ok(())
    }

    /// Takes this many comparisons of a name with a constraint.
    pub(super) fn take_name_comparisons(&mut self, count: usize) -> Result<(), BudgetError> {
        self.name_comparisons = self.name_comparisons.checked_sub(count).ok_or(BudgetError)?;
        Ok(())
    }
}
