//! Which virtual host and route takes a request.

use proptest::prelude::*;

use super::testing::*;
use crate::explain::{FOUND, Silent, Tree, WANTED};
use crate::profile::RepeatedHeaders;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{
    Bootstrap, Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, QueryMatcher,
    QueryTest, RouteMatch, StringMatcher, StringTest, TlsRequirement,
};
use crate::proxy::envoy::routing::{Choice, HostIndex, choices, choose, find_host};
use crate::units::Ppm;

fn host_of(domains: &[&str], authority: &str) -> Option<String> {
    let table = table(domains.iter().map(|domain| host(&[domain], Vec::new())).collect());
    let found = find_host(&table, authority, &mut Silent).map(|host| host.name.clone());
    let indexed = HostIndex::of(&table).find(authority);
    assert_eq!(found, indexed.map(|at| table.virtual_hosts[at].name.clone()));
    found
}

#[test]
fn the_whole_name_wins_then_the_longest_suffix_then_the_longest_prefix_then_all() {
    let all = ["*", "shop.*", "shop.a.*", "*.a.example", "*.example", "shop.a.example"];
    for (authority, domain) in [
        ("shop.a.example", "shop.a.example"),
        ("SHOP.A.Example", "shop.a.example"),
        ("x.y.a.example", "*.a.example"),
        ("a.example", "*.example"),
        ("shop.a.test", "shop.a.*"),
        ("shop.a.", "shop.*"),
        ("example", "*"),
        ("", "*"),
    ] {
        assert_eq!(host_of(&all, authority).as_deref(), Some(domain), "{authority}");
    }
    assert_eq!(host_of(&["shop.a.example", "*.b.example"], "b.example"), None);
}

#[test]
fn a_port_in_the_authority_counts_unless_it_is_ignored() {
    assert_eq!(host_of(&["shop.example"], "shop.example:8080"), None);
    let mut ignoring =
        table(vec![host(&["shop.example"], Vec::new()), host(&["[::1]"], Vec::new())]);
    ignoring.ignore_port_in_host = true;
    for (authority, domain) in [("shop.example:8080", "shop.example"), ("[::1]:80", "[::1]")] {
        let found = find_host(&ignoring, authority, &mut Silent).map(|host| host.name.as_str());
        assert_eq!(found, Some(domain));
        assert!(HostIndex::of(&ignoring).find(authority).is_some());
    }
}

#[test]
fn the_first_route_that_matches_takes_the_request_not_the_best_one() {
    let table = routes(vec![
        direct("wide", prefix("/cart")),
        direct("exact", matching(PathMatcher::Exact("/cart/7".to_owned()))),
        direct("rest", prefix("/")),
    ]);
    assert_eq!(taken(&table, &get("/cart/7"), 0).as_deref(), Some("wide"));
    assert_eq!(taken(&table, &get("/Cart/7"), 0).as_deref(), Some("rest"));
}

#[test]
fn all_conditions_must_hold_and_the_missing_one_is_told() {
    let user = HeaderMatcher {
        name: "x-user".to_owned(),
        test: HeaderTest::Value(StringMatcher {
            test: StringTest::Exact("jane".to_owned()),
            case: Case::Sensitive,
        }),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let matches = RouteMatch { headers: vec![user], ..prefix("/cart") };
    let table = routes(vec![direct("janes", matches), direct("rest", prefix("/"))]);
    let jane = with_headers("/cart", &[("x-user", "jane")]);
    assert_eq!(taken(&table, &jane, 0).as_deref(), Some("janes"));

    let mut tree = Tree::default();
    let joe = with_headers("/cart", &[("x-user", "joe"), ("x-user", "jim")]);
    choose(&table, &joe, &Bootstrap::default(), &mut Fixed(0), &mut tree);
    let told: Vec<String> = tree.finish().into_iter().map(|step| step.finding).collect();
    assert_eq!(
        told[1],
        "route \"janes\" is passed over: wanted x-user is \"jane\", got joe and jim"
    );
    assert_eq!(told[2], "route \"rest\" takes the request: path begins with \"/\"");
}

#[test]
fn routes_beyond_the_fiftieth_are_summed_up() {
    let many = (0..70).map(|at| direct("no", prefix(&format!("/never/{at}")))).collect();
    let table = routes(many);
    let mut tree = Tree::default();
    let choice = choose(&table, &get("/"), &Bootstrap::default(), &mut Fixed(0), &mut tree);
    assert!(matches!(choice, Choice::NoRoute));
    let told = tree.finish();
    assert_eq!(told.len(), 1 + 50 + 1 + 1);
    assert_eq!(told[51].finding, "20 more routes are passed over");
}

#[test]
fn one_draw_decides_the_shares_of_all_routes_of_a_request() {
    let share = |of| RouteMatch { fraction: Some(percent(of)), ..prefix("/") };
    let table = routes(vec![
        direct("tenth", share(10)),
        direct("half", share(50)),
        direct("half again", share(50)),
        direct("rest", prefix("/")),
    ]);
    let at = |percent: u64| u64::MAX / 100 * percent;
    for (draw, name) in [(at(5), "tenth"), (at(30), "half"), (at(70), "rest")] {
        assert_eq!(taken(&table, &get("/"), draw).as_deref(), Some(name));
    }
    let shares: Vec<(u32, Option<String>)> =
        choices(&table, &get("/"), &Bootstrap::default(), &mut Silent)
            .into_iter()
            .map(|(share, choice)| match choice {
                Choice::Taken(taken) => (share.as_ppm() / 10_000, taken.route.name.clone()),
                Choice::NoRoute | Choice::TlsRequired(_) => (share.as_ppm() / 10_000, None),
            })
            .collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(shares, [(10, named("tenth")), (40, named("half")), (50, named("rest"))]);
}

#[test]
fn runtime_overrides_a_share_and_what_is_missing_to_the_whole_finds_no_route() {
    let share = RouteMatch { fraction: Some(percent(10)), ..prefix("/") };
    let table = routes(vec![direct("some", share)]);
    for (value, ppm) in [("30", 300_000), ("0", 0), ("250", 1_000_000), ("none", 100_000)] {
        let mut bootstrap = Bootstrap::default();
        bootstrap.runtime.insert("share".to_owned(), value.to_owned());
        let choices = choices(&table, &get("/"), &bootstrap, &mut Silent);
        let of = |wanted: fn(&Choice<'_>) -> bool| {
            let parts = choices.iter().filter(|(_, choice)| wanted(choice));
            parts.map(|(share, _)| share.as_ppm()).sum::<u32>()
        };
        assert_eq!(of(|choice| matches!(choice, Choice::Taken(_))), ppm);
        assert_eq!(of(|choice| matches!(choice, Choice::NoRoute)), 1_000_000 - ppm);
    }
}

#[test]
fn a_host_that_demands_tls_sends_plaintext_clients_to_https_with_their_port() {
    let mut shop = host(&["*"], vec![direct("all", prefix("/"))]);
    shop.tls = TlsRequirement::All;
    let table = table(vec![shop]);
    let ask = |headers: &[(&str, &str)]| {
        let request = with_headers("/a?b=1", headers);
        match choose(&table, &request, &Bootstrap::default(), &mut Fixed(0), &mut Silent) {
            Choice::TlsRequired(reply) => reply.headers.get("location").map(str::to_owned),
            Choice::Taken(_) | Choice::NoRoute => None,
        }
    };
    let location = ask(&[(":authority", "shop.example:80")]);
    assert_eq!(location.as_deref(), Some("https://shop.example:80/a?b=1"));
    assert_eq!(ask(&[("x-forwarded-proto", "https")]), None);
}

#[test]
fn a_connect_request_without_a_path_takes_only_a_route_for_connect() {
    let table = routes(vec![
        direct("paths", prefix("")),
        direct("tunnels", matching(PathMatcher::Connect)),
    ]);
    let mut request = with_headers("/", &[(":method", "CONNECT")]);
    assert_eq!(taken(&table, &request, 0).as_deref(), Some("paths"));
    request.headers.remove(":path");
    assert_eq!(taken(&table, &request, 0).as_deref(), Some("tunnels"));
}

#[test]
fn the_profile_says_how_repeated_headers_are_compared() {
    let both = HeaderMatcher {
        name: "x-user".to_owned(),
        test: HeaderTest::Value(StringMatcher {
            test: StringTest::Exact("a,b".to_owned()),
            case: Case::Sensitive,
        }),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let table = routes(vec![direct("both", RouteMatch { headers: vec![both], ..prefix("/") })]);
    let request = with_headers("/", &[("x-user", "a"), ("x-user", "b")]);
    for (repeated_headers, found) in
        [(RepeatedHeaders::Joined, true), (RepeatedHeaders::Individually, false)]
    {
        let bootstrap = Bootstrap { repeated_headers, ..Bootstrap::default() };
        let choice = choose(&table, &request, &bootstrap, &mut Fixed(0), &mut Silent);
        assert_eq!(matches!(choice, Choice::Taken(_)), found);
    }
}

proptest! {
    #[test]
    fn the_index_finds_the_host_that_the_search_finds(
        domains in prop::collection::vec("(\\*|\\*\\.|)[ab.]{1,4}(\\*|)|\\*", 0..8),
        authority in "[abAB.]{0,6}(:80|)",
    ) {
        let mut hosts = table(domains.iter().map(|domain| host(&[domain], Vec::new())).collect());
        hosts.ignore_port_in_host = domains.len() % 2 == 0;
        let found = find_host(&hosts, &authority, &mut Silent);
        let indexed = HostIndex::of(&hosts).find(&authority).map(|at| &hosts.virtual_hosts[at]);
        prop_assert_eq!(found.map(|host| &host.name), indexed.map(|host| &host.name));
    }

    #[test]
    fn shares_add_up_to_the_whole_and_agree_with_the_draws(
        percents in prop::collection::vec(0u32..=100, 0..5),
        draw in any::<u64>(),
    ) {
        let share = |of: &u32| RouteMatch { fraction: Some(percent(*of)), ..prefix("/") };
        let table = routes(percents.iter().enumerate()
            .map(|(at, of)| direct(&at.to_string(), share(of))).collect());
        let candidates = choices(&table, &get("/"), &Bootstrap::default(), &mut Silent);
        let sum: u32 = candidates.iter().map(|(share, _)| share.as_ppm()).sum();
        prop_assert_eq!(sum, Ppm::ONE.as_ppm());
        let names: Vec<Option<String>> = candidates.into_iter().map(|(_, choice)| match choice {
            Choice::Taken(taken) => taken.route.name.clone(),
            Choice::NoRoute | Choice::TlsRequired(_) => None,
        }).collect();
        prop_assert!(names.contains(&taken(&table, &get("/"), draw)));
    }
}

/// What of the first route of a table a request nearly fulfils.
fn near(matches: RouteMatch, request: &Request) -> Option<(String, String)> {
    let table = routes(vec![direct("one", matches)]);
    let mut tree = Tree::default();
    choose(&table, request, &Bootstrap::default(), &mut Fixed(0), &mut tree);
    let steps = tree.finish();
    let fact = |name| {
        let mut facts = steps.iter().flat_map(|step| &step.facts).filter(|it| it.name == name);
        facts.next().map(|fact| fact.value.clone())
    };
    fact(FOUND).zip(fact(WANTED))
}

fn takes(matches: RouteMatch, request: &Request) -> bool {
    taken(&routes(vec![direct("one", matches)]), request, 0).is_some()
}

#[test]
fn a_path_that_looks_like_the_wanted_one_is_near_and_turns_the_route() {
    let exact = |path: &str| matching(PathMatcher::Exact(path.to_owned()));
    let below = |path: &str| matching(PathMatcher::PathSeparatedPrefix(path.to_owned()));
    for (matches, path, (found, wanted)) in [
        (prefix("/api"), "/API/v1/items", ("/API", "/api")),
        (prefix("/orders"), "/order/7", ("/order", "/orders")),
        (prefix("/v1/pay"), "/v1/refund/7", ("/v1/refund", "/v1/pay")),
        (prefix("/cart/"), "/cart", ("/cart", "/cart/")),
        (below("/orders"), "/orderx/7", ("/orderx", "/orders")),
        (exact("/health"), "/health/", ("/health/", "/health")),
        (exact("/carts"), "/cart?x=1", ("/cart", "/carts")),
    ] {
        let told = near(matches.clone(), &get(path));
        assert_eq!(told, Some((found.to_owned(), wanted.to_owned())), "{path}");
        let changed = format!("{wanted}{}", &path[found.len()..]);
        assert!(takes(matches, &get(&changed)), "{changed}");
    }
    for (matches, path) in
        [(prefix("/api"), "/cart"), (exact("/a/b"), "/c/d"), (below("/foo"), "/foobar")]
    {
        assert_eq!(near(matches, &get(path)), None, "{path}");
    }
}

#[test]
fn the_one_header_method_or_parameter_that_is_missing_is_near_and_turns_the_route() {
    let header = |name: &str, test: HeaderTest| HeaderMatcher {
        name: name.to_owned(),
        test,
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    };
    let value = |text: &str| StringMatcher {
        test: StringTest::Exact(text.to_owned()),
        case: Case::Sensitive,
    };
    let user = header("x-user", HeaderTest::Value(value("jane")));
    let method = header(":method", HeaderTest::Value(value("POST")));
    let query = QueryMatcher { name: "v".to_owned(), test: QueryTest::Value(value("2")) };
    let matches = RouteMatch { headers: vec![user, method], query: vec![query], ..prefix("/cart") };
    let of = |path: &str, headers: &[(&str, &str)]| with_headers(path, headers);
    let (post, jane) = ((":method", "POST"), ("x-user", "jane"));
    assert!(takes(matches.clone(), &of("/cart?v=2", &[post, jane])));
    for (path, headers, found, wanted) in [
        ("/cart?v=2", &[post][..], "x-user: (missing)", "x-user: jane"),
        ("/cart?v=2", &[post, ("x-user", "joe")], "x-user: joe", "x-user: jane"),
        ("/cart?v=2", &[jane], "method: GET", "method: POST"),
        ("/cart", &[post, jane], "query v: (missing)", "query v: 2"),
        ("/Cart?v=2", &[post, jane], "/Cart", "/cart"),
    ] {
        let told = near(matches.clone(), &of(path, headers));
        assert_eq!(told, Some((found.to_owned(), wanted.to_owned())));
    }
    for (path, headers) in [("/cart", &[jane][..]), ("/Cart?v=2", &[post]), ("/x", &[post, jane])] {
        assert_eq!(near(matches.clone(), &of(path, headers)), None, "two things, or nothing alike");
    }
}
