//! Priorities and weights of localities, as one proxy sees them (istio
//! `pilot/pkg/networking/core/loadbalancer/loadbalancer.go`). How hosts are drawn from them is the
//! proxy's business.

use std::collections::BTreeMap;

use crate::control::istio::mesh::Mesh;
use crate::control::istio::registry::ServiceEndpoint;
use crate::explain::{Probe, RuleId, Sourced};
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{Distribute, Failover, LocalitySettings};
use crate::proxy::envoy::config::{Locality, LocalityMode};
use crate::world::Origin;

use crate::control::istio::destination::Policy;

const RULE: RuleId = RuleId("istio.cluster.locality-needs-outlier-detection");

/// The proxy, as far as localities look at it.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint<'v> {
    /// Where it runs.
    pub locality: &'v Locality,
    /// Its node.
    pub node: &'v str,
    /// Its labels.
    pub labels: &'v Labels,
}

/// Endpoints of one locality, before they become Envoy's.
#[derive(Clone, Debug)]
pub(super) struct Group<'e> {
    pub(super) locality: &'e Locality,
    pub(super) priority: u32,
    pub(super) weight: Sourced<u32>,
    pub(super) endpoints: Vec<&'e ServiceEndpoint>,
}

/// How localities are told apart for a policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Balancing<'p> {
    /// Not at all: it is turned off, or no host is ever ejected.
    Off,
    /// By weights.
    Distribute(&'p [Distribute]),
    /// By priorities.
    Failover { regions: &'p [Failover], labels: &'p [Located<String>] },
}

impl<'p> Balancing<'p> {
    /// The rule's settings in place of the mesh's. Priorities need outlier detection, or Envoy
    /// would never leave the first; and outlier detection alone brings them, because the mesh
    /// turns them on by default. Weights exclude priorities.
    pub(super) fn of(policy: &Policy<'p>, mesh: &'p Mesh, probe: &mut impl Probe) -> Self {
        let own = policy.load_balancer.and_then(|balancer| balancer.locality.as_ref());
        let settings: Option<&LocalitySettings> = own.or(mesh.locality.as_ref());
        let place = settings.map(|settings| Origin::Manifest(settings.place));
        let off = settings.and_then(|it| it.enabled).filter(|enabled| !enabled.value);
        if let Some(off) = off {
            probe.step(RULE, Some(Origin::Manifest(off.place)), || {
                "localities are not told apart: it is turned off".to_owned()
            });
            return Self::Off;
        }
        let distribute = settings.map_or(&[][..], |settings| &settings.distribute);
        if !distribute.is_empty() {
            probe.step(RULE, place, || "localities have weights, and no priorities".to_owned());
            return Self::Distribute(distribute);
        }
        let Some(outlier) = policy.outlier else {
            probe.step(RULE, place, || {
                "without outlier detection localities have no priorities".to_owned()
            });
            return Self::Off;
        };
        probe.step(RULE, Some(Origin::Manifest(outlier.place)), || {
            "outlier detection brings priorities by locality".to_owned()
        });
        Self::Failover {
            regions: settings.map_or(&[], |settings| &settings.failover),
            labels: settings.map_or(&[], |settings| &settings.failover_priority),
        }
    }

    /// What Envoy is told. Only what somebody wrote makes weights of localities count; the default
    /// priorities do not.
    pub(super) fn mode(&self) -> LocalityMode {
        match self {
            Self::Distribute(_) => LocalityMode::Weighted,
            Self::Failover { regions, labels } if !(regions.is_empty() && labels.is_empty()) => {
                LocalityMode::Weighted
            }
            Self::Off | Self::Failover { .. } => LocalityMode::Unaware,
        }
    }

    /// Whether it matters where the proxy is.
    pub(super) const fn depends_on_proxy(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// The labels of the proxy that matter.
    pub(super) const fn labels(&self) -> &'p [Located<String>] {
        match self {
            Self::Failover { labels, .. } => labels,
            Self::Off | Self::Distribute(_) => &[],
        }
    }

    /// Gives the groups their priorities and weights.
    pub(super) fn apply<'e>(&self, groups: Vec<Group<'e>>, proxy: Viewpoint<'_>) -> Vec<Group<'e>> {
        match self {
            Self::Off => groups,
            Self::Distribute(distribute) => distributed(groups, proxy.locality, distribute),
            Self::Failover { regions, labels: [] } => by_locality(groups, proxy.locality, regions),
            Self::Failover { regions, labels } => {
                let groups = by_labels(groups, proxy, labels);
                if regions.is_empty() {
                    groups
                } else {
                    by_locality(groups, proxy.locality, regions)
                }
            }
        }
    }
}

/// `applyLocalityWeights`: the weight of a pattern is shared by the localities that it takes; a
/// locality that no pattern takes gets nothing.
fn distributed<'e>(
    mut groups: Vec<Group<'e>>,
    proxy: &Locality,
    distribute: &[Distribute],
) -> Vec<Group<'e>> {
    let Some(rule) = distribute.iter().find(|rule| takes(&rule.from, proxy)) else {
        return groups;
    };
    let mut left: Vec<usize> = (0..groups.len()).collect();
    for (pattern, weight) in &rule.to {
        let (taken, rest): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|&at| takes(pattern, groups[at].locality));
        left = rest;
        let total: u64 = taken.iter().map(|&at| u64::from(groups[at].weight.value)).sum();
        for at in taken {
            let share = u64::from(groups[at].weight.value) * u64::from(weight.value);
            let share = share.div_ceil(total.max(1));
            if share > 0 {
                let share = u32::try_from(share).unwrap_or(u32::MAX);
                groups[at].weight = Sourced::new(share, Origin::Manifest(weight.place));
            }
        }
    }
    for at in left {
        groups[at].endpoints.clear();
    }
    groups
}

/// Whether `region/zone/subzone`, with `*` or nothing on the right, takes a locality.
fn takes(pattern: &str, locality: &Locality) -> bool {
    let mut parts = pattern.split('/');
    [&locality.region, &locality.zone, &locality.sub_zone].into_iter().enumerate().all(
        |(depth, own)| match parts.next() {
            Some("*") => true,
            Some("") | None => depth > 0,
            Some(part) => part == own,
        },
    )
}

/// `applyLocalityFailover`: the same sub-zone first, then the zone, then the region, then others;
/// of these the one that takes over first.
fn by_locality<'e>(
    mut groups: Vec<Group<'e>>,
    proxy: &Locality,
    regions: &[Failover],
) -> Vec<Group<'e>> {
    let takes_over = regions.iter().find(|rule| rule.from.value == proxy.region);
    for group in &mut groups {
        let own = match (
            group.locality.region == proxy.region,
            group.locality.zone == proxy.zone,
            group.locality.sub_zone == proxy.sub_zone,
        ) {
            (true, true, true) => 0,
            (true, true, false) => 1,
            (true, false, _) => 2,
            (false, ..) => match takes_over {
                Some(rule) if rule.to.value != group.locality.region => 4,
                _ => 3,
            },
        };
        group.priority = group.priority * 5 + own;
    }
    without_gaps(groups)
}

/// `applyFailoverPriorities`: the more of the labels an endpoint shares with the proxy, counted
/// from the first until one differs, the sooner it is used.
fn by_labels<'e>(
    groups: Vec<Group<'e>>,
    proxy: Viewpoint<'_>,
    labels: &[Located<String>],
) -> Vec<Group<'e>> {
    let parts = |label: &Located<String>| match label.value.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => {
            let name = label.value.clone();
            let value = label_of_proxy(proxy, &name);
            (name, value)
        }
    };
    let wanted: Vec<(String, String)> = labels.iter().map(parts).collect();
    let mut split = Vec::new();
    for group in groups {
        let mut by_priority: BTreeMap<u32, Vec<&ServiceEndpoint>> = BTreeMap::new();
        for endpoint in group.endpoints {
            let differs =
                wanted.iter().position(|(name, value)| label_of(endpoint, name) != value.as_str());
            let shared = differs.unwrap_or(wanted.len());
            let priority = u32::try_from(wanted.len() - shared).unwrap_or(u32::MAX);
            by_priority.entry(priority).or_default().push(endpoint);
        }
        for (priority, endpoints) in by_priority {
            let weight = endpoints.iter().fold(0_u32, |sum, it| sum.saturating_add(it.weight));
            let weight = Sourced::new(weight, group.weight.origin);
            split.push(Group { locality: group.locality, priority, weight, endpoints });
        }
    }
    without_gaps(split)
}

/// Priorities count from zero without gaps.
fn without_gaps(mut groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut priorities: Vec<u32> = groups.iter().map(|group| group.priority).collect();
    priorities.sort_unstable();
    priorities.dedup();
    for group in &mut groups {
        let rank = priorities.binary_search(&group.priority).unwrap_or_default();
        group.priority = u32::try_from(rank).unwrap_or(u32::MAX);
    }
    groups
}

/// The values of the proxy's labels that matter to these.
pub(super) fn seen_labels(
    labels: &[Located<String>],
    proxy: Viewpoint<'_>,
) -> impl Iterator<Item = String> {
    let asked = labels.iter().filter(|label| !label.value.contains('='));
    asked.map(move |label| label_of_proxy(proxy, &label.value))
}

/// The labels that Istio adds to endpoints and proxies for their place.
const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const SUB_ZONE: &str = "topology.istio.io/subzone";

fn place_label<'l>(locality: &'l Locality, name: &str) -> Option<&'l str> {
    match name {
        REGION => Some(&locality.region),
        ZONE => Some(&locality.zone),
        SUB_ZONE => Some(&locality.sub_zone),
        _ => None,
    }
}

fn label_of<'e>(endpoint: &'e ServiceEndpoint, name: &str) -> &'e str {
    let own = || endpoint.labels.get(name).map_or("", |value| value.value.as_str());
    let host = || (name == HOSTNAME).then_some(&*endpoint.node);
    place_label(&endpoint.locality, name).or_else(host).unwrap_or_else(own)
}

const HOSTNAME: &str = "kubernetes.io/hostname";

fn label_of_proxy(proxy: Viewpoint<'_>, name: &str) -> String {
    let own = || proxy.labels.get(name).map_or("", |value| value.value.as_str());
    let host = || (name == HOSTNAME).then_some(proxy.node);
    place_label(proxy.locality, name).or_else(host).unwrap_or_else(own).to_owned()
}
