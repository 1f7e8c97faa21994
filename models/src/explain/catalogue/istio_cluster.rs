//! Rules `istio.cluster.*`: what Istio makes of Services and DestinationRules.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.cluster.auto-mtls"),
        sentence: "Mutual TLS is used to endpoints with a proxy, unless a DestinationRule sets \
                   any `tls`, the service lies outside or its namespace disables it.",
        source: "istio pilot/pkg/networking/core/cluster_tls.go, buildUpstreamTLSSettings",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::any_tls_of_a_rule_ends_the_choice_of_istio",
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
        id: RuleId("istio.cluster.locality-needs-outlier-detection"),
        sentence: "Localities get priorities only with outlier detection, which brings them by \
                   itself; weights by `distribute` exclude them.",
        source: "istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go, \
                 ApplyLocalityLoadBalancer",
        fidelity: Fidelity::Exact,
        test: "clusters::tests::outlier_detection_alone_brings_priorities_by_locality",
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
        id: RuleId("istio.cluster.subset-overlays"),
        sentence: "The policy of a subset lies over that of the host, block by block.",
        source: "istio pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy",
        fidelity: Fidelity::Exact,
        test: "destination::tests::a_subset_overlays_the_destination_block_by_block",
    },
];
