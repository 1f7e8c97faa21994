//! Stories about connections that the boxes of nodes carry: tunnels, streams, and what policy does
//! to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshwalk_models::path::DataPath;
use meshwalk_models::units::SimDuration;
use proptest::prelude::*;

use crate::flow::Engine;
use crate::flow::plan::{
    BoxKind, BoxPlan, ConnectionFate, ConnectionGate, DecisionPlan, GateKey, GatePlan, NO_DELAY,
    Plan, PricePlan, RequestGate,
};
use crate::kernel::Seed;
use crate::kernel::random::Distribution;
use crate::log::{FullRecorder, StatisticsOnly, Step};
use crate::run::{Prepared, account, record, run};
use crate::stats::{BoxCounters, Details, Ending, Part, ProxyEntry, Ruling, RunStatistics};

use super::rig::{edge, prepared, services};

const PRICES: PricePlan = PricePlan {
    request_ns: 20_000,
    response_ns: 20_000,
    after_response_ns: 10_000,
    per_kib_ns: 300,
    delay: NO_DELAY,
    handshake_ns: 300_000,
    stream_ns: 30_000,
    batching: crate::flow::plan::Batching { saving_ppm: 0, full_at_per_s: 0 },
};

/// What each message takes in a box beside work.
const DELAY: SimDuration = SimDuration::from_us(15);

/// Lets these workloads' traffic pass the box of their node.
fn enrol(prepared: &mut Prepared, names: &[&str]) {
    let plan = Arc::make_mut(&mut prepared.plan);
    let rows: Vec<u32> =
        names.iter().map(|name| plan.layout.workload_by_name[*name] as u32).collect();
    let mut nodes: BTreeMap<u32, u32> = BTreeMap::new();
    let prices = plan.prices.len() as u32;
    let delay = plan.delays.len() as u32;
    plan.delays.push(Distribution::constant(DELAY));
    plan.prices.push(PricePlan { delay, ..PRICES });
    let mut next_worker: u32 = plan.boxes.iter().map(|it| it.workers).sum();
    for pod in plan.pods.iter_mut().filter(|pod| rows.contains(&pod.app)) {
        pod.data_path = DataPath::IstioAmbient;
        pod.proxy = *nodes.entry(pod.site.node).or_insert_with(|| {
            let owner = format!("node-{}", pod.site.node);
            let (kind, workers) = (BoxKind::Ztunnel, 2);
            let entry = ProxyEntry { kind, owner: owner.clone(), instances: vec![owner], workers };
            plan.layout.proxies.push(entry);
            let entry = (plan.layout.proxies.len() - 1) as u32;
            let first_worker = next_worker;
            let key = u64::from(entry);
            let ordinal = 0;
            plan.boxes.push(BoxPlan { kind, workers, first_worker, prices, entry, ordinal, key });
            next_worker += workers;
            (plan.boxes.len() - 1) as u32
        });
    }
}

fn world(protocol: &str, ambient: &[&str]) -> Prepared {
    let scenario = format!(
        "version: 1
duration: 600s
topology: {{ clusters: [{{ name: cluster, zones: [{{ name: a, nodes: 1 }}, {{ name: b, nodes: 1 }}] }}] }}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, protocol: {protocol}, request_size: 100B }} }}] }}] }}
  api: {{ routes: [{{ response_size: 1000B, steps: [{{ work: 1ms }}] }}] }}
traffic:
  - {{ name: load, from: client, to: web, stop: 20s, load: {{ arrivals: {{ poisson: {{ rate: 50/s }} }} }} }}
"
    );
    let manifests = services(&[("client", 1), ("web", 2), ("api", 4)]);
    let mut prepared = prepared(&manifests, &scenario);
    enrol(&mut prepared, ambient);
    prepared
}

fn ran(prepared: &Prepared) -> RunStatistics {
    run(&prepared.plan, Seed(7)).expect("the load is below the capacity")
}

fn sum(statistics: &RunStatistics) -> BoxCounters {
    let mut sum = BoxCounters::default();
    statistics.proxies.iter().for_each(|row| sum.merge(&row.all));
    sum
}

const ALL: [&str; 3] = ["client", "web", "api"];

#[test]
fn all_bytes_that_go_into_boxes_come_out_and_every_handshake_and_stream_has_two_ends() {
    for protocol in ["http1", "http2", "tcp"] {
        let prepared = world(protocol, &ALL);
        let statistics = ran(&prepared);
        let all = sum(&statistics);
        assert!(all.requests > 1_000, "{all:?}");
        assert_eq!(all.bytes_in, all.bytes_out, "{protocol}");
        assert_eq!(all.requests, all.responses, "{protocol}");
        assert_eq!(all.handshakes_as_client, all.handshakes_as_server, "{protocol}");
        assert_eq!(all.handshakes_as_client, all.tunnels_opened, "{protocol}");
        assert_eq!(all.streams_opened, all.streams_accepted, "{protocol}");
        assert_eq!(all.streams_opened, all.streams_closed, "{protocol}");
        assert_eq!(all.tunnels_opened, all.tunnels_closed, "nobody asks for 5 min: {protocol}");
        let inside = edge(&prepared, &statistics, "default/web", "default/api");
        assert_eq!(inside.requests(), inside.successes());
        // Each call passes the boxes of both ends, and each of its bytes four sides of them.
        assert_eq!(all.requests, 2 * statistics.edges.iter().map(|it| it.attempts).sum::<u64>());
        let wire: u64 = statistics.edges.iter().map(|it| it.wire.total()).sum();
        assert_eq!(all.bytes_in, 2 * wire);
        assert!(statistics.edges.iter().all(|it| it.wire.plaintext == 0));
    }
}

#[test]
fn connections_of_one_pair_of_pods_share_a_tunnel() {
    let prepared = world("http1", &ALL);
    let all = sum(&ran(&prepared));
    // One client and two pods of the web; these and four of the interface.
    assert!(all.tunnels_opened <= 2 + 8, "{all:?}");
    assert!(all.streams_opened > all.tunnels_opened, "{all:?}");
}

#[test]
fn only_one_side_in_the_mesh_means_one_box_and_plaintext() {
    for ambient in [&["web"][..], &["api"][..]] {
        let prepared = world("http1", ambient);
        let statistics = ran(&prepared);
        let all = sum(&statistics);
        let inside = edge(&prepared, &statistics, "default/web", "default/api");
        assert_eq!(inside.requests(), inside.successes());
        assert!(inside.wire.encrypted == 0 && inside.wire.plaintext > 0, "{:?}", inside.wire);
        assert_eq!((all.tunnels_opened, all.handshakes_as_client), (0, 0));
        assert_eq!(all.bytes_in, all.bytes_out);
    }
}

#[test]
fn of_a_call_that_ends_well_every_nanosecond_is_explained() {
    for ambient in [&ALL[..], &["web"], &["api"], &[]] {
        let prepared = world("http2", ambient);
        let statistics = account(&prepared.plan, Seed(7)).expect("short");
        let inside = edge(&prepared, &statistics, "default/web", "default/api");
        let ns = |part| inside.parts.ns(part);
        let requests = inside.requests();
        for part in [Part::Other, Part::GivenUp, Part::Retries, Part::Filters] {
            assert_eq!(ns(part), 0, "{}", part.name());
        }
        let size_ns = |bytes: u64| bytes * PRICES.per_kib_ns / 1_024;
        let messages_ns = PRICES.request_ns + size_ns(100) + PRICES.response_ns + size_ns(1_000);
        let sides = [("web", Part::CallerProxyWork), ("api", Part::ServerProxyWork)];
        for (name, part) in sides {
            let boxed = u64::from(ambient.contains(&name));
            assert_eq!(ns(part), boxed * requests * messages_ns, "{}", part.name());
        }
        let boxes = sides.iter().filter(|(name, _)| ambient.contains(name)).count() as u64;
        assert_eq!(ns(Part::ProxyDelay), boxes * requests * 2 * DELAY.as_ns());
        assert!(ns(Part::Network) > 0 && ns(Part::Application) >= requests * 1_000_000);
        assert!(ns(Part::SetUp) > 0);
        assert_eq!(u128::from(inside.parts.total_ns()), inside.latency.sum_ns());
    }
}

#[test]
fn a_scenario_in_ambient_has_a_box_on_each_node_that_all_its_pods_share() {
    let scenario = "version: 1
duration: 20s
data_path: istio-ambient
topology: { clusters: [{ name: cluster, zones: [{ name: a, nodes: 1 }, { name: b, nodes: 1 }] }] }
workloads:
  web: { routes: [{ steps: [{ call: { to: api } }] }] }
traffic:
  - { name: load, to: web, stop: 15s, load: { arrivals: { poisson: { rate: 50/s } } } }
";
    let prepared = prepared(&services(&[("web", 2), ("api", 4)]), scenario);
    let statistics = ran(&prepared);
    let kinds: Vec<_> =
        prepared.plan.layout.proxies.iter().map(|it| (it.kind, it.instances.len())).collect();
    assert_eq!(kinds, [(BoxKind::Ztunnel, 1), (BoxKind::Ztunnel, 1)]);
    let all = sum(&statistics);
    assert_eq!(all.bytes_in, all.bytes_out);
    // Clients outside are in no mesh: their requests pass only the box of the server's node.
    let root = edge(&prepared, &statistics, "traffic:load", "default/web");
    let inside = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(all.requests, root.attempts + 2 * inside.attempts);
    assert_eq!((inside.wire.plaintext, inside.requests()), (0, inside.successes()));
}

#[test]
fn neighbours_on_a_node_share_its_box() {
    let prepared = world("http1", &ALL);
    let boxes: Vec<u32> = prepared.plan.pods[..7].iter().map(|pod| pod.proxy).collect();
    assert_eq!(prepared.plan.boxes.len(), 2, "two nodes");
    assert!(boxes.iter().all(|row| *row < 2), "{boxes:?}");
}

/// The web calls a Service that has no pods.
fn calling_nobody(data_path: &str) -> Prepared {
    let scenario = format!(
        "version: 1
duration: 10s
data_path: {data_path}
network: {{ same_pod: {{ round_trip: 1ms }} }}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: empty }} }}] }}] }}
traffic:
  - {{ name: load, to: web, stop: 8s, load: {{ arrivals: {{ poisson: {{ rate: 20/s }} }} }} }}
"
    );
    prepared(&services(&[("web", 1), ("empty", 0)]), &scenario)
}

#[test]
fn the_box_of_a_node_takes_connections_to_a_service_without_pods_and_closes_them() {
    for (data_path, details, least_ms) in [
        ("none", Details::CONNECTION_REFUSED, 0.0),
        ("istio-ambient", Details::CONNECTION_RESET, 1.0),
    ] {
        let prepared = calling_nobody(data_path);
        let (mut rules, mut told) = (BTreeSet::new(), 0);
        let statistics = record(&prepared.plan, Seed(7), |entry| {
            if let Step::Decided { rule } = entry.step {
                rules.insert(rule.0);
                told += 1;
            }
        })
        .expect("short");
        let call = edge(&prepared, &statistics, "default/web", "default/empty");
        assert_eq!(call.endings.of(Ending::without_answer(details)), call.requests());
        assert!(call.requests() > 100 && call.attempts == call.requests(), "{data_path}");
        let least = call.latency.quantile(0.0).expect("calls ended").as_secs_f64() * 1e3;
        assert!((least_ms..least_ms + 0.5).contains(&least), "{data_path}: {least} ms");
        let known = if data_path == "none" { 0 } else { call.requests() };
        assert_eq!(told, known, "{data_path}: {rules:?}");
        assert!(rules.iter().all(|rule| *rule == "ztunnel.outbound.no-endpoint"), "{rules:?}");
    }
}

#[test]
fn the_log_names_who_balances_the_connections_of_a_caller() {
    for (ambient, balancer) in
        [(&["web"][..], "ztunnel.balance.nearest"), (&["api"], "proxy.kube-proxy.random")]
    {
        let prepared = world("http1", ambient);
        let web = prepared.plan.layout.workload_by_name["web"] as u32;
        let mut rules = BTreeSet::new();
        record(&prepared.plan, Seed(7), |entry| {
            if let Step::EndpointChosen { rule, .. } = entry.step
                && prepared.plan.pods[entry.pod as usize].app == web
            {
                rules.insert(rule.0);
            }
        })
        .expect("short");
        assert_eq!(rules, BTreeSet::from([balancer]));
    }
}

/// Every connection from the web to the interface ends like this.
fn refusing(fate: ConnectionFate) -> Prepared {
    let mut prepared = world("http1", &ALL);
    let plan = Arc::make_mut(&mut prepared.plan);
    let decision = plan.gates.decision(DecisionPlan {
        ruling: Ruling::Reset,
        sentence: "nobody may call".to_owned(),
        origins: Vec::new(),
    });
    for (row, call) in plan.calls.iter_mut().enumerate() {
        call.sending = Some(row as u32);
    }
    for pod in &mut plan.pods {
        pod.gate_class = pod.app;
    }
    let class = |plan: &Plan, name: &str| plan.layout.workload_by_name[name] as u32;
    let (client, server) = (class(plan, "web"), class(plan, "api"));
    for sending in 0..plan.calls.len() as u32 {
        plan.gates.insert(
            GateKey { sending, client, server },
            GatePlan {
                protection: meshwalk_models::path::Protection::Hbone,
                connection: ConnectionGate::Ends(fate, decision),
                request: RequestGate::Through,
            },
        );
    }
    prepared
}

#[test]
fn a_connection_that_the_other_box_refuses_is_reset_after_it_was_made() {
    for (fate, ruling) in [
        (ConnectionFate::Closed, Ruling::Reset),
        (ConnectionFate::NoHandshake, Ruling::Reset),
        (ConnectionFate::Dropped, Ruling::Dropped),
    ] {
        let prepared = refusing(fate);
        let statistics = ran(&prepared);
        let inside = edge(&prepared, &statistics, "default/web", "default/api");
        // Whoever waits for a tunnel that is never made waits for those before it, too.
        assert_eq!((inside.successes(), inside.requests() > 50), (0, true), "{fate:?}");
        let ends: Vec<Ending> = inside.endings.iter().map(|(ending, _)| ending).collect();
        let reset = Ending::without_answer(Details::CONNECTION_RESET);
        assert_eq!(ends, [reset], "{fate:?}");
        assert_eq!(inside.rulings.iter().next().map(|it| it.0), Some(ruling));
        let api = prepared.plan.layout.workload_by_name["api"];
        assert_eq!(statistics.workloads[api].arrived, 0);
        let all = sum(&statistics);
        let left = all.streams_opened - all.streams_closed;
        assert_eq!(left > 0, fate == ConnectionFate::Dropped, "those still wait: {left}");
        let patience = SimDuration::from_secs(10);
        let waited = inside.latency.quantile(0.5).expect("calls ended");
        assert_eq!(waited >= patience, fate == ConnectionFate::Dropped, "{waited:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn runs_through_boxes_can_be_put_aside_watched_and_told_in_order(
        seed in any::<u64>(),
        stop_ms in 0u64..2_900,
        timeout_ms in 1u32..12,
        places in 0usize..8,
        http2 in any::<bool>(),
    ) {
        let protocol = if http2 { "http2" } else { "http1" };
        let scenario = format!(
            "version: 1
duration: 3s
workloads:
  web:
    workers: 4
    routes: [{{ steps: [{{ call: {{ to: api, protocol: {protocol}, timeout: {timeout_ms}ms, retries: 1 }} }}] }}]
  api: {{ workers: 3, queue_limit: 4, routes: [{{ steps: [{{ work: {{ exponential: {{ mean: 4ms }} }} }}] }}] }}
traffic:
  - {{ name: load, from: client, to: web, timeout: 20ms, load: {{ arrivals: {{ poisson: {{ rate: 400/s }} }} }} }}
"
        );
        let mut prepared = prepared(&services(&[("client", 1), ("web", 2), ("api", 2)]), &scenario);
        let ambient: Vec<&str> =
            ALL.into_iter().enumerate().filter(|(row, _)| places >> row & 1 == 1).map(|it| it.1).collect();
        enrol(&mut prepared, &ambient);
        let plan = prepared.plan;
        let quiet = run(&plan, Seed(seed)).expect("the run is short");
        let sent: u64 = quiet.traffic.iter().map(|source| source.sent).sum();
        let ended: u64 = quiet.traffic.iter().map(|source| source.endings.total()).sum();
        prop_assert_eq!(sent, ended + quiet.censored);
        let mut times = Vec::new();
        let told = record(&plan, Seed(seed), |entry| times.push(entry.time)).expect("short");
        prop_assert!(times.is_sorted());
        prop_assert_eq!(quiet.state_hash, told.state_hash);
        let mut engine = Engine::new(plan.clone(), Seed(seed), StatisticsOnly);
        engine.run_until(meshwalk_models::units::SimTime::ZERO + SimDuration::from_ms(stop_ms)).expect("short");
        let snapshot = engine.snapshot();
        engine.run_until(plan.end).expect("the run is short");
        engine.restore(&snapshot);
        engine.run_until(plan.end).expect("the run is short");
        prop_assert_eq!(quiet.state_hash, engine.state_hash());
        prop_assert_eq!(format!("{:?}", quiet.proxies), format!("{:?}", engine.statistics().proxies));
        let mut full = Engine::new(plan.clone(), Seed(seed), FullRecorder::new(|_| ()));
        full.run_until(plan.end).expect("the run is short");
        prop_assert_eq!(quiet.state_hash, full.state_hash());
    }
}
