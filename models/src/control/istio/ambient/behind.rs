//! Policies that turn a waypoint away from the pods behind it: the ztunnel of a server sees the
//! waypoint and not the client, so a policy that lists clients lets nobody through who comes that
//! way. Which waypoint a Service uses is said in `waypoints`.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::enrolment::{Enrolled, decide};
use crate::control::istio::registry::ServiceSource;
use crate::explain::Silent;
use crate::identity::SpiffeId;
use crate::manifest::Diagnostic;
use crate::proxy::ztunnel::{Authorized, Connection, Match, Peer, Policies, Policy, authorize};
use crate::world::{Origin, PodId, World};

use super::waypoints::{self, WaypointAsked, WaypointName};

/// All findings about the waypoints of one cluster, each policy once for each waypoint.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut found = BTreeMap::new();
    for service in push.registry.services() {
        let ServiceSource::Kubernetes(id) = service.source else { continue };
        let asked = WaypointAsked::Service(id);
        let Some(waypoint) = waypoints::explain(push, world, asked).outcome else { continue };
        for endpoint in service.ports.iter().flat_map(|port| port.endpoints.iter()) {
            let Some(pod) = endpoint.pod else { continue };
            let refused = refused(push, world, &waypoint, pod, endpoint.address.port);
            if let Some((title, origin)) = refused {
                let whom = world.workload_name(world.pods[pod].workload);
                found.entry((waypoint.clone(), title)).or_insert((origin, whom));
            }
        }
    }
    found.into_iter().map(|((waypoint, title), it)| told(&waypoint, &title, it)).collect()
}

/// The policy that asks who sends and turns the waypoint away.
fn refused(
    push: &Push,
    world: &World,
    waypoint: &WaypointName,
    pod: PodId,
    port: u16,
) -> Option<(String, Origin)> {
    if decide(world, pod, &push.placement, &mut Silent) != Enrolled::Ambient {
        return None;
    }
    let row = &world.pods[pod];
    let namespace = world.workloads[row.workload].namespace?;
    let domain = &push.mesh.trust_domain.value;
    let identity = SpiffeId::new(domain, &waypoint.namespace, &waypoint.name).ok()?;
    let connection = Connection {
        source_ip: None,
        peer: Peer::Known(identity),
        destination_ip: row.ip_is_declared.then_some(row.ip),
        destination_port: port,
    };
    let policies = super::policies(push, &world.namespaces[namespace].name, &row.labels);
    let Authorized::Denied { origins, .. } = authorize(&policies, &connection, &mut Silent) else {
        return None;
    };
    let asking = by_origin(&policies, &origins).find(|policy| asks_who(policy))?;
    Some((asking.title.clone(), asking.origin))
}

fn by_origin<'p>(
    policies: &'p Policies,
    origins: &'p [Origin],
) -> impl Iterator<Item = &'p Policy> {
    policies.in_force.iter().filter(|policy| origins.contains(&policy.origin))
}

/// Whether a policy lets through or turns away by the sender.
fn asks_who(policy: &Policy) -> bool {
    let of_sender = |one: &Match| {
        !(one.principals.is_anything()
            && one.namespaces.is_anything()
            && one.accounts.is_anything()
            && one.source_ips.is_anything())
    };
    let clauses = policy.rules.iter().flat_map(|rule| &rule.clauses);
    clauses.flat_map(|clause| &clause.matches).any(of_sender)
}

fn told(waypoint: &WaypointName, title: &str, (origin, whom): (Origin, String)) -> Diagnostic {
    let name = format!("{}/{}", waypoint.namespace, waypoint.name);
    let message = format!("waypoint `{name}` is turned away by `{title}`");
    let finding = Diagnostic::error("ambient.waypoint-denied", message);
    let finding = match origin {
        Origin::Manifest(place) => finding.at(
            place,
            format!("the ztunnel beside {whom} sees the waypoint, and not the clients behind it"),
        ),
        _ => finding,
    };
    finding.help(format!(
        "traffic through the waypoint is refused; let the waypoint's service account `{name}` in, \
         and write who may call into a policy whose `targetRefs` name the Service"
    ))
}
