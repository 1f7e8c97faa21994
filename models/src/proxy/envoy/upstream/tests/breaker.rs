//! What circuit breakers let through.

use super::super::super::config::{RoutingPriority, Thresholds};
use super::super::Resource;
use super::super::testing::{Bench, cluster, given, least_request, plain};
use crate::explain::{Silent, Tree};
use crate::units::Ppm;

#[test]
fn breakers_have_the_defaults_of_envoy() {
    let mut bench = Bench::new(cluster(least_request()), plain(1));
    let mut breakers = bench.state.breakers(RoutingPriority::Default);
    for resource in [Resource::Connections, Resource::Pending, Resource::Requests] {
        assert_eq!(breakers.limit(resource), 1024);
    }
    for _ in 0..3 {
        breakers.try_take(Resource::Retries, &mut Silent).unwrap();
    }
    let mut tree = Tree::default();
    let overflow = breakers.try_take(Resource::Retries, &mut tree).unwrap_err();
    assert_eq!((overflow.count, overflow.limit), (3, 3));
    assert_eq!(tree.finish()[0].rule, overflow.rule);
    breakers.release(Resource::Retries);
    breakers.try_take(Resource::Retries, &mut Silent).unwrap();
}

#[test]
fn priorities_have_breakers_of_their_own() {
    let mut bench = Bench::new(cluster(least_request()), plain(1));
    bench.state.breakers(RoutingPriority::Default).take(Resource::Requests);
    assert_eq!(bench.state.breakers(RoutingPriority::High).count(Resource::Requests), 0);
}

#[test]
fn a_retry_budget_follows_what_is_under_way() {
    let mut config = cluster(least_request());
    config.thresholds.insert(
        RoutingPriority::Default,
        Thresholds {
            max_connections: given(1024),
            max_pending: given(1024),
            max_requests: given(1024),
            max_retries: given(0),
            retry_budget: Some(given(Ppm::from_percent(20))),
            min_retry_concurrency: 1,
        },
    );
    let mut bench = Bench::new(config, plain(1));
    let mut breakers = bench.state.breakers(RoutingPriority::Default);
    assert_eq!(breakers.limit(Resource::Retries), 1, "the least number");
    for _ in 0..10 {
        breakers.take(Resource::Requests);
        breakers.take(Resource::Pending);
    }
    assert_eq!(breakers.limit(Resource::Retries), 4, "a fifth of twenty");
}
