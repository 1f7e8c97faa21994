//! Clusters for calls of a workload: one for each port of each service it knows, and for each
//! subset; and their endpoints. Which services it knows is decided in `outbound`.

mod balancer;
mod bare;
mod endpoints;
mod explain;
mod limits;
mod locality;
mod outlier;
mod special;
#[cfg(test)]
mod tests;
mod tls;
mod vip;

use crate::explain::Probe;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::{
    Cluster, CommonBalancing, Discovery, LoadAssignment, LoadBalancer, Target,
};

use self::locality::Balancing;
use super::Push;
use super::destination::{MergedRule, Policy};
use super::registry::{Port, Resolution, Service};

pub use balancer::hash_policy;
pub use bare::{bare_cluster, bare_passthrough, bare_router, unlimited_router};
pub(super) use limits::{connect_timeout, http, thresholds};
pub use locality::Viewpoint;
pub use special::{
    BLACK_HOLE, INBOUND_PASSTHROUGH, PASSTHROUGH, black_hole, inbound_passthrough, passthrough,
};
pub(super) use special::{ENCAP, encap, inbound_cluster, own_endpoint};
pub use vip::{Vip, vip_name};

/// Which sort of proxy gets a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyRole {
    /// Beside a workload.
    Sidecar,
    /// At the edge; it cannot send traffic where it was dialled.
    Gateway,
    /// A waypoint, towards the services that it serves. To others it is as a sidecar.
    Waypoint(Vip),
}

/// One port of a service, as one class of clients sees it.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'u> {
    /// What Istio knows.
    pub push: &'u Push,
    /// The service.
    pub service: &'u Service,
    /// Its port.
    pub port: &'u Port,
    /// The rule that counts.
    pub rule: Option<&'u MergedRule>,
    /// A subset of the rule.
    pub subset: Option<&'u str>,
    /// Which sort of proxy asks.
    pub role: ProxyRole,
}

/// The name of a cluster for calls, such as `outbound|9080|v1|reviews.shop.svc.cluster.local`.
#[must_use]
pub fn outbound_name(port: u16, subset: &str, host: &str) -> String {
    format!("outbound|{port}|{subset}|{host}")
}

impl<'u> Upstream<'u> {
    /// Its cluster.
    pub fn cluster(&self, probe: &mut impl Probe) -> Cluster {
        let Self { push, service, port, .. } = *self;
        let policy = self.policy(probe);
        let discovery = self.discovery(&policy);
        let subset = self.subset.unwrap_or_default();
        let balancing = Balancing::of(&policy, &push.mesh, probe);
        let protocol = crate::explain::Sourced::new(port.protocol, port.origin);
        let origin = match (self.rule, self.subset) {
            (Some(rule), Some(name)) => rule
                .subset(name)
                .map_or(service.origin, |subset| crate::world::Origin::Manifest(subset.name.place)),
            _ => service.origin,
        };
        let cluster = Cluster {
            name: match self.role {
                ProxyRole::Waypoint(vip) => vip_name(port.number, vip, subset, &service.host),
                _ => outbound_name(port.number, subset, &service.host),
            },
            target: Some(self.target()),
            discovery,
            connect_timeout: connect_timeout(&policy, &push.mesh),
            balancer: balancer::balancer(policy.load_balancer, discovery),
            balancing: CommonBalancing {
                panic_threshold: outlier::panic_threshold(policy.outlier, push.profile),
                fail_traffic_on_panic: false,
                overprovisioning: special::OVERPROVISIONING,
                locality: balancing.mode(),
                update_merge_window: special::UPDATE_MERGE_WINDOW,
            },
            subsets: None,
            thresholds: thresholds(&policy),
            outlier: policy.outlier.map(outlier::detection),
            http: http(&policy, protocol, &push.mesh),
            tls: match self.role {
                ProxyRole::Waypoint(_) => vip::tls(service, &policy, subset, port),
                _ => tls::upstream(push, service, port, &policy, discovery, subset, probe),
            },
            origin,
        };
        explain::explain(&cluster, port, probe);
        cluster
    }

    /// Its endpoints as a proxy sees them; `None` where the client's own address counts.
    pub fn assignment(
        &self,
        proxy: Viewpoint<'_>,
        probe: &mut impl Probe,
    ) -> Option<LoadAssignment> {
        let policy = self.policy(probe);
        if self.discovery(&policy) == Discovery::OriginalDestination {
            return None;
        }
        let balancing = Balancing::of(&policy, &self.push.mesh, probe);
        let labels = self.labels();
        let of = (self.service, self.port);
        let offers = match self.role {
            ProxyRole::Waypoint(_) => endpoints::Offers::Tunnel,
            _ => endpoints::Offers::mutual_tls(self.push, self.service),
        };
        Some(endpoints::assignment(of, labels, &balancing, offers, proxy))
    }

    /// What of the proxy its endpoints depend on; proxies that agree in it share them.
    #[must_use]
    pub fn outlook(&self, proxy: Viewpoint<'_>) -> Vec<String> {
        let policy = self.policy(&mut crate::explain::Silent);
        let balancing = Balancing::of(&policy, &self.push.mesh, &mut crate::explain::Silent);
        if !balancing.depends_on_proxy() {
            return Vec::new();
        }
        let place = proxy.locality;
        let mut outlook = vec![place.region.clone(), place.zone.clone(), place.sub_zone.clone()];
        outlook.extend(locality::seen_labels(balancing.labels(), proxy));
        outlook
    }

    /// What a hashing balancer of it hashes.
    #[must_use]
    pub fn hash_policy(&self) -> Option<crate::proxy::envoy::config::HashPolicy> {
        hash_policy(self.policy(&mut crate::explain::Silent).load_balancer)
    }

    fn policy(&self, probe: &mut impl Probe) -> Policy<'u> {
        let port = self.port.number;
        match self.role {
            ProxyRole::Waypoint(_) => Policy::written(self.rule, port, self.subset, probe),
            _ => Policy::of(self.rule, &self.push.mesh, port, self.subset, probe),
        }
    }

    /// The labels of the subset.
    fn labels(&self) -> Option<&'u Labels> {
        let subset = self.subset.and_then(|name| self.rule.and_then(|rule| rule.subset(name)));
        subset.map(|subset| &subset.labels)
    }

    /// Istio `pilot/pkg/networking/core/cluster.go`, `convertResolution`.
    fn discovery(&self, policy: &Policy<'_>) -> Discovery {
        let balancer = balancer::balancer(policy.load_balancer, Discovery::Eds).value;
        if balancer == LoadBalancer::ClusterProvided && self.role != ProxyRole::Gateway {
            return Discovery::OriginalDestination;
        }
        match self.service.resolution {
            Resolution::ClientSide => Discovery::Eds,
            Resolution::Dns => Discovery::StrictDns,
            Resolution::DnsRoundRobin => Discovery::LogicalDns,
            Resolution::Passthrough if self.role == ProxyRole::Gateway => Discovery::Eds,
            Resolution::Passthrough | Resolution::DynamicDns => Discovery::OriginalDestination,
        }
    }

    fn target(&self) -> Target {
        let service = self.service;
        let (namespace, name) = match (service.is_kubernetes(), service.is_external) {
            (true, _) => (service.namespace.clone(), service.name.clone()),
            (false, true) => (String::new(), service.host.clone()),
            (false, false) => (service.namespace.clone(), service.host.clone()),
        };
        Target {
            namespace,
            service: name,
            port: self.port.number,
            subset: self.subset.map(str::to_owned),
        }
    }
}
