//! Rules `istio.cluster.*`: what Istio makes of Services and DestinationRules.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.cluster.auto-mtls"),
        sentence: "Mutual TLS is used to endpoints with a sidecar that does not disable it, unless \
                   a DestinationRule sets any `tls`, the service lies outside or its namespace \
                   disables it.",
        source: "istio pilot/pkg/networking/core/cluster_tls.go, buildUpstreamTLSSettings; \
                 pilot/pkg/xds/endpoints/mtls_checker.go",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::any_tls_of_a_rule_ends_the_choice_of_istio",
    },
    Rule {
        id: RuleId("istio.cluster.connect-timeout"),
        sentence: "A connection may take 10 s to be made, unless a DestinationRule or the mesh \
                   says otherwise.",
        source: "istio pkg/config/mesh/mesh.go, DefaultMeshConfig; pilot/pkg/networking/core/\
                 cluster_traffic_policy.go, applyConnectionPool",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::without_a_rule_the_defaults_are_those_of_istio_not_of_envoy",
    },
    Rule {
        id: RuleId("istio.cluster.destination-rule-lookup"),
        sentence: "The client's namespace is asked for a DestinationRule first, then the \
                   service's, then the root namespace; the first that has one ends the search.",
        source: "istio pilot/pkg/model/push_context.go, destinationRule",
        fidelity: Fidelity::Exact,
        test: "destination::tests::\
               the_namespace_of_the_client_is_asked_first_and_the_first_answer_ends_the_search",
    },
    Rule {
        id: RuleId("istio.cluster.destination-rule-selector"),
        sentence: "A DestinationRule for some workloads counts for these alone, in its own \
                   namespace, and not for calls that they get.",
        source: "istio pilot/pkg/model/sidecar.go, DestinationRule",
        fidelity: Fidelity::Exact,
        test: "destination::tests::a_rule_for_some_workloads_counts_for_these_in_its_own_namespace",
    },
    Rule {
        id: RuleId("istio.cluster.ejection"),
        sentence: "Hosts are ejected only where a DestinationRule or the mesh has outlier \
                   detection, and then never for their success rate.",
        source: "istio pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::ejection_turns_the_panic_off_and_success_rates_never_eject",
    },
    Rule {
        id: RuleId("istio.cluster.limits"),
        sentence: "Connections, requests and retries have no limit but those that are written; \
                   Envoy's own 1024 and 3 are lifted.",
        source: "istio pilot/pkg/networking/core/cluster_traffic_policy.go, \
                 getDefaultCircuitBreakerThresholds",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::without_a_rule_the_defaults_are_those_of_istio_not_of_envoy",
    },
    Rule {
        id: RuleId("istio.cluster.load-balancer"),
        sentence: "The less busy of two hosts drawn gets the next request, unless a \
                   DestinationRule says otherwise; Envoy's own default would be each in turn.",
        source: "istio pilot/pkg/networking/core/cluster_traffic_policy.go, applyLoadBalancer",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::without_a_rule_the_defaults_are_those_of_istio_not_of_envoy",
    },
    Rule {
        id: RuleId("istio.cluster.locality-needs-outlier-detection"),
        sentence: "Localities get priorities only with outlier detection, which brings them by \
                   itself; weights by `distribute` exclude them.",
        source: "istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go, \
                 ApplyLocalityLoadBalancer",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::outlier_detection_alone_brings_priorities_by_locality",
    },
    Rule {
        id: RuleId("istio.cluster.panic"),
        sentence: "With outlier detection the panic threshold is minHealthPercent, zero unless \
                   written, so that ejected hosts get nothing; without it Envoy's 50 % stays.",
        source: "istio pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::ejection_turns_the_panic_off_and_success_rates_never_eject",
    },
    Rule {
        id: RuleId("istio.cluster.port-settings-replace"),
        sentence: "Settings for a port replace those of the destination as a whole; what they \
                   leave out is default.",
        source: "istio pilot/pkg/networking/util/util.go, GetPortLevelTrafficPolicy",
        fidelity: Fidelity::Exact,
        test: "destination::tests::settings_for_a_port_replace_those_of_the_destination",
    },
    Rule {
        id: RuleId("istio.cluster.protocol"),
        sentence: "A port speaks what its appProtocol says, or else the first part of its name; \
                   what neither says is sniffed, but for ports whose servers speak first.",
        source: "istio pkg/config/kube/conversion.go, ConvertProtocol",
        fidelity: Fidelity::Exact,
        test: "protocol::the_declared_protocol_beats_the_name_and_server_first_ports_are_not_sniffed",
    },
    Rule {
        id: RuleId("istio.cluster.subset-overlays"),
        sentence: "The policy of a subset lies over that of the host, block by block.",
        source: "istio pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy",
        fidelity: Fidelity::Exact,
        test: "destination::tests::a_subset_overlays_the_destination_block_by_block",
    },
];
