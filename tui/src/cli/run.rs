//! The arguments of `meshwalk run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use meshwalk_sim::scenario::file::DataPathSpec;

use crate::exit;

use super::InputArgs;

/// The arguments of `meshwalk run`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help())]
pub(crate) struct RunArgs {
    /// A scenario file; or manifests: files, folders, or `-` for standard input.
    ///
    /// Folders are searched for .yaml, .yml and .json files. With manifests alone, behaviour and
    /// traffic are assumed, and the report says what was assumed.
    #[arg(required = true, value_name = "SCENARIO|PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// How to print the results.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: RunFormat,

    /// Write the expectations to FILE as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Write the event log of the first replication to FILE as NDJSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// How often to run, each time with another seed; two or more give confidence intervals.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) replications: u32,

    /// How many replications run at the same time; the results do not depend on it [default: all
    /// cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,

    /// The data path of every pod, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    pub(crate) data_path: Option<DataPathArg>,

    /// How the input is read and changed.
    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Which namespaces to show.
    #[command(flatten)]
    pub(crate) namespaces: NamespaceArgs,

    /// Print no results and no warnings; the exit code and the files tell.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Which namespaces to show; everything is simulated in any case.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct NamespaceArgs {
    /// Show only services and workloads of this namespace.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// Show all namespaces; the default.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
}

/// How `meshwalk run` prints its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// A table for people.
    #[default]
    Table,
    /// The table with more columns.
    Wide,
    /// One JSON document with stable field names.
    Json,
}

/// Which proxies stand between applications. Pods that cannot have them, or refuse them by label,
/// go without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataPathArg {
    /// No mesh: kube-proxy balances each connection.
    None,
    /// An Envoy sidecar in every pod balances each request.
    IstioSidecar,
    /// A ztunnel on every node, and the waypoints that the manifests ask for.
    IstioAmbient,
    /// A ztunnel on every node, and a waypoint for each namespace that has Services.
    #[value(name = "istio-ambient+waypoint")]
    IstioAmbientWaypoint,
    /// What the labels and annotations in the manifests ask for.
    FromLabels,
}

impl DataPathArg {
    /// The same in a scenario.
    #[must_use]
    pub(crate) const fn spec(self) -> DataPathSpec {
        match self {
            Self::None => DataPathSpec::None,
            Self::IstioSidecar => DataPathSpec::IstioSidecar,
            Self::IstioAmbient => DataPathSpec::IstioAmbient,
            Self::IstioAmbientWaypoint => DataPathSpec::IstioAmbientWaypoint,
            Self::FromLabels => DataPathSpec::FromLabels,
        }
    }
}
