//! How long it takes to choose a host, by balancer, among ten hosts and among a thousand; and what
//! an ejection costs, which makes a new view of the hosts.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use meshwalk_models::explain::{Silent, Sourced};
use meshwalk_models::profile::Profile;
use meshwalk_models::proxy::envoy::config::{
    Address, Cluster, CommonBalancing, DeclaredHealth, Discovery, Endpoint, HashFunction,
    LeastRequest, LoadAssignment, LoadBalancer, Locality, LocalityEndpoints, LocalityMode, Maglev,
    RingHash, UpstreamHttp, UpstreamProtocol, UpstreamTls,
};
use meshwalk_models::proxy::envoy::upstream::{ClusterState, HostId, PickContext, Roster};
use meshwalk_models::proxy::envoy::{Dice, Purpose};
use meshwalk_models::units::{Ppm, SimDuration, SimTime};
use meshwalk_models::world::Origin;

const HOSTS: [u32; 2] = [10, 1000];
const ORIGIN: Origin = Origin::Assumed("a benchmark");

fn main() {
    divan::main();
}

/// SplitMix64.
struct Draws(u64);

impl Dice for Draws {
    fn roll(&mut self, _: Purpose) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

fn given<T>(value: T) -> Sourced<T> {
    Sourced::new(value, ORIGIN)
}

fn cluster(balancer: LoadBalancer) -> Cluster {
    Cluster {
        name: "bench".to_owned(),
        target: None,
        discovery: Discovery::Eds,
        connect_timeout: given(SimDuration::from_secs(10)),
        balancer: given(balancer),
        balancing: CommonBalancing {
            panic_threshold: given(Ppm::from_percent(50)),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::from_secs(1),
        },
        subsets: None,
        thresholds: BTreeMap::new(),
        outlier: None,
        http: UpstreamHttp {
            protocol: given(UpstreamProtocol::Http1),
            max_requests_per_connection: given(0),
            max_concurrent_streams: given(u32::MAX),
            idle_timeout: given(SimDuration::from_secs(3600)),
        },
        tls: given(UpstreamTls::None),
        origin: ORIGIN,
    }
}

/// Weights of `heavy` for every other host, one for the rest.
fn hosts(count: u32, heavy: u32) -> LoadAssignment {
    let endpoint = |number: u32| Endpoint {
        address: Address { host: format!("10.0.{}.{}", number / 250, number % 250), port: 8080 },
        pod: None,
        weight: if number.is_multiple_of(2) { 1 } else { heavy },
        health: DeclaredHealth::Healthy,
        labels: BTreeMap::new(),
        takes_mutual_tls: true,
        origin: ORIGIN,
    };
    let group = LocalityEndpoints {
        locality: Locality::default(),
        priority: 0,
        weight: None,
        endpoints: (0..count).map(endpoint).collect(),
    };
    LoadAssignment { localities: vec![group], overprovisioning: None }
}

/// Chooses a host and starts a request there, a thousand times.
fn choose(bencher: divan::Bencher<'_, '_>, balancer: LoadBalancer, hosts: LoadAssignment) {
    const TIMES: u32 = 1000;
    let mut dice = Draws(1);
    let roster = Roster::new(Arc::new(cluster(balancer)), Arc::new(hosts), &Locality::default());
    let facts = &Profile::built_in().envoy;
    let mut state = ClusterState::sharing(Arc::new(roster), facts, 2, SimTime::ZERO, &mut dice);
    let mut request = 0u64;
    bencher.counter(divan::counter::ItemsCount::new(TIMES)).bench_local(|| {
        for _ in 0..TIMES {
            request = request.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let context = PickContext { hash: Some(request), ..PickContext::default() };
            let picked = state.pick(0, &context, SimTime::ZERO, &mut dice, &mut Silent);
            let host = picked.unwrap_or(HostId::new(0));
            state.begin_request(host);
            state.end_request(black_box(host));
        }
    });
}

fn least() -> LoadBalancer {
    LoadBalancer::LeastRequest(LeastRequest {
        choices: 2,
        active_request_bias: Ppm::ONE,
        full_scan: false,
        slow_start: None,
    })
}

#[divan::bench(args = HOSTS)]
fn least_request(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, least(), hosts(count, 1));
}

#[divan::bench(args = HOSTS)]
fn least_request_by_weight(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, least(), hosts(count, 3));
}

#[divan::bench(args = HOSTS)]
fn round_robin(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, LoadBalancer::RoundRobin(None), hosts(count, 1));
}

#[divan::bench(args = HOSTS)]
fn round_robin_by_weight(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, LoadBalancer::RoundRobin(None), hosts(count, 3));
}

#[divan::bench(args = HOSTS)]
fn random(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, LoadBalancer::Random, hosts(count, 1));
}

#[divan::bench(args = HOSTS)]
fn ring_hash(bencher: divan::Bencher<'_, '_>, count: u32) {
    let ring = RingHash { min_size: 1024, max_size: 8 << 20, function: HashFunction::XxHash };
    choose(bencher, LoadBalancer::RingHash(ring), hosts(count, 1));
}

#[divan::bench(args = HOSTS)]
fn maglev(bencher: divan::Bencher<'_, '_>, count: u32) {
    choose(bencher, LoadBalancer::Maglev(Maglev { table_size: 65_537 }), hosts(count, 1));
}

/// The state of one more proxy that shares its roster with others.
#[divan::bench(args = HOSTS)]
fn one_more_proxy(bencher: divan::Bencher<'_, '_>, count: u32) {
    let roster =
        Roster::new(Arc::new(cluster(least())), Arc::new(hosts(count, 1)), &Locality::default());
    let roster = Arc::new(roster);
    let facts = &Profile::built_in().envoy;
    let mut dice = Draws(1);
    bencher.bench_local(|| {
        ClusterState::sharing(Arc::clone(&roster), facts, 2, SimTime::ZERO, &mut dice)
    });
}
