//! The arguments of `meshwalk proxy-config`.

use clap::{Args, ValueEnum};

use crate::exit;

use super::{AnswerFormat, CostsArgs, MeshArgs};

/// How it is used.
const EXAMPLES: &[&str] = &[
    "meshwalk proxy-config routes deploy/frontend -n web --name 8080 -f deploy/",
    "meshwalk proxy-config clusters frontend.web --fqdn checkout.shop.svc.cluster.local -f deploy/",
    "meshwalk proxy-config listeners gateway/public -f deploy/",
    "meshwalk proxy-config memory deploy/frontend -n web -f deploy/",
];

/// The arguments of `meshwalk proxy-config`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct ProxyConfigArgs {
    /// Which part of the configuration.
    pub(crate) part: PartArg,

    /// Whose proxy: a pod or workload as `NAME`, `NAME.NAMESPACE`, `NAMESPACE/NAME` or
    /// `NAMESPACE/deploy/NAME`; or `gateway/NAME` or `gateway/NAMESPACE/NAME`; or the same behind
    /// `waypoint/`.
    #[arg(value_name = "POD|gateway/NAME|waypoint/NAME")]
    pub(crate) proxy: Option<String>,

    /// What it is about.
    #[command(flatten)]
    pub(crate) mesh: MeshArgs,

    /// Only this port.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Only clusters, endpoints and virtual hosts of this host.
    #[arg(long, value_name = "HOST")]
    pub(crate) fqdn: Option<String>,

    /// Only the listener, route table or cluster of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Which prices the memory goes by.
    #[command(flatten)]
    pub(crate) costs: CostsArgs,

    /// How to print the lines.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: AnswerFormat,
}

/// A part of a proxy's configuration, by the names that istioctl takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartArg {
    /// Where connections come in.
    #[value(aliases = ["listener", "l"])]
    Listeners,
    /// Where requests go.
    #[value(aliases = ["route", "r"])]
    Routes,
    /// What they are sent to.
    #[value(aliases = ["cluster", "c"])]
    Clusters,
    /// Who stands behind that.
    #[value(aliases = ["endpoint", "ep"])]
    Endpoints,
    /// How much memory all of that takes, by namespace.
    Memory,
}
