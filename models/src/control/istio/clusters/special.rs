//! The clusters that every sidecar has: those for traffic that no service claims (istio
//! `pilot/pkg/networking/core/cluster_builder.go`, `buildBlackHoleCluster` and its neighbours).

use std::collections::BTreeMap;

use crate::control::istio::destination::Policy;
use crate::control::istio::mesh::Mesh;
use crate::control::istio::registry::Protocol;
use crate::explain::Sourced;
use crate::proxy::envoy::config::{
    Address, Cluster, CommonBalancing, DeclaredHealth, Discovery, Endpoint, LoadAssignment,
    LoadBalancer, Locality, LocalityEndpoints, LocalityMode, UpstreamHttp, UpstreamProtocol,
    UpstreamTls,
};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::limits;

/// Where traffic to unknown hosts goes as it was dialled.
pub const PASSTHROUGH: &str = "PassthroughCluster";
/// Where traffic ends that goes nowhere.
pub const BLACK_HOLE: &str = "BlackHoleCluster";
/// Where inbound traffic goes for ports that no service names.
pub const INBOUND_PASSTHROUGH: &str = "InboundPassthroughCluster";

/// Silence after which a connection of these clusters is closed (the same file,
/// `passthroughHttpProtocolOptions`).
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(5 * 60);

/// Envoy makes up for as much of a loss of healthy hosts unless it is told otherwise
/// (api/envoy/config/endpoint/v3/endpoint.proto, `overprovisioning_factor`).
pub(super) const OVERPROVISIONING: Ppm = Ppm::from_percent(140);

/// Changes of health within this time are applied together
/// (api/envoy/config/cluster/v3/cluster.proto, `update_merge_window`).
pub(super) const UPDATE_MERGE_WINDOW: SimDuration = SimDuration::from_secs(1);

/// The cluster for unknown hosts.
#[must_use]
pub fn passthrough(mesh: &Mesh) -> Cluster {
    original_destination(PASSTHROUGH, "istio.passthrough-cluster", mesh)
}

/// The cluster for inbound traffic to ports that no service names.
#[must_use]
pub fn inbound_passthrough(mesh: &Mesh) -> Cluster {
    original_destination(INBOUND_PASSTHROUGH, "istio.inbound-passthrough-cluster", mesh)
}

/// Where a waypoint sends what is for pods: in a tunnel to the address that was dialled (istio
/// `pilot/pkg/networking/core/cluster_waypoint.go`, `GetEncapCluster`).
pub(in crate::control::istio) const ENCAP: &str = "encap";

/// The cluster of a waypoint for traffic to pods.
pub(in crate::control::istio) fn encap(mesh: &Mesh) -> Cluster {
    Cluster {
        tls: Sourced::default_of(UpstreamTls::Hbone, "istio.waypoint-tunnel"),
        ..original_destination(ENCAP, "istio.encap-cluster", mesh)
    }
}

/// A cluster that leads to a port of the workload itself, where the client dialled. Limits of a
/// policy hold, nothing else of it (istio `pilot/pkg/networking/core/cluster_traffic_policy.go`,
/// `applyTrafficPolicy`).
pub(in crate::control::istio) fn inbound_cluster(
    name: String,
    policy: &Policy<'_>,
    protocol: Sourced<Protocol>,
    mesh: &Mesh,
) -> Cluster {
    Cluster {
        name,
        connect_timeout: limits::connect_timeout(policy, mesh),
        thresholds: limits::thresholds(policy),
        http: limits::inbound_http(policy, protocol),
        origin: protocol.origin,
        ..original_destination("", "istio.inbound-cluster", mesh)
    }
}

/// The one endpoint of a cluster that leads to the workload itself.
pub(in crate::control::istio) fn own_endpoint(address: Address, origin: Origin) -> LoadAssignment {
    let endpoint = Endpoint {
        address,
        pod: None,
        weight: 1,
        health: DeclaredHealth::Unknown,
        labels: BTreeMap::new(),
        takes_mutual_tls: false,
        origin,
    };
    let group = LocalityEndpoints {
        locality: Locality::default(),
        priority: 0,
        weight: None,
        endpoints: vec![endpoint],
    };
    LoadAssignment { localities: vec![group], overprovisioning: None }
}

/// The cluster without endpoints.
#[must_use]
pub fn black_hole(mesh: &Mesh) -> Cluster {
    Cluster {
        name: BLACK_HOLE.to_owned(),
        discovery: Discovery::Static,
        // Its limits are Envoy's own.
        thresholds: BTreeMap::new(),
        origin: Origin::Default("istio.black-hole-cluster"),
        ..original_destination(BLACK_HOLE, "istio.black-hole-cluster", mesh)
    }
}

fn original_destination(name: &str, origin: &'static str, mesh: &Mesh) -> Cluster {
    Cluster {
        name: name.to_owned(),
        target: None,
        discovery: Discovery::OriginalDestination,
        connect_timeout: mesh.connect_timeout,
        balancer: Sourced::default_of(LoadBalancer::ClusterProvided, origin),
        balancing: CommonBalancing {
            panic_threshold: super::outlier::panic_threshold_without_ejection(),
            fail_traffic_on_panic: false,
            overprovisioning: OVERPROVISIONING,
            locality: LocalityMode::Unaware,
            update_merge_window: UPDATE_MERGE_WINDOW,
        },
        subsets: None,
        thresholds: limits::thresholds(&Policy::default()),
        outlier: None,
        http: UpstreamHttp {
            protocol: Sourced::default_of(UpstreamProtocol::AsDownstream, origin),
            idle_timeout: Sourced::default_of(IDLE_TIMEOUT, origin),
            ..limits::unlimited_http()
        },
        tls: Sourced::default_of(UpstreamTls::None, origin),
        origin: Origin::Default(origin),
    }
}
