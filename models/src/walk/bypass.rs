//! What is not enforced because a request goes past the waypoint that its server has: policies that
//! name it, or the Service. The way itself is decided elsewhere.

use std::collections::BTreeSet;

use crate::control::istio::Push;
use crate::control::istio::ambient::waypoints::{WaypointAsked, WaypointName};
use crate::manifest::kinds::istio::PolicyTarget;
use crate::proxy::envoy::config::Target;
use crate::world::{Origin, ServiceId, World};

use super::answer::Answer;
use super::proxy::View;
use super::server_side::Sending;
use super::verdict::EndKind;

/// The class of all waypoints.
const WAYPOINT_CLASS: &str = "istio-waypoint";

/// Tells of the waypoints that the request goes past, and of policies that wait for one in vain.
pub(super) fn tell(view: View<'_>, sender: &Sending, answer: &mut Answer) {
    let targets: BTreeSet<Target> =
        answer.weights.iter().map(|share| share.destination.clone()).collect();
    for target in targets {
        let Some(service) = named(view.world, &target) else { continue };
        let chosen = view.planes.waypoint_for(view.world, WaypointAsked::Service(service));
        let place = format!("{}/{}", target.namespace, target.service);
        let (policies, mut origins) = of_service(view, service, chosen.outcome.as_ref(), &target);
        let lost = match policies.as_slice() {
            [] => "nothing that it does with requests counts on this way".to_owned(),
            [one] => format!("{one} is not enforced on this way"),
            many => format!("{} are not enforced on this way", many.join(" and ")),
        };
        // A label names one, and something is in the way of its use.
        let refused = chosen.because.because.last().filter(|_| chosen.outcome.is_none());
        let (id, sentence) = match (&chosen.outcome, refused) {
            (Some(waypoint), _) => {
                let who = who(sender);
                let sentence = format!("{waypoint} of Service {place} is bypassed: {who}; {lost}");
                ("waypoint.bypassed", sentence)
            }
            (None, Some(why)) => {
                let (chosen, why) = (&chosen.because.finding, &why.finding);
                let sentence = format!("Service {place}: {chosen}: {why}; {lost}");
                ("waypoint.not-used", sentence)
            }
            (None, None) if !policies.is_empty() => {
                let why = &chosen.because.finding;
                let sentence = format!("no waypoint serves Service {place}: {why}; {lost}");
                ("waypoint.policy-without-waypoint", sentence)
            }
            (None, None) => continue,
        };
        let is_label = chosen.outcome.is_some() || refused.is_some();
        origins.extend(chosen.because.origin.filter(|_| is_label));
        answer.tell(id, sentence, origins);
    }
}

const fn who(sender: &Sending) -> &'static str {
    match sender.kind {
        EndKind::Sidecar => "sidecars send past waypoints",
        EndKind::Gateway => {
            "gateways send past waypoints unless the Service has the label \
             istio.io/ingress-use-waypoint"
        }
        EndKind::Ztunnel => "a pod is called at its own address",
        _ => "clients outside of the mesh send past waypoints",
    }
}

pub(super) fn named(world: &World, target: &Target) -> Option<ServiceId> {
    let mut all = world.services.entries();
    let found = all.find(|(_, service)| {
        service.name == target.service
            && world.namespaces[service.namespace].name == target.namespace
    });
    found.map(|(id, _)| id)
}

/// The policies that a waypoint enforces for a Service, or would if there were one.
fn of_service(
    view: View<'_>,
    id: ServiceId,
    waypoint: Option<&WaypointName>,
    service: &Target,
) -> (Vec<String>, Vec<Origin>) {
    let cluster = view.world.namespaces[view.world.services[id].namespace].cluster;
    let pushes = view.planes.istio().pushes();
    let Some(push) = pushes.iter().find(|push| push.cluster == cluster) else {
        return (Vec::new(), Vec::new());
    };
    let place = Place { push, waypoint, service };
    let access = push.authorization_policies.iter();
    let access = access.filter(|it| place.is_named(&it.namespace, &it.object.targets));
    let access = access.map(|it| (format!("AuthorizationPolicy {}", it.title()), it.origin()));
    let tokens = push.request_authentications.iter();
    let tokens = tokens.filter(|it| place.is_named(&it.namespace, &it.object.targets));
    let tokens = tokens.map(|it| (format!("RequestAuthentication {}", it.title()), it.origin()));
    access.chain(tokens).unzip()
}

/// Where policies of a waypoint may point.
struct Place<'p> {
    push: &'p Push,
    /// `None` where there is none.
    waypoint: Option<&'p WaypointName>,
    service: &'p Target,
}

impl Place<'_> {
    fn is_named(&self, namespace: &str, targets: &[PolicyTarget]) -> bool {
        let root = self.push.mesh.root_namespace.value.as_str();
        targets.iter().any(|target| {
            let name = target.name.value.as_str();
            match target.kind.as_str() {
                "Service" => {
                    (namespace, name) == (&*self.service.namespace, &*self.service.service)
                }
                "Gateway" => {
                    self.waypoint.is_some_and(|it| (namespace, name) == (&*it.namespace, &*it.name))
                }
                "GatewayClass" => {
                    self.waypoint.is_some() && namespace == root && name == WAYPOINT_CLASS
                }
                _ => false,
            }
        })
    }
}
