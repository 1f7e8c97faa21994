//! Operators on amounts. Which amounts may meet is the checkers' business.

use kube_cel::cel::common::ast::operators;

/// How two amounts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// What is calculated of two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// An operator on two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Compares(Comparison),
    Calculates(Operation),
}

impl Operator {
    /// By the name that CEL has for it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            operators::LESS => Self::Compares(Comparison::Less),
            operators::LESS_EQUALS => Self::Compares(Comparison::LessOrEqual),
            operators::GREATER => Self::Compares(Comparison::Greater),
            operators::GREATER_EQUALS => Self::Compares(Comparison::GreaterOrEqual),
            operators::EQUALS => Self::Compares(Comparison::Equal),
            operators::NOT_EQUALS => Self::Compares(Comparison::NotEqual),
            operators::ADD => Self::Calculates(Operation::Add),
            operators::SUBSTRACT => Self::Calculates(Operation::Subtract),
            operators::MULTIPLY => Self::Calculates(Operation::Multiply),
            operators::DIVIDE => Self::Calculates(Operation::Divide),
            _ => return None,
        })
    }
}

impl Comparison {
    pub(crate) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

impl Operation {
    /// A division by zero has no value: nothing happened that could be compared.
    pub(crate) fn of(self, left: f64, right: f64) -> Option<f64> {
        let value = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
        };
        value.is_finite().then_some(value)
    }
}
