//! Rules `istio.capture.*`: which connections a node redirects to the proxy beside a workload.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("istio.capture.inbound"),
        sentence: "Connections to all ports of a workload are redirected to its proxy, but for \
                   the proxy's own; annotations exclude some ports, or name those that are.",
        source: "istio tools/istio-iptables/pkg/capture/run.go, handleInboundPortsInclude; \
                 manifests/charts/istio-control/istio-discovery/files/injection-template.yaml",
        fidelity: Fidelity::Exact,
        test: "capture::tests::all_ports_are_redirected_but_those_of_the_proxy_and_those_that_an_annotation_excludes",
    },
    Rule {
        id: RuleId("istio.capture.outbound"),
        sentence: "Connections that a workload makes are redirected to its proxy, unless they stay \
                   in the pod or annotations exclude their port or address.",
        source: "istio tools/istio-iptables/pkg/capture/run.go, Run",
        fidelity: Fidelity::Simplified,
        test: "capture::tests::calls_are_redirected_unless_their_port_or_address_is_excluded",
    },
];
