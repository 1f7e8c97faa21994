//! Balancers that hash: ring and Maglev.

use super::super::super::config::{HashFunction, LoadBalancer, Maglev, RingHash};
use super::super::super::hash::xx_hash_64;
use super::super::PickContext;
use super::super::testing::{Bench, assignment, cluster, endpoint, given, group, plain, sick};
use crate::units::Ppm;

fn ring(min_size: u64) -> LoadBalancer {
    LoadBalancer::RingHash(RingHash { min_size, max_size: 8 << 20, function: HashFunction::XxHash })
}

fn maglev() -> LoadBalancer {
    LoadBalancer::Maglev(Maglev { table_size: 65_537 })
}

/// The host of each of 300 keys.
fn hosts_of_keys(bench: &mut Bench) -> Vec<u32> {
    let hash = |key: u32| xx_hash_64(format!("key-{key}").as_bytes(), 0);
    let context = |key| PickContext { hash: Some(hash(key)), ..PickContext::default() };
    (0..300).map(|key| bench.try_pick(&context(key)).unwrap()).collect()
}

/// How many keys of the hosts that stay move when the second of three goes.
fn moved(balancer: LoadBalancer) -> usize {
    let mut calm = cluster(balancer);
    calm.balancing.panic_threshold = given(Ppm::ZERO);
    let before = hosts_of_keys(&mut Bench::new(calm.clone(), plain(3)));
    let hosts = assignment(vec![group(0, vec![endpoint(0), sick(1), endpoint(2)])]);
    let after = hosts_of_keys(&mut Bench::new(calm, hosts));
    assert!(before.contains(&1) && !after.contains(&1));
    before.iter().zip(&after).filter(|(before, after)| **before != 1 && before != after).count()
}

#[test]
fn a_ring_moves_only_the_keys_of_the_host_that_goes() {
    assert_eq!(moved(ring(3)), 0, "each host keeps its one place");
    // The hosts that stay get more places, to fill the least size: some keys fall to those.
    assert!((1..60).contains(&moved(ring(1024))));
}

#[test]
fn maglev_gives_every_hash_one_host_and_moves_few_when_one_goes() {
    let before = hosts_of_keys(&mut Bench::new(cluster(maglev()), plain(5)));
    let hosts = (0..5).map(|n| if n == 1 { sick(n) } else { endpoint(n) }).collect();
    let after =
        hosts_of_keys(&mut Bench::new(cluster(maglev()), assignment(vec![group(0, hosts)])));
    let moved = before.iter().zip(&after).filter(|(b, a)| **b != 1 && b != a).count();
    assert!(moved < 30, "{moved} of 300 keys moved between hosts that stayed");
    assert!(before.contains(&1) && !after.contains(&1));
}

#[test]
fn the_order_of_endpoints_means_nothing_to_hashing_balancers() {
    for balancer in [ring(1024), maglev()] {
        let forwards = hosts_of_keys(&mut Bench::new(cluster(balancer.clone()), plain(4)));
        let hosts = (0..4).rev().map(endpoint).collect();
        let mut bench = Bench::new(cluster(balancer), assignment(vec![group(0, hosts)]));
        let backwards = hosts_of_keys(&mut bench);
        assert!(forwards.iter().zip(&backwards).all(|(one, other)| *one == 3 - *other));
    }
}
