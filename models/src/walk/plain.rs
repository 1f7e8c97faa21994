//! Connections that no proxy beside the client takes: kube-proxy picks who gets them, or the ztunnel
//! of the client's node does. What servers make of them is not decided here.

use crate::control::kubernetes::dns::Resolved;
use crate::control::kubernetes::service_port::{self, Destination, WantedPort};
use crate::explain::{Probe, Sourced, Tree};
use crate::manifest::kinds::AppProtocol;
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::Target as ServiceTarget;
use crate::units::Ppm;
use crate::world::{EndpointTarget, Origin, PodId, World};

use super::answer::{Answer, EndpointShare, InUse, Outcome, Share};
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, SeenAnswer, Sees};
use super::{
    Caller, bypass, full_name, network, passed_on, proxy, rules, server_side, shown_target,
};

/// Who picks an endpoint for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picks {
    /// kube-proxy.
    KubeProxy,
    /// The ztunnel of the client's node.
    Ztunnel,
    /// A controller of Ingresses that no manifest holds.
    Controller,
}

/// Without a sidecar kube-proxy picks a pod for each connection, and nothing looks at requests.
pub(super) fn walk(
    view: proxy::View<'_>,
    caller: Caller,
    (resolved, request): (Option<Resolved>, &Request),
    tree: &mut Tree,
) -> Answer {
    let found = match dialled(view, caller, resolved, tree) {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let mut answer = picked(view, &found, Picks::KubeProxy, tree);
    let name = full_name(view.world, caller.workload);
    let sender = Sending::of_pod(caller.pod, EndKind::Application, name, None);
    server_side::walk_plain(view, &sender, request, &mut answer, tree);
    bypass::tell(view, &sender, &mut answer);
    answer
}

/// What stands where a connection is dialled.
///
/// # Errors
/// The answer, where the connection ends before.
pub(super) fn dialled(
    view: proxy::View<'_>,
    caller: Caller,
    resolved: Option<Resolved>,
    tree: &mut Tree,
) -> Result<Destination, Box<Answer>> {
    let proxy::View { world, planes, dial, .. } = view;
    let elsewhere = match (&resolved, dial.destination) {
        (None, None) => Some(NetworkPeer::Elsewhere),
        (None | Some(Resolved::Address(_)), Some(ip)) if network::is_elsewhere(world, ip) => {
            Some(NetworkPeer::Address(ip))
        }
        _ => None,
    };
    let ended =
        elsewhere.and_then(|to| network::outside((world, planes), caller, (to, dial.port), tree));
    if let Some(ended) = ended {
        return Err(Box::new(ended));
    }
    let Some(resolved) = resolved else {
        let sentence = format!(
            "{} is no name of the cluster and no host that is declared; what answers there is not \
             known",
            dial.host
        );
        let answer = Answer::unreachable(Outcome::Unknown, sentence, tree, rules::NO_PROXY);
        return Err(Box::new(answer));
    };
    let wanted = WantedPort::Number(dial.port);
    let found = service_port::destination(world, &resolved, wanted, AppProtocol::Http, tree);
    found.map_err(|error| {
        let sentence = error.to_string();
        Box::new(Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::NO_PROXY))
    })
}

/// Who gets connections to a destination.
pub(super) fn picked(
    view: proxy::View<'_>,
    found: &Destination,
    picks: Picks,
    tree: &mut Tree,
) -> Answer {
    let (destination, mut endpoints, origin) = reached(view.world, found);
    passed_on::share_out(&mut endpoints);
    let ready = endpoints.iter().any(|it| it.in_use == InUse::Yes);
    let outside = matches!(found, Destination::Outside { .. });
    let (rule, who) = match picks {
        Picks::KubeProxy => (rules::NO_PROXY, "kube-proxy"),
        Picks::Ztunnel => (rules::ZTUNNEL_PICKS, "the ztunnel"),
        Picks::Controller => (rules::CONTROLLER, "the controller"),
    };
    tree.step(rule, Some(origin), || match (ready || outside, picks) {
        (true, _) => {
            let ready = endpoints.iter().filter(|it| it.in_use == InUse::Yes).count();
            let each = if picks == Picks::Controller { "request" } else { "connection" };
            format!("{who} picks one of {ready} ready endpoints for each {each}")
        }
        (false, Picks::KubeProxy) => {
            "nobody is ready behind the Service: connections are refused".to_owned()
        }
        (false, Picks::Ztunnel) => {
            "nobody is ready behind the Service: the ztunnel closes the connection".to_owned()
        }
        (false, Picks::Controller) => {
            "nobody is ready behind the Service: the controller answers 503".to_owned()
        }
    });
    let is_reached = ready || outside;
    let mut answer = Answer::new(if is_reached { Outcome::Routed } else { Outcome::NoRoute });
    if !is_reached {
        let (kind, sees) = match picks {
            Picks::KubeProxy => (BoxKind::Service, Sees::Refused),
            Picks::Ztunnel => (BoxKind::ClientZtunnel, Sees::Reset { after: None }),
            Picks::Controller => {
                answer.status = Some(503);
                let seen = SeenAnswer { status: 503, ..SeenAnswer::default() };
                (BoxKind::Gateway, Sees::Answer(seen))
            }
        };
        answer = answer.seen(sees);
        answer.ends_at(kind, &shown_target(&destination));
    }
    answer.destination = Some(destination.clone());
    answer.weights = vec![Share {
        destination,
        cluster: String::new(),
        cluster_origin: origin,
        weight: Sourced::new(100, origin),
        share: Ppm::ONE,
        fails_with: None,
        endpoints,
        cluster_facts: None,
    }];
    answer
}

/// What stands behind a destination of plain Kubernetes.
fn reached(world: &World, found: &Destination) -> (ServiceTarget, Vec<EndpointShare>, Origin) {
    let target = |id: crate::world::ServiceId, port: u16| {
        let service = &world.services[id];
        ServiceTarget {
            namespace: world.namespaces[service.namespace].name.clone(),
            service: service.name.clone(),
            port,
            subset: None,
        }
    };
    match found {
        Destination::Service { service, port } => {
            let row = &world.services[*service].ports[*port];
            let endpoints =
                row.endpoints.iter().map(|it| endpoint_share(world, it, row.origin)).collect();
            (target(*service, row.port), endpoints, row.origin)
        }
        Destination::Headless { service, port, endpoints } => {
            let row = port.map(|port| &world.services[*service].ports[port]);
            let number = row.map(|row| row.port).or(endpoints.first().map(|it| it.port));
            let origin = row.map_or(world.services[*service].origin, |row| row.origin);
            let shares = endpoints.iter().map(|it| endpoint_share(world, it, origin)).collect();
            (target(*service, number.unwrap_or(0)), shares, origin)
        }
        Destination::Pod { pod, port } => {
            let workload = &world.workloads[world.pods[*pod].workload];
            let namespace = workload.namespace.map_or("", |it| &world.namespaces[it].name);
            let target = ServiceTarget {
                namespace: namespace.to_owned(),
                service: world.pods[*pod].name.clone(),
                port: *port,
                subset: None,
            };
            (target, vec![pod_share(world, *pod, *port, InUse::Yes)], workload.origin)
        }
        Destination::Outside { workload, port } => {
            let row = &world.workloads[*workload];
            let target = ServiceTarget {
                namespace: String::new(),
                service: row.name.clone(),
                port: *port,
                subset: None,
            };
            (target, Vec::new(), row.origin)
        }
    }
}

pub(super) fn endpoint_share(
    world: &World,
    endpoint: &crate::world::Endpoint,
    origin: Origin,
) -> EndpointShare {
    let in_use = if endpoint.ready { InUse::Yes } else { InUse::Unhealthy };
    match &endpoint.target {
        EndpointTarget::Pod(pod) => pod_share(world, *pod, endpoint.port, in_use),
        EndpointTarget::Address(address) => EndpointShare {
            address: format!("{address}:{}", endpoint.port),
            pod: None,
            pod_id: None,
            locality: String::new(),
            priority: 0,
            weight: 1,
            share: Ppm::ZERO,
            in_use,
            refuses: None,
            origin,
        },
    }
}

pub(super) fn pod_share(world: &World, pod: PodId, port: u16, in_use: InUse) -> EndpointShare {
    let row = &world.pods[pod];
    let namespace = world.workload_of(pod).namespace;
    let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
    let zone = &world.zones[world.nodes[row.node].zone];
    EndpointShare {
        address: std::net::SocketAddr::new(row.ip, port).to_string(),
        pod: Some(format!("{namespace}/{}", row.name)),
        pod_id: Some(pod),
        locality: format!("{}/{}", world.regions[zone.region].name, zone.name),
        priority: 0,
        weight: 1,
        share: Ppm::ZERO,
        in_use,
        refuses: None,
        origin: world.workload_of(pod).origin,
    }
}
