//! The clusters of a waypoint: each port of each service that it serves, whole and by subset; and
//! those of services elsewhere that its routes name (istio
//! `pilot/pkg/networking/core/cluster_waypoint.go`, `buildWaypointInboundVIP`). How a cluster is
//! made is `clusters`' business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::clusters::{ProxyRole, Upstream, Viewpoint, Vip, encap};
use crate::control::istio::destination::{Client, Traffic, rule_for};
use crate::control::istio::registry::{Port, Protocol};
use crate::control::istio::routes::service_for;
use crate::explain::Silent;
use crate::proxy::envoy::config::{
    Cluster, Destination, HttpManager, Listener, LoadAssignment, NetworkFilter, RouteAction,
    RouteSource,
};

use super::Room;

/// Clusters and their endpoints.
#[derive(Default)]
pub(super) struct Made {
    pub(super) clusters: BTreeMap<String, Arc<Cluster>>,
    pub(super) assignments: BTreeMap<String, Arc<LoadAssignment>>,
}

impl Made {
    /// Of two with one name the first counts.
    fn add(&mut self, upstream: &Upstream<'_>, viewpoint: Viewpoint<'_>) {
        let cluster = upstream.cluster(&mut Silent);
        if self.clusters.contains_key(&cluster.name) {
            return;
        }
        if let Some(assignment) = upstream.assignment(viewpoint, &mut Silent) {
            self.assignments.insert(cluster.name.clone(), Arc::new(assignment));
        }
        self.clusters.insert(cluster.name.clone(), Arc::new(cluster));
    }
}

/// All clusters of a waypoint with this listener.
pub(super) fn clusters(room: &Room<'_>, listener: &Listener, viewpoint: Viewpoint<'_>) -> Made {
    let mut made = Made::default();
    let push = room.push;
    let client = Client { namespace: &room.waypoint.namespace, labels: &room.labels };
    for service in &room.services {
        let rule = rule_for(push, client, Traffic::Inbound, service, &mut Silent);
        let rule = rule.map(|rule| &**rule);
        let subsets = rule.into_iter().flat_map(|rule| &rule.subsets);
        let subsets = subsets.map(|subset| Some(subset.name.value.as_str()));
        let subsets: Vec<_> = std::iter::once(None).chain(subsets).collect();
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            for (&subset, &vip) in
                subsets.iter().flat_map(|subset| vips(port).iter().map(move |vip| (subset, vip)))
            {
                let role = ProxyRole::Waypoint(vip);
                made.add(&Upstream { push, service, port, rule, subset, role }, viewpoint);
            }
        }
    }
    for name in named(listener) {
        add_elsewhere(room, &name, viewpoint, &mut made);
    }
    if !room.pods.is_empty() {
        let encap = encap(&push.mesh);
        made.clusters.insert(encap.name.clone(), Arc::new(encap));
    }
    made
}

/// What is sent through the clusters of a port.
const fn vips(port: &Port) -> &'static [Vip] {
    match port.protocol {
        Protocol::Sniffed => &[Vip::Bytes, Vip::Requests],
        protocol if protocol.is_http() => &[Vip::Requests],
        _ => &[Vip::Bytes],
    }
}

/// The cluster of a service elsewhere, as a sidecar has it.
fn add_elsewhere(room: &Room<'_>, name: &str, viewpoint: Viewpoint<'_>, made: &mut Made) {
    let push = room.push;
    let parts: Vec<&str> = name.split('|').collect();
    let ["outbound", port, subset, host] = parts[..] else { return };
    let client = Client { namespace: &room.waypoint.namespace, labels: &room.labels };
    let Some(service) = service_for(push, host, client.namespace) else { return };
    let number = port.parse().ok();
    let Some(port) = service.ports.iter().find(|port| Some(port.number) == number) else { return };
    let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent);
    let rule = rule.map(|rule| &**rule);
    let subset = (!subset.is_empty()).then_some(subset);
    if subset.is_some_and(|name| rule.is_none_or(|rule| rule.subset(name).is_none())) {
        return;
    }
    let role = ProxyRole::Sidecar;
    made.add(&Upstream { push, service, port, rule, subset, role }, viewpoint);
}

/// The clusters that a listener's routes name.
fn named(listener: &Listener) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for filter in listener.chains.iter().flat_map(|chain| &chain.filters) {
        match filter {
            NetworkFilter::Http(manager) => of_manager(manager, &mut names),
            NetworkFilter::TcpProxy(proxy) => {
                names.extend(proxy.clusters.iter().map(|(cluster, _)| cluster.value.clone()));
            }
            NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_) => {}
        }
    }
    names
}

fn of_manager(manager: &HttpManager, names: &mut BTreeSet<String>) {
    let RouteSource::Inline(table) = &manager.routes else { return };
    for route in table.virtual_hosts.iter().flat_map(|host| &host.routes) {
        let RouteAction::Forward(forward) = &route.action else { continue };
        match &forward.destination {
            Destination::Cluster(cluster) => {
                names.insert(cluster.value.clone());
            }
            Destination::Weighted { clusters, .. } => {
                names.extend(clusters.iter().map(|weighted| weighted.cluster.value.clone()));
            }
            Destination::ClusterHeader(_) => {}
        }
        names.extend(forward.mirrors.iter().map(|mirror| mirror.cluster.value.clone()));
    }
}
