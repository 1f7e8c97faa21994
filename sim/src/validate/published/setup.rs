//! One run of a world like one that was measured, and what is read off it.

use meshwalk_models::cost::{CostProfile, KubeProxyMode, Machine, ProxyKind};
use serde::Serialize;

use crate::flow::Stopped;
use crate::kernel::Histogram;
use crate::kernel::random::Seed;
use crate::run::run;
use crate::stats::RunStatistics;

use super::worlds;

/// The seed of all runs; fixed, so that the outcome is the same everywhere.
const SEED: u64 = 1_909;

/// What stands between the applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mesh {
    /// Nothing.
    None,
    /// A sidecar of Istio in every pod.
    IstioSidecar,
    /// A ztunnel on every node.
    IstioAmbient,
    /// The waypoints of namespaces, by themselves.
    Waypoint,
    /// A proxy of Linkerd in every pod.
    Linkerd,
    /// Two nodes without any virtual network.
    Node,
    /// Pods, with eBPF in the place of kube-proxy.
    Ebpf,
    /// Pods, with kube-proxy and iptables.
    Iptables,
    /// Pods, with eBPF and WireGuard between nodes.
    Wireguard,
    /// Pods, with eBPF and IPsec between nodes.
    Ipsec,
    /// kube-proxy with iptables and 5000 Services.
    Services5000,
    /// kube-proxy with iptables and 10 000 Services.
    Services10000,
}

impl Mesh {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::IstioSidecar => "istio-sidecar",
            Self::IstioAmbient => "istio-ambient",
            Self::Waypoint => "waypoint",
            Self::Linkerd => "linkerd",
            Self::Node => "node to node",
            Self::Ebpf => "ebpf",
            Self::Iptables => "iptables",
            Self::Wireguard => "wireguard",
            Self::Ipsec => "ipsec",
            Self::Services5000 => "iptables, 5000 Services",
            Self::Services10000 => "iptables, 10 000 Services",
        }
    }

    /// The proxy whose prices the proxies of the run have.
    pub(super) const fn proxy(self) -> Option<ProxyKind> {
        match self {
            Self::IstioSidecar => Some(ProxyKind::Sidecar),
            Self::IstioAmbient => Some(ProxyKind::Ztunnel),
            Self::Waypoint => Some(ProxyKind::Waypoint),
            Self::Linkerd => Some(ProxyKind::Linkerd),
            _ => None,
        }
    }

    pub(super) const fn kube_proxy(self) -> KubeProxyMode {
        match self {
            Self::Node | Self::Ebpf | Self::Wireguard | Self::Ipsec => KubeProxyMode::Ebpf,
            _ => KubeProxyMode::Iptables,
        }
    }
}

/// Who calls whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One client, one server.
    Pair,
    /// Five calls in a row, each made by the one that was called before.
    FiveHops,
    /// Nine namespaces of three pods; three hops a request.
    NineNamespaces,
    /// One client that asks again as soon as it is answered, over one connection.
    RoundTrips,
    /// The same with a connection for each request.
    ShortConnections,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Who calls whom.
    pub shape: Shape,
    /// What stands between them.
    pub mesh: Mesh,
    /// Where it runs.
    pub machine: Machine,
    /// Requests a second, in all.
    pub rate_per_s: u32,
    /// Measured time of the run, in milliseconds.
    pub measured_ms: u32,
}

/// What a run shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The median latency, in microseconds.
    pub p50_us: f64,
    /// The 90th percentile.
    pub p90_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// CPU of all proxies, idle use included, in thousandths of a core.
    pub millicores: f64,
    /// Requests that were answered, a second.
    pub per_s: f64,
}

impl Setup {
    /// The same over a shorter time.
    #[must_use]
    pub const fn shorter(self, by: u32) -> Self {
        Self { measured_ms: self.measured_ms / by, ..self }
    }

    /// Runs it with the prices of a machine.
    pub(super) fn measure(&self, costs: &CostProfile) -> Result<Measured, Stopped> {
        let mut prices = costs.clone();
        if let Some(kind) = self.mesh.proxy() {
            prices.proxies.sidecar = costs.proxies.of(kind).clone();
        }
        let plan = worlds::plan(self, &prices);
        let statistics = run(&plan, Seed(SEED))?;
        let idle = self.mesh.proxy().map_or(0.0, |kind| costs.idle_millicores(kind));
        Ok(read(&statistics, idle * f64::from(worlds::proxies(self))))
    }
}

fn read(statistics: &RunStatistics, idle_millicores: f64) -> Measured {
    let measured_ns = statistics.measured.as_ns() as f64;
    let mut latency = Histogram::new();
    for traffic in &statistics.traffic {
        latency.merge(&traffic.latency);
    }
    let quantile = |q| latency.quantile(q).map_or(0.0, |it| it.as_ns() as f64 / 1e3);
    let busy_ns: u128 = statistics.workloads.iter().map(|it| it.proxy_busy_ns).sum();
    Measured {
        p50_us: quantile(0.5),
        p90_us: quantile(0.9),
        p99_us: quantile(0.99),
        millicores: busy_ns as f64 / measured_ns * 1e3 + idle_millicores,
        per_s: latency.count() as f64 / (measured_ns / 1e9),
    }
}
