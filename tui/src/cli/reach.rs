//! The arguments of `meshwalk reach`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::exit;

use super::{DataPathArg, MeshArgs};

/// How it is used.
const EXAMPLES: &[&str] = &[
    "meshwalk reach -f deploy/",
    "meshwalk reach -f deploy/ --to shop/deploy/cart -o wide",
    "meshwalk reach -f deploy/ --external 203.0.113.0/24 -o json",
    "meshwalk reach --diff deploy/ deploy-with-policy/",
];

/// The arguments of `meshwalk reach`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct ReachArgs {
    /// Manifests: files, folders, or `-` for standard input; repeatable.
    ///
    /// Folders are searched for .yaml, .yml and .json files.
    #[arg(
        short = 'f',
        long = "filename",
        required_unless_present = "diff",
        value_name = "PATH",
        num_args = 1..
    )]
    pub(crate) paths: Vec<PathBuf>,

    /// Compare two configurations, each a file or folder, and print the connections that are
    /// gained and lost; the exit code is 1 if there are any.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "paths")]
    pub(crate) diff: Vec<PathBuf>,

    /// Only connections from this caller: a workload as `why` takes it, `NAMESPACE/*`, a range of
    /// addresses, `outside` or `ingress`; repeatable.
    #[arg(long, value_name = "CALLER")]
    pub(crate) from: Vec<String>,

    /// Only connections to this server, named as callers are; repeatable.
    #[arg(long, value_name = "SERVER")]
    pub(crate) to: Vec<String>,

    /// Only connections from or to this namespace. It is also that of names and objects that are
    /// written without one.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// A range of addresses outside to ask about, in place of all that is outside; repeatable.
    #[arg(long, value_name = "CIDR")]
    pub(crate) external: Vec<String>,

    /// List what is refused too, with the box that refuses it.
    #[arg(long)]
    pub(crate) refused: bool,

    /// The versions and readings that count, such as `istio-1.17` or `netpol-analyzer` [default:
    /// the newest Istio].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// What carries the traffic of pods, whatever their labels say [default: what the labels and
    /// annotations ask for].
    #[arg(long, value_name = "NAME")]
    pub(crate) data_path: Option<DataPathArg>,

    /// How to print the connections.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: ReachFormat,
}

/// How connections are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReachFormat {
    /// A row for each pair, or for pairs that are alike where there are many.
    #[default]
    #[value(alias = "text")]
    Table,
    /// The same with what is refused, the box that refuses it and why.
    Wide,
    /// Callers down, servers across.
    Matrix,
    /// One JSON document with stable field names.
    Json,
    /// A graph for Graphviz.
    Dot,
}

impl ReachArgs {
    /// What a configuration at `paths` is read with.
    pub(crate) fn mesh(&self, paths: &[PathBuf]) -> MeshArgs {
        MeshArgs {
            paths: paths.to_vec(),
            namespace: self.namespace.clone(),
            profile: self.profile.clone(),
            data_path: self.data_path,
        }
    }
}
