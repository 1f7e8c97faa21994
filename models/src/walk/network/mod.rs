//! What the network's policies make of a connection on the way of a request: name servers first,
//! then servers. Which connections policies carry is decided in `policy`.

use std::net::IpAddr;

use crate::control::ControlPlanes;
use crate::explain::{Probe, Silent, Tree};
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::Direction;
use crate::policy::network::{NetworkPeer, NetworkPolicies, NetworkVerdict};
use crate::proxy::ztunnel::HBONE_PORT;
use crate::units::SimDuration;
use crate::world::{EndpointTarget, Origin, PodId, ServiceKind, World};

use super::answer::{Answer, Outcome};
use super::server_side::{By, Sending};
use super::verdict::{BoxKind, Ending, EnforcedBy, Fate, Sees, Verdict, hears};
use super::{Caller, full_name, rules};

/// Where the name servers of a cluster stand, in every distribution that follows upstream.
const NAME_SERVER: (&str, &str) = ("kube-system", "kube-dns");
const NAME_SERVER_PORT: u16 = 53;
/// How many of their pods are asked about.
const NAME_SERVERS_MAX: usize = 64;

/// How long the resolver of the C library waits for name servers: 5 s, twice (resolv.conf(5),
/// `timeout` and `attempts`).
pub const RESOLVER_TIME_OUT: SimDuration = SimDuration::from_secs(10);

/// The gateway or pod that sends a connection, as policies see it. The pods of a gateway that is
/// made as its Gateway is may have any labels.
pub(super) fn peer(pod: Option<PodId>) -> NetworkPeer {
    pod.map_or(NetworkPeer::IngressController, NetworkPeer::Pod)
}

/// The box that drops connections at this end.
pub(super) const fn dropping_box(direction: Direction) -> BoxKind {
    match direction {
        Direction::Egress => BoxKind::ClientNode,
        Direction::Ingress => BoxKind::ServerNode,
    }
}

/// Whose policies those are.
pub(super) fn whose(world: &World, at: Option<PodId>) -> String {
    at.map_or_else(|| "the network".to_owned(), |pod| full_name(world, world.pods[pod].workload))
}

/// What ends the request of a caller that cannot ask name servers; `None` if it can.
pub(super) fn names(
    (world, planes): (&World, &ControlPlanes),
    caller: Caller,
    host: &str,
    tree: &mut Tree,
) -> Option<Answer> {
    if is_address(host) || planes.network_policies().is_empty() {
        return None;
    }
    tree.enter();
    let (verdict, is_assumed) = asked((world, planes.network_policies()), caller, tree);
    let standing = || match is_assumed {
        true => "the name servers, which are taken to stand in kube-system as k8s-app=kube-dns",
        false => "the name servers of Service kube-system/kube-dns",
    };
    let origin = match &verdict {
        NetworkVerdict::Dropped { origins, .. } | NetworkVerdict::Unknown { origins, .. } => {
            origins.first().copied()
        }
        NetworkVerdict::Allowed => None,
    };
    let assumed = is_assumed.then_some(Origin::Assumed("cluster DNS is not in the manifests"));
    tree.leave(rules::NAME_SERVER, origin.or(assumed), || match &verdict {
        NetworkVerdict::Allowed => format!("{host} is asked of {}", standing()),
        NetworkVerdict::Dropped { .. } => format!(
            "{host} is not resolved: packets between the caller and {} are dropped",
            standing()
        ),
        NetworkVerdict::Unknown { why, .. } => {
            format!("whether {} are reached turns on {why}", standing())
        }
    });
    ended(world, verdict, host)
}

/// What policies make of questions that a caller has for name servers about `host`.
#[must_use]
pub fn name_servers_reached(
    world: &World,
    policies: &NetworkPolicies,
    caller: Caller,
    host: &str,
) -> NetworkVerdict {
    if is_address(host) || policies.is_empty() {
        return NetworkVerdict::Allowed;
    }
    asked((world, policies), caller, &mut Silent).0
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// Also tells whether it is assumed where name servers stand.
fn asked(
    (world, policies): (&World, &NetworkPolicies),
    caller: Caller,
    probe: &mut impl Probe,
) -> (NetworkVerdict, bool) {
    let servers = name_servers(world, caller);
    let is_assumed = servers.is_empty();
    let peers = match is_assumed {
        true => vec![(NetworkPeer::NameServer, NAME_SERVER_PORT)],
        false => servers,
    };
    let from = NetworkPeer::Pod(caller.pod);
    let mut verdict: Option<NetworkVerdict> = None;
    for (to, port) in peers {
        let one = match verdict {
            None => policies.decide(world, from, to, port, Transport::Udp, probe),
            Some(_) => policies.decide(world, from, to, port, Transport::Udp, &mut Silent),
        };
        verdict = Some(match (verdict, one) {
            (None, one) => one,
            (Some(known), one) if known == one => known,
            // One name server that answers is enough.
            (Some(NetworkVerdict::Allowed), _) | (_, NetworkVerdict::Allowed) => {
                NetworkVerdict::Allowed
            }
            (Some(known @ NetworkVerdict::Unknown { .. }), _) => known,
            (Some(_), one) => one,
        });
    }
    (verdict.unwrap_or(NetworkVerdict::Allowed), is_assumed)
}

fn ended(world: &World, verdict: NetworkVerdict, host: &str) -> Option<Answer> {
    match verdict {
        NetworkVerdict::Allowed => None,
        NetworkVerdict::Unknown { why, origins } => {
            let mut answer = Answer::new(Outcome::Unknown);
            let sentence = format!("whether {host} can be resolved turns on {why}");
            answer.tell("network.unknown", sentence, origins);
            Some(answer)
        }
        NetworkVerdict::Dropped { direction, at, origins } => {
            let mut answer = Answer::new(Outcome::Denied);
            let sentence = format!(
                "could not resolve {host}: no policy lets DNS (53/UDP) pass between the caller and \
                 the name servers"
            );
            answer.tell("network.no-dns", sentence, origins.clone());
            let by = EnforcedBy { kind: dropping_box(direction), of: whose(world, at), origins };
            let sees = Sees::NotResolved { after: Some(RESOLVER_TIME_OUT) };
            answer.ending = Some(Ending { verdict: Verdict::Dropped, sees, by });
            Some(answer)
        }
    }
}

/// Whether an address is none of a pod's or a Service's.
pub(super) fn is_elsewhere(world: &World, ip: IpAddr) -> bool {
    !world.pods.iter().any(|pod| pod.ip == ip)
        && !world.services.iter().any(|service| service.kind == ServiceKind::ClusterIp(ip))
}

/// What ends a connection of a caller without a proxy to an address that no pod has; `None` if the
/// network carries it, or that is not known.
pub(super) fn outside(
    (world, planes): (&World, &ControlPlanes),
    caller: Caller,
    (to, port): (NetworkPeer, u16),
    tree: &mut Tree,
) -> Option<Answer> {
    let policies = planes.network_policies();
    if policies.is_empty() {
        return None;
    }
    let from = NetworkPeer::Pod(caller.pod);
    let fate = policies.decide(world, from, to, port, Transport::Tcp, tree);
    match fate {
        NetworkVerdict::Dropped { .. } => {
            not_carried(fate, (port, By::Itself), |at| whose(world, at), tree)
        }
        // What stands there is not known either way.
        NetworkVerdict::Allowed | NetworkVerdict::Unknown { .. } => None,
    }
}

/// What keeps clients outside from a gateway's pod; `None` if the network carries them.
pub(super) fn to_gateway(
    (world, planes): (&World, &ControlPlanes),
    (gateway, port): (PodId, u16),
    tree: &mut Tree,
) -> Option<Answer> {
    let policies = planes.network_policies();
    if policies.is_empty() {
        return None;
    }
    let (from, to) = (NetworkPeer::Elsewhere, NetworkPeer::Pod(gateway));
    let fate = policies.decide(world, from, to, port, Transport::Tcp, tree);
    not_carried(fate, (port, By::Itself), |at| whose(world, at), tree)
}

/// What keeps a client's proxy from the pods of a waypoint, and what notices it; `None` if the
/// network carries the tunnel.
pub(super) fn to_waypoint(
    (world, planes): (&World, &ControlPlanes),
    (sender, waypoint, by): (&Sending, &Sending, By),
    tree: &mut Tree,
) -> Option<Answer> {
    let policies = planes.network_policies();
    if policies.is_empty() {
        return None;
    }
    let (from, to) = (sender.peer, waypoint.peer);
    let fate = policies.decide(world, from, to, HBONE_PORT, Transport::Tcp, tree);
    let of =
        |at: Option<PodId>| at.map_or_else(|| waypoint.name.clone(), |at| whose(world, Some(at)));
    not_carried(fate, (HBONE_PORT, by), of, tree)
}

fn not_carried(
    fate: NetworkVerdict,
    (port, by): (u16, By),
    whose: impl Fn(Option<PodId>) -> String,
    tree: &mut Tree,
) -> Option<Answer> {
    let (direction, at, origins) = match fate {
        NetworkVerdict::Allowed => return None,
        NetworkVerdict::Unknown { why, origins } => {
            let mut answer = Answer::new(Outcome::Unknown);
            let sentence = format!("whether the network carries the connection turns on {why}");
            answer.tell("network.unknown", sentence, origins);
            return Some(answer);
        }
        NetworkVerdict::Dropped { direction, at, origins } => (direction, at, origins),
    };
    let mut answer = Answer::new(Outcome::Denied);
    let (sees, flags) = hears(by, Fate::Dropped, &answer, tree);
    answer.flags = flags;
    if let Sees::Answer(seen) = &sees {
        answer.status = Some(seen.status);
        answer.body.clone_from(&seen.body);
        answer.details.clone_from(&seen.details);
    }
    let of = whose(at);
    let sentence = format!(
        "connections to port {port} are dropped: no policy for {} of {of} lets them pass",
        direction.word()
    );
    answer.tell("server.refuses", sentence, origins.clone());
    let by = EnforcedBy { kind: dropping_box(direction), of, origins };
    answer.ending = Some(Ending { verdict: Verdict::Dropped, sees, by });
    Some(answer)
}

/// The pods behind the Service of the caller's cluster that resolves names, with their port.
fn name_servers(world: &World, caller: Caller) -> Vec<(NetworkPeer, u16)> {
    let cluster = world.cluster_of(caller.workload);
    let service = world.services.iter().find(|service| {
        let namespace = &world.namespaces[service.namespace];
        (namespace.name.as_str(), service.name.as_str()) == NAME_SERVER
            && Some(namespace.cluster) == cluster
    });
    let ports = service.into_iter().flat_map(|service| &service.ports);
    let own = ports.filter(|it| it.port == NAME_SERVER_PORT && it.transport == Transport::Udp);
    let endpoints = own.flat_map(|port| &port.endpoints).filter(|endpoint| endpoint.ready);
    let peers = endpoints.filter_map(|endpoint| match &endpoint.target {
        EndpointTarget::Pod(pod) => Some((NetworkPeer::Pod(*pod), endpoint.port)),
        EndpointTarget::Address(text) => {
            Some((NetworkPeer::Address(text.parse().ok()?), endpoint.port))
        }
    });
    peers.take(NAME_SERVERS_MAX).collect()
}

#[cfg(test)]
mod tests;
