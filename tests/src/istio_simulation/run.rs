//! Makes a call to a compiled configuration: listener, filter chain, virtual host, route, cluster.

use meshwalk_models::explain::Silent;
use meshwalk_models::proxy::envoy::config::{
    Bootstrap, Destination, Direction, DownstreamTls, FilterChain, HttpManager, Listener,
    NetworkFilter, ProxyConfig, RouteAction, RouteSource, RouteTable,
};
use meshwalk_models::proxy::envoy::routing::{Choice, choose, find_host};
use meshwalk_models::proxy::envoy::{Dice, Purpose};

use super::call::{Call, Mode, Protocol, Tls};
use super::chain::{self, Found};
use super::expect::Matched;

/// Nothing here is left to chance.
struct NoDice;

impl Dice for NoDice {
    fn roll(&mut self, _: Purpose) -> u64 {
        0
    }
}

/// What becomes of a call.
pub(super) fn run(config: &ProxyConfig, call: &Call) -> Matched {
    let found = Matched::default();
    let Some(listener) = listener(config, call) else { return found.error("ErrNoListener") };
    let found = Matched { listener: listener.name.clone(), ..found };
    match chain::of(listener, &call.connection()) {
        Found::None => found.error("ErrNoFilterChain"),
        Found::Several => found.error("ErrMultipleFilterChain"),
        Found::One(chain) => in_chain(config, chain, call, found),
    }
}

/// The listener of the address that is dialled, or of every address; what is redirected falls to
/// the one that captures it.
fn listener<'c>(config: &'c ProxyConfig, call: &Call) -> Option<&'c Listener> {
    let all = || config.listeners.iter().map(|listener| &**listener);
    if call.mode == Mode::Inbound {
        return all().find(|listener| listener.name == "virtualInbound");
    }
    let outbound = || all().filter(|listener| listener.direction != Direction::Inbound);
    let at = |address: &str| outbound().find(|it| it.address == address && it.port == call.port);
    let capturing = || all().find(|listener| listener.name == "virtualOutbound");
    at(&call.address.to_string()).or_else(|| at("0.0.0.0")).or_else(capturing)
}

fn in_chain(config: &ProxyConfig, chain: &FilterChain, call: &Call, found: Matched) -> Matched {
    let found = Matched { chain: chain.name.clone(), ..found };
    match (chain.tls, call.tls) {
        (DownstreamTls::None, _) => {}
        (_, Tls::Plaintext) => return found.error("ErrTLSError"),
        (DownstreamTls::IstioMutual, Tls::Mutual) => {}
        (DownstreamTls::IstioMutual, Tls::Simple) | (_, Tls::Mutual) => {
            return found.error("ErrMTLSError");
        }
        (_, Tls::Simple) => {}
    }
    let terminal = chain.filters.iter().find_map(|filter| match filter {
        NetworkFilter::Rbac(_) => None,
        other => Some(other),
    });
    match terminal {
        Some(NetworkFilter::Http(manager)) => {
            let encrypted = call.tls != Tls::Plaintext && chain.tls == DownstreamTls::None;
            if encrypted || call.protocol == Protocol::Tcp {
                return found.error("ErrProtocolError");
            }
            in_manager(config, manager, call, found)
        }
        Some(NetworkFilter::TcpProxy(proxy)) => {
            let cluster = match &proxy.clusters[..] {
                [(only, _)] => only.value.clone(),
                _ => String::new(),
            };
            Matched { cluster, ..found }
        }
        Some(NetworkFilter::Rbac(_)) | None => found,
    }
}

fn in_manager(
    config: &ProxyConfig,
    manager: &HttpManager,
    call: &Call,
    mut found: Matched,
) -> Matched {
    let empty = RouteTable::default();
    let table = match &manager.routes {
        RouteSource::Inline(table) => table,
        RouteSource::Named(name) => {
            found.table.clone_from(name);
            config.route_tables.get(name).map_or(&empty, |table| table)
        }
    };
    let request = call.request();
    let Some(host) = find_host(table, request.authority(), &mut Silent) else {
        return found.error("ErrNoVirtualHost");
    };
    found.virtual_host.clone_from(&host.name);
    match choose(table, &request, &Bootstrap::default(), &mut NoDice, &mut Silent) {
        Choice::TlsRequired(_) => found.error("ErrTLSRedirect"),
        Choice::NoRoute => found.error("ErrNoRoute"),
        Choice::Taken(taken) => {
            found.route = taken.route.name.clone().unwrap_or_default();
            if let RouteAction::Forward(forward) = &taken.route.action
                && let Destination::Cluster(cluster) = &forward.destination
            {
                found.cluster.clone_from(&cluster.value);
            }
            found
        }
    }
}
