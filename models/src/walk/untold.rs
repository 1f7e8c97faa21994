//! Objects that touch the path of a request and whose effect is not modelled: they are listed, and
//! no request counts as let through where one of them may turn it away.

use std::collections::BTreeSet;

use crate::control::GatewayName;
use crate::control::istio::Push;
use crate::control::istio::config::Config;
use crate::control::istio::injection::Proxy;
use crate::control::istio::unmodelled::{Touched, touching};
use crate::explain::{Probe, Tree};
use crate::manifest::kinds::istio::{Effect, Unmodelled, UnmodelledKind};
use crate::world::{Origin, PodId, World};

use super::answer::{Answer, Outcome, Untold};
use super::proxy::View;
use super::rules;

/// Where a proxy stands on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Beside the client: rules on who may call do not count there.
    Client,
    /// In front of the server, or at the edge.
    Server,
}

/// What touches the proxy beside the client.
pub(super) fn at_client(view: View<'_>, pod: PodId, answer: &mut Answer, tree: &mut Tree) {
    if let Some(push) = view.planes.istio().push_of(view.world, pod) {
        let found = of_pod(view.world, push, pod);
        note(found, Side::Client, answer, tree);
    }
}

/// What touches the proxies that may get the request.
pub(super) fn at_servers(view: View<'_>, pods: &[PodId], answer: &mut Answer, tree: &mut Tree) {
    let mut seen = BTreeSet::new();
    for &pod in pods {
        if !seen.insert(view.world.pods[pod].workload) {
            continue;
        }
        if view.planes.istio().is_injected(view.world, pod).outcome == Proxy::None {
            continue;
        }
        if let Some(push) = view.planes.istio().push_of(view.world, pod) {
            note(of_pod(view.world, push, pod), Side::Server, answer, tree);
        }
    }
}

/// What touches a gateway.
pub(super) fn at_gateway(view: View<'_>, name: &GatewayName, answer: &mut Answer, tree: &mut Tree) {
    for (push, namespace, labels, gateway) in view.planes.gateway_workloads(view.world, name) {
        let proxy = Touched { namespace: &namespace, labels: &labels, gateway };
        note(touching(push, proxy), Side::Server, answer, tree);
    }
}

fn of_pod<'p>(world: &World, push: &'p Push, pod: PodId) -> Vec<&'p Config<Unmodelled>> {
    let namespace = world.workload_of(pod).namespace;
    let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
    touching(push, Touched { namespace, labels: &world.pods[pod].labels, gateway: None })
}

fn note(found: Vec<&Config<Unmodelled>>, side: Side, answer: &mut Answer, tree: &mut Tree) {
    let counts = |object: &&Config<Unmodelled>| {
        let of_server = matches!(
            object.object.kind,
            UnmodelledKind::AuthorizationPolicy | UnmodelledKind::RequestAuthentication
        );
        side == Side::Server || !of_server
    };
    for object in found.into_iter().filter(counts) {
        let what = format!("{:?} {}", object.object.kind, object.title());
        let touches: Vec<&str> =
            object.object.touches.iter().map(|touch| touch.value.as_str()).collect();
        let untold = Untold {
            what: what.clone(),
            touches: touches.join("; "),
            origin: Some(object.origin()),
        };
        if answer.not_modelled.contains(&untold) {
            continue;
        }
        tree.step(rules::NOT_MODELLED, untold.origin, || match object.object.effect {
            Effect::TurnsAway => format!("{what} may turn the request away"),
            Effect::Changes => format!("{what} may change what happens"),
            Effect::LooksOn => format!("{what} looks on"),
        });
        answer.not_modelled.push(untold);
        if object.object.effect == Effect::TurnsAway {
            doubt(&what, object.origin(), answer);
        }
    }
    answer.not_modelled.sort();
}

/// What is not enforced here is not taken for allowed.
fn doubt(what: &str, origin: Origin, answer: &mut Answer) {
    let lets_through = match answer.outcome {
        Outcome::Routed | Outcome::Redirected | Outcome::DirectResponse => true,
        Outcome::NoRoute | Outcome::Denied | Outcome::Unknown => false,
    };
    if lets_through {
        answer.outcome = Outcome::Unknown;
    }
    let sentence = format!("{what} decides who may call, and is not modelled");
    answer.tell("policy.not-modelled", sentence, vec![origin]);
}
