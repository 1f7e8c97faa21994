//! What becomes of headers, path and authority.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::testing::*;
use crate::explain::Silent;
use crate::proxy::envoy::config::AppendAction::{
    AddIfAbsent, AppendOrAdd, OverwriteIfExists, OverwriteOrAdd,
};
use crate::proxy::envoy::config::{
    Bootstrap, Destination, Forward, HeaderMutation, HeaderMutations, HostRewrite, PathMatcher,
    PathRewrite, Route, RouteAction, RouteTable,
};
use crate::proxy::envoy::router::{Details, LocalReply, ResetReason, Tries};
use crate::proxy::envoy::routing::{AutoHost, Choice, Context, Plan, choose, finish_reply};
use crate::proxy::envoy::{HeaderMap, Reply, ResponseFlag, ResponseFlags};

fn request_sets(set: Vec<HeaderMutation>) -> HeaderMutations {
    HeaderMutations { request_set: set, ..HeaderMutations::default() }
}

fn response_sets(set: Vec<HeaderMutation>) -> HeaderMutations {
    HeaderMutations { response_set: set, ..HeaderMutations::default() }
}

fn with(headers: HeaderMutations) -> RouteTable {
    routes(vec![Route { headers, ..forwarding(prefix("/"), to_cluster("cart")) }])
}

fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> Vec<&'h str> {
    headers.all(name).collect()
}

#[test]
fn within_a_level_removals_come_first_then_replacements_then_additions() {
    let table = with(HeaderMutations {
        request_remove: vec!["x-gone".to_owned()],
        ..request_sets(vec![
            mutation("x-a", "added", AppendOrAdd),
            mutation("x-a", "set", OverwriteOrAdd),
            mutation("x-b", "if absent", AddIfAbsent),
            mutation("x-c", "if there", OverwriteIfExists),
            mutation("x-copy", "%REQ(x-gone)%", AppendOrAdd),
            mutation("x-gone", "back", OverwriteIfExists),
        ])
    });
    let sent = [("x-a", "client"), ("x-b", "client"), ("x-c", "client"), ("x-gone", "client")];
    let after = forwarded(&table, &with_headers("/", &sent));
    assert_eq!(values(&after, "x-a"), ["set", "added"]);
    assert_eq!(values(&after, "x-b"), ["client"]);
    assert_eq!(values(&after, "x-c"), ["if there"]);
    assert_eq!(values(&after, "x-gone"), [""; 0]);
    assert_eq!(values(&after, "x-copy"), [""; 0], "an empty value makes no header");
    let after = forwarded(&table, &get("/"));
    assert_eq!(values(&after, "x-b"), ["if absent"]);
    assert_eq!(values(&after, "x-c"), [""; 0]);
}

/// A table whose every level sets `x-last` and adds to `x-all`, on both sides.
fn levels() -> RouteTable {
    let level = |name: &str| {
        let set =
            || vec![mutation("x-last", name, OverwriteOrAdd), mutation("x-all", name, AppendOrAdd)];
        HeaderMutations { response_set: set(), ..request_sets(set()) }
    };
    let mut cluster = weighted("cart", 1);
    cluster.headers = level("cluster");
    let destination = Destination::Weighted { clusters: vec![cluster], header: None };
    let routes =
        vec![Route { headers: level("route"), ..forwarding(prefix("/"), forward(destination)) }];
    let mut shop = host(&["*"], routes);
    shop.headers = level("host");
    RouteTable { headers: level("table"), ..table(vec![shop]) }
}

#[test]
fn the_least_specific_level_comes_last_and_wins_unless_turned_round() {
    for (most_specific_wins, all, last) in [
        (false, ["cluster", "route", "host", "table"], "table"),
        (true, ["cluster", "table", "host", "route"], "route"),
    ] {
        let table = RouteTable { most_specific_wins, ..levels() };
        let request = get("/");
        planned(&table, &request, |plan, context| {
            let Plan::Forward(plan) = plan else { panic!("not forwarded") };
            assert_eq!(values(&plan.headers, "x-all"), all);
            assert_eq!(values(&plan.headers, "x-last"), [last]);
            assert_eq!(plan.changes.made.len(), 8);
            let mut response: HeaderMap = [("x-all", "upstream")].into_iter().collect();
            plan.finish_response(context, &request, 200, &mut response, &mut Silent);
            assert_eq!(values(&response, "x-all")[1..], all);
            assert_eq!(values(&response, "x-last"), [last]);
        });
    }
}

#[test]
fn answers_of_the_router_get_the_headers_of_their_route() {
    let mut table = routes(vec![direct("tea", prefix("/"))]);
    table.headers = response_sets(vec![
        mutation("x-asked", "%REQ(:path)%", AppendOrAdd),
        mutation("x-status", "%RESPONSE_CODE%", AppendOrAdd),
    ]);
    let reply = replied(&table, &get("/pot?full"));
    assert_eq!(reply.headers.get("x-asked"), Some("/pot?full"));
    assert_eq!(reply.headers.get("x-status"), Some("0"), "no status is written down yet");
    assert_eq!(reply.body, "tea");
}

/// The names of headers in order.
fn names(headers: &HeaderMap) -> Vec<&str> {
    headers.iter().map(|(name, _)| name).collect()
}

#[test]
fn an_answer_in_place_of_the_upstreams_gets_the_headers_of_the_route_first() {
    let headers = response_sets(vec![mutation("x-status", "%RESPONSE_CODE%", AppendOrAdd)]);
    let mut table = with(headers);
    let shop = Arc::make_mut(&mut table.virtual_hosts[0]);
    shop.attempt_count_in_response = true;
    let flags = ResponseFlags::of(ResponseFlag::UpstreamOverflow);
    let details = Details::EarlyReset(ResetReason::Overflow);
    let local = LocalReply { status: 503, details, tries: Tries::First, flags };
    let kinds = [("application/grpc", 200), ("text/plain", 503)];
    for (kind, status) in kinds {
        let request = with_headers("/", &[("content-type", kind)]);
        planned(&table, &request, |plan, context| {
            let Plan::Forward(plan) = plan else { panic!("not forwarded") };
            let reply = plan.local_reply(context, &request, &local, 2, &mut Silent);
            assert_eq!(reply.status, status);
            let own = ["x-status", "x-envoy-overloaded", "x-envoy-attempt-count"];
            assert_eq!(names(&reply.headers)[..3], own);
            assert_eq!(reply.headers.get("x-status"), Some("0"));
            assert_eq!(reply.headers.get("x-envoy-attempt-count"), Some("2"));
            let mut denied = Reply::new(403, "denied");
            let (taken, pick) = (plan.taken, Some(&plan.pick));
            finish_reply(context, taken, pick, &request, &mut denied, &mut Silent);
            assert_eq!(names(&denied.headers), ["x-status"]);
        });
    }
}

#[test]
fn answers_of_filters_are_left_alone_where_the_route_would_answer_itself() {
    let mut table = routes(vec![direct("tea", prefix("/"))]);
    table.headers = response_sets(vec![mutation("x-a", "1", AppendOrAdd)]);
    let request = get("/");
    let bootstrap = Bootstrap::default();
    let clusters = BTreeMap::new();
    let context = Context { table: &table, clusters: &clusters, bootstrap: &bootstrap };
    let choice = choose(&table, &request, &bootstrap, &mut Fixed(0), &mut Silent);
    let Choice::Taken(taken) = choice else { panic!("no route") };
    let mut denied = Reply::new(403, "denied");
    finish_reply(context, taken, None, &request, &mut denied, &mut Silent);
    assert_eq!(names(&denied.headers), [""; 0]);
}

#[test]
fn a_direct_answer_of_a_redirects_status_says_where_the_request_was() {
    for (status, location) in [
        (200, None),
        (201, Some("http://shop.example/a?b")),
        (304, Some("http://shop.example/a?b")),
    ] {
        let mut route = direct("tea", prefix("/"));
        let RouteAction::Direct(answer) = &mut route.action else { panic!("not direct") };
        answer.status = set(status);
        let reply = replied(&routes(vec![route]), &get("/a?b"));
        assert_eq!(reply.headers.get("location"), location, "{status}");
    }
}

#[test]
fn operators_that_cannot_be_told_stay_and_are_reported() {
    let table = with(request_sets(vec![mutation("x-t", "%PROTOCOL% %REQ(:path)%", AppendOrAdd)]));
    planned(&table, &get("/cart"), |plan, _| {
        let Plan::Forward(plan) = plan else { panic!("not forwarded") };
        assert_eq!(plan.headers.get("x-t"), Some("%PROTOCOL% /cart"));
        assert_eq!(plan.changes.unresolved, ["PROTOCOL"]);
    });
}

fn rewriting(path: PathMatcher, rewrite: PathRewrite) -> RouteTable {
    let forward = Forward { path_rewrite: Some(set(rewrite)), ..to_cluster("cart") };
    let headers = request_sets(vec![mutation("x-seen", "%REQ(:path)%", AppendOrAdd)]);
    routes(vec![Route { headers, ..forwarding(matching(path), forward) }])
}

#[test]
fn the_matched_part_of_a_path_is_rewritten_and_the_old_path_is_kept() {
    let by = |path: &str| PathRewrite::Prefix(path.to_owned());
    let regex = || PathRewrite::Regex(substitution("^/u/([^/]+)", r"/\1"));
    for (path, rewrite, asked, after) in [
        (PathMatcher::Prefix("/a/".to_owned()), by("/b/"), "/a/x?q=/a/", "/b/x?q=/a/"),
        (PathMatcher::Exact("/a".to_owned()), by("/b"), "/a?q", "/b?q"),
        (PathMatcher::PathSeparatedPrefix("/a".to_owned()), by("/"), "/a/x", "//x"),
        (PathMatcher::Prefix("/u".to_owned()), regex(), "/u/7/u/8?/u/9", "/7/u/8?/u/9"),
        (PathMatcher::Prefix("/".to_owned()), PathRewrite::Full("/b".to_owned()), "/a/x?q", "/b?q"),
    ] {
        let headers = forwarded(&rewriting(path, rewrite), &get(asked));
        assert_eq!(headers.get(":path"), Some(after));
        assert_eq!(headers.get("x-envoy-original-path"), Some(asked));
        assert_eq!(headers.get("x-seen"), Some(asked), "headers are changed before the path");
    }
    let headers = forwarded(&rewriting(PathMatcher::Prefix("/a".to_owned()), by("")), &get("/a"));
    assert_eq!((headers.get(":path"), headers.get("x-envoy-original-path")), (Some("/a"), None));
}

#[test]
fn the_authority_is_rewritten_by_a_text_a_header_the_path_or_the_upstream() {
    let rewritten = |rewrite: HostRewrite| {
        let forward = Forward { host_rewrite: Some(set(rewrite)), ..to_cluster("cart") };
        let table = routes(vec![forwarding(prefix("/"), forward)]);
        let request = with_headers("/to/shop.test/x?y", &[("x-host", "told.example")]);
        planned(&table, &request, |plan, _| match plan {
            Plan::Forward(plan) => {
                let get = |name| plan.headers.get(name).map(str::to_owned);
                (
                    get(":authority").expect("an authority"),
                    get("x-envoy-original-host"),
                    plan.auto_host,
                )
            }
            Plan::Reply(reply) => panic!("{reply:?}"),
        })
    };
    let old = || Some("shop.example".to_owned());
    let to = |host: &str| (host.to_owned(), old(), AutoHost::No);
    assert_eq!(rewritten(HostRewrite::Literal("new.example".to_owned())), to("new.example"));
    assert_eq!(rewritten(HostRewrite::Header("x-host".to_owned())), to("told.example"));
    let by_path = HostRewrite::PathRegex(substitution("^/to/([^/]+)/.*$", r"\1"));
    assert_eq!(rewritten(by_path), to("shop.test"));
    let stays = |auto| ("shop.example".to_owned(), None, auto);
    assert_eq!(rewritten(HostRewrite::Header("x-none".to_owned())), stays(AutoHost::No));
    assert_eq!(rewritten(HostRewrite::Auto), stays(AutoHost::FromUpstream));
}

#[test]
fn the_authority_of_a_weighted_cluster_gives_way_to_that_of_the_route() {
    let mut cluster = weighted("cart", 1);
    cluster.host_rewrite = Some(set(HostRewrite::Literal("cluster.example".to_owned())));
    let destination = Destination::Weighted { clusters: vec![cluster], header: None };
    let own = forward(destination);
    let after = forwarded(&routes(vec![forwarding(prefix("/"), own.clone())]), &get("/"));
    assert_eq!(after.get(":authority"), Some("cluster.example"));
    assert_eq!(after.get("x-envoy-original-host"), None);
    let host_rewrite = Some(set(HostRewrite::Literal("route.example".to_owned())));
    let both = Forward { host_rewrite, ..own };
    let after = forwarded(&routes(vec![forwarding(prefix("/"), both)]), &get("/"));
    assert_eq!(after.get(":authority"), Some("route.example"));
    assert_eq!(after.get("x-envoy-original-host"), Some("cluster.example"));
}
