//! Gateways that send to the waypoint of a Service, because a label asks for it. What the waypoint
//! makes of the request is not decided here.

use crate::control::istio::ambient::waypoints::{WaypointAsked, WaypointName};
use crate::control::istio::registry::ServiceSource;
use crate::control::{GatewayKind, GatewayName};
use crate::explain::{Probe, Tree};
use crate::manifest::kinds::Labels;
use crate::profile::GatewayReading;
use crate::proxy::envoy::config::Target;
use crate::proxy::envoy::{Connection, Request};
use crate::world::{Origin, ServiceId, ServiceKind};

use super::answer::{Answer, Outcome};
use super::proxy::View;
use super::server_side::{By, Sending};
use super::waypoint::{self, Towards};
use super::{bypass, rules};

/// Asks gateways to send to waypoints (istio `pkg/config/constants`, `IngressUseWaypoint`).
const LABEL: &str = "istio.io/ingress-use-waypoint";

/// Walks a request on from a gateway to the waypoint that its Service has gateways use; `None` where
/// the gateway sends to servers.
pub(super) fn walk(
    view: View<'_>,
    (gateway, sender): (&GatewayName, &Sending),
    request: &Request,
    answer: &Answer,
    tree: &mut Tree,
) -> Option<Answer> {
    // What others than Istio make of the label is not known, and they have no tunnels.
    let reading = *view.planes.profile().gateway.reading;
    let is_istio = match gateway.kind {
        GatewayKind::Istio => true,
        GatewayKind::GatewayApi => reading == GatewayReading::Istio,
        GatewayKind::Ingress => false,
    };
    if answer.outcome != Outcome::Routed || !is_istio {
        return None;
    }
    let used = answer.weights.iter().filter(|share| share.share.as_ppm() > 0);
    let targets: Vec<&Target> = used.map(|share| &share.destination).collect();
    let mut found = targets.iter().map(|target| asked(view, target));
    let first = found.next()?;
    if found.any(|other| other.as_ref().map(|it| it.0) != first.as_ref().map(|it| it.0)) {
        let sentence = "some of the Services have gateways use their waypoint, and some do not";
        let sentence = sentence.to_owned();
        return Some(Answer::unreachable(Outcome::Unknown, sentence, tree, rules::WAYPOINT));
    }
    let (service, name, label) = first?;
    tree.step(rules::WAYPOINT, Some(label), || {
        format!("the gateway sends to {name}, as a label of the Service or its namespace asks for")
    });
    let ServiceKind::ClusterIp(ip) = view.world.services[service].kind else { return None };
    let after = answer.request_after.as_ref();
    let headers = after.map_or_else(|| request.headers.clone(), |after| after.headers.clone());
    let port = targets.first().map_or(view.dial.port, |target| target.port);
    let connection = Connection {
        destination_ip: Some(ip),
        destination_port: port,
        ..Connection::clone(&request.connection)
    };
    let tokens = after.map_or(&request.tokens, |after| &after.tokens).clone();
    let sent = Request { headers, connection, tokens };
    let towards = Towards { name: &name, service: Some(service), by: By::ProxyOfRequests };
    let mut through = waypoint::walk(view, &towards, sender, &sent, tree);
    through.legs.splice(0..0, answer.legs.iter().cloned());
    through.findings.splice(0..0, answer.findings.iter().cloned());
    // The client waits for the gateway.
    through.timeouts = answer.timeouts.clone();
    through.retry.clone_from(&answer.retry);
    Some(through)
}

/// The waypoint of a Service that gateways are to use, and the label that says so.
fn asked(view: View<'_>, target: &Target) -> Option<(ServiceId, WaypointName, Origin)> {
    let service = bypass::named(view.world, target)?;
    let namespace = &view.world.namespaces[view.world.services[service].namespace];
    let pushes = view.planes.istio().pushes();
    let push = pushes.iter().find(|push| push.cluster == namespace.cluster)?;
    let mut all = push.registry.services().iter();
    let known = all.find(|it| it.source == ServiceSource::Kubernetes(service))?;
    let of = |labels: &Labels| labels.get(LABEL).cloned();
    let label = of(&known.labels).or_else(|| of(&namespace.labels))?;
    let asked = WaypointAsked::Service(service);
    let name = view.planes.waypoint_for(view.world, asked).outcome?;
    (label.value == "true").then_some((service, name, Origin::Manifest(label.place)))
}
