//! When the requests of a traffic source begin and which ones they are; sending them is the flow
//! engine's.
//!
//! Everything here is a small state machine that takes time and draws as arguments and can be
//! cloned into a snapshot.

mod arrivals;
mod choice;

#[cfg(test)]
mod tests;

pub use arrivals::ArrivalProcess;
pub use choice::WeightedChoice;
