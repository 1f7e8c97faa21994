//! Asks a question again after edits: manifests changed, world and control planes made anew as far
//! as the edits touch them.

use std::collections::BTreeSet;

use crate::control::ControlPlanes;
use crate::manifest::kinds::Resource;
use crate::path::Placement;
use crate::profile::Profile;
use crate::walk::{Answer, Caller, Question, Sender, Verdict, walk};
use crate::world::{ClusterManifests, OutsideHost, PodId, Topology, World, build};

use super::candidates::Goal;
use super::draft::Draft;
use super::edit::{Change, Edit, RequestChange};

/// What a world and its control planes are made of.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The manifests.
    pub clusters: &'a [ClusterManifests<'a>],
    /// Where pods run, as far as a scenario says it.
    pub topology: &'a Topology,
    /// Hosts outside.
    pub outside: &'a [OutsideHost],
    /// The facts that count.
    pub profile: &'static Profile,
    /// Whose word counts on which pods have a proxy.
    pub placement: &'a Placement,
}

/// A world with its control planes.
#[derive(Clone, Copy)]
pub(super) struct State<'s> {
    pub(super) world: &'s World,
    pub(super) planes: &'s ControlPlanes,
}

/// A world that was made anew.
pub(super) struct Made {
    world: Option<World>,
    planes: Option<ControlPlanes>,
}

impl Made {
    /// What counts now, where `before` counted.
    pub(super) fn over<'s>(&'s self, before: State<'s>) -> State<'s> {
        State {
            world: self.world.as_ref().unwrap_or(before.world),
            planes: self.planes.as_ref().unwrap_or(before.planes),
        }
    }
}

/// Makes what edits touch, which the draft shows already.
pub(super) fn make(
    setting: &Setting<'_>,
    draft: &mut Draft<'_>,
    before: State<'_>,
    edits: &[Edit],
) -> Made {
    let touched: BTreeSet<Touched> = edits.iter().map(|edit| touches(edit, draft)).collect();
    let Setting { topology, outside, profile, placement, .. } = *setting;
    draft.show(|clusters| {
        if touched.contains(&Touched::World) {
            let world = build(clusters, topology, outside).world;
            let (planes, _) = ControlPlanes::placed(&world, clusters, profile, placement.clone());
            return Made { world: Some(world), planes: Some(planes) };
        }
        let world = before.world;
        let mut planes = None;
        if touched.contains(&Touched::Istio) {
            planes = Some(before.planes.with_istio_of(world, clusters));
        }
        if touched.contains(&Touched::Network) {
            let over = planes.as_ref().unwrap_or(before.planes);
            planes = Some(over.with_network_policies_of(world, clusters));
        }
        Made { world: None, planes }
    })
}

/// What is made anew after an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    Nothing,
    Network,
    Istio,
    World,
}

/// What an edit touches, and so has to be made anew.
fn touches(edit: &Edit, draft: &Draft<'_>) -> Touched {
    match &edit.change {
        Change::Request(_) => Touched::Nothing,
        Change::Network(_) => Touched::Network,
        Change::Access(_) | Change::MtlsMode { .. } | Change::ClientTls { .. } => Touched::Istio,
        Change::Delete => {
            let deleted = edit.at.and_then(|at| draft.given(at));
            match deleted {
                Some(Resource::NetworkPolicy(_) | Resource::ClusterPolicy(_)) => Touched::Network,
                Some(Resource::Istio(_)) => Touched::Istio,
                _ => Touched::World,
            }
        }
        Change::ServiceAccount(_) | Change::Labels(_) => Touched::World,
    }
}

/// The question after edits, in a world in which numbers may be others; `None` if its caller is
/// not there any more.
pub(super) fn question_after(
    question: &Question,
    edits: &[Edit],
    before: &World,
    after: &World,
) -> Option<Question> {
    let mut asked = question.clone();
    if let Sender::Pod(caller) = &mut asked.sender {
        *caller = same_caller(before, after, *caller)?;
    }
    for edit in edits {
        if let Change::Request(change) = &edit.change {
            match change {
                RequestChange::Method(method) => asked.method.clone_from(method),
                RequestChange::Path(path) => asked.path = Some(path.clone()),
                RequestChange::Header(name, value) => {
                    asked.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
                    asked.headers.push((name.clone(), value.clone()));
                }
            }
        }
    }
    Some(asked)
}

/// The pod with the same name.
fn same_caller(before: &World, after: &World, caller: Caller) -> Option<Caller> {
    let (own, pod) = (&before.workloads[caller.workload], &before.pods[caller.pod]);
    let namespace = own.namespace.map(|id| &before.namespaces[id]);
    let is_same_place = |other: &crate::world::Workload| match (
        namespace,
        other.namespace.map(|id| &after.namespaces[id]),
    ) {
        (Some(one), Some(other)) => {
            let clusters = (&before.clusters[one.cluster], &after.clusters[other.cluster]);
            one.name == other.name && clusters.0.name == clusters.1.name
        }
        (None, None) => true,
        _ => false,
    };
    let (workload, row) = after.workloads.entries().find(|(_, other)| {
        other.name == own.name && other.source == own.source && is_same_place(other)
    })?;
    let pods = (row.pods.start.0..row.pods.end.0).map(PodId);
    let mut pods = pods.filter(|&id| after.pods[id].name == pod.name);
    pods.next().map(|pod| Caller { pod, workload })
}

/// Asks.
pub(super) fn ask(state: State<'_>, question: &Question) -> Answer {
    walk(state.world, state.planes, question)
}

/// Where an answer would have to go to be another; `None` where it is not known.
pub(super) fn goal(answer: &Answer) -> Option<Goal> {
    match answer.verdict {
        Verdict::Allowed => Some(Goal::Stop),
        Verdict::Denied | Verdict::Dropped | Verdict::Reset | Verdict::Unauthenticated => {
            Some(Goal::Admit)
        }
        Verdict::Unknown => None,
    }
}
