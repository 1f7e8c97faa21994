//! What becomes of a request that takes a route.

use super::*;
use crate::proxy::envoy::config::{
    AppendAction, Destination as To, FaultAbort, FilterOverride, HostRewrite, PathRewrite,
    Redirect, RedirectPath,
};
use crate::units::Ppm;

fn redirect(asker: &Asker, redirect: &str) -> Redirect {
    match asker.only(&format!("  - {{redirect: {redirect}}}\n")).action {
        RouteAction::Redirect(redirect) => redirect,
        other => panic!("{other:?} is no redirect"),
    }
}

fn cluster_of(destination: &str) -> String {
    match forward(&format!("  - {{route: [{{destination: {destination}}}]}}\n")).destination {
        To::Cluster(name) => name.value,
        other => panic!("{other:?} is not one cluster"),
    }
}

#[test]
fn a_port_that_is_not_written_is_the_only_one_or_the_one_that_was_dialled() {
    assert_eq!(cluster_of("{host: web}"), "outbound|8080||web");
    assert_eq!(cluster_of("{host: web, port: {number: 1}, subset: v2}"), "outbound|1|v2|web");
    assert_eq!(cluster_of("{host: many}"), "outbound|9080||many");
    assert_eq!(cluster_of("{host: nowhere}"), "outbound|9080||nowhere");
    assert_eq!(cluster_of("{host: alias}"), "outbound|443||real.example.com");
}

#[test]
fn of_several_destinations_those_without_weight_are_dropped() {
    let several = forward(
        "  - route:\n    - {destination: {host: web, subset: v1}, weight: 90}\n    \
         - {destination: {host: web, subset: v2}, weight: 0}\n    \
         - {destination: {host: web, subset: v3}, weight: 10}\n",
    );
    let To::Weighted { clusters, .. } = several.destination else { panic!("several") };
    let shares: Vec<_> =
        clusters.iter().map(|it| (it.cluster.value.as_str(), it.weight.value)).collect();
    assert_eq!(shares, [("outbound|8080|v1|web", 90), ("outbound|8080|v3|web", 10)]);
    let single = forward("  - {route: [{destination: {host: web}, weight: 0}]}\n");
    assert!(matches!(single.destination, To::Cluster(_)));
}

#[test]
fn headers_are_set_before_others_are_added_and_the_host_is_a_rewrite() {
    let route = Asker::sidecar().only(
        "  - headers:\n      request: {set: {B: '1', Host: new.example}, add: {a: '2'}, remove: [c, host]}\n      \
         response: {add: {d: '3'}}\n    \
         route: [{destination: {host: web}, headers: {request: {set: {e: '4', host: other}}}}]\n",
    );
    let set: Vec<_> = route
        .headers
        .request_set
        .iter()
        .map(|it| (it.name.as_str(), it.value.as_str(), it.action))
        .collect();
    assert_eq!(
        set,
        [
            ("b", "1", AppendAction::OverwriteOrAdd),
            ("a", "2", AppendAction::AppendOrAdd),
            ("e", "4", AppendAction::OverwriteOrAdd),
        ]
    );
    assert_eq!(route.headers.request_remove, ["c"]);
    assert_eq!(route.headers.response_set.len(), 1);
    let RouteAction::Forward(forward) = route.action else { panic!("it forwards") };
    let rewrite = forward.host_rewrite.map(|it| it.value);
    assert_eq!(rewrite, Some(HostRewrite::Literal("new.example".to_owned())));
}

#[test]
fn several_destinations_keep_their_headers_to_themselves() {
    let forward = forward(
        "  - route:\n    - {destination: {host: web}, weight: 1, headers: {request: {set: {a: '1', host: x}}}}\n    \
         - {destination: {host: many}, weight: 1}\n",
    );
    assert_eq!(forward.host_rewrite, None);
    let To::Weighted { clusters, .. } = forward.destination else { panic!("several") };
    assert_eq!(clusters[0].headers.request_set.len(), 1);
    assert!(clusters[0].host_rewrite.is_some() && clusters[1].host_rewrite.is_none());
}

#[test]
fn rewrites_replace_the_prefix_or_what_a_pattern_finds() {
    let text = "  - {rewrite: {uri: /v1, authority: a.b, uriRegexRewrite: {match: x, rewrite: y}}, \
                route: [{destination: {host: web}}]}\n";
    let both = forward(text);
    assert!(matches!(both.path_rewrite.map(|it| it.value), Some(PathRewrite::Regex(_))));
    assert_eq!(both.host_rewrite.map(|it| it.value), Some(HostRewrite::Literal("a.b".to_owned())));
    let prefix = forward("  - {rewrite: {uri: /v1}, route: [{destination: {host: web}}]}\n");
    let prefix = prefix.path_rewrite.map(|it| it.value);
    assert_eq!(prefix, Some(PathRewrite::Prefix("/v1".to_owned())));
}

#[test]
fn a_redirect_leaves_out_a_port_that_its_scheme_implies() {
    let plain = Asker::gateway(8080, ListenerTls::Plaintext);
    let port = |asker: &Asker, text| redirect(asker, text).port.map(|port| port.value);
    assert_eq!(port(&plain, "{uri: /x}"), None);
    assert_eq!(port(&plain, "{uri: /x, port: 8443}"), Some(8443));
    assert_eq!(port(&plain, "{uri: /x, port: 80}"), None);
    assert_eq!(port(&plain, "{scheme: https, port: 443}"), None);
    assert_eq!(port(&plain, "{scheme: https, port: 80}"), Some(80));
    assert_eq!(port(&plain, "{derivePort: FROM_REQUEST_PORT}"), Some(8080));
    assert_eq!(port(&plain, "{derivePort: FROM_PROTOCOL_DEFAULT}"), None);
    let tls = Asker::gateway(443, ListenerTls::Ended);
    assert_eq!(port(&tls, "{derivePort: FROM_REQUEST_PORT}"), None);
    let whole = redirect(&plain, "{uri: /x, authority: a.b, redirectCode: 308}");
    assert_eq!(whole.status.value, 308);
    assert_eq!(whole.path.map(|it| it.value), Some(RedirectPath::Full("/x".to_owned())));
    assert_eq!(whole.host.map(|it| it.value).as_deref(), Some("a.b"));
}

#[test]
fn a_redirect_with_a_status_that_is_none_makes_no_route() {
    let rules = rules("  - {redirect: {uri: /x, redirectCode: 200}}\n");
    assert!(Asker::sidecar().routes(&rules).is_empty());
}

#[test]
fn the_proxy_answers_itself_where_a_rule_says_so() {
    let route = Asker::sidecar().only("  - {directResponse: {status: 503, body: {string: no}}}\n");
    let RouteAction::Direct(response) = route.action else { panic!("an answer") };
    assert_eq!((response.status.value, response.body.as_str()), (503, "no"));
}

#[test]
fn mirrors_of_no_share_are_left_out() {
    let forward = forward(
        "  - route: [{destination: {host: web}}]\n    mirror: {host: many, subset: v2}\n    \
         mirrorPercentage: {value: 12.5}\n    \
         mirrors: [{destination: {host: web}}, {destination: {host: x}, percentage: {value: 0}}]\n",
    );
    let mirrors: Vec<_> = forward
        .mirrors
        .iter()
        .map(|it| (it.cluster.value.as_str(), it.fraction.value.default))
        .collect();
    assert_eq!(
        mirrors,
        [("outbound|9080|v2|many", Ppm::from_ppm(125_000)), ("outbound|8080||web", Ppm::ONE)]
    );
}

#[test]
fn faults_without_a_share_happen_to_no_request() {
    let route = Asker::sidecar().only(
        "  - fault: {abort: {httpStatus: 500}, delay: {percentage: {value: 50}, fixedDelay: 2s}}\n    \
         corsPolicy: {allowOrigins: [{exact: 'https://a.b'}], maxAge: 24h}\n    \
         route: [{destination: {host: web}}]\n",
    );
    let Some(FilterOverride::Fault(fault)) = route.filters.get(FAULT_FILTER) else {
        panic!("a fault")
    };
    let abort = fault.abort.as_ref().map(|it| it.value);
    assert_eq!(abort, Some(FaultAbort::Http { status: 500, share: Ppm::ZERO }));
    assert!(fault.delay.is_some());
    let Some(FilterOverride::Cors(cors)) = route.filters.get(CORS_FILTER) else {
        panic!("settings for other origins")
    };
    assert_eq!(cors.max_age.as_deref(), Some("86400"));
    assert!(cors.forwards_unmatched_preflights);
}

#[test]
fn a_hash_policy_comes_from_the_rule_of_the_destination() {
    let forward = forward("  - {route: [{destination: {host: sticky}}]}\n");
    assert_eq!(forward.hash.len(), 1);
}
