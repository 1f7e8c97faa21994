//! The listener of a waypoint behind its tunnels, `main_internal`: the address and the port that
//! the client dialled choose a chain. Istio writes a tree of matches; the chains say the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::IpNet;

use crate::control::istio::attachment::AtWaypoint;
use crate::control::istio::clusters::{ENCAP, Vip, vip_name};
use crate::control::istio::http_manager::{Guards, http_manager};
use crate::control::istio::registry::{Port, Protocol, Resolution, Service};
use crate::control::istio::routes::{default_route, table};
use crate::explain::Sourced;
use crate::proxy::envoy::config::{
    ChainMatch, Direction, DownstreamTls, FilterChain, HttpManager, Inspection, Listener,
    NetworkFilter, OriginalDestination, Route, RouteSource, VirtualHost,
};
use crate::world::Origin;

use super::Room;
use super::routes;

/// The name of the listener that sees what comes out of tunnels.
const MAIN: &str = "main_internal";
/// The port of tunnels.
const HBONE_PORT: u16 = 15_008;
/// What the first bytes of plaintext requests show.
const PLAIN_HTTP: [&str; 2] = ["http/1.1", "h2c"];
/// What makes the chains for pods.
const DIRECT: Origin = Origin::Default("istio.waypoint-direct");

/// The listener (istio `pilot/pkg/networking/core/listener_waypoint.go`, `buildWaypointInternal`).
pub(super) fn listener(room: &Room<'_>) -> Listener {
    let mut chains = Vec::new();
    let mut sniffed = BTreeSet::new();
    let mut known = BTreeSet::new();
    let (mut tls, mut others) = (BTreeSet::new(), BTreeSet::new());
    for service in room.services.iter().filter(|service| !service.addresses.is_empty()) {
        let guards = guards(room, Some(service));
        for port in last_of_each_number(service) {
            let made = Target { room, service, port, guards: &guards }.chains();
            match port.protocol {
                Protocol::Sniffed => sniffed.insert(port.number),
                _ => known.insert(port.number),
            };
            if port.protocol.is_tls() { &mut tls } else { &mut others }.insert(port.number);
            chains.extend(made);
        }
    }
    let ports: BTreeSet<u16> = sniffed.union(&known).copied().collect();
    chains.extend(direct(room, &ports));
    Listener {
        name: MAIN.to_owned(),
        original_destination: OriginalDestination::Restored,
        inspects_tls: if tls.is_empty() { Inspection::Never } else { Inspection::On(tls) },
        inspects_http: match (room.pods.is_empty(), sniffed.is_empty()) {
            // Any port of a pod may be dialled.
            (false, _) => Inspection::Always,
            (true, true) => Inspection::Never,
            (true, false) => Inspection::On(sniffed),
        },
        ..Listener::bound(
            "0.0.0.0".to_owned(),
            HBONE_PORT,
            Direction::Inbound,
            chains,
            room.waypoint.origin,
        )
    }
}

/// The ports of a service without those that no proxy takes. Of two with one number the later is
/// in the tree of matches.
fn last_of_each_number(service: &Service) -> impl Iterator<Item = &Port> {
    let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
    ports.enumerate().filter_map(|(at, port)| {
        let mut later =
            service.ports.iter().filter(|port| port.protocol != Protocol::Udp).skip(at + 1);
        (!later.any(|other| other.number == port.number)).then_some(port)
    })
}

fn guards(room: &Room<'_>, service: Option<&Service>) -> Guards {
    let waypoint = room.waypoint;
    let place = AtWaypoint { namespace: &waypoint.namespace, name: &waypoint.name, service };
    Guards::of(room.push, place)
}

/// One port of a service.
struct Target<'t, 'p> {
    room: &'t Room<'p>,
    service: &'t Service,
    port: &'t Port,
    guards: &'t Guards,
}

impl Target<'_, '_> {
    /// A port of which nothing is known has two chains, and the first bytes tell.
    fn chains(&self) -> Vec<FilterChain> {
        match self.port.protocol {
            Protocol::Sniffed => vec![self.requests(&PLAIN_HTTP), self.bytes()],
            protocol if protocol.is_http() => vec![self.requests(&[])],
            _ => vec![self.bytes()],
        }
    }

    fn requests(&self, protocols: &[&str]) -> FilterChain {
        let name = vip_name(self.port.number, Vip::Requests, "", &self.service.host);
        let routes = routes::requests(self.room, self.service, self.port);
        let domain = match self.service.resolution {
            // Other names must not be asked for in its name.
            Resolution::DynamicDns => self.service.host.clone(),
            _ => "*".to_owned(),
        };
        let origin = self.port.origin;
        let manager = manager(self.room, (&name, self.port.number), domain, routes, origin);
        let filter = NetworkFilter::Http(Arc::new(self.guards.before(manager)));
        let matches = ChainMatch {
            application_protocols: protocols.iter().map(|&it| it.to_owned()).collect(),
            ..self.matches()
        };
        chain(name, matches, vec![filter], origin)
    }

    fn bytes(&self) -> FilterChain {
        let name = vip_name(self.port.number, Vip::Bytes, "", &self.service.host);
        let proxy = routes::bytes(self.room, self.service, self.port);
        let filters = self.guards.before_bytes(NetworkFilter::TcpProxy(Arc::new(proxy)));
        chain(name, self.matches(), filters, self.port.origin)
    }

    fn matches(&self) -> ChainMatch {
        ChainMatch {
            destination_port: Some(self.port.number),
            destination_prefixes: self.service.addresses.clone(),
            ..ChainMatch::default()
        }
    }
}

/// The chains for pods. Envoy looks at the port before the address, so they stand beside the chains
/// of each port that a service has.
fn direct(room: &Room<'_>, ports: &BTreeSet<u16>) -> Vec<FilterChain> {
    if room.pods.is_empty() {
        return Vec::new();
    }
    let guards = guards(room, None);
    let prefixes: Vec<IpNet> = room.pods.iter().copied().map(IpNet::from).collect();
    let cluster = || Sourced::new(ENCAP.to_owned(), DIRECT);
    let push = room.push;
    let default = default_route(cluster(), None, push.mesh.retries.as_ref(), push.profile);
    let routes = vec![Arc::new(default)];
    let manager = manager(room, (ENCAP, 0), "*".to_owned(), routes, DIRECT);
    let requests = NetworkFilter::Http(Arc::new(guards.before(manager)));
    let bytes = NetworkFilter::TcpProxy(Arc::new(routes::passing(cluster())));
    let any = std::iter::once(None);
    let mut chains = Vec::new();
    for port in any.chain(ports.iter().copied().map(Some)) {
        let matches = |protocols: &[&str]| ChainMatch {
            destination_port: port,
            destination_prefixes: prefixes.clone(),
            application_protocols: protocols.iter().map(|&it| it.to_owned()).collect(),
            ..ChainMatch::default()
        };
        let name = |word: &str| match port {
            None => format!("direct-{word}"),
            Some(port) => format!("direct-{word}-{port}"),
        };
        chains.push(chain(name("http"), matches(&PLAIN_HTTP), vec![requests.clone()], DIRECT));
        chains.push(chain(name("tcp"), matches(&[]), guards.before_bytes(bytes.clone()), DIRECT));
    }
    chains
}

/// The connection manager of one chain: one virtual host for whatever the authority names, because
/// the address has chosen the service.
fn manager(
    room: &Room<'_>,
    (name, port): (&str, u16),
    domain: String,
    routes: Vec<Arc<Route>>,
    origin: Origin,
) -> HttpManager {
    let host = format!("inbound|http|{port}");
    let host = VirtualHost::plain(host, vec![domain], routes, origin);
    let mut table = table(name.to_owned(), vec![Arc::new(host)]);
    table.ignore_port_in_host = false;
    http_manager(room.push, RouteSource::Inline(Arc::new(table)))
}

fn chain(
    name: String,
    matches: ChainMatch,
    filters: Vec<NetworkFilter>,
    origin: Origin,
) -> FilterChain {
    FilterChain { name, matches, tls: DownstreamTls::Tunnel, filters, origin }
}
