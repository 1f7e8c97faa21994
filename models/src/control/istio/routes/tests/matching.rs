//! Which requests take a route.

use super::*;
use crate::proxy::envoy::config::{
    Case, HeaderTest, Invert, MissingHeader, PathMatcher, QueryTest, StringTest,
};

#[test]
fn conditions_become_matchers_and_pseudo_headers_stand_last() {
    let route = Asker::sidecar().only(
        "  - match:\n    - uri: {prefix: /pay}\n      ignoreUriCase: true\n      \
         method: {exact: POST}\n      headers: {X-User: {exact: jane}, a: {}, b: {regex: '*'}}\n      \
         withoutHeaders: {c: {prefix: x}, d: {}}\n      queryParams: {q: {regex: '[0-9]+'}}\n    \
         route: [{destination: {host: web}}]\n",
    );
    assert_eq!(route.matches.path, PathMatcher::Prefix("/pay".to_owned()));
    assert_eq!(route.matches.case, Case::Ignored);
    let names: Vec<_> = route.matches.headers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "x-user", ":method"]);
    let [a, b, c, d, user, _] = &route.matches.headers[..] else { panic!("six") };
    assert_eq!((&a.test, a.invert), (&HeaderTest::Present, Invert::No));
    assert_eq!(b.test, HeaderTest::Present);
    assert_eq!((c.invert, c.missing), (Invert::Yes, MissingHeader::Empty));
    assert_eq!(
        (&d.test, d.invert, d.missing),
        (&HeaderTest::Present, Invert::Yes, MissingHeader::NoMatch)
    );
    let HeaderTest::Value(test) = &user.test else { panic!("a value") };
    assert_eq!(test.test, StringTest::Exact("jane".to_owned()));
    let [query] = &route.matches.query[..] else { panic!("one parameter") };
    assert!(matches!(&query.test, QueryTest::Value(_)));
}

#[test]
fn a_prefix_is_a_raw_one_and_not_of_whole_elements() {
    let route = Asker::sidecar()
        .only("  - {match: [{uri: {prefix: /foo/}}], route: [{destination: {host: web}}]}\n");
    assert_eq!(route.matches.path, PathMatcher::Prefix("/foo/".to_owned()));
}

#[test]
fn rules_behind_one_that_takes_everything_are_never_made() {
    let rules = rules(
        "  - {name: a, match: [{uri: {exact: /a}}], route: [{destination: {host: web}}]}\n  \
         - {name: b, match: [{uri: {regex: '.*'}}, {uri: {exact: /b}}], route: [{destination: {host: web}}]}\n  \
         - {name: c, route: [{destination: {host: web}}]}\n",
    );
    let routes = Asker::sidecar().routes(&rules);
    let names: Vec<_> = routes.iter().map(|route| route.name.as_deref()).collect();
    assert_eq!(names, [Some("a"), Some("b")]);
}

#[test]
fn a_path_with_a_header_does_not_take_everything() {
    let rules = rules(
        "  - {match: [{uri: {prefix: /}, headers: {x: {exact: y}}}], route: [{destination: {host: web}}]}\n  \
         - {route: [{destination: {host: web}}]}\n",
    );
    assert_eq!(Asker::sidecar().routes(&rules).len(), 2);
}

#[test]
fn labels_and_namespace_of_the_client_decide_beforehand() {
    let rules = rules(
        "  - {name: ours, match: [{sourceLabels: {app: front}, sourceNamespace: shop}], route: [{destination: {host: web}}]}\n  \
         - {name: other, match: [{sourceLabels: {app: back}}], route: [{destination: {host: web}}]}\n  \
         - {name: elsewhere, match: [{sourceNamespace: bank}], route: [{destination: {host: web}}]}\n",
    );
    let routes = Asker::sidecar().routes(&rules);
    let names: Vec<_> = routes.iter().map(|route| route.name.as_deref()).collect();
    assert_eq!(names, [Some("ours")]);
    // Nothing is left to be compared in a request.
    assert!(routes[0].matches.headers.is_empty());
}

#[test]
fn gateways_of_a_match_stand_in_place_of_labels() {
    let rules = rules(
        "  - {name: edge, match: [{gateways: [shop/edge], sourceLabels: {app: none}}], route: [{destination: {host: web}}]}\n  \
         - {name: mesh, match: [{gateways: [mesh]}], route: [{destination: {host: web}}]}\n",
    );
    let names = |asker: Asker| -> Vec<String> {
        asker.routes(&rules).iter().filter_map(|route| route.name.clone()).collect()
    };
    assert_eq!(names(Asker::gateway(80, ListenerTls::Plaintext)), ["edge"]);
    assert_eq!(names(Asker::sidecar()), ["mesh"]);
}

#[test]
fn a_port_of_a_match_is_the_one_that_was_dialled() {
    let rules = rules(
        "  - {name: a, match: [{port: 80}], route: [{destination: {host: web}}]}\n  \
         - {name: b, match: [{port: 9080, name: m}], route: [{destination: {host: web}}]}\n",
    );
    let routes = Asker::sidecar().routes(&rules);
    assert_eq!(routes.iter().map(|it| it.name.as_deref()).collect::<Vec<_>>(), [Some("b.m")]);
}
