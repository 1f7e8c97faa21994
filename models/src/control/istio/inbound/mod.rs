//! What Istio makes of the inbound side of a sidecar: the listener that takes redirected
//! connections, with chains for each port and each kind of encryption, and the clusters that lead
//! to the application. Which connections are redirected at all is said in `capture`.

mod chains;
mod clusters;
mod explain;
mod findings;
mod http;
mod listeners;
mod ports;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::{Probe, Silent};
use crate::proxy::envoy::config::{Cluster, Listener, LoadAssignment};

use super::Push;
use super::authentication::demands;
use super::capture::Interception;
use super::clusters::{black_hole, inbound_passthrough};
use super::http_manager::Guards;
use super::scope::sidecar_of;
use super::unmodelled::Touched;
use super::workload::Workload;

pub use explain::explain_port;
pub(super) use findings::findings;
pub use ports::InboundPort;

/// The inbound side of one proxy.
#[derive(Clone, Debug, Default)]
pub struct Inbound {
    /// Its listeners: `virtualInbound`, and those with sockets of their own.
    pub listeners: Vec<Arc<Listener>>,
    /// Its clusters, by name.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// The endpoints of those that do not go where the client dialled.
    pub assignments: BTreeMap<String, Arc<LoadAssignment>>,
}

/// The inbound side of the proxy beside a workload, (istio `pilot/pkg/networking/core/listener_inbound.go`, `buildInboundListeners`, and
/// `cluster.go`, `buildInboundClusters`).
pub fn inbound(push: &Push, workload: &Workload, probe: &mut impl Probe) -> Inbound {
    let sidecar = sidecar_of(push, &workload.namespace, &workload.labels, &mut Silent);
    let sidecar = sidecar.map(|at| &push.sidecars[at]);
    let interception = Interception::of(&workload.annotations);
    let ports = ports::ports(workload, sidecar, interception, push.mesh.inbound.value);
    let demands = demands(push, &workload.namespace, &workload.labels, probe);
    let touched =
        Touched { namespace: &workload.namespace, labels: &workload.labels, gateway: None };
    let guards = Guards::of(push, touched);
    let listeners = listeners::listeners(push, &ports, (&demands, &guards), interception);
    let mut inbound = Inbound { listeners, ..Inbound::default() };
    for port in &ports {
        let (cluster, assignment) = clusters::cluster(push, workload, sidecar, port, probe);
        if let Some(assignment) = assignment {
            inbound.assignments.insert(cluster.name.clone(), Arc::new(assignment));
        }
        inbound.clusters.insert(cluster.name.clone(), Arc::new(cluster));
    }
    for cluster in [inbound_passthrough(&push.mesh), black_hole(&push.mesh)] {
        inbound.clusters.insert(cluster.name.clone(), Arc::new(cluster));
    }
    inbound
}

/// The name of the cluster that leads to a port of the application, and of its route table.
#[must_use]
pub fn inbound_name(port: u16) -> String {
    format!("inbound|{port}||")
}
