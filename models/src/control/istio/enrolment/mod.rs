//! What carries the traffic of each pod as far as Istio is concerned: which pods get a sidecar,
//! which are gateways, and which are given to the ztunnel of their node. What these boxes do is
//! not said here.

mod ambient;
mod findings;
mod injector;
#[cfg(test)]
mod laws;
mod startup;
#[cfg(test)]
mod tests;

use crate::explain::{Decision, Explanation, Probe, RuleId, Silent, Tree};
use crate::manifest::kinds::Labels;
use crate::path::{Choice, DataPath, Placement};
use crate::world::{Namespace, Origin, PodId, Workload, WorkloadId, World};

pub(super) use findings::findings;

const INJECTION: RuleId = RuleId("istio.enrolment.injection");
const AMBIENT: RuleId = RuleId("istio.enrolment.ambient");
const EXCLUDED: RuleId = RuleId("istio.enrolment.excluded");
const GIVEN: RuleId = RuleId("istio.enrolment.given");

/// What Istio puts on the way of a pod's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enrolled {
    /// Nothing.
    Nothing,
    /// A sidecar.
    Sidecar,
    /// The pod is a gateway.
    Gateway,
    /// The ztunnel of its node.
    Ambient,
}

impl Enrolled {
    /// The data path of the pod. A gateway has none of its own: it is a proxy itself.
    #[must_use]
    pub const fn data_path(self) -> DataPath {
        match self {
            Self::Nothing | Self::Gateway => DataPath::None,
            Self::Sidecar => DataPath::IstioSidecar,
            Self::Ambient => DataPath::IstioAmbient,
        }
    }
}

/// What Istio puts on the way of a pod's traffic, and why.
#[must_use]
pub fn explain(world: &World, pod: PodId, placement: &Placement) -> Decision<Enrolled> {
    let mut tree = Tree::default();
    let outcome = decide(world, pod, placement, &mut tree);
    let because = tree.finish().into_iter().next().unwrap_or_else(|| Explanation {
        rule: INJECTION,
        finding: String::new(),
        facts: Vec::new(),
        origin: None,
        because: Vec::new(),
    });
    Decision { outcome, because }
}

/// What Istio puts on the way of a workload's traffic: all its pods have the same labels. Nothing
/// for one without pods.
#[must_use]
pub fn of_workload(world: &World, workload: WorkloadId, placement: &Placement) -> Enrolled {
    let pods = &world.workloads[workload].pods;
    let first = (pods.start != pods.end).then_some(pods.start);
    first.map_or(Enrolled::Nothing, |pod| decide(world, pod, placement, &mut Silent))
}

/// Whether a sidecar stands beside `pod`, so that it takes mutual TLS.
#[must_use]
pub fn has_sidecar(world: &World, pod: PodId, placement: &Placement) -> bool {
    decide(world, pod, placement, &mut Silent) == Enrolled::Sidecar
}

/// What Istio puts on the way of a pod's traffic.
///
/// The injector is asked when the pod is made and the node agent when its network is; a pod that
/// has a sidecar by then is not given to the ztunnel (istio `pkg/kube/inject/inject.go`,
/// `injectRequired`, and `cni/pkg/util/enablement_selector.go`, `Matches`).
pub fn decide(
    world: &World,
    pod: PodId,
    placement: &Placement,
    probe: &mut impl Probe,
) -> Enrolled {
    probe.enter();
    let verdict = judge(world, pod, placement);
    probe.fact("pod", || world.pods[pod].name.clone());
    probe.leave(verdict.rule, verdict.origin, || verdict.reason.to_owned());
    verdict.enrolled
}

/// A verdict and what it rests on.
struct Verdict {
    enrolled: Enrolled,
    rule: RuleId,
    reason: &'static str,
    origin: Option<Origin>,
}

/// What the verdict on a pod depends on.
struct Subject<'w> {
    workload: &'w Workload,
    namespace: &'w Namespace,
    labels: &'w Labels,
}

fn judge(world: &World, pod: PodId, placement: &Placement) -> Verdict {
    let workload = world.workload_of(pod);
    let Some(namespace) = workload.namespace else {
        return nothing(EXCLUDED, "a host outside has no proxy", None);
    };
    let namespace = &world.namespaces[namespace];
    let subject = Subject { workload, namespace, labels: &world.pods[pod].labels };
    match placement.of(world.pods[pod].workload) {
        Choice::FromLabels => match injector::judge(&subject) {
            proxied if proxied.enrolled != Enrolled::Nothing => proxied,
            bare => ambient::judge(&subject).unwrap_or(bare),
        },
        Choice::Given(DataPath::None) => nothing(GIVEN, "no proxy is given to the pod", None),
        Choice::Given(DataPath::IstioSidecar) => injector::given(&subject),
        Choice::Given(DataPath::IstioAmbient) => ambient::given(&subject),
    }
}

const fn nothing(rule: RuleId, reason: &'static str, origin: Option<Origin>) -> Verdict {
    Verdict { enrolled: Enrolled::Nothing, rule, reason, origin }
}
