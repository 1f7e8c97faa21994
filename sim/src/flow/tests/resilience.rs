//! What holds for every retry policy, time limit, breaker and outlier detection.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::config::RoutingPriority;
use meshwalk_models::proxy::envoy::upstream::Resource;
use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::flow::Engine;
use crate::kernel::Seed;
use crate::log::{EntryName, StatisticsOnly, Step};
use crate::run::{Prepared, record, run};
use crate::stats::RetryReason;

use super::rig::{NO_NETWORK, edge, prepared, services};

/// A route and a policy of `api`, and how badly it does.
#[derive(Clone, Debug)]
struct Case {
    attempts: u8,
    retry_on: &'static str,
    timeout_ms: u32,
    per_try_ms: u32,
    max_connections: u32,
    max_pending: u32,
    consecutive: u32,
    delay_percent: u32,
    protocol: &'static str,
    error_rate: f64,
    work_ms: u32,
    caller_timeout_ms: u32,
    data_path: &'static str,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let words = prop_oneof![
        Just("5xx"),
        Just("gateway-error,connect-failure"),
        Just("reset,retriable-4xx"),
        Just("503,unavailable"),
    ];
    let policy = (0u8..5, words, 0u32..80, 0u32..40);
    let limits = (1u32..40, 1u32..40, 1u32..6, prop_oneof![Just(0u32), Just(30)]);
    let app = (0.0f64..1.0, 1u32..60, 1u32..150);
    let protocol = prop_oneof![Just("http1"), Just("http2"), Just("grpc")];
    let path = prop_oneof![Just("istio-sidecar"), Just("istio-ambient+waypoint")];
    (policy, limits, app, (protocol, path), any::<u64>()).prop_map(
        |(policy, limits, app, (protocol, data_path), seed)| Case {
            attempts: policy.0,
            retry_on: policy.1,
            timeout_ms: policy.2,
            per_try_ms: policy.3,
            max_connections: limits.0,
            max_pending: limits.1,
            consecutive: limits.2,
            delay_percent: limits.3,
            protocol,
            data_path,
            error_rate: app.0,
            work_ms: app.1,
            caller_timeout_ms: app.2,
            seed,
        },
    )
}

impl Case {
    fn rules(&self) -> String {
        let Self { attempts, retry_on, timeout_ms, per_try_ms, .. } = self;
        let Self { max_connections, max_pending, consecutive, delay_percent, .. } = self;
        let limit = |name: &str, ms: u32| {
            if ms == 0 { String::new() } else { format!("{name}: {ms}ms") }
        };
        let timeout = limit("timeout", *timeout_ms);
        let per_try = limit("perTryTimeout", *per_try_ms);
        let retries = if *attempts == 0 {
            "retries: { attempts: 0 }".to_owned()
        } else {
            let comma = if per_try.is_empty() { "" } else { ", " };
            format!("retries: {{ attempts: {attempts}, retryOn: \"{retry_on}\"{comma}{per_try} }}")
        };
        format!(
            "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - route: [{{ destination: {{ host: api }} }}]
      {retries}
      {timeout}
      fault: {{ delay: {{ fixedDelay: 5ms, percentage: {{ value: {delay_percent} }} }} }}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: api }}
spec:
  host: api
  trafficPolicy:
    connectionPool:
      tcp: {{ maxConnections: {max_connections} }}
      http: {{ http1MaxPendingRequests: {max_pending}, http2MaxRequests: 60, maxRetries: 5 }}
    outlierDetection:
      consecutive5xxErrors: {consecutive}
      interval: 100ms
      baseEjectionTime: 200ms
      maxEjectionPercent: 70
"
        )
    }

    fn prepared(&self) -> Prepared {
        let Self { error_rate, work_ms, caller_timeout_ms, protocol, data_path, .. } = self;
        let scenario = format!(
            "version: 1
duration: 4s
data_path: {data_path}
{NO_NETWORK}
workloads:
  web:
    workers: 1000
    routes:
      - steps:
          - call:
              {{ to: api, optional: true, protocol: {protocol}, timeout: {caller_timeout_ms}ms }}
  api:
    workers: 8
    queue_limit: 20
    routes:
      - {{ error_rate: {error_rate}, steps: [{{ work: {{ exponential: {{ mean: {work_ms}ms }} }} }}] }}
traffic:
  - {{ name: users, to: web, stop: 2s, load: {{ arrivals: {{ poisson: {{ rate: 300/s }} }} }} }}
"
        );
        let manifests = services(&[("web", 2), ("api", 3)]);
        prepared(&format!("{manifests}\n---\n{}", self.rules()), &scenario)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_proxy_makes_no_more_attempts_than_allowed_and_none_after_the_timeout(case in cases()) {
        let prepared = case.prepared();
        let mut attempts: BTreeMap<String, u32> = BTreeMap::new();
        let mut begun: BTreeMap<String, SimTime> = BTreeMap::new();
        let mut late = None;
        let timeout = SimDuration::from_ms(u64::from(case.timeout_ms));
        // Filters hold a request up before the time of its route begins, and what the proxy has sent
        // on leaves it later: work, and a delay with a long tail.
        let slack = SimDuration::from_ms(if case.delay_percent > 0 { 25 } else { 20 });
        record(&prepared.plan, Seed(case.seed), |entry| {
            let EntryName::Call { request, hop, attempt, .. } = &entry.name else { return };
            let of = format!("{}/{}", request.request, request.try_number);
            let is_of_proxy = case.data_path == "istio-sidecar" || hop.ends_with("waypoint");
            match (entry.step, attempt) {
                _ if !hop.starts_with("0.0") => {}
                (Step::RequestAtClientProxy, None) | (Step::RequestAtServerProxy, Some(0))
                    if hop.ends_with("0.0") =>
                {
                    begun.entry(of).or_insert(entry.time);
                }
                _ if !is_of_proxy => {}
                (Step::AttemptBegan { .. }, Some(_)) => *attempts.entry(of).or_default() += 1,
                (Step::RequestSent, Some(_)) if case.timeout_ms > 0 => {
                    let since = begun.get(&of).copied().unwrap_or(SimTime::ZERO);
                    if entry.time > since + timeout + slack {
                        late = Some(of);
                    }
                }
                _ => {}
            }
        }).expect("the run is short");
        let most = attempts.values().copied().max().unwrap_or(0);
        prop_assert!(most <= 1 + u32::from(case.attempts), "{most} attempts");
        prop_assert_eq!(late, None, "sent after the time-out of the route");
    }

    #[test]
    fn when_all_is_quiet_nothing_is_left_over(case in cases()) {
        let prepared = case.prepared();
        let mut engine = Engine::new(prepared.plan.clone(), Seed(case.seed), StatisticsOnly);
        engine.run_until(prepared.plan.end).expect("the run is short");
        prop_assert_eq!((engine.tries.len(), engine.attempts.len(), engine.tasks.len()), (0, 0, 0));
        prop_assert!(engine.memories.is_empty() && engine.passages.is_empty());
        prop_assert!(engine.hedges.is_empty() && engine.deferred.is_empty());
        prop_assert_eq!(engine.pools.iter().map(|pool| pool.waiting).sum::<u32>(), 0);
        let mut connections = 0;
        for row in 0..engine.clusters.len() as u32 {
            let state = &mut engine.clusters[row].state;
            prop_assert!(state.hosts().all(|host| host.active == 0), "requests that never end");
            let breakers = state.breakers(RoutingPriority::Default);
            for resource in [Resource::Pending, Resource::Requests, Resource::Retries] {
                prop_assert_eq!(breakers.count(resource), 0, "{:?}", resource);
            }
            connections += breakers.count(Resource::Connections);
        }
        let of_pools: u32 = engine.pools.iter()
            .filter(|pool| pool.cluster != crate::flow::state::NONE)
            .map(|pool| pool.connections).sum();
        prop_assert_eq!(connections, of_pools);
    }

    #[test]
    fn what_is_counted_adds_up(case in cases()) {
        let prepared = case.prepared();
        let statistics = run(&prepared.plan, Seed(case.seed)).expect("the run is short");
        let api = edge(&prepared, &statistics, "default/web", "default/api");
        prop_assert_eq!(api.originals, api.requests());
        let retries: u64 = api.retries.by_name(RetryReason::name).values().sum();
        // A retry may find no place or no host, and be given up before it begins.
        prop_assert!(api.attempts <= api.requests() + retries);
        let overflow = api.overflow.total();
        let unreached = api.endings.having(|ending| !ending.is_answer() || ending.status == 503);
        prop_assert!(api.attempts + overflow + unreached >= api.requests());
        prop_assert_eq!(statistics.in_flight_at_end, 0);
    }
}
