//! The routes of a waypoint for one port of a service, from VirtualServices and from routes of
//! Gateway API alike (istio `pilot/pkg/networking/core/listener_waypoint.go`,
//! `buildWaypointInboundHTTPRouteConfig` and `buildWaypointNetworkFilters`). Objects in the
//! service's namespace and in the waypoint's own count, all of them one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control::gateway::{MeshGroup, MeshRoute};
use crate::control::istio::clusters::{Vip, hash_policy, vip_name};
use crate::control::istio::destination::{self, Traffic, rule_for};
use crate::control::istio::hosts;
use crate::control::istio::registry::{Port, Protocol, Service};
use crate::control::istio::routes::{
    Client, EffectiveVirtualService, ListenerTls, MESH, RuleContext, SeenServices, default_route,
    routes, service_for, tcp_proxy, visible, with_mesh_default,
};
use crate::explain::{Silent, Sourced};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{ConnectionMatch, HttpRule, RouteDestination};
use crate::proxy::envoy::config::{Destination, Forward, HashPolicy, Route, RouteAction, TcpProxy};
use crate::units::SimDuration;
use crate::world::Origin;

use super::Room;

/// Silence after which Envoy closes a connection that it passes on
/// (api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto, `idle_timeout`).
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// What has rules for a port.
enum Source {
    Object(Arc<EffectiveVirtualService>),
    Group(MeshGroup),
}

/// The routes for requests; one to the service itself where nothing says otherwise.
pub(super) fn requests(room: &Room<'_>, service: &Service, port: &Port) -> Vec<Arc<Route>> {
    let mut found = Vec::new();
    for source in sources(room, service, port) {
        match source {
            Source::Object(object) => found.extend(of_object(room, &object, port)),
            Source::Group(group) => {
                if let MeshRoute::Http(routes) = &group.route {
                    found.extend(with_mesh_default(room.push, routes));
                }
            }
        }
    }
    if found.is_empty() {
        let name = vip_name(port.number, Vip::Requests, "", &service.host);
        let cluster = Sourced::new(name, service.origin);
        let push = room.push;
        let hash = hash_of(room, service);
        let route = default_route(cluster, hash, push.mesh.retries.as_ref(), push.profile);
        return vec![Arc::new(route)];
    }
    for route in &mut found {
        if let RouteAction::Forward(forward) = &mut Arc::make_mut(route).action {
            rename(room, forward);
        }
    }
    found
}

/// What passes bytes on: the first rule of a VirtualService that takes the port, rules for TLS
/// before those for TCP, or else the service itself.
pub(super) fn bytes(room: &Room<'_>, service: &Service, port: &Port) -> TcpProxy {
    let sources = sources(room, service, port);
    let found = by_rules(room, &sources, service, port);
    let Some(mut proxy) = found else {
        let name = vip_name(port.number, Vip::Bytes, "", &service.host);
        return passing(Sourced::new(name, service.origin));
    };
    for (cluster, _) in &mut proxy.clusters {
        cluster.value = renamed(room, &cluster.value);
    }
    proxy
}

/// Passes bytes on to one cluster.
pub(super) fn passing(cluster: Sourced<String>) -> TcpProxy {
    let origin = cluster.origin;
    let idle_timeout = Sourced::default_of(IDLE_TIMEOUT, "envoy.tcp-idle-timeout");
    TcpProxy { clusters: vec![(cluster, 1)], idle_timeout, origin }
}

/// The objects that have rules for a port, in the order in which they count: those that not
/// everybody sees first, then the older ones (istio `pilot/pkg/model/push_context.go`,
/// `VirtualServicesForGateway`).
fn sources(room: &Room<'_>, service: &Service, port: &Port) -> Vec<Source> {
    let own = room.waypoint.namespace.as_str();
    let homes: BTreeSet<&str> = [own, service.namespace.as_str()].into();
    let objects = visible(&room.push.virtual_services, own, MESH).into_iter().filter(|object| {
        let names = object.hosts.iter().any(|host| hosts::overlap(host, &service.host));
        names && homes.contains(object.namespace.as_str())
    });
    let mut found: Vec<_> = objects.map(Source::Object).collect();
    for home in &homes {
        let group = room.mesh_routes.standing_in(home, &service.host, port.number);
        found.extend(group.map(Source::Group));
    }
    // The sort is stable: what is alike in all this keeps the order of names.
    found.sort_by_cached_key(|source| match source {
        Source::Object(object) => {
            let tier = match object.export_to.is_public() {
                true => 2,
                false if object.namespace == own => 0,
                false => 1,
            };
            (tier, object.created.is_none(), object.created, object.name.clone())
        }
        Source::Group(group) => (2, group.created.is_none(), group.created, group.name.clone()),
    });
    found
}

/// The routes of a VirtualService. A match on labels of the client is left out, for a waypoint does
/// not know them.
fn of_object(room: &Room<'_>, object: &EffectiveVirtualService, port: &Port) -> Vec<Arc<Route>> {
    let knows_labels = |rule: &HttpRule| {
        let matches = rule.matches.iter().filter(|found| found.source_labels.is_empty());
        let rule = HttpRule { matches: matches.cloned().collect(), ..rule.clone() };
        (!rule.matches.is_empty()).then_some(rule)
    };
    let rules = object.http.iter().filter_map(|rule| match rule.matches.is_empty() {
        true => Some(rule.clone()),
        false => knows_labels(rule),
    });
    let rules: Vec<_> = rules.collect();
    let gateways = mesh_alone();
    let client = client(room, &gateways);
    let services = SeenServices { push: room.push, client };
    let context = RuleContext {
        client,
        listen_port: port.number,
        listener: ListenerTls::Plaintext,
        services: &services,
        default_retry: room.push.mesh.retries.as_ref(),
        profile: room.push.profile,
    };
    routes(&rules, &context)
}

fn mesh_alone() -> BTreeSet<String> {
    [MESH.to_owned()].into()
}

/// The waypoint itself stands for the client.
fn client<'c>(room: &'c Room<'_>, gateways: &'c BTreeSet<String>) -> Client<'c> {
    Client { labels: &room.labels, namespace: &room.waypoint.namespace, gateways }
}

fn by_rules(
    room: &Room<'_>,
    sources: &[Source],
    service: &Service,
    port: &Port,
) -> Option<TcpProxy> {
    let gateways = mesh_alone();
    let services = SeenServices { push: room.push, client: client(room, &gateways) };
    let nobody = Labels::new();
    // Neither labels nor the namespace of the client are known.
    let unknown = Client { labels: &nobody, namespace: "", gateways: &gateways };
    let fits = |found: &ConnectionMatch| {
        let on_port = found.port.as_ref().is_none_or(|wanted| wanted.value == port.number);
        on_port && unknown.may_match_connection(found)
    };
    let proxy = |route: &[RouteDestination], place| {
        tcp_proxy(route, port.number, &services, Origin::Manifest(place))
    };
    let objects = || {
        sources.iter().filter_map(|source| match source {
            Source::Object(object) => Some(object),
            Source::Group(_) => None,
        })
    };
    let tls = objects().flat_map(|object| &object.tls).find(|rule| {
        let names_it = |found: &crate::manifest::kinds::istio::TlsMatch| {
            matches!(&found.sni_hosts[..], [only] if only.value == service.host)
        };
        rule.matches.is_empty()
            || rule.matches.iter().any(|found| names_it(found) && fits(&found.connection))
    });
    if let Some(rule) = tls {
        return proxy(&rule.route, rule.place);
    }
    sources.iter().find_map(|source| match source {
        Source::Group(group) => match &group.route {
            MeshRoute::Stream(stream) => Some(TcpProxy::clone(stream)),
            MeshRoute::Http(_) => None,
        },
        Source::Object(object) => {
            let taking = |found: &[ConnectionMatch]| found.is_empty() || found.iter().any(&fits);
            let rule = object.tcp.iter().find(|rule| taking(&rule.matches))?;
            proxy(&rule.route, rule.place)
        }
    })
}

/// What the DestinationRule of a service hashes, as its default route looks at it: what the rule
/// says of the host alone (istio `pilot/pkg/networking/core/httproute.go`,
/// `buildSidecarInboundHTTPRouteConfig`).
fn hash_of(room: &Room<'_>, service: &Service) -> Option<HashPolicy> {
    let client = destination::Client { namespace: &room.waypoint.namespace, labels: &room.labels };
    let rule = rule_for(room.push, client, Traffic::Inbound, service, &mut Silent)?;
    hash_policy(rule.policy.as_ref()?.load_balancer.as_ref())
}

/// Gives the clusters of a route the names that the waypoint knows them by.
fn rename(room: &Room<'_>, forward: &mut Forward) {
    match &mut forward.destination {
        Destination::Cluster(cluster) => cluster.value = renamed(room, &cluster.value),
        Destination::Weighted { clusters, .. } => {
            for weighted in clusters {
                weighted.cluster.value = renamed(room, &weighted.cluster.value);
            }
        }
        Destination::ClusterHeader(_) => {}
    }
    for mirror in &mut forward.mirrors {
        mirror.cluster.value = renamed(room, &mirror.cluster.value);
    }
}

/// A service that the waypoint serves has a cluster of its own here; another one has the cluster
/// that sidecars have (the same file, `getWaypointDestinationCluster`).
fn renamed(room: &Room<'_>, name: &str) -> String {
    let parts: Vec<&str> = name.split('|').collect();
    let ["outbound", port, subset, host] = parts[..] else { return name.to_owned() };
    let Ok(port) = port.parse::<u16>() else { return name.to_owned() };
    let service = service_for(room.push, host, &room.waypoint.namespace);
    let is_served = |it: &&Arc<Service>| room.services.iter().any(|own| own.id == it.id);
    let vip = match service.and_then(|service| service.port(port)).map(|port| port.protocol) {
        Some(protocol) if !protocol.is_http() && protocol != Protocol::Sniffed => Vip::Bytes,
        _ => Vip::Requests,
    };
    match service {
        Some(service) if !is_served(&service) => name.to_owned(),
        Some(_) | None => vip_name(port, vip, subset, host),
    }
}
