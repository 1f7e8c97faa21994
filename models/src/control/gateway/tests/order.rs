//! In which order rules are tried, over all routes of a listener.

use super::super::rules;
use super::*;
use crate::proxy::envoy::config::NetworkFilter;

fn gateway() -> String {
    format!("{GATEWAY}{OPEN}")
}

/// A rule with these matches to a backend that answers 500, as it is not there.
fn to(matches: &str, backend: &str) -> String {
    format!("{{matches: [{matches}], backendRefs: [{{name: {backend}, port: 80}}]}}")
}

fn shown(rig: &Rig, domain: &str) -> Vec<String> {
    let routes = rig.routes(domain).into_iter();
    routes.map(|route| route.replace(" -> invalid-backend|", " ")).collect()
}

fn aged(route: &str, year: u32) -> String {
    route.replace(
        "metadata: {",
        &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "),
    )
}

#[test]
fn the_most_specific_match_of_all_routes_is_tried_first() {
    let one = http_route(
        "one",
        &[
            &to("{}", "a"),
            &to("{path: {value: /long}}", "b"),
            &to("{path: {value: /x}, headers: [{name: h, value: v}]}", "c"),
            &to("{path: {type: RegularExpression, value: '/.*'}}", "d"),
        ],
    );
    let two = http_route(
        "two",
        &[
            &to("{path: {value: /x}, method: GET}", "e"),
            &to(
                "{path: {value: /x}, queryParams: [{name: q, value: v}, {name: r, value: v}]}",
                "f",
            ),
            &to("{path: {type: Exact, value: /}}", "g"),
            &to("{path: {value: /longer}}", "h"),
        ],
    );
    let rig = rig(&[&gateway(), &one, &two]);
    assert_eq!(
        shown(&rig, "*"),
        [
            "=/ g",
            "/longer* h",
            "/long* b",
            "/x* :method e",
            "/x* h c",
            "/x* ?q ?r f",
            "/* a",
            "~/.* d"
        ]
    );
}

#[test]
fn the_more_specific_hostname_goes_before_the_more_specific_path() {
    let host = |name: &str, hosts: &str, path: &str| {
        let spec = format!(
            "  hostnames: [{hosts}]\n  rules: [{}]\n",
            to(&format!("{{path: {{value: {path}}}}}"), name)
        );
        route("HTTPRoute", &format!("shop/{name}"), &spec)
    };
    let rig = rig(&[
        &gateway(),
        &host("exact", "a.example.com", "/"),
        &host("wide", "'*.com'", "/very/long"),
        &host("narrow", "'*.example.com'", "/long"),
    ]);
    // What fits no rule of the narrow hostname is compared with the wider ones.
    assert_eq!(shown(&rig, "a.example.com"), ["/* exact", "/long* narrow", "/very/long* wide"]);
    assert_eq!(shown(&rig, "*.example.com"), ["/long* narrow", "/very/long* wide"]);
    let istio = rig_as(
        "istio",
        &[&gateway(), &host("exact", "a.example.com", "/"), &host("wide", "'*.com'", "/long")],
    );
    let mut tree = Tree::default();
    rig.plane.explain_order(("infra", "edge"), "http.80", "a.example.com", &mut tree);
    let said = tree.finish().remove(0).because;
    let by_host = said.iter().filter(|step| step.rule == rules::HOSTNAME_PRECEDENCE);
    assert_eq!(by_host.count(), 2);
    // In Istio each hostname stands alone.
    assert_eq!(shown(&istio, "a.example.com"), ["/* exact"]);
}

#[test]
fn of_equal_matches_the_older_route_counts_then_the_first_name() {
    let rule = |backend: &str| to("{path: {value: /x}}", backend);
    let young = aged(&http_route("a", &[&rule("young")]), 2024);
    let old = aged(&http_route("z", &[&rule("old")]), 2023);
    let rig_of_ages = rig(&[&gateway(), &young, &old]);
    assert_eq!(shown(&rig_of_ages, "*"), ["/x* old", "/x* young"]);
    assert!(!rig_of_ages.codes().contains(&"gateway.order-by-name"));
    // Without times the name decides, and that is said.
    let rig = rig(&[&gateway(), &http_route("z", &[&rule("z")]), &http_route("a", &[&rule("a")])]);
    assert_eq!(shown(&rig, "*"), ["/x* a", "/x* z"]);
    assert!(rig.codes().contains(&"gateway.order-by-name"));
    assert!(rig.codes().contains(&"gateway.unreachable-rule"));
}

#[test]
fn wherever_an_unknown_age_may_decide_that_is_said() {
    let with = |header: &str, backend: &str| {
        to(&format!("{{path: {{value: /x}}, headers: [{{name: {header}, value: v}}]}}"), backend)
    };
    let guesses = |texts: &[&str]| {
        let gateway = gateway();
        let mut all = vec![gateway.as_str()];
        all.extend(texts);
        let codes = rig(&all).codes();
        codes.into_iter().filter(|code| *code == "gateway.order-by-name").count()
    };
    let (a, b) = (http_route("a", &[&with("h", "a")]), http_route("b", &[&with("i", "b")]));
    // A request with both headers goes to the older route.
    assert_eq!(guesses(&[&a, &b]), 1);
    // One time is not enough, two are.
    assert_eq!(guesses(&[&aged(&a, 2024), &b]), 1);
    assert_eq!(guesses(&[&aged(&a, 2024), &aged(&b, 2023)]), 0);
    // No request has both values, or both paths.
    let other = b.replace("name: i, value: v", "name: h, value: w");
    assert_eq!(guesses(&[&a, &other]), 0);
    assert_eq!(guesses(&[&a, &b.replace("/x", "/y")]), 0);
    // Kinds that exclude each other.
    let grpc = route("GRPCRoute", "shop/c", "  rules: [{backendRefs: [{name: c, port: 80}]}]\n");
    assert_eq!(guesses(&[&a, &grpc]), 1);
}

#[test]
fn a_pattern_that_does_not_compile_matches_nothing_and_is_found() {
    let entry = "{path: {type: RegularExpression, value: '/(['}, headers: \
                 [{name: h, type: RegularExpression, value: '*'}, {name: i, value: '*'}]}";
    let rig = rig(&[&gateway(), &http_route("web", &[&to(entry, "a")])]);
    let found: Vec<_> = rig.findings.iter().filter(|it| it.code == "gateway.pattern").collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|it| it.place().is_some()));
    assert_eq!(rig.because("shop/web", rules::PATTERN).len(), 2);
    let PathMatcher::Regex(pattern) = &rig.only_route().matches.path else { panic!("a pattern") };
    assert!(pattern.error().is_some());
}

#[test]
fn in_one_route_the_order_written_counts_and_a_repeated_match_is_never_reached() {
    let rules = [&to("{path: {value: /x/}}", "first")[..], &to("{path: {value: /x}}", "second")];
    let rig = rig(&[&gateway(), &http_route("web", &rules)]);
    assert_eq!(shown(&rig, "*"), ["/x* first", "/x* second"]);
    assert!(rig.codes().contains(&"gateway.unreachable-rule"));
    assert!(!rig.codes().contains(&"gateway.order-by-name"));
}

#[test]
fn of_entries_with_an_equivalent_name_only_the_first_counts() {
    let entries = "{headers: [{name: Color, value: red}, {name: color, value: blue}], \
                   queryParams: [{name: q, value: '1'}, {name: Q, value: '2'}, {name: q, value: '3'}]}";
    let rig = rig(&[&gateway(), &http_route("web", &[&to(entries, "a")])]);
    let route = rig.only_route();
    let headers = format!("{:?}", route.matches.headers);
    assert!(headers.contains("red") && !headers.contains("blue"), "{headers}");
    // Names of parameters are told apart by case, those of headers are not.
    assert_eq!(show(&route), "/* color ?q ?Q -> invalid-backend|a");
    assert_eq!(rig.because("shop/web", rules::FIRST_OF_NAME).len(), 2);
}

#[test]
fn prefixes_are_compared_element_by_element_and_without_a_slash_at_the_end() {
    let rules = [&to("{path: {value: /foo/}}", "a")[..], &to("{path: {value: /}}", "b")];
    let rig = rig(&[&gateway(), &http_route("web", &rules)]);
    let host = rig.host("http.80", "*").expect("a virtual host");
    let paths: Vec<_> = host.routes.iter().map(|route| &route.matches.path).collect();
    assert_eq!(
        paths,
        [
            &PathMatcher::PathSeparatedPrefix("/foo".to_owned()),
            &PathMatcher::Prefix("/".to_owned())
        ]
    );
    assert_eq!(rig.because("shop/web", rules::PATH_PREFIX).len(), 2);
}

#[test]
fn a_port_in_the_host_is_not_compared() {
    let rig = rig(&[&gateway(), &http_route("web", &[&to("{}", "a")])]);
    let config = rig.config();
    assert!(config.route_tables["http.80"].ignore_port_in_host);
    // It is forwarded as it came.
    let NetworkFilter::Http(manager) = &config.listeners[0].chains[0].filters[0] else {
        panic!("HTTP")
    };
    assert!(!manager.strips_port);
}

#[test]
fn calls_are_ordered_by_service_then_method_then_headers() {
    let spec = "  rules:
  - {matches: [{}], backendRefs: [{name: all, port: 80}]}
  - {matches: [{method: {method: Pay}}], backendRefs: [{name: method, port: 80}]}
  - {matches: [{method: {service: shop.Cart}}], backendRefs: [{name: service, port: 80}]}
  - {matches: [{method: {service: shop.Cart, method: Pay}}], backendRefs: [{name: both, port: 80}]}
  - {matches: [{method: {service: shop.Cart}, headers: [{name: h, value: v}]}], backendRefs: [{name: header, port: 80}]}
  - {matches: [{method: {type: RegularExpression, service: 's.+', method: 'P.*'}}], backendRefs: [{name: regex, port: 80}]}
";
    let rig = rig(&[&gateway(), &route("GRPCRoute", "shop/calls", spec)]);
    assert_eq!(
        shown(&rig, "*"),
        [
            "=/shop.Cart/Pay both",
            "/shop.Cart/* h header",
            "/shop.Cart/* service",
            "~/(?:s.+)/(?:P.*) regex",
            "~/[^/]+/Pay method",
            "/* all"
        ]
    );
}

#[test]
fn the_order_is_explained_with_what_decides() {
    let rules = [
        &to("{path: {value: /x}}", "a")[..],
        &to("{path: {value: /x}, method: GET}", "b"),
        &to("{}", "c"),
    ];
    let rig = rig(&[&gateway(), &http_route("web", &rules)]);
    let mut tree = Tree::default();
    rig.plane.explain_order(("infra", "edge"), "http.80", "*", &mut tree);
    let root = tree.finish().remove(0);
    let said: Vec<_> = root
        .because
        .iter()
        .filter(|step| step.rule == rules::PRECEDENCE)
        .map(|step| step.finding.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "HTTPRoute shop/web, before the next one: a match on the method goes first",
            "HTTPRoute shop/web, before the next one: the longer path goes first",
            "HTTPRoute shop/web, the last one"
        ]
    );
    let ids: Vec<_> = root.because.iter().map(|step| step.rule).collect();
    assert_eq!(ids[..2], [rules::HOST_PORT, rules::ISOLATION]);
    assert_eq!(ids.last(), Some(&rules::NO_MATCH));
    assert!(root.because[2].origin.is_some());
}

#[test]
fn a_request_that_fits_no_rule_finds_no_route() {
    let rig = rig(&[&gateway(), &http_route("web", &[&to("{path: {value: /x}}", "a")])]);
    // There is no route for other paths, and the proxy answers 404 on its own.
    assert_eq!(shown(&rig, "*"), ["/x* a"]);
}
