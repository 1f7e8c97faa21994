//! What Istio makes of a Gateway of Gateway API beside its listeners and routes: clusters, for
//! which DestinationRules, mutual TLS and Istio's defaults count there as everywhere, and the
//! connection managers of its gateways.
//!
//! Source: istio `pilot/pkg/networking/core/cluster.go`, `BuildClusters`, which does not ask which
//! API a gateway is written in.

use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::clusters::{ProxyRole, Upstream, Viewpoint};
use crate::control::istio::destination::{Client, Traffic, rule_for};
use crate::control::istio::http_manager::Guards;
use crate::control::istio::registry::Service;
use crate::control::istio::routes::with_mesh_default;
use crate::control::istio::unmodelled::Touched;
use crate::explain::Silent;
use crate::manifest::kinds::Labels;
use crate::manifest::{Located, Place, SourceId};
use crate::proxy::envoy::config::{
    Cluster, HttpManager, Listener, Locality, NetworkFilter, ProxyConfig, RouteSource, RouteTable,
    Target, UpstreamTls,
};
use crate::world::Origin;

use super::workload::{GATEWAY_NAME, guard_bytes, manager};

/// The same configuration with the clusters and connection managers that Istio would send.
/// Clusters of services that Istio does not know stay as they are.
pub(in crate::control::istio) fn adopt(
    push: &Push,
    (namespace, name): (&str, &str),
    config: &ProxyConfig,
) -> ProxyConfig {
    let mut adopted = config.clone();
    if push.mesh.retries.is_some() {
        adopted.route_tables.values_mut().for_each(|table| retried(push, table));
    }
    adopted.bootstrap.workers = push.mesh.concurrency.value;
    let guards = guards(push, namespace, name);
    let listeners = config.listeners.iter();
    adopted.listeners = listeners.map(|listener| managed(push, &guards, listener)).collect();
    // Where the pods of the gateway will run is not written anywhere.
    let (locality, labels) = (Locality::default(), Labels::new());
    let viewpoint = Viewpoint { locality: &locality, node: "", labels: &labels };
    for (name, plain) in &config.clusters {
        let Some(upstream) = plain.target.as_ref().and_then(|it| upstream(push, namespace, it))
        else {
            continue;
        };
        let cluster = with_policy_of(plain, upstream.cluster(&mut Silent));
        if cluster.name != *name {
            continue;
        }
        adopted.clusters.insert(name.clone(), Arc::new(cluster));
        match upstream.assignment(viewpoint, &mut Silent) {
            Some(assignment) => adopted.assignments.insert(name.clone(), Arc::new(assignment)),
            None => adopted.assignments.remove(name),
        };
    }
    adopted
}

/// The same configuration with the policies of Istio in force, where nothing else of Istio counts.
pub(in crate::control::istio) fn guarded(
    push: &Push,
    (namespace, name): (&str, &str),
    config: &ProxyConfig,
) -> ProxyConfig {
    let guards = guards(push, namespace, name);
    let mut guarded = config.clone();
    for listener in &mut guarded.listeners {
        let own = Arc::make_mut(listener);
        for filter in own.chains.iter_mut().flat_map(|chain| &mut chain.filters) {
            if let NetworkFilter::Http(manager) = filter {
                *manager = Arc::new(guards.before(HttpManager::clone(manager)));
            }
        }
        guard_bytes(&guards, listener);
    }
    guarded
}

/// The guards of a Gateway's proxies. Istio makes the workload, with the name of the Gateway as a
/// label; what other labels it will have is not written anywhere.
fn guards(push: &Push, namespace: &str, name: &str) -> Guards {
    // Nobody wrote the label, and only its value is compared.
    let nowhere = Place { source: SourceId(0), line: 1, column: 1 };
    let label = Located::new(name.to_owned(), nowhere);
    let labels = Labels::from([(GATEWAY_NAME.to_owned(), label)]);
    Guards::of(push, Touched { namespace, labels: &labels, gateway: Some(name) })
}

/// The retry policy of the mesh counts where Istio's own default would.
fn retried(push: &Push, table: &mut Arc<RouteTable>) {
    for host in &mut Arc::make_mut(table).virtual_hosts {
        let host = Arc::make_mut(host);
        host.routes = with_mesh_default(push, &host.routes);
    }
}

/// A listener with the connection managers of Istio's gateways.
fn managed(push: &Push, guards: &Guards, listener: &Listener) -> Arc<Listener> {
    let mut listener = listener.clone();
    for filter in listener.chains.iter_mut().flat_map(|chain| &mut chain.filters) {
        let NetworkFilter::Http(own) = filter else { continue };
        let RouteSource::Named(table) = &own.routes else { continue };
        *own = Arc::new(guards.before(manager(push, table)));
    }
    let mut listener = Arc::new(listener);
    guard_bytes(guards, &mut listener);
    listener
}

/// A BackendTLSPolicy counts before all that Istio would choose.
fn with_policy_of(plain: &Cluster, cluster: Cluster) -> Cluster {
    let by_policy = plain.tls.value != UpstreamTls::None;
    let is_written = matches!(plain.tls.origin, Origin::Manifest(_));
    if by_policy && is_written { Cluster { tls: plain.tls.clone(), ..cluster } } else { cluster }
}

fn upstream<'p>(push: &'p Push, namespace: &str, target: &Target) -> Option<Upstream<'p>> {
    let service = service(push, target)?;
    let port = service.ports.iter().find(|port| port.number == target.port)?;
    let labels = Labels::new();
    let client = Client { namespace, labels: &labels };
    let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent);
    let rule = rule.map(|rule| &**rule);
    Some(Upstream { push, service, port, rule, subset: None, role: ProxyRole::Gateway })
}

fn service<'p>(push: &'p Push, target: &Target) -> Option<&'p Service> {
    let host = format!("{}.{}.svc.{}", target.service, target.namespace, push.mesh.domain);
    push.registry.with_host(&host)?.get(&target.namespace).map(|service| &**service)
}
