//! Chains of a gateway whose connections are passed on as bytes: plain TCP, TLS that ends here, and
//! TLS that goes through by SNI.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::hosts;
use crate::control::istio::routes::{EffectiveVirtualService, tcp_proxy, visible};
use crate::explain::Sourced;
use crate::manifest::kinds::istio::{ConnectionMatch, GatewayTlsMode, TlsMatch, TlsRule};
use crate::manifest::{Diagnostic, Located, Place};
use crate::proxy::envoy::config::{
    ChainMatch, DownstreamTls, FilterChain, NetworkFilter, TcpProxy,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::listeners::{by_server_names, downstream_tls};
use super::merge::{MergedServer, bare, passes_tls_on};
use super::tables::GatewayRoutes;

/// The protocols that Istio's mutual TLS offers (istio `pilot/pkg/networking/util/util.go`,
/// `ALPNInMesh` and its kin).
const MESH_ALPN: [&str; 5] =
    ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// Silence after which Envoy closes a connection that it passes on.
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// A port of a service of the mesh, as `AUTO_PASSTHROUGH` opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshPort {
    /// The whole name of the service.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The subsets of its DestinationRule.
    pub subsets: Vec<String>,
    /// What made the service.
    pub origin: Origin,
}

/// Server names that have a chain, by port and address.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<(u16, Option<String>, String), Place>);

/// The chains of a server that routes no requests.
pub(super) fn chains(
    server: &MergedServer,
    listen_port: u16,
    from: &GatewayRoutes<'_>,
    mesh: &[MeshPort],
    names: &mut Names,
    findings: &mut Vec<Diagnostic>,
) -> Vec<FilterChain> {
    let mode = server.server.tls.as_ref().map(|tls| tls.mode.value);
    if mode == Some(GatewayTlsMode::AutoPassthrough) {
        return auto_passthrough(server, mesh);
    }
    if passes_tls_on(&server.server) {
        return passthrough(server, listen_port, from, names, findings);
    }
    let proxy = bound(server, from).iter().find_map(|object| tcp_rule(server, object, from));
    let matches = match mode {
        Some(_) => by_server_names(server.server_names()),
        None => ChainMatch::default(),
    };
    let chain = proxy.map(|proxy| chain(matches, downstream_tls(server), proxy));
    chain.into_iter().collect()
}

/// The VirtualServices of a server's Gateway that share a host with it.
fn bound(server: &MergedServer, from: &GatewayRoutes<'_>) -> Vec<Arc<EffectiveVirtualService>> {
    let mut objects = visible(from.virtual_services, from.proxy.namespace, &server.gateway);
    objects.retain(|object| shares_host(server, object));
    objects
}

/// A host with a namespace counts for VirtualServices of that namespace alone
/// (istio `pilot/pkg/networking/core/gateway.go`, `pickMatchingGatewayHosts`).
fn shares_host(server: &MergedServer, object: &EffectiveVirtualService) -> bool {
    let counts = |host: &&Located<String>| match host.value.split_once('/') {
        Some((namespace, _)) => namespace == object.namespace,
        None => true,
    };
    server
        .server
        .hosts
        .iter()
        .filter(counts)
        .any(|served| object.hosts.iter().any(|host| hosts::overlap(bare(served), host)))
}

/// The first TCP rule that fits (the same file, `buildGatewayNetworkFiltersFromTCPRoutes`).
fn tcp_rule(
    server: &MergedServer,
    object: &EffectiveVirtualService,
    from: &GatewayRoutes<'_>,
) -> Option<TcpProxy> {
    let fitting = object.tcp.iter().filter(|rule| {
        rule.matches.is_empty() || rule.matches.iter().any(|found| fits(found, server))
    });
    let port = server.server.port.number.value;
    fitting
        .filter(|rule| !rule.route.is_empty())
        .find_map(|rule| tcp_proxy(&rule.route, port, from.services, Origin::Manifest(rule.place)))
}

/// On gateways only the port and the gateways of a match count.
fn fits(found: &ConnectionMatch, server: &MergedServer) -> bool {
    let port = server.server.port.number.value;
    found.port.as_ref().is_none_or(|wanted| wanted.value == port)
        && (found.gateways.is_empty()
            || found.gateways.iter().any(|gateway| gateway.value == server.gateway))
}

/// A chain for each match of a TLS rule; names that an older rule has already are left out with
/// their whole match (the same file, `buildGatewayNetworkFiltersFromTLSRoutes`).
fn passthrough(
    server: &MergedServer,
    listen_port: u16,
    from: &GatewayRoutes<'_>,
    names: &mut Names,
    findings: &mut Vec<Diagnostic>,
) -> Vec<FilterChain> {
    let mut chains = Vec::new();
    for object in bound(server, from) {
        for rule in &object.tls {
            let matches = rule.matches.iter().filter(|found| fits(&found.connection, server));
            for found in matches {
                match take_names(names, server, listen_port, found) {
                    Ok(()) => chains.extend(tls_chain(server, rule, found, from)),
                    Err(place) => findings.push(same_name(found, place)),
                }
            }
        }
    }
    chains
}

fn tls_chain(
    server: &MergedServer,
    rule: &TlsRule,
    found: &TlsMatch,
    from: &GatewayRoutes<'_>,
) -> Option<FilterChain> {
    let port = server.server.port.number.value;
    let origin = Origin::Manifest(rule.place);
    let proxy = tcp_proxy(&rule.route, port, from.services, origin)?;
    let names = found.sni_hosts.iter().map(|name| name.value.clone()).collect();
    Some(chain(by_server_names(names), DownstreamTls::None, proxy))
}

fn take_names(
    names: &mut Names,
    server: &MergedServer,
    listen_port: u16,
    found: &TlsMatch,
) -> Result<(), Place> {
    let bind = server.server.bind.as_ref().map(|bind| bind.value.clone());
    let keys = found
        .sni_hosts
        .iter()
        .map(|name| ((listen_port, bind.clone(), name.value.clone()), name.place));
    let keys: Vec<_> = keys.collect();
    if let Some(place) = keys.iter().find_map(|(key, _)| names.0.get(key)) {
        return Err(*place);
    }
    names.0.extend(keys);
    Ok(())
}

fn same_name(found: &TlsMatch, first: Place) -> Diagnostic {
    let place = found.sni_hosts.first().map_or(found.connection.place, |name| name.place);
    Diagnostic::warning("istio.same-sni", "an older rule has this server name already")
        .at(place, "this match is left out")
        .at(first, "first here")
}

/// A chain for each port and subset of the mesh's services that the server's hosts take in, by the
/// name of its cluster (the same file, `builtAutoPassthroughFilterChains`).
fn auto_passthrough(server: &MergedServer, mesh: &[MeshPort]) -> Vec<FilterChain> {
    let names = server.server_names();
    let served = mesh.iter().filter(|it| names.iter().any(|name| hosts::covers(name, &it.host)));
    let each = served.flat_map(|port| {
        let subsets = std::iter::once("").chain(port.subsets.iter().map(String::as_str));
        subsets.map(move |subset| (port, sni_cluster(port, subset)))
    });
    each.map(|(port, name)| {
        let matches = ChainMatch {
            server_names: vec![name.clone()],
            application_protocols: MESH_ALPN.map(str::to_owned).to_vec(),
            ..ChainMatch::default()
        };
        let proxy = TcpProxy {
            clusters: vec![(Sourced::new(name, port.origin), 1)],
            idle_timeout: Sourced::default_of(IDLE_TIMEOUT, "envoy.tcp-idle-timeout"),
            origin: Origin::Manifest(server.server.place),
        };
        chain(matches, DownstreamTls::None, proxy)
    })
    .collect()
}

/// The name of a cluster as a server name.
fn sni_cluster(port: &MeshPort, subset: &str) -> String {
    format!("outbound_.{}_.{subset}_.{}", port.port, port.host)
}

fn chain(matches: ChainMatch, tls: DownstreamTls, proxy: TcpProxy) -> FilterChain {
    FilterChain {
        name: String::new(),
        matches,
        tls,
        origin: proxy.origin,
        filters: vec![NetworkFilter::TcpProxy(Arc::new(proxy))],
    }
}
