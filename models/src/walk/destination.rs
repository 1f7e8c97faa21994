//! From the clusters that a route names to services, endpoints and the settings in force. Which
//! endpoint gets a request is the balancer's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::{Probe, Sourced, Tree};
use crate::proxy::envoy::config::{
    Cluster, DeclaredHealth, Destination, Discovery, Forward, LoadAssignment, LoadBalancer,
    LocalityEndpoints, ProxyConfig, RoutingPriority, Target, Thresholds, UpstreamTls,
};
use crate::proxy::envoy::routing::Pick;
use crate::proxy::envoy::upstream::Roster;
use crate::units::Ppm;
use crate::world::{Origin, World};

use super::answer::{ClusterFacts, EndpointShare, InUse, Limit, MirrorShare, Share};
use super::rules;

/// Envoy's and Istio's "no limit".
const UNLIMITED: u32 = u32::MAX;

/// What the shares of a route are read from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) world: &'a World,
    pub(super) config: &'a ProxyConfig,
    /// Pods of the caller, each with a proxy that counts for itself.
    pub(super) callers: u32,
    /// Where the client dials, for clusters that pass connections on.
    pub(super) dialled: &'a Dialled,
}

/// What the client dialled.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialled {
    pub(super) host: String,
    pub(super) port: u16,
}

/// The clusters that a route names, as far as the route itself says.
pub(super) fn clusters(forward: &Forward) -> Vec<&str> {
    match &forward.destination {
        Destination::Cluster(cluster) => vec![&cluster.value],
        Destination::Weighted { clusters, .. } => {
            clusters.iter().map(|it| it.cluster.value.as_str()).collect()
        }
        Destination::ClusterHeader(_) => Vec::new(),
    }
}

/// The share that goes to a cluster; how large it is, the caller sets.
pub(super) fn share(view: View<'_>, pick: &Pick<'_>, forward: &Forward) -> Share {
    let weight = pick.weighted.map_or(Sourced::new(100, pick.cluster.origin), |it| it.weight);
    let mut labels = forward.subset.clone();
    labels.extend(pick.weighted.iter().flat_map(|it| it.subset.clone()));
    let missing = (forward.cluster_not_found_status.value, "NC");
    let name = (&*pick.cluster.value, pick.cluster.origin);
    row(view, name, weight, forward.priority, (&labels, missing))
}

/// The share that a TCP proxy gives to a cluster.
pub(super) fn tcp_share(view: View<'_>, cluster: &Sourced<String>, weight: u32) -> Share {
    let weight = Sourced::new(weight, cluster.origin);
    // A connection has no status.
    let terms = (&BTreeMap::new(), (0, "NC"));
    let name = (cluster.value.as_str(), cluster.origin);
    row(view, name, weight, RoutingPriority::Default, terms)
}

fn row(
    view: View<'_>,
    (name, origin): (&str, Origin),
    weight: Sourced<u32>,
    priority: RoutingPriority,
    (labels, missing): (&BTreeMap<String, String>, (u16, &'static str)),
) -> Share {
    let cluster = view.config.clusters.get(name);
    let assignment = view.config.assignments.get(name);
    let endpoints = match (cluster, assignment) {
        (Some(cluster), Some(assignment)) => endpoint_shares(view, cluster, assignment, labels),
        _ => Vec::new(),
    };
    let fails_with = match cluster {
        None => Some(missing),
        // A connection has no status.
        Some(cluster) => fails(cluster, &endpoints)
            .map(|(status, flags)| (if missing.0 == 0 { 0 } else { status }, flags)),
    };
    Share {
        destination: target(cluster.map(AsRef::as_ref), name, view.dialled),
        cluster: name.to_owned(),
        cluster_origin: origin,
        weight,
        share: Ppm::ZERO,
        fails_with,
        endpoints,
        cluster_facts: cluster.map(|cluster| facts(cluster, priority, view.callers)),
    }
}

/// Tells which endpoints stand behind each share.
pub(super) fn explain(shares: &[Share], tree: &mut Tree) {
    for share in shares {
        let used = share.endpoints.iter().filter(|it| it.in_use == InUse::Yes).count();
        let facts = share.cluster_facts.as_ref();
        let origin = facts.map_or(share.cluster_origin, |it| it.balancer.origin);
        tree.step(rules::ENDPOINTS, Some(origin), || {
            match (&share.cluster_facts, share.fails_with) {
                (None, _) => format!("there is no cluster {}", share.cluster),
                (Some(_), Some((0, flags))) => {
                    format!("nobody is behind {}: the connection is closed, {flags}", share.cluster)
                }
                (Some(_), Some((status, flags))) => {
                    format!("nobody healthy is behind {}: {status} {flags}", share.cluster)
                }
                (Some(facts), None) if share.endpoints.is_empty() => {
                    format!("whoever stands there gets it, balanced by {}", facts.balancer.value)
                }
                (Some(facts), None) => {
                    let all = share.endpoints.len();
                    format!(
                        "{used} of {all} endpoints are in use, balanced by {}",
                        facts.balancer.value
                    )
                }
            }
        });
    }
}

/// Clusters that pass a connection on need no endpoints; names are resolved later.
fn fails(cluster: &Cluster, endpoints: &[EndpointShare]) -> Option<(u16, &'static str)> {
    if is_black_hole(cluster) {
        return Some((503, "UH"));
    }
    let needs_endpoints = match cluster.discovery {
        Discovery::Eds | Discovery::Static => true,
        Discovery::StrictDns | Discovery::LogicalDns | Discovery::OriginalDestination => false,
    };
    let usable = endpoints.iter().any(|it| it.in_use == InUse::Yes);
    (needs_endpoints && !usable).then_some((503, "UH"))
}

fn is_black_hole(cluster: &Cluster) -> bool {
    cluster.name == "BlackHoleCluster"
}

/// The service behind a cluster: as its control plane says, or by its name.
fn target(cluster: Option<&Cluster>, name: &str, dialled: &Dialled) -> Target {
    if let Some(target) = cluster.and_then(|cluster| cluster.target.clone()) {
        return target;
    }
    let passes_on = cluster.is_some_and(|it| it.discovery == Discovery::OriginalDestination);
    if passes_on {
        return Target {
            namespace: String::new(),
            service: dialled.host.clone(),
            port: dialled.port,
            subset: None,
        };
    }
    target_of_name(name)
}

/// Reads `outbound|8080|v2|checkout.shop.svc.cluster.local`; another name stands for itself.
fn target_of_name(name: &str) -> Target {
    let own =
        || Target { namespace: String::new(), service: name.to_owned(), port: 0, subset: None };
    let mut parts = name.splitn(4, '|').skip(1);
    let (Some(port), Some(subset), Some(host)) = (parts.next(), parts.next(), parts.next()) else {
        return own();
    };
    let in_cluster = host.strip_suffix(".svc.cluster.local").and_then(|it| it.split_once('.'));
    let (service, namespace) = in_cluster.unwrap_or((host, ""));
    Target {
        namespace: namespace.to_owned(),
        service: service.to_owned(),
        port: port.parse().unwrap_or(0),
        subset: Some(subset.to_owned()).filter(|it| !it.is_empty()),
    }
}

/// The endpoints with the shares that the balancer gives them while all of them answer alike.
fn endpoint_shares(
    view: View<'_>,
    cluster: &Arc<Cluster>,
    assignment: &Arc<LoadAssignment>,
    labels: &BTreeMap<String, String>,
) -> Vec<EndpointShare> {
    let local = &view.config.bootstrap.locality;
    let roster = Roster::new(cluster.clone(), assignment.clone(), local);
    let labels = (!labels.is_empty()).then_some(labels);
    // No host has the labels: nobody gets a request.
    let shares = roster.shares(labels).unwrap_or_else(|_| vec![0.0; roster.len()]);
    let groups = assignment.localities.iter();
    let endpoints = groups.flat_map(|group| group.endpoints.iter().map(move |it| (group, it)));
    let listed = endpoints.zip(shares).map(|((group, endpoint), share)| {
        let world = view.world;
        EndpointShare {
            address: endpoint.address.to_string(),
            pod: endpoint.pod.map(|pod| {
                let namespace = world.workload_of(pod).namespace;
                let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
                format!("{namespace}/{}", world.pods[pod].name)
            }),
            pod_id: endpoint.pod,
            locality: locality_name(group),
            priority: group.priority,
            weight: endpoint.weight,
            share: Ppm::from_percent_f64(share * 100.0),
            origin: endpoint.origin,
            in_use: match endpoint.health {
                _ if share > 0.0 => InUse::Yes,
                DeclaredHealth::Unknown | DeclaredHealth::Healthy | DeclaredHealth::Degraded => {
                    InUse::Standby
                }
                _ => InUse::Unhealthy,
            },
            refuses: None,
        }
    });
    listed.collect()
}

/// Such as `eu-1/eu-1a`; empty where nothing is known.
pub(super) fn locality_name(group: &LocalityEndpoints) -> String {
    let place = &group.locality;
    let parts = [&place.region, &place.zone, &place.sub_zone];
    let parts: Vec<&str> =
        parts.into_iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    parts.join("/")
}

fn facts(cluster: &Cluster, priority: RoutingPriority, callers: u32) -> ClusterFacts {
    ClusterFacts {
        origin: cluster.origin,
        balancer: cluster.balancer.clone().map(|balancer| balancer_word(&balancer).to_owned()),
        protection: cluster.tls.clone().map(|tls| tls_word(&tls).to_owned()),
        limits: cluster.thresholds.get(&priority).map_or_else(Vec::new, |it| limits(it, callers)),
        outlier: cluster.outlier.as_ref().map(|it| {
            let sentence = format!(
                "{} consecutive 5xx eject a host for {}, at most {} % of them",
                it.consecutive_5xx.value,
                it.base_ejection.value,
                it.max_ejection_share.as_percent_f64()
            );
            Sourced::new(sentence, it.origin)
        }),
    }
}

fn limits(thresholds: &Thresholds, callers: u32) -> Vec<Limit> {
    [
        ("max_connections", thresholds.max_connections),
        ("max_pending_requests", thresholds.max_pending),
        ("max_requests", thresholds.max_requests),
        ("max_retries", thresholds.max_retries),
    ]
    .into_iter()
    .filter(|(_, limit)| **limit < UNLIMITED)
    .map(|(name, each)| Limit { name, each, callers })
    .collect()
}

const fn balancer_word(balancer: &LoadBalancer) -> &'static str {
    match balancer {
        LoadBalancer::RoundRobin(_) => "round robin",
        LoadBalancer::LeastRequest(_) => "least request",
        LoadBalancer::Random => "random",
        LoadBalancer::RingHash(_) => "ring hash",
        LoadBalancer::Maglev(_) => "maglev",
        LoadBalancer::ClusterProvided => "the dialled address",
    }
}

const fn tls_word(tls: &UpstreamTls) -> &'static str {
    match tls {
        UpstreamTls::None => "plaintext",
        UpstreamTls::AutoMutual => "mutual TLS to endpoints with a sidecar, plaintext to others",
        UpstreamTls::Hbone => "a tunnel to endpoints that take one, plaintext to others",
        UpstreamTls::IstioMutual { .. } => "mutual TLS with the mesh's certificates",
        UpstreamTls::Simple { .. } => "TLS",
        UpstreamTls::Mutual { .. } => "mutual TLS with a certificate of the user's",
    }
}

/// Copies of a route's requests.
pub(super) fn mirrors(view: View<'_>, forward: &Forward) -> Vec<MirrorShare> {
    let mirrors = forward.mirrors.iter().map(|mirror| {
        let cluster = view.config.clusters.get(&mirror.cluster.value);
        MirrorShare {
            destination: cluster.map(|it| target(Some(it.as_ref()), &it.name, view.dialled)),
            cluster: mirror.cluster.clone(),
            share: mirror.fraction.default,
        }
    });
    mirrors.collect()
}

/// What all shares agree on: the service, its port and perhaps its subset.
pub(super) fn common(shares: &[Share]) -> Option<Target> {
    let (first, rest) = shares.split_first()?;
    let mut common = first.destination.clone();
    for share in rest {
        let other = &share.destination;
        if (&other.namespace, &other.service, other.port)
            != (&common.namespace, &common.service, common.port)
        {
            return None;
        }
        if other.subset != common.subset {
            common.subset = None;
        }
    }
    Some(common)
}

#[cfg(test)]
mod tests {
    use super::super::testing::share;
    use super::*;

    #[test]
    fn a_split_over_subsets_agrees_on_the_service() {
        let split = [share("shop/checkout:80/v1", 90), share("shop/checkout:80/v2", 10)];
        let common = common(&split).expect("one service");
        assert_eq!((common.service.as_str(), common.port, common.subset), ("checkout", 80, None));
        let two = [share("shop/checkout:80", 50), share("shop/cart:80", 50)];
        assert_eq!(super::common(&two), None);
    }

    #[test]
    fn the_name_of_a_cluster_says_what_it_stands_for() {
        let target = target_of_name("outbound|8080|v2|checkout.shop.svc.cluster.local");
        assert_eq!((target.namespace.as_str(), target.service.as_str()), ("shop", "checkout"));
        assert_eq!((target.port, target.subset.as_deref()), (8080, Some("v2")));
        assert_eq!(target_of_name("outbound|443||pay.example.com").service, "pay.example.com");
        assert_eq!(target_of_name("BlackHoleCluster").service, "BlackHoleCluster");
    }
}
