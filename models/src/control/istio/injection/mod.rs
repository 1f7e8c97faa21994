//! Which pods get a proxy beside them: labels of namespaces and pods, and what overrides them.

#[cfg(test)]
mod tests;

use crate::explain::{Decision, Explanation, Probe, RuleId, Silent, Tree};
use crate::manifest::kinds::Labels;
use crate::world::{Origin, PodId, World};

const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
const NAMESPACE: &str = "istio-injection";
/// The injector writes it, so a dump of a pod that has a proxy shows it.
const STATUS: &str = "sidecar.istio.io/status";
const TEMPLATES: &str = "inject.istio.io/templates";

/// Namespaces that the injector leaves alone
/// (istio `pkg/kube/inject/inject.go`, `IgnoredNamespaces`).
const IGNORED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

const RULE: RuleId = RuleId("istio.inbound.injection");

/// Whose word counts on which pods have a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Injection {
    /// The labels and annotations in the manifests.
    #[default]
    AsLabelled,
    /// All pods that can have one do, unless they refuse it: a scenario says so.
    Everywhere,
    /// No pod has one, as if the mesh were taken away.
    Nowhere,
}

/// What stands beside a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    /// A sidecar.
    Sidecar,
    /// The pod is a gateway.
    Gateway,
    /// Nothing.
    None,
}

/// What stands beside `pod`, and why.
#[must_use]
pub fn explain(world: &World, pod: PodId, injection: Injection) -> Decision<Proxy> {
    let mut tree = Tree::default();
    let outcome = decide(world, pod, injection, &mut tree);
    let because = tree.finish().into_iter().next().unwrap_or_else(|| Explanation {
        rule: RULE,
        finding: String::new(),
        facts: Vec::new(),
        origin: None,
        because: Vec::new(),
    });
    Decision { outcome, because }
}

/// Whether a sidecar stands beside `pod`, so that it takes mutual TLS.
#[must_use]
pub fn has_sidecar(world: &World, pod: PodId, injection: Injection) -> bool {
    decide(world, pod, injection, &mut Silent) == Proxy::Sidecar
}

/// What stands beside `pod` (istio `manifests/charts/istio-control/istio-discovery/templates/
/// mutatingwebhook.yaml`, and `pkg/kube/inject/inject.go`, `injectRequired`).
pub fn decide(world: &World, pod: PodId, injection: Injection, probe: &mut impl Probe) -> Proxy {
    probe.enter();
    let verdict = judge(world, pod, injection);
    probe.fact("pod", || world.pods[pod].name.clone());
    probe.leave(RULE, verdict.origin, || verdict.reason.to_owned());
    verdict.proxy
}

/// A verdict and what it rests on.
struct Verdict {
    proxy: Proxy,
    reason: &'static str,
    origin: Option<Origin>,
}

fn judge(world: &World, pod: PodId, injection: Injection) -> Verdict {
    let workload = world.workload_of(pod);
    let labels: &Labels = &world.pods[pod].labels;
    let none = |reason, origin| Verdict { proxy: Proxy::None, reason, origin };
    let Some(namespace) = workload.namespace else {
        return none("a host outside has no proxy", None);
    };
    let namespace = &world.namespaces[namespace];
    let annotations: &Labels = &workload.annotations;
    if injection == Injection::Nowhere {
        return none("no pod of this run has a proxy", None);
    }
    if let Some(status) = annotations.get(STATUS) {
        let origin = Some(Origin::Manifest(status.place));
        return Verdict { proxy: kind(annotations), reason: "the manifest has the proxy", origin };
    }
    if workload.host_network {
        return none("a pod on the host's network is never injected", Some(workload.origin));
    }
    if IGNORED.contains(&namespace.name.as_str()) {
        return none("the injector leaves this namespace alone", Some(namespace.origin));
    }
    // The label is the new form and wins over the annotation.
    let asked = labels.get(INJECT).or_else(|| annotations.get(INJECT));
    if let Some(refusal) = asked.filter(|asked| asked.value == "false") {
        return none("the pod refuses the proxy", Some(Origin::Manifest(refusal.place)));
    }
    if injection == Injection::Everywhere {
        let reason = "every pod of this run has a proxy";
        return Verdict { proxy: kind(annotations), reason, origin: None };
    }
    let wanted = wanted(&namespace.labels, labels);
    match wanted {
        Some((reason, place)) => {
            Verdict { proxy: kind(annotations), reason, origin: Some(Origin::Manifest(place)) }
        }
        None => none("neither the namespace nor the pod asks for a proxy", Some(namespace.origin)),
    }
}

/// Which of the injector's selectors takes the pod.
fn wanted(namespace: &Labels, pod: &Labels) -> Option<(&'static str, crate::manifest::Place)> {
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

fn kind(annotations: &Labels) -> Proxy {
    let template = annotations.get(TEMPLATES).map_or("", |templates| templates.value.as_str());
    let is_gateway = template.split(',').any(|template| template.trim() == "gateway");
    if is_gateway { Proxy::Gateway } else { Proxy::Sidecar }
}
