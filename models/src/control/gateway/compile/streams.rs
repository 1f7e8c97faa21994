//! TLSRoutes and TCPRoutes: filter chains that pass bytes on to backends by weight.
//!
//! Source: gateway-api `apis/v1/tlsroute_types.go`, `apis/v1/tcproute_types.go`. Of several routes
//! for one server name or port the oldest counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::kinds::gateway::GatewayRoute;
use crate::proxy::envoy::config::{
    ChainMatch, DownstreamTls, FilterChain, NetworkFilter, TcpProxy, Transport,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::super::age::Age;
use super::super::attach::{RouteName, Site};
use super::super::backend::{From, Invalid};
use super::super::hostname::Hostname;
use super::super::listener::Row;
use super::http::Chains;
use super::{Clusters, Context};

/// What each stream route does, and what of it leads nowhere.
pub(in super::super) struct Stream {
    pub(in super::super) proxy: Arc<TcpProxy>,
    pub(in super::super) invalid: Vec<Invalid>,
}

/// Compiles the first rule of a stream route; further rules have no match by which they could
/// ever be chosen.
pub(in super::super) fn tcp_proxy(
    context: &Context<'_>,
    clusters: &mut Clusters,
    from: From<'_>,
    route: &GatewayRoute,
) -> Stream {
    let mut invalid = Vec::new();
    let mut targets = Vec::new();
    let rule = route.rules.first();
    for backend in rule.into_iter().flat_map(|rule| &rule.backends) {
        let weight = backend.weight.map_or(1, |weight| weight.value);
        let origin = Origin::Manifest(backend.target.object.place);
        let cluster = clusters.of_backend(context, from, route.kind, &backend.target);
        let cluster = cluster.unwrap_or_else(|why| {
            invalid.push(why);
            // A name that no cluster has: such connections are closed.
            format!("invalid-backend|{}", backend.target.object.name)
        });
        if weight > 0 {
            targets.push((Sourced::new(cluster, origin), weight));
        }
    }
    let origin = Origin::Manifest(rule.map_or(route.meta.place, |rule| rule.place));
    if targets.is_empty() {
        targets.push((Sourced::new("invalid-backend|".to_owned(), origin), 1));
    }
    let idle_timeout = Sourced::default_of(SimDuration::from_secs(3600), "envoy.tcp-idle-timeout");
    Stream { proxy: Arc::new(TcpProxy { clusters: targets, idle_timeout, origin }), invalid }
}

/// Adds the chains for the TLS and TCP listeners of a Gateway.
pub(in super::super) fn stream_chains<'a>(
    context: &Context<'a>,
    site: &Site<'a>,
    streams: &BTreeMap<RouteName<'a>, Stream>,
    chains: &mut Chains,
) {
    for (index, row) in site.rows.iter().enumerate().filter(|(_, row)| row.programmed) {
        let mut best: BTreeMap<&Hostname, (Age<'a>, RouteName<'a>)> = BTreeMap::new();
        for attached in site.attached.iter().filter(|it| it.row == index && !it.route.0.is_http()) {
            let age = Age::of(&context.objects.routes[&attached.route].meta, attached.route.1);
            for domain in &attached.domains {
                let Some(known) = best.get_mut(&domain.common) else {
                    best.insert(&domain.common, (age, attached.route));
                    continue;
                };
                let lost = if age < known.0 {
                    std::mem::replace(known, (age, attached.route))
                } else {
                    (age, attached.route)
                };
                let objects = context.objects;
                objects.settle(&objects.claim_of(known.1), &objects.claim_of(lost.1), || {
                    let domain = domain.common.domain();
                    format!("`{domain}` at listener `{}`", row.listener.name)
                });
            }
        }
        for (hostname, (_, route)) in best {
            if let Some(stream) = streams.get(&route) {
                let chain = chain(row, hostname, route, stream);
                chains.entry(row.listener.port.value).or_default().push(chain);
            }
        }
    }
}

fn chain(
    row: &Row<'_>,
    hostname: &Hostname,
    (kind, (namespace, name)): RouteName<'_>,
    stream: &Stream,
) -> FilterChain {
    let mut matches = ChainMatch::default();
    if row.expects_tls() {
        matches.transport = Some(Transport::Tls);
        if *hostname != Hostname::Any {
            matches.server_names = vec![hostname.domain()];
        }
    }
    let tls = if row.terminates_tls() { DownstreamTls::Simple } else { DownstreamTls::None };
    FilterChain {
        name: format!("{}.{name}.{namespace}.{}", kind.word(), hostname.domain()),
        matches,
        tls,
        filters: vec![NetworkFilter::TcpProxy(stream.proxy.clone())],
        origin: stream.proxy.origin,
    }
}
