//! Localities, priorities and what spills over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::super::config::{
    Cluster, LoadAssignment, LoadBalancer, LocalityEndpoints, LocalityMode, SlowStart, ZoneAware,
};
use super::super::testing::{
    Bench, TestDice, assignment, at_ms, cluster, endpoint, facts, given, group, plain, sick, zone,
};
use super::super::{ClusterState, HostId, PreviousPriorities, Roster};
use crate::units::{Ppm, SimDuration, SimTime};

fn zone_aware() -> Cluster {
    let mut config = cluster(LoadBalancer::RoundRobin(None));
    config.balancing.locality =
        LocalityMode::ZoneAware(ZoneAware { enabled: Ppm::ONE, min_cluster_size: 6 });
    config
}

/// Zones with so many hosts each.
fn zones(hosts: &[(&str, u32)]) -> LoadAssignment {
    let mut from = 0;
    let groups = hosts.iter().map(|&(name, count)| {
        from += count;
        let endpoints = (from - count..from).map(endpoint).collect();
        LocalityEndpoints { locality: zone(name), ..group(0, endpoints) }
    });
    assignment(groups.collect())
}

/// Requests of a proxy in zone `a` by zone, of 1000.
fn by_zone(hosts: &[(&str, u32)], proxies: &[(&str, u32)]) -> Vec<u32> {
    let proxies: BTreeMap<_, _> =
        proxies.iter().map(|&(name, count)| (zone(name), count)).collect();
    let roster = Roster::new(Arc::new(zone_aware()), Arc::new(zones(hosts)), &zone("a"))
        .with_local_cluster(proxies);
    let (now, mut dice) = (SimTime::ZERO, TestDice(7));
    let state = ClusterState::sharing(Arc::new(roster), &facts(), 1, now, &mut dice);
    let mut bench = Bench { state, dice, now };
    let expected = bench.state.shares(None).unwrap();
    let shares = bench.shares(1000);
    for (share, expected) in shares.iter().zip(&expected) {
        assert!(
            (f64::from(*share) / 1000.0 - expected).abs() < 0.04,
            "{shares:?} for {expected:?}"
        );
    }
    let mut shares = shares.into_iter();
    hosts.iter().map(|&(_, count)| shares.by_ref().take(count as usize).sum()).collect()
}

#[test]
fn a_zone_keeps_what_it_can_serve() {
    let even = by_zone(&[("a", 3), ("b", 3)], &[("a", 5), ("b", 5)]);
    assert_eq!(even, [1000, 0], "half of the proxies, half of the hosts");
    // Half of the proxies and a quarter of the hosts: half of the requests stay, and the rest
    // goes where there is more than is needed.
    let short = by_zone(&[("a", 2), ("b", 4), ("c", 2)], &[("a", 4), ("b", 2), ("c", 2)]);
    assert!(short[0].abs_diff(500) < 60, "{short:?}");
    assert!(short[1].abs_diff(500) < 60 && short[2] == 0, "{short:?}");
}

#[test]
fn small_clusters_and_lone_zones_are_not_routed_by_zone() {
    for (hosts, proxies) in [
        (vec![("a", 2), ("b", 2)], vec![("a", 1), ("b", 1)]),
        (vec![("a", 4), ("b", 4)], vec![("a", 2)]),
        (vec![("a", 4), ("b", 4)], vec![("b", 1), ("c", 1)]),
    ] {
        assert_eq!(by_zone(&hosts, &proxies), [500, 500], "{hosts:?} {proxies:?}");
    }
}

#[test]
fn a_locality_that_lost_hosts_gets_less() {
    let locality = |name, endpoints| LocalityEndpoints {
        locality: zone(name),
        weight: Some(given(1)),
        ..group(0, endpoints)
    };
    let mut config = cluster(LoadBalancer::RoundRobin(None));
    config.balancing.locality = LocalityMode::Weighted;
    let hosts = vec![
        locality("a", vec![endpoint(0), sick(1), sick(2), sick(3)]),
        locality("b", vec![endpoint(4), endpoint(5), endpoint(6), endpoint(7)]),
    ];
    let mut bench = Bench::new(config, assignment(hosts));
    let shares = bench.shares(1350);
    assert!((bench.state.roster().shares(None).unwrap()[0] - 350.0 / 1350.0).abs() < 1e-9);
    // A quarter times 1.4 against one.
    assert!(shares[0].abs_diff(350) <= 2, "{shares:?}");
}

#[test]
fn retries_leave_out_the_priorities_that_were_tried() {
    let hosts = vec![group(0, vec![endpoint(0)]), group(1, vec![endpoint(1)])];
    let bench = Bench::new(cluster(LoadBalancer::Random), assignment(hosts));
    let mut retries = PreviousPriorities::new(1);
    assert_eq!(retries.loads(&bench.state), None);
    retries.attempted(&bench.state, HostId::new(0));
    assert_eq!(retries.loads(&bench.state).unwrap().healthy, [0, 100]);
    retries.attempted(&bench.state, HostId::new(1));
    assert_eq!(retries.loads(&bench.state).unwrap().healthy, [100, 0], "all count again");
}

#[test]
fn a_new_host_gets_its_weight_bit_by_bit() {
    let slow = SlowStart {
        window: given(SimDuration::from_secs(10)),
        aggression: Ppm::ONE,
        min_weight: Ppm::from_percent(10),
    };
    let config = Arc::new(cluster(LoadBalancer::RoundRobin(Some(slow))));
    let mut bench = Bench::new((*config).clone(), plain(2));
    bench.now = at_ms(60_000);
    let roster = Roster::new(config, Arc::new(plain(3)), &zone(""));
    bench.state.update(Arc::new(roster), bench.now);
    bench.now = at_ms(62_000);
    let shares = bench.shares(220);
    assert!(shares[2].abs_diff(20) <= 3, "a fifth of the weight of each other, {shares:?}");
    bench.now = at_ms(80_000);
    bench.shares(30);
    let shares = bench.shares(300);
    assert!(shares.iter().all(|share| share.abs_diff(100) <= 2), "{shares:?}");
}
