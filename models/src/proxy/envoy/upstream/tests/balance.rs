//! Who gets the next request, balancer by balancer.

use super::super::super::config::{HostPredicate, LoadBalancer, LocalityEndpoints, LocalityMode};
use super::super::testing::{
    Bench, assignment, cluster, endpoint, given, group, least_request, plain, sick, zone,
};
use super::super::{ClusterState, HostId, NoHost, PickContext};
use crate::units::Ppm;

const ROUND_ROBIN: LoadBalancer = LoadBalancer::RoundRobin(None);

#[test]
fn hosts_take_turns_from_a_random_one_on() {
    let mut bench = Bench::new(cluster(ROUND_ROBIN), plain(3));
    let first = bench.pick();
    for turn in 1..10 {
        assert_eq!(bench.pick(), (first + turn) % 3);
    }
}

#[test]
fn weighted_hosts_share_exactly() {
    let mut hosts: Vec<_> = (0..3).map(endpoint).collect();
    hosts[1].weight = 3;
    let mut bench = Bench::new(cluster(ROUND_ROBIN), assignment(vec![group(0, hosts)]));
    assert_eq!(bench.shares(50), [10, 30, 10]);
}

#[test]
fn the_less_busy_host_of_a_draw_takes_the_request() {
    let mut bench = Bench::new(cluster(least_request()), plain(2));
    bench.state.begin_request(HostId::new(0));
    let shares = bench.shares(400);
    assert!((60..140).contains(&shares[0]), "only a double draw of the busy host, {shares:?}");
}

#[test]
fn a_full_scan_always_finds_the_least_busy_host() {
    let LoadBalancer::LeastRequest(mut least) = least_request() else { unreachable!() };
    least.full_scan = true;
    let mut bench = Bench::new(cluster(LoadBalancer::LeastRequest(least)), plain(3));
    bench.state.begin_request(HostId::new(0));
    bench.state.begin_request(HostId::new(2));
    assert_eq!(bench.shares(20), [0, 20, 0]);
    bench.state.end_request(HostId::new(0));
    let shares = bench.shares(200);
    assert!(shares[0] > 60 && shares[1] > 60 && shares[2] == 0, "ties are drawn, {shares:?}");
}

#[test]
fn weights_are_lowered_by_active_requests() {
    let mut hosts = vec![endpoint(0), endpoint(1)];
    hosts[1].weight = 3;
    let mut bench = Bench::new(cluster(least_request()), assignment(vec![group(0, hosts)]));
    assert_eq!(bench.shares(400), [100, 300]);
    for _ in 0..2 {
        bench.state.begin_request(HostId::new(1));
    }
    let shares = bench.shares(400);
    assert!(shares[0].abs_diff(200) <= 2, "3 / (2 + 1) is 1 / 1, {shares:?}");
}

#[test]
fn random_reaches_all_hosts_alike() {
    let mut bench = Bench::new(cluster(LoadBalancer::Random), plain(4));
    let shares = bench.shares(4000);
    assert!(shares.iter().all(|share| share.abs_diff(1000) < 120), "{shares:?}");
}

#[test]
fn what_a_priority_cannot_take_spills_over() {
    let first = vec![sick(0), sick(1), endpoint(2), endpoint(3)];
    let mut hosts = assignment(vec![group(0, first), group(1, vec![endpoint(4)])]);
    hosts.overprovisioning = Some(Ppm::from_percent(100));
    let mut bench = Bench::new(cluster(ROUND_ROBIN), hosts);
    let shares = bench.shares(1000);
    assert_eq!(shares[..2], [0, 0]);
    assert!(shares[4].abs_diff(500) < 60, "{shares:?}");
}

#[test]
fn three_priorities_share_by_what_each_can_take() {
    let one_of_four =
        |from: u32| vec![endpoint(from), sick(from + 1), sick(from + 2), sick(from + 3)];
    let groups = [group(0, one_of_four(0)), group(1, one_of_four(4)), group(2, vec![endpoint(8)])];
    let mut config = cluster(ROUND_ROBIN);
    config.balancing.panic_threshold = given(Ppm::ZERO);
    let bench = Bench::new(config, assignment(groups.into()));
    assert_eq!(bench.state.loads().healthy, [35, 35, 30]);
}

#[test]
fn too_few_healthy_hosts_mean_that_all_are_used() {
    let hosts = assignment(vec![group(0, vec![endpoint(0), sick(1), sick(2)])]);
    let mut bench = Bench::new(cluster(ROUND_ROBIN), hosts.clone());
    assert_eq!(bench.shares(30), [10, 10, 10]);
    assert_eq!(bench.state.counters().healthy_panic, 30);

    let mut calm = cluster(ROUND_ROBIN);
    calm.balancing.panic_threshold = given(Ppm::ZERO);
    let mut bench = Bench::new(calm, hosts.clone());
    assert_eq!(bench.shares(30), [30, 0, 0]);

    let mut failing = cluster(ROUND_ROBIN);
    failing.balancing.fail_traffic_on_panic = true;
    let mut bench = Bench::new(failing, hosts);
    assert_eq!(bench.try_pick(&PickContext::default()), Err(NoHost::Panic));
}

#[test]
fn without_healthy_hosts_and_panic_there_is_none() {
    let mut calm = cluster(ROUND_ROBIN);
    calm.balancing.panic_threshold = given(Ppm::ZERO);
    let mut bench = Bench::new(calm.clone(), assignment(vec![group(0, vec![sick(0)])]));
    assert_eq!(bench.try_pick(&PickContext::default()), Err(NoHost::NoneHealthy));
    let mut bench = Bench::new(calm, plain(0));
    assert_eq!(bench.try_pick(&PickContext::default()), Err(NoHost::Empty));
}

#[test]
fn localities_share_by_their_weights() {
    let locality = |name, weight, from| LocalityEndpoints {
        locality: zone(name),
        weight: Some(given(weight)),
        ..group(0, vec![endpoint(from), endpoint(from + 1)])
    };
    let hosts = assignment(vec![locality("z1", 80, 0), locality("z2", 20, 2)]);
    let mut config = cluster(ROUND_ROBIN);
    config.balancing.locality = LocalityMode::Weighted;
    let mut bench = Bench::new(config, hosts);
    assert_eq!(bench.shares(400), [160, 160, 40, 40]);
}

#[test]
fn a_retry_passes_over_tried_hosts_and_takes_the_last_draw_at_worst() {
    let mut bench = Bench::new(cluster(ROUND_ROBIN), plain(3));
    let tried = [HostId::new(0), HostId::new(1)];
    let context = PickContext {
        predicates: &[HostPredicate::PreviousHosts],
        tried: &tried,
        host_selection_attempts: 5,
        ..PickContext::default()
    };
    for _ in 0..6 {
        assert_eq!(bench.try_pick(&context), Ok(2));
    }
    let tried = [0, 1, 2].map(HostId::new);
    assert!(bench.try_pick(&PickContext { tried: &tried, ..context }).is_ok());
}

#[test]
fn a_cluster_that_goes_where_the_client_dialled_chooses_nothing() {
    for hosts in [0, 2] {
        let mut bench = Bench::new(cluster(LoadBalancer::ClusterProvided), plain(hosts));
        assert_eq!(bench.try_pick(&PickContext::default()), Err(NoHost::DialledAddress));
    }
}

#[test]
fn a_plain_cluster_needs_little_memory() {
    // One for each proxy and cluster that it calls: hundreds of thousands in a large world.
    assert!(size_of::<ClusterState>() <= 152, "{} bytes", size_of::<ClusterState>());
}
