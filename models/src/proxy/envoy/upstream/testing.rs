//! Clusters, endpoints and dice for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::config::{
    Address, Cluster, CommonBalancing, DeclaredHealth, Discovery, Endpoint, LeastRequest,
    LoadAssignment, LoadBalancer, Locality, LocalityEndpoints, LocalityMode, OutlierDetection,
    UpstreamHttp, UpstreamProtocol, UpstreamTls,
};
use super::super::{Dice, Purpose};
use super::{ClusterState, HostId, NoHost, PickContext};
use crate::explain::{Silent, Sourced};
use crate::profile::{EnvoyFacts, Profile};
use crate::units::{Ppm, SimDuration, SimTime};
use crate::world::Origin;

const ORIGIN: Origin = Origin::Assumed("a test");

pub(super) fn given<T>(value: T) -> Sourced<T> {
    Sourced::new(value, ORIGIN)
}

pub(super) fn at_ms(ms: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_ms(ms)
}

/// SplitMix64, so that runs of tests are all alike.
pub(super) struct TestDice(pub u64);

impl Dice for TestDice {
    fn roll(&mut self, _: Purpose) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

pub(super) fn least_request() -> LoadBalancer {
    LoadBalancer::LeastRequest(LeastRequest {
        choices: 2,
        active_request_bias: Ppm::ONE,
        full_scan: false,
        slow_start: None,
    })
}

pub(super) fn cluster(balancer: LoadBalancer) -> Cluster {
    Cluster {
        name: "a".to_owned(),
        target: None,
        discovery: Discovery::Static,
        connect_timeout: given(SimDuration::from_secs(1)),
        balancer: given(balancer),
        balancing: CommonBalancing {
            panic_threshold: given(Ppm::from_percent(50)),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::ZERO,
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

/// Envoy's defaults, with room for all hosts to be ejected.
pub(super) fn outlier() -> OutlierDetection {
    OutlierDetection {
        interval: given(SimDuration::from_secs(10)),
        base_ejection: given(SimDuration::from_secs(30)),
        max_ejection: given(SimDuration::from_secs(300)),
        max_ejection_jitter: SimDuration::ZERO,
        max_ejection_share: given(Ppm::ONE),
        always_eject_one: false,
        consecutive_5xx: given(5),
        enforcing_consecutive_5xx: 100,
        consecutive_gateway: given(5),
        enforcing_consecutive_gateway: 0,
        split_local_origin: false,
        consecutive_local: given(5),
        enforcing_consecutive_local: 100,
        enforcing_success_rate: 100,
        enforcing_local_success_rate: 100,
        success_rate_min_hosts: 5,
        success_rate_request_volume: 100,
        success_rate_stdev_factor: 1900,
        failure_percentage_threshold: 85,
        enforcing_failure_percentage: 0,
        enforcing_local_failure_percentage: 0,
        failure_percentage_min_hosts: 5,
        failure_percentage_request_volume: 50,
        origin: ORIGIN,
    }
}

pub(super) fn endpoint(number: u32) -> Endpoint {
    Endpoint {
        address: Address {
            host: format!("10.0.{}.{}", number / 250, number % 250 + 1),
            port: 8080,
        },
        pod: None,
        weight: 1,
        health: DeclaredHealth::Unknown,
        labels: BTreeMap::new(),
        takes_mutual_tls: false,
        origin: ORIGIN,
    }
}

pub(super) fn sick(number: u32) -> Endpoint {
    Endpoint { health: DeclaredHealth::Unhealthy, ..endpoint(number) }
}

pub(super) fn zone(name: &str) -> Locality {
    Locality { region: "r".to_owned(), zone: name.to_owned(), sub_zone: String::new() }
}

pub(super) fn group(priority: u32, endpoints: Vec<Endpoint>) -> LocalityEndpoints {
    LocalityEndpoints { locality: Locality::default(), priority, weight: None, endpoints }
}

pub(super) fn assignment(localities: Vec<LocalityEndpoints>) -> LoadAssignment {
    LoadAssignment { localities, overprovisioning: None }
}

/// `count` equal hosts.
pub(super) fn plain(count: u32) -> LoadAssignment {
    assignment(vec![group(0, (0..count).map(endpoint).collect())])
}

pub(super) fn facts() -> EnvoyFacts {
    Profile::built_in().envoy.clone()
}

/// A cluster in one proxy with one worker, and what a test does with it.
pub(super) struct Bench {
    pub state: ClusterState,
    pub dice: TestDice,
    pub now: SimTime,
}

impl Bench {
    pub(super) fn new(cluster: Cluster, assignment: LoadAssignment) -> Self {
        Self::with_facts(cluster, assignment, &facts())
    }

    pub(super) fn with_facts(
        cluster: Cluster,
        assignment: LoadAssignment,
        facts: &EnvoyFacts,
    ) -> Self {
        let mut dice = TestDice(7);
        let (cluster, assignment) = (Arc::new(cluster), Arc::new(assignment));
        let local = Locality::default();
        let now = SimTime::ZERO;
        let state = ClusterState::new(cluster, assignment, facts, &local, 1, now, &mut dice);
        Self { state, dice, now }
    }

    pub(super) fn try_pick(&mut self, context: &PickContext<'_>) -> Result<u32, NoHost> {
        let picked = self.state.pick(0, context, self.now, &mut self.dice, &mut Silent);
        picked.map(|host| host.index() as u32)
    }

    pub(super) fn pick(&mut self) -> u32 {
        self.try_pick(&PickContext::default()).expect("a host")
    }

    /// How often each host is chosen in `times` requests that end at once.
    pub(super) fn shares(&mut self, times: u32) -> Vec<u32> {
        let mut shares = vec![0; self.state.roster().len()];
        for _ in 0..times {
            shares[self.pick() as usize] += 1;
        }
        shares
    }

    /// The hosts that are ejected.
    pub(super) fn ejected(&self) -> BTreeSet<u32> {
        let hosts = self.state.hosts().filter(|host| host.ejected);
        hosts.map(|host| host.id.index() as u32).collect()
    }

    pub(super) fn report(
        &mut self,
        host: u32,
        result: super::UpstreamResult,
    ) -> Vec<super::HealthChange> {
        self.state.report(HostId::new(host), result, self.now, &mut self.dice)
    }

    /// Lets time pass up to `now`.
    pub(super) fn until(&mut self, now: SimTime) -> Vec<super::HealthChange> {
        self.now = now;
        self.state.advance(now, &mut self.dice)
    }
}
