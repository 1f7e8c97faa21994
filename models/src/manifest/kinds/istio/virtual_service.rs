//! `networking.istio.io VirtualService`: hosts, gateways, and its TLS and TCP rules. The HTTP
//! rules are in the modules beside it; what Istio makes of them is `control`'s business.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::{Labels, ObjectMeta, Resource};
use crate::manifest::{Located, Place};

use super::IstioResource;
use super::virtual_service_http::{HttpRule, read_http_rule};

/// `networking.istio.io VirtualService`.
#[derive(Clone, Debug)]
pub struct VirtualService {
    /// Name, namespace, creation time.
    pub meta: ObjectMeta,
    /// `spec.hosts`; none makes it a delegate of others.
    pub hosts: Vec<Located<String>>,
    /// `spec.gateways`; none means the sidecars of the mesh.
    pub gateways: Vec<Located<String>>,
    /// `spec.exportTo`; none means the default of the mesh.
    pub export_to: Vec<Located<String>>,
    /// `spec.http`.
    pub http: Vec<HttpRule>,
    /// `spec.tls`.
    pub tls: Vec<TlsRule>,
    /// `spec.tcp`.
    pub tcp: Vec<TcpRule>,
}

/// One entry of `spec.tls`: connections that are passed on by SNI.
#[derive(Clone, Debug)]
pub struct TlsRule {
    /// Any of them must match.
    pub matches: Vec<TlsMatch>,
    /// Where connections go.
    pub route: Vec<RouteDestination>,
    /// Where the rule begins.
    pub place: Place,
}

/// One entry of `tls[].match`.
#[derive(Clone, Debug)]
pub struct TlsMatch {
    /// The server names, perhaps with a wildcard in front.
    pub sni_hosts: Vec<Located<String>>,
    /// What does not depend on TLS.
    pub connection: ConnectionMatch,
}

/// One entry of `spec.tcp`.
#[derive(Clone, Debug)]
pub struct TcpRule {
    /// Any of them must match; none matches all.
    pub matches: Vec<ConnectionMatch>,
    /// Where connections go.
    pub route: Vec<RouteDestination>,
    /// Where the rule begins.
    pub place: Place,
}

/// Conditions on a connection; all of them must hold.
#[derive(Clone, Debug)]
pub struct ConnectionMatch {
    /// `destinationSubnets`.
    pub destination_subnets: Vec<Located<String>>,
    /// The port that the client dialled.
    pub port: Option<Located<u16>>,
    /// Labels of the client's workload.
    pub source_labels: Labels,
    /// The client's namespace.
    pub source_namespace: Option<Located<String>>,
    /// Gateways, in place of those of the VirtualService.
    pub gateways: Vec<Located<String>>,
    /// Where the match begins.
    pub place: Place,
}

/// A destination with its share of the connections.
#[derive(Clone, Debug)]
pub struct RouteDestination {
    /// Where to.
    pub destination: Destination,
    /// `weight`; absent counts as zero.
    pub weight: Option<Located<u32>>,
}

/// `destination`: a host of the registry, one of its ports and subsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host; a name without dots is one of the object's namespace.
    pub host: Located<String>,
    /// `port.number`.
    pub port: Option<Located<u16>>,
    /// The subset of a DestinationRule.
    pub subset: Option<Located<String>>,
    /// Where the destination begins.
    pub place: Place,
}

pub(in crate::manifest) fn read_virtual_service(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let object = fields.required_object("spec", |spec| VirtualService {
        meta,
        hosts: spec.strings("hosts"),
        gateways: spec.strings("gateways"),
        export_to: spec.strings("exportTo"),
        http: spec.list("http", |rule| Some(read_http_rule(rule))),
        tls: spec.list("tls", |rule| Some(read_tls_rule(rule))),
        tcp: spec.list("tcp", |rule| Some(read_tcp_rule(rule))),
    });
    object.map(|object| IstioResource::VirtualService(object).alone()).unwrap_or_default()
}

fn read_tls_rule(rule: &mut Fields<'_, '_, '_, '_>) -> TlsRule {
    TlsRule {
        matches: rule.list("match", |found| {
            let sni_hosts = found.strings("sniHosts");
            Some(TlsMatch { sni_hosts, connection: read_connection_match(found) })
        }),
        route: rule.list("route", read_route_destination),
        place: rule.place(),
    }
}

fn read_tcp_rule(rule: &mut Fields<'_, '_, '_, '_>) -> TcpRule {
    TcpRule {
        matches: rule.list("match", |found| Some(read_connection_match(found))),
        route: rule.list("route", read_route_destination),
        place: rule.place(),
    }
}

fn read_connection_match(found: &mut Fields<'_, '_, '_, '_>) -> ConnectionMatch {
    ConnectionMatch {
        destination_subnets: found.strings("destinationSubnets"),
        port: read_match_port(found),
        source_labels: found.labels("sourceLabels"),
        source_namespace: found.string("sourceNamespace").filter(|it| !it.is_empty()),
        gateways: found.strings("gateways"),
        place: found.place(),
    }
}

/// `port` of a match; zero stands for any.
pub(super) fn read_match_port(found: &mut Fields<'_, '_, '_, '_>) -> Option<Located<u16>> {
    found.number("port", 0..=u16::MAX).filter(|port| port.value != 0)
}

fn read_route_destination(route: &mut Fields<'_, '_, '_, '_>) -> Option<RouteDestination> {
    let destination = route.required_object("destination", read_destination).flatten();
    let weight = read_weight(route);
    Some(RouteDestination { destination: destination?, weight })
}

/// `weight` of a destination.
pub(super) fn read_weight(route: &mut Fields<'_, '_, '_, '_>) -> Option<Located<u32>> {
    route.number("weight", 0..=u32::from(u16::MAX))
}

/// A destination; `None` without a host.
pub(super) fn read_destination(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Destination> {
    let host = fields.required_string("host");
    let port = fields.object("port", |port| port.number("number", 1..=u16::MAX)).flatten();
    let subset = fields.string("subset").filter(|subset| !subset.is_empty());
    Some(Destination { host: host?, port, subset, place: fields.place() })
}
