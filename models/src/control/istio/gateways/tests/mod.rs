//! Stories of gateways: what a client finds on their ports.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::control::istio::config::ExportTo;
use crate::control::istio::routes::{self, KnownService, Services};
use crate::control::istio::testing::{Objects, labels};
use crate::explain::Sourced;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::istio::Destination;
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    HashPolicy, HttpManager, Listener, PathNormalization, RouteSource, RouteTable,
};
use crate::units::SimDuration;

mod explaining;
mod ports;
mod serving;
mod workloads;

struct NoServices;

impl Services for NoServices {
    fn service(&self, _: &str) -> Option<KnownService> {
        None
    }

    fn hash(&self, _: &Destination) -> Option<HashPolicy> {
        None
    }
}

/// What a gateway with the label `istio: ingress` in the namespace `edge` holds.
struct Built {
    listeners: Vec<Arc<Listener>>,
    tables: BTreeMap<String, Arc<RouteTable>>,
    findings: Vec<Diagnostic>,
}

fn manager(routes: &str) -> HttpManager {
    HttpManager {
        routes: RouteSource::Named(routes.to_owned()),
        filters: Vec::new(),
        stream_idle_timeout: Sourced::default_of(SimDuration::ZERO, "a test"),
        request_timeout: Sourced::default_of(SimDuration::ZERO, "a test"),
        max_stream_duration: None,
        normalization: Sourced::default_of(PathNormalization::default(), "a test"),
        strips_port: false,
        trusts_envoy_headers: false,
        uses_remote_address: true,
        server_name: String::new(),
        local_replies: BTreeMap::new(),
    }
}

fn build(text: &str) -> Built {
    build_behind(&[], text)
}

fn build_behind(targets: &[ServiceTarget], text: &str) -> Built {
    let objects = Objects::of(text);
    let virtual_services = objects.virtual_services();
    let (virtual_services, _) =
        routes::effective(&virtual_services, "cluster.local", &ExportTo::PUBLIC);
    let labels = labels("istio", "ingress");
    let proxy = GatewayProxy { labels: &labels, namespace: "edge", targets };
    let (merged, mut findings) = merge(&effective(&objects.gateways()), &proxy);
    let Some(merged) = merged else {
        return Built { listeners: Vec::new(), tables: BTreeMap::new(), findings };
    };
    let from = GatewayRoutes {
        proxy,
        virtual_services: &virtual_services,
        services: &NoServices,
        default_retry: None,
        profile: Profile::built_in(),
    };
    let mesh = [MeshPort {
        host: "web.shop.svc.cluster.local".to_owned(),
        port: 80,
        subsets: vec!["v1".to_owned()],
        origin: crate::world::Origin::Assumed("a test"),
    }];
    let (listeners, more) = listeners(&merged, &from, &mesh, &manager);
    findings.extend(more);
    Built { listeners, tables: tables(&merged, &from), findings }
}

impl Built {
    /// Names of virtual hosts with their domains and routes.
    fn hosts(&self, table: &str) -> Vec<(String, Vec<String>, Vec<String>)> {
        let hosts = self.tables[table].virtual_hosts.iter().map(|host| {
            let routes = host.routes.iter().map(|route| route.name.clone().unwrap_or_default());
            (host.name.clone(), host.domains.clone(), routes.collect())
        });
        hosts.collect()
    }

    fn names(&self) -> Vec<&str> {
        self.listeners.iter().map(|listener| listener.name.as_str()).collect()
    }
}

/// A Gateway in the namespace `edge` with these servers.
fn gateway(name: &str, servers: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: {name}, namespace: edge}}\n\
         spec: {{selector: {{istio: ingress}}, servers: [{servers}]}}\n"
    )
}

/// A VirtualService of a namespace with this spec.
fn virtual_service(name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )
}
