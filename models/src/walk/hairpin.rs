//! Gateways and sidecars that send to the waypoint of a Service. Which of them do so is decided by the
//! control plane, and what the waypoint makes of the request by the walk through it.

use crate::control::istio::ambient::waypoints::{WaypointAsked, WaypointName, WaypointSender};
use crate::control::{GatewayKind, GatewayName};
use crate::explain::{Explanation, Tree};
use crate::profile::GatewayReading;
use crate::proxy::envoy::config::Target;
use crate::proxy::envoy::{Connection, Request};
use crate::world::{ServiceId, ServiceKind};

use super::answer::{Answer, Outcome};
use super::proxy::View;
use super::server_side::{By, Sending};
use super::waypoint::{self, Towards};
use super::{bypass, rules};

/// Whom waypoints take a gateway for; `None` where it is not Istio's: what others make of labels is
/// not known, and they have no tunnels.
pub(super) fn of_gateway(view: View<'_>, gateway: &GatewayName) -> Option<WaypointSender> {
    let reading = *view.planes.profile().gateway.reading;
    let is_istio = match gateway.kind {
        GatewayKind::Istio => true,
        GatewayKind::GatewayApi => reading == GatewayReading::Istio,
        GatewayKind::Ingress => false,
    };
    is_istio.then_some(WaypointSender::Gateway)
}

/// Walks a request on from a proxy to the waypoint that it uses for the Service; `None` where it
/// sends to servers.
pub(super) fn walk(
    view: View<'_>,
    (passes, sender): (WaypointSender, &Sending),
    request: &Request,
    answer: &Answer,
    tree: &mut Tree,
) -> Option<Answer> {
    if answer.outcome != Outcome::Routed {
        return None;
    }
    let used = answer.weights.iter().filter(|share| share.share.as_ppm() > 0);
    let targets: Vec<&Target> = used.map(|share| &share.destination).collect();
    let mut found = targets.iter().map(|target| asked(view, passes, target));
    let first = found.next()?;
    let name = |found: &Option<Found>| found.as_ref().map(|it| (it.service, it.name.clone()));
    if found.any(|other| name(&other) != name(&first)) {
        let sentence = "the Services are reached through several waypoints, or some through none";
        let sentence = sentence.to_owned();
        return Some(Answer::unreachable(Outcome::Unknown, sentence, tree, rules::WAYPOINT));
    }
    let Found { service, name, because } = first?;
    tree.extend(vec![because]);
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
    // The client waits for the first proxy.
    through.timeouts = answer.timeouts.clone();
    through.retry.clone_from(&answer.retry);
    Some(through)
}

/// The waypoint that whoever sends to a Service uses, with the reason.
fn asked(view: View<'_>, passes: WaypointSender, target: &Target) -> Option<Found> {
    let service = bypass::named(view.world, target)?;
    let asked = WaypointAsked::Service(service);
    let decision = view.planes.waypoint_passed(view.world, passes, asked);
    let name = decision.outcome?;
    Some(Found { service, name, because: decision.because })
}

/// A waypoint on the way to a Service.
struct Found {
    service: ServiceId,
    name: WaypointName,
    because: Explanation,
}
