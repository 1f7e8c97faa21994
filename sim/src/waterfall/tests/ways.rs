//! Requests that go one of several ways, by a draw: the log names the way that each of them took.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::units::{Ppm, SimDuration};

use crate::flow::plan::{DestinationEnd, LegPlan, Plan};
use crate::flow::tests::rig::{prepared, services};
use crate::kernel::Seed;
use crate::waterfall::{Maker, Try, Waterfall, settings_of};

use super::rig::{Run, run, run_prepared};

/// `web` calls `api` and is sent to `old` or `new`, three to one.
fn by_weight() -> Run {
    let manifests = format!(
        "{}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - route:
        - {{ destination: {{ host: old }}, weight: 75 }}
        - {{ destination: {{ host: new }}, weight: 25 }}
",
        services(&[("web", 1), ("api", 1), ("old", 2), ("new", 1)])
    );
    let scenario = "version: 1
duration: 3s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api } }] }] }
traffic:
  - { name: load, to: web, stop: 2s, load: { arrivals: { constant: { rate: 200/s } } } }
";
    run(&manifests, scenario, Seed(1))
}

/// The tries of calls that applications make, with their number.
fn tries(waterfall: &Waterfall) -> impl Iterator<Item = (usize, &Try)> {
    let all = waterfall.tries.iter().enumerate();
    all.filter(|(_, it)| matches!(waterfall.calls[it.call].maker, Maker::Application(_)))
}

#[test]
fn the_log_names_the_weighted_destination_that_served_each_request() {
    let run = by_weight();
    let plan = &run.prepared.plan;
    let mut taken: BTreeMap<u32, usize> = BTreeMap::new();
    for waterfall in &run.waterfalls {
        for (number, it) in tries(waterfall) {
            let settings = settings_of(plan, waterfall, number).expect("its call is known");
            let [way] = settings.ways.as_slice() else { panic!("one way: {settings:?}") };
            let drawn = way.destination.expect("there are two destinations");
            assert_eq!(it.drawn.destination, Some(drawn));
            let terms = way.route.terms().expect("it is sent on");
            let DestinationEnd::Cluster { cluster, .. } = terms.destinations[drawn as usize].end
            else {
                panic!("both exist")
            };
            let server = waterfall.attempts[it.attempts[0]].server.expect("it was sent");
            assert!(plan.mesh.clusters[cluster as usize].hosts.contains(&server));
            *taken.entry(drawn).or_default() += 1;
            let odds = terms.odds(drawn).expect("it is one of them");
            assert_eq!(odds, ([75, 25][drawn as usize], 100));
        }
    }
    let (old, new) = (taken[&0], taken[&1]);
    assert!(old + new > 390 && old > 2 * new && new > 60, "{taken:?}");
}

#[test]
fn a_request_with_one_way_to_go_draws_nothing() {
    let scenario = "version: 1
duration: 1s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api } }] }] }
traffic:
  - { name: load, to: web, stop: 500ms, load: { arrivals: { constant: { rate: 20/s } } } }
";
    let run = run(&services(&[("web", 1), ("api", 2)]), scenario, Seed(1));
    for waterfall in &run.waterfalls {
        for (number, it) in tries(waterfall) {
            assert_eq!(it.drawn, crate::waterfall::Drawn::default());
            let settings =
                settings_of(&run.prepared.plan, waterfall, number).expect("its call is known");
            assert_eq!(settings.ways.len(), 1);
        }
    }
}

/// `web` calls `api`, where a fifth of the requests takes the route of `/quick`, which has another
/// time limit. No control plane makes such a plan for sidecars, so this one is put together.
fn by_share() -> Run {
    let manifests = format!(
        "{}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - match: [{{ uri: {{ prefix: /quick }} }}]
      route: [{{ destination: {{ host: api }} }}]
      timeout: 20ms
    - route: [{{ destination: {{ host: api }} }}]
      timeout: 900ms
",
        services(&[("web", 1), ("api", 2)])
    );
    let scenario = "version: 1
duration: 3s
data_path: istio-sidecar
workloads:
  web:
    routes: [{ steps: [{ call: { to: api } }, { call: { to: api, path: /quick, optional: true, probability: 0.0 } }] }]
  api: { workers: 64, routes: [{ steps: [{ work: 50ms }] }] }
traffic:
  - { name: load, to: web, stop: 2s, load: { arrivals: { constant: { rate: 100/s } } } }
";
    let mut prepared = prepared(&manifests, scenario);
    let mut plan = Plan::clone(&prepared.plan);
    let legs = plan.mesh.legs.iter().map(|leg| match leg {
        LegPlan::Sole(route) => *route,
        LegPlan::Split(_) => panic!("nothing is drawn yet"),
    });
    let routes: Vec<u32> = legs.collect();
    let limit = |plan: &Plan, route: u32| {
        let terms = plan.mesh.routes[route as usize].terms().expect("it is sent on");
        terms.router.timeout.value
    };
    let of = |wanted: u64| {
        let is_it = |route: &&u32| limit(&plan, **route) == SimDuration::from_ms(wanted);
        *routes.iter().find(is_it).expect("it is one of the routes")
    };
    let (quick, slow) = (of(20), of(900));
    let fifth = Ppm::from_percent(20);
    for leg in &mut plan.mesh.legs {
        *leg = LegPlan::Split(vec![(fifth, quick), (Ppm::ONE, slow)]);
    }
    plan.mesh.routes[quick as usize].share = fifth;
    plan.mesh.routes[slow as usize].share = Ppm::from_percent(80);
    prepared.plan = Arc::new(plan);
    run_prepared(prepared, Seed(1))
}

#[test]
fn a_drawn_route_alone_sets_the_limits_of_its_request() {
    let run = by_share();
    let plan = &run.prepared.plan;
    let mut quick = 0;
    let mut all = 0;
    for waterfall in &run.waterfalls {
        for (number, it) in tries(waterfall) {
            let settings = settings_of(plan, waterfall, number).expect("its call is known");
            let [way] = settings.ways.as_slice() else { panic!("one way: {settings:?}") };
            let limit = way.route.terms().expect("it is sent on").router.timeout.value;
            let answered = waterfall.attempts[it.attempts[0]].end;
            let is_quick = limit == SimDuration::from_ms(20);
            // 50 ms of work: only those that took the quick route are cut off.
            let is_cut = answered == crate::waterfall::AttemptEnd::GivenUp;
            assert_eq!(is_cut, is_quick, "{answered:?} under a limit of {limit}");
            all += 1;
            quick += usize::from(is_quick);
        }
    }
    assert!(all > 190 && (20..70).contains(&quick), "{quick} of {all}");
}
