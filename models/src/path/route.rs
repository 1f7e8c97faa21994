//! The way of one call: what its parts are. Which pair has which way is the table's business.

use serde::Serialize;

use crate::explain::RuleId;

use super::DataPath;

/// The port on which proxies take HBONE; NetworkPolicies see it in place of the application's.
pub const HBONE_PORT: u16 = 15_008;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caller {
    /// A pod without a proxy; an ingress controller that is no part of the mesh is one.
    None,
    /// A pod on the host's network.
    HostNetwork,
    /// A client outside the cluster, through a NodePort or a load balancer.
    Outside,
    /// A pod with a sidecar of Istio.
    IstioSidecar,
    /// A pod that the ztunnel of its node has.
    IstioAmbient,
    /// A gateway of Istio: a proxy for somebody outside.
    IstioGateway,
}

impl Caller {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::HostNetwork,
        Self::Outside,
        Self::IstioSidecar,
        Self::IstioAmbient,
        Self::IstioGateway,
    ];

    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::HostNetwork => "host-network",
            Self::Outside => "outside",
            Self::IstioSidecar => "istio-sidecar",
            Self::IstioAmbient => "istio-ambient",
            Self::IstioGateway => "istio-gateway",
        }
    }
}

impl From<DataPath> for Caller {
    fn from(data_path: DataPath) -> Self {
        match data_path {
            DataPath::None => Self::None,
            DataPath::IstioSidecar => Self::IstioSidecar,
            DataPath::IstioAmbient => Self::IstioAmbient,
        }
    }
}

/// Who is called, by the name of a Service or of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callee {
    /// A pod without a proxy.
    None,
    /// A pod on the host's network.
    HostNetwork,
    /// A host outside the cluster.
    Outside,
    /// A pod with a sidecar of Istio.
    IstioSidecar,
    /// A pod that the ztunnel of its node has.
    IstioAmbient,
    /// The same, behind a Service that uses a waypoint.
    #[serde(rename = "istio-ambient+waypoint")]
    IstioAmbientWaypoint,
}

impl Callee {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::HostNetwork,
        Self::Outside,
        Self::IstioSidecar,
        Self::IstioAmbient,
        Self::IstioAmbientWaypoint,
    ];

    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::HostNetwork => "host-network",
            Self::Outside => "outside",
            Self::IstioSidecar => "istio-sidecar",
            Self::IstioAmbient => "istio-ambient",
            Self::IstioAmbientWaypoint => "istio-ambient+waypoint",
        }
    }
}

impl From<DataPath> for Callee {
    fn from(data_path: DataPath) -> Self {
        match data_path {
            DataPath::None => Self::None,
            DataPath::IstioSidecar => Self::IstioSidecar,
            DataPath::IstioAmbient => Self::IstioAmbient,
        }
    }
}

/// A box that handles the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PathBox {
    /// The calling application.
    ClientApp,
    /// The proxy beside the caller.
    ClientSidecar,
    /// The ztunnel of the caller's node.
    ClientZtunnel,
    /// The gateway that calls.
    Gateway,
    /// The waypoint of the Service.
    Waypoint,
    /// The ztunnel of the callee's node.
    ServerZtunnel,
    /// The proxy beside the callee.
    ServerSidecar,
    /// The called application.
    ServerApp,
}

impl PathBox {
    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClientApp => "app",
            Self::ClientSidecar | Self::ServerSidecar => "sidecar",
            Self::ClientZtunnel | Self::ServerZtunnel => "ztunnel",
            Self::Gateway => "gateway",
            Self::Waypoint => "waypoint",
            Self::ServerApp => "app",
        }
    }

    const fn is_beside(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::ClientApp, Self::ClientSidecar | Self::ClientZtunnel)
                | (Self::ServerSidecar | Self::ServerZtunnel, Self::ServerApp)
        )
    }
}

/// What protects the bytes between two pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Nothing that the mesh adds; the application may speak TLS itself.
    Plaintext,
    /// TLS with certificates on both sides, between the proxies.
    MutualTls,
    /// A stream of HTTP/2 in mutual TLS, between the proxies.
    Hbone,
}

impl Protection {
    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::MutualTls => "mTLS",
            Self::Hbone => "HBONE",
        }
    }
}

/// From one box to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// The box that sends the request on.
    pub from: PathBox,
    /// The box that gets it.
    pub to: PathBox,
    /// What protects the bytes; nothing where they do not leave the network of the pod.
    pub protection: Protection,
}

impl Leg {
    /// Whether the bytes stay in one pod's network: the ztunnel works in there too.
    #[must_use]
    pub const fn is_in_pod(&self) -> bool {
        self.from.is_beside(self.to)
    }

    /// The port that NetworkPolicies see, if it is not the application's.
    #[must_use]
    pub const fn network_port(&self) -> Option<u16> {
        match self.protection {
            Protection::Hbone => Some(HBONE_PORT),
            Protection::Plaintext | Protection::MutualTls => None,
        }
    }
}

/// How often an endpoint is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balancing {
    /// When a connection is opened; all its requests go to one endpoint.
    PerConnection,
    /// For each HTTP request; for other protocols once a connection.
    PerRequest,
}

/// Who picks the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balancer {
    /// kube-proxy.
    KubeProxy,
    /// The caller, among the addresses that a name has.
    Resolver,
    /// The proxy beside the caller.
    ClientSidecar,
    /// The ztunnel of the caller's node.
    ClientZtunnel,
    /// The gateway.
    Gateway,
    /// The waypoint; which of its pods is asked is the ztunnel's choice, for each connection.
    Waypoint,
}

impl Balancer {
    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::KubeProxy => "kube-proxy",
            Self::Resolver => "resolver",
            Self::ClientSidecar => "sidecar",
            Self::ClientZtunnel => "ztunnel",
            Self::Gateway => "gateway",
            Self::Waypoint => "waypoint",
        }
    }
}

/// Whose identity the box before the called application sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Nobody's: no certificate of the mesh arrives.
    Nobody,
    /// The caller's.
    Caller,
    /// The gateway's.
    Gateway,
    /// The waypoint's; the waypoint itself sees the caller's.
    Waypoint,
}

impl Seen {
    /// Its word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Caller => "caller",
            Self::Gateway => "gateway",
            Self::Waypoint => "waypoint",
        }
    }
}

/// What holds besides, or on a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// A strict server ends plaintext.
    Strict,
    /// Connections of the node itself are not given to its ztunnel.
    SameNode,
    /// The waypoint of the Service is not passed.
    WaypointBypassed,
    /// Calls to the address of a pod pass no waypoint of a Service.
    PodAddress,
    /// A label of the Service sends gateways to the waypoint.
    IngressUseWaypoint,
    /// Sidecars take HBONE where their configuration says so.
    SidecarListens,
    /// What becomes of hosts that nobody declares.
    UnknownHost,
}

impl Note {
    /// What it says.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Strict => {
                "A STRICT PeerAuthentication of the callee ends the connection, as it is plaintext."
            }
            Self::SameNode => {
                "From the callee's own node the ztunnel is bypassed, and its policies with it: \
                 connections of host processes count as probes and come from 169.254.7.127."
            }
            Self::WaypointBypassed => {
                "The waypoint of the Service is bypassed, and with it every policy and route that \
                 it holds."
            }
            Self::PodAddress => {
                "A call to the address of a pod bypasses the waypoint of the Service; only a \
                 waypoint for workloads takes it."
            }
            Self::IngressUseWaypoint => {
                "With the label istio.io/ingress-use-waypoint on the Service the gateway sends to \
                 the waypoint."
            }
            Self::SidecarListens => {
                "Sidecars listen for HBONE where the mesh is installed for ambient \
                 (ISTIO_META_ENABLE_HBONE); others get plaintext from the ztunnel."
            }
            Self::UnknownHost => {
                "A host without a ServiceEntry is passed through once a connection, unless the \
                 sidecar's outbound traffic policy is REGISTRY_ONLY."
            }
        }
    }
}

/// The way from one workload to another.
///
/// Assumes that no PeerAuthentication or DestinationRule says otherwise: then Istio accepts
/// plaintext and mTLS (PERMISSIVE) and sends mTLS wherever the endpoint takes it (auto mTLS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// From box to box in the order of the request; the response goes back through the same.
    pub legs: &'static [Leg],
    /// Who picks the endpoint.
    pub balancer: Balancer,
    /// How often.
    pub balancing: Balancing,
    /// Where policies on connections are enforced; NetworkPolicies are, on every way, by the
    /// network.
    pub l4_policy: &'static [PathBox],
    /// Where policies on requests are enforced.
    pub l7_policy: &'static [PathBox],
    /// Whose identity the box before the called application sees.
    pub seen: Seen,
    /// What holds besides.
    pub notes: &'static [Note],
    /// The rule that says so.
    pub rule: RuleId,
}

impl Route {
    /// The boxes in the order of the request.
    pub fn boxes(&self) -> impl Iterator<Item = PathBox> + '_ {
        let first = self.legs.first().map(|leg| leg.from);
        first.into_iter().chain(self.legs.iter().map(|leg| leg.to))
    }

    /// The legs between pods.
    pub fn wires(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| !leg.is_in_pod())
    }
}
