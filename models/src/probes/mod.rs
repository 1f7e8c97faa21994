//! Whether the kubelet's probes reach the containers that they ask about: who asks from where, which
//! box answers, and what stands in between. Whether an application is well is not known here, nor
//! what a run makes of a probe that fails.

mod asked;
mod injector;
mod network;
#[cfg(test)]
mod tests;
mod way;

use std::net::IpAddr;

use serde::Serialize;

use crate::control::ControlPlanes;
use crate::explain::{Decision, Explanation, RuleId, Tree};
use crate::manifest::Place;
use crate::manifest::kinds::{Container, HealthProbe};
use crate::path::DataPath;
use crate::walk::Untold;
use crate::world::{Origin, WorkloadId, World};

pub use asked::Asked;

const ASKED: RuleId = RuleId("k8s.probe.asked");

/// Which probe of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeKind {
    /// Until it passes, the others are not asked.
    Startup,
    /// Whether the pod takes traffic.
    Readiness,
    /// Whether the container is restarted.
    Liveness,
}

/// What answers a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    /// The container itself.
    Application,
    /// The agent beside the sidecar, which asks the application in its turn.
    PilotAgent,
    /// The sidecar, in place of the application.
    Sidecar,
    /// Nobody that is known.
    Nobody,
}

/// What becomes of a probe, as far as the way to the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gets to where it is answered.
    Passes,
    /// It fails however well the application is.
    Fails {
        /// Why, in one sentence.
        why: String,
        /// The lines that make it so.
        origins: Vec<Origin>,
    },
    /// It cannot be told.
    Unknown {
        /// Why, in one sentence.
        why: String,
        /// The lines that it turns on.
        origins: Vec<Origin>,
    },
}

/// One probe of a container.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Whose pods.
    pub workload: WorkloadId,
    /// The container's name.
    pub container: String,
    /// Which probe.
    pub kind: ProbeKind,
    /// Where it is written.
    pub place: Place,
    /// What is written, with its port resolved.
    pub written: Asked,
    /// What the kubelet asks: something else where the injector rewrites it.
    pub asked: Asked,
    /// What carries the pod's traffic.
    pub data_path: DataPath,
    /// The address that it comes from, where it is known.
    pub from: Option<IpAddr>,
    /// What answers.
    pub answered_by: AnsweredBy,
    /// What becomes of it, and why.
    pub verdict: Decision<Verdict>,
    /// What is worth knowing beside it.
    pub notes: Vec<&'static str>,
}

impl Probed {
    /// Doubts what passes where the manifests hold policies that nobody reads.
    pub fn doubt(&mut self, untold: &[Untold]) {
        let Some(kind) = untold.iter().find(|kind| kind.turns_away()) else { return };
        if self.verdict.outcome == Verdict::Passes && self.asked != Asked::Exec {
            let why = format!("it turns on {}, which is not modelled", kind.what);
            let origins = kind.origin.into_iter().collect();
            self.verdict.because.finding.clone_from(&why);
            self.verdict.outcome = Verdict::Unknown { why, origins };
        }
    }
}

/// The probes of all containers of a workload, in the order written. All pods of a workload are
/// taken to be like the first of them.
#[must_use]
pub fn of_workload(world: &World, planes: &ControlPlanes, workload: WorkloadId) -> Vec<Probed> {
    let containers = world.workloads[workload].containers.iter();
    let each = containers.flat_map(|container| {
        let probes = &container.probes;
        let kinds = [
            (ProbeKind::Startup, &probes.startup),
            (ProbeKind::Readiness, &probes.readiness),
            (ProbeKind::Liveness, &probes.liveness),
        ];
        let written = kinds.into_iter().filter_map(|(kind, probe)| Some((kind, probe.as_ref()?)));
        written.map(move |(kind, probe)| (container, kind, probe))
    });
    let scene =
        |(container, kind, probe)| Scene { world, planes, workload, container, kind, probe };
    each.map(|it| scene(it).probed()).collect()
}

/// One probe, and what its way depends on.
struct Scene<'s> {
    world: &'s World,
    planes: &'s ControlPlanes,
    workload: WorkloadId,
    container: &'s Container,
    kind: ProbeKind,
    probe: &'s HealthProbe,
}

impl Scene<'_> {
    fn probed(&self) -> Probed {
        let mut tree = Tree::default();
        let origin = Origin::Manifest(self.probe.place);
        let found = self.find(&mut tree);
        let sentence = match &found.verdict {
            Verdict::Passes => format!("{} is asked and answered", found.asked),
            Verdict::Fails { why, .. } | Verdict::Unknown { why, .. } => why.clone(),
        };
        let because = Explanation {
            rule: ASKED,
            finding: sentence,
            facts: Vec::new(),
            origin: Some(origin),
            because: tree.finish(),
        };
        let pods = &self.world.workloads[self.workload].pods;
        let data_path = match pods.start == pods.end {
            true => DataPath::None,
            false => self.planes.data_path(self.world, pods.start),
        };
        Probed {
            workload: self.workload,
            container: self.container.name.value.clone(),
            kind: self.kind,
            place: self.probe.place,
            written: Asked::written(&self.probe.asks, self.container),
            asked: found.asked,
            data_path,
            from: found.from,
            answered_by: found.answered_by,
            verdict: Decision { outcome: found.verdict, because },
            notes: found.notes,
        }
    }
}
