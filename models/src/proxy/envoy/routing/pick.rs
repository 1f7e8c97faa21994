//! Which cluster a route sends a request to. Which of its hosts is the business of `upstream`.

use std::borrow::Cow;

use crate::explain::{Probe, RuleId, Sourced};
use crate::units::Ppm;
use crate::world::Origin;

use super::super::config::{Destination, WeightedCluster};
use super::super::dice::{Dice, Purpose};
use super::super::request::Request;

const CLUSTER: RuleId = RuleId("envoy.route.cluster");
const WEIGHTS: RuleId = RuleId("envoy.route.weights");
const CLUSTER_HEADER: RuleId = RuleId("envoy.route.cluster-header");

/// A cluster that a request may go to. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick<'c> {
    /// Its name.
    pub cluster: Sourced<Cow<'c, str>>,
    /// The entry among weighted clusters, if it is one.
    pub weighted: Option<&'c WeightedCluster>,
}

impl<'c> Pick<'c> {
    fn of(cluster: &'c Sourced<String>, weighted: Option<&'c WeightedCluster>) -> Self {
        let name = Cow::Borrowed(cluster.value.as_str());
        Self { cluster: Sourced::new(name, cluster.origin), weighted }
    }
}

/// Picks one of weighted clusters by a draw, or by the number in a header; `None` where no
/// cluster is named.
///
/// Source: Envoy, api/envoy/config/route/v3/route_components.proto, `WeightedCluster`;
/// `WeightedClusterEntry::pickWeightedCluster`: a number is taken modulo the sum of the weights,
/// and what is no number counts as none.
pub fn pick_cluster<'c, P: Probe>(
    destination: &'c Destination,
    request: &Request,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Option<Pick<'c>> {
    let Destination::Weighted { clusters, header } = destination else {
        return shares_of(destination, request, probe).pop().map(|(_, pick)| pick);
    };
    let total = total_of(clusters)?;
    let number = header_number(header.as_deref(), request);
    let at = number.unwrap_or_else(|| dice.roll(Purpose::WeightedCluster)) % total;
    let picked = at_weight(clusters, at)?;
    probe.step(WEIGHTS, Some(picked.weight.origin), || {
        let how = if number.is_some() { "the number in a header" } else { "a draw" };
        let (name, weight) = (&picked.cluster.value, picked.weight.value);
        format!("{how} picks cluster {name}, which has {weight} of {total}")
    });
    Some(Pick::of(&picked.cluster, Some(picked)))
}

/// All clusters that a request may go to, with their shares; none where none is named. Clusters
/// without weight get no request and are left out.
pub fn cluster_shares<'c, P: Probe>(
    destination: &'c Destination,
    request: &Request,
    probe: &mut P,
) -> Vec<(Ppm, Pick<'c>)> {
    shares_of(destination, request, probe)
}

fn shares_of<'c>(
    destination: &'c Destination,
    request: &Request,
    probe: &mut impl Probe,
) -> Vec<(Ppm, Pick<'c>)> {
    match destination {
        Destination::Cluster(cluster) => {
            probe.step(CLUSTER, Some(cluster.origin), || {
                format!("the cluster is {}", cluster.value)
            });
            vec![(Ppm::ONE, Pick::of(cluster, None))]
        }
        Destination::ClusterHeader(name) => {
            let cluster = request.headers.get(name).filter(|cluster| !cluster.is_empty());
            probe.step(CLUSTER_HEADER, None, || match cluster {
                Some(cluster) => format!("header {name} names the cluster {cluster}"),
                None => format!("header {name} should name the cluster and is missing"),
            });
            let origin = Origin::Assumed("a header of the request");
            let pick = |cluster: &str| Pick {
                cluster: Sourced::new(Cow::Owned(cluster.to_owned()), origin),
                weighted: None,
            };
            cluster.into_iter().map(|cluster| (Ppm::ONE, pick(cluster))).collect()
        }
        Destination::Weighted { clusters, header } => {
            let Some(total) = total_of(clusters) else {
                probe.step(WEIGHTS, None, || {
                    "the weights add up to nothing: Envoy refuses such a route".to_owned()
                });
                return Vec::new();
            };
            if let Some(number) = header_number(header.as_deref(), request) {
                let picked = at_weight(clusters, number % total);
                return picked
                    .map(|it| (Ppm::ONE, Pick::of(&it.cluster, Some(it))))
                    .into_iter()
                    .collect();
            }
            let used = clusters.iter().filter(|cluster| cluster.weight.value > 0);
            used.map(|cluster| {
                let weight = u64::from(cluster.weight.value);
                probe.step(WEIGHTS, Some(cluster.weight.origin), || {
                    format!("cluster {} gets {weight} of {total}", cluster.cluster.value)
                });
                // At most a million, so it fits.
                let share = u32::try_from(weight * 1_000_000 / total).unwrap_or(1_000_000);
                (Ppm::from_ppm(share), Pick::of(&cluster.cluster, Some(cluster)))
            })
            .collect()
        }
    }
}

/// The sum of the weights; `None` if it is nothing.
fn total_of(clusters: &[WeightedCluster]) -> Option<u64> {
    let total = clusters.iter().map(|cluster| u64::from(cluster.weight.value)).sum();
    (total > 0).then_some(total)
}

/// The cluster into whose interval a number below the sum falls.
fn at_weight(clusters: &[WeightedCluster], at: u64) -> Option<&WeightedCluster> {
    let mut end = 0;
    clusters.iter().find(|cluster| {
        end += u64::from(cluster.weight.value);
        at < end
    })
}

/// The whole number in a header.
fn header_number(header: Option<&str>, request: &Request) -> Option<u64> {
    request.headers.get(header?)?.trim().parse().ok()
}
