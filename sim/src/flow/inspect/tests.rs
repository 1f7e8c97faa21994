//! Stories about looking on, told on one small world with limits, retries and a server that fails.

use std::sync::Arc;

use meshwalk_models::proxy::envoy::upstream::Resource;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::Engine;
use crate::flow::tests::rig::{prepared, services};
use crate::kernel::Seed;
use crate::log::StatisticsOnly;

use super::capture::{differing, differing_by_path};
use super::{
    CalledBy, ChangeKind, ClusterState, ConnectionPhase, Health, Object, State, TryPhase, change,
    changed, describe,
};

const LIMITS: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api }
spec:
  hosts: [api]
  http:
    - route: [{ destination: { host: api } }]
      timeout: 2s
      retries: { attempts: 3, perTryTimeout: 40ms, retryOn: 5xx }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy:
    connectionPool:
      tcp: { maxConnections: 4 }
      http: { http1MaxPendingRequests: 3, http2MaxRequests: 50, maxRetries: 2 }
    outlierDetection:
      consecutive5xxErrors: 2
      interval: 1s
      baseEjectionTime: 2s
      maxEjectionPercent: 60
";

/// `web` calls `api`, which takes 30 ms and often fails.
const SCENARIO: &str = "version: 1
duration: 6s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api, timeout: 1s } }] }] }
  api: { workers: 1, queue_limit: 4, routes: [{ error_rate: 0.4, steps: [{ work: 30ms }] }] }
traffic:
  - { name: load, to: web, load: { arrivals: { poisson: { rate: 60/s } } } }
";

fn engine() -> Engine<StatisticsOnly> {
    let manifests = services(&[("web", 2), ("api", 3)]) + LIMITS;
    let prepared = prepared(&manifests, SCENARIO);
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    Engine::new(Arc::clone(&prepared.plan), Seed(5), StatisticsOnly)
}

fn at_ms(ms: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_ms(ms)
}

fn run_to(engine: &mut Engine<StatisticsOnly>, ms: u64) {
    engine.run_until(at_ms(ms)).expect("the load is below the capacity");
}

fn clusters(engine: &Engine<StatisticsOnly>) -> Vec<ClusterState> {
    let all = engine.objects().into_iter().filter_map(|object| engine.inspect(object));
    let cluster = |state| match state {
        State::Cluster(cluster) => Some(cluster),
        _ => None,
    };
    all.filter_map(cluster).collect()
}

/// Steps until something is so, and fails the test if it never is.
fn until(
    engine: &mut Engine<StatisticsOnly>,
    mut wanted: impl FnMut(&Engine<StatisticsOnly>) -> bool,
) {
    while !wanted(engine) {
        assert!(engine.step_until(at_ms(6_000)).expect("the load is served"), "it never happens");
    }
}

#[test]
fn what_breakers_count_is_what_the_pools_of_their_cluster_hold() {
    let mut engine = engine();
    let mut seen = [0; 3];
    for ms in (20..6_000).step_by(20) {
        run_to(&mut engine, ms);
        for cluster in clusters(&engine) {
            let mut held = [0; 3];
            for (first, count) in cluster.pools.into_iter().flatten() {
                for row in first..first + count {
                    let Some(State::Pool(pool)) = engine.inspect(Object::Pool(row)) else {
                        panic!("pool {row} is there");
                    };
                    assert_eq!(pool.client, Some(cluster.client));
                    assert!(pool.free <= pool.open);
                    held[0] += pool.open + pool.opening;
                    held[1] += pool.waiting;
                    held[2] += pool.streams;
                }
            }
            let counts = cluster.breakers.map(|breaker| breaker.count);
            assert_eq!(&counts[..3], &held, "at {ms} ms");
            seen.iter_mut().zip(held).for_each(|(seen, held)| *seen = (*seen).max(held));
        }
    }
    assert!(seen.iter().all(|most| *most > 0), "nothing was held: {seen:?}");
}

#[test]
fn a_breaker_shows_its_limit_and_the_line_that_set_it() {
    let mut engine = engine();
    until(&mut engine, |engine| !clusters(engine).is_empty());
    let cluster = &clusters(&engine)[0];
    let limits = cluster.breakers.map(|breaker| (breaker.resource, breaker.limit));
    let expected = [
        (Resource::Connections, 4),
        (Resource::Pending, 3),
        (Resource::Requests, 50),
        (Resource::Retries, 2),
    ];
    assert_eq!(limits, expected);
    let lines = cluster.breakers.map(|breaker| match breaker.origin {
        meshwalk_models::world::Origin::Manifest(place) => place.line,
        other => panic!("{other:?} is no line"),
    });
    assert!(lines.iter().all(|line| line.abs_diff(lines[0]) <= 1), "{lines:?}");
}

#[test]
fn an_ejected_host_shows_until_when_and_is_healthy_again_after_the_sweep() {
    let mut engine = engine();
    let ejected = |engine: &Engine<StatisticsOnly>| {
        let hosts = clusters(engine).into_iter().flat_map(|cluster| cluster.hosts);
        let until = |host: super::HostState| match host.health {
            Health::Ejected(until) => Some((host.pod, until, host.ejections)),
            Health::Healthy | Health::Declared(_) => None,
        };
        hosts.filter_map(until).next()
    };
    until(&mut engine, |engine| ejected(engine).is_some());
    let (pod, returns_from, times) = ejected(&engine).expect("the loop ended with one");
    assert_eq!(times, 1);
    assert_eq!(returns_from, engine.now() + SimDuration::from_secs(2));
    assert!(clusters(&engine).iter().any(|it| it.next_sweep.is_some()));
    until(&mut engine, |engine| engine.now() > returns_from + SimDuration::from_secs(1));
    let back = clusters(&engine).into_iter().flat_map(|cluster| cluster.hosts);
    let watched = back.filter(|host| host.pod == pod).filter_map(|host| host.watched);
    assert!(watched.into_iter().any(|watched| watched.returned_at.is_some()), "nobody is back");
}

#[test]
fn timers_of_a_try_ring_when_they_say() {
    let mut engine = engine();
    let waiting = |engine: &Engine<StatisticsOnly>| {
        let all = engine.objects().into_iter().filter_map(|object| engine.inspect(object));
        let own = |state| match state {
            State::Try(it) if it.phase == TryPhase::Underway && it.timers.len() == 3 => Some(it),
            _ => None,
        };
        all.filter_map(own).next()
    };
    until(&mut engine, |engine| waiting(engine).is_some());
    let it = waiting(&engine).expect("the loop ended with one");
    assert!(matches!(it.by, CalledBy::Application(_)));
    let words: Vec<_> = it.timers.iter().map(|timer| timer.words()).collect();
    assert_eq!(words, ["per-try timeout", "caller's time-out", "route timeout"]);
    assert_eq!(it.timers[1].at, it.called_at + SimDuration::from_secs(1));
    assert_eq!(it.live.len(), 1);
    let Some(State::Attempt(attempt)) = engine.inspect(Object::Attempt(it.live[0])) else {
        panic!("its attempt is there");
    };
    assert_eq!(attempt.of, Some(it.name));
}

#[test]
fn what_is_to_come_comes() {
    let mut engine = engine();
    run_to(&mut engine, 500);
    let source = Object::Source(0);
    let next = engine.upcoming(source)[0];
    let State::Source(before) = engine.inspect(source).expect("the source is there") else {
        panic!("a source has the state of a source");
    };
    engine.run_until(next.at).expect("the load is served");
    let Some(State::Source(after)) = engine.inspect(source) else { panic!("it is still there") };
    assert_eq!(after.sent, before.sent + 1);
}

#[test]
fn going_back_shows_the_earlier_state_exactly() {
    let mut engine = engine();
    run_to(&mut engine, 1_200);
    let snapshot = engine.snapshot();
    let before = engine.capture();
    run_to(&mut engine, 1_300);
    let later = engine.capture();
    let between = changed(&before, &later);
    assert!(between.is_sorted_by_key(|(object, _)| *object), "they come in the order of objects");
    for (object, kind) in &between {
        let told = change(&before, &later, *object, engine.names()).expect("it differs");
        assert_eq!((told.object, told.kind), (*object, *kind));
    }
    assert!(between.iter().any(|(_, kind)| *kind == ChangeKind::New));
    assert!(between.iter().any(|(_, kind)| *kind == ChangeKind::Gone));
    let proxy = between
        .iter()
        .find(|(object, kind)| matches!(object, Object::Proxy(_)) && *kind == ChangeKind::Changed);
    let (proxy, _) = proxy.expect("a proxy has worked within 100 ms");
    let pod = change(&before, &later, *proxy, engine.names()).expect("it differs");
    assert!(!pod.fields.is_empty() && pod.fields.iter().all(|(_, was, is)| was != is));
    engine.restore(&snapshot);
    assert_eq!(changed(&before, &engine.capture()), []);
}

#[test]
fn values_that_differ_are_the_same_whichever_way_they_are_looked_for() {
    let mut engine = engine();
    run_to(&mut engine, 1_200);
    let before = engine.capture();
    run_to(&mut engine, 1_300);
    let later = engine.capture();
    let mut seen = 0;
    for (object, _) in changed(&before, &later) {
        let (Some(was), Some(is)) = (before.get(object), later.get(object)) else { continue };
        let (was, is) = (describe(&was, engine.names()), describe(&is, engine.names()));
        let found = differing(&was, &is);
        assert_eq!(found, differing_by_path(&was, &is), "{object:?}");
        seen += found.len();
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn looking_on_changes_nothing() {
    let mut looked = engine();
    let mut alone = engine();
    for ms in (50..2_000).step_by(50) {
        run_to(&mut looked, ms);
        for object in looked.objects() {
            let facts = looked.describe(object).expect("what is listed is there");
            assert!(!facts.title.contains('?'), "{}", facts.title);
            assert!(!facts.sections.is_empty(), "{}", facts.title);
        }
    }
    run_to(&mut alone, 1_950);
    assert_eq!(looked.state_hash(), alone.state_hash());
}

#[test]
fn a_capture_holds_what_each_object_says_of_itself() {
    let mut engine = engine();
    run_to(&mut engine, 900);
    let capture = engine.capture();
    for object in engine.objects() {
        if !matches!(object, Object::Service(_)) {
            assert_eq!(capture.get(object), engine.inspect(object), "{object:?}");
        }
    }
}

#[test]
fn connections_tell_their_phase_and_their_ends() {
    let mut engine = engine();
    until(&mut engine, |engine| engine.connection_slots().count() > 2);
    let mut phases = Vec::new();
    until(&mut engine, |engine| {
        for slot in engine.connection_slots() {
            let Some(State::Connection(it)) = engine.inspect(Object::Connection(slot)) else {
                panic!("what is listed is there");
            };
            if !phases.contains(&it.phase) {
                phases.push(it.phase);
            }
        }
        phases.contains(&ConnectionPhase::Proving) && phases.contains(&ConnectionPhase::Open)
    });
    assert!(phases.contains(&ConnectionPhase::Connecting));
}
