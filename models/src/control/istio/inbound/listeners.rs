//! The listeners of the inbound side: `virtualInbound`, with chains for the ports of services and
//! for all others, and listeners with sockets of their own (istio
//! `pilot/pkg/networking/core/listener_inbound.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::authentication::Demands;
use crate::control::istio::capture::Interception;
use crate::control::istio::clusters::{BLACK_HOLE, INBOUND_PASSTHROUGH};
use crate::control::istio::http_manager::Guards;
use crate::control::istio::registry::Protocol;
use crate::explain::Sourced;
use crate::manifest::kinds::istio::MtlsMode;
use crate::proxy::envoy::config::{
    ChainMatch, Direction, DownstreamTls, FilterChain, HttpManager, Inspection, Listener,
    NetworkFilter, OriginalDestination, TcpProxy, Transport,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::chains::{self, ChainOption, Declared, Ends, PLAIN_HTTP, Serves};
use super::ports::{ANY_ADDRESS, InboundPort, TakenBy};
use super::{http, inbound_name};

const VIRTUAL: &str = "virtualInbound";
const VIRTUAL_PORT: u16 = 15006;
const CATCH_ALL_HTTP: &str = "virtualInbound-catchall-http";
const BLACK_HOLE_CHAIN: &str = "virtualInbound-blackhole";

const PASSED: Origin = Origin::Default("istio.inbound-passthrough");

/// Silence after which Envoy closes a connection that it passes on
/// (api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto, `idle_timeout`).
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// What the chains of one port have in common.
struct Target<'t> {
    /// The port that they take; `None` is all others.
    port: Option<u16>,
    /// The port in the name of the virtual host.
    service_port: u16,
    protocol: Protocol,
    cluster: String,
    /// The names of chains for requests and for bytes.
    names: (String, String),
    mode: Sourced<MtlsMode>,
    origin: Origin,
    push: &'t Push,
    guards: &'t Guards,
}

/// All listeners of the inbound side.
pub(super) fn listeners(
    push: &Push,
    ports: &[InboundPort],
    (demands, guards): (&Demands, &Guards),
    interception: Interception,
) -> Vec<Arc<Listener>> {
    let chains_of = |port: &InboundPort| {
        let name = format!("{}_{}", port.bind, port.number);
        let target = Target {
            port: Some(port.number),
            service_port: port.service_port,
            protocol: port.protocol.value,
            cluster: inbound_name(port.number),
            names: (name.clone(), name),
            mode: demands.on_port(port.number),
            origin: port.origin,
            push,
            guards,
        };
        target.chains()
    };
    let of = |wanted| ports.iter().filter(move |port| port.taken_by == wanted);
    let mut listeners = Vec::new();
    if interception != Interception::None {
        let mut chains = passthrough(push, ports, demands, guards);
        chains.extend(of(TakenBy::Capture).flat_map(chains_of));
        listeners.push(Arc::new(capturing(chains)));
    }
    listeners.extend(of(TakenBy::OwnSocket).map(|port| Arc::new(bound(port, chains_of(port)))));
    listeners
}

/// The chains for what no service names: what is sent to the listener's own port ends, so that it
/// does not call itself for ever; the rest goes where it was dialled. A port with encryption of its
/// own has chains of its own (istio `pilot/pkg/networking/plugin/authn/authentication.go`,
/// `ForPassthrough`).
fn passthrough(
    push: &Push,
    ports: &[InboundPort],
    demands: &Demands,
    guards: &Guards,
) -> Vec<FilterChain> {
    let target = |port: Option<u16>, mode| Target {
        port,
        service_port: 0,
        protocol: Protocol::Sniffed,
        cluster: INBOUND_PASSTHROUGH.to_owned(),
        names: (CATCH_ALL_HTTP.to_owned(), VIRTUAL.to_owned()),
        mode,
        origin: PASSED,
        push,
        guards,
    };
    let mut chains = vec![black_hole()];
    chains.extend(target(None, demands.mode).chains());
    let taken: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
    for (&port, &mode) in demands.ports.iter().filter(|(port, _)| !taken.contains(*port)) {
        chains.extend(Target { origin: mode.origin, ..target(Some(port), mode) }.chains());
    }
    chains
}

impl Target<'_> {
    fn chains(&self) -> Vec<FilterChain> {
        let manager = Arc::new(self.manager());
        let options = chains::options(Declared::of(self.protocol), self.mode.value);
        options.iter().map(|option| self.chain(option, &manager)).collect()
    }

    fn manager(&self) -> HttpManager {
        let (port, protocol) = (self.service_port, self.protocol);
        let manager = http::manager(self.push, &self.cluster, port, protocol, self.origin);
        self.guards.before(manager)
    }

    fn chain(&self, option: &ChainOption, manager: &Arc<HttpManager>) -> FilterChain {
        let (name, filters) = match option.serves {
            Serves::Requests => (&self.names.0, vec![NetworkFilter::Http(Arc::clone(manager))]),
            Serves::Bytes => (&self.names.1, self.guards.before_bytes(self.passing())),
        };
        FilterChain {
            name: name.clone(),
            matches: ChainMatch {
                destination_port: self.port,
                transport: Some(option.transport),
                application_protocols: option.protocols.iter().map(|&it| it.to_owned()).collect(),
                ..ChainMatch::default()
            },
            tls: match option.ends {
                Ends::MutualTls => DownstreamTls::IstioMutual,
                Ends::Nothing => DownstreamTls::None,
            },
            filters,
            // What PeerAuthentication asks for decides which chains there are.
            origin: match self.mode.origin {
                Origin::Manifest(_) => self.mode.origin,
                _ => self.origin,
            },
        }
    }

    fn passing(&self) -> NetworkFilter {
        passing(&self.cluster, self.origin)
    }
}

fn passing(cluster: &str, origin: Origin) -> NetworkFilter {
    NetworkFilter::TcpProxy(Arc::new(TcpProxy {
        clusters: vec![(Sourced::new(cluster.to_owned(), origin), 1)],
        idle_timeout: Sourced::default_of(IDLE_TIMEOUT, "envoy.tcp-idle-timeout"),
        origin,
    }))
}

fn black_hole() -> FilterChain {
    let origin = Origin::Default("istio.inbound-black-hole");
    FilterChain {
        name: BLACK_HOLE_CHAIN.to_owned(),
        matches: ChainMatch { destination_port: Some(VIRTUAL_PORT), ..ChainMatch::default() },
        tls: DownstreamTls::None,
        filters: vec![passing(BLACK_HOLE, origin)],
        origin,
    }
}

fn capturing(chains: Vec<FilterChain>) -> Listener {
    Listener {
        name: VIRTUAL.to_owned(),
        original_destination: OriginalDestination::Restored,
        ..listener(ANY_ADDRESS, VIRTUAL_PORT, chains, Origin::Default("istio.virtual-inbound"))
    }
}

fn bound(port: &InboundPort, chains: Vec<FilterChain>) -> Listener {
    listener(&port.bind, port.number, chains, port.origin)
}

fn listener(address: &str, port: u16, chains: Vec<FilterChain>, origin: Origin) -> Listener {
    Listener {
        inspects_tls: tls_inspection(&chains),
        inspects_http: http_inspection(&chains),
        ..Listener::bound(address.to_owned(), port, Direction::Inbound, chains, origin)
    }
}

/// By port, whether any chain of it looks at something; `None` stands for all other ports.
fn needs(
    chains: &[FilterChain],
    looks: impl Fn(&ChainMatch) -> bool,
) -> BTreeMap<Option<u16>, bool> {
    let mut needs = BTreeMap::new();
    for chain in chains {
        let need: &mut bool = needs.entry(chain.matches.destination_port).or_default();
        *need |= looks(&chain.matches);
    }
    needs
}

fn ports_with(needs: &BTreeMap<Option<u16>, bool>, wanted: bool) -> BTreeSet<u16> {
    let fitting = needs.iter().filter(|(_, need)| **need == wanted);
    fitting.filter_map(|(port, _)| *port).collect()
}

/// TLS is looked for on ports that have a chain for it (the same file, `buildTLSInspector`).
fn tls_inspection(chains: &[FilterChain]) -> Inspection {
    let needs = needs(chains, |matches| matches.transport == Some(Transport::Tls));
    let (with, without) = (ports_with(&needs, true), ports_with(&needs, false));
    let by_default = needs.get(&None).copied();
    match by_default {
        Some(true) if without.is_empty() => Inspection::Always,
        Some(true) => Inspection::ExceptOn(without),
        _ if with.is_empty() => Inspection::Never,
        _ => Inspection::On(with),
    }
}

/// HTTP is looked for wherever it may matter, and on ports that no chain names
/// (the same file, `buildHTTPInspector`).
fn http_inspection(chains: &[FilterChain]) -> Inspection {
    let looks = |matches: &ChainMatch| {
        matches.application_protocols.iter().any(|it| PLAIN_HTTP.contains(&it.as_str()))
    };
    let needs = needs(chains, looks);
    let without = ports_with(&needs, false);
    match needs.values().any(|need| *need) {
        false => Inspection::Never,
        true if without.is_empty() => Inspection::Always,
        true => Inspection::ExceptOn(without),
    }
}
