use std::time::Duration;

/// A percentile of sorted times.
pub(super) fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let at = sorted.len().saturating_sub(1).saturating_mul(percent) / 100;
    sorted.get(at).copied().unwrap_or_default()
}

/// The median of what the rounds measured.
pub(super) fn median<T: Copy, U: PartialOrd + Copy + Default>(rounds: &[T], value: impl Fn(&T) -> U) -> U {
    let mut values: Vec<U> = rounds.iter().map(value).collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let times: Vec<Duration> = (0..=100).map(Duration::from_millis).collect();
        for percent in [0, 50, 99, 100] {
            assert_eq!(quantile(&times, percent).as_millis(), u128::try_from(percent).unwrap());
        }
        assert_eq!(quantile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn the_median_ignores_a_round_that_was_disturbed() {
        assert_eq!(median(&[3, 900, 2], |round| *round), 3);
        assert_eq!(median::<u8, u8>(&[], |round| *round), 0);
    }
}
