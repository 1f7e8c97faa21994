//! Subsets and what happens without one.

use std::collections::BTreeMap;

use super::super::super::config::{Endpoint, LoadBalancer, SubsetFallback, Subsets};
use super::super::testing::{Bench, assignment, cluster, endpoint, given, group, sick};
use super::super::{NoHost, PickContext};
use crate::units::Ppm;

fn labels(version: &str) -> BTreeMap<String, String> {
    [("version".to_owned(), version.to_owned())].into()
}

fn of(version: &str, endpoint: Endpoint) -> Endpoint {
    Endpoint { labels: labels(version), ..endpoint }
}

fn bench(fallback: SubsetFallback, hosts: Vec<Endpoint>) -> Bench {
    let mut config = cluster(LoadBalancer::RoundRobin(None));
    config.balancing.panic_threshold = given(Ppm::ZERO);
    config.subsets = Some(Subsets { selectors: vec![vec!["version".to_owned()]], fallback });
    Bench::new(config, assignment(vec![group(0, hosts)]))
}

fn two_of_each() -> Vec<Endpoint> {
    let versions = ["v1", "v1", "v2", "v2"];
    versions.into_iter().zip(0..).map(|(version, number)| of(version, endpoint(number))).collect()
}

/// How often each host is chosen in 40 requests for `version`.
fn shares(bench: &mut Bench, version: &str) -> Result<Vec<u32>, NoHost> {
    let labels = labels(version);
    let context = PickContext { subset: Some(&labels), ..PickContext::default() };
    let mut shares = vec![0; 4];
    for _ in 0..40 {
        shares[bench.try_pick(&context)? as usize] += 1;
    }
    Ok(shares)
}

#[test]
fn a_request_for_labels_stays_among_hosts_that_have_them() {
    let mut bench = bench(SubsetFallback::AnyEndpoint, two_of_each());
    assert_eq!(shares(&mut bench, "v2"), Ok(vec![0, 0, 20, 20]));
    assert_eq!(shares(&mut bench, "v1"), Ok(vec![20, 20, 0, 0]));
}

#[test]
fn a_subset_without_hosts_falls_back_as_the_cluster_says() {
    let mut none = bench(SubsetFallback::None, two_of_each());
    assert_eq!(shares(&mut none, "v9"), Err(NoHost::NoSubset));
    assert_eq!(none.try_pick(&PickContext::default()), Err(NoHost::NoSubset), "no labels either");
    let mut any = bench(SubsetFallback::AnyEndpoint, two_of_each());
    assert_eq!(shares(&mut any, "v9"), Ok(vec![10; 4]));
    let mut default = bench(SubsetFallback::Default(labels("v1")), two_of_each());
    assert_eq!(shares(&mut default, "v9"), Ok(vec![20, 20, 0, 0]));
    let wanted = labels("v9");
    assert_eq!(default.state.shares(Some(&wanted)), Ok(vec![0.5, 0.5, 0.0, 0.0]));
    assert_eq!(none.state.roster().shares(Some(&wanted)), Err(NoHost::NoSubset));
}

#[test]
fn sick_hosts_of_a_subset_do_not_make_room_for_others() {
    let hosts =
        vec![of("v1", endpoint(0)), of("v1", endpoint(1)), of("v2", sick(2)), of("v2", sick(3))];
    let mut bench = bench(SubsetFallback::AnyEndpoint, hosts);
    assert_eq!(shares(&mut bench, "v2"), Err(NoHost::NoneHealthy));
}

#[test]
fn labels_that_no_selector_names_are_no_subset() {
    let mut bench = bench(SubsetFallback::None, two_of_each());
    let mut more = labels("v1");
    more.insert("stage".to_owned(), "canary".to_owned());
    let context = PickContext { subset: Some(&more), ..PickContext::default() };
    assert_eq!(bench.try_pick(&context), Err(NoHost::NoSubset));
}
