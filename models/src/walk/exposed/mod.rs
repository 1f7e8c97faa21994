//! A request of a client outside that dials a Service, through a load balancer or a port of the
//! nodes: whether it gets in, and whose address servers see. What they make of it is not decided
//! here.

use std::net::{IpAddr, Ipv4Addr};

use crate::control::kubernetes::dns::Resolved;
use crate::control::kubernetes::service_port::{self, Destination, WantedPort};
use crate::control::{Beside, ControlPlanes, GatewayName};
use crate::explain::{Probe, Tree};
use crate::manifest::kinds::{AppProtocol, ExternalTraffic};
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::config::ProxyConfig;
use crate::world::{Origin, PodId, ServiceId, World};

use super::answer::{Answer, InUse, Outcome};
use super::plain::Picks;
use super::request::{self, Dial};
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, Sees};
use super::{
    Admission, OutsideClient, Question, TargetPort, bypass, full_name, gateway, plain, proxy,
    rules, server_side,
};

/// Where clients outside come from in a run: an address for documentation (RFC 5737), which no
/// block of a policy should name.
pub const CLIENTS_OF_RUNS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

/// The Service that clients outside mean by `name`, `name.namespace` or its full name; which of
/// them can be reached is not looked at.
///
/// # Errors
/// Why there is none, in a sentence.
pub fn exposed_service(world: &World, host: &str) -> Result<ServiceId, String> {
    let (name, namespace) = match host.split_once('.') {
        Some((name, rest)) => (name, Some(rest.split('.').next().unwrap_or(rest))),
        None => (host, None),
    };
    let fits = |id: &ServiceId| {
        let service = &world.services[*id];
        service.name == name
            && namespace.is_none_or(|wanted| world.namespaces[service.namespace].name == wanted)
    };
    let found: Vec<ServiceId> = world.services.ids().filter(fits).collect();
    match found.as_slice() {
        [] => Err(format!("there is no Service `{host}` that clients outside could reach")),
        [id] => Ok(*id),
        [first, second, ..] => Err(format!(
            "`{host}` is ambiguous: {} or {}; write name.namespace",
            world.service_name(*first),
            world.service_name(*second)
        )),
    }
}

/// Walks a request that `client` sends.
pub(super) fn walk(
    (world, planes): (&World, &ControlPlanes),
    question: &Question,
    client: OutsideClient,
    tree: &mut Tree,
) -> Answer {
    let host = &question.target.host;
    let service = match exposed_service(world, host) {
        Ok(service) => service,
        // What names and addresses lead to outside is in no manifest.
        Err(sentence) => {
            let sentence = format!("{sentence}; at a gateway, ask with --at");
            return Answer::unreachable(Outcome::Unknown, sentence, tree, rules::EXPOSED);
        }
    };
    if let Some(ended) = kept_out(world, service, client, tree) {
        return ended;
    }
    let seen = address_seen(world, service, client, tree);
    let resolved = Resolved::Service(service);
    let wanted = match (&question.target.port, question.target.scheme) {
        (Some(TargetPort::Number(number)), _) => WantedPort::Number(*number),
        (Some(TargetPort::Name(name)), _) => WantedPort::Name(name),
        (None, Some(scheme)) => WantedPort::Number(scheme.default_port()),
        (None, None) => WantedPort::Default,
    };
    let found = service_port::destination(world, &resolved, wanted, AppProtocol::Http, tree);
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let sentence = error.to_string();
            return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::EXPOSED);
        }
    };
    let source = match seen {
        NetworkPeer::Address(ip) if client != OutsideClient::OfRun(ip) => Some(ip),
        _ => None,
    };
    let port = port_of(world, &found);
    let dial = Dial { host: host.clone(), port, source, destination: resolved.dialled(world) };
    let none = ProxyConfig::default();
    let (policies, external) = (question.policies, &question.external);
    let view =
        proxy::View { world, planes, config: &none, dial: &dial, callers: 1, policies, external };
    let mut answer = plain::picked(view, &found, Picks::KubeProxy, tree);
    if let Some(gateway) = gateway_behind((world, planes), &answer) {
        return at_gateway((world, planes), question, (client, gateway), tree);
    }
    let sender = Sending {
        pod: None,
        peer: seen,
        identity: None,
        admission: Admission::Open,
        kind: EndKind::Outside,
        name: "outside".to_owned(),
    };
    let request = request::build(question, &dial);
    server_side::walk_plain(view, &sender, &request, &mut answer, tree);
    bypass::tell(view, &sender, &mut answer);
    answer
}

/// What ends the request of a client that does not get in; `None` if it does.
fn kept_out(
    world: &World,
    id: ServiceId,
    client: OutsideClient,
    tree: &mut Tree,
) -> Option<Answer> {
    let service = &world.services[id];
    let name = world.service_name(id);
    let is_taken = matches!(client, OutsideClient::OfRun(_));
    let origin = match (service.is_exposed, is_taken) {
        (false, true) => Origin::Assumed("something outside passes connections on to the Service"),
        _ => service.origin,
    };
    let sentence = || match (service.is_exposed, is_taken) {
        (true, _) => format!(
            "a client outside dials Service {name}, which its type opens to clients outside: a load \
             balancer or a port of each node passes connections on"
        ),
        (false, true) => format!(
            "a client outside dials Service {name}, and no type opens it: something is taken to \
             pass connections on to it, as the scenario sends them there"
        ),
        (false, false) => format!(
            "Service {name} is no LoadBalancer and no NodePort: clients outside do not reach it"
        ),
    };
    tree.step(rules::EXPOSED, Some(origin), sentence);
    if service.is_exposed || is_taken {
        return None;
    }
    let mut answer = Answer::new(Outcome::NoRoute).seen(Sees::NotResolved { after: None });
    answer.tell("path.ends", sentence(), vec![service.origin]);
    answer.ends_at(BoxKind::Service, &name);
    Some(answer)
}

/// Whose address servers and policies see.
fn address_seen(
    world: &World,
    id: ServiceId,
    client: OutsideClient,
    tree: &mut Tree,
) -> NetworkPeer {
    let policy = &world.services[id].external_traffic;
    let (seen, origin, sentence) = match (client, policy.value) {
        (OutsideClient::OfRun(ip), _) => (
            NetworkPeer::Address(ip),
            Origin::Assumed("no scenario says where clients outside come from"),
            format!("to policies of the network, clients outside come from {ip}"),
        ),
        (OutsideClient::Somebody(_), ExternalTraffic::Cluster) => (
            NetworkPeer::Elsewhere,
            policy.origin,
            "a node passes the connection on and puts an address of its own in the place of the \
             client's: which one is not known (externalTrafficPolicy Cluster)"
                .to_owned(),
        ),
        (OutsideClient::Somebody(Some(ip)), ExternalTraffic::Local) => (
            NetworkPeer::Address(ip),
            policy.origin,
            format!("servers see the client's own address, {ip} (externalTrafficPolicy Local)"),
        ),
        (OutsideClient::Somebody(None), ExternalTraffic::Local) => (
            NetworkPeer::Elsewhere,
            policy.origin,
            "servers see the client's own address, which is not known (externalTrafficPolicy Local)"
                .to_owned(),
        ),
    };
    tree.step(rules::EXPOSED_ADDRESS, Some(origin), || sentence);
    seen
}

/// The port that is dialled.
fn port_of(world: &World, found: &Destination) -> u16 {
    match found {
        Destination::Service { service, port } => world.services[*service].ports[*port].port,
        Destination::Headless { endpoints, .. } => endpoints.first().map_or(0, |it| it.port),
        Destination::Pod { port, .. } | Destination::Outside { port, .. } => *port,
    }
}

/// A gateway that stands behind a Service.
pub(super) struct Behind {
    pod: PodId,
    /// Its name, where it is the only one that these pods serve.
    name: Option<GatewayName>,
}

/// The gateway among the pods that may get the connection.
pub(super) fn gateway_behind(
    (world, planes): (&World, &ControlPlanes),
    answer: &Answer,
) -> Option<Behind> {
    let endpoints = answer.weights.iter().flat_map(|share| &share.endpoints);
    let mut pods = endpoints.filter(|it| it.in_use == InUse::Yes).filter_map(|it| it.pod_id);
    let pod = pods.find(|pod| matches!(planes.beside(world, *pod), Beside::Gateway(_)))?;
    let workload = world.pods[pod].workload;
    let mut names = planes.gateways().into_iter().filter(|name| {
        let serves = planes.gateway_workload(world, name).and_then(|it| it.pod);
        serves.is_some_and(|other| world.pods[other].workload == workload)
    });
    let name = names.next().filter(|_| names.next().is_none());
    Some(Behind { pod, name })
}

/// A gateway has routes of its own, which the engine of a run does not look at.
pub(super) fn at_gateway(
    (world, planes): (&World, &ControlPlanes),
    question: &Question,
    (client, behind): (OutsideClient, Behind),
    tree: &mut Tree,
) -> Answer {
    match (behind.name, client) {
        (Some(name), OutsideClient::Somebody(_)) => {
            gateway::walk(world, planes, question, &name, tree)
        }
        (name, _) => {
            let own = full_name(world, world.pods[behind.pod].workload);
            let at = name.map_or_else(|| "gateway/NAME".to_owned(), |name| name.to_string());
            let sentence =
                format!("{own} is a gateway, whose routes decide: ask there, with --at {at}");
            Answer::unreachable(Outcome::Unknown, sentence, tree, rules::GATEWAY)
        }
    }
}

#[cfg(test)]
mod tests;
