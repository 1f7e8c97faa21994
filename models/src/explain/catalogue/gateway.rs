//! Rules `gateway.*`: what Gateway API asks of its implementations.

use crate::explain::{Fidelity, Rule};

use super::rule;

use Fidelity::{Assumed, Exact, Simplified};

pub(super) const RULES: &[Rule] = &[
    rule(
        "gateway.attach.allowed-listeners",
        Exact,
        "A Gateway takes listeners of ListenerSets only from the namespaces that it allows; \
         of none unless it says so.",
        "gateway-api apis/v1/gateway_types.go, AllowedListeners; geps/gep-1713",
        "gateway::tests::listeners::a_gateway_lets_no_set_in_unless_it_says_so",
    ),
    rule(
        "gateway.attach.allowed-routes",
        Exact,
        "A listener takes routes from its own namespace, from all, or from those whose labels \
         fit.",
        "gateway-api apis/v1/gateway_types.go, RouteNamespaces",
        "gateway::tests::attach::a_listener_takes_routes_from_the_namespaces_that_it_allows",
    ),
    rule(
        "gateway.attach.hostname",
        Exact,
        "`*.example.com` matches `a.b.example.com` and never `example.com`; hostnames of a \
         route outside the listener's are ignored one by one, and a route without any in \
         common is not accepted.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteSpec.Hostnames; conformance \
         HTTPRouteHostnameIntersection",
        "gateway::tests::attach::hostnames_outside_the_listeners_are_ignored_one_by_one",
    ),
    rule(
        "gateway.attach.one-kind-a-hostname",
        Exact,
        "Of an HTTPRoute and a GRPCRoute with a hostname in common at one listener, the older \
         one is accepted.",
        "gateway-api apis/v1/grpcroute_types.go, GRPCRoute",
        "gateway::tests::attach::of_an_http_and_a_grpc_route_for_one_hostname_the_older_one_stays",
    ),
    rule(
        "gateway.attach.parent",
        Exact,
        "A route attaches to the listeners of its parent that have the section name and the \
         port; a Gateway as the parent does not stand for its ListenerSets.",
        "gateway-api apis/v1/shared_types.go, ParentReference; conformance \
         ListenerSetGatewayParentSectionNameNotFound",
        "gateway::tests::attach::a_route_attaches_to_the_listeners_that_its_parent_names",
    ),
    rule(
        "gateway.attach.route-kinds",
        Exact,
        "A listener takes the kinds of routes that its protocol carries and \
         `allowedRoutes.kinds` lists.",
        "gateway-api apis/v1/gateway_types.go, AllowedRoutes.Kinds",
        "gateway::tests::attach::a_listener_takes_only_the_kinds_that_it_allows_and_its_protocol_carries",
    ),
    rule(
        "gateway.backend.invalid",
        Exact,
        "The share of requests that falls to a backendRef that cannot be resolved is answered \
         with 500, in gRPC with UNAVAILABLE.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteRule.BackendRefs; \
         apis/v1/grpcroute_types.go, GRPCRouteRule.BackendRefs",
        "gateway::tests::backends::the_share_of_an_invalid_backend_is_answered_with_500",
    ),
    rule(
        "gateway.backend.no-endpoints",
        Exact,
        "A Service without ready endpoints is a valid backend; its requests are answered with \
         503.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteRule.BackendRefs",
        "gateway::tests::backends::a_service_without_endpoints_keeps_its_cluster_and_is_found",
    ),
    rule(
        "gateway.backend.resolved",
        Exact,
        "A backendRef means a TCP port of a Service; a missing Service or port, or another \
         kind, is invalid.",
        "gateway-api apis/v1/object_reference_types.go, BackendObjectReference",
        "gateway::tests::backends::each_way_to_miss_a_backend_has_its_reason",
    ),
    rule(
        "gateway.backend.tls",
        Simplified,
        "A BackendTLSPolicy for a port beats one for the Service, the oldest counts, and one \
         that is not valid closes the Service.",
        "gateway-api apis/v1/backendtlspolicy_types.go; geps/gep-1897; certificates are not \
         read",
        "gateway::tests::backends::a_tls_policy_encrypts_the_way_to_its_service_the_most_specific_and_oldest_first",
    ),
    rule(
        "gateway.class",
        Simplified,
        "Istio leaves a Gateway alone whose class belongs to another controller.",
        "istio pilot/pkg/config/kube/gateway/gateway_collection.go; a class that is not \
         declared is taken to be ours",
        "gateway::tests::attach::a_gateway_of_another_controller_is_left_alone_by_istio",
    ),
    rule(
        "gateway.deployment",
        Assumed,
        "Istio runs a Deployment and a Service for a Gateway, named after it and its class, with \
         the ports of its listeners and 15021.",
        "istio pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go, extractServicePorts; \
         spec.addresses, which may name a Service that is there already, is not read",
        "gateway::tests::listeners::istio_runs_a_service_with_the_ports_of_the_listeners",
    ),
    rule(
        "gateway.filter.unsupported",
        Exact,
        "A filter that cannot be applied is never skipped: requests that would have met it \
         get an error.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteFilter.ExtensionRef",
        "gateway::tests::filters::a_filter_that_cannot_be_applied_is_an_error_and_never_skipped",
    ),
    rule(
        "gateway.grant",
        Exact,
        "A Gateway's route refers to another namespace only with a ReferenceGrant there.",
        "gateway-api apis/v1/referencegrant_types.go; conformance HTTPRouteReferenceGrant",
        "gateway::tests::backends::a_backend_in_another_namespace_needs_a_grant_there",
    ),
    rule(
        "gateway.headers",
        Exact,
        "A rule's changes of headers are made first, then those of the backend that is chosen; \
         values mean themselves.",
        "gateway-api apis/v1/httproute_types.go, HTTPHeaderFilter and HTTPBackendRef.Filters",
        "gateway::tests::filters::a_backends_changes_of_headers_come_after_its_rules",
    ),
    rule(
        "gateway.host.port-ignored",
        Exact,
        "A port in the Host header is not compared, and forwarded as it is.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteSpec.Hostnames",
        "gateway::tests::order::a_port_in_the_host_is_not_compared",
    ),
    rule(
        "gateway.listener.certificate",
        Simplified,
        "A listener that ends TLS is in force only with certificates that it may refer to.",
        "gateway-api apis/v1/gateway_types.go, ListenerTLSConfig.CertificateRefs; Secrets are \
         taken to exist",
        "gateway::tests::listeners::certificates_of_other_namespaces_need_a_grant",
    ),
    rule(
        "gateway.listener.conflict",
        Exact,
        "Listeners of one object that claim the same traffic are all refused; between objects \
         the Gateway's own and those of older ListenerSets stay.",
        "gateway-api apis/v1/gateway_types.go, GatewaySpec.Listeners; \
         apis/v1/listenerset_types.go; geps/gep-1713",
        "gateway::tests::listeners::listener_sets_come_after_their_gateway_the_oldest_first",
    ),
    rule(
        "gateway.listener.isolation",
        Exact,
        "A request belongs to the listener with the most specific hostname, whether or not \
         one of its routes fits.",
        "gateway-api apis/v1/gateway_types.go, GatewaySpec.Listeners; conformance \
         GatewayHTTPListenerIsolation",
        "gateway::tests::listeners::requests_belong_to_the_listener_with_the_most_specific_hostname",
    ),
    rule(
        "gateway.listener.valid",
        Simplified,
        "A Gateway serves its valid listeners, whatever the others are.",
        "gateway-api apis/v1/gateway_types.go, GatewayReasonListenersNotValid",
        "gateway::tests::listeners::listeners_that_claim_the_same_are_all_refused",
    ),
    rule(
        "gateway.match.first-of-name",
        Exact,
        "Of header or query entries with an equivalent name only the first counts; names of \
         headers are compared without case.",
        "gateway-api apis/v1/httproute_types.go, HTTPHeaderMatch.Name and \
         HTTPQueryParamMatch.Name",
        "gateway::tests::order::of_entries_with_an_equivalent_name_only_the_first_counts",
    ),
    rule(
        "gateway.match.hostname-precedence",
        Exact,
        "Before all else the hostname decides: most characters without a wildcard, then most \
         characters.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteSpec.Hostnames",
        "gateway::tests::order::the_more_specific_hostname_goes_before_the_more_specific_path",
    ),
    rule(
        "gateway.match.path-prefix",
        Exact,
        "A path prefix is compared element by element: `/foo` matches `/foo/x` and not \
         `/foobar`.",
        "gateway-api apis/v1/httproute_types.go, PathMatchPathPrefix; conformance \
         HTTPRouteMatching",
        "gateway::tests::order::prefixes_are_compared_element_by_element_and_without_a_slash_at_the_end",
    ),
    rule(
        "gateway.match.pattern",
        Simplified,
        "A regular expression that does not compile matches nothing; proxies refuse all routes \
         that come with it.",
        "Envoy, api/envoy/type/matcher/v3/regex.proto; gateway-api leaves the dialect open, RE2 \
         as in Envoy is taken",
        "gateway::tests::order::a_pattern_that_does_not_compile_matches_nothing_and_is_found",
    ),
    rule(
        "gateway.match.precedence",
        Exact,
        "Over all rules of all routes an exact path comes first, then the longest prefix, a \
         method, most headers, most query parameters; then the oldest route, the first name, the \
         order written.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteRule.Matches; regular expressions come \
         last, as in Istio",
        "gateway::tests::order::the_most_specific_match_of_all_routes_is_tried_first",
    ),
    rule(
        "gateway.mesh.consumer",
        Exact,
        "Routes for a Service of another namespace count for clients in their own namespace, \
         and replace the Service's own routes there.",
        "gateway-api geps/gep-1294, Multiple routes for a Service; conformance \
         MeshConsumerRoute",
        "gateway::tests::mesh::consumer_routes_replace_the_producers_for_clients_of_their_namespace",
    ),
    rule(
        "gateway.mesh.frontend",
        Exact,
        "Routes bind to the address of a Service; traffic to pods passes them by, and routes \
         of the backends' own Services do not count.",
        "gateway-api geps/gep-1294; conformance MeshFrontend",
        "gateway::tests::mesh::a_plain_proxy_goes_by_the_address_of_the_service_and_one_level_of_routes",
    ),
    rule(
        "gateway.mesh.hostnames-ignored",
        Exact,
        "Hostnames of a route count for nothing under a Service.",
        "gateway-api geps/gep-1294; conformance MeshFrontendHostname",
        "gateway::tests::mesh::a_plain_proxy_goes_by_the_address_of_the_service_and_one_level_of_routes",
    ),
    rule(
        "gateway.mesh.no-grant",
        Exact,
        "A route of the mesh needs no ReferenceGrant for backends in other namespaces.",
        "gateway-api geps/gep-1294, Namespace boundaries",
        "gateway::tests::mesh::backends_of_other_namespaces_need_no_grant_in_the_mesh",
    ),
    rule(
        "gateway.mesh.one-kind",
        Exact,
        "For one port of a Service one kind of routes counts: GRPCRoute, then HTTPRoute, \
         TLSRoute, TCPRoute.",
        "gateway-api geps/gep-1294, Route types",
        "gateway::tests::mesh::only_one_kind_counts_for_a_port_calls_before_requests_before_bytes",
    ),
    rule(
        "gateway.mesh.port",
        Exact,
        "A parent with a port binds that port of the Service, one without binds all of them.",
        "gateway-api geps/gep-1294; conformance MeshPorts",
        "gateway::tests::mesh::a_parent_with_a_port_binds_that_port_and_one_without_binds_all",
    ),
    rule(
        "gateway.mirror",
        Exact,
        "Every mirror gets its share of copies; one that leads nowhere gets none, and the \
         request goes on.",
        "gateway-api apis/v1/httproute_types.go, HTTPRequestMirrorFilter",
        "gateway::tests::filters::copies_go_to_every_mirror_with_its_share",
    ),
    rule(
        "gateway.no-match",
        Exact,
        "A request that fits no rule gets 404.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteRule.Matches",
        "gateway::tests::order::a_request_that_fits_no_rule_finds_no_route",
    ),
    rule(
        "gateway.not-modelled",
        Assumed,
        "What is read and not modelled is said, and has no effect.",
        "a principle of this tool",
        "gateway::tests::filters::session_persistence_is_said_to_be_missing",
    ),
    rule(
        "gateway.redirect.port",
        Exact,
        "Without a port of its own a redirect goes to the usual port of its scheme, or \
         without a scheme to the listener's; a port that goes without saying is left out.",
        "gateway-api apis/v1/httproute_types.go, HTTPRequestRedirectFilter.Port; conformance \
         HTTPRouteRedirectPortAndScheme",
        "gateway::compile::redirect::the_port_follows_the_scheme_or_else_the_listener",
    ),
    rule(
        "gateway.retry",
        Simplified,
        "A retry stanza retries connection errors and the statuses that it names.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteRetry; Envoy draws the pause below \
         the back-off that is asked for",
        "gateway::tests::filters::retries_are_for_connection_errors_and_the_codes_that_are_named",
    ),
    rule(
        "gateway.rewrite.prefix",
        Exact,
        "The prefix that matched is replaced element by element, and a slash at the end of the \
         replacement is ignored.",
        "gateway-api apis/v1/httproute_types.go, HTTPPathModifier.ReplacePrefixMatch",
        "gateway::compile::paths::prefixes_are_replaced_as_the_table_of_the_standard_says",
    ),
    rule(
        "gateway.timeout",
        Exact,
        "The request timeout spans all attempts, the backend timeout each of them; zero \
         disables.",
        "gateway-api apis/v1/httproute_types.go, HTTPRouteTimeouts; conformance \
         HTTPRouteTimeoutRequest",
        "gateway::tests::filters::the_request_timeout_spans_all_attempts_and_the_other_each_of_them",
    ),
];
