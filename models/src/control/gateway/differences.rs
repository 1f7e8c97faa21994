//! Where Istio differs from the standard, as data. The profile `istio` follows Istio in each of
//! them; the list itself decides nothing.

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The rule that it is about, as the catalogue names it.
    pub rule: &'static str,
    /// What the standard says.
    pub standard: &'static str,
    /// What Istio does.
    pub istio: &'static str,
    /// Where that is written down.
    pub source: &'static str,
}

const CONVERSION: &str = "istio pilot/pkg/config/kube/gateway/conversion.go";

/// Every difference that is modelled, in the order of rules.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        rule: "gateway.attach.one-kind-a-hostname",
        standard: "of an HTTPRoute and a GRPCRoute with a hostname in common the older one is \
                   accepted",
        istio: "both are accepted and their rules merged",
        source: "istio pilot/pkg/config/kube/gateway/controller.go, httpAndGrpcVS",
    },
    Difference {
        rule: "gateway.backend.invalid",
        standard: "gRPC calls that fall to an invalid backend get UNAVAILABLE",
        istio: "they get the status 500 like all requests, which gRPC clients take for UNKNOWN",
        source: "istio pilot/pkg/networking/core/route/route.go, ClusterNotFoundResponseCode; \
                 conversion.go, convertGRPCRoute",
    },
    Difference {
        rule: "gateway.class",
        standard: "who looks after a GatewayClass is left to its controller",
        istio: "only classes of istio.io/gateway-controller count",
        source: "istio pilot/pkg/config/kube/gateway/gateway_collection.go",
    },
    Difference {
        rule: "gateway.filter.unsupported",
        standard: "a filter that cannot be applied gives an error to the requests of its rule",
        istio: "the whole route is left out, and its requests get 404 or meet another route",
        source: "istio pilot/pkg/config/kube/gateway/route_collections.go, computeRoute",
    },
    Difference {
        rule: "gateway.filter.unsupported",
        standard: "backends may have every filter of their own",
        istio: "backends take changes of headers only; other filters leave the whole route out",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, buildHTTPDestination",
    },
    Difference {
        rule: "gateway.listener.isolation",
        standard: "requests over TLS for hosts of another listener get 421",
        istio: "they are not told apart",
        source: "istio pilot/pkg/config/kube/gateway/supported_features.go, \
                 GatewayHTTPSListenerDetectMisdirectedRequests",
    },
    Difference {
        rule: "gateway.match.first-of-name",
        standard: "of entries with an equivalent name the first counts",
        istio: "of entries with the same spelling the last counts, and headers spelt differently \
                all count",
        source: CONVERSION,
    },
    Difference {
        rule: "gateway.match.precedence",
        standard: "rules of a wider hostname are tried when none of the most specific one fits",
        istio: "each hostname is a virtual host of its own: its requests get 404 instead",
        source: "istio pilot/pkg/config/kube/gateway/route_collections.go, HTTPRouteCollection",
    },
    Difference {
        rule: "gateway.match.precedence",
        standard: "calls are ordered by the length of service and method",
        istio: "calls are ordered by the path that they have, as HTTP requests are",
        source: CONVERSION,
    },
    Difference {
        rule: "gateway.mesh.frontend",
        standard: "a request belongs to the Service whose address was dialled",
        istio: "it belongs to the Service that its authority names",
        source: "https://github.com/istio/istio/issues/44702; conformance MeshFrontendHostname",
    },
    Difference {
        rule: "gateway.mesh.one-kind",
        standard: "a GRPCRoute for a port of a Service sets its HTTPRoutes aside",
        istio: "the rules of both are merged",
        source: "istio pilot/pkg/config/kube/gateway/controller.go, httpAndGrpcVS",
    },
    Difference {
        rule: "gateway.retry",
        standard: "without a retry stanza retries are left to the implementation; none is made here",
        istio: "Istio's default policy retries twice",
        source: "istio pilot/pkg/networking/core/route/retry/retry.go, DefaultPolicy",
    },
    Difference {
        rule: "gateway.retry",
        standard: "connection errors are retried: disconnect, reset, timeout, TCP failure",
        istio: "connect-failure, refused-stream and the gRPC statuses unavailable and cancelled \
                are, beside the codes that are named",
        source: CONVERSION,
    },
    Difference {
        rule: "gateway.timeout",
        standard: "the backend timeout is each attempt's, the request timeout the whole exchange's",
        istio: "without a retry stanza the backend timeout takes the place of the request timeout",
        source: CONVERSION,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::rules;

    #[test]
    fn every_difference_is_about_a_rule_and_names_its_source() {
        for difference in DIFFERENCES {
            assert!(rules().any(|rule| rule.id.0 == difference.rule), "{}", difference.rule);
            assert!(!difference.source.is_empty() && difference.standard != difference.istio);
        }
        assert!(DIFFERENCES.windows(2).all(|pair| pair[0].rule <= pair[1].rule));
    }
}
