//! Where Istio differs from the standard, as data. The profile `istio` follows Istio in each of
//! them; the list itself decides nothing.

use crate::profile::GatewayDifference;

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name, as profiles have it.
    pub id: GatewayDifference,
    /// The rule that it is about, as the catalogue names it.
    pub rule: &'static str,
    /// What the standard says.
    pub standard: &'static str,
    /// What Istio does.
    pub istio: &'static str,
    /// Where that is written down.
    pub source: &'static str,
}

/// Every difference that is modelled, in the order of rules.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        id: GatewayDifference::KindsAtListener,
        rule: "gateway.attach.one-kind-a-hostname",
        standard: "of an HTTPRoute and a GRPCRoute with a hostname in common the older one is \
                   accepted",
        istio: "both are accepted and their rules merged",
        source: "istio pilot/pkg/config/kube/gateway/controller.go, httpAndGrpcVS",
    },
    Difference {
        id: GatewayDifference::GrpcErrors,
        rule: "gateway.backend.invalid",
        standard: "gRPC calls that fall to an invalid backend get UNAVAILABLE",
        istio: "they get the status 500 like all requests, which gRPC clients take for UNKNOWN",
        source: "istio pilot/pkg/networking/core/route/route.go, ClusterNotFoundResponseCode; \
                 pilot/pkg/config/kube/gateway/conversion.go, convertGRPCRoute",
    },
    Difference {
        id: GatewayDifference::Classes,
        rule: "gateway.class",
        standard: "who looks after a GatewayClass is left to its controller",
        istio: "only classes of istio.io/gateway-controller count",
        source: "istio pilot/pkg/config/kube/gateway/gateway_collection.go",
    },
    Difference {
        id: GatewayDifference::BackendFilters,
        rule: "gateway.filter.unsupported",
        standard: "backends may have every filter of their own",
        istio: "backends take changes of headers only; other filters cannot be applied",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, buildHTTPDestination",
    },
    Difference {
        id: GatewayDifference::BrokenFilters,
        rule: "gateway.filter.unsupported",
        standard: "a filter that cannot be applied gives an error to the requests of its rule",
        istio: "the whole route is left out, and its requests get 404 or meet another route",
        source: "istio pilot/pkg/config/kube/gateway/route_collections.go, computeRoute",
    },
    Difference {
        id: GatewayDifference::HeaderOrder,
        rule: "gateway.headers",
        standard: "a backend's changes of headers come after its rule's",
        istio: "they come before them",
        source: "istio pilot/pkg/networking/core/route/route.go, processWeightedDestination; \
                 Envoy's most_specific_header_mutations_wins is not set",
    },
    Difference {
        id: GatewayDifference::HeaderValues,
        rule: "gateway.headers",
        standard: "the value of a header means itself",
        istio: "what stands between percent signs is a command of the proxy",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, headerListToMap; \
                 pilot/pkg/networking/core/route/route.go, TranslateHeadersOperations",
    },
    Difference {
        id: GatewayDifference::Misdirected,
        rule: "gateway.listener.isolation",
        standard: "requests over TLS for hosts of another listener get 421",
        istio: "they are not told apart",
        source: "istio pilot/pkg/config/kube/gateway/supported_features.go, \
                 GatewayHTTPSListenerDetectMisdirectedRequests",
    },
    Difference {
        id: GatewayDifference::RepeatedEntries,
        rule: "gateway.match.first-of-name",
        standard: "of entries with an equivalent name the first counts",
        istio: "of entries with the same spelling the last counts, and headers spelt differently \
                all count",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, createHeadersMatch",
    },
    Difference {
        id: GatewayDifference::CallPrecedence,
        rule: "gateway.match.precedence",
        standard: "calls are ordered by the length of service and method",
        istio: "calls are ordered by the path that they have, as HTTP requests are",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, sortHTTPRoutes",
    },
    Difference {
        id: GatewayDifference::HostnamePrecedence,
        rule: "gateway.match.precedence",
        standard: "rules of a wider hostname are tried when none of the most specific one fits",
        istio: "each hostname is a virtual host of its own: its requests get 404 instead",
        source: "istio pilot/pkg/config/kube/gateway/route_collections.go, HTTPRouteCollection",
    },
    Difference {
        id: GatewayDifference::MeshFrontend,
        rule: "gateway.mesh.frontend",
        standard: "a request belongs to the Service whose address was dialled",
        istio: "it belongs to the Service that its authority names",
        source: "https://github.com/istio/istio/issues/44702; conformance MeshFrontendHostname",
    },
    Difference {
        id: GatewayDifference::KindsInMesh,
        rule: "gateway.mesh.one-kind",
        standard: "a GRPCRoute for a port of a Service sets its HTTPRoutes aside",
        istio: "the rules of both are merged",
        source: "istio pilot/pkg/config/kube/gateway/controller.go, httpAndGrpcVS",
    },
    Difference {
        id: GatewayDifference::MeshPorts,
        rule: "gateway.mesh.port",
        standard: "routes for one port of a Service and those for all its ports are merged",
        istio: "they are two VirtualServices for one host, of which the older counts alone",
        source: "istio pilot/pkg/config/kube/gateway/route_collections.go, mergeHTTPRoutes; \
                 pilot/pkg/networking/core/httproute.go, duplicateVirtualHost",
    },
    Difference {
        id: GatewayDifference::RedirectPort,
        rule: "gateway.redirect.port",
        standard: "a redirect to another scheme goes to the usual port of that scheme",
        istio: "a port that the request names is kept unless it is the usual one",
        source: "istio pilot/pkg/networking/core/route/route.go, ApplyRedirect; Envoy, \
                 RouteEntryImplBase::newUri",
    },
    Difference {
        id: GatewayDifference::RetryConditions,
        rule: "gateway.retry",
        standard: "connection errors are retried: disconnect, reset, timeout, TCP failure",
        istio: "connect-failure, refused-stream and the gRPC statuses unavailable and cancelled \
                are, beside the codes that are named",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute",
    },
    Difference {
        id: GatewayDifference::DefaultRetries,
        rule: "gateway.retry",
        standard: "without a retry stanza retries are left to the implementation; none is made here",
        istio: "Istio's default policy retries twice",
        source: "istio pilot/pkg/networking/core/route/retry/retry.go, DefaultPolicy",
    },
    Difference {
        id: GatewayDifference::RootPrefix,
        rule: "gateway.rewrite.prefix",
        standard: "the prefix `/` is replaced and a slash kept: `/x` in place of `/` makes `/x/a`",
        istio: "the replacement is glued on: `/xa`",
        source: "istio pilot/pkg/networking/core/route/route.go, applyHTTPRouteDestination",
    },
    Difference {
        id: GatewayDifference::RedirectPrefix,
        rule: "gateway.rewrite.prefix",
        standard: "a slash at the end of a replacement is ignored, in redirects too",
        istio: "a redirect takes the replacement as it is, and an empty one for none",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, createRedirectFilter; \
                 pilot/pkg/networking/core/route/route.go, ApplyRedirect",
    },
    Difference {
        id: GatewayDifference::BackendTimeout,
        rule: "gateway.timeout",
        standard: "the backend timeout is each attempt's, the request timeout the whole exchange's",
        istio: "without a retry stanza the backend timeout takes the place of the request timeout",
        source: "istio pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute",
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

    #[test]
    fn every_difference_that_a_profile_may_name_is_listed_once() {
        for id in GatewayDifference::ALL {
            let listed = DIFFERENCES.iter().filter(|it| it.id == id).count();
            assert_eq!(listed, 1, "{id:?}");
        }
    }
}
