//! A number with its source; what numbers mean is said where they are used.

use serde::Deserialize;

/// A number with its source and how far off it may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priced<T> {
    /// The number.
    pub value: T,
    /// Where it comes from.
    pub source: String,
    /// The relative error to expect, as the spread of the sources shows it; 1 for what is assumed.
    pub relative_error: f64,
}
