//! From what is pressed to an action: chords, their names, what is bound to them, the file that
//! changes that, and the keys that are half typed. What an action does is not known here.

mod bindings;
mod chord;
mod file;
mod hints;
mod listing;
mod problem;
mod resolver;
mod sequence;
#[cfg(test)]
mod tests;

pub(crate) use bindings::Bindings;
pub(crate) use chord::{Chord, Held, Key};
pub(crate) use listing::{Listing, list};
pub(crate) use problem::Problem;
pub(crate) use sequence::{Sequence, chords, words};

pub(in crate::explore) use hints::{ShownHint, hints};
pub(in crate::explore) use resolver::{Resolver, Typed};
