//! The listeners of a gateway: one for each port and address, with a chain for each server that
//! ends TLS or passes connections on. Which chain takes a connection is the proxy's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::Diagnostic;
use crate::manifest::kinds::istio::GatewayTlsMode;
use crate::proxy::envoy::config::{
    ChainMatch, Direction, DownstreamTls, FilterChain, HttpManager, Inspection, Listener,
    NetworkFilter,
};
use crate::world::Origin;

use super::merge::{MergedGateway, MergedServer, ServerPort, ends_https};
use super::network::{self, Names};
use super::tables::GatewayRoutes;

/// Every address of the workload.
const ANY_ADDRESS: &str = "0.0.0.0";

/// The listeners of a gateway, whose chains have no names; a port of which nothing is left has none, and connections to it are
/// refused. `manager` makes the connection manager for a route table
/// (istio `pilot/pkg/networking/core/gateway.go`, `buildGatewayListeners`).
#[must_use]
pub fn listeners(
    merged: &MergedGateway,
    from: &GatewayRoutes<'_>,
    clusters_by_name: &[network::MeshPort],
    manager: &dyn Fn(&str) -> HttpManager,
) -> (Vec<Arc<Listener>>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut names = Names::default();
    let mut building: BTreeMap<(String, u16), (Vec<FilterChain>, Origin)> = BTreeMap::new();
    for port in &merged.ports {
        let servers = merged.by_port[port].iter().map(|&at| &merged.servers[at]);
        let servers: Vec<_> = servers.collect();
        let mut chains = Vec::new();
        if port.protocol.is_http() {
            chains.extend(servers.first().map(|server| http_chain(server, manager)));
        } else {
            for server in &servers {
                if ends_https(&server.server) {
                    chains.push(https_chain(server, manager));
                } else {
                    chains.extend(network::chains(
                        server,
                        port.number,
                        from,
                        clusters_by_name,
                        &mut names,
                        &mut findings,
                    ));
                }
            }
        }
        let origin = servers.first().map_or(Origin::Assumed("a gateway"), |server| {
            Origin::Manifest(server.server.port.number.place)
        });
        let entry = building.entry(key(port)).or_insert_with(|| (Vec::new(), origin));
        entry.0.extend(chains);
    }
    let built = building.into_iter().filter(|(_, (chains, _))| !chains.is_empty()).map(
        |((address, port), (chains, origin))| Arc::new(listener(address, port, chains, origin)),
    );
    (built.collect(), findings)
}

fn key(port: &ServerPort) -> (String, u16) {
    (port.bind.clone().unwrap_or_else(|| ANY_ADDRESS.to_owned()), port.number)
}

fn listener(address: String, port: u16, chains: Vec<FilterChain>, origin: Origin) -> Listener {
    let has_tls = |chain: &FilterChain| {
        !chain.matches.server_names.is_empty() || chain.tls != DownstreamTls::None
    };
    let inspects_tls =
        if chains.iter().any(has_tls) { Inspection::Always } else { Inspection::Never };
    Listener { inspects_tls, ..Listener::bound(address, port, Direction::Gateway, chains, origin) }
}

fn http_chain(server: &MergedServer, manager: &dyn Fn(&str) -> HttpManager) -> FilterChain {
    FilterChain {
        name: String::new(),
        matches: ChainMatch::default(),
        tls: DownstreamTls::None,
        filters: vec![NetworkFilter::Http(Arc::new(manager(&server.routes)))],
        origin: Origin::Manifest(server.server.place),
    }
}

fn https_chain(server: &MergedServer, manager: &dyn Fn(&str) -> HttpManager) -> FilterChain {
    FilterChain {
        name: String::new(),
        matches: by_server_names(server.server_names()),
        tls: downstream_tls(server),
        filters: vec![NetworkFilter::Http(Arc::new(manager(&server.routes)))],
        origin: Origin::Manifest(server.server.place),
    }
}

/// A chain for `*` takes every server name, and connections without one.
pub(super) fn by_server_names(mut names: Vec<String>) -> ChainMatch {
    if names.iter().any(|name| name == "*") {
        names.clear();
    }
    ChainMatch { server_names: names, ..ChainMatch::default() }
}

/// What a server that ends TLS asks of its clients.
pub(super) fn downstream_tls(server: &MergedServer) -> DownstreamTls {
    match server.server.tls.as_ref().map(|tls| tls.mode.value) {
        None | Some(GatewayTlsMode::Passthrough | GatewayTlsMode::AutoPassthrough) => {
            DownstreamTls::None
        }
        Some(GatewayTlsMode::Simple) => DownstreamTls::Simple,
        Some(GatewayTlsMode::Mutual) => DownstreamTls::Mutual,
        Some(GatewayTlsMode::OptionalMutual) => DownstreamTls::OptionalMutual,
        Some(GatewayTlsMode::IstioMutual) => DownstreamTls::IstioMutual,
    }
}
