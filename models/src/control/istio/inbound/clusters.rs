//! The clusters of the inbound side, one for each port of the application (istio
//! `pilot/pkg/networking/core/cluster_builder.go`, `buildInboundCluster`).

use crate::control::istio::Push;
use crate::control::istio::clusters::{inbound_cluster, own_endpoint};
use crate::control::istio::config::Config;
use crate::control::istio::destination::{Client, Policy, Traffic, rule_for};
use crate::control::istio::workload::Workload;
use crate::explain::Probe;
use crate::manifest::kinds::istio::Sidecar;
use crate::proxy::envoy::config::{Cluster, Discovery, LoadAssignment};

use super::inbound_name;
use super::ports::{AppAddress, InboundPort};

/// The cluster that leads to a port, and its endpoint unless requests go where they were dialled.
/// Limits of the DestinationRule hold for the server too; those of the Sidecar take their place.
pub(super) fn cluster(
    push: &Push,
    workload: &Workload,
    sidecar: Option<&Config<Sidecar>>,
    port: &InboundPort,
    probe: &mut impl Probe,
) -> (Cluster, Option<LoadAssignment>) {
    let client = Client { namespace: &workload.namespace, labels: &workload.labels };
    let rule = port.service.as_ref().and_then(|service| {
        rule_for(push, client, Traffic::Inbound, service, probe).map(AsRef::as_ref)
    });
    let mut policy = Policy::of(rule, &push.mesh, port.service_port, None, probe);
    let pool = sidecar.and_then(|sidecar| sidecar.object.inbound_pool.as_ref());
    if let Some(pool) = port.pool.as_ref().or(pool) {
        policy.connection_pool = Some(pool);
    }
    let address = match &port.upstream {
        AppAddress::At(address) => Some(address.clone()),
        AppAddress::AsDialled => None,
    };
    let assignment = address.map(|address| own_endpoint(address, port.origin));
    let name = inbound_name(port.number);
    let discovery = match assignment {
        Some(_) => Discovery::Static,
        None => Discovery::OriginalDestination,
    };
    let cluster = Cluster {
        discovery,
        origin: port.origin,
        ..inbound_cluster(name, &policy, port.protocol, &push.mesh)
    };
    (cluster, assignment)
}
