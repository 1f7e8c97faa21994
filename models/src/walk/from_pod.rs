//! A request that a pod sends: its name is resolved, and its connection meets the pod's own proxy
//! or none.

use crate::control::ControlPlanes;
use crate::control::istio::capture::{self, Capture};
use crate::control::kubernetes::dns::{self, DnsFailure, Resolved};
use crate::control::kubernetes::service_port::{self, Destination, WantedPort};
use crate::explain::{Probe, Sourced, Tree};
use crate::manifest::kinds::AppProtocol;
use crate::manifest::nearest;
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{Direction, ProxyConfig, Target as ServiceTarget, Transport};
use crate::proxy::envoy::listening::Arrival;
use crate::units::Ppm;
use crate::world::{EndpointTarget, Origin, PodId, World};

use super::answer::{Answer, EndpointShare, InUse, Outcome, Share};
use super::request::{self, Dial};
use super::rules;
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, LegEncryption, Sees, inside};
use super::{
    Caller, Question, Scheme, TargetPort, full_name, network, outside, passed_on, proxy, rivals,
    server_side, shown_target, untold,
};

/// Walks a request that `caller` sends.
pub(super) fn walk(
    world: &World,
    planes: &ControlPlanes,
    question: &Question,
    caller: Caller,
    tree: &mut Tree,
) -> Answer {
    let sidecar = planes.sidecar(world, caller.pod);
    let name = full_name(world, caller.workload);
    let origin = Some(world.workloads[caller.workload].origin);
    tree.step(rules::CALLER, origin, || {
        let pod = &world.pods[caller.pod].name;
        match &sidecar {
            Some(_) => format!("{name} (pod {pod}) has a sidecar, which takes its connections"),
            None => {
                format!("{name} (pod {pod}) has no sidecar: no route or policy of the mesh counts")
            }
        }
    });
    if let Some(ended) = network::names((world, planes), caller, &question.target.host, tree) {
        return ended;
    }
    let answer = dns::resolve(world, caller.workload, &question.target.host, tree);
    let asked = &question.target.host;
    let (resolved, outside) = match answer.result {
        Ok(resolved) => (Some(resolved), None),
        Err(failure) => match outside::find((world, planes), caller, asked, &failure, tree) {
            Some(outside) => (None, Some(outside)),
            None => return unresolved(world, question, &failure),
        },
    };
    let port = match port(world, question, resolved.as_ref(), tree) {
        Ok(port) => port,
        Err(sentence) => {
            return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::CALLER);
        }
    };
    let declared = outside.as_ref().and_then(|outside| outside.address);
    let dial = Dial {
        host: outside.map_or_else(|| asked.clone(), |outside| outside.host),
        port,
        source: Some(world.pods[caller.pod].ip),
        destination: resolved.as_ref().and_then(|it| it.dialled(world)).or(declared),
    };
    let none = ProxyConfig::default();
    let callers = world.workloads[caller.workload].pods.clone();
    let callers = callers.end.0 - callers.start.0;
    let (policies, external) = (question.policies, &question.external);
    let view =
        |config| proxy::View { world, planes, config, dial: &dial, callers, policies, external };
    let request = request::build(question, &dial);
    let Some(config) = sidecar else {
        return without_proxy(view(&none), caller, (resolved, &request), tree);
    };
    match captured(world, caller, &dial, tree) {
        Capture::Proxy => {}
        Capture::Bypass => {
            return without_proxy(view(&none), caller, (resolved, &request), tree);
        }
        Capture::Unknown => {
            let sentence = "whether the caller's sidecar gets the connection cannot be told".into();
            return Answer::unreachable(Outcome::Unknown, sentence, tree, rules::CALLER);
        }
    }
    let view = view(&config);
    let arrival = Arrival::Redirected(Direction::Outbound);
    let mut answer = proxy::walk(view, arrival, request.clone(), tree);
    let own = inside((EndKind::Application, EndKind::Sidecar), &name, own_encryption(&request));
    answer.legs.push(own);
    passed_on::settle(view, &mut answer);
    answer.ends_at(BoxKind::ClientSidecar, &name);
    let host = whole_name(world, &question.target.host, resolved.as_ref());
    rivals::tell(view, caller.pod, &host, &mut answer, tree);
    untold::at_client(view, caller.pod, &mut answer, tree);
    let identity = server_side::identity(view, caller.pod);
    let sender = Sending { pod: Some(caller.pod), identity, kind: EndKind::Sidecar, name };
    server_side::walk(view, &sender, &request, &mut answer, tree);
    answer
}

/// What protects what the client itself writes.
fn own_encryption(request: &Request) -> LegEncryption {
    match request.connection.transport {
        Transport::Tls => LegEncryption::ApplicationTls,
        Transport::RawBuffer => LegEncryption::Plaintext,
    }
}

/// Whether the connection is redirected to the caller's sidecar.
fn captured(world: &World, caller: Caller, dial: &Dial, tree: &mut Tree) -> Capture {
    let annotations = &world.workloads[caller.workload].annotations;
    let own = [world.pods[caller.pod].ip];
    capture::outbound(annotations, &own, (dial.destination, dial.port), tree).value
}

/// The name that the mesh knows a destination by.
fn whole_name(world: &World, asked: &str, resolved: Option<&Resolved>) -> String {
    match resolved {
        Some(Resolved::Service(id) | Resolved::Headless { service: id, .. }) => {
            let service = &world.services[*id];
            let namespace = &world.namespaces[service.namespace].name;
            format!("{}.{namespace}.svc.cluster.local", service.name)
        }
        Some(Resolved::Outside(_) | Resolved::Address(_)) | None => {
            asked.trim_end_matches('.').to_owned()
        }
    }
}

/// A name that has no address ends the walk before any proxy.
fn unresolved(world: &World, question: &Question, failure: &DnsFailure) -> Answer {
    let outcome = match failure {
        DnsFailure::NotModelled { .. } => Outcome::Unknown,
        _ => Outcome::NoRoute,
    };
    let mut answer = Answer::new(outcome).seen(Sees::NotResolved { after: None });
    let host = &question.target.host;
    answer.ends_at(BoxKind::NameServer, "cluster DNS");
    let (first, namespace) = host.split_once('.').unwrap_or((host, ""));
    let namespace = namespace.split('.').next().unwrap_or_default();
    let here = |service: &&crate::world::Service| {
        namespace.is_empty() || world.namespaces[service.namespace].name == namespace
    };
    let named = |name: &str| {
        let service = world.services.iter().filter(here).find(|it| it.name == name);
        // The name may stand in another namespace only.
        service.or_else(|| world.services.iter().find(|it| it.name == name))
    };
    let near = named(first).or_else(|| {
        let names = world.services.iter().filter(here).map(|it| it.name.as_str());
        named(nearest(first, names)?)
    });
    let near = near.map(|it| format!("{}.{}", it.name, world.namespaces[it.namespace].name));
    let near = near.filter(|near| near != host);
    let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    answer.tell("name.unresolved", format!("{failure}{help}"), Vec::new());
    answer
}

/// The port that is dialled.
fn port(
    world: &World,
    question: &Question,
    resolved: Option<&Resolved>,
    tree: &mut Tree,
) -> Result<u16, String> {
    let wanted = match (&question.target.port, question.target.scheme) {
        (Some(TargetPort::Number(number)), _) => return Ok(*number),
        (Some(TargetPort::Name(name)), _) => WantedPort::Name(name),
        (None, Some(scheme)) => return Ok(scheme.default_port()),
        (None, None) => WantedPort::Default,
    };
    let Some(resolved) = resolved else {
        return match wanted {
            WantedPort::Name(name) => Err(format!("a host outside has no port named `{name}`")),
            _ => Ok(Scheme::Http.default_port()),
        };
    };
    let found = service_port::destination(world, resolved, wanted, AppProtocol::Http, tree);
    match found.map_err(|error| error.to_string())? {
        Destination::Service { service, port } => Ok(world.services[service].ports[port].port),
        Destination::Headless { endpoints, .. } => {
            let first = endpoints.first().ok_or("the headless Service has no ready pods")?;
            Ok(first.port)
        }
        Destination::Pod { port, .. } | Destination::Outside { port, .. } => Ok(port),
    }
}

/// Without a sidecar kube-proxy picks a pod for each connection, and nothing looks at requests.
fn without_proxy(
    view: proxy::View<'_>,
    caller: Caller,
    (resolved, request): (Option<Resolved>, &Request),
    tree: &mut Tree,
) -> Answer {
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
        return ended;
    }
    let Some(resolved) = resolved else {
        let sentence = format!(
            "{} is no name of the cluster and no host that is declared; what answers there is not \
             known",
            dial.host
        );
        return Answer::unreachable(Outcome::Unknown, sentence, tree, rules::NO_PROXY);
    };
    let wanted = WantedPort::Number(dial.port);
    let found = service_port::destination(world, &resolved, wanted, AppProtocol::Http, tree);
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            return Answer::unreachable(Outcome::NoRoute, error.to_string(), tree, rules::NO_PROXY);
        }
    };
    let (destination, mut endpoints, origin) = reached(world, &found);
    passed_on::share_out(&mut endpoints);
    let ready = endpoints.iter().any(|it| it.in_use == InUse::Yes);
    let outside = matches!(found, Destination::Outside { .. });
    tree.step(rules::NO_PROXY, Some(origin), || {
        if ready || outside {
            let ready = endpoints.iter().filter(|it| it.in_use == InUse::Yes).count();
            format!("kube-proxy picks one of {ready} ready endpoints for each connection")
        } else {
            "nobody is ready behind the Service: connections are refused".to_owned()
        }
    });
    let reached = ready || outside;
    let mut answer = Answer::new(if reached { Outcome::Routed } else { Outcome::NoRoute });
    if !reached {
        answer = answer.seen(Sees::Refused);
        answer.ends_at(BoxKind::Service, &shown_target(&destination));
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
    let name = full_name(world, caller.workload);
    let kind = EndKind::Application;
    let sender = Sending { pod: Some(caller.pod), identity: None, kind, name };
    server_side::walk_plain(view, &sender, request, &mut answer, tree);
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
