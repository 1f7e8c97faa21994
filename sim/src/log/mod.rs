//! The event log: what happened, to which request, where, and what caused it.
//!
//! Engines tell a [`Recorder`], which is chosen at compile time: a run that only counts pays
//! nothing. Everything that shows single requests reads the log and nothing else.

mod entry;
mod full;
mod kind;
mod ndjson;
mod reasons;
mod recorder;
mod subjects;
#[cfg(test)]
mod tests;
mod tracker;

pub use entry::{Entry, EntryName, RequestName, Step, Subject};
pub use full::FullRecorder;
pub use kind::StepKind;
pub use ndjson::{DecisionText, DestinationText, NdjsonWriter, RouteText, Texts};
pub use recorder::{Accounting, EndedCall, EndedCalls, Recorder, StatisticsOnly};
pub use subjects::{
    ConnectionRow, ConnectionSubject, HopId, RequestRow, RequestSubject, SubjectId, SubjectKind,
    SubjectRow, Subjects, TunnelsSubject,
};
pub use tracker::{Told, Tracker};
