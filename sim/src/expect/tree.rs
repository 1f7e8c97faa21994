//! Checked expressions and their values; types are apart, so that none can be mixed up.
//!
//! `None` stands for unknown. Durations are numbers of nanoseconds; the checker has seen to it
//! that they meet only durations.

use crate::cel::{Comparison, Operation};

/// Something that is true, false or unknown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    Constant(bool),
    Not(Box<Truth>),
    All(Box<[Truth; 2]>),
    Any(Box<[Truth; 2]>),
    Compare(Comparison, Quantity, Quantity),
    Choose(Box<[Truth; 3]>),
}

/// Something that has an amount.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Quantity {
    Constant(f64),
    /// A value from the statistics, by number.
    Measure(usize),
    Negated(Box<Quantity>),
    Arithmetic(Operation, Box<[Quantity; 2]>),
    Choose(Box<(Truth, Quantity, Quantity)>),
}

impl Truth {
    /// Whether it is true, given the values of the measures.
    pub(super) fn evaluate(&self, measured: &[Option<f64>]) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Not(inner) => inner.evaluate(measured).map(|value| !value),
            Self::All(sides) => match sides.each_ref().map(|side| side.evaluate(measured)) {
                [Some(false), _] | [_, Some(false)] => Some(false),
                [Some(true), Some(true)] => Some(true),
                _ => None,
            },
            Self::Any(sides) => match sides.each_ref().map(|side| side.evaluate(measured)) {
                [Some(true), _] | [_, Some(true)] => Some(true),
                [Some(false), Some(false)] => Some(false),
                _ => None,
            },
            Self::Compare(comparison, left, right) => {
                Some(comparison.holds(left.evaluate(measured)?, right.evaluate(measured)?))
            }
            Self::Choose(parts) => {
                let [condition, yes, no] = parts.as_ref();
                if condition.evaluate(measured)? { yes } else { no }.evaluate(measured)
            }
        }
    }
}

impl Quantity {
    fn evaluate(&self, measured: &[Option<f64>]) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Measure(number) => measured.get(*number).copied().flatten(),
            Self::Negated(inner) => inner.evaluate(measured).map(|value| -value),
            Self::Arithmetic(operation, sides) => {
                let [left, right] = sides.each_ref().map(|side| side.evaluate(measured));
                operation.of(left?, right?)
            }
            Self::Choose(parts) => {
                let (condition, yes, no) = parts.as_ref();
                if condition.evaluate(measured)? { yes } else { no }.evaluate(measured)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_does_not_matter_where_the_other_side_decides() {
        let unknown =
            || Truth::Compare(Comparison::Less, Quantity::Measure(0), Quantity::Constant(1.0));
        let known = Truth::Constant;
        let all = |a, b| Truth::All(Box::new([a, b])).evaluate(&[None]);
        let any = |a, b| Truth::Any(Box::new([a, b])).evaluate(&[None]);
        assert_eq!(all(unknown(), known(false)), Some(false));
        assert_eq!(all(known(true), unknown()), None);
        assert_eq!(any(unknown(), known(true)), Some(true));
        assert_eq!(any(known(false), unknown()), None);
        assert_eq!(Truth::Not(Box::new(unknown())).evaluate(&[None]), None);
    }

    #[test]
    fn a_division_by_zero_is_unknown() {
        let ratio = |below| {
            let sides = [Quantity::Constant(0.0), Quantity::Constant(below)];
            Quantity::Arithmetic(Operation::Divide, Box::new(sides)).evaluate(&[])
        };
        assert_eq!((ratio(0.0), ratio(2.0)), (None, Some(0.0)));
    }
}
