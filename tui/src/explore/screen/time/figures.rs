//! Figures that add up on the screen: parts are rounded together with their sum.

use meshwalk_models::units::SimDuration;

/// Parts in thousandths of a millisecond, rounded so that they add up to the rounded sum.
pub(super) fn together(parts: &[SimDuration]) -> Vec<u64> {
    const UNIT_NS: u64 = 1_000;
    let sum: u64 = parts.iter().map(|part| part.as_ns()).sum();
    let floors: u64 = parts.iter().map(|part| part.as_ns() / UNIT_NS).sum();
    let missing = ((sum + UNIT_NS / 2) / UNIT_NS).saturating_sub(floors) as usize;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(parts[place].as_ns() % UNIT_NS));
    let mut rounded: Vec<u64> = parts.iter().map(|part| part.as_ns() / UNIT_NS).collect();
    for &place in order.iter().take(missing) {
        rounded[place] += 1;
    }
    rounded
}

/// Thousandths of a millisecond as milliseconds.
pub(super) fn ms(thousandths: u64) -> String {
    format!("{}.{:03} ms", thousandths / 1_000, thousandths % 1_000)
}

/// A share in percent.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    if tenths < 100 {
        format!("{}.{}%", tenths / 10, tenths % 10)
    } else {
        format!("{}%", (tenths + 5) / 10)
    }
}

/// So many times, such as `4.0x`.
pub(super) fn times(made: u64, wanted: u64) -> String {
    if wanted == 0 {
        return "-".to_owned();
    }
    let tenths = (made * 10 + wanted / 2) / wanted;
    format!("{}.{}x", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thirds_add_up_to_the_whole() {
        let third = SimDuration::from_ns(333_333);
        let rounded = together(&[third, third, SimDuration::from_ns(333_334)]);
        assert_eq!(rounded.iter().sum::<u64>(), 1_000);
    }

    #[test]
    fn a_time_is_written_in_milliseconds_with_three_decimals() {
        assert_eq!(ms(1_234_567), "1234.567 ms");
        assert_eq!(ms(5), "0.005 ms");
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_off_by_more_than_one(parts in prop::collection::vec(0u64..10_000_000, 0..20)) {
            let durations: Vec<_> = parts.iter().map(|ns| SimDuration::from_ns(*ns)).collect();
            let rounded = together(&durations);
            let sum: u64 = parts.iter().sum();
            prop_assert_eq!(rounded.iter().sum::<u64>(), (sum + 500) / 1_000);
            for (part, rounded) in parts.iter().zip(&rounded) {
                prop_assert!(*rounded >= part / 1_000 && *rounded <= part / 1_000 + 1);
            }
        }
    }
}
