//! Checked conditions and their values. `None` stands for unknown. Durations are numbers of
//! nanoseconds; the checker has seen to it that they meet only durations.

use std::borrow::Cow;

use crate::cel::{Comparison, Operation};
use crate::log::StepKind;

use super::super::log::columns::KindSet;
use super::names::is_meant;
use super::variable::{Facts, Variable};

/// Something that is true, false or unknown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    Constant(bool),
    Variable(Variable),
    Not(Box<Truth>),
    All(Box<[Truth; 2]>),
    Any(Box<[Truth; 2]>),
    Compare(Comparison, Quantity, Quantity),
    /// Whether two texts are the same.
    Same(Text, Text),
    /// Whether the first text has the second in it.
    Has(Place, Text, Text),
    Choose(Box<[Truth; 3]>),
}

/// Where a text has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    End,
    Anywhere,
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Constant(String),
    Variable(Variable),
}

/// Something that has an amount.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Quantity {
    Constant(f64),
    Variable(Variable),
    Negated(Box<Quantity>),
    Arithmetic(Operation, Box<[Quantity; 2]>),
}

impl Truth {
    /// Whether it is true of an entry. What stands on the left is looked at first, and decides
    /// where it can.
    pub(super) fn evaluate(&self, facts: &Facts<'_>) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Variable(variable) => facts.truth(*variable),
            Self::Not(inner) => inner.evaluate(facts).map(|value| !value),
            Self::All(sides) => decide(sides, facts, false),
            Self::Any(sides) => decide(sides, facts, true),
            Self::Compare(comparison, left, right) => {
                Some(comparison.holds(left.evaluate(facts)?, right.evaluate(facts)?))
            }
            Self::Same(left, right) => same(left, right, facts),
            Self::Has(place, left, right) => {
                let (left, right) = (left.evaluate(facts)?, right.evaluate(facts)?);
                Some(match place {
                    Place::Start => left.starts_with(&*right),
                    Place::End => left.ends_with(&*right),
                    Place::Anywhere => left.contains(&*right),
                })
            }
            Self::Choose(parts) => {
                let [condition, yes, no] = parts.as_ref();
                if condition.evaluate(facts)? { yes } else { no }.evaluate(facts)
            }
        }
    }

    /// The kinds of entries for which it may come out as `wanted`.
    pub(super) fn kinds(&self, wanted: bool) -> KindSet {
        match self {
            Self::Constant(value) if *value == wanted => KindSet::ALL,
            Self::Constant(_) => KindSet::NONE,
            Self::Variable(variable) => variable.kinds_where(wanted),
            Self::Not(inner) => inner.kinds(!wanted),
            Self::All(sides) if wanted => both(sides, wanted, KindSet::and),
            Self::Any(sides) if !wanted => both(sides, wanted, KindSet::and),
            Self::All(sides) | Self::Any(sides) => both(sides, wanted, KindSet::or),
            Self::Compare(_, left, right) => left.kinds().and(right.kinds()),
            Self::Same(Text::Variable(Variable::Step), Text::Constant(step))
            | Self::Same(Text::Constant(step), Text::Variable(Variable::Step)) => {
                KindSet::of(|kind| (Some(kind) == StepKind::of_name(step)) == wanted)
            }
            Self::Same(left, right) | Self::Has(_, left, right) => left.kinds().and(right.kinds()),
            Self::Choose(parts) => {
                let [_, yes, no] = parts.as_ref();
                yes.kinds(wanted).or(no.kinds(wanted))
            }
        }
    }
}

fn both(sides: &[Truth; 2], wanted: bool, join: fn(KindSet, KindSet) -> KindSet) -> KindSet {
    let [left, right] = sides;
    join(left.kinds(wanted), right.kinds(wanted))
}

/// The value of two sides of which one that is `decisive` decides.
fn decide(sides: &[Truth; 2], facts: &Facts<'_>, decisive: bool) -> Option<bool> {
    let [left, right] = sides;
    let left = left.evaluate(facts);
    if left == Some(decisive) {
        return left;
    }
    match right.evaluate(facts) {
        Some(right) if right == decisive => Some(decisive),
        right => left.and(right),
    }
}

/// Names may leave their namespace out.
fn same(left: &Text, right: &Text, facts: &Facts<'_>) -> Option<bool> {
    let (left_text, right_text) = (left.evaluate(facts)?, right.evaluate(facts)?);
    Some(match (left.has_names(), right.has_names()) {
        (true, false) => is_meant(&left_text, &right_text),
        (false, true) => is_meant(&right_text, &left_text),
        _ => left_text == right_text,
    })
}

impl Text {
    fn evaluate<'a>(&'a self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Constant(text) => Some(text.as_str().into()),
            Self::Variable(variable) => facts.text(*variable),
        }
    }

    fn kinds(&self) -> KindSet {
        match self {
            Self::Constant(_) => KindSet::ALL,
            Self::Variable(variable) => variable.kinds(),
        }
    }

    fn has_names(&self) -> bool {
        matches!(self, Self::Variable(variable) if variable.names().is_some())
    }
}

impl Quantity {
    fn evaluate(&self, facts: &Facts<'_>) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Variable(variable) => facts.number(*variable),
            Self::Negated(inner) => inner.evaluate(facts).map(|value| -value),
            Self::Arithmetic(operation, sides) => {
                let [left, right] = sides.as_ref();
                operation.of(left.evaluate(facts)?, right.evaluate(facts)?)
            }
        }
    }

    fn kinds(&self) -> KindSet {
        match self {
            Self::Constant(_) => KindSet::ALL,
            Self::Variable(variable) => variable.kinds(),
            Self::Negated(inner) => inner.kinds(),
            Self::Arithmetic(_, sides) => {
                let [left, right] = sides.as_ref();
                left.kinds().and(right.kinds())
            }
        }
    }
}
