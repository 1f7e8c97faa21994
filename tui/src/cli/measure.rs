//! The arguments of the commands that measure meshwalk itself.

use clap::{Args, ValueEnum};

/// Which prices a command goes by.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CostsArgs {
    /// What each hop costs: a file with the numbers that differ on your machines, or one of the
    /// machines that were measured: bare-metal-lab, n2-standard-8, e2-standard-8 [default:
    /// n2-standard-8].
    #[arg(long, value_name = "FILE|MACHINE")]
    pub(crate) costs: Option<String>,
}

/// The arguments of `meshwalk validate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ValidateArgs {
    /// What to check the engine against.
    #[arg(value_name = "AGAINST", default_value = "all")]
    pub(crate) against: Against,

    /// Which prices the published figures are simulated with; machines keep their own factors.
    #[command(flatten)]
    pub(crate) costs: CostsArgs,

    /// How to print the checks.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: MeasureFormat,
}

/// What the engine is checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Against {
    /// Both of the others.
    #[default]
    All,
    /// Closed forms of queueing theory, about a minute on two cores.
    Laws,
    /// Published measurements of meshes, a few seconds.
    Published,
}

/// The arguments of `meshwalk bench`.
#[cfg(feature = "bench")]
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    /// Run only the workloads whose name has this in it, such as `timeline` [default: all].
    #[arg(value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) name: String,

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
