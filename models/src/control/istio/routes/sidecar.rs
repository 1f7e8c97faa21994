//! The route tables of a sidecar for calls of its workload: a virtual host for each service, with
//! the routes of its VirtualService or the default one, and one for all that nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::gateway::{MeshGroup, MeshRoute};
use crate::control::istio::hosts;
use crate::explain::Sourced;
use crate::manifest::kinds::istio::{Destination, RetryRule};
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Destination as To, DirectResponse, Forward, HashPolicy, HeaderMutations, Route, RouteAction,
    RouteTable, RoutingPriority, VirtualHost,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::destination::{KnownService, Services, outbound};
use super::domains::{self, Domains};
use super::effective::EffectiveVirtualService;
use super::matches::{self, Client};
use super::mesh::counts_before;
use super::port_hosts::PortHosts;
use super::retry::{self, Hashing};
use super::rule::{ListenerTls, RuleContext, routes};
use super::visible::most_specific;

/// A service that a sidecar calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundService {
    /// Its whole name, in lower case.
    pub host: String,
    /// The namespace of the object that made it.
    pub namespace: String,
    /// Its ports.
    pub ports: Vec<OutboundPort>,
    /// Its virtual addresses.
    pub addresses: Vec<String>,
    /// Other names of it: Services of the type ExternalName.
    pub aliases: Vec<String>,
    /// Whether names below its own are those of its pods: a headless Kubernetes Service.
    pub answers_for_pods: bool,
    /// Whether it is only another name of another service.
    pub alias_of: Option<String>,
    /// What made it.
    pub origin: Origin,
}

/// One port of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboundPort {
    /// The number.
    pub number: u16,
    /// Whether HTTP may be spoken there, declared or found by sniffing.
    pub may_be_http: bool,
}

/// What becomes of requests for hosts that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownHosts {
    /// They go where the client dialled.
    PassThrough,
    /// They go to this cluster (`egressProxy`).
    Proxy(Sourced<String>),
    /// The proxy answers 502.
    Block,
}

/// What other objects say of a sidecar's routes: DestinationRules and routes of Gateway API.
pub trait OtherRules {
    /// What is hashed for a destination whose host is whole.
    fn of_destination(&self, destination: &Destination) -> Option<HashPolicy>;

    /// What is hashed for a service without a VirtualService.
    fn of_service(&self, host: &str, port: u16) -> Option<HashPolicy>;

    /// The routes of Gateway API that take the place of a service's default route.
    fn mesh_group(&self, host: &str, port: u16) -> Option<MeshGroup>;
}

/// What the tables of a sidecar are made of.
#[derive(Clone, Copy)]
pub struct SidecarRoutes<'s> {
    /// The proxy; its gateways are [`matches::MESH`].
    pub client: Client<'s>,
    /// The search domain of the workload, such as `shop.svc.cluster.local`.
    pub search_domain: &'s str,
    /// The services that it sees.
    pub services: &'s [OutboundService],
    /// The VirtualServices of the mesh that it sees, in order.
    pub virtual_services: &'s [Arc<EffectiveVirtualService>],
    /// What DestinationRules and mesh routes say.
    pub others: &'s dyn OtherRules,
    /// `defaultHttpRetryPolicy` of the mesh.
    pub default_retry: Option<&'s RetryRule>,
    /// What becomes of requests for hosts that nobody knows.
    pub unknown_hosts: &'s UnknownHosts,
    /// The facts to go by.
    pub profile: &'s Profile,
}

/// The routes of a group of Gateway API that looks at HTTP, and the group.
type HttpGroup = (Arc<[Arc<Route>]>, MeshGroup);

/// The services on one port, as routes look them up: with that port alone
/// (istio `pilot/pkg/networking/core/httproute.go`, `BuildSidecarOutboundVirtualHosts`).
struct OnPort<'s> {
    port: u16,
    services: BTreeMap<&'s str, &'s OutboundService>,
    others: &'s dyn OtherRules,
}

impl Services for OnPort<'_> {
    fn service(&self, host: &str) -> Option<KnownService> {
        let service = self.services.get(host)?;
        Some(KnownService { ports: vec![self.port], external_name: service.alias_of.clone() })
    }

    fn hash(&self, destination: &Destination) -> Option<HashPolicy> {
        self.others.of_destination(destination)
    }
}

/// Routes and the names under which they stand.
struct Entry<'s> {
    /// Hosts of a VirtualService that no service has.
    hosts: Vec<&'s str>,
    services: Vec<&'s OutboundService>,
    routes: Vec<Arc<Route>>,
    origin: Origin,
}

impl<'s> SidecarRoutes<'s> {
    /// The table of a port.
    #[must_use]
    pub fn table(&self, port: u16) -> RouteTable {
        self.port_hosts(port).table()
    }

    /// The virtual hosts of a port, of which its tables are made.
    #[must_use]
    pub fn port_hosts(&self, port: u16) -> PortHosts {
        PortHosts {
            port,
            hosts: self.virtual_hosts(port).into_iter().map(Arc::new).collect(),
            unknown: Arc::new(self.unknown_host()),
        }
    }

    pub(super) fn virtual_hosts(&self, port: u16) -> Vec<VirtualHost> {
        let entries = self.entries(port);
        let known: BTreeSet<&str> = entries
            .iter()
            .flat_map(|entry| entry.services.iter().map(|service| service.host.as_str()))
            .collect();
        let mut names = BTreeSet::new();
        let mut taken = BTreeSet::new();
        let mut virtual_hosts = Vec::new();
        for entry in entries {
            let hosts = entry.hosts.iter().map(|&host| {
                let all = vec![domains::bracketed(host)];
                (host, Domains { all, short: Vec::new() })
            });
            let services = entry.services.iter().map(|service| {
                (service.host.as_str(), domains::domains(service, self.search_domain))
            });
            for (host, domains) in hosts.chain(services) {
                let name = format!("{}:{port}", domains::bracketed(host));
                // Of two VirtualServices for one host, the first one counts.
                if !names.insert(name.clone()) {
                    continue;
                }
                let domains = free_domains(domains, &known, &mut taken);
                if !domains.is_empty() {
                    let routes = entry.routes.clone();
                    virtual_hosts.push(virtual_host(name, domains, routes, entry.origin));
                }
            }
        }
        virtual_hosts.sort_by(|one, other| one.name.cmp(&other.name));
        virtual_hosts
    }

    /// First the VirtualServices in order, then the services that have none.
    fn entries(&self, port: u16) -> Vec<Entry<'s>> {
        let on_port = OnPort { port, services: self.on_port(port), others: self.others };
        let best = most_specific(
            self.virtual_services,
            self.services.iter().map(|service| service.host.as_str()),
        );
        let wild: Vec<_> =
            on_port.services.keys().copied().filter(|host| hosts::is_wildcard(host)).collect();
        let groups = self.mesh_groups(port, &on_port.services);
        let mut left = on_port.services.clone();
        let mut entries = Vec::new();
        for object in self.virtual_services {
            if port != HTTP_PORT && !names_any(object, &on_port.services, &wild) {
                continue;
            }
            let routes = routes(&object.http, &self.rule_context(port, &on_port));
            if routes.is_empty() {
                continue;
            }
            let (hosts, mut services) = claimed(object, &on_port.services, &best);
            services.retain(|service| {
                let gives_way = groups
                    .get(service.host.as_str())
                    .is_some_and(|(_, group)| self.gives_way(object, group, &service.host));
                may_be_http(service, port) && !gives_way
            });
            if services.is_empty() && port != HTTP_PORT {
                continue;
            }
            services.iter().for_each(|service| {
                left.remove(service.host.as_str());
            });
            let origin = Origin::Manifest(object.place);
            entries.push(Entry { hosts, services, routes, origin });
        }
        let defaults =
            left.into_values().filter(|it| may_be_http(it, port) && it.alias_of.is_none());
        entries.extend(defaults.map(|service| Entry {
            hosts: Vec::new(),
            services: vec![service],
            origin: groups.get(&*service.host).map_or(service.origin, |(_, group)| group.origin),
            routes: match groups.get(&*service.host) {
                Some((routes, _)) => routes.to_vec(),
                None => self.default_routes(service, port),
            },
        }));
        entries
    }

    /// The routes of Gateway API for the services of a port, where they look at HTTP.
    fn mesh_groups(
        &self,
        port: u16,
        services: &BTreeMap<&'s str, &'s OutboundService>,
    ) -> BTreeMap<&'s str, HttpGroup> {
        let real = services.values().filter(|service| service.alias_of.is_none());
        let groups = real.filter_map(|service| {
            let group = self.others.mesh_group(&service.host, port)?;
            let MeshRoute::Http(routes) = &group.route else { return None };
            Some((service.host.as_str(), (Arc::clone(routes), group)))
        });
        groups.collect()
    }

    /// Whether a VirtualService leaves a host to routes of Gateway API: they stand before it, or
    /// it names the host by a wildcard alone.
    fn gives_way(&self, object: &EffectiveVirtualService, group: &MeshGroup, host: &str) -> bool {
        let is_exact = object.hosts.iter().any(|known| known.value == host);
        !is_exact || counts_before(group, self.client.namespace, object)
    }

    /// The routes that a VirtualService has for this client on a port.
    pub(super) fn routes_of(&self, object: &EffectiveVirtualService, port: u16) -> Vec<Arc<Route>> {
        let on_port = OnPort { port, services: self.on_port(port), others: self.others };
        routes(&object.http, &self.rule_context(port, &on_port))
    }

    fn on_port(&self, port: u16) -> BTreeMap<&'s str, &'s OutboundService> {
        let has_port =
            |service: &&OutboundService| service.ports.iter().any(|it| it.number == port);
        let services = self.services.iter().filter(has_port);
        services.map(|service| (service.host.as_str(), service)).collect()
    }

    fn rule_context<'c>(&'c self, port: u16, services: &'c dyn Services) -> RuleContext<'c> {
        RuleContext {
            client: self.client,
            listen_port: port,
            listener: ListenerTls::Plaintext,
            services,
            default_retry: self.default_retry,
            profile: self.profile,
        }
    }

    fn default_routes(&self, service: &OutboundService, port: u16) -> Vec<Arc<Route>> {
        let cluster = Sourced::new(outbound(port, "", &service.host), service.origin);
        let hash = self.others.of_service(&service.host, port);
        let route = default_route(cluster, hash, self.default_retry, self.profile);
        vec![Arc::new(route)]
    }

    /// For hosts that nobody knows (the same file, `buildCatchAllVirtualHost`).
    fn unknown_host(&self) -> VirtualHost {
        let (name, action, origin) = match self.unknown_hosts {
            UnknownHosts::PassThrough => {
                let origin = Origin::Default("istio.outbound-traffic-policy");
                let cluster = Sourced::new("PassthroughCluster".to_owned(), origin);
                ("allow_any", RouteAction::Forward(Box::new(plain_forward(cluster))), origin)
            }
            UnknownHosts::Proxy(cluster) => {
                let forward = plain_forward(cluster.clone());
                ("allow_any", RouteAction::Forward(Box::new(forward)), cluster.origin)
            }
            UnknownHosts::Block => {
                let origin = Origin::Default("istio.outbound-traffic-policy");
                let status = Sourced::new(502, origin);
                let response = DirectResponse { status, body: String::new(), origin };
                ("block_all", RouteAction::Direct(response), origin)
            }
        };
        let route = Arc::new(whole_route(name, action, origin));
        virtual_host(name.to_owned(), vec!["*".to_owned()], vec![route], origin)
    }
}

/// The port on which VirtualServices count for hosts that are no services.
const HTTP_PORT: u16 = 80;

/// Whether a VirtualService names any of these services, by its name or by a wildcard
/// (the same file, `selectVirtualServices`).
fn names_any(
    object: &EffectiveVirtualService,
    services: &BTreeMap<&str, &OutboundService>,
    wild_services: &[&str],
) -> bool {
    object.hosts.iter().any(|host| {
        services.contains_key(host.value.as_str())
            || wild_services.iter().any(|service| hosts::overlap(host, service))
            || hosts::is_wildcard(host)
                && services.keys().any(|service| hosts::overlap(host, service))
    })
}

/// The hosts of a VirtualService that no service has, and the services that it counts for
/// (istio `pilot/pkg/networking/core/route/route.go`, `separateVSHostsAndServices`).
fn claimed<'s>(
    object: &'s EffectiveVirtualService,
    services: &BTreeMap<&'s str, &'s OutboundService>,
    best: &BTreeMap<&str, &Arc<EffectiveVirtualService>>,
) -> (Vec<&'s str>, Vec<&'s OutboundService>) {
    let (mut hosts, mut found) = (Vec::new(), Vec::new());
    let (wild, exact): (Vec<_>, Vec<_>) =
        object.hosts.iter().partition(|host| hosts::is_wildcard(host));
    for host in exact {
        match services.get(host.value.as_str()) {
            Some(service) => found.push(*service),
            None => hosts.push(host.value.as_str()),
        }
    }
    for host in wild {
        let fitting: Vec<_> =
            services.values().filter(|service| hosts::overlap(&service.host, host)).collect();
        if fitting.is_empty() {
            hosts.push(host.value.as_str());
        }
        let counts = |service: &&&&OutboundService| {
            best.get(service.host.as_str()).is_some_and(|best| {
                (&best.name, &best.namespace) == (&object.name, &object.namespace)
            })
        };
        found.extend(fitting.iter().filter(counts).map(|service| **service));
    }
    (hosts, found)
}

fn may_be_http(service: &OutboundService, port: u16) -> bool {
    service.ports.iter().any(|it| it.number == port && it.may_be_http)
}

/// The domains that no virtual host before has; a short form also gives way to a service whose
/// whole name it is (istio `pilot/pkg/networking/core/httproute.go`, `dedupeDomains`).
fn free_domains(
    domains: Domains,
    known: &BTreeSet<&str>,
    taken: &mut BTreeSet<String>,
) -> Vec<String> {
    let Domains { all, short } = domains;
    let free = |domain: &String| {
        let gives_way = short.contains(domain) && known.contains(domain.as_str());
        !gives_way && taken.insert(domain.to_ascii_lowercase())
    };
    all.into_iter().filter(free).collect()
}

/// Sends requests to one cluster, without limits of time and without retries.
pub(crate) fn plain_forward(cluster: Sourced<String>) -> Forward {
    let timeout = Sourced::default_of(SimDuration::ZERO, "istio.route-timeout");
    Forward {
        destination: To::Cluster(cluster),
        cluster_not_found_status: Sourced::default_of(503, "envoy.cluster-not-found-status"),
        subset: BTreeMap::new(),
        path_rewrite: None,
        host_rewrite: None,
        timeout,
        idle_timeout: None,
        max_stream_duration: None,
        grpc_timeout_max: Some(timeout),
        retry: None,
        hedge: None,
        mirrors: Vec::new(),
        hash: Vec::new(),
        priority: RoutingPriority::Default,
        cors: None,
    }
}

/// The route of a service without a VirtualService: to one cluster, with the mesh's retries. It
/// keeps the predicate even where it is hashed.
pub(crate) fn default_route(
    cluster: Sourced<String>,
    hash: Option<HashPolicy>,
    default_retry: Option<&RetryRule>,
    profile: &Profile,
) -> Route {
    let origin = cluster.origin;
    let mut forward = plain_forward(cluster);
    forward.hash.extend(hash);
    forward.retry = retry::policy(default_retry, Hashing::No, profile).map(Arc::new);
    whole_route("default", RouteAction::Forward(Box::new(forward)), origin)
}

/// A route that every request takes.
pub(crate) fn whole_route(name: &str, action: RouteAction, origin: Origin) -> Route {
    Route {
        name: Some(name.to_owned()),
        matches: matches::route_match(None, origin),
        action,
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin,
    }
}

/// Istio counts attempts in requests, but not on the side of the server.
pub(crate) fn virtual_host(
    name: String,
    domains: Vec<String>,
    routes: Vec<Arc<Route>>,
    origin: Origin,
) -> VirtualHost {
    VirtualHost {
        attempt_count_in_request: true,
        ..VirtualHost::plain(name, domains, routes, origin)
    }
}

/// Ports in authorities are ignored in all tables of Istio.
pub(crate) fn table(name: String, virtual_hosts: Vec<Arc<VirtualHost>>) -> RouteTable {
    RouteTable {
        name,
        virtual_hosts,
        headers: HeaderMutations::default(),
        most_specific_wins: false,
        ignore_port_in_host: true,
    }
}
