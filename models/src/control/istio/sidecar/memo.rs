//! Configurations that were made, so that each is made once, and only when somebody asks. What is
//! kept here never changes an answer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::capture::Interception;
use crate::control::istio::inbound::inbound;
use crate::control::istio::routes::MeshRoutes;
use crate::control::istio::scope::{Scope, sidecar_of};
use crate::control::istio::workload::Workload;
use crate::explain::Silent;
use crate::proxy::envoy::config::{Bootstrap, Locality, ProxyConfig};

use super::calls::{Calls, Class};
use super::clusters::{SharedClusters, assignments, special};
use super::listeners::Conflict;
use super::looked_at::LookedAt;

/// The configurations of one cluster's sidecars. The push and the mesh routes must always be the
/// same.
#[derive(Debug, Default)]
pub struct Memo {
    looked_at: Option<LookedAt>,
    scopes: BTreeMap<ScopeKey, Arc<Scope>>,
    calls: BTreeMap<CallsKey, Arc<Calls>>,
    shared: SharedClusters,
    configs: BTreeMap<ConfigKey, Arc<ProxyConfig>>,
}

/// The namespace, and the Sidecar that counts.
type ScopeKey = (String, Option<usize>);

/// What the calls of a workload depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CallsKey {
    scope: ScopeKey,
    /// Those labels that a rule looks at.
    labels: Vec<(String, String)>,
    class: Class,
}

/// What a whole configuration depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ConfigKey {
    calls: CallsKey,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    locality: Locality,
    /// Where rules look at it.
    node: Option<Arc<str>>,
    /// Service, port, and port of the workload.
    instances: Vec<(String, String, u16, u16)>,
    /// Where it matters.
    addresses: Option<Vec<IpAddr>>,
}

impl Memo {
    /// The configuration of the proxy beside a workload.
    pub fn config(
        &mut self,
        push: &Push,
        workload: &Workload,
        mesh_routes: &dyn MeshRoutes,
    ) -> Arc<ProxyConfig> {
        let (calls_key, calls) = self.calls(push, workload, mesh_routes);
        let key = self.config_key(push, workload, calls_key, &calls);
        if let Some(made) = self.configs.get(&key) {
            return Arc::clone(made);
        }
        let endpoints = assignments(push, &calls.clusters, workload.viewpoint(), &mut self.shared);
        let inbound = inbound(push, workload, &mut Silent);
        let clusters = calls.clusters.iter().map(|it| Arc::clone(&it.cluster));
        let clusters = clusters.chain(special(push)).chain(inbound.clusters.into_values());
        let config = Arc::new(ProxyConfig {
            bootstrap: Bootstrap {
                workers: push.mesh.concurrency.value,
                locality: workload.locality.clone(),
                repeated_headers: *push.profile.envoy.repeated_headers,
                ..Bootstrap::default()
            },
            listeners: calls
                .listeners(&workload.addresses)
                .cloned()
                .chain(inbound.listeners)
                .collect(),
            route_tables: calls.tables.clone(),
            clusters: clusters.map(|cluster| (cluster.name.clone(), cluster)).collect(),
            assignments: endpoints.into_iter().chain(inbound.assignments).collect(),
        });
        self.configs.insert(key, Arc::clone(&config));
        config
    }

    /// What a workload's proxy knows.
    pub fn scope(&mut self, push: &Push, workload: &Workload) -> Arc<Scope> {
        let sidecar = sidecar_of(push, &workload.namespace, &workload.labels, &mut Silent);
        let key = (workload.namespace.clone(), sidecar);
        let made = self.scopes.entry(key);
        Arc::clone(made.or_insert_with(|| Arc::new(Scope::new(push, &workload.namespace, sidecar))))
    }

    /// The services that get no chain in a listener of the workload's proxy, because others have
    /// what they ask for.
    pub fn conflicts(
        &mut self,
        push: &Push,
        workload: &Workload,
        mesh_routes: &dyn MeshRoutes,
    ) -> Vec<Conflict> {
        self.calls(push, workload, mesh_routes).1.conflicts.clone()
    }

    fn calls(
        &mut self,
        push: &Push,
        workload: &Workload,
        mesh_routes: &dyn MeshRoutes,
    ) -> (CallsKey, Arc<Calls>) {
        let scope = self.scope(push, workload);
        let looked_at = self.looked_at.get_or_insert_with(|| LookedAt::new(push));
        let key = CallsKey {
            scope: (scope.namespace.clone(), scope.sidecar),
            labels: pairs(workload, |label| looked_at.labels.contains(label)),
            class: Class {
                wildcard: wildcard(&workload.addresses),
                interception: Interception::of(&workload.annotations),
            },
        };
        let made = self.calls.entry(key.clone()).or_insert_with(|| {
            let (labels, class) = (&workload.labels, key.class);
            let shared = &mut self.shared;
            Arc::new(Calls::new(push, &scope, labels, class, mesh_routes, shared))
        });
        let made = Arc::clone(made);
        (key, made)
    }

    fn config_key(
        &self,
        push: &Push,
        workload: &Workload,
        calls_key: CallsKey,
        calls: &Calls,
    ) -> ConfigKey {
        let has_ingress =
            calls_key.scope.1.is_some_and(|at| !push.sidecars[at].object.ingress.is_empty());
        let is_called = workload.addresses.first().is_some_and(|own| calls.calls_pod(own));
        let instance = |it: &crate::control::istio::workload::Instance| {
            let service = &it.service;
            let number = it.service_port().number;
            (service.namespace.clone(), service.host.clone(), number, it.target_port)
        };
        let annotations = workload.annotations.iter();
        let by_node = self.looked_at.as_ref().is_some_and(|looked_at| looked_at.nodes);
        ConfigKey {
            calls: calls_key,
            labels: pairs(workload, |_| true),
            annotations: annotations.map(|(key, it)| (key.clone(), it.value.clone())).collect(),
            locality: workload.locality.clone(),
            node: by_node.then(|| Arc::clone(&workload.node)),
            instances: workload.instances.iter().map(instance).collect(),
            addresses: (has_ingress || is_called).then(|| workload.addresses.clone()),
        }
    }
}

/// The labels of a workload that `counts` takes.
fn pairs(workload: &Workload, counts: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let labels = workload.labels.iter().filter(|(key, _)| counts(key));
    labels.map(|(key, value)| (key.clone(), value.value.clone())).collect()
}

/// The address that stands for all of a workload's (istio
/// `pilot/pkg/networking/core/listener_address.go`).
fn wildcard(addresses: &[IpAddr]) -> &'static str {
    let only_v6 = !addresses.is_empty() && addresses.iter().all(IpAddr::is_ipv6);
    if only_v6 { "::" } else { "0.0.0.0" }
}
