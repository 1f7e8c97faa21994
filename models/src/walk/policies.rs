//! The retry and time settings of every route that proxies hold, where somebody wrote them down.
//! No request is walked.

use std::collections::BTreeSet;

use crate::control::ControlPlanes;
use crate::proxy::envoy::config::{
    HttpManager, NetworkFilter, ProxyConfig, RetryPolicy, Route, RouteAction, RouteSource,
    RouteTable, VirtualHost,
};
use crate::proxy::envoy::router::RouterPlan;
use crate::world::{NamespaceId, Origin, World};

use super::answer::{Finding, RetryInForce, Timeouts};
use super::destination;
use super::{full_name, resilience};

/// The settings of one route.
#[derive(Clone, Debug)]
pub struct RouteSettings {
    /// Whose proxy holds it: a gateway, or a workload that stands for its namespace.
    pub proxy: String,
    /// The virtual host.
    pub host: String,
    /// The clusters that the route leads to.
    pub clusters: Vec<String>,
    /// The limits in force.
    pub timeouts: Timeouts,
    /// The retries in force.
    pub retry: Option<RetryInForce>,
    /// The conditions under which a request that is not idempotent may run twice.
    pub repeats_work: Option<String>,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
    /// Where the route stands.
    pub origin: Origin,
}

/// The settings of all routes that gateways and sidecars hold, and how many routes have nothing
/// but defaults. Routes that several proxies share are listed once, by the first that has them.
#[must_use]
pub fn route_settings(world: &World, planes: &ControlPlanes) -> (Vec<RouteSettings>, u64) {
    let mut list = List { settings: Vec::new(), seen: BTreeSet::new(), by_default: 0 };
    for name in planes.gateways() {
        if let Some(config) = planes.gateway(world, &name) {
            list.add(&name.to_string(), &config);
        }
    }
    // What a VirtualService means to a client depends on the client's namespace, and seldom on
    // more; one workload of each stands for all.
    let mut namespaces: BTreeSet<NamespaceId> = BTreeSet::new();
    for (pod, row) in world.pods.entries() {
        let Some(namespace) = world.workloads[row.workload].namespace else { continue };
        if namespaces.contains(&namespace) {
            continue;
        }
        if let Some(config) = planes.sidecar(world, pod) {
            namespaces.insert(namespace);
            list.add(&full_name(world, row.workload), &config);
        }
    }
    (list.settings, list.by_default)
}

struct List {
    settings: Vec<RouteSettings>,
    seen: BTreeSet<(String, Origin, Vec<String>)>,
    by_default: u64,
}

impl List {
    fn add(&mut self, proxy: &str, config: &ProxyConfig) {
        let chains =
            config.listeners.iter().flat_map(|it| it.chains.iter().chain(&it.default_chain));
        let managers = chains.flat_map(|chain| &chain.filters).filter_map(|filter| match filter {
            NetworkFilter::Http(manager) => Some(manager),
            NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_) | NetworkFilter::TcpProxy(_) => {
                None
            }
        });
        for manager in managers {
            let table: Option<&RouteTable> = match &manager.routes {
                RouteSource::Inline(table) => Some(table),
                RouteSource::Named(name) => config.route_tables.get(name).map(AsRef::as_ref),
            };
            for host in table.into_iter().flat_map(|table| &table.virtual_hosts) {
                for route in &host.routes {
                    self.add_route(proxy, manager, host, route);
                }
            }
        }
    }

    fn add_route(&mut self, proxy: &str, manager: &HttpManager, host: &VirtualHost, route: &Route) {
        let RouteAction::Forward(forward) = &route.action else { return };
        let clusters: Vec<String> =
            destination::clusters(forward).into_iter().map(str::to_owned).collect();
        // The settings inside a pod are nobody's choice.
        if clusters.iter().any(|cluster| cluster.starts_with("inbound|")) {
            return;
        }
        if !self.seen.insert((host.name.clone(), route.origin, clusters.clone())) {
            return;
        }
        let plan = RouterPlan::of(forward, host, manager);
        let policy = plan.retry.as_deref();
        if is_default(&plan, policy) {
            self.by_default += 1;
            return;
        }
        let timeouts = resilience::timeouts(&plan, None);
        self.settings.push(RouteSettings {
            proxy: proxy.to_owned(),
            host: host.name.clone(),
            clusters,
            retry: policy.map(|policy| resilience::in_force(policy, &timeouts)),
            repeats_work: policy.and_then(|policy| resilience::repeats_work(policy, true)),
            findings: resilience::findings(policy, &timeouts, resilience::Kind::UNKNOWN),
            timeouts,
            origin: route.origin,
        });
    }
}

fn is_default(plan: &RouterPlan, policy: Option<&RetryPolicy>) -> bool {
    let by_default = |origin: Origin| matches!(origin, Origin::Default(_) | Origin::Assumed(_));
    by_default(plan.timeout.origin)
        && policy.is_none_or(|policy| {
            by_default(policy.retries.origin)
                && by_default(policy.retry_on.origin)
                && policy.per_try_timeout.is_none_or(|limit| by_default(limit.origin))
        })
}
