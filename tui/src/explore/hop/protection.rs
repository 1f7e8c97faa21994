//! What protects a connection between two pods for one call site, as the plan has it. What is
//! decided there was decided in `meshwalk-models` before the run.

use meshwalk_models::path::{self, Protection};
use meshwalk_sim::flow::plan::{ClusterTls, DestinationEnd, GateKey, LegPlan, Plan, RouteAction};

/// What protects the connection from `client` to `server` for a call site; nothing where routes of
/// the call site differ on it.
pub(crate) fn protection(plan: &Plan, call: u32, client: u32, server: u32) -> Option<Protection> {
    let pod = |row: u32| plan.pods.get(row as usize);
    let (from, to) = (pod(client)?, pod(server)?);
    let unmet = path::protection(from.data_path, to.data_path);
    let through = |sending: u32, tls: ClusterTls| {
        let key = GateKey { sending, client: from.gate_class, server: to.gate_class };
        let gate = plan.gates.find(key).and_then(|row| plan.gates.get(row));
        match (gate, tls) {
            (Some(gate), _) => gate.protection,
            (None, ClusterTls::Off) => Protection::Plaintext,
            (None, ClusterTls::Auto) => unmet,
        }
    };
    let site = plan.calls.get(call as usize)?;
    let Some(first) = site.legs else {
        return Some(site.sending.map_or(unmet, |sending| through(sending, ClusterTls::Auto)));
    };
    let leg = plan.mesh.legs.get((first + from.class) as usize)?;
    let routes: Vec<u32> = match leg {
        LegPlan::Sole(route) => vec![*route],
        LegPlan::Split(shares) => shares.iter().map(|(_, route)| *route).collect(),
    };
    let mut found = Vec::new();
    for route in routes {
        let Some(route) = plan.mesh.routes.get(route as usize) else { continue };
        let RouteAction::Forward(terms) = &route.action else { continue };
        for destination in &terms.destinations {
            let DestinationEnd::Cluster { cluster, sending, .. } = destination.end else {
                continue;
            };
            let cluster = &plan.mesh.clusters[cluster as usize];
            if cluster.hosts.contains(&server) {
                found.push(through(sending, cluster.tls));
            }
        }
    }
    let first = found.first().copied()?;
    found.iter().all(|other| *other == first).then_some(first)
}
