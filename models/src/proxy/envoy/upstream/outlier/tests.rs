use super::super::super::config::{LoadBalancer, OutlierDetection};
use super::super::testing::{Bench, at_ms, cluster, facts, given, outlier, plain};
use super::super::{Change, Detector, PickContext, Spared, UpstreamResult};
use crate::profile::EjectionShare;
use crate::units::{Ppm, SimDuration};

const BAD: UpstreamResult = UpstreamResult::Status(503);

fn bench(hosts: u32, config: OutlierDetection) -> Bench {
    let mut cluster = cluster(LoadBalancer::RoundRobin(None));
    cluster.balancing.panic_threshold = given(Ppm::ZERO);
    cluster.outlier = Some(config);
    Bench::new(cluster, plain(hosts))
}

fn quick() -> OutlierDetection {
    OutlierDetection {
        interval: given(SimDuration::from_ms(100)),
        base_ejection: given(SimDuration::from_ms(400)),
        consecutive_5xx: given(1),
        ..outlier()
    }
}

#[test]
fn failures_in_a_row_eject_and_a_success_starts_anew() {
    let mut bench = bench(1, OutlierDetection { consecutive_5xx: given(3), ..outlier() });
    for status in [500, 500, 200, 500, 500] {
        assert!(bench.report(0, UpstreamResult::Status(status)).is_empty());
    }
    let changes = bench.report(0, UpstreamResult::Status(500));
    let by = Detector::Consecutive5xx;
    assert_eq!(changes[0].change, Change::Ejected { by, returns_from: at_ms(30_000) });
    assert!(bench.try_pick(&PickContext::default()).is_err());
    let why = bench.state.explain(&changes[0]).unwrap();
    assert_eq!(why.because[0].finding, "3 answers in a row were 5xx");
}

#[test]
fn gateway_failures_are_found_but_not_enforced_by_default() {
    let mut bench = bench(1, OutlierDetection { consecutive_gateway: given(2), ..outlier() });
    assert!(bench.report(0, BAD).is_empty());
    let changes = bench.report(0, BAD);
    let by = Detector::ConsecutiveGateway;
    assert_eq!(changes[0].change, Change::Spared { by, why: Spared::NotEnforced });
    bench.report(0, UpstreamResult::Status(500));
    assert!(bench.report(0, BAD).is_empty(), "a plain 500 starts the count anew");
    assert_eq!(bench.state.counters().detected[&by], 1);
    assert!(bench.ejected().is_empty());
}

#[test]
fn local_failures_are_counted_apart_only_if_asked() {
    let mut together = bench(1, OutlierDetection { consecutive_5xx: given(2), ..outlier() });
    together.report(0, UpstreamResult::ConnectFailed);
    assert_eq!(together.report(0, UpstreamResult::Timeout).len(), 1);

    let config = OutlierDetection {
        split_local_origin: true,
        consecutive_5xx: given(2),
        consecutive_local: given(2),
        ..outlier()
    };
    let mut apart = bench(1, config);
    apart.report(0, UpstreamResult::ConnectFailed);
    assert!(apart.report(0, BAD).is_empty(), "one of each kind");
    apart.report(0, UpstreamResult::Connected);
    apart.report(0, UpstreamResult::ConnectFailed);
    assert!(apart.ejected().is_empty(), "a connection starts the count anew");
    let changes = apart.report(0, UpstreamResult::ConnectFailed);
    let Change::Ejected { by, .. } = changes[0].change else { panic!("{changes:?}") };
    assert_eq!(by, Detector::ConsecutiveLocalOrigin);
}

#[test]
fn the_limit_counts_the_next_host_in_new_versions_only() {
    let config = OutlierDetection {
        consecutive_5xx: given(1),
        max_ejection_share: given(Ppm::from_percent(10)),
        ..outlier()
    };
    let mut new = bench(4, config.clone());
    let changes = new.report(0, BAD);
    let by = Detector::Consecutive5xx;
    assert_eq!(changes[0].change, Change::Spared { by, why: Spared::Limit });
    assert_eq!(new.state.counters().ejections_overflow, 1);

    let mut old_facts = facts();
    old_facts.ejection_share.value = EjectionShare::BeforeEjection;
    let mut cluster = cluster(LoadBalancer::RoundRobin(None));
    cluster.outlier = Some(config.clone());
    let mut old = Bench::with_facts(cluster, plain(4), &old_facts);
    old.report(0, BAD);
    old.report(1, BAD);
    assert_eq!(old.ejected().into_iter().collect::<Vec<_>>(), [0], "25 % are not below 10 %");

    let mut one = bench(4, OutlierDetection { always_eject_one: true, ..config });
    one.report(2, BAD);
    one.report(3, BAD);
    assert_eq!(one.ejected().into_iter().collect::<Vec<_>>(), [2]);
}

#[test]
fn hosts_return_at_sweeps_only() {
    let mut bench = bench(1, quick());
    bench.now = at_ms(50);
    bench.report(0, BAD);
    assert!(bench.until(at_ms(499)).is_empty(), "its time ends at 450 ms, the sweep is at 500");
    let changes = bench.until(at_ms(500));
    assert_eq!(changes[0].change, Change::Returned { after: SimDuration::from_ms(450) });
    assert_eq!(bench.pick(), 0);
}

#[test]
fn each_ejection_in_a_row_lasts_longer() {
    let mut bench = bench(1, quick());
    bench.report(0, BAD);
    bench.until(at_ms(400));
    bench.report(0, BAD);
    bench.until(at_ms(1100));
    assert_eq!(bench.ejected().len(), 1, "twice 400 ms");
    bench.until(at_ms(1200));
    assert!(bench.ejected().is_empty());
    bench.until(at_ms(1500));
    assert_eq!(bench.state.next_due(), None, "nothing is left for a sweep to do");
    let changes = bench.report(0, BAD);
    let by = Detector::Consecutive5xx;
    let returns_from = at_ms(1900);
    assert_eq!(changes[0].change, Change::Ejected { by, returns_from }, "quiet intervals forgive");
}

#[test]
fn a_sweep_ejects_who_fails_too_large_a_share() {
    let config = OutlierDetection {
        consecutive_5xx: given(1000),
        failure_percentage_threshold: 50,
        enforcing_failure_percentage: 100,
        failure_percentage_min_hosts: 3,
        failure_percentage_request_volume: 10,
        enforcing_success_rate: 0,
        ..quick()
    };
    let mut bench = bench(3, config);
    for request in 0..20 {
        bench.report(0, UpstreamResult::Status(200));
        bench.report(1, if request < 9 { BAD } else { UpstreamResult::Status(200) });
        bench.report(2, BAD);
    }
    let changes = bench.until(at_ms(100));
    assert_eq!(bench.ejected().into_iter().collect::<Vec<_>>(), [2]);
    assert_eq!(changes[0].rates, Some((0.0, 50.0)));
}

#[test]
fn a_success_rate_far_below_the_others_ejects() {
    let mut config = quick();
    config.consecutive_5xx = given(1000);
    let mut bench = bench(5, config);
    for _ in 0..100 {
        (0..4).for_each(|host| drop(bench.report(host, UpstreamResult::Status(200))));
    }
    for request in 0..100 {
        bench.report(4, if request % 2 == 0 { BAD } else { UpstreamResult::Status(200) });
    }
    let changes = bench.until(at_ms(100));
    assert_eq!(bench.ejected().into_iter().collect::<Vec<_>>(), [4]);
    // Mean 90, deviation 20: 90 - 1.9 * 20.
    assert_eq!(changes[0].rates, Some((50.0, 52.0)));
}

#[test]
fn changes_soon_after_another_reach_the_workers_together() {
    let mut cluster = cluster(LoadBalancer::RoundRobin(None));
    cluster.balancing.panic_threshold = given(Ppm::ZERO);
    cluster.balancing.update_merge_window = SimDuration::from_secs(1);
    cluster.outlier = Some(OutlierDetection { consecutive_5xx: given(1), ..outlier() });
    let mut bench = Bench::new(cluster, plain(3));
    assert_eq!(bench.report(0, BAD)[0].seen_from, at_ms(0));
    bench.now = at_ms(40);
    assert_eq!(bench.report(1, BAD)[0].seen_from, at_ms(1040));
    bench.now = at_ms(80);
    assert_eq!(bench.report(2, BAD)[0].seen_from, at_ms(1040));
    assert_eq!(bench.ejected().len(), 3);
    assert!([1, 2].contains(&bench.pick()), "the workers know of the first only");
    bench.until(at_ms(1040));
    assert!(bench.try_pick(&PickContext::default()).is_err());
}

#[test]
fn of_two_hosts_that_return_at_once_the_workers_see_one_first() {
    let mut cluster = cluster(LoadBalancer::RoundRobin(None));
    cluster.balancing.panic_threshold = given(Ppm::ZERO);
    cluster.balancing.update_merge_window = SimDuration::from_ms(50);
    cluster.outlier = Some(quick());
    let mut bench = Bench::new(cluster, plain(2));
    bench.report(0, BAD);
    bench.report(1, BAD);
    let changes = bench.until(at_ms(400));
    assert_eq!(
        changes.iter().map(|change| change.seen_from).collect::<Vec<_>>(),
        [at_ms(400), at_ms(450),]
    );
    assert_eq!(bench.shares(4), [4, 0], "the second returns a window later");
    bench.until(at_ms(450));
    assert_eq!(bench.shares(4), [2, 2]);
}

#[test]
fn counters_and_flags_have_the_names_of_envoy() {
    let mut config = outlier();
    config.consecutive_5xx = given(1);
    config.max_ejection_share = given(Ppm::from_percent(50));
    let mut bench = bench(2, config);
    bench.report(0, BAD);
    bench.report(1, BAD);
    assert_eq!(
        bench.state.counters().named(),
        [
            ("outlier_detection.ejections_detected_consecutive_5xx", 2),
            ("outlier_detection.ejections_enforced_consecutive_5xx", 1),
            ("outlier_detection.ejections_enforced_total", 1),
            ("outlier_detection.ejections_overflow", 1),
        ]
    );
    let flags: Vec<Vec<_>> = bench.state.hosts().map(|host| host.flags().collect()).collect();
    assert_eq!(flags, [vec!["failed_outlier_check"], vec![]]);
}
