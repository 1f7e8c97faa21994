//! Rules `istio.inbound.*`: which traffic a sidecar takes for its workload, and how.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.inbound.mutual-tls"),
        sentence: "A strict port takes mutual TLS of the mesh and resets plaintext, a permissive \
                   one takes both, and one that disables it ends no TLS.",
        source: "istio pilot/pkg/networking/core/filterchain_options.go",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::a_strict_port_resets_plaintext_and_wants_a_certificate",
    },
    Rule {
        id: RuleId("istio.inbound.older-service"),
        sentence: "Of Services that declare one port of a workload the older says what is spoken \
                   there.",
        source: "istio pilot/pkg/networking/core/listener_inbound.go, getFilterChainsByServicePort",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::of_two_services_on_one_port_the_older_one_says_what_is_spoken",
    },
    Rule {
        id: RuleId("istio.inbound.peer-authentication"),
        sentence: "The PeerAuthentication of a workload wins over that of its namespace, which \
                   wins over that of the mesh; what none sets is permissive.",
        source: "istio pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication",
        fidelity: Fidelity::Exact,
        test: "istio::authentication::the_nearest_policy_counts_and_ports_are_those_of_the_workload",
    },
    Rule {
        id: RuleId("istio.inbound.port-policy"),
        sentence: "A mode for a port counts by the port of the workload, and also where nothing \
                   declares the port.",
        source: "istio pilot/pkg/networking/plugin/authn/authentication.go, ForPassthrough",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::a_policy_for_a_port_counts_even_where_no_service_names_the_port",
    },
    Rule {
        id: RuleId("istio.inbound.ports"),
        sentence: "A sidecar serves the ports of the Services that select its workload, the older                    one first; where a Sidecar has ingress, those ports are all there are.",
        source: "istio pilot/pkg/networking/core/listener_inbound.go, buildInboundChainConfigs",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::the_ingress_of_a_sidecar_is_all_there_is",
    },
    Rule {
        id: RuleId("istio.inbound.probes"),
        sentence: "Probes of the kubelet are rewritten to the agent beside the proxy, so a strict \
                   port does not break them; an annotation leaves them as they are, and then \
                   plaintext probes of a strict port are reset.",
        source: "istio pkg/kube/inject/app_probe.go, ShouldRewriteAppHTTPProbers",
        fidelity: Fidelity::Simplified,
        test: "inbound::tests::probes_pass_strict_ports_unless_they_are_left_as_they_are",
    },
    Rule {
        id: RuleId("istio.inbound.retry"),
        sentence: "The sidecar beside the server tries again what was reset before it reached the \
                   application, twice and not for gRPC; older versions did not.",
        source: "istio pilot/pkg/networking/core/route/retry/retry.go, ConvertInboundPolicy; \
                 releasenotes/notes/52055.yaml",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::the_inbound_side_has_no_limit_of_time_and_tries_again_only_what_was_never_sent",
    },
    Rule {
        id: RuleId("istio.inbound.undeclared-port"),
        sentence: "Connections to a port that nothing declares go on to where they were dialled, \
                   with the encryption that is demanded of the workload.",
        source: "istio pilot/pkg/networking/core/listener_inbound.go, \
                 buildInboundPassthroughChains",
        fidelity: Fidelity::Exact,
        test: "inbound::tests::ports_that_no_service_names_go_where_they_were_dialled_and_the_listeners_own_ends",
    },
];
