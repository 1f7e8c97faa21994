//! A request that a pod sends: its name is resolved, and its connection meets the pod's own proxy
//! or none.

use crate::control::ControlPlanes;
use crate::control::istio::ambient::waypoints::WaypointSender;
use crate::control::istio::capture::{self, Capture};
use crate::control::kubernetes::dns::{self, DnsFailure, Resolved};
use crate::control::kubernetes::service_port::{self, Destination, WantedPort};
use crate::explain::{Probe, Tree};
use crate::manifest::kinds::AppProtocol;
use crate::manifest::nearest;
use crate::path::DataPath;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{Direction, ProxyConfig, Transport};
use crate::proxy::envoy::listening::Arrival;
use crate::world::World;

use super::answer::{Answer, Outcome};
use super::request::{self, Dial};
use super::rules;
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, LegEncryption, Sees, inside};
use super::{
    Caller, Question, Scheme, TargetPort, ambient, bypass, full_name, hairpin, network, outside,
    passed_on, plain, proxy, rivals, server_side, untold,
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
    let path = planes.data_path(world, caller.pod);
    tell_caller(world, caller, path, tree);
    if !ambient::resolves(world, path, caller, question, tree)
        && let Some(ended) = network::names((world, planes), caller, &question.target.host, tree)
    {
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
        return match path {
            DataPath::IstioAmbient => {
                ambient::walk(view(&none), caller, (resolved, &request), tree)
            }
            DataPath::None | DataPath::IstioSidecar => {
                plain::walk(view(&none), caller, (resolved, &request), tree)
            }
        };
    };
    match captured(world, caller, &dial, tree) {
        Capture::Proxy => {}
        Capture::Bypass => {
            return plain::walk(view(&none), caller, (resolved, &request), tree);
        }
        Capture::Unknown => {
            let sentence = "whether the caller's sidecar gets the connection cannot be told".into();
            return Answer::unreachable(Outcome::Unknown, sentence, tree, rules::CALLER);
        }
    }
    let view = view(&config);
    let host = whole_name(world, &question.target.host, resolved.as_ref());
    by_sidecar(view, caller, &host, &request, tree)
}

/// What the caller's sidecar makes of the request, and where it sends it; `host` is the name that
/// the mesh knows the destination by.
fn by_sidecar(
    view: proxy::View<'_>,
    caller: Caller,
    host: &str,
    request: &Request,
    tree: &mut Tree,
) -> Answer {
    let name = full_name(view.world, caller.workload);
    let arrival = Arrival::Redirected(Direction::Outbound);
    let mut answer = proxy::walk(view, arrival, request.clone(), tree);
    let own = inside((EndKind::Application, EndKind::Sidecar), &name, own_encryption(request));
    answer.legs.push(own);
    passed_on::settle(view, &mut answer);
    answer.ends_at(BoxKind::ClientSidecar, &name);
    rivals::tell(view, caller.pod, host, &mut answer, tree);
    untold::at_client(view, caller.pod, &mut answer, tree);
    let identity = server_side::identity(view, caller.pod);
    let sender = Sending::of_pod(caller.pod, EndKind::Sidecar, name, identity);
    let passes = (WaypointSender::Sidecar, &sender);
    if let Some(through) = hairpin::walk(view, passes, request, &answer, tree) {
        return through;
    }
    server_side::walk(view, &sender, request, &mut answer, tree);
    bypass::tell(view, &sender, &mut answer);
    answer
}

/// What stands between the caller and the network.
fn tell_caller(world: &World, caller: Caller, path: DataPath, tree: &mut Tree) {
    let origin = Some(world.workloads[caller.workload].origin);
    tree.step(rules::CALLER, origin, || {
        let name = full_name(world, caller.workload);
        let pod = &world.pods[caller.pod].name;
        match path {
            DataPath::IstioSidecar => {
                format!("{name} (pod {pod}) has a sidecar, which takes its connections")
            }
            DataPath::IstioAmbient => format!(
                "{name} (pod {pod}) is in ambient: the ztunnel of its node takes its connections"
            ),
            DataPath::None => {
                format!("{name} (pod {pod}) has no sidecar: no route or policy of the mesh counts")
            }
        }
    });
}

/// What protects what the client itself writes.
pub(super) fn own_encryption(request: &Request) -> LegEncryption {
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
