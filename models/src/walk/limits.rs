//! What limits, ejection and localities of a cluster mean together, where that surprises. How a
//! proxy carries them out is `upstream`'s business.

use std::collections::BTreeSet;

use crate::profile::{EjectionShare, Profile};
use crate::proxy::envoy::config::{Cluster, LoadAssignment, OutlierDetection, RoutingPriority};
use crate::world::{EndpointTarget, Origin, World};

use super::answer::{Finding, Share};
use super::destination::locality_name;

/// All findings about the cluster of a share.
pub(super) fn findings(
    (world, profile): (&World, &Profile),
    share: &Share,
    cluster: &Cluster,
    assignment: Option<&LoadAssignment>,
    priority: RoutingPriority,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(breakers(share));
    findings.extend(budget(cluster, priority));
    if let Some(outlier) = &cluster.outlier {
        let hosts = share.endpoints.len();
        findings.extend(ejection(profile, cluster, outlier, hosts));
    }
    if let Some(assignment) = assignment {
        findings.extend(localities(cluster, assignment));
        findings.extend(distribution(world, share, assignment));
    }
    findings
}

/// Limits count in each calling proxy for itself.
fn breakers(share: &Share) -> Option<Finding> {
    let limits = &share.cluster_facts.as_ref()?.limits;
    let first = limits.first()?;
    let parts = limits.iter().map(|limit| {
        format!(
            "{} {} × {} calling pods = {} at the backend",
            limit.name,
            limit.each.value,
            limit.callers,
            limit.of_all_callers()
        )
    });
    let sentence = format!(
        "limits hold in each calling proxy, not for the service: {}. Requests beyond \
         max_connections wait for a connection; beyond max_pending_requests they are answered 503 \
         UO at once",
        parts.collect::<Vec<_>>().join("; ")
    );
    let mut origins: Vec<Origin> = vec![first.each.origin];
    origins.extend(limits.iter().skip(1).map(|limit| limit.each.origin));
    origins.dedup();
    Some(Finding { id: "limits.per-proxy", sentence, origins })
}

/// A retry budget in figures.
fn budget(cluster: &Cluster, priority: RoutingPriority) -> Option<Finding> {
    let thresholds = cluster.thresholds.get(&priority)?;
    let share = thresholds.retry_budget?;
    let floor = u64::from(thresholds.min_retry_concurrency);
    let allowed = |active: u64| (active * u64::from(share.as_ppm()) / 1_000_000).max(floor);
    let figures = [10, 100, 1000].map(|active| format!("{} of {active}", allowed(active)));
    let sentence = format!(
        "retries under way are limited to {} % of the requests that are active in this proxy, and \
         never below {floor}: {}. max_retries is not used",
        share.as_percent_f64(),
        figures.join(", ")
    );
    Some(Finding { id: "limits.retry-budget", sentence, origins: vec![share.origin] })
}

/// How many hosts can be ejected at a time.
pub(super) fn ejected_max(profile: &Profile, outlier: &OutlierDetection, hosts: usize) -> usize {
    let share = u64::from(outlier.max_ejection_share.as_ppm());
    let hosts_total = hosts as u64;
    let most = match *profile.envoy.ejection_share {
        // Compared with the host that would be ejected.
        EjectionShare::AfterEjection => {
            let most = hosts_total * share / 1_000_000;
            if outlier.always_eject_one { most.max(1) } else { most }
        }
        // Compared with the hosts that are ejected already: one more than the share allows.
        EjectionShare::BeforeEjection => (hosts_total * share).div_ceil(1_000_000).max(1),
    };
    usize::try_from(most).unwrap_or(hosts).min(hosts)
}

fn ejection(
    profile: &Profile,
    cluster: &Cluster,
    outlier: &OutlierDetection,
    hosts: usize,
) -> Option<Finding> {
    if hosts == 0 {
        return None;
    }
    let most = ejected_max(profile, outlier, hosts);
    let percent = outlier.max_ejection_share.as_percent_f64();
    let origins = vec![outlier.origin, outlier.max_ejection_share.origin];
    if most == 0 {
        let sentence = format!(
            "outlier detection never ejects a host here: one of {hosts} is more than \
             maxEjectionPercent {percent} %, and Envoy {} counts the host that would be ejected",
            profile.envoy.version
        );
        return Some(Finding { id: "outlier.never-ejects", sentence, origins });
    }
    let panic = cluster.balancing.panic_threshold;
    let left = hosts - most;
    let below = (left as u64) * 1_000_000 < u64::from(panic.as_ppm()) * (hosts as u64);
    let then = if below {
        format!(
            "then fewer than {} % are healthy, and requests go to all hosts, ejected ones too",
            panic.as_percent_f64()
        )
    } else if left == 0 {
        "then requests are answered 503 UH: the panic threshold is 0 %".to_owned()
    } else {
        format!("{left} stay in use")
    };
    let sentence = format!(
        "at most {most} of {hosts} hosts are ejected at a time (maxEjectionPercent {percent} %): {then}"
    );
    Some(Finding { id: "outlier.ejects-at-most", sentence, origins })
}

fn localities(cluster: &Cluster, assignment: &LoadAssignment) -> Vec<Finding> {
    let mut findings = Vec::new();
    let filled = || assignment.localities.iter().filter(|it| !it.endpoints.is_empty());
    let names = |first: bool| {
        let fits = filled().filter(|it| (it.priority == 0) == first);
        fits.map(locality_name).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let (used, standby) = (names(true), names(false));
    if !standby.is_empty() && !used.is_empty() {
        let why = if cluster.outlier.is_some() {
            "; setting outlierDetection is what turned locality load balancing on"
        } else {
            ""
        };
        let sentence = format!(
            "endpoints in {} get no requests while those in {} are healthy{why}",
            standby.join(", "),
            used.join(", ")
        );
        let origins = cluster.outlier.iter().map(|it| it.origin).collect();
        findings.push(Finding { id: "locality.standby", sentence, origins });
    }
    let zones: BTreeSet<String> = filled().map(locality_name).collect();
    if zones.len() > 1 && standby.is_empty() && cluster.outlier.is_none() {
        let sentence = format!(
            "requests are spread over {} without regard to failures: failover between them needs \
             outlierDetection",
            zones.into_iter().collect::<Vec<_>>().join(", ")
        );
        findings.push(Finding {
            id: "locality.no-failover",
            sentence,
            origins: vec![cluster.origin],
        });
    }
    findings
}

/// Localities with weights of their own, as `distribute` writes them.
fn distribution(world: &World, share: &Share, assignment: &LoadAssignment) -> Option<Finding> {
    let by_hand = |origin: Origin| matches!(origin, Origin::Manifest(_));
    let weighted: Vec<_> = assignment
        .localities
        .iter()
        .filter_map(|it| {
            it.weight.filter(|weight| by_hand(weight.origin)).map(|weight| (it, weight))
        })
        .collect();
    let (_, first) = weighted.first()?;
    let shares =
        weighted.iter().map(|(it, weight)| format!("{} {}", locality_name(it), weight.value));
    let listed: BTreeSet<String> = weighted
        .iter()
        .filter(|(_, weight)| weight.value > 0)
        .map(|(it, _)| locality_name(it))
        .collect();
    // Zones that are not listed are left out of the assignment altogether.
    let all = assignment.localities.iter().map(locality_name).chain(zones_of(world, share));
    let without: BTreeSet<String> = all.filter(|zone| !listed.contains(zone)).collect();
    let without: Vec<String> = without.into_iter().collect();
    let rest = if without.is_empty() {
        String::new()
    } else {
        format!("; {} get nothing, not even when the others fail", without.join(", "))
    };
    let sentence = format!(
        "distribute gives fixed shares ({}) and takes the place of failover{rest}",
        shares.collect::<Vec<_>>().join(", ")
    );
    Some(Finding { id: "locality.distribute", sentence, origins: vec![first.origin] })
}

/// The zones in which the service behind a share has pods, as `region/zone`.
fn zones_of(world: &World, share: &Share) -> BTreeSet<String> {
    let wanted = &share.destination;
    let mut services = world.services.iter();
    let service = services.find(|service| {
        service.name == wanted.service
            && world.namespaces[service.namespace].name == wanted.namespace
    });
    // Which pods a subset has is the cluster's to say.
    let service = service.filter(|_| wanted.subset.is_none());
    let rows = service.into_iter().flat_map(|service| &service.ports);
    let endpoints = rows.filter(|row| row.port == wanted.port).flat_map(|row| &row.endpoints);
    let pods = endpoints.filter_map(|endpoint| match endpoint.target {
        EndpointTarget::Pod(pod) => Some(pod),
        EndpointTarget::Address(_) => None,
    });
    let zones = pods.map(|pod| &world.zones[world.nodes[world.pods[pod].node].zone]);
    zones.map(|zone| format!("{}/{}", world.regions[zone.region].name, zone.name)).collect()
}
