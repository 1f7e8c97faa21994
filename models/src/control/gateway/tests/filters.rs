//! Filters, timeouts and retries of rules and backends.

use super::super::rules;
use super::*;
use crate::proxy::envoy::config::{
    AppendAction, FilterOverride, HostPredicate, HostRewrite, LoadBalancer, PathRewrite,
    RedirectPath, RetryOn, RoutingPriority,
};
use crate::units::{Ppm, SimDuration};

fn one_rule(rule: &str) -> Rig {
    one_rule_as("gateway-api", rule)
}

fn one_rule_as(profile: &str, rule: &str) -> Rig {
    let gateway = format!("{GATEWAY}{OPEN}");
    let services = format!("{}{}", service("shop/cart"), service("shop/log"));
    rig_as(profile, &[&gateway, &services, &http_route("web", &[rule])])
}

const CART: &str = "backendRefs: [{name: cart, port: 80}]";

#[test]
fn header_changes_keep_their_kind_and_percent_signs_mean_themselves() {
    let filter = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: 5%}], \
                  add: [{name: x-b, value: b}], remove: [X-C]}}";
    let rule = format!("{{filters: [{filter}], {CART}}}");
    let route = one_rule(&rule).only_route();
    let set: Vec<_> = route
        .headers
        .request_set
        .iter()
        .map(|it| (it.name.as_str(), it.value.as_str(), it.action))
        .collect();
    assert_eq!(
        set,
        [("x-a", "5%%", AppendAction::OverwriteOrAdd), ("x-b", "b", AppendAction::AppendOrAdd)]
    );
    assert_eq!(route.headers.request_remove, ["x-c"]);
    let istio = one_rule_as("istio", &rule).only_route();
    assert_eq!(istio.headers.request_set[0].value, "5%");
}

#[test]
fn a_backends_changes_of_headers_come_after_its_rules() {
    let set = |value: &str| {
        format!(
            "[{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: a, value: {value}}}]}}}}]"
        )
    };
    let alone = format!(
        "{{filters: {}, backendRefs: [{{name: cart, port: 80, filters: {}}}]}}",
        set("rule"),
        set("backend")
    );
    let two = alone.replace("]}]}", "]}, {name: log, port: 80}]}");
    for profile in ["gateway-api", "istio"] {
        // An only backend's changes stand behind the rule's, and both are the route's.
        let route = one_rule_as(profile, &alone).only_route();
        let values: Vec<_> = route.headers.request_set.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(values, ["rule", "backend"], "{profile}");
    }
    // Of several, Envoy makes the changes of the one that is picked last only if it is told so.
    let order =
        |profile| one_rule_as(profile, &two).config().route_tables["http.80"].most_specific_wins;
    assert!(order("gateway-api") && !order("istio"));
    assert_eq!(one_rule(&two).because("shop/web", rules::HEADERS).len(), 1);
}

#[test]
fn a_filter_that_cannot_be_applied_is_an_error_and_never_skipped() {
    for filter in [
        "{type: ExtensionRef, extensionRef: {group: g, kind: K, name: n}}",
        "{type: ExternalAuth}",
        "{type: URLRewrite}",
        "{type: RequestRedirect, requestRedirect: {statusCode: 304}}",
    ] {
        let rule = format!("{{filters: [{filter}], {CART}}}");
        let rig = one_rule(&rule);
        assert_eq!(rig.routes("*"), ["/* -> 500"], "{filter}");
        assert!(!rig.accepted("shop/web").0, "{filter}");
        assert!(!rig.because("shop/web", rules::FILTER_UNSUPPORTED).is_empty());
        assert!(rig.codes().contains(&"gateway.filter"), "{filter}");
        // Istio leaves the whole route out.
        assert_eq!(one_rule_as("istio", &rule).routes("*"), Vec::<String>::new(), "{filter}");
    }
    let both = "[{type: RequestRedirect, requestRedirect: {}}, \
                {type: URLRewrite, urlRewrite: {hostname: a}}]";
    let rig = one_rule(&format!("{{filters: {both}}}"));
    assert_eq!(rig.accepted("shop/web"), (false, "IncompatibleFilters"));
}

#[test]
fn one_broken_rule_leaves_the_others_in_force() {
    let gateway = format!("{GATEWAY}{OPEN}");
    let rules = [
        "{matches: [{path: {value: /x}}], filters: [{type: Other}]}",
        &format!("{{matches: [{{path: {{value: /y}}}}], {CART}}}"),
    ];
    let rig = rig(&[&gateway, &service("shop/cart"), &http_route("web", &rules)]);
    assert_eq!(rig.routes("*"), ["/x* -> 500", "/y* -> 80 cart.shop"]);
    assert_eq!(rig.accepted("shop/web"), (true, "Accepted"));
    assert!(rig.condition("shop/web", ConditionType::PartiallyInvalid).0);
}

#[test]
fn a_redirect_follows_the_match_and_the_listener() {
    let redirect = |filter: &str, path: &str| {
        let rule = format!(
            "{{matches: [{{path: {path}}}], filters: [{{type: RequestRedirect, requestRedirect: {filter}}}]}}"
        );
        let rig = one_rule(&rule);
        assert_eq!(rig.because("shop/web", rules::REDIRECT_PORT).len(), 1);
        match &rig.only_route().action {
            RouteAction::Redirect(redirect) => redirect.clone(),
            other => panic!("no redirect: {other:?}"),
        }
    };
    let prefix = redirect(
        "{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}}",
        "{value: /old}",
    );
    assert_eq!((prefix.status.value, prefix.port), (302, None));
    assert_eq!(prefix.path.map(|it| it.value), Some(RedirectPath::Prefix("/new".to_owned())));
    let full = redirect(
        "{statusCode: 308, hostname: a.example, path: {type: ReplaceFullPath, replaceFullPath: /f}}",
        "{type: Exact, value: /old}",
    );
    assert_eq!(full.status.value, 308);
    assert_eq!(full.path.map(|it| it.value), Some(RedirectPath::Full("/f".to_owned())));
}

#[test]
fn replacing_a_prefix_after_an_exact_match_is_an_error() {
    let rule = format!(
        "{{matches: [{{path: {{type: Exact, value: /old}}}}], filters: [{{type: URLRewrite, urlRewrite: \
         {{path: {{type: ReplacePrefixMatch, replacePrefixMatch: /new}}}}}}], {CART}}}"
    );
    let rig = one_rule(&rule);
    assert_eq!(rig.routes("*"), ["=/old -> 500"]);
    assert_eq!(rig.accepted("shop/web"), (false, "UnsupportedValue"));
}

#[test]
fn copies_go_to_every_mirror_with_its_share() {
    let mirror = |share: &str| {
        format!(
            "{{type: RequestMirror, requestMirror: {{backendRef: {{name: log, port: 80}}{share}}}}}"
        )
    };
    let filters = [
        mirror(""),
        mirror(", percent: 20"),
        mirror(", fraction: {numerator: 1, denominator: 3}"),
        mirror("").replace("name: log", "name: gone"),
    ];
    let rig = one_rule(&format!("{{filters: [{}], {CART}}}", filters.join(", ")));
    let route = rig.only_route();
    let shares: Vec<_> =
        forward(&route).mirrors.iter().map(|it| it.fraction.value.default.as_ppm()).collect();
    assert_eq!(shares, [1_000_000, 200_000, 333_333]);
    // The last one leads nowhere: its copies are not made, and the request goes on.
    assert_eq!(rig.resolved("shop/web"), (false, "BackendNotFound"));
    let said = rig.because("shop/web", rules::MIRROR);
    assert_eq!(said.iter().filter(|it| it.ends_with("no copies are made")).count(), 2, "{said:?}");
    assert!(rig.codes().contains(&"gateway.lost-mirror"));
}

#[test]
fn cross_origin_settings_get_the_defaults_of_the_standard() {
    let cors = "{type: CORS, cors: {allowOrigins: ['https://*.example.com', 'https://a.org'], \
                allowMethods: [GET, PUT], allowCredentials: true}}";
    let route = one_rule(&format!("{{filters: [{cors}], {CART}}}")).only_route();
    let Some(FilterOverride::Cors(cors)) = route.filters.values().next() else { panic!("CORS") };
    assert_eq!(cors.max_age.as_deref(), Some("5"));
    assert_eq!(cors.allow_methods.as_deref(), Some("GET, PUT"));
    assert!(cors.allow_credentials);
    assert_eq!(cors.allow_origins.len(), 2);
}

#[test]
fn a_backends_own_headers_and_host_stay_in_one_weighted_route() {
    let backends = "backendRefs: [{name: cart, port: 80, weight: 9, filters: [{type: \
                    RequestHeaderModifier, requestHeaderModifier: {set: [{name: b, value: c}]}}]}, \
                    {name: log, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: h}}]}]";
    let route = one_rule(backends).only_route();
    let Destination::Weighted { clusters, .. } = &forward(&route).destination else {
        panic!("by weight")
    };
    assert_eq!(clusters[0].headers.request_set[0].value, "c");
    let host = clusters[1].host_rewrite.as_ref().map(|it| &it.value);
    assert_eq!(host, Some(&HostRewrite::Literal("h".to_owned())));
}

#[test]
fn a_backends_own_redirect_or_path_takes_its_share_in_a_route_of_its_own() {
    let redirect = "[{type: RequestRedirect, requestRedirect: {hostname: a.example}}]";
    let rewrite =
        "[{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /x}}}]";
    let backends = format!(
        "backendRefs: [{{name: cart, port: 80, weight: 2, filters: {redirect}}}, \
         {{name: cart, port: 80, weight: 1, filters: {rewrite}}}, {{name: log, port: 80, weight: 5}}]"
    );
    let rig = one_rule(&backends);
    assert_eq!(rig.routes("*"), ["/* -> redirect 302", "/* -> 80 cart.shop", "/* -> 80 log.shop"]);
    let host = rig.host("http.80", "*").expect("a virtual host");
    let shares: Vec<_> = host
        .routes
        .iter()
        .map(|route| route.matches.fraction.as_ref().map(|share| share.default))
        .collect();
    // One draw decides: below 2 of 8 the first, below 3 of 8 the second, else the last.
    assert_eq!(shares, [Some(Ppm::from_ppm(250_000)), Some(Ppm::from_ppm(375_000)), None]);
    let path = forward(&host.routes[1]).path_rewrite.as_ref().map(|it| &it.value);
    assert_eq!(path, Some(&PathRewrite::Full("/x".to_owned())));
    // In Istio such filters are not taken, and the route is not in force.
    assert_eq!(one_rule_as("istio", &backends).routes("*"), Vec::<String>::new());
}

#[test]
fn the_request_timeout_spans_all_attempts_and_the_other_each_of_them() {
    let seconds = SimDuration::from_secs;
    let limits = |profile, rule: &str| {
        let route = one_rule_as(profile, &format!("{{{CART}, {rule}}}")).only_route();
        let forward = forward(&route);
        let per_try = forward.retry.as_ref().and_then(|retry| retry.per_try_timeout);
        let retries = forward.retry.as_ref().map_or(0, |retry| retry.retries.value);
        (forward.timeout.value, per_try.map(|it| it.value), retries)
    };
    let standard = |rule: &str| limits("gateway-api", rule);
    let both = "timeouts: {request: 10s, backendRequest: 2s}";
    assert_eq!(standard(both), (seconds(10), Some(seconds(2)), 0));
    assert_eq!(standard("timeouts: {request: 0s}"), (SimDuration::ZERO, None, 0));
    assert_eq!(standard("timeouts: {backendRequest: 0s}"), (SimDuration::ZERO, None, 0));
    assert_eq!(standard("timeouts: {}"), (SimDuration::ZERO, None, 0));
    // Without retries Istio takes the limit of an attempt for that of the request.
    assert_eq!(limits("istio", both), (seconds(2), None, 2));
    let rig = one_rule(&format!("{{{CART}, {both}}}"));
    assert_eq!(rig.because("shop/web", rules::TIMEOUT).len(), 2);
}

#[test]
fn retries_are_for_connection_errors_and_the_codes_that_are_named() {
    let rule = format!(
        "{{{CART}, retry: {{attempts: 3, codes: [503], backoff: 100ms}}, timeouts: {{backendRequest: 1s}}}}"
    );
    let rig = one_rule(&rule);
    let route = rig.only_route();
    let retry = forward(&route).retry.clone().expect("a policy");
    assert_eq!((retry.retries.value, &retry.status_codes[..]), (3, &[503][..]));
    assert!(retry.retry_on.has(RetryOn::CONNECT_FAILURE.with(RetryOn::RESET)));
    assert!(retry.retry_on.has(RetryOn::RETRIABLE_STATUS_CODES));
    assert!(!retry.retry_on.has_any(RetryOn::FIVE_XX.with(RetryOn::GATEWAY_ERROR)));
    assert_eq!(retry.backoff.base, SimDuration::from_ms(100));
    assert_eq!(retry.per_try_timeout.map(|it| it.value), Some(SimDuration::from_secs(1)));
    assert_eq!(retry.host_predicates, [HostPredicate::PreviousHosts]);
    assert_eq!(rig.because("shop/web", rules::RETRY).len(), 1);
    // Without the stanza nothing is retried in the standard, and Istio's default holds there.
    let plain = format!("{{{CART}}}");
    assert!(forward(&one_rule(&plain).only_route()).retry.is_none());
    let istio = one_rule_as("istio", &plain).only_route();
    assert_eq!(forward(&istio).retry.as_ref().map(|it| it.retries.value), Some(2));
}

#[test]
fn session_persistence_is_said_to_be_missing() {
    let rig = one_rule(&format!("{{{CART}, sessionPersistence: {{type: Cookie}}}}"));
    assert_eq!(rig.codes(), ["gateway.not-modelled"]);
    assert_eq!(rig.because("shop/web", rules::NOT_MODELLED).len(), 1);
}

#[test]
fn a_rule_keeps_its_name_or_gets_one() {
    let named = one_rule(&format!("{{name: pay, {CART}}}")).only_route();
    assert_eq!(named.name.as_deref(), Some("pay"));
    let plain = one_rule(&format!("{{{CART}}}")).only_route();
    assert_eq!(plain.name.as_deref(), Some("shop.web.0"));
}

#[test]
fn envoy_gateway_gives_up_after_15_s_and_retries_503_where_a_stanza_names_no_codes() {
    let seconds = SimDuration::from_secs;
    let of = |rule: &str| {
        let rig = one_rule_as("envoy-gateway", &format!("{{{CART}, {rule}}}"));
        forward(&rig.only_route()).clone()
    };
    let plain = of("timeouts: {}");
    assert_eq!((plain.timeout.value, plain.retry.is_none()), (seconds(15), true));
    let both = of("timeouts: {request: 10s, backendRequest: 2s}");
    assert_eq!((both.timeout.value, both.retry.is_none()), (seconds(2), true));
    assert_eq!(of("timeouts: {request: 0s}").timeout.value, SimDuration::ZERO);
    let retry = of("retry: {}").retry.expect("a policy");
    assert_eq!((retry.retries.value, &retry.status_codes[..]), (2, &[503][..]));
    assert!(retry.retry_on.has(RetryOn::RETRIABLE_STATUS_CODES.with(RetryOn::GRPC_UNAVAILABLE)));
    assert!(!retry.retry_on.has(RetryOn::RESET));
    assert_eq!(of("retry: {codes: [500]}").retry.expect("a policy").status_codes, [500]);
}

#[test]
fn envoy_gateway_balances_by_least_requests_and_hardly_limits_retries() {
    let rig = one_rule_as("envoy-gateway", &format!("{{{CART}}}"));
    let config = rig.config();
    let cluster = config.clusters.values().next().expect("the cluster of the cart");
    assert!(matches!(cluster.balancer.value, LoadBalancer::LeastRequest(_)));
    assert_eq!(cluster.connect_timeout.value, SimDuration::from_secs(10));
    assert_eq!(cluster.thresholds[&RoutingPriority::Default].max_retries.value, 1024);
}
