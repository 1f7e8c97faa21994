//! The price of passing a proxy and of keeping one, by its sort.

use serde::{Deserialize, Serialize};

use crate::units::{Bytes, SimDuration};

use super::Priced;

/// A sort of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyKind {
    /// An Envoy of Istio beside a pod.
    Sidecar,
    /// An Envoy of Istio for a namespace or a Service.
    Waypoint,
    /// The L4 proxy of a node in Istio's ambient mode.
    Ztunnel,
    /// Linkerd's proxy beside a pod.
    Linkerd,
    /// The Envoy of a node in Cilium.
    CiliumEnvoy,
    /// No proxy: programs in the kernel.
    Ebpf,
    /// Envoy Gateway's Envoy.
    EnvoyGateway,
    /// The nginx of ingress-nginx.
    IngressNginx,
}

impl ProxyKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Sidecar,
        Self::Waypoint,
        Self::Ztunnel,
        Self::Linkerd,
        Self::CiliumEnvoy,
        Self::Ebpf,
        Self::EnvoyGateway,
        Self::IngressNginx,
    ];
}

/// The prices of each sort.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyCosts {
    /// See [`ProxyKind::Sidecar`].
    pub sidecar: ProxyCost,
    /// See [`ProxyKind::Waypoint`].
    pub waypoint: ProxyCost,
    /// See [`ProxyKind::Ztunnel`].
    pub ztunnel: ProxyCost,
    /// See [`ProxyKind::Linkerd`].
    pub linkerd: ProxyCost,
    /// See [`ProxyKind::CiliumEnvoy`].
    pub cilium_envoy: ProxyCost,
    /// See [`ProxyKind::Ebpf`].
    pub ebpf: ProxyCost,
    /// See [`ProxyKind::EnvoyGateway`].
    pub envoy_gateway: ProxyCost,
    /// See [`ProxyKind::IngressNginx`].
    pub ingress_nginx: ProxyCost,
}

impl ProxyCosts {
    /// The prices of one sort.
    #[must_use]
    pub const fn of(&self, kind: ProxyKind) -> &ProxyCost {
        match kind {
            ProxyKind::Sidecar => &self.sidecar,
            ProxyKind::Waypoint => &self.waypoint,
            ProxyKind::Ztunnel => &self.ztunnel,
            ProxyKind::Linkerd => &self.linkerd,
            ProxyKind::CiliumEnvoy => &self.cilium_envoy,
            ProxyKind::Ebpf => &self.ebpf,
            ProxyKind::EnvoyGateway => &self.envoy_gateway,
            ProxyKind::IngressNginx => &self.ingress_nginx,
        }
    }
}

/// The price of passing one proxy and of keeping it.
///
/// A traversal is one request and its answer through one proxy. CPU times are those of a machine
/// with `k_cpu` = 1, delays those of one with `k_lat` = 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyCost {
    /// Worker time of a traversal without load.
    pub c0: Priced<SimDuration>,
    /// The share of `c0` that is saved when the proxy is busy, because it takes several messages
    /// each time it wakes up.
    pub batch: Priced<f64>,
    /// The traversals in a second from which on nothing more is saved.
    pub rate0_per_s: Priced<f64>,
    /// Worker time of reading and writing HTTP/1.1, where the proxy does.
    pub c_parse_http1: Priced<SimDuration>,
    /// Worker time of reading and writing HTTP/2, where the proxy does.
    pub c_parse_http2: Priced<SimDuration>,
    /// Worker time of one more filter or policy.
    pub c_filter: Priced<SimDuration>,
    /// Worker time of copying a KiB.
    pub c_byte_per_kib: Priced<SimDuration>,
    /// Worker time of encrypting or decrypting a KiB.
    pub c_crypto_per_kib: Priced<SimDuration>,
    /// Worker time after the answer has left, such as telemetry; later messages wait for it.
    pub c_post: Priced<SimDuration>,
    /// CPU without any traffic, in thousandths of a core.
    pub idle_millicores: Priced<f64>,
    /// What a traversal adds to the latency beside worker time, waiting and loopback legs; the mean.
    pub on_path_delay: Priced<SimDuration>,
    /// The standard deviation of that delay relative to its mean.
    pub on_path_spread: Priced<f64>,
    /// What one more filter or policy adds to that delay.
    pub on_path_filter: Priced<SimDuration>,
    /// Worker threads of one proxy.
    pub workers: Priced<u32>,
    /// Memory without configuration and connections.
    pub m0: Priced<Bytes>,
    /// Memory of a cluster.
    pub m_cluster: Priced<Bytes>,
    /// Memory of an endpoint of a cluster.
    pub m_endpoint: Priced<Bytes>,
    /// Memory of a connection.
    pub m_connection: Priced<Bytes>,
}
