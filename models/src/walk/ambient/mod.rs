//! A connection of a pod in ambient, at the ztunnel of its node: which waypoint it goes to, or that
//! it goes to a server. What those make of it is not decided here.

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use crate::control::istio::ambient::waypoints::{WaypointAsked, WaypointName};
use crate::control::kubernetes::dns::{self, Resolved};
use crate::control::kubernetes::service_port::Destination;
use crate::explain::{Probe, Silent, Tree};
use crate::path::DataPath;
use crate::proxy::envoy::Request;
use crate::proxy::ztunnel::{Dialled, Waypoint, send};
use crate::world::{ServiceId, World};

use super::answer::{Answer, Outcome};
use super::from_pod::own_encryption;
use super::plain::{self, Picks};
use super::proxy::View;
use super::server_side::{self, By, Sending};
use super::verdict::{BoxKind, EndKind, inside};
use super::waypoint::{self, Towards};
use super::{Caller, Question, bypass, full_name, rules};

/// Where the ztunnel sends a connection.
enum Way {
    /// To a server.
    Direct,
    /// To a waypoint.
    Through(WaypointName),
    /// It is not the same for all pods behind a name.
    Differs,
}

/// Walks a request that a pod in ambient sends.
pub(super) fn walk(
    view: View<'_>,
    caller: Caller,
    (resolved, request): (Option<Resolved>, &Request),
    tree: &mut Tree,
) -> Answer {
    let name = full_name(view.world, caller.workload);
    let own = inside((EndKind::Application, EndKind::Ztunnel), &name, own_encryption(request));
    let mut answer = match plain::dialled(view, caller, resolved, tree) {
        Ok(found) => {
            let identity = server_side::identity(view, caller.pod);
            let sender = Sending::of_pod(caller.pod, EndKind::Ztunnel, name.clone(), identity);
            sent(view, &sender, &found, request, tree)
        }
        Err(answer) => *answer,
    };
    answer.legs.insert(0, own);
    answer.ends_at(BoxKind::ClientZtunnel, &name);
    answer
}

/// What becomes of a connection that the ztunnel has taken.
fn sent(
    view: View<'_>,
    sender: &Sending,
    found: &Destination,
    request: &Request,
    tree: &mut Tree,
) -> Answer {
    match way(view, found, tree) {
        Way::Direct => {
            let mut answer = plain::picked(view, found, Picks::Ztunnel, tree);
            server_side::walk_plain(view, sender, request, &mut answer, tree);
            bypass::tell(view, sender, &mut answer);
            answer
        }
        Way::Through(name) => {
            send(Dialled::Service { waypoint: Waypoint::Chosen(()), endpoint: None }, tree);
            let towards = Towards { name: &name, service: service_of(found), by: By::Ztunnel };
            waypoint::walk(view, &towards, sender, request, tree)
        }
        Way::Differs => {
            let sentence = "some of the pods behind the name have a waypoint, and some do not";
            let sentence = sentence.to_owned();
            Answer::unreachable(Outcome::Unknown, sentence, tree, rules::ZTUNNEL_PICKS)
        }
    }
}

/// The Service whose own address is dialled.
const fn service_of(found: &Destination) -> Option<ServiceId> {
    match found {
        Destination::Service { service, .. } => Some(*service),
        Destination::Headless { .. } | Destination::Pod { .. } | Destination::Outside { .. } => {
            None
        }
    }
}

/// A Service's own address leads to the waypoint of the Service, a pod's address to that of the pod
/// (ztunnel `src/proxy/outbound.rs`, `build_request`).
fn way(view: View<'_>, found: &Destination, tree: &mut Tree) -> Way {
    let asked = WaypointAsked::of(found);
    let mut all = asked.into_iter().map(|asked| view.planes.waypoint_for(view.world, asked));
    let Some(first) = all.next() else { return Way::Direct };
    tree.extend(vec![first.because]);
    if all.any(|other| other.outcome != first.outcome) {
        return Way::Differs;
    }
    first.outcome.map_or(Way::Direct, Way::Through)
}

/// Whether the ztunnel of the caller's node answers for a name itself, so that no name server is
/// asked: it does for Services (istio `manifests/charts/istio-cni/values.yaml`,
/// `ambient.dnsCapture`).
pub(super) fn resolves(
    world: &World,
    path: DataPath,
    caller: Caller,
    question: &Question,
    tree: &mut Tree,
) -> bool {
    if path != DataPath::IstioAmbient {
        return false;
    }
    let found = dns::resolve(world, caller.workload, &question.target.host, &mut Silent).result;
    let answers = matches!(found, Ok(Resolved::Service(_) | Resolved::Headless { .. }));
    if answers {
        let host = &question.target.host;
        tree.step(rules::ZTUNNEL_NAMES, None, || {
            format!("the ztunnel of the caller's node answers for {host} itself")
        });
    }
    answers
}
