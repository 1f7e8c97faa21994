//! The proxy beside the server: whether it takes the connection and lets the request pass.

use std::collections::BTreeSet;

use crate::control::ControlPlanes;
use crate::explain::{Probe, Tree};
use crate::world::{PodId, WorkloadId, World};

use super::answer::{Answer, InUse, Outcome};
use super::proxy::View;
use super::{Caller, Question, full_name, rules};

/// How many workloads behind an answer are looked at.
const WORKLOADS_MAX: usize = 16;

/// Walks the request on at the servers behind an answer of the caller's proxy.
pub(super) fn walk(view: View<'_>, answer: &mut Answer, tree: &mut Tree) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    for (pod, workload) in servers(view.world, answer) {
        tell(view.world, view.planes, pod, workload, tree);
    }
}

/// Walks a connection that no proxy of the caller made.
pub(super) fn walk_plain(
    world: &World,
    planes: &ControlPlanes,
    _caller: Caller,
    _question: &Question,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    if answer.outcome != Outcome::Routed {
        return;
    }
    for (pod, workload) in servers(world, answer) {
        tell(world, planes, pod, workload, tree);
    }
}

/// One pod of each workload that may get the request.
fn servers(world: &World, answer: &Answer) -> Vec<(PodId, WorkloadId)> {
    let mut seen = BTreeSet::new();
    let endpoints = answer.weights.iter().filter(|share| share.share.as_ppm() > 0);
    let endpoints = endpoints.flat_map(|share| &share.endpoints);
    let pods = endpoints.filter(|it| it.in_use != InUse::Unhealthy).filter_map(|it| it.pod_id);
    let pods = pods.map(|pod| (pod, world.pods[pod].workload));
    pods.filter(|&(_, workload)| seen.insert(workload)).take(WORKLOADS_MAX).collect()
}

fn tell(world: &World, planes: &ControlPlanes, pod: PodId, workload: WorkloadId, tree: &mut Tree) {
    let name = full_name(world, workload);
    let sidecar = planes.sidecar(world, pod).is_some();
    tree.step(rules::SERVER_SIDE, Some(world.workloads[workload].origin), || {
        if sidecar {
            format!("{name} has a sidecar, which takes the connection")
        } else {
            format!("{name} has no sidecar: the application takes the connection itself")
        }
    });
}
