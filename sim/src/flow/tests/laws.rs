//! What holds for every world, load and seed.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::flow::Engine;
use crate::kernel::Seed;
use crate::log::{EntryName, FullRecorder, StatisticsOnly, Step};
use crate::run::{Prepared, account, record, run};
use crate::stats::RunStatistics;

use super::rig::{prepared, services};

/// A small world with everything in it that can go wrong for a request.
#[derive(Clone, Debug)]
struct Case {
    data_path: &'static str,
    protocol: &'static str,
    threads: &'static str,
    rate: u32,
    replicas: u32,
    workers: u32,
    queue_limit: u32,
    timeout_ms: u32,
    retries: u8,
    seed: u64,
}

impl Case {
    fn manifests(&self) -> String {
        services(&[("web", 2), ("api", self.replicas), ("db", 1)])
    }

    fn scenario(&self) -> String {
        let Self { data_path, protocol, threads, rate, workers, queue_limit, .. } = self;
        let (timeout_ms, retries) = (self.timeout_ms, self.retries);
        format!(
            "version: 1
duration: 2s
warm_up: 500ms
data_path: {data_path}
workloads:
  web:
    workers: {workers}
    threads: {threads}
    routes:
      - steps:
          - work: {{ exponential: {{ mean: 1ms }} }}
          - parallel:
              - {{ to: api, protocol: {protocol}, timeout: {timeout_ms}ms, retries: {retries} }}
              - {{ to: api, probability: 0.5, optional: true }}
          - chance: {{ probability: 0.3, steps: [{{ call: {{ to: db, protocol: tcp }} }}] }}
  api:
    workers: {workers}
    queue_limit: {queue_limit}
    threads: {threads}
    routes: [{{ error_rate: 0.05, steps: [{{ work: {{ exponential: {{ mean: 4ms }} }} }}] }}]
  db: {{ workers: 2, idle_timeout: 100ms, routes: [{{ steps: [{{ work: 2ms }}] }}] }}
traffic:
  - name: open
    to: web
    timeout: {timeout_ms}ms
    load: {{ arrivals: {{ poisson: {{ rate: {rate}/s }} }} }}
  - {{ name: closed, from: web, to: api, load: {{ users: {{ count: 3, think_time: 5ms }} }} }}
"
        )
    }

    fn prepared(&self) -> Prepared {
        prepared(&self.manifests(), &self.scenario())
    }
}

fn cases() -> impl Strategy<Value = Case> {
    (
        prop_oneof![
            Just("none"),
            Just("istio-sidecar"),
            Just("istio-ambient"),
            Just("istio-ambient+waypoint"),
        ],
        prop_oneof![Just("http1"), Just("http2"), Just("tcp")],
        prop_oneof![Just("async"), Just("blocking")],
        (10u32..800, 0u32..4, 1u32..6),
        (0u32..20, 1u32..30, 0u8..3),
        any::<u64>(),
    )
        .prop_map(|(data_path, protocol, threads, load, limits, seed)| Case {
            data_path,
            protocol,
            threads,
            rate: load.0,
            replicas: load.1,
            workers: load.2,
            queue_limit: limits.0,
            timeout_ms: limits.1,
            retries: limits.2,
            seed,
        })
}

/// Counters as text, the hash apart.
fn counted(statistics: &RunStatistics) -> String {
    format!("{:?} {:?} {:?}", statistics.edges, statistics.workloads, statistics.traffic)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_request_ends_exactly_once_or_is_under_way_at_the_end(case in cases()) {
        let statistics = run(&case.prepared().plan, Seed(case.seed)).expect("the run is short");
        let sent: u64 = statistics.traffic.iter().map(|source| source.sent).sum();
        let ended: u64 = statistics.traffic.iter().map(|source| source.endings.total()).sum();
        prop_assert_eq!(sent, ended + statistics.censored);
    }

    #[test]
    fn what_happens_to_a_try_happens_in_order_and_nothing_is_served_before_it_arrived(
        case in cases(),
    ) {
        let mut last: BTreeMap<String, (SimTime, &'static str)> = BTreeMap::new();
        let mut began = 0u64;
        let mut ended = 0u64;
        let mut times = Vec::new();
        let mut causes_are_earlier = true;
        let mut wrong = None;
        let mut arrived: BTreeSet<String> = BTreeSet::new();
        let sources = vec!["open".to_owned(), "closed".to_owned()];
        let statistics = record(&case.prepared().plan, Seed(case.seed), |entry| {
            times.push(entry.time);
            causes_are_earlier &= entry.cause.is_none_or(|cause| cause < entry.id);
            began += u64::from(matches!(entry.step, Step::CallBegan { .. }));
            ended += u64::from(matches!(entry.step, Step::CallEnded { .. }));
            let EntryName::Call { .. } = &entry.name else { return };
            let mut name = String::new();
            entry.name.write(&mut name, &sources).expect("strings take everything");
            let attempt = name.rsplit_once('/').expect("a name has parts").0.to_owned();
            match entry.step {
                Step::RequestAtApp => {
                    arrived.insert(attempt.clone());
                }
                Step::WorkBegan | Step::Answered { .. } if !arrived.contains(&attempt) => {
                    wrong = Some(format!("{attempt} is served before it arrived"));
                }
                _ => {}
            }
            let previous = last.insert(attempt.clone(), (entry.time, entry.step.name()));
            if let Some((time, step)) = previous
                && (time > entry.time || (step == "call_ended" && !is_late(entry.step)))
            {
                wrong = Some(format!("{attempt}: {step} before {}", entry.step.name()));
            }
        }).expect("the run is short");
        prop_assert!(times.is_sorted(), "the log is in the order of time");
        prop_assert!(causes_are_earlier, "causes come first");
        prop_assert_eq!(wrong, None);
        prop_assert!(ended <= began);
        prop_assert!(statistics.events > 0);
    }

    #[test]
    fn going_back_to_a_snapshot_and_on_again_ends_in_the_same_state(
        case in cases(),
        stop_ms in 0u64..1_900,
    ) {
        let plan = case.prepared().plan;
        let mut engine = Engine::new(plan.clone(), Seed(case.seed), StatisticsOnly);
        let stop = SimTime::ZERO + SimDuration::from_ms(stop_ms);
        engine.run_until(stop).expect("the run is short");
        let snapshot = engine.snapshot();
        engine.run_until(plan.end).expect("the run is short");
        let straight = (engine.state_hash(), counted(engine.statistics()));
        engine.restore(&snapshot);
        engine.run_until(plan.end).expect("the run is short");
        let again = (engine.state_hash(), counted(engine.statistics()));
        prop_assert_eq!(straight, again);
    }

    #[test]
    fn who_listens_and_how_often_one_stops_changes_nothing(case in cases()) {
        let plan = case.prepared().plan;
        let quiet = run(&plan, Seed(case.seed)).expect("the run is short");
        let mut engine = Engine::new(plan.clone(), Seed(case.seed), FullRecorder::new(|_| ()));
        for ms in 0..=2_000 {
            engine.run_until(SimTime::ZERO + SimDuration::from_ms(ms)).expect("short");
        }
        prop_assert_eq!(quiet.state_hash, engine.state_hash());
        prop_assert_eq!(counted(&quiet), counted(engine.statistics()));
    }

    #[test]
    fn the_parts_of_calls_add_up_to_their_latency_and_keeping_account_changes_nothing(
        case in cases(),
    ) {
        let plan = case.prepared().plan;
        let quiet = run(&plan, Seed(case.seed)).expect("the run is short");
        let accounts = account(&plan, Seed(case.seed)).expect("the run is short");
        prop_assert_eq!(quiet.state_hash, accounts.state_hash);
        for edge in &accounts.edges {
            prop_assert_eq!(u128::from(edge.parts.total_ns()), edge.latency.sum_ns());
        }
    }

    #[test]
    fn the_order_of_documents_never_shows(case in cases()) {
        let text = case.manifests();
        let reversed: Vec<&str> = text.split("---\n").collect();
        let reversed = reversed.into_iter().rev().collect::<Vec<_>>().join("\n---\n");
        let one = run(&case.prepared().plan, Seed(case.seed)).expect("the run is short");
        let other = prepared(&reversed, &case.scenario());
        let other = run(&other.plan, Seed(case.seed)).expect("the run is short");
        prop_assert_eq!(one.state_hash, other.state_hash);
    }

    #[test]
    fn a_service_that_nobody_calls_changes_no_number(case in cases()) {
        // With iptables every Service slows down new connections.
        let scenario = format!("{}\nnetwork: {{ kube_proxy: nftables }}\n", case.scenario());
        let prepared_alone = prepared(&case.manifests(), &scenario);
        let more = format!("{}\n---\n{}", services(&[("aaa", 3)]), case.manifests());
        let prepared_more = prepared(&more, &scenario);
        let alone = run(&prepared_alone.plan, Seed(case.seed)).expect("the run is short");
        let more = run(&prepared_more.plan, Seed(case.seed)).expect("the run is short");
        prop_assert_eq!(format!("{:?}", alone.edges), format!("{:?}", more.edges));
        prop_assert_eq!(format!("{:?}", alone.traffic), format!("{:?}", more.traffic));
    }
}

/// What may still happen to a try after its end: its caller gave up while its proxy worked on it.
fn is_late(step: Step) -> bool {
    matches!(
        step,
        Step::RequestLeftClientProxy
            | Step::NotReachable { .. }
            | Step::Decided { .. }
            | Step::Delayed { .. }
            | Step::RouteDrawn { .. }
            | Step::DestinationDrawn { .. }
            | Step::EndpointChosen { .. }
            | Step::Overflowed { .. }
            | Step::ProxyBacksOff { .. }
    )
}

#[test]
fn another_seed_is_another_run() {
    let case = Case {
        data_path: "istio-sidecar",
        protocol: "http1",
        threads: "async",
        rate: 200,
        replicas: 2,
        workers: 4,
        queue_limit: 10,
        timeout_ms: 50,
        retries: 1,
        seed: 1,
    };
    let plan = case.prepared().plan;
    let one = run(&plan, Seed(1)).expect("the run is short");
    let same = run(&plan, Seed(1)).expect("the run is short");
    let other = run(&plan, Seed(2)).expect("the run is short");
    assert_eq!(one.state_hash, same.state_hash);
    assert_ne!(one.state_hash, other.state_hash);
}
