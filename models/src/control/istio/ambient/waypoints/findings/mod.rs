//! What is worth knowing about waypoints before a request comes: labels that lead nowhere, objects
//! that hold at no waypoint, and callers that go past one.

mod bypass;
mod labels;
mod lost;
mod unready;

use crate::control::istio::Push;
use crate::control::istio::enrolment::{Enrolled, decide};
use crate::explain::Silent;
use crate::manifest::Diagnostic;
use crate::world::{PodId, World};

/// How many things of one sort are named in a sentence.
const NAMED_MAX: usize = 3;

/// All findings about waypoints in one cluster.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let mut found = labels::findings(push, world);
    found.extend(unready::findings(push, world));
    found.extend(lost::findings(push, world));
    found.extend(bypass::findings(push, world));
    found
}

/// The pods of a cluster on which Istio has put this.
fn pods_with<'w>(
    push: &'w Push,
    world: &'w World,
    enrolled: Enrolled,
) -> impl Iterator<Item = PodId> + 'w {
    let of_cluster = world
        .pods
        .ids()
        .filter(|&pod| world.cluster_of(world.pods[pod].workload) == Some(push.cluster));
    of_cluster.filter(move |&pod| decide(world, pod, &push.placement, &mut Silent) == enrolled)
}

/// The first of them, and how many more there are.
fn named(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED_MAX);
    let first = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}
