//! The arguments of `meshwalk probes`.

use clap::{Args, ValueEnum};

use crate::exit;

use super::MeshArgs;

/// How it is used.
const EXAMPLES: &[&str] = &[
    "meshwalk probes -f deploy/",
    "meshwalk probes deploy/cart -n shop -f deploy/ -o wide",
    "meshwalk probes -f deploy/ --data-path istio-ambient",
];

/// The arguments of `meshwalk probes`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct ProbesArgs {
    /// Only the probes of this workload or pod: `NAME`, `NAME.NAMESPACE`, `NAMESPACE/NAME` or
    /// `NAMESPACE/deploy/NAME` [default: all of them].
    #[arg(value_name = "WORKLOAD")]
    pub(crate) workload: Option<String>,

    /// What it is about.
    #[command(flatten)]
    pub(crate) mesh: MeshArgs,

    /// How to print the probes.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: ProbesFormat,
}

/// How probes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbesFormat {
    /// A table for people.
    #[default]
    Table,
    /// The table with more columns, and the reasons of each verdict.
    Wide,
    /// One JSON document with stable field names.
    Json,
}
