//! From TCP and TLS rules of VirtualServices to what passes bytes on: for sidecars the filter
//! chains of a service's port, for gateways the proxy of one chain.

use std::collections::BTreeSet;

use crate::explain::Sourced;
use crate::manifest::kinds::istio::{ConnectionMatch, RouteDestination};
use crate::proxy::envoy::config::TcpProxy;
use crate::units::SimDuration;
use crate::world::Origin;

use super::destination::{self, Services, outbound};
use super::effective::EffectiveVirtualService;
use super::matches::Client;

/// Silence after which Envoy closes a connection that it passes on
/// (api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto, `idle_timeout`).
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// What passes the connections of a rule on. Of several destinations those with weight zero are
/// left out (istio `pilot/pkg/networking/core/networkfilter.go`, `buildOutboundNetworkFilters`).
/// `None` where none is left.
#[must_use]
pub fn tcp_proxy(
    route: &[RouteDestination],
    port: u16,
    services: &dyn Services,
    origin: Origin,
) -> Option<TcpProxy> {
    let cluster = |to: &RouteDestination| destination::cluster(&to.destination, port, services);
    let clusters: Vec<_> = match route {
        [only] => vec![(cluster(only), 1)],
        several => several
            .iter()
            .filter_map(|to| {
                let weight = to.weight.as_ref().map_or(0, |weight| weight.value);
                (weight > 0).then(|| (cluster(to), weight))
            })
            .collect(),
    };
    (!clusters.is_empty()).then(|| passing(clusters, origin))
}

fn passing(clusters: Vec<(Sourced<String>, u32)>, origin: Origin) -> TcpProxy {
    let idle_timeout = Sourced::default_of(IDLE_TIMEOUT, "envoy.tcp-idle-timeout");
    TcpProxy { clusters, idle_timeout, origin }
}

/// A service's port, as its connections are passed on.
#[derive(Clone, Copy)]
pub struct PortOfService<'s> {
    /// The whole name of the service.
    pub host: &'s str,
    /// The ports of the service.
    pub ports: &'s [u16],
    /// The port that clients dial.
    pub port: u16,
    /// The ranges of addresses that stand for the service, if the listener has several services.
    pub subnets: &'s [String],
    /// What made the service.
    pub origin: Origin,
}

/// A chain of connections that are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkChain {
    /// SNI, exact or `*.suffix`; empty takes all.
    pub server_names: Vec<String>,
    /// The addresses that the client dialled, as `address/length`; empty takes all.
    pub subnets: Vec<String>,
    /// Where connections go.
    pub proxy: TcpProxy,
    /// Whether a rule of a VirtualService made it.
    pub source: ChainSource,
}

/// What made a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainSource {
    /// A rule of a VirtualService.
    Rule,
    /// The service alone.
    Service,
}

/// The chains for a port whose connections carry TLS that the application ends. Each match becomes
/// one; of two that look at the same names and addresses, the first. Without any rule the service's
/// own chain takes the connections, by its name if `by_name` says so
/// (istio `pilot/pkg/networking/core/tls.go`, `buildSidecarOutboundTLSFilterChainOpts`).
#[must_use]
pub fn tls_chains(
    service: PortOfService<'_>,
    by_name: &[String],
    client: Client<'_>,
    objects: &[&EffectiveVirtualService],
    services: &dyn Services,
) -> Vec<NetworkChain> {
    let mut seen = BTreeSet::new();
    let mut chains = Vec::new();
    let mut subnets = service.subnets.to_vec();
    for rule in objects.iter().flat_map(|object| &object.tls) {
        let origin = Origin::Manifest(rule.place);
        for found in &rule.matches {
            if !fits(&found.connection, service.port, client) {
                continue;
            }
            if !found.connection.destination_subnets.is_empty() {
                subnets = texts(&found.connection.destination_subnets);
            }
            let names = texts(&found.sni_hosts);
            let own = texts(&found.connection.destination_subnets);
            let proxy = tcp_proxy(&rule.route, service.port, services, origin);
            let Some(proxy) = proxy.filter(|_| seen.insert((names.clone(), own))) else { continue };
            let source = ChainSource::Rule;
            chains.push(NetworkChain {
                server_names: names,
                subnets: subnets.clone(),
                proxy,
                source,
            });
        }
    }
    if chains.is_empty() {
        chains.push(own_chain(service, by_name, subnets));
    }
    chains
}

/// The chains for a port of plain connections. The first rule without addresses takes all that are
/// left, and rules behind it are never reached (the same file,
/// `buildSidecarOutboundTCPFilterChainOpts`).
#[must_use]
pub fn tcp_chains(
    service: PortOfService<'_>,
    client: Client<'_>,
    objects: &[&EffectiveVirtualService],
    services: &dyn Services,
) -> Vec<NetworkChain> {
    let mut chains = Vec::new();
    let mut replaces_own = false;
    for rule in objects.iter().flat_map(|object| &object.tcp) {
        let origin = Origin::Manifest(rule.place);
        let Some(proxy) = tcp_proxy(&rule.route, service.port, services, origin) else { continue };
        let fitting: Vec<_> =
            rule.matches.iter().filter(|found| fits(found, service.port, client)).collect();
        let takes_all = rule.matches.is_empty()
            || fitting.iter().any(|found| found.destination_subnets.is_empty());
        let (server_names, source) = (Vec::new(), ChainSource::Rule);
        if takes_all {
            let subnets = service.subnets.to_vec();
            chains.push(NetworkChain { server_names, subnets, proxy, source });
            return chains;
        }
        let mut subnets: Vec<String> =
            fitting.iter().flat_map(|found| texts(&found.destination_subnets)).collect();
        if !subnets.is_empty() {
            subnets.sort();
            let mut own = service.subnets.to_vec();
            own.sort();
            replaces_own |= subnets == own;
            chains.push(NetworkChain { server_names, subnets, proxy, source });
        }
    }
    if !replaces_own {
        chains.push(own_chain(service, &[], service.subnets.to_vec()));
    }
    chains
}

/// The chain of a service without rules: to its only port, or else to the port that was dialled.
fn own_chain(service: PortOfService<'_>, by_name: &[String], subnets: Vec<String>) -> NetworkChain {
    let port = match service.ports {
        [only] => *only,
        _ => service.port,
    };
    let cluster = Sourced::new(outbound(port, "", service.host), service.origin);
    NetworkChain {
        server_names: by_name.to_vec(),
        subnets,
        proxy: passing(vec![(cluster, 1)], service.origin),
        source: ChainSource::Service,
    }
}

fn fits(found: &ConnectionMatch, port: u16, client: Client<'_>) -> bool {
    found.port.as_ref().is_none_or(|wanted| wanted.value == port)
        && client.may_match_connection(found)
}

fn texts(list: &[crate::manifest::Located<String>]) -> Vec<String> {
    list.iter().map(|text| text.value.clone()).collect()
}
