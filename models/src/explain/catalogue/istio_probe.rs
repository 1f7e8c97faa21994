//! Rules `istio.probe.*`: what a mesh makes of the kubelet's probes.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.probe.captured"),
        sentence: "A probe that is not rewritten reaches a sidecar as a call without a certificate: \
                   strict mutual TLS resets it, and policies on access judge it as anybody's.",
        source: "https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/",
        fidelity: Fidelity::Exact,
        test: "probes::tests::a_probe_that_is_not_rewritten_is_reset_where_mutual_tls_is_strict",
    },
    Rule {
        id: RuleId("istio.probe.rewritten"),
        sentence: "The injector has the agent beside the sidecar asked over HTTP in place of the \
                   application's HTTP, HTTPS, TCP and gRPC probes, unless an annotation of the pod \
                   refuses it; the agent asks the application past the sidecar.",
        source: "istio pkg/kube/inject/app_probe.go, convertAppProber; pkg/kube/inject/webhook.go, \
                 applyRewrite; manifests/charts/istio-control/istio-discovery/values.yaml, \
                 rewriteAppHTTPProbe",
        fidelity: Fidelity::Simplified,
        test: "probes::tests::the_agent_beside_a_sidecar_is_asked_in_the_applications_place",
    },
    Rule {
        id: RuleId("istio.probe.source"),
        sentence: "In ambient the kubelet's connections come from 169.254.7.127, which policies of \
                   the network may not know as the pod's own node.",
        source: "istio cni/pkg/iptables/iptables.go, AppendHostRules; \
                 https://istio.io/latest/docs/ambient/usage/networkpolicy/",
        fidelity: Fidelity::Exact,
        test: "probes::tests::in_ambient_a_policy_of_the_network_may_stop_probes_unless_it_names_their_address",
    },
    Rule {
        id: RuleId("istio.probe.tcp"),
        sentence: "A TCP probe that is not rewritten passes wherever the sidecar takes the \
                   connection, whether or not the application listens.",
        source: "istio pkg/kube/inject/app_probe.go, convertAppProberTCPSocket",
        fidelity: Fidelity::Exact,
        test: "probes::tests::a_tcp_probe_that_is_not_rewritten_says_nothing_of_the_application",
    },
];
