//! Stories of pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::Sharing;
use super::*;
use crate::explain::{Silent, Sourced};
use crate::profile::Profile;
use crate::proxy::envoy::config::*;
use crate::proxy::envoy::router::ResetReason;
use crate::proxy::envoy::upstream::{ClusterState, Resource};
use crate::proxy::envoy::{Dice, Purpose};
use crate::units::{Ppm, SimDuration, SimTime};
use crate::world::Origin;

/// Writes down what a pool asks for.
#[derive(Debug, Default)]
struct Scribe {
    asked: Vec<String>,
    connecting: Vec<ConnectionId>,
    counted: Vec<&'static str>,
}

impl PoolEffects<u32> for Scribe {
    fn connect(&mut self, connection: ConnectionId) {
        self.asked.push("connect".to_owned());
        self.connecting.push(connection);
    }

    fn attach(&mut self, stream: u32, _: ConnectionId) {
        self.asked.push(format!("attach {stream}"));
    }

    fn fail(&mut self, stream: u32, reason: ResetReason) {
        self.asked.push(format!("fail {stream}: {}", reason.words()));
    }

    fn close(&mut self, _: ConnectionId) {
        self.asked.push("close".to_owned());
    }

    fn count(&mut self, counter: PoolCounter) {
        self.counted.push(counter.name());
    }
}

struct NoDice;

impl Dice for NoDice {
    fn roll(&mut self, _: Purpose) -> u64 {
        0
    }
}

/// A pool with the breakers of its cluster.
struct Bench {
    pool: Pool<u32>,
    cluster: ClusterState,
    scribe: Scribe,
}

fn given<T>(value: T) -> Sourced<T> {
    Sourced::new(value, Origin::Assumed("a test"))
}

fn limits(connections: u32, pending: u32, requests: u32) -> Thresholds {
    Thresholds {
        max_connections: given(connections),
        max_pending: given(pending),
        max_requests: given(requests),
        max_retries: given(3),
        retry_budget: None,
        min_retry_concurrency: 3,
    }
}

fn cluster(limits: Thresholds) -> Cluster {
    Cluster {
        name: "a".to_owned(),
        target: None,
        discovery: Discovery::Static,
        connect_timeout: given(SimDuration::from_secs(1)),
        balancer: given(LoadBalancer::Random),
        balancing: CommonBalancing {
            panic_threshold: given(Ppm::ZERO),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::ZERO,
        },
        subsets: None,
        thresholds: BTreeMap::from([(RoutingPriority::Default, limits)]),
        outlier: None,
        http: UpstreamHttp {
            protocol: given(UpstreamProtocol::Http1),
            max_requests_per_connection: given(0),
            max_concurrent_streams: given(100),
            idle_timeout: given(SimDuration::ZERO),
        },
        tls: given(UpstreamTls::None),
        origin: Origin::Assumed("a test"),
    }
}

impl Bench {
    fn new(settings: PoolSettings, thresholds: Thresholds) -> Self {
        let facts = &Profile::built_in().envoy;
        let (cluster, hosts) = (Arc::new(cluster(thresholds)), Arc::default());
        let here = Locality::default();
        let state = ClusterState::new(cluster, hosts, facts, &here, 1, SimTime::ZERO, &mut NoDice);
        Self { pool: Pool::new(settings), cluster: state, scribe: Scribe::default() }
    }

    fn open(&mut self, stream: u32) -> Opened {
        let breakers = &mut self.cluster.breakers(RoutingPriority::Default);
        self.pool.open(stream, breakers, &mut self.scribe, &mut Silent)
    }

    fn connected(&mut self) {
        let id = self.scribe.connecting.remove(0);
        let breakers = &mut self.cluster.breakers(RoutingPriority::Default);
        self.pool.connected(id, breakers, &mut self.scribe, &mut Silent);
    }

    fn connect_failed(&mut self, reason: ResetReason) {
        let id = self.scribe.connecting.remove(0);
        let breakers = &mut self.cluster.breakers(RoutingPriority::Default);
        self.pool.connect_failed(id, reason, breakers, &mut self.scribe);
    }

    fn end(&mut self, stream: u32, end: StreamEnd) {
        let id = ConnectionId::from_index(0);
        let breakers = &mut self.cluster.breakers(RoutingPriority::Default);
        self.pool.end(stream, id, end, breakers, &mut self.scribe, &mut Silent);
    }

    fn lose(&mut self, reason: ResetReason) {
        let id = ConnectionId::from_index(0);
        let breakers = &mut self.cluster.breakers(RoutingPriority::Default);
        self.pool.connection_lost(id, reason, breakers, &mut self.scribe);
    }

    fn asked(&mut self) -> String {
        std::mem::take(&mut self.scribe.asked).join("; ")
    }

    fn taken(&mut self) -> [u32; 3] {
        let breakers = self.cluster.breakers(RoutingPriority::Default);
        [Resource::Connections, Resource::Pending, Resource::Requests]
            .map(|resource| breakers.count(resource))
    }
}

const HTTP1: PoolSettings = PoolSettings {
    concurrent_streams: 1,
    requests_per_connection: None,
    sharing: Sharing::Exclusive,
};

const HTTP2: PoolSettings =
    PoolSettings { concurrent_streams: 2, sharing: Sharing::Multiplexed, ..HTTP1 };

#[test]
fn a_connection_is_used_again_once_its_request_has_ended() {
    let mut bench = Bench::new(HTTP1, limits(10, 10, 10));
    assert_eq!(bench.open(1), Opened::Waiting);
    bench.connected();
    bench.end(1, StreamEnd::Complete);
    assert!(matches!(bench.open(2), Opened::Attached(_)));
    assert_eq!(bench.asked(), "connect; attach 1");
    assert_eq!(bench.taken(), [1, 0, 1]);
}

#[test]
fn requests_at_the_same_time_have_http1_connections_of_their_own() {
    let mut bench = Bench::new(HTTP1, limits(10, 10, 10));
    bench.open(1);
    bench.connected();
    assert_eq!(bench.open(2), Opened::Waiting);
    assert_eq!(bench.asked(), "connect; attach 1; connect");
}

#[test]
fn http2_connections_are_shared_up_to_their_streams() {
    let mut bench = Bench::new(HTTP2, limits(10, 10, 10));
    bench.open(1);
    assert_eq!(bench.open(2), Opened::Waiting, "the connection that is coming has room for both");
    bench.open(3);
    assert_eq!(bench.asked(), "connect; connect");
    bench.connected();
    assert_eq!(bench.asked(), "attach 1; attach 2");
}

#[test]
fn one_connection_is_made_beyond_the_limit_and_no_other() {
    let mut bench = Bench::new(HTTP1, limits(0, 10, 10));
    bench.open(1);
    bench.connected();
    bench.open(2);
    assert_eq!(bench.asked(), "connect; attach 1");
    assert_eq!(
        bench.scribe.counted,
        ["upstream_cx_overflow", "upstream_rq_total", "upstream_cx_overflow"]
    );
    bench.end(1, StreamEnd::Complete);
    assert_eq!(bench.asked(), "attach 2", "who waits gets the connection");
}

#[test]
fn who_still_waits_when_a_connection_is_free_asks_for_one_again() {
    let mut bench = Bench::new(HTTP1, limits(1, 10, 10));
    bench.open(1);
    bench.connected();
    bench.open(2);
    bench.open(3);
    bench.scribe.counted.clear();
    bench.end(1, StreamEnd::Complete);
    assert_eq!(bench.scribe.counted, ["upstream_rq_total", "upstream_cx_overflow"]);
    bench.scribe.counted.clear();
    bench.end(2, StreamEnd::Complete);
    assert_eq!(bench.scribe.counted, ["upstream_rq_total"], "nobody waits any more");
}

#[test]
fn who_may_not_wait_overflows() {
    let mut bench = Bench::new(HTTP1, limits(1, 0, 10));
    assert_eq!(bench.open(1), Opened::Overflow);
    assert_eq!(bench.scribe.counted, ["upstream_rq_pending_overflow"]);
}

#[test]
fn too_many_requests_under_way_overflow() {
    let mut bench = Bench::new(HTTP2, limits(1, 10, 1));
    bench.open(1);
    bench.connected();
    assert_eq!(bench.open(2), Opened::Overflow);
    assert_eq!(bench.scribe.counted, ["upstream_rq_total", "upstream_rq_active_overflow"]);
}

#[test]
fn a_connection_that_fails_takes_all_who_wait_along() {
    let mut bench = Bench::new(HTTP1, limits(10, 10, 10));
    bench.open(1);
    bench.open(2);
    bench.asked();
    bench.connect_failed(ResetReason::ConnectionRefused);
    let why = "remote connection failure";
    assert_eq!(bench.asked(), format!("fail 1: {why}; fail 2: {why}"));
    assert_eq!(bench.taken(), [1, 0, 0], "the other connection is still being made");
}

#[test]
fn a_request_that_is_given_up_takes_its_http1_connection_along_but_not_an_http2_one() {
    for (settings, asked) in [(HTTP1, "close"), (HTTP2, "")] {
        let mut bench = Bench::new(settings, limits(10, 10, 10));
        bench.open(1);
        bench.connected();
        bench.asked();
        bench.end(1, StreamEnd::GivenUp);
        assert_eq!(bench.asked(), asked);
        assert_eq!(bench.taken()[2], 0);
    }
}

#[test]
fn a_connection_is_closed_after_its_last_request() {
    let settings = PoolSettings { requests_per_connection: Some(2), ..HTTP1 };
    let mut bench = Bench::new(settings, limits(10, 10, 10));
    bench.open(1);
    bench.connected();
    bench.end(1, StreamEnd::Complete);
    bench.open(2);
    bench.end(2, StreamEnd::Complete);
    assert_eq!(bench.asked(), "connect; attach 1; close");
    assert_eq!(bench.taken(), [0, 0, 0]);
}

#[test]
fn a_lost_connection_fails_its_requests_and_gives_everything_back() {
    let mut bench = Bench::new(HTTP2, limits(10, 10, 10));
    bench.open(1);
    bench.open(2);
    bench.connected();
    bench.asked();
    bench.lose(ResetReason::ConnectionTermination);
    let why = "connection termination";
    assert_eq!(bench.asked(), format!("fail 1: {why}; fail 2: {why}"));
    assert_eq!(bench.taken(), [0, 0, 0]);
}

#[test]
fn a_request_that_is_given_up_while_it_waits_leaves_the_queue() {
    let mut bench = Bench::new(HTTP1, limits(10, 10, 10));
    bench.open(1);
    let breakers = &mut bench.cluster.breakers(RoutingPriority::Default);
    bench.pool.cancel(1, breakers, &mut bench.scribe);
    bench.connected();
    assert_eq!(bench.asked(), "connect", "the connection is made all the same");
    assert_eq!((bench.pool.waiting(), bench.pool.connections()), (0, 1));
}
