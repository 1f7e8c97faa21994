//! ingress-nginx: the Ingress rules of one class as the configuration of a proxy with nginx's
//! habits. It retired in 2026 and still stands before many clusters. Which Ingress rules count was
//! decided when the world was built; what a request then meets is the proxy's business.
//!
//! The proxy is the one Envoy model: routes, time limits and retries of nginx are written in its
//! terms, and its product tells it apart where their answers differ. Simplified: a retry starts
//! after at most one millisecond, and `proxy_read_timeout` counts silence of a whole attempt.
//!
//! Source: kubernetes/ingress-nginx `internal/ingress/controller/config/config.go`,
//! `rootfs/etc/nginx/template/nginx.tmpl`, `docs/user-guide/ingress-path-matching.md`.

mod limits;
mod routes;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use settings::{Unread, unread};

use crate::control::gateway::{Edge, backend_clusters, manager};
use crate::explain::{RuleId, Sourced};
use crate::proxy::envoy::config::{
    Bootstrap, ChainMatch, Direction, DownstreamTls, FilterChain, HttpManager, Inspection,
    Listener, NetworkFilter, Product, ProxyConfig, RouteSource, RouteTable, Transport,
};
use crate::units::SimDuration;
use crate::world::{IngressClass, Origin, World};

/// The reading of paths and hosts that it is known for.
pub(crate) const SERVES: RuleId = RuleId("k8s.ingress.nginx");

/// The ports on which it listens.
const PORTS: [(u16, Transport); 2] = [(80, Transport::RawBuffer), (443, Transport::Tls)];

/// Whether ingress-nginx serves an Ingress class. No IngressClass says so in most manifests, so the
/// name tells: its own class is `nginx`, and further ones are named after it.
#[must_use]
pub fn serves(class: &IngressClass) -> bool {
    class.name.split(['-', '.']).any(|part| part == "nginx")
}

/// The controllers of a world, by the name of the class that each serves. Of classes with one name in
/// several clusters, that of the first cluster counts.
#[must_use]
pub fn controllers(world: &World) -> BTreeMap<String, Arc<ProxyConfig>> {
    let mut controllers = BTreeMap::new();
    for class in world.ingress_classes.iter().filter(|class| serves(class)) {
        let make = || Arc::new(configure(world, class));
        controllers.entry(class.name.clone()).or_insert_with(make);
    }
    controllers
}

/// The configuration of the controller's proxies for a class.
#[must_use]
pub fn configure(world: &World, class: &IngressClass) -> ProxyConfig {
    let mut config = ProxyConfig {
        bootstrap: Bootstrap { product: Product::Nginx, ..Bootstrap::default() },
        ..ProxyConfig::default()
    };
    for (port, transport) in PORTS {
        let name = format!("nginx.{port}");
        let table = RouteTable {
            name: name.clone(),
            virtual_hosts: routes::virtual_hosts(world, class, transport),
            ignore_port_in_host: true,
            ..RouteTable::default()
        };
        config.route_tables.insert(name.clone(), Arc::new(table));
        config.listeners.push(Arc::new(listener(port, transport, name)));
    }
    let (clusters, assignments) = backend_clusters(world, routes::ports(class));
    for (name, mut cluster) in clusters {
        limits::settle(&mut cluster);
        config.clusters.insert(name, Arc::new(cluster));
    }
    config.assignments = assignments;
    config
}

fn listener(port: u16, transport: Transport, table: String) -> Listener {
    const ORIGIN: Origin = Origin::Default("nginx.listen");
    let plain = manager(RouteSource::Named(table.clone()), Edge::Outside);
    let manager = HttpManager {
        filters: Vec::new(),
        // Silence is a matter of attempts.
        stream_idle_timeout: Sourced::default_of(SimDuration::ZERO, "nginx.stream-idle"),
        local_replies: BTreeMap::new(),
        ..HttpManager::clone(&plain)
    };
    let tls = match transport {
        Transport::Tls => DownstreamTls::Simple,
        Transport::RawBuffer => DownstreamTls::None,
    };
    let chain = FilterChain {
        name: table,
        matches: ChainMatch { transport: Some(transport), ..ChainMatch::default() },
        tls,
        filters: vec![NetworkFilter::Http(Arc::new(manager))],
        origin: ORIGIN,
    };
    let address = "0.0.0.0".to_owned();
    Listener {
        inspects_tls: Inspection::Always,
        ..Listener::bound(address, port, Direction::Gateway, vec![chain], ORIGIN)
    }
}
