//! The event log: what happened, to which request, where, and what caused it.
//!
//! Engines tell a [`Recorder`], which is chosen at compile time: a run that only counts pays
//! nothing. Everything that shows single requests reads the log and nothing else.

mod entry;
mod full;
mod ndjson;
mod recorder;
#[cfg(test)]
mod tests;

pub use entry::{Entry, EntryName, RequestName, Step, Subject};
pub use full::FullRecorder;
pub use ndjson::{DecisionText, NdjsonWriter};
pub use recorder::{Accounting, EndedCall, EndedCalls, Recorder, StatisticsOnly};
