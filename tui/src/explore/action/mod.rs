//! What somebody can ask of the machine: one table of actions, from which everything else that
//! knows of them is made: bindings, the command line, the list of actions, footers and documents.
//! Carrying an action out is not done here.
//!
//! These keys are left unbound for what comes later: `e` editing, `x` `X` faults, `u` `R`
//! branches and running them again, `D` comparing, `P` properties, `T` tasks.

mod argument;
mod hint;
mod id;
mod row;
mod table;
#[cfg(test)]
mod tests;

pub(in crate::explore) use argument::{Argument, Expected, count, place};
pub(in crate::explore) use hint::{HINTS, Hint, When};
pub(in crate::explore) use id::Id;
pub(in crate::explore) use row::{Group, Row, Takes};
pub(in crate::explore) use table::rows;

/// Keys that no default may take: their actions come later.
#[cfg(test)]
pub(in crate::explore) const LEFT_FREE: &[char] = &['e', 'x', 'u', 'D', 'P', 'R', 'X', 'T'];

/// The most times that an action is carried out at once; larger counts are cut to it.
pub(in crate::explore) const TIMES_MAX: u32 = 1_000_000_000;

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::explore) struct Action {
    /// What.
    pub(in crate::explore) id: Id,
    /// How often, from 1 to [`TIMES_MAX`]; none was said with `None`.
    pub(in crate::explore) count: Option<u32>,
    /// With what.
    pub(in crate::explore) argument: Argument,
}

impl Action {
    /// Without a count or an argument. Where an argument is needed, the machine asks for it.
    pub(in crate::explore) const fn of(id: Id) -> Self {
        Self { id, count: None, argument: Argument::None }
    }

    /// With an argument.
    pub(in crate::explore) const fn with(id: Id, argument: Argument) -> Self {
        Self { id, count: None, argument }
    }

    /// So many times.
    pub(in crate::explore) fn counted(id: Id, count: u32) -> Self {
        Self { id, count: Some(count.clamp(1, TIMES_MAX)), argument: Argument::None }
    }

    /// How often.
    pub(in crate::explore) fn times(&self) -> u32 {
        self.count.unwrap_or(1)
    }

    /// What it still needs before it can be carried out.
    pub(in crate::explore) fn missing(&self) -> Option<Expected> {
        match (self.id.row().takes, &self.argument) {
            (Takes::Must(expected), Argument::None) => Some(expected),
            _ => None,
        }
    }
}
