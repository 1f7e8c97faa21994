//! What holds whatever the hosts, their weights and their health are.

use proptest::prelude::*;

use super::super::super::config::{
    DeclaredHealth, Endpoint, HashFunction, LoadBalancer, Maglev, OutlierDetection, RingHash,
};
use super::super::super::hash::xx_hash_64;
use super::super::load::{Factors, LevelCount, Spread};
use super::super::testing::{
    Bench, assignment, at_ms, cluster, endpoint, facts, given, group, least_request, outlier,
};
use super::super::{PickContext, UpstreamResult};
use crate::explain::Tree;
use crate::profile::EjectionShare;
use crate::units::{Ppm, SimDuration};

fn level() -> impl Strategy<Value = LevelCount> {
    (0u32..50, 0u32..50, 0u32..50, 0u32..50).prop_map(|(healthy, degraded, sick, excluded)| {
        LevelCount { hosts: healthy + degraded + sick + excluded, excluded, healthy, degraded }
    })
}

fn balancers() -> impl Strategy<Value = LoadBalancer> {
    prop_oneof![
        Just(LoadBalancer::RoundRobin(None)),
        Just(least_request()),
        Just(LoadBalancer::Random),
        Just(LoadBalancer::RingHash(RingHash {
            min_size: 64,
            max_size: 1024,
            function: HashFunction::Murmur2,
        })),
        Just(LoadBalancer::Maglev(Maglev { table_size: 251 })),
    ]
}

fn health() -> impl Strategy<Value = DeclaredHealth> {
    prop_oneof![
        3 => Just(DeclaredHealth::Healthy),
        1 => Just(DeclaredHealth::Unhealthy),
        1 => Just(DeclaredHealth::Degraded),
        1 => Just(DeclaredHealth::Draining),
    ]
}

fn result() -> impl Strategy<Value = UpstreamResult> {
    prop_oneof![
        3 => Just(UpstreamResult::Status(503)),
        1 => Just(UpstreamResult::Status(500)),
        1 => Just(UpstreamResult::Status(200)),
        1 => Just(UpstreamResult::Timeout),
        1 => Just(UpstreamResult::ConnectFailed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loads_of_priorities_sum_to_a_hundred(
        levels in prop::collection::vec(level(), 1..5),
        overprovisioning in 1u32..300,
        panic_threshold in 0u32..=100,
    ) {
        let factors = Factors { overprovisioning, panic_threshold };
        let spread = Spread::of(&levels, factors);
        let sum: u32 = spread.loads.healthy.iter().chain(&spread.loads.degraded).sum();
        prop_assert_eq!(sum, 100);
        if spread.availability.total() == 100 || panic_threshold == 0 {
            prop_assert!(!spread.panic.contains(&true), "nothing panics while all is served");
        }
    }

    #[test]
    fn only_hosts_that_may_be_used_are_chosen_without_a_panic(
        balancer in balancers(),
        healths in prop::collection::vec(health(), 1..12),
        seed in any::<u64>(),
    ) {
        let mut config = cluster(balancer);
        config.balancing.panic_threshold = given(Ppm::ZERO);
        let hosts: Vec<Endpoint> = healths
            .iter()
            .zip(0..)
            .map(|(&health, number)| Endpoint { health, ..endpoint(number) })
            .collect();
        let mut bench = Bench::new(config, assignment(vec![group(0, hosts)]));
        for request in 0..20u64 {
            let context = PickContext { hash: Some(seed ^ request), ..PickContext::default() };
            match bench.try_pick(&context) {
                Ok(host) => prop_assert!(matches!(
                    healths[host as usize],
                    DeclaredHealth::Healthy | DeclaredHealth::Degraded
                )),
                Err(_) => prop_assert!(
                    !healths.contains(&DeclaredHealth::Healthy)
                        || healths.contains(&DeclaredHealth::Degraded),
                    "healthy hosts take all there is if nothing else is available"
                ),
            }
        }
    }

    #[test]
    fn shares_follow_weights(weights in prop::collection::vec(1u32..20, 2..8)) {
        let hosts: Vec<Endpoint> = weights
            .iter()
            .zip(0..)
            .map(|(&weight, number)| Endpoint { weight, ..endpoint(number) })
            .collect();
        let config = cluster(LoadBalancer::RoundRobin(None));
        let mut bench = Bench::new(config, assignment(vec![group(0, hosts)]));
        let shares = bench.shares(weights.iter().sum::<u32>() * 10);
        for (share, weight) in shares.iter().zip(&weights) {
            prop_assert!(share.abs_diff(weight * 10) <= 1, "{:?} for {:?}", shares, weights);
        }
    }

    #[test]
    fn ejections_never_exceed_the_limit_of_the_profile(
        hosts in 1u32..12,
        percent in 0u32..=100,
        before in any::<bool>(),
        always_eject_one in any::<bool>(),
        split_local_origin in any::<bool>(),
        events in prop::collection::vec((0u32..12, 0u64..400, result()), 1..80),
    ) {
        let mut facts = facts();
        facts.ejection_share.value =
            if before { EjectionShare::BeforeEjection } else { EjectionShare::AfterEjection };
        let mut config = cluster(LoadBalancer::RoundRobin(None));
        config.outlier = Some(OutlierDetection {
            consecutive_5xx: given(1),
            interval: given(SimDuration::from_ms(500)),
            base_ejection: given(SimDuration::from_ms(700)),
            max_ejection_share: given(Ppm::from_percent(percent)),
            always_eject_one,
            split_local_origin,
            consecutive_local: given(1),
            enforcing_consecutive_gateway: 100,
            enforcing_failure_percentage: 100,
            enforcing_local_failure_percentage: 100,
            failure_percentage_threshold: 10,
            failure_percentage_min_hosts: 1,
            failure_percentage_request_volume: 1,
            success_rate_min_hosts: 1,
            success_rate_request_volume: 1,
            ..outlier()
        });
        let endpoints = (0..hosts).map(endpoint).collect();
        let mut bench = Bench::with_facts(config, assignment(vec![group(0, endpoints)]), &facts);
        let mut now_ms = 0;
        for (host, pause_ms, result) in events {
            now_ms += pause_ms;
            let mut changes = bench.until(at_ms(now_ms));
            changes.extend(bench.report(host % hosts, result));
            let ejected = bench.ejected().len() as u32;
            prop_assert!(changes.last().is_none_or(|change| change.ejected == ejected));
            for counted in changes.iter().map(|change| change.ejected).chain([ejected]) {
                let within = match (before, counted) {
                    (_, 0) => true,
                    // The share before the latest ejection was below the limit.
                    (true, _) => (counted - 1) * 100 < percent * hosts,
                    (false, _) => counted * 100 <= percent * hosts,
                };
                prop_assert!(within || (always_eject_one && counted == 1), "{counted} of {hosts}");
            }
        }
    }

    #[test]
    fn a_host_that_goes_moves_no_key_of_others_on_a_ring_of_equal_places(
        count in 2u32..10,
        gone in 0u32..10,
        keys in prop::collection::vec(any::<u64>(), 1..50),
    ) {
        let balancer = LoadBalancer::RingHash(RingHash {
            min_size: 1,
            max_size: 1024,
            function: HashFunction::XxHash,
        });
        let gone = gone % count;
        let all = (0..count).map(endpoint).collect();
        let rest = (0..count).filter(|&number| number != gone).map(endpoint).collect();
        let mut before = Bench::new(cluster(balancer.clone()), assignment(vec![group(0, all)]));
        let mut after = Bench::new(cluster(balancer), assignment(vec![group(0, rest)]));
        for key in keys {
            let hash = Some(xx_hash_64(&key.to_le_bytes(), 0));
            let context = PickContext { hash, ..PickContext::default() };
            let (old, new) = (before.try_pick(&context).unwrap(), after.try_pick(&context).unwrap());
            // Ids of hosts behind the one that went are one less.
            let expected = if old > gone { old - 1 } else { old };
            prop_assert!(old == gone || new == expected);
        }
    }

    #[test]
    fn who_asks_for_reasons_gets_the_same_host(
        balancer in balancers(),
        healths in prop::collection::vec(health(), 1..12),
        hashes in prop::collection::vec(any::<u64>(), 1..20),
    ) {
        let hosts = |number| Endpoint { health: healths[number as usize], ..endpoint(number) };
        let hosts: Vec<Endpoint> = (0..healths.len() as u32).map(hosts).collect();
        let hosts = assignment(vec![group(0, hosts)]);
        let mut silent = Bench::new(cluster(balancer.clone()), hosts.clone());
        let mut told = Bench::new(cluster(balancer), hosts);
        for hash in hashes {
            let context = PickContext { hash: Some(hash), ..PickContext::default() };
            let mut tree = Tree::default();
            let host = told.state.pick(0, &context, told.now, &mut told.dice, &mut tree);
            prop_assert_eq!(silent.try_pick(&context), host.map(|host| host.index() as u32));
            prop_assert!(!tree.finish().is_empty(), "every choice has a reason");
        }
    }

    #[test]
    fn shares_are_what_choices_come_to(
        balancer in balancers(),
        hosts in prop::collection::vec((health(), 1u32..5, 0u32..2), 1..8),
    ) {
        let of_priority = |wanted: u32| -> Vec<Endpoint> {
            let numbered = hosts.iter().zip(0..);
            numbered
                .filter(|((_, _, priority), _)| *priority == wanted)
                .map(|(&(health, weight, _), number)| Endpoint { health, weight, ..endpoint(number) })
                .collect()
        };
        let groups = vec![group(0, of_priority(0)), group(1, of_priority(1))];
        let mut config = cluster(balancer);
        config.balancing.panic_threshold = given(Ppm::from_percent(20));
        let mut bench = Bench::new(config, assignment(groups));
        let expected = bench.state.shares(None).unwrap();
        let mut counts = vec![0u32; hosts.len()];
        for request in 0..4000u64 {
            let hash = Some(xx_hash_64(&request.to_le_bytes(), 0));
            let context = PickContext { hash, ..PickContext::default() };
            if let Ok(host) = bench.try_pick(&context) {
                counts[host as usize] += 1;
            }
        }
        for (count, share) in counts.iter().zip(&expected) {
            let error = f64::from(*count) / 4000.0 - share;
            prop_assert!(error.abs() < 0.04, "{:?} for {:?}", counts, expected);
        }
    }
}
