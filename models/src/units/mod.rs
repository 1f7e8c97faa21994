//! Quantities with a unit: simulated time, sizes and ratios, and how people write them.
//!
//! Knows no mesh word; every other room counts with these.

mod ppm;
mod ratio;
mod schema;
mod size;
mod time;

pub use ppm::Ppm;
pub use ratio::{Probability, RatioError};
pub use size::{Bytes, SizeError};
pub use time::{DurationError, SimDuration, SimTime};
