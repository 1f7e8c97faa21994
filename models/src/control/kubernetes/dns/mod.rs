//! Resolves a name as a pod's resolver and CoreDNS do together. Caches and DNS latency are not
//! decided here; the number of names asked is.
//!
//! Sources: <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>, the DNS
//! specification in `kubernetes/dns`, and CoreDNS's `kubernetes` plugin with the Corefile of
//! kubeadm (`pods insecure`). The cluster domain is `cluster.local`.

mod server;

use std::net::IpAddr;

use crate::explain::{Probe, RuleId};
use crate::world::{EndpointTarget, NamespaceId, ServiceId, ServiceKind, WorkloadId, World};

use self::server::Server;

/// `ndots` in a pod's `resolv.conf`: names with fewer dots go through the search list first.
const NDOTS: usize = 5;
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const CLUSTER_DOMAIN: &str = "cluster.local";

pub(crate) const ADDRESS: RuleId = RuleId("k8s.dns.address");
pub(crate) const ALIAS: RuleId = RuleId("k8s.dns.alias");
pub(crate) const CLUSTER_IP: RuleId = RuleId("k8s.dns.cluster-ip");
pub(crate) const FORWARD: RuleId = RuleId("k8s.dns.forward");
pub(crate) const HEADLESS: RuleId = RuleId("k8s.dns.headless");
pub(crate) const HOST_NETWORK: RuleId = RuleId("k8s.dns.host-network");
pub(crate) const NAME: RuleId = RuleId("k8s.dns.name");
pub(crate) const POD_ADDRESS: RuleId = RuleId("k8s.dns.pod-address");
pub(crate) const POD_NAME: RuleId = RuleId("k8s.dns.pod-name");
pub(crate) const SEARCH_LIST: RuleId = RuleId("k8s.dns.search-list");

/// What a resolver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// Who has the name.
    pub result: Result<Resolved, DnsFailure>,
    /// How many names were asked, one after the other. Each costs a round trip to the DNS server
    /// (for its A and AAAA records at once); aliases are followed by the server.
    pub queries: u32,
}

/// Who has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A Service with a virtual address.
    Service(ServiceId),
    /// The ready addresses of a headless Service, or the one pod of it that was asked for.
    Headless {
        /// The Service.
        service: ServiceId,
        /// Its addresses, never none.
        targets: Vec<EndpointTarget>,
    },
    /// A host outside all clusters.
    Outside(WorkloadId),
    /// The name was an address.
    Address(IpAddr),
}

impl Resolved {
    /// The address that a caller dials, as far as it is known.
    #[must_use]
    pub fn dialled(&self, world: &World) -> Option<IpAddr> {
        match self {
            Self::Service(id) => match world.services[*id].kind {
                ServiceKind::ClusterIp(address) => Some(address),
                ServiceKind::Headless | ServiceKind::ExternalName(_) => None,
            },
            Self::Headless { targets, .. } => match targets.first()? {
                EndpointTarget::Pod(pod) => Some(world.pods[*pod].ip),
                EndpointTarget::Address(address) => address.parse().ok(),
            },
            Self::Outside(_) => None,
            Self::Address(address) => Some(*address),
        }
    }
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsFailure {
    /// No server knows it.
    #[error("no server knows `{name}`")]
    NoSuchName {
        /// The name as asked.
        name: String,
    },
    /// A headless Service without ready pods.
    #[error("headless Service `{service}` has no ready pods")]
    NoAddresses {
        /// `namespace/name`.
        service: String,
    },
    /// ExternalName Services that lead to each other, or a chain that is too long.
    #[error("the aliases of `{name}` do not end: {chain}")]
    AliasLoop {
        /// The name as asked.
        name: String,
        /// The first names of the chain.
        chain: String,
    },
    /// It is no host name.
    #[error("`{name}` is no host name")]
    Invalid {
        /// The name, cut short.
        name: String,
    },
    /// DNS has an answer, but this model does not.
    #[error("not modelled: {what}")]
    NotModelled {
        /// What was asked for.
        what: &'static str,
    },
}

/// Resolves `name` for a pod of `client`, in the client's own cluster. A client outside knows
/// hosts outside only.
pub fn resolve(world: &World, client: WorkloadId, name: &str, probe: &mut impl Probe) -> DnsAnswer {
    probe.enter();
    probe.fact("name", || shown(name));
    let answer = Resolver { world, probe: &mut *probe }.resolve(client, name);
    probe.leave(NAME, None, || match &answer.result {
        Ok(found) => format!("{} after {} names", sentence(world, found), answer.queries),
        Err(failure) => format!("{failure} ({} names asked)", answer.queries),
    });
    answer
}

fn sentence(world: &World, found: &Resolved) -> String {
    match found {
        Resolved::Service(id) => format!("Service {}", world.service_name(*id)),
        Resolved::Headless { service, targets } => {
            format!("{} pods of headless Service {}", targets.len(), world.service_name(*service))
        }
        Resolved::Outside(id) => format!("host {} outside", world.workload_name(*id)),
        Resolved::Address(address) => format!("address {address}"),
    }
}

/// A name from a file, short enough for a message.
fn shown(name: &str) -> String {
    name.chars().take(NAME_BYTES_MAX).collect()
}

/// The resolver of a pod: `resolv.conf` and the search list.
struct Resolver<'w, 'p, P> {
    world: &'w World,
    probe: &'p mut P,
}

impl<P: Probe> Resolver<'_, '_, P> {
    fn resolve(&mut self, client: WorkloadId, name: &str) -> DnsAnswer {
        let at_once = |result| DnsAnswer { result, queries: 0 };
        if let Ok(address) = name.parse::<IpAddr>() {
            self.probe.step(ADDRESS, None, || "an address needs no DNS".to_owned());
            return at_once(Ok(Resolved::Address(address)));
        }
        let lower = name.to_ascii_lowercase();
        let (bare, is_absolute) = match lower.strip_suffix('.') {
            Some(bare) => (bare, true),
            None => (lower.as_str(), false),
        };
        if !is_host_name(bare) {
            return at_once(Err(DnsFailure::Invalid { name: shown(name) }));
        }
        let namespace = self.world.workloads[client].namespace;
        if namespace.is_some() && self.world.workloads[client].host_network {
            let origin = Some(self.world.workloads[client].origin);
            self.probe.step(HOST_NETWORK, origin, || {
                "pods on the host network are taken to use the cluster's DNS; `dnsPolicy` is not \
                 modelled"
                    .to_owned()
            });
        }
        let candidates = self.candidates(namespace, bare, is_absolute);
        let mut queries = 0;
        let mut failure = None;
        let cluster = namespace.map(|namespace| self.world.namespaces[namespace].cluster);
        let mut server = Server { world: self.world, cluster, probe: &mut *self.probe };
        for candidate in candidates {
            queries += 1;
            match server.ask(&candidate) {
                Ok(found) => return DnsAnswer { result: Ok(found), queries },
                Err(DnsFailure::NoSuchName { .. }) => {}
                // The resolver goes on to the next name, but this is what went wrong.
                Err(other) => failure = failure.or(Some(other)),
            }
        }
        let failure = failure.unwrap_or_else(|| DnsFailure::NoSuchName { name: shown(name) });
        DnsAnswer { result: Err(failure), queries }
    }

    /// The names to ask, in order.
    fn candidates(
        &mut self,
        namespace: Option<NamespaceId>,
        name: &str,
        is_absolute: bool,
    ) -> Vec<String> {
        let Some(namespace) = namespace.filter(|_| !is_absolute) else {
            return vec![name.to_owned()];
        };
        let namespace = &self.world.namespaces[namespace].name;
        let mut names = vec![
            format!("{name}.{namespace}.svc.{CLUSTER_DOMAIN}"),
            format!("{name}.svc.{CLUSTER_DOMAIN}"),
            format!("{name}.{CLUSTER_DOMAIN}"),
        ];
        // A longer name could not be sent.
        names.retain(|name| name.len() <= NAME_BYTES_MAX);
        let dots = name.matches('.').count();
        let position = if dots < NDOTS { names.len() } else { 0 };
        names.insert(position, name.to_owned());
        self.probe.step(SEARCH_LIST, None, || {
            let order = if dots < NDOTS { "search list first" } else { "as written first" };
            format!("{dots} dots, ndots is {NDOTS}: {order}")
        });
        names
    }
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.len() <= LABEL_BYTES_MAX;
    name.len() <= NAME_BYTES_MAX
        && name.split('.').all(is_label)
        && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
