//! Hosts outside all clusters, as workloads without a namespace.

use std::ops::Range;
use std::sync::Arc;

use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::world::{
    Node, NodeId, Origin, OutsideHost, Pod, PodId, TableId, Workload, WorkloadSource, ZoneId,
};

use super::Draft;
use super::addresses::{self, stable_hash};
use super::nodes::{OUTSIDE, Pools};

/// Servers of all hosts outside; their address range holds no more.
const SERVERS_MAX: u32 = 100_000;

/// Adds the hosts, by name. Of two with one name the first counts.
pub(super) fn add(draft: &mut Draft, hosts: &[OutsideHost], pools: &Pools) {
    let mut sorted: Vec<_> = hosts.iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    sorted.dedup_by(|later, first| later.name == first.name);
    let mut room = SERVERS_MAX;
    for host in sorted {
        let zone = zone_of(draft, host, pools);
        let servers = host.replicas.min(room);
        if servers < host.replicas {
            let message = format!("`{}` asks for {} servers", host.name, host.replicas);
            let finding = Diagnostic::error("world.too-many-servers", message)
                .help(format!("all hosts outside together have at most {SERVERS_MAX}"));
            draft.notes.find(with_place(finding, host, "asked for here"));
        }
        room -= servers;
        let pods = add_servers(draft, host, zone, servers);
        draft.world.workloads.push(Workload {
            name: host.name.clone(),
            source: WorkloadSource::Outside,
            namespace: None,
            service_account: None,
            labels: Arc::default(),
            annotations: Arc::default(),
            container_ports: Vec::new(),
            containers: Arc::default(),
            host_network: false,
            pods,
            origin: host.origin,
        });
    }
}

fn zone_of(draft: &mut Draft, host: &OutsideHost, pools: &Pools) -> Option<ZoneId> {
    let Some(name) = &host.zone else { return pools.zone_named(OUTSIDE) };
    let zone = pools.zone_named(name);
    if zone.is_none() {
        let message = format!("`{}` is placed in zone `{name}`, which does not exist", host.name);
        let finding = Diagnostic::error("world.absent-zone", message)
            .help("name one of the zones of the topology, or none");
        draft.notes.find(with_place(finding, host, "placed here"));
    }
    zone
}

fn with_place(finding: Diagnostic, host: &OutsideHost, text: &str) -> Diagnostic {
    match host.origin {
        Origin::Manifest(place) | Origin::Scenario(place) => finding.at(place, text),
        Origin::Assumed(_) | Origin::Default(_) => finding,
    }
}

/// One server a node, as nothing is known about the machines of others.
fn add_servers(
    draft: &mut Draft,
    host: &OutsideHost,
    zone: Option<ZoneId>,
    count: u32,
) -> Range<PodId> {
    let labels: Arc<Labels> = Arc::default();
    let workload = TableId::from_index(draft.world.workloads.len());
    let first = PodId::from_index(draft.world.pods.len());
    for ordinal in 0..count {
        let Some(zone) = zone else { break };
        let name = format!("{}-{ordinal}", host.name);
        let ip = draft.addresses.claim(addresses::OUTSIDE, stable_hash(&["outside", &name]));
        let node: NodeId = draft.world.nodes.push(Node {
            name: name.clone(),
            cluster: None,
            zone,
            ip,
            ip_is_declared: false,
            origin: host.origin,
        });
        draft.world.pods.push(Pod {
            name,
            workload,
            node,
            node_is_declared: false,
            ip,
            ip_is_declared: false,
            ready: true,
            labels: Arc::clone(&labels),
            dns: None,
        });
    }
    first..PodId::from_index(draft.world.pods.len())
}
