//! A request of a client outside, at an ingress gateway.

use crate::control::{ControlPlanes, GatewayName};
use crate::explain::{Probe, Tree};
use crate::proxy::envoy::listening::Arrival;
use crate::world::World;

use super::answer::{Answer, Outcome};
use super::request::{self, Dial};
use super::{Question, TargetPort, proxy, rules, server_side, untold};

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
    let dial = Dial { host, port, source: None, destination: None };
    let request = request::build(question, &dial);
    let view = proxy::View { world, planes, config: &config, dial: &dial, callers: 1 };
    let mut answer = proxy::walk(view, Arrival::Dialled, request.clone(), tree);
    untold::at_gateway(view, name, &mut answer, tree);
    server_side::walk(view, None, &request, &mut answer, tree);
    answer
}
