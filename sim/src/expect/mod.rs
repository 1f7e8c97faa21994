//! Expectations: CEL over the statistics of a run, over all of it or window by window.
//!
//! It reads counters and never drives a run. The driver asks a [`Monitor`] when it wants to look
//! and shows it the statistics then; to find the request that broke an expectation, it repeats
//! the run with a [`BreakFinder`].
//!
//! The grammar is CEL's, by the `cel` crate. What stands for a value is checked against the
//! run's names and types before the run begins, so no expectation can fail to be evaluated after
//! an hour. A value without data (the latency of a service that nobody called) is unknown, and
//! so is what depends on it, as CEL has it for errors: `unknown || true` is true. An expectation
//! that is unknown in the end neither held nor failed.

mod check;
mod compile;
mod finder;
mod function;
mod measure;
mod monitor;
mod results;
mod subject;
mod tree;

#[cfg(test)]
mod tests;

pub use compile::Expectations;
pub use finder::BreakFinder;
pub use function::{FUNCTIONS, FunctionEntry};
pub use monitor::{Monitor, Observed};
pub use results::results;
