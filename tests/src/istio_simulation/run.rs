//! Makes a call to a compiled configuration: listener, filter chain, virtual host, route, cluster.

use meshwalk_models::explain::Silent;
use meshwalk_models::proxy::envoy::config::{
    Bootstrap, Destination, Direction, DownstreamTls, HttpManager, ProxyConfig, RouteAction,
    RouteSource, RouteTable,
};
use meshwalk_models::proxy::envoy::listening::{Accepted, Arrival, Refusal, Service, accept};
use meshwalk_models::proxy::envoy::routing::{Choice, choose, find_host};
use meshwalk_models::proxy::envoy::{Dice, Purpose};

use super::call::{Call, Mode, Protocol, Tls};
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
    match accept(config, call.arrival(), &call.connection(), &mut Silent) {
        Ok(accepted) => in_chain(config, accepted, call),
        Err(refusal) => refused(refusal),
    }
}

/// The suite's name for a refusal.
fn refused(refusal: Refusal) -> Matched {
    let at = |listener, name| Matched { listener, ..Matched::default() }.error(name);
    let of = |chain, name| Matched { chain, ..Matched::default() }.error(name);
    match refusal {
        Refusal::NoListener => Matched::default().error("ErrNoListener"),
        Refusal::NoChain { listener } => at(listener, "ErrNoFilterChain"),
        Refusal::SeveralChains { listener, .. } => at(listener, "ErrMultipleFilterChain"),
        Refusal::PlaintextToTls { chain } => of(chain, "ErrTLSError"),
        Refusal::TlsToPlaintext { chain } => of(chain, "ErrProtocolError"),
        Refusal::NoCertificate { chain } => of(chain, "ErrMTLSError"),
        Refusal::Denied { .. } => Matched::default().error("denied"),
        Refusal::Undecided { .. } | Refusal::Unknown => Matched::default().error("unknown"),
    }
}

fn in_chain(config: &ProxyConfig, accepted: Accepted<'_>, call: &Call) -> Matched {
    let found = Matched {
        listener: accepted.listener.name.clone(),
        chain: accepted.chain.name.clone(),
        ..Matched::default()
    };
    // The suite takes a certificate of the mesh for an error where the chain asks for another.
    let is_of_mesh = accepted.chain.tls == DownstreamTls::IstioMutual;
    if accepted.chain.tls != DownstreamTls::None && is_of_mesh != (call.tls == Tls::Mutual) {
        return found.error("ErrMTLSError");
    }
    match accepted.service() {
        Service::Http(_) if call.protocol == Protocol::Tcp => found.error("ErrProtocolError"),
        Service::Http(manager) => in_manager(config, manager, call, found),
        Service::Tcp(proxy) => match &proxy.clusters[..] {
            [(only, _)] => Matched { cluster: only.value.clone(), ..found },
            _ => found,
        },
        Service::Nothing => found,
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

impl Call {
    /// How it comes to the proxy.
    fn arrival(&self) -> Arrival {
        match self.mode {
            Mode::Gateway => Arrival::Dialled,
            Mode::Outbound => Arrival::Redirected(Direction::Outbound),
            Mode::Inbound => Arrival::Redirected(Direction::Inbound),
        }
    }
}
