//! A request at a waypoint: it gets there in a tunnel, an Envoy in another pod reads it, and opens
//! connections of its own to servers. Who is sent there has been decided before.

use crate::control::ControlPlanes;
use crate::control::istio::ambient::waypoints::WaypointName;
use crate::explain::{Probe, Tree};
use crate::identity::SpiffeId;
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::config::{Direction, ProxyConfig};
use crate::proxy::envoy::listening::Arrival;
use crate::proxy::envoy::{Connection, Request};
use crate::proxy::ztunnel::HBONE_PORT;
use crate::world::{NamespaceId, PodId, ServiceId, World};

use super::answer::{Answer, Outcome};
use super::proxy::View;
use super::question::{Admission, ExternalAnswers, Policies};
use super::request::Dial;
use super::server_side::{self, By, Sending};
use super::verdict::{BoxKind, EndKind, SeenIdentity, to_waypoint};
use super::{network, passed_on, proxy, rules, untold};

/// The label of the pods of a waypoint.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// A waypoint, and what sends to it.
pub(super) struct Towards<'t> {
    /// The waypoint.
    pub(super) name: &'t WaypointName,
    /// The Service that is called, where its address is dialled.
    pub(super) service: Option<ServiceId>,
    /// What notices that it is not reached.
    pub(super) by: By,
}

/// Walks a request on at a waypoint.
pub(super) fn walk(
    view: View<'_>,
    towards: &Towards<'_>,
    sender: &Sending,
    request: &Request,
    tree: &mut Tree,
) -> Answer {
    let (world, planes, name) = (view.world, view.planes, towards.name);
    let waypoint = sending(view, name);
    let leg = to_waypoint(sender, &waypoint);
    let of_network = (world, planes);
    let ends = (sender, &waypoint, towards.by);
    if let Some(mut ended) = network::to_waypoint(of_network, ends, tree) {
        ended.legs.push(leg);
        return ended;
    }
    tree.step(rules::WAYPOINT, None, || {
        let who = sender.identity.as_deref().unwrap_or("somebody of the mesh");
        format!("{name} gets the request in a tunnel of {who}")
    });
    let Some(config) = planes.waypoint(world, name) else {
        let sentence = format!("what {name} does is not known: it is none of Istio's waypoints");
        let mut answer = Answer::unreachable(Outcome::Unknown, sentence, tree, rules::WAYPOINT);
        answer.legs.push(leg);
        return answer;
    };
    let request = Request { connection: arriving(sender, request), ..request.clone() };
    let view = View { config: &config, callers: 1, ..view };
    let arrival = Arrival::Redirected(Direction::Inbound);
    if sender.identity.is_none()
        && server_side::asks_who_calls(&config, arrival, &request.connection, view.external)
    {
        let sentence = "the identity of the client's proxy is not known".to_owned();
        let mut answer = Answer::unreachable(Outcome::Unknown, sentence, tree, rules::WAYPOINT);
        answer.legs.push(leg);
        return answer;
    }
    let mut own = Tree::default();
    let mut answer = proxy::walk(view, arrival, request.clone(), &mut own);
    let steps = own.finish();
    passed_on::settle(view, &mut answer);
    answer.ends_at(BoxKind::Waypoint, &waypoint.name);
    if let Some(by) = &mut answer.enforced_by {
        by.origins = server_side::denied_by(&steps);
        answer.identity = Some(SeenIdentity {
            principal: sender.identity.clone(),
            source: "the client's certificate of the mesh, made for its service account".to_owned(),
        });
    }
    tree.extend(steps);
    answer.legs.push(leg);
    server_side::walk(view, &waypoint, &request, &mut answer, tree);
    untold::at_waypoint(view, (name, towards.service), &mut answer, tree);
    answer
}

/// A client before a waypoint.
#[derive(Clone, Debug)]
pub struct AtWaypoint {
    /// The pods of the waypoint, as policies of the network see them.
    pub peer: NetworkPeer,
    /// The port that the network sees.
    pub port: u16,
    /// The connection as the waypoint sees it: with the client's identity.
    pub connection: Connection,
}

/// A client's request as it comes to a waypoint, for whoever plans a whole run.
#[must_use]
pub fn at_waypoint(
    (world, planes): (&World, &ControlPlanes),
    client: PodId,
    request: &Request,
    name: &WaypointName,
) -> AtWaypoint {
    let (config, external) = (ProxyConfig::default(), ExternalAnswers::default());
    let dial = Dial { host: String::new(), port: 0, source: None, destination: None };
    let policies = Policies::AssumedToAllow;
    let (config, external, dial) = (&config, &external, &dial);
    let view = View { world, planes, config, dial, callers: 1, policies, external };
    let identity = server_side::identity(view, client);
    let sender = Sending::of_pod(client, EndKind::Ztunnel, String::new(), identity);
    let peer = sending(view, name).peer;
    AtWaypoint { peer, port: HBONE_PORT, connection: arriving(&sender, request) }
}

/// The connection as it comes out of the tunnel.
fn arriving(sender: &Sending, request: &Request) -> Connection {
    let own = &request.connection;
    Connection { principal: Some(sender.identity.clone().unwrap_or_default()), ..own.clone() }
}

/// A waypoint as whoever sends to servers.
pub(super) fn sending(view: View<'_>, name: &WaypointName) -> Sending {
    let world = view.world;
    let namespace = world.namespace_named(name.cluster, &name.namespace);
    let pod = namespace.and_then(|namespace| own_pod(world, namespace, &name.name));
    let made = || {
        let policies = view.planes.network_policies();
        namespace.and_then(|namespace| policies.waypoint(namespace, &name.name))
    };
    let peer = pod.map(NetworkPeer::Pod).or_else(made);
    Sending {
        pod,
        peer: peer.unwrap_or(NetworkPeer::IngressController),
        identity: pod.and_then(|pod| server_side::identity(view, pod)).or_else(|| {
            let domain = server_side::trust_domain(view, name.cluster)?;
            SpiffeId::new(domain, &name.namespace, &name.name).ok().map(|id| id.to_string())
        }),
        admission: Admission::Open,
        kind: EndKind::Waypoint,
        name: format!("{}/{}", name.namespace, name.name),
    }
}

/// The first pod of a waypoint, where the manifests hold one.
fn own_pod(world: &World, namespace: NamespaceId, name: &str) -> Option<PodId> {
    let is_own = |pod: &PodId| {
        let label = world.pods[*pod].labels.get(GATEWAY_NAME);
        label.is_some_and(|label| label.value == name)
            && world.workload_of(*pod).namespace == Some(namespace)
    };
    world.pods.ids().find(is_own)
}
