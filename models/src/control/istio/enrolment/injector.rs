//! Which pods the injector gives a proxy: labels of namespaces and pods, and what overrides them.
//!
//! Source: istio `manifests/charts/istio-control/istio-discovery/templates/
//! mutatingwebhook.yaml`, and `pkg/kube/inject/inject.go`, `injectRequired`.

use crate::explain::RuleId;
use crate::manifest::Place;
use crate::manifest::kinds::Labels;
use crate::world::Origin;

use super::{EXCLUDED, Enrolled, GIVEN, INJECTION, Subject, Verdict, nothing};

const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
const NAMESPACE: &str = "istio-injection";
/// The injector writes it, so a dump of a pod that has a proxy shows it.
const STATUS: &str = "sidecar.istio.io/status";
const TEMPLATES: &str = "inject.istio.io/templates";

/// Namespaces that the injector leaves alone
/// (istio `pkg/kube/inject/inject.go`, `IgnoredNamespaces`).
const IGNORED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// What the injector does with a pod by its labels.
pub(super) fn judge(subject: &Subject<'_>) -> Verdict {
    if let Some(verdict) = settled(subject) {
        return verdict;
    }
    match wanted(&subject.namespace.labels, subject.labels) {
        Some((reason, place)) => proxy(subject, INJECTION, reason, Some(Origin::Manifest(place))),
        None => {
            let reason = "neither the namespace nor the pod asks for a proxy";
            nothing(INJECTION, reason, Some(subject.namespace.origin))
        }
    }
}

/// What stands beside a pod that is given a sidecar, unless it cannot have one or refuses it.
pub(super) fn given(subject: &Subject<'_>) -> Verdict {
    let settled = settled(subject);
    settled.unwrap_or_else(|| proxy(subject, GIVEN, "a sidecar is given to the pod", None))
}

/// What nobody's wish changes.
fn settled(subject: &Subject<'_>) -> Option<Verdict> {
    if let Some(status) = subject.workload.annotations.get(STATUS) {
        let origin = Some(Origin::Manifest(status.place));
        return Some(proxy(subject, INJECTION, "the manifest has the proxy", origin));
    }
    excluded(subject).or_else(|| refused(subject))
}

/// Pods that never get a proxy.
fn excluded(subject: &Subject<'_>) -> Option<Verdict> {
    let Subject { workload, namespace, .. } = subject;
    if workload.host_network {
        let reason = "a pod on the host's network is never injected";
        return Some(nothing(EXCLUDED, reason, Some(workload.origin)));
    }
    let is_ignored = IGNORED.contains(&namespace.name.as_str());
    let reason = "the injector leaves this namespace alone";
    is_ignored.then(|| nothing(EXCLUDED, reason, Some(namespace.origin)))
}

fn refused(subject: &Subject<'_>) -> Option<Verdict> {
    // The label is the new form and wins over the annotation.
    let asked = subject.labels.get(INJECT).or_else(|| subject.workload.annotations.get(INJECT));
    let refusal = asked.filter(|asked| asked.value == "false")?;
    let origin = Some(Origin::Manifest(refusal.place));
    Some(nothing(INJECTION, "the pod refuses the proxy", origin))
}

/// Which of the injector's selectors takes the pod.
fn wanted(namespace: &Labels, pod: &Labels) -> Option<(&'static str, Place)> {
    if let Some(enabled) = namespace.get(NAMESPACE) {
        let is_enabled = enabled.value == "enabled";
        return is_enabled.then_some(("the namespace asks for it", enabled.place));
    }
    if let Some(revision) = namespace.get(REVISION) {
        return Some(("the namespace asks for a revision", revision.place));
    }
    if let Some(revision) = pod.get(REVISION) {
        return Some(("the pod asks for a revision", revision.place));
    }
    let inject = pod.get(INJECT).filter(|inject| inject.value == "true");
    inject.map(|inject| ("the pod asks for it", inject.place))
}

fn proxy(
    subject: &Subject<'_>,
    rule: RuleId,
    reason: &'static str,
    origin: Option<Origin>,
) -> Verdict {
    let is_gateway = is_gateway(&subject.workload.annotations);
    let enrolled = if is_gateway { Enrolled::Gateway } else { Enrolled::Sidecar };
    Verdict { enrolled, rule, reason, origin }
}

/// Whether the injector makes the pod a gateway.
pub(super) fn is_gateway(annotations: &Labels) -> bool {
    let template = annotations.get(TEMPLATES).map_or("", |templates| templates.value.as_str());
    template.split(',').any(|template| template.trim() == "gateway")
}
