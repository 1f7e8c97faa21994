//! Rules `istio.route.*`: what Istio makes of VirtualServices and Gateways.

use crate::explain::{Fidelity, Rule, RuleId};

const ROUTE: &str = "istio pilot/pkg/networking/core/route/route.go";
const RETRY: &str = "istio pilot/pkg/networking/core/route/retry/retry.go, ConvertPolicy";
const GATEWAY: &str = "istio pilot/pkg/networking/core/gateway.go";
const MERGE: &str = "istio pilot/pkg/model/gateway.go, mergeGateways";

pub(super) const RULES: &[Rule] = &[
    exact(
        "istio.route.authority-rewrite",
        "Setting the header Host or :authority is a rewrite of the authority, and an explicit \
         rewrite counts before it.",
        ROUTE,
        "tests::action::headers_are_set_before_others_are_added_and_the_host_is_a_rewrite",
    ),
    exact(
        "istio.route.catch-all-ends",
        "Of the rules of one VirtualService none is made behind one that takes every request.",
        ROUTE,
        "tests::matching::rules_behind_one_that_takes_everything_are_never_made",
    ),
    exact(
        "istio.route.catch-all-last",
        "On gateways routes that take every request move behind those of all VirtualServices.",
        GATEWAY,
        "tests::serving::virtual_services_for_one_host_are_joined_and_what_takes_everything_stands_last",
    ),
    exact(
        "istio.route.destination-port",
        "A destination without a port means the only port of its service as the proxy looks it up, \
         or else the port that the client dialled; the cluster need not exist.",
        ROUTE,
        "tests::action::a_port_that_is_not_written_is_the_only_one_or_the_one_that_was_dialled",
    ),
    exact(
        "istio.route.exact-host-first",
        "A VirtualService that names a host itself counts before one with a wildcard, whatever \
         their age.",
        "istio pilot/pkg/model/sidecar.go, computeWildcardHostVirtualServiceIndex",
        "tests::tables::an_exact_host_beats_an_older_wildcard",
    ),
    exact(
        "istio.route.gateway-404",
        "A gateway to which no VirtualService is bound listens and answers 404.",
        GATEWAY,
        "tests::serving::a_gateway_without_virtual_services_listens_and_answers_404",
    ),
    exact(
        "istio.route.gateway-https-redirect",
        "Hosts of a server with httpsRedirect redirect plaintext requests, with and without routes.",
        GATEWAY,
        "tests::serving::a_server_that_redirects_does_so_without_routes_too",
    ),
    exact(
        "istio.route.gateway-merge",
        "On gateways the routes of all VirtualServices for a host stand in one virtual host.",
        GATEWAY,
        "tests::serving::virtual_services_for_one_host_are_joined_and_what_takes_everything_stands_last",
    ),
    exact(
        "istio.route.gateway-target-port",
        "A gateway listens on the target port of the Service port that its Gateway names.",
        MERGE,
        "tests::ports::a_gateway_listens_on_the_target_port_of_its_service",
    ),
    exact(
        "istio.route.gateways",
        "A VirtualService without gateways is for the mesh alone; one that lists gateways is for \
         sidecars only if it lists mesh.",
        "istio pilot/pkg/model/push_context.go, initVirtualServices",
        "tests::objects::without_gateways_an_object_is_for_the_mesh_alone",
    ),
    exact(
        "istio.route.mesh-routes",
        "Routes of Gateway API and VirtualServices for one Service are not joined: routes of the \
         client's namespace count first, else the oldest.",
        "istio pilot/pkg/model/virtualservice.go, SelectVirtualServices",
        "routes::tests::mesh::routes_of_the_clients_namespace_count_before_a_virtual_service",
    ),
    exact(
        "istio.route.no-timeout",
        "A route without a timeout has none, where Envoy alone would wait 15 s.",
        ROUTE,
        "tests::retrying::a_route_without_a_timeout_has_none",
    ),
    exact(
        "istio.route.oldest-wins",
        "Sidecars never join VirtualServices: for one host the oldest counts, also across \
         namespaces.",
        "istio pilot/pkg/networking/core/sidecar_simulation_test.go",
        "tests::tables::of_two_virtual_services_for_one_host_the_oldest_counts_also_across_namespaces",
    ),
    exact(
        "istio.route.raw-prefix",
        "A prefix is compared letter by letter, so that `/foo` takes `/foobar` too; prefixes of \
         Gateway API and Ingress are not.",
        ROUTE,
        "tests::matching::a_prefix_is_a_raw_one_and_not_of_whole_elements",
    ),
    exact(
        "istio.route.retry-attempts",
        "`attempts` counts retries, so that there is one try more; 2 are the default.",
        RETRY,
        "tests::retrying::without_a_policy_two_retries_are_made_and_a_plain_503_is_none_of_them",
    ),
    exact(
        "istio.route.retry-conditions",
        "By default connection failures, refused streams and two gRPC statuses are retried; a plain \
         503 is not.",
        "istio pilot/pkg/networking/core/route/retry/retry.go; releasenotes/notes/50506.yaml",
        "tests::retrying::older_versions_retry_a_503_by_default",
    ),
    exact(
        "istio.route.retry-disabled",
        "`attempts: 0`, or a policy without attempts, disables retries.",
        RETRY,
        "tests::retrying::no_attempts_disable_retries",
    ),
    exact(
        "istio.route.retry-keeps-conditions",
        "A policy without retryOn keeps the default conditions.",
        RETRY,
        "tests::retrying::attempts_alone_keep_the_default_conditions",
    ),
    exact(
        "istio.route.retry-numerals",
        "Numerals in retryOn are status codes, and imply retriable-status-codes.",
        RETRY,
        "tests::retrying::numerals_are_status_codes_and_imply_their_condition",
    ),
    exact(
        "istio.route.retry-other-hosts",
        "A retry passes over hosts that were tried, in up to 5 more draws, but not with consistent \
         hashing.",
        RETRY,
        "tests::retrying::a_hashed_destination_is_tried_again_on_the_same_host",
    ),
    exact(
        "istio.route.short-names",
        "A name without dots in a VirtualService is a Service of the VirtualService's own namespace.",
        "istio pilot/pkg/model/virtualservice.go, ResolveVirtualServiceShortnames",
        "tests::objects::short_names_belong_to_the_namespace_of_the_object",
    ),
    exact(
        "istio.route.sidecar-scope",
        "The Sidecar whose selector takes a workload says what its proxy knows; else that of its \
         namespace, else that of the root namespace; of several the oldest.",
        "istio pilot/pkg/model/push_context.go, initSidecarScopes and doGetSidecarScope",
        "istio::scope::tests::the_sidecar_with_a_selector_beats_the_namespace_and_that_beats_the_root",
    ),
    exact(
        "istio.route.source-labels",
        "sourceLabels and sourceNamespace are decided for the client's workload beforehand; \
         gateways of a match stand in their place.",
        ROUTE,
        "tests::matching::labels_and_namespace_of_the_client_decide_beforehand",
    ),
    exact(
        "istio.route.unknown-host",
        "A request for a host that nobody knows is passed through, or answered with 502 where only \
         the registry's hosts are allowed.",
        "istio pilot/pkg/networking/core/httproute.go, buildCatchAllVirtualHost",
        "tests::tables::unknown_hosts_go_through_or_are_answered_with_502",
    ),
    exact(
        "istio.route.zero-weight",
        "Of several destinations those without weight are left out; a single one is taken whatever \
         its weight.",
        ROUTE,
        "tests::action::of_several_destinations_those_without_weight_are_dropped",
    ),
];

const fn exact(
    id: &'static str,
    sentence: &'static str,
    source: &'static str,
    test: &'static str,
) -> Rule {
    Rule { id: RuleId(id), sentence, source, fidelity: Fidelity::Exact, test }
}
