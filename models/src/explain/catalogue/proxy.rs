//! The rules of the proxies: who picks an endpoint, and how.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("proxy.client.dialled-address"),
        sentence: "A caller that is given several addresses dials one of them at random for each \
                   connection.",
        source: "the resolver shuffles its answers; which one a client library takes is its own \
                 business",
        fidelity: Fidelity::Assumed,
        test: "kube_proxy::the_whole_range_of_draws_reaches_every_endpoint_alike",
    },
    Rule {
        id: RuleId("proxy.envoy.least-request"),
        sentence: "Of two hosts drawn at random the one with fewer active requests takes the next.",
        source: "Envoy, \"Supported load balancers\", weighted least request with equal weights; \
                 Istio's default, cluster_traffic_policy.go",
        fidelity: Fidelity::Exact,
        test: "least_request::the_less_busy_of_the_two_drawn_hosts_is_taken",
    },
    Rule {
        id: RuleId("proxy.gateway.random"),
        sentence: "A gateway at the edge picks an endpoint at random for each request.",
        source: "controllers differ; the Ingress API does not say",
        fidelity: Fidelity::Assumed,
        test: "kube_proxy::the_whole_range_of_draws_reaches_every_endpoint_alike",
    },
    Rule {
        id: RuleId("proxy.kube-proxy.random"),
        sentence: "kube-proxy picks a ready endpoint at random for each connection.",
        source: "https://kubernetes.io/docs/reference/networking/virtual-ips/",
        fidelity: Fidelity::Exact,
        test: "kube_proxy::the_whole_range_of_draws_reaches_every_endpoint_alike",
    },
];
