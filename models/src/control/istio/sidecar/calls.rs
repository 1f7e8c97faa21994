//! What a sidecar gets for the calls of its workload: listeners, route tables and clusters, made
//! once for all workloads that Istio treats alike.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::capture::Interception;
use crate::control::istio::destination::Client;
use crate::control::istio::routes::{MeshRoutes, Outbound, UnknownHosts};
use crate::control::istio::scope::Scope;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::OutboundMode;
use crate::proxy::envoy::config::{Listener, RouteTable};

use super::catch_all::virtual_outbound;
use super::clusters::{OfClass, SharedClusters, of_services};
use super::listeners::{Conflict, Listeners, Made, PodListener};
use super::table_name::TableName;

/// What of a workload listeners depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// The address that stands for all of its own.
    pub(super) wildcard: &'static str,
    /// How its connections come to the proxy.
    pub(super) interception: Interception,
}

/// The calls of one class of workloads.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    listeners: Vec<PodListener>,
    pub(super) tables: BTreeMap<String, Arc<RouteTable>>,
    pub(super) clusters: Vec<OfClass>,
    /// Services that other services keep from a listener.
    pub(super) conflicts: Vec<Conflict>,
}

impl Calls {
    /// The calls of workloads with these labels.
    pub(super) fn new(
        push: &Push,
        scope: &Scope,
        labels: &Labels,
        class: Class,
        mesh_routes: &dyn MeshRoutes,
        shared: &mut SharedClusters,
    ) -> Self {
        let unknown = unknown_hosts(scope);
        let outbounds: Vec<_> = scope
            .egress
            .iter()
            .map(|egress| {
                let client = (scope.namespace.as_str(), labels);
                let rules = egress.virtual_services.clone();
                Outbound::new(push, client, &egress.services, rules, unknown.clone(), mesh_routes)
            })
            .collect();
        let Made { mut listeners, tables: names, conflicts } =
            Listeners::make(push, scope, &outbounds, class);
        if class.interception != Interception::None {
            let capturing = virtual_outbound(class.wildcard, scope.unclaimed());
            listeners.push((Arc::new(capturing), None));
        }
        let client = Client { namespace: &scope.namespace, labels };
        let clusters = of_services(push, client, &scope.services, shared);
        Self { listeners, tables: tables(scope, &outbounds, names), clusters, conflicts }
    }

    /// The listeners of a workload with these addresses: none stands for the workload itself
    /// (istio `pilot/pkg/networking/core/listener.go`, `buildSidecarOutboundListeners`).
    pub(super) fn listeners(&self, own: &[IpAddr]) -> impl Iterator<Item = &Arc<Listener>> {
        let others = self.listeners.iter().filter(|(_, pod)| {
            // Istio compares the first address alone.
            pod.is_none() || pod.as_ref() != own.first()
        });
        others.map(|(listener, _)| listener)
    }

    /// Whether one of its listeners stands for a pod with this address.
    pub(super) fn calls_pod(&self, address: &IpAddr) -> bool {
        self.listeners.iter().any(|(_, pod)| pod.as_ref() == Some(address))
    }
}

fn unknown_hosts(scope: &Scope) -> UnknownHosts {
    match (scope.outbound.value, &scope.egress_proxy) {
        (OutboundMode::RegistryOnly, _) => UnknownHosts::Block,
        (_, Some(proxy)) => UnknownHosts::Proxy(proxy.clone()),
        (OutboundMode::AllowAny | OutboundMode::AllowAnyDynamicDns, None) => {
            UnknownHosts::PassThrough
        }
    }
}

/// The tables that connection managers ask for, each with the rules of its port's listener.
fn tables(
    scope: &Scope,
    outbounds: &[Outbound<'_>],
    names: impl IntoIterator<Item = TableName>,
) -> BTreeMap<String, Arc<RouteTable>> {
    let mut tables = BTreeMap::new();
    let mut by_port: BTreeMap<u16, Vec<TableName>> = BTreeMap::new();
    for name in names {
        by_port.entry(name.port()).or_default().push(name);
    }
    for (port, names) in by_port {
        let Some(outbound) = scope.egress_for(port).and_then(|at| outbounds.get(at)) else {
            continue;
        };
        let hosts = outbound.port_hosts(port);
        let sniffed = names.iter().filter_map(TableName::sniffed_host);
        let mut made = hosts.sniffed(sniffed);
        if names.contains(&TableName::Port(port)) {
            made.push(hosts.table());
        }
        tables.extend(made.into_iter().map(|table| (table.name.clone(), Arc::new(table))));
    }
    tables
}
