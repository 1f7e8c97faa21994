//! The arguments of the commands that measure meshwalk itself.

use clap::{Args, ValueEnum};

/// The arguments of `meshwalk validate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ValidateArgs {
    /// How to print the checks.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: MeasureFormat,
}

/// The arguments of `meshwalk bench`.
#[cfg(feature = "bench")]
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    /// How to print the figures.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: MeasureFormat,

    /// Run small sizes: a rough answer in seconds. The aims are about the full sizes.
    #[arg(long)]
    pub(crate) quick: bool,
}

/// How measured figures are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MeasureFormat {
    /// A table for people.
    #[default]
    Table,
    /// One JSON document with stable field names.
    Json,
}
