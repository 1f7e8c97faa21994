//! Prices of the kernel: choosing an endpoint, passing a packet filter, encrypting between nodes.

use serde::{Deserialize, Serialize};

use crate::units::SimDuration;

use super::Priced;

/// How kube-proxy, or what stands in its place, finds the endpoint of a connection.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum KubeProxyMode {
    /// Rules in a line: each Service makes every new connection slower. The default of Kubernetes.
    #[default]
    Iptables,
    /// One lookup in a map, whatever the number of Services.
    Nftables,
    /// Cilium in the place of kube-proxy: one lookup when an application connects.
    Ebpf,
}

/// Prices of the kernel of a node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelCost {
    /// A new connection, beside its round trip.
    pub connect: Priced<SimDuration>,
    /// What kube-proxy with iptables adds to that, where it picks the endpoint and there are no
    /// other Services.
    pub iptables_connect: Priced<SimDuration>,
    /// What a thousand Services add.
    pub iptables_per_thousand_services: Priced<SimDuration>,
    /// What kube-proxy with nftables adds.
    pub nftables_connect: Priced<SimDuration>,
    /// What Cilium without kube-proxy adds.
    pub ebpf_connect: Priced<SimDuration>,
    /// What the packet filter adds to a round trip between two pods, with iptables.
    pub iptables_round_trip: Priced<SimDuration>,
    /// The same with eBPF.
    pub ebpf_round_trip: Priced<SimDuration>,
    /// A round trip between two nodes of the benchmark that the others are told against.
    pub node_round_trip: Priced<SimDuration>,
    /// What WireGuard between nodes adds to a round trip.
    pub wireguard_round_trip: Priced<SimDuration>,
    /// What IPsec between nodes adds to a round trip.
    pub ipsec_round_trip: Priced<SimDuration>,
    /// CPU of both ends for a megabyte (10^6 bytes) through WireGuard.
    pub wireguard_per_mb: Priced<SimDuration>,
    /// CPU of both ends for a megabyte (10^6 bytes) through IPsec.
    pub ipsec_per_mb: Priced<SimDuration>,
    /// One message between an application and a proxy in its pod, through the loopback device.
    pub loopback: Priced<SimDuration>,
}

impl KernelCost {
    /// What finding an endpoint adds to a new connection to a Service, among `services` Services.
    #[must_use]
    pub fn pick(&self, mode: KubeProxyMode, services: u64) -> SimDuration {
        match mode {
            KubeProxyMode::Iptables => {
                let per_thousand_ns = self.iptables_per_thousand_services.value.as_ns();
                let rules_ns = per_thousand_ns.saturating_mul(services) / 1_000;
                self.iptables_connect.value.saturating_add(SimDuration::from_ns(rules_ns))
            }
            KubeProxyMode::Nftables => self.nftables_connect.value,
            KubeProxyMode::Ebpf => self.ebpf_connect.value,
        }
    }

    /// What the path through the kernel adds to a round trip between two pods.
    #[must_use]
    pub fn round_trip(&self, mode: KubeProxyMode) -> SimDuration {
        match mode {
            // The filter's hooks are the same; only the look-up differs.
            KubeProxyMode::Iptables | KubeProxyMode::Nftables => self.iptables_round_trip.value,
            KubeProxyMode::Ebpf => self.ebpf_round_trip.value,
        }
    }
}
