//! Pseudorandom order, medians and the area under the ROC curve.

use std::time::Duration;

/// Pseudorandom numbers (SplitMix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        let number = self.next().checked_rem(bound).unwrap_or_default();
        usize::try_from(number).unwrap_or_default()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last.saturating_add(1));
            items.swap(last, other);
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

/// The probability that a time of `ours` is longer than one of `theirs`; equal times count half.
pub(super) fn auc(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let mut sorted = theirs.to_vec();
    sorted.sort_unstable();
    // Twice the number of pairs, so that half a pair is an integer.
    let won = ours.iter().fold(0_usize, |sum, time| {
        let shorter = sorted.partition_point(|other| other < time);
        let not_longer = sorted.partition_point(|other| other <= time);
        sum.saturating_add(shorter).saturating_add(not_longer)
    });
    let pairs = ours.len().saturating_mul(theirs.len()).saturating_mul(2);
    if pairs == 0 { 0.5 } else { to_f64(won) / to_f64(pairs) }
}

/// The standard error of the AUC of samples of these sizes with the same distribution (that of the Mann–Whitney statistic).
pub(super) fn standard_error(ours: usize, theirs: usize) -> f64 {
    let (ours, theirs) = (to_f64(ours), to_f64(theirs));
    ((ours + theirs + 1.0) / (12.0 * ours * theirs)).sqrt()
}

fn to_f64(count: usize) -> f64 {
    // Beyond 2^32 pairs, the last digits do not matter.
    let (high, low) = (count >> 32, count & 0xffff_ffff);
    let part = |part: usize| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
    part(high).mul_add(4_294_967_296.0, part(low))
}

pub(super) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(milliseconds: &[u64]) -> Vec<Duration> {
        milliseconds.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn the_auc_is_the_share_of_pairs_that_are_longer() {
        let auc = |ours: &[u64], theirs: &[u64]| auc(&times(ours), &times(theirs));
        for (ours, theirs, expected) in [
            (&[2, 3][..], &[1][..], 1.0),
            (&[1], &[2, 3], 0.0),
            (&[1, 1], &[1], 0.5),
            (&[1, 3], &[2], 0.5),
            (&[2, 4, 6, 8], &[1, 5], 0.75),
            (&[], &[1], 0.5),
        ] {
            assert!((auc(ours, theirs) - expected).abs() < 1e-9, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn five_thousand_requests_have_a_standard_error_of_0_01() {
        assert!((standard_error(1_667, 1_667) - 0.01).abs() < 0.000_1);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut random = Random::new(7);
        let mut orders = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            orders.insert(items);
        }
        assert_eq!(orders.len(), 6);
    }
}
