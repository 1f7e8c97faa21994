//! Rules `istio.enrolment.*`: what Istio puts on the way of a pod's traffic.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.enrolment.ambient"),
        sentence: "A pod without a sidecar is given to the ztunnel of its node where its namespace \
                   or the pod itself asks for the ambient data plane by label, unless the pod \
                   refuses it.",
        source: "istio cni/pkg/util/enablement_selector.go, Matches; \
                 manifests/charts/istio-cni/values.yaml, enablementSelectors",
        fidelity: Fidelity::Exact,
        test: "enrolment::tests::the_label_of_the_data_plane_mode_gives_a_pod_to_the_ztunnel_unless_it_refuses",
    },
    Rule {
        id: RuleId("istio.enrolment.excluded"),
        sentence: "Pods on the host's network, and pods of the namespaces that the injector or \
                   the node agent leaves alone, get neither a sidecar nor a ztunnel.",
        source: "istio pkg/kube/inject/inject.go, injectRequired and IgnoredNamespaces; \
                 manifests/charts/istio-cni/values.yaml, excludeNamespaces",
        fidelity: Fidelity::Exact,
        test: "enrolment::tests::a_sidecar_and_the_hosts_network_keep_a_pod_from_the_ztunnel",
    },
    Rule {
        id: RuleId("istio.enrolment.given"),
        sentence: "A scenario or the command line may give a workload a data path in place of its \
                   labels; pods that cannot have it or refuse it go without.",
        source: "the scenario file, `data_path` and `data_paths`",
        fidelity: Fidelity::Assumed,
        test: "enrolment::tests::a_run_may_give_every_pod_a_data_path_that_it_does_not_refuse",
    },
    Rule {
        id: RuleId("istio.enrolment.injection"),
        sentence: "A pod has a sidecar where its namespace or the pod itself asks for one by \
                   label, unless the pod refuses it or uses the host's network.",
        source: "istio manifests/charts/istio-control/istio-discovery/templates/\
                 mutatingwebhook.yaml; pkg/kube/inject/inject.go, injectRequired",
        fidelity: Fidelity::Exact,
        test: "enrolment::tests::labels_of_the_namespace_and_the_pod_decide_on_the_proxy",
    },
];
