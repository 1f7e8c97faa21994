//! The route tables of a gateway: a virtual host for each host that a server and a VirtualService
//! have in common, with the routes of all VirtualServices that name it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::hosts;
use crate::control::istio::routes::{
    Client, EffectiveVirtualService, ListenerTls, RuleContext, Services, more_specific, routes,
    sort_catch_all_last, table, virtual_host, visible,
};
use crate::manifest::Located;
use crate::manifest::kinds::istio::RetryRule;
use crate::profile::Profile;
use crate::proxy::envoy::config::{Route, RouteTable, TlsRequirement, VirtualHost};
use crate::world::Origin;

use super::effective::GatewayProxy;
use super::merge::{MergedGateway, MergedServer};

/// What the route tables of a gateway are made of.
#[derive(Clone, Copy)]
pub struct GatewayRoutes<'g> {
    /// The workload.
    pub proxy: GatewayProxy<'g>,
    /// The VirtualServices of the mesh, the oldest first.
    pub virtual_services: &'g [Arc<EffectiveVirtualService>],
    /// The services that it sees.
    pub services: &'g dyn Services,
    /// `defaultHttpRetryPolicy` of the mesh.
    pub default_retry: Option<&'g RetryRule>,
    /// The facts to go by.
    pub profile: &'g Profile,
}

/// The route tables of a gateway, by name (istio `pilot/pkg/networking/core/gateway.go`,
/// `buildGatewayHTTPRouteConfig`).
#[must_use]
pub fn tables(
    merged: &MergedGateway,
    from: &GatewayRoutes<'_>,
) -> BTreeMap<String, Arc<RouteTable>> {
    let tables = merged.by_routes.iter().map(|(name, servers)| {
        let servers: Vec<_> = servers.iter().map(|&at| &merged.servers[at]).collect();
        (name.clone(), Arc::new(one_table(name, &servers, from)))
    });
    tables.collect()
}

/// A virtual host that grows with each VirtualService.
struct Growing {
    name: String,
    domains: Vec<String>,
    routes: Vec<Arc<Route>>,
    /// The numbers of the lists of which `routes` consists.
    parts: Vec<usize>,
    tls: TlsRequirement,
    origin: Origin,
}

fn one_table(name: &str, servers: &[&MergedServer], from: &GatewayRoutes<'_>) -> RouteTable {
    let mut growing = BTreeMap::new();
    // Routes are made once for each Gateway and VirtualService, for the first server they meet.
    let mut made = BTreeMap::new();
    for server in servers {
        for object in visible(from.virtual_services, from.proxy.namespace, &server.gateway) {
            let common = common_hosts(server, &object);
            if common.is_empty() {
                continue;
            }
            let key = (server.gateway.clone(), object.namespace.clone(), object.name.clone());
            let number = made.len();
            let (number, routes) = made
                .entry(key)
                .or_insert_with(|| (number, routes_of(server, &object, from)))
                .clone();
            if !routes.is_empty() {
                for host in common {
                    let entry = grow(&mut growing, server, host, Origin::Manifest(object.place));
                    entry.routes.extend(routes.iter().cloned());
                    entry.parts.push(number);
                }
            }
        }
        redirect_hosts(&mut growing, server);
    }
    if growing.is_empty() {
        return table(name.to_owned(), vec![Arc::new(nothing_bound(servers))]);
    }
    let mut virtual_hosts: Vec<_> = collapsed(growing).into_iter().map(finished).collect();
    virtual_hosts.sort_by(|one, other| one.name.cmp(&other.name));
    table(name.to_owned(), virtual_hosts.into_iter().map(Arc::new).collect())
}

/// The hosts that a server and a VirtualService have in common, the narrower of each pair. A host
/// with a namespace counts for VirtualServices of that namespace alone.
fn common_hosts(server: &MergedServer, object: &EffectiveVirtualService) -> Vec<String> {
    let of_namespace = |host: &'_ Located<String>| match host.value.split_once('/') {
        Some((namespace, bare)) => (namespace == object.namespace).then(|| bare.to_owned()),
        None => Some(host.value.clone()),
    };
    let served: Vec<String> = server.server.hosts.iter().filter_map(of_namespace).collect();
    let served: Vec<&str> = served.iter().map(String::as_str).collect();
    let named: Vec<&str> = object.hosts.iter().map(|host| host.value.as_str()).collect();
    hosts::intersection(&served, &named).into_iter().map(str::to_ascii_lowercase).collect()
}

fn routes_of(
    server: &MergedServer,
    object: &EffectiveVirtualService,
    from: &GatewayRoutes<'_>,
) -> Vec<Arc<Route>> {
    let gateways: BTreeSet<String> = [server.gateway.clone()].into();
    let client =
        Client { labels: from.proxy.labels, namespace: from.proxy.namespace, gateways: &gateways };
    let context = RuleContext {
        client,
        listen_port: server.server.port.number.value,
        listener: match server.server.tls {
            Some(_) => ListenerTls::Ended,
            None => ListenerTls::Plaintext,
        },
        services: from.services,
        default_retry: from.default_retry,
        profile: from.profile,
    };
    routes(&object.http, &context)
}

fn redirects(server: &MergedServer) -> bool {
    let tls = server.server.tls.as_ref();
    tls.and_then(|tls| tls.https_redirect.as_ref()).is_some_and(|redirect| redirect.value)
}

fn name_of(host: &str, server: &MergedServer) -> String {
    format!("{host}:{}", server.server.port.number.value)
}

fn grow<'v>(
    growing: &'v mut BTreeMap<String, Growing>,
    server: &MergedServer,
    host: String,
    origin: Origin,
) -> &'v mut Growing {
    let entry = growing.entry(host.clone()).or_insert_with(|| Growing {
        name: name_of(&host, server),
        domains: vec![host],
        routes: Vec::new(),
        parts: Vec::new(),
        tls: TlsRequirement::None,
        origin,
    });
    if redirects(server) {
        entry.tls = TlsRequirement::All;
    }
    entry
}

/// Hosts of a server that redirects to HTTPS do so with and without routes.
fn redirect_hosts(growing: &mut BTreeMap<String, Growing>, server: &MergedServer) {
    if !redirects(server) {
        return;
    }
    for host in &server.server.hosts {
        grow(growing, server, host.value.to_ascii_lowercase(), Origin::Manifest(host.place));
    }
}

/// Hosts with the very same routes share one virtual host, under the name of the most specific
/// (the same file, `collapseDuplicateRoutes`).
fn collapsed(growing: BTreeMap<String, Growing>) -> Vec<Growing> {
    let mut hosts: Vec<_> = growing.into_iter().collect();
    hosts.sort_by(|(one, _), (other, _)| more_specific(one, other));
    let mut kept: Vec<Growing> = Vec::new();
    let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for (_, host) in hosts {
        match known.get(&host.parts).copied().filter(|&at| kept[at].tls == host.tls) {
            Some(at) => kept[at].domains.extend(host.domains),
            None => {
                known.insert(host.parts.clone(), kept.len());
                kept.push(host);
            }
        }
    }
    kept
}

fn finished(host: Growing) -> VirtualHost {
    let routes = sort_catch_all_last(host.routes);
    let virtual_host = virtual_host(host.name, host.domains, routes, host.origin);
    VirtualHost { tls: host.tls, ..virtual_host }
}

/// A gateway without VirtualServices listens and answers 404.
fn nothing_bound(servers: &[&MergedServer]) -> VirtualHost {
    let (name, origin) = match servers {
        [first, ..] => (name_of("blackhole", first), Origin::Manifest(first.server.place)),
        [] => ("blackhole".to_owned(), Origin::Default("istio.gateway-blackhole")),
    };
    virtual_host(name, vec!["*".to_owned()], Vec::new(), origin)
}
