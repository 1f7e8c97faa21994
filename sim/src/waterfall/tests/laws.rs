//! What holds for the waterfall of every request of every run.

use std::collections::BTreeMap;

use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::flow::tests::rig::services;
use crate::kernel::Seed;
use crate::waterfall::{Account, Vain, Waterfall, account, course};

use super::rig::{Run, run};

/// A small world in which everything can go wrong for a request.
#[derive(Clone, Debug)]
struct Case {
    data_path: &'static str,
    protocol: &'static str,
    threads: &'static str,
    rate: u32,
    workers: u32,
    queue_limit: u32,
    timeout_ms: u32,
    retries: u8,
    per_try_ms: u32,
    seed: u64,
}

impl Case {
    fn manifests(&self) -> String {
        format!(
            "{}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - route: [{{ destination: {{ host: api }} }}]
      timeout: 40ms
      retries: {{ attempts: 2, perTryTimeout: {}ms, retryOn: \"5xx,reset\" }}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: api }}
spec:
  host: api
  trafficPolicy:
    connectionPool: {{ http: {{ maxRetries: 1, http1MaxPendingRequests: 3 }} }}
",
            services(&[("web", 2), ("api", 2), ("db", 1)]),
            self.per_try_ms,
        )
    }

    /// Requests stop long before the run, so that everything comes to its end.
    fn scenario(&self) -> String {
        let Self { data_path, protocol, threads, rate, workers, queue_limit, .. } = self;
        let Self { timeout_ms, retries, .. } = self;
        format!(
            "version: 1
duration: 10s
data_path: {data_path}
workloads:
  web:
    workers: {workers}
    threads: {threads}
    routes:
      - steps:
          - work: {{ exponential: {{ mean: 1ms }} }}
          - parallel:
              - {{ to: api, protocol: {protocol}, timeout: {timeout_ms}ms, retries: {retries}, retry_backoff: 2ms }}
              - {{ to: api, probability: 0.5, optional: true }}
          - chance: {{ probability: 0.3, steps: [{{ call: {{ to: db, protocol: tcp }} }}] }}
  api:
    workers: {workers}
    queue_limit: {queue_limit}
    threads: {threads}
    routes: [{{ error_rate: 0.1, steps: [{{ work: {{ exponential: {{ mean: 4ms }} }} }}, {{ call: {{ to: db, optional: true }} }}] }}]
  db: {{ workers: 2, idle_timeout: 100ms, routes: [{{ steps: [{{ work: 2ms }}] }}] }}
traffic:
  - name: open
    to: web
    timeout: {timeout_ms}ms
    stop: 300ms
    load: {{ arrivals: {{ poisson: {{ rate: {rate}/s }} }} }}
"
        )
    }

    fn run(&self) -> Run {
        run(&self.manifests(), &self.scenario(), Seed(self.seed))
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let paths = ["none", "istio-sidecar", "istio-ambient", "istio-ambient+waypoint"];
    (
        prop::sample::select(paths.to_vec()),
        prop::sample::select(vec!["http1", "http2", "grpc"]),
        prop::sample::select(vec!["async", "blocking"]),
        (50u32..600, 1u32..4, 0u32..20),
        (5u32..60, 0u8..3, 3u32..30),
        any::<u16>(),
    )
        .prop_map(|(data_path, protocol, threads, load, calls, seed)| Case {
            data_path,
            protocol,
            threads,
            rate: load.0,
            workers: load.1,
            queue_limit: load.2,
            timeout_ms: calls.0,
            retries: calls.1,
            per_try_ms: calls.2,
            seed: u64::from(seed),
        })
}

fn whole_account(run: &Run, waterfall: &Waterfall) -> Account {
    account(&run.prepared.plan, waterfall, SimTime::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_time_of_every_call_is_cut_into_parts_without_a_gap(case in cases()) {
        let run = case.run();
        prop_assert!(!run.waterfalls.is_empty());
        for waterfall in &run.waterfalls {
            for (number, call) in waterfall.calls.iter().enumerate() {
                let end = call.ended.unwrap_or(waterfall.last);
                let mut upto = call.begun;
                for segment in course(waterfall, number, SimTime::MAX) {
                    prop_assert_eq!(segment.from, upto);
                    prop_assert!(segment.to > segment.from);
                    upto = segment.to;
                }
                prop_assert_eq!(upto, end.max(call.begun), "call {} of {:?}", number, waterfall.number);
            }
            let sum = whole_account(&run, waterfall).parts.iter().map(|part| part.total.as_ns()).sum();
            prop_assert_eq!(waterfall.latency().map(SimDuration::as_ns), Some(sum));
        }
    }

    #[test]
    fn the_account_at_any_moment_is_that_of_the_time_up_to_it(case in cases(), share in 0u64..=100) {
        let run = case.run();
        for waterfall in &run.waterfalls {
            let Some(latency) = waterfall.latency() else { continue };
            let until = waterfall.begun + SimDuration::from_ns(latency.as_ns() * share / 100);
            let now = account(&run.prepared.plan, waterfall, until);
            prop_assert_eq!(now.whole, until - waterfall.begun);
            let sum: u64 = now.parts.iter().map(|part| part.total.as_ns()).sum();
            prop_assert_eq!(sum, now.whole.as_ns());
        }
    }

    #[test]
    fn worker_time_and_waste_add_up_to_what_the_engine_counted(case in cases()) {
        let run = case.run();
        let layout = &run.prepared.plan.layout;
        let (mut all, mut wasted) = (0u128, 0u128);
        for waterfall in &run.waterfalls {
            for service in whole_account(&run, waterfall).services {
                all += u128::from(service.busy.all().as_ns());
                wasted += u128::from(service.busy.wasted.as_ns());
            }
        }
        let counted = &run.statistics.workloads;
        prop_assert_eq!(counted.len(), layout.workloads.len());
        prop_assert_eq!(counted.iter().map(|it| it.busy_ns).sum::<u128>(), all);
        prop_assert_eq!(counted.iter().map(|it| it.wasted_ns).sum::<u128>(), wasted);
    }

    #[test]
    fn attempts_are_those_that_the_engine_counted(case in cases()) {
        let run = case.run();
        let layout = &run.prepared.plan.layout;
        let mut made: BTreeMap<usize, u64> = BTreeMap::new();
        for waterfall in &run.waterfalls {
            for service in whole_account(&run, waterfall).services {
                *made.entry(service.service).or_default() += service.made;
            }
        }
        let mut counted: BTreeMap<usize, u64> = BTreeMap::new();
        for (edge, counters) in layout.edges.iter().zip(&run.statistics.edges) {
            *counted.entry(edge.to).or_default() += counters.attempts;
        }
        counted.retain(|_, attempts| *attempts > 0);
        made.retain(|_, attempts| *attempts > 0);
        prop_assert_eq!(made, counted);
    }

    #[test]
    fn without_retries_nothing_takes_the_place_of_anything(case in cases()) {
        let case = Case { data_path: "none", retries: 0, ..case };
        let run = case.run();
        for waterfall in &run.waterfalls {
            let segments = course(waterfall, 0, SimTime::MAX);
            prop_assert!(segments.iter().all(|segment| segment.vain == Vain::No));
            for service in whole_account(&run, waterfall).services {
                prop_assert_eq!(service.made, service.wanted);
            }
        }
    }
}
