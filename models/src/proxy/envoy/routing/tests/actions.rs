//! Clusters, redirects, answers, hashes and copies.

use super::testing::*;
use crate::explain::Silent;
use crate::proxy::envoy::config::{
    Destination, EscapedSlashes, HashPolicy, HashSource, HttpManager, Mirror, PathMatcher,
    PathNormalization, Redirect, RedirectPath, RouteAction, RuntimeFraction,
};
use crate::proxy::envoy::hash::xx_hash_64;
use crate::proxy::envoy::routing::{Plan, cluster_shares, no_route, pick_cluster, prepare};
use crate::units::{Ppm, SimDuration};

fn location_of(path: PathMatcher, redirect: Redirect, asked: &str, host: &str) -> String {
    let table = routes(vec![route("away", matching(path), RouteAction::Redirect(redirect))]);
    let reply = replied(&table, &with_headers(asked, &[(":authority", host)]));
    assert_eq!(reply.details, "direct_response");
    reply.headers.get("location").expect("a redirect leads somewhere").to_owned()
}

fn raw(prefix: &str) -> PathMatcher {
    PathMatcher::Prefix(prefix.to_owned())
}

#[test]
fn a_port_goes_with_the_scheme_whose_default_it_is() {
    let https = || Redirect { scheme: Some(set("https".to_owned())), ..redirect() };
    let to = |redirect, host| location_of(raw("/"), redirect, "/a?b", host);
    assert_eq!(to(https(), "x.example:80"), "https://x.example/a?b");
    assert_eq!(to(https(), "x.example:443"), "https://x.example:443/a?b");
    assert_eq!(to(https(), "[::1]:80"), "https://[::1]/a?b");
    let port = Redirect { port: Some(set(8443)), ..https() };
    assert_eq!(to(port, "x.example:8080"), "https://x.example:8443/a?b");
    assert_eq!(to(redirect(), "x.example:80"), "http://x.example:80/a?b");
    let host = Redirect { host: Some(set("y.example".to_owned())), ..redirect() };
    assert_eq!(to(host, "x.example:80"), "http://y.example/a?b");
}

#[test]
fn a_redirect_changes_the_path_and_keeps_the_query_unless_it_is_told_otherwise() {
    let full = |path: &str| redirect_path(RedirectPath::Full(path.to_owned()));
    let by = |path: &str| redirect_path(RedirectPath::Prefix(path.to_owned()));
    let to = |path, redirect, asked| location_of(path, redirect, asked, "x");
    assert_eq!(to(raw("/a"), full("/n"), "/a?q=1"), "http://x/n?q=1");
    assert_eq!(to(raw("/a"), full("/n?own"), "/a?q=1"), "http://x/n?own");
    let stripping = Redirect { strip_query: true, ..full("/n") };
    assert_eq!(to(raw("/a"), stripping, "/a?q=1"), "http://x/n");
    assert_eq!(to(raw("/old"), by("/new"), "/older/x?q"), "http://x/newer/x?q");
    assert_eq!(to(PathMatcher::Exact("/old".to_owned()), by("/new"), "/old?q"), "http://x/new?q");
    let separated = PathMatcher::PathSeparatedPrefix("/old".to_owned());
    assert_eq!(to(separated, by("/"), "/old/x"), "http://x//x");
    let swapped = redirect_path(RedirectPath::Regex(substitution("^/r/([^/]+)(/.*)$", r"\2/\1")));
    assert_eq!(to(raw("/r"), swapped, "/r/a/b?c=/r/1/2"), "http://x/b/a?c=/r/1/2");
}

#[test]
fn weights_are_intervals_and_a_header_may_choose() {
    let clusters = vec![weighted("cart", 1), weighted("stock", 0), weighted("cart-v2", 3)];
    let header = Some("x-pick".to_owned());
    let destination = Destination::Weighted { clusters, header };
    let picked = |headers: &[(&str, &str)], draw| {
        let request = with_headers("/", headers);
        let pick = pick_cluster(&destination, &request, &mut Fixed(draw), &mut Silent);
        pick.map(|pick| pick.cluster.value.into_owned())
    };
    for (number, cluster) in [("0", "cart"), ("1", "cart-v2"), ("3", "cart-v2"), ("4", "cart")] {
        assert_eq!(picked(&[("x-pick", number)], 1).as_deref(), Some(cluster));
    }
    for no_number in ["", "-1", "one"] {
        assert_eq!(picked(&[("x-pick", no_number)], 8).as_deref(), Some("cart"));
        assert_eq!(picked(&[("x-pick", no_number)], 9).as_deref(), Some("cart-v2"));
    }
    let shares = cluster_shares(&destination, &get("/"), &mut Silent);
    let shares: Vec<u32> = shares.iter().map(|(share, _)| share.as_ppm()).collect();
    assert_eq!(shares, [250_000, 750_000]);
}

#[test]
fn a_cluster_that_does_not_exist_is_answered_with_the_status_of_the_route() {
    let mut missing = to_cluster("nowhere");
    missing.cluster_not_found_status = set(500);
    let by_header = forward(Destination::ClusterHeader("x-cluster".to_owned()));
    let no_weight =
        forward(Destination::Weighted { clusters: vec![weighted("cart", 0)], header: None });
    for (forward, status) in [(missing, 500), (by_header, 503), (no_weight, 503)] {
        let reply = replied(&routes(vec![forwarding(prefix("/"), forward)]), &get("/"));
        assert_eq!((reply.status, reply.details.as_ref()), (status, "cluster_not_found"));
        assert_eq!(reply.flags.to_string(), "NC");
    }
    let by_header = forward(Destination::ClusterHeader("x-cluster".to_owned()));
    let table = routes(vec![forwarding(prefix("/"), by_header)]);
    let request = with_headers("/", &[("x-cluster", "cart")]);
    planned(&table, &request, |plan, _| assert!(matches!(plan, Plan::Forward(_))));
}

#[test]
fn no_route_is_not_found() {
    let reply = no_route();
    assert_eq!((reply.status, reply.details.as_ref()), (404, "route_not_found"));
    assert_eq!(reply.flags.to_string(), "NR");
}

fn policy(source: HashSource) -> HashPolicy {
    HashPolicy { source, terminal: false, origin: HERE }
}

fn hash_of(hash: Vec<HashPolicy>, headers: &[(&str, &str)]) -> (Option<u64>, usize) {
    let mut cart = to_cluster("cart");
    cart.hash = hash;
    let table = routes(vec![forwarding(prefix("/"), cart)]);
    planned(&table, &with_headers("/?id=7", headers), |plan, _| match plan {
        Plan::Forward(plan) => (plan.hash, plan.cookies.len()),
        Plan::Reply(reply) => panic!("{reply:?}"),
    })
}

#[test]
fn hash_policies_are_mixed_in_order_and_a_terminal_one_ends_it() {
    let user = || policy(HashSource::Header("x-user".to_owned()));
    let address = || policy(HashSource::SourceIp);
    let xx = |text: &str| xx_hash_64(text.as_bytes(), 0);
    let jane = [("x-user", "jane")];
    assert_eq!(hash_of(vec![user()], &jane), (Some(xx("jane")), 0));
    assert_eq!(hash_of(vec![user()], &[]), (None, 0));
    let both = Some(xx("jane").rotate_left(1) ^ xx("10.0.0.7"));
    assert_eq!(hash_of(vec![user(), address()], &jane), (both, 0));
    let terminal = HashPolicy { terminal: true, ..user() };
    assert_eq!(hash_of(vec![terminal.clone(), address()], &jane), (Some(xx("jane")), 0));
    assert_eq!(hash_of(vec![terminal, address()], &[]), (Some(xx("10.0.0.7")), 0));
    let repeated = [("x-user", "b"), ("x-user", "a")];
    assert_eq!(hash_of(vec![user()], &repeated), (Some(xx("ab")), 0));
    let query = policy(HashSource::QueryParameter("id".to_owned()));
    assert_eq!(hash_of(vec![query], &[]), (Some(xx("7")), 0));
}

#[test]
fn a_missing_cookie_is_made_only_with_a_lifetime() {
    let cookie = |ttl| {
        let (name, path) = ("user".to_owned(), None);
        vec![policy(HashSource::Cookie { name, ttl, path })]
    };
    let sent = [("cookie", "a=b; user=\"jane\"")];
    let jane = Some(xx_hash_64(b"jane", 0));
    assert_eq!(hash_of(cookie(None), &sent), (jane, 0));
    assert_eq!(hash_of(cookie(None), &[]), (None, 0));
    let (hash, made) = hash_of(cookie(Some(SimDuration::ZERO)), &[]);
    assert!(hash.is_some() && made == 1);
}

#[test]
fn mirrors_take_their_share_by_one_draw() {
    let mirror = |cluster: &str, share| Mirror {
        cluster: set(cluster.to_owned()),
        fraction: set(RuntimeFraction { default: Ppm::from_percent(share), runtime_key: None }),
    };
    let mut cart = to_cluster("cart");
    cart.mirrors = vec![mirror("stock", 1), mirror("cart-v2", 0)];
    planned(&routes(vec![forwarding(prefix("/"), cart)]), &get("/"), |plan, _| match plan {
        Plan::Forward(plan) => {
            let copied: Vec<&str> =
                plan.mirrors.iter().map(|it| it.cluster.value.as_str()).collect();
            assert_eq!(copied, ["stock"]);
        }
        Plan::Reply(reply) => panic!("{reply:?}"),
    });
}

#[test]
fn outsiders_cannot_ask_for_retries_and_insiders_can() {
    let sent = [("x-envoy-retry-on", "5xx"), ("x-envoy-max-retries", "9")];
    for trusts_envoy_headers in [true, false] {
        let mut request = with_headers("/", &sent);
        let manager = HttpManager { trusts_envoy_headers, ..manager() };
        prepare(&manager, &mut request, &mut Silent).expect("a fine request");
        assert_eq!(request.headers.get("x-envoy-retry-on").is_some(), trusts_envoy_headers);
        assert_eq!(request.headers.get("x-envoy-max-retries").is_some(), trusts_envoy_headers);
    }
    let mut insider = with_headers("/", &sent);
    prepare(&HttpManager { trusts_envoy_headers: true, ..manager() }, &mut insider, &mut Silent)
        .expect("a fine request");
    let table = routes(vec![forwarding(prefix("/"), to_cluster("cart"))]);
    assert_eq!(forwarded(&table, &insider).get("x-envoy-retry-on"), None, "the router takes them");
}

#[test]
fn paths_are_normalised_before_routes_see_them() {
    let how = |escaped_slashes| HttpManager {
        normalization: set(PathNormalization {
            normalizes: true,
            merges_slashes: true,
            escaped_slashes,
        }),
        ..manager()
    };
    let mut request = get("/x/..//admin?y");
    prepare(&how(EscapedSlashes::Keep), &mut request, &mut Silent).expect("a fine path");
    assert_eq!(request.path_and_query(), "/admin?y");
    let mut request = get("/a%2Fb");
    let reply = prepare(&how(EscapedSlashes::UnescapeAndRedirect), &mut request, &mut Silent)
        .expect_err("the client is sent elsewhere");
    assert_eq!((reply.status, reply.headers.get("location")), (307, Some("/a/b")));
    let reply = prepare(&manager(), &mut get("/a#b"), &mut Silent).expect_err("a fragment");
    assert_eq!((reply.status, reply.details.as_ref()), (400, "path_normalization_failed"));
}

#[test]
fn at_the_edge_the_connection_counts_and_not_what_the_client_says_of_it() {
    let edge = HttpManager { uses_remote_address: true, strips_port: true, ..manager() };
    let said =
        [("x-forwarded-proto", "https"), ("x-forwarded-for", "1.2.3.4"), (":authority", "a:80")];
    let mut request = with_headers("/", &said);
    prepare(&edge, &mut request, &mut Silent).expect("a fine request");
    assert_eq!(request.headers.get("x-forwarded-proto"), Some("http"));
    assert_eq!(request.headers.get("x-forwarded-for"), Some("1.2.3.4,10.0.0.7"));
    assert_eq!(request.authority(), "a");
    let mut request = with_headers("/", &said);
    prepare(&manager(), &mut request, &mut Silent).expect("a fine request");
    assert_eq!(request.headers.get("x-forwarded-proto"), Some("https"));
}

#[test]
fn all_this_can_be_told_without_dice() {
    // `why` asks for shares, the engine for draws; both see the same clusters.
    let clusters = vec![weighted("cart", 1), weighted("cart-v2", 1)];
    let destination = Destination::Weighted { clusters, header: None };
    let shares = cluster_shares(&destination, &get("/"), &mut Silent);
    for draw in 0..4 {
        let pick = pick_cluster(&destination, &get("/"), &mut Fixed(draw), &mut Silent);
        assert!(shares.iter().any(|(_, share)| Some(share) == pick.as_ref()));
    }
}
