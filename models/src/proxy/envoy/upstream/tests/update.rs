//! New hosts, new weights, and hosts that leave.

use std::sync::Arc;

use super::super::super::config::{LoadBalancer, Locality};
use super::super::testing::{
    Bench, assignment, at_ms, cluster, endpoint, given, group, outlier, plain, sick,
};
use super::super::{HostId, Roster, UpstreamResult};
use crate::units::SimDuration;

fn bench() -> Bench {
    let mut config = cluster(LoadBalancer::RoundRobin(None));
    config.balancing.update_merge_window = SimDuration::from_secs(1);
    let mut outlier = outlier();
    outlier.consecutive_5xx = given(1);
    config.outlier = Some(outlier);
    Bench::new(config, plain(3))
}

fn roster(bench: &Bench, numbers: &[u32], ill: &[u32]) -> Arc<Roster> {
    let host = |number: u32| if ill.contains(&number) { sick(number) } else { endpoint(number) };
    let hosts = assignment(vec![group(0, numbers.iter().map(|&number| host(number)).collect())]);
    let cluster = Arc::clone(bench.state.roster().cluster());
    Arc::new(Roster::new(cluster, Arc::new(hosts), &Locality::default()))
}

#[test]
fn hosts_that_stay_keep_what_is_known_of_them() {
    let mut bench = bench();
    bench.state.begin_request(HostId::new(1));
    bench.report(2, UpstreamResult::Status(500));
    let roster = roster(&bench, &[2, 5, 1], &[]);
    let moved = bench.state.update(roster, at_ms(10));
    assert_eq!(
        [0, 1, 2].map(|host| moved.of(HostId::new(host))),
        [None, Some(HostId::new(2)), Some(HostId::new(0)),]
    );
    assert_eq!(bench.state.active(HostId::new(2)), 1);
    assert_eq!(bench.ejected().into_iter().collect::<Vec<_>>(), [0]);
    assert_eq!(bench.shares(20), [0, 10, 10], "the ejected host still gets nothing");
}

#[test]
fn news_of_health_wait_for_the_window_and_new_hosts_do_not() {
    let mut bench = bench();
    let ill = roster(&bench, &[0, 1, 2], &[0]);
    bench.state.update(ill, at_ms(0));
    assert_eq!(bench.shares(10)[0], 0, "the first change is seen at once");
    let well = roster(&bench, &[0, 1, 2], &[]);
    bench.state.update(well, at_ms(100));
    bench.until(at_ms(1099));
    assert_eq!(bench.shares(10)[0], 0);
    bench.until(at_ms(1100));
    assert_eq!(bench.shares(12)[0], 4);
    let more = roster(&bench, &[0, 1, 2, 3], &[0]);
    bench.state.update(more, at_ms(1200));
    assert_eq!(bench.shares(12), [0, 4, 4, 4]);
}
