//! Which pods the node agent gives to the ztunnel of their node: the label on namespaces and pods,
//! and what excludes a pod.
//!
//! Source: istio `cni/pkg/util/enablement_selector.go`, `Matches`, with the selectors and the
//! excluded namespaces of `manifests/charts/istio-cni/values.yaml`.

use crate::explain::RuleId;
use crate::manifest::Located;
use crate::world::Origin;

use super::injector::is_gateway;
use super::{AMBIENT, EXCLUDED, Enrolled, GIVEN, Subject, Verdict, nothing};

pub(super) const MODE: &str = "istio.io/dataplane-mode";
pub(super) const TAKEN: &str = "ambient";
pub(super) const REFUSED: &str = "none";

/// The node agent writes it, so a dump of a pod that a ztunnel has shows it
/// (istio `cni/pkg/util/podutil.go`, `PodFullyEnrolled`).
const REDIRECTION: &str = "ambient.istio.io/redirection";

/// The namespaces that the chart excludes.
const EXCLUDED_NAMESPACES: [&str; 1] = ["kube-system"];

/// What the node agent does with a pod that has no proxy, by its labels; `None` if nothing asks
/// for the ztunnel.
pub(super) fn judge(subject: &Subject<'_>) -> Option<Verdict> {
    let (reason, label) = wanted(subject)?;
    let origin = Some(Origin::Manifest(label.place));
    Some(excluded(subject).unwrap_or_else(|| taken(AMBIENT, reason, origin)))
}

/// What stands on the way of a pod that is given to the ztunnel, unless it cannot be or refuses
/// it. A sidecar that the manifests ask for is taken away.
pub(super) fn given(subject: &Subject<'_>) -> Verdict {
    let refusal = subject.labels.get(MODE).filter(|mode| mode.value == REFUSED);
    let refused = refusal.map(|mode| {
        let origin = Some(Origin::Manifest(mode.place));
        nothing(AMBIENT, "the pod refuses the ztunnel", origin)
    });
    if is_gateway(&subject.workload.annotations) {
        let (enrolled, reason) = (Enrolled::Gateway, "the pod is a gateway");
        return Verdict { enrolled, rule: GIVEN, reason, origin: None };
    }
    let settled = excluded(subject).or(refused);
    settled.unwrap_or_else(|| taken(GIVEN, "the pod is given to the ztunnel", None))
}

/// Pods that no ztunnel gets.
fn excluded(subject: &Subject<'_>) -> Option<Verdict> {
    let Subject { workload, namespace, .. } = subject;
    if workload.host_network {
        let reason = "a pod on the host's network is never given to the ztunnel";
        return Some(nothing(EXCLUDED, reason, Some(workload.origin)));
    }
    let is_excluded = EXCLUDED_NAMESPACES.contains(&namespace.name.as_str());
    let reason = "the node agent leaves this namespace alone";
    is_excluded.then(|| nothing(EXCLUDED, reason, Some(namespace.origin)))
}

/// Which of the node agent's selectors takes the pod, or the annotation that says that it did.
fn wanted<'s>(subject: &'s Subject<'_>) -> Option<(&'static str, &'s Located<String>)> {
    let redirection = subject.workload.annotations.get(REDIRECTION);
    if let Some(enabled) = redirection.filter(|it| it.value == "enabled") {
        return Some(("the manifest says that the ztunnel has the pod", enabled));
    }
    let own = subject.labels.get(MODE);
    if let Some(own) = own.filter(|own| own.value == TAKEN) {
        return Some(("the pod asks for the ztunnel", own));
    }
    if own.is_some_and(|own| own.value == REFUSED) {
        return None;
    }
    let namespace = subject.namespace.labels.get(MODE).filter(|mode| mode.value == TAKEN)?;
    Some(("the namespace asks for the ztunnel", namespace))
}

const fn taken(rule: RuleId, reason: &'static str, origin: Option<Origin>) -> Verdict {
    Verdict { enrolled: Enrolled::Ambient, rule, reason, origin }
}
