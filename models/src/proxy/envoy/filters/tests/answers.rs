//! Cross-origin requests and rate limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::testing::*;
use crate::proxy::envoy::config::{Cors, FilterOverride, HttpFilterKind, LocalRateLimit};
use crate::proxy::envoy::filters::{Possible, Progress, Settings, Step};
use crate::proxy::envoy::routing::Taken;
use crate::proxy::envoy::routing::tests::testing::{HERE, direct, get, host, prefix, with_headers};
use crate::units::{Ppm, SimDuration, SimTime};

fn cors(forwards_unmatched_preflights: bool) -> Cors {
    let some = |text: &str| Some(text.to_owned());
    Cors {
        allow_origins: vec![exactly("https://shop.test")],
        allow_methods: some("GET,PUT"),
        allow_headers: some("x-cart"),
        expose_headers: some("x-total"),
        max_age: some("60"),
        allow_credentials: true,
        forwards_unmatched_preflights,
        origin: HERE,
    }
}

/// The answer, or the headers for the answer, by name.
fn crossing(cors: Cors, method: &str, origin: &str) -> (Option<u16>, Vec<String>) {
    let mut route = direct("r", prefix("/"));
    route.filters = BTreeMap::from([("cors".to_owned(), FilterOverride::Cors(cors))]);
    let (shop, route) = (Arc::new(host(&["*"], Vec::new())), Arc::new(route));
    let settings = Settings { taken: Some(Taken { host: &shop, route: &route }), weighted: None };
    let mut progress = Progress::default();
    let sent = [(":method", method), ("origin", origin), ("access-control-request-method", "PUT")];
    let mut proxy = Proxy::with(vec![filter(HttpFilterKind::Cors)]);
    let (status, headers) = match proxy.look(settings, &with_headers("/", &sent), &mut progress) {
        Step::Through => (None, progress.response_headers),
        Step::Answer(reply) => (Some(reply.status), reply.headers),
        other => panic!("{other:?}"),
    };
    let names =
        headers.iter().map(|(name, _)| name.trim_start_matches("access-control-").to_owned());
    (status, names.collect())
}

#[test]
fn preflights_of_allowed_origins_are_answered_and_others_go_on_unless_told_otherwise() {
    let (status, names) = crossing(cors(true), "OPTIONS", "https://shop.test");
    assert_eq!(status, Some(200));
    let all = ["allow-origin", "allow-credentials", "allow-methods", "allow-headers", "max-age"];
    assert_eq!(names[..5], all);
    assert_eq!(crossing(cors(true), "OPTIONS", "https://bank.test"), (None, Vec::new()));
    let (status, names) = crossing(cors(false), "OPTIONS", "https://bank.test");
    assert_eq!((status, names.contains(&"allow-origin".to_owned())), (Some(200), false));
}

#[test]
fn answers_to_allowed_origins_say_so() {
    let (status, names) = crossing(cors(true), "GET", "https://shop.test");
    assert_eq!(status, None);
    assert_eq!(names, ["allow-origin", "allow-credentials", "expose-headers"]);
    assert_eq!(crossing(cors(true), "GET", "https://bank.test"), (None, Vec::new()));
    assert_eq!(crossing(cors(true), "GET", ""), (None, Vec::new()));
}

fn limit(max_tokens: u32) -> LocalRateLimit {
    LocalRateLimit {
        max_tokens,
        tokens_per_fill: 1,
        fill_interval: SimDuration::from_secs(1),
        enabled: Ppm::ONE,
        enforced: Ppm::ONE,
        status: 429,
        origin: HERE,
    }
}

fn limiting(limit: LocalRateLimit) -> Proxy {
    Proxy::with(vec![filter(HttpFilterKind::LocalRateLimit(limit))])
}

#[test]
fn requests_without_a_token_are_turned_away() {
    let mut proxy = limiting(limit(1));
    assert!(proxy.allows(&get("/")));
    let limited = proxy.answer(&get("/")).expect("limited");
    assert_eq!((limited.status, limited.body.as_ref()), (429, "local_rate_limited"));
    assert_eq!(
        (limited.flags.to_string().as_str(), limited.details.as_ref()),
        ("RL", "local_rate_limited")
    );
    proxy.now = SimTime::from_ns(1_000_000_000);
    assert!(proxy.allows(&get("/")));
    assert!(matches!(proxy.outlook(&get("/")).possible[..], [Possible::RateLimit { .. }]));
}

#[test]
fn a_limit_that_is_not_enforced_only_counts_and_one_that_is_not_enabled_does_not() {
    let mut recorded = limiting(LocalRateLimit { enforced: Ppm::ZERO, ..limit(0) });
    assert!(recorded.allows(&get("/")));
    assert_eq!(recorded.counts(), BTreeMap::from([("http_local_rate_limit.rate_limited", 1)]));
    let mut off = limiting(LocalRateLimit { enabled: Ppm::ZERO, ..limit(0) });
    assert!(off.allows(&get("/")) && off.counts().is_empty());
    assert!(off.outlook(&get("/")).possible.is_empty());
}

#[test]
fn a_route_with_a_limit_of_its_own_has_its_own_bucket() {
    let mut proxy = limiting(limit(1));
    let mut route = direct("r", prefix("/"));
    route.filters =
        BTreeMap::from([("limit".to_owned(), FilterOverride::LocalRateLimit(limit(2)))]);
    let (own, plain) = (Arc::new(route), Arc::new(direct("p", prefix("/"))));
    let mut shop = host(&["*"], Vec::new());
    shop.routes = vec![plain.clone(), own.clone()];
    let shop = Arc::new(shop);
    let mut passes = |route| {
        let settings = Settings { taken: Some(Taken { host: &shop, route }), weighted: None };
        let step = proxy.look(settings, &get("/"), &mut Progress::default());
        matches!(step, Step::Through)
    };
    let story = [passes(&own), passes(&plain), passes(&own), passes(&own), passes(&plain)];
    assert_eq!(story, [true, true, true, false, false]);
}
