//! A request of a client outside, at an ingress gateway.

use crate::control::{ControlPlanes, GatewayName};
use crate::explain::{Probe, Tree};
use crate::proxy::envoy::Request;
use crate::proxy::envoy::listening::Arrival;
use crate::world::World;

use super::answer::{Answer, Outcome};
use super::request::{self, Dial};
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, from_outside};
use super::{
    Admission, Question, TargetPort, bypass, gateway_api, hairpin, ingress, network, proxy, rules,
    server_side, untold,
};

/// Walks a request at the gateway `name`.
pub(super) fn walk(
    world: &World,
    planes: &ControlPlanes,
    question: &Question,
    name: &GatewayName,
    tree: &mut Tree,
) -> Answer {
    let scheme = question.target.scheme.unwrap_or_default();
    let port = match question.target.port {
        Some(TargetPort::Number(port)) => port,
        Some(TargetPort::Name(_)) => {
            let sentence = "clients outside name ports by their number".to_owned();
            return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::GATEWAY);
        }
        None => scheme.default_port(),
    };
    let Some(config) = planes.gateway(world, name) else {
        let sentence = format!("{name} has no proxy: no control plane accepts it");
        return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::GATEWAY);
    };
    let host = question.target.host.clone();
    tree.step(rules::GATEWAY, None, || {
        format!("a client outside dials port {port} of {name} and asks for {host}")
    });
    let own_port = match planes.gateway_port(world, name, port) {
        Ok(own_port) => own_port,
        Err(ports) => {
            let ports = ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let sentence = format!(
                "the Service in front of {name} has no port {port}, so nothing takes the \
                 connection; it has {ports}"
            );
            return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::GATEWAY);
        }
    };
    if own_port != port {
        tree.step(rules::GATEWAY, None, || {
            format!("the Service in front of the gateway turns port {port} into {own_port}")
        });
    }
    gateway_api::deployment(planes, name, tree);
    let dial = Dial { host, port: own_port, source: None, destination: None };
    let request = request::build(question, &dial);
    let workload = planes.gateway_workload(world, name).and_then(|it| it.pod);
    let ended =
        workload.and_then(|pod| network::to_gateway((world, planes), (pod, own_port), tree));
    if let Some(ended) = ended {
        return ended;
    }
    let pods = workload.map(|pod| &world.workload_of(pod).pods);
    let callers = pods.map_or(1, |pods| pods.end.0 - pods.start.0);
    let view = proxy::View {
        world,
        planes,
        config: &config,
        dial: &dial,
        callers,
        policies: question.policies,
        external: &question.external,
    };
    let mut answer = proxy::walk(view, Arrival::Dialled, request.clone(), tree);
    answer.ends_at(BoxKind::Gateway, &name.to_string());
    answer.legs.push(from_outside(&name.to_string(), &request.connection));
    gateway_api::tell(planes, name, &config, &request, &answer, tree);
    let sender = Sending {
        pod: workload,
        peer: network::peer(workload),
        identity: workload.and_then(|pod| server_side::identity(view, pod)),
        admission: Admission::Open,
        kind: EndKind::Gateway,
        name: name.to_string(),
    };
    sent_on(view, (name, &sender), &request, &mut answer, tree);
    untold::at_gateway(view, name, &mut answer, tree);
    ingress::tell(view, name, &mut answer, tree);
    answer
}

/// Where the gateway sends the request: to servers, or to a waypoint.
fn sent_on(
    view: proxy::View<'_>,
    (name, sender): (&GatewayName, &Sending),
    request: &Request,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    let passes = hairpin::of_gateway(view, name);
    let through =
        passes.and_then(|passes| hairpin::walk(view, (passes, sender), request, answer, tree));
    match through {
        Some(through) => *answer = through,
        None => {
            server_side::walk(view, sender, request, answer, tree);
            bypass::tell(view, sender, answer);
        }
    }
}
