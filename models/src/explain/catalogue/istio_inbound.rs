//! Rules `istio.inbound.*`: which traffic a sidecar takes for its workload.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[Rule {
    id: RuleId("istio.inbound.injection"),
    sentence: "A pod has a sidecar where its namespace or the pod itself asks for one by label, \
               unless the pod refuses it or uses the host's network.",
    source: "istio manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml; \
             pkg/kube/inject/inject.go, injectRequired",
    fidelity: Fidelity::Exact,
    test: "injection::labels_of_the_namespace_and_the_pod_decide_on_the_proxy",
}];
