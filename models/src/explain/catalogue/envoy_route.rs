//! Rules `envoy.route.*`: which route a request takes in Envoy.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("envoy.route.cluster"),
        sentence: "A route names the cluster that its requests go to.",
        source: "Envoy, api/envoy/config/route/v3/route_components.proto, RouteAction.cluster",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::a_cluster_that_does_not_exist_is_answered_with_the_status_of_the_route",
    },
    Rule {
        id: RuleId("envoy.route.cluster-header"),
        sentence: "A header of the request may name the cluster; without it there is none.",
        source: "Envoy, route_components.proto, RouteAction.cluster_header",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::a_cluster_that_does_not_exist_is_answered_with_the_status_of_the_route",
    },
    Rule {
        id: RuleId("envoy.route.direct-response"),
        sentence: "A route may answer itself, with a status and a body; 201 and the statuses of \
                   redirects also say where the request was.",
        source: "Envoy, route_components.proto, DirectResponseAction; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::headers::answers_of_the_router_get_the_headers_of_their_route",
    },
    Rule {
        id: RuleId("envoy.route.domain"),
        sentence: "Of the domains that fit an authority the whole name wins, then the longest \
                   suffix, then the longest prefix, then `*`; case does not count.",
        source: "Envoy, route_components.proto, VirtualHost.domains; RouteMatcher::findVirtualHost",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::the_whole_name_wins_then_the_longest_suffix_then_the_longest_prefix_then_all",
    },
    Rule {
        id: RuleId("envoy.route.first-match"),
        sentence: "The first route whose conditions all hold takes the request.",
        source: "Envoy, \"HTTP routing\"; VirtualHostImpl::getRouteFromEntries; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::the_first_route_that_matches_takes_the_request_not_the_best_one",
    },
    Rule {
        id: RuleId("envoy.route.fraction"),
        sentence: "A route may take a share of its requests; one draw per request decides the \
                   shares of all routes.",
        source: "Envoy, route_components.proto, RouteMatch.runtime_fraction; \
                 RouteEntryImplBase::evaluateRuntimeMatch",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::one_draw_decides_the_shares_of_all_routes_of_a_request",
    },
    Rule {
        id: RuleId("envoy.route.hash-policy"),
        sentence: "What hash policies find in a request is hashed and mixed in their order; a \
                   terminal policy that finds something ends it.",
        source: "Envoy, source/common/http/hash_policy.cc",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::hash_policies_are_mixed_in_order_and_a_terminal_one_ends_it",
    },
    Rule {
        id: RuleId("envoy.route.header"),
        sentence: "Headers are changed by weighted cluster, route, virtual host and route table, \
                   in this order; within a level removals come first, then replacements, then \
                   additions. What the proxy answers in place of the upstream is changed too.",
        source: "Envoy, \"HTTP header manipulation\"; HeaderParser::evaluateHeaders; held to Envoy \
                 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::headers::the_least_specific_level_comes_last_and_wins_unless_turned_round",
    },
    Rule {
        id: RuleId("envoy.route.host-rewrite"),
        sentence: "The authority may become a text, the value of a header, a part of the path, or \
                   the DNS name of the upstream host.",
        source: "Envoy, route_components.proto, RouteAction.host_rewrite_specifier; held to Envoy \
                 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::headers::the_authority_is_rewritten_by_a_text_a_header_the_path_or_the_upstream",
    },
    Rule {
        id: RuleId("envoy.route.https-required"),
        sentence: "A virtual host may send plaintext clients to HTTPS with status 301, whatever \
                   its routes say.",
        source: "Envoy, route_components.proto, VirtualHost.require_tls; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::a_host_that_demands_tls_sends_plaintext_clients_to_https_with_their_port",
    },
    Rule {
        id: RuleId("envoy.route.mirror"),
        sentence: "A share of the requests is copied to another cluster; one draw decides for all \
                   mirrors of a route.",
        source: "Envoy, route_components.proto, RouteAction.RequestMirrorPolicy; router.cc, \
                 FilterUtility::shouldShadow",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::mirrors_take_their_share_by_one_draw",
    },
    Rule {
        id: RuleId("envoy.route.no-cluster"),
        sentence: "A request for a cluster that does not exist is answered with 503, or the \
                   status that the route has for it, and the flag NC.",
        source: "Envoy, route_components.proto, RouteAction.cluster_not_found_response_code; held \
                 to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::a_cluster_that_does_not_exist_is_answered_with_the_status_of_the_route",
    },
    Rule {
        id: RuleId("envoy.route.no-domain"),
        sentence: "An authority that no domain fits finds no route: 404 and the flag NR.",
        source: "Envoy, RouteMatcher::findVirtualHost; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::the_whole_name_wins_then_the_longest_suffix_then_the_longest_prefix_then_all",
    },
    Rule {
        id: RuleId("envoy.route.no-match"),
        sentence: "A request that no route of its virtual host takes is answered with 404 and the \
                   flag NR; other virtual hosts are not asked.",
        source: "Envoy, \"HTTP routing\"; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::no_route_is_not_found",
    },
    Rule {
        id: RuleId("envoy.route.normalization"),
        sentence: "Paths are normalised before anything looks at them, as far as the connection \
                   manager is told to; a path with a fragment is rejected with 400.",
        source: "Envoy, ConnectionManagerUtility::maybeNormalizePath; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::paths_are_normalised_before_routes_see_them",
    },
    Rule {
        id: RuleId("envoy.route.passed-over"),
        sentence: "A route with a condition that does not hold is passed over.",
        source: "Envoy, route_components.proto, RouteMatch; RouteEntryImplBase::matchRoute",
        fidelity: Fidelity::Exact,
        test: "routing::tests::selection::all_conditions_must_hold_and_the_missing_one_is_told",
    },
    Rule {
        id: RuleId("envoy.route.path-rewrite"),
        sentence: "What a route matched of the path, or what a pattern finds in it, may be \
                   replaced; the query stays, and the old path is kept in x-envoy-original-path.",
        source: "Envoy, route_components.proto, RouteAction.prefix_rewrite and regex_rewrite; held \
                 to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::headers::the_matched_part_of_a_path_is_rewritten_and_the_old_path_is_kept",
    },
    Rule {
        id: RuleId("envoy.route.redirect"),
        sentence: "A redirect changes scheme, host, port and path where it names them; a port goes \
                   with the scheme whose default it is.",
        source: "Envoy, route_components.proto, RedirectAction; Http::Utility::newUri; held to \
                 Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::a_port_goes_with_the_scheme_whose_default_it_is",
    },
    Rule {
        id: RuleId("envoy.route.untrusted-headers"),
        sentence: "Headers x-envoy-* that change retries and timeouts are removed unless the \
                   caller counts as internal.",
        source: "Envoy, ConnectionManagerUtility::mutateRequestHeaders; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::outsiders_cannot_ask_for_retries_and_insiders_can",
    },
    Rule {
        id: RuleId("envoy.route.weights"),
        sentence: "Of weighted clusters one is drawn by its share of the sum; a header may choose \
                   by a number modulo the sum.",
        source: "Envoy, route_components.proto, WeightedCluster; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "routing::tests::actions::weights_are_intervals_and_a_header_may_choose",
    },
];
