//! Rules `istio.inbound.*`: which traffic a sidecar takes for its workload.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.inbound.injection"),
        sentence: "A pod has a sidecar where its namespace or the pod itself asks for one by \
                   label, unless the pod refuses it or uses the host's network.",
        source: "istio manifests/charts/istio-control/istio-discovery/templates/\
                 mutatingwebhook.yaml; pkg/kube/inject/inject.go, injectRequired",
        fidelity: Fidelity::Exact,
        test: "injection::labels_of_the_namespace_and_the_pod_decide_on_the_proxy",
    },
    Rule {
        id: RuleId("istio.inbound.peer-authentication"),
        sentence: "The PeerAuthentication of a workload wins over that of its namespace, which \
                   wins over that of the mesh; what none sets is permissive.",
        source: "istio pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication",
        fidelity: Fidelity::Exact,
        test: "istio::authentication::the_nearest_policy_counts_and_ports_are_those_of_the_workload",
    },
];
