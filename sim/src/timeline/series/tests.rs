//! The series of real runs against what the engine's own counters say of them.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};
use proptest::prelude::*;

use super::table::Table;
use super::*;
use crate::flow::Engine;
use crate::kernel::Seed;
use crate::log::{Recorder, Subject};
use crate::run::{ClusterInput, DEFAULT_CLUSTER, prepare};
use crate::scenario;
use crate::stats::RunStatistics;
use crate::timeline::{Timeline, TimelineLimits};

/// Takes down what the engine tells, with the facts that the series need.
#[derive(Default)]
struct Notes {
    told: Vec<(SimTime, Facts, Step)>,
    tries: Vec<Facts>,
    attempts: Vec<Facts>,
    connections: Vec<Facts>,
    numbers: u64,
}

const NOBODY: Facts = Facts { subject: 0, edge: None, source: None, pod: 0, connection: None };

fn put(rows: &mut Vec<Facts>, slot: u32, facts: Facts) {
    rows.resize(rows.len().max(slot as usize + 1), NOBODY);
    rows[slot as usize] = facts;
}

impl Notes {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Begins the track of what begins with this step.
    fn begin(&mut self, subject: Subject, step: Step) {
        let number = self.number();
        match (subject, step) {
            (Subject::Try { slot, request }, Step::CallBegan { parent, edge, .. }) => {
                let source = parent.is_none().then_some(request.source);
                let facts = Facts { subject: number, edge: Some(edge), source, ..NOBODY };
                put(&mut self.tries, slot, facts);
            }
            (Subject::Try { slot, .. }, Step::Retried { previous }) => {
                let facts = Facts { subject: number, ..self.tries[previous as usize] };
                put(&mut self.tries, slot, facts);
            }
            (Subject::Try { slot, .. }, Step::Relayed { outer }) => {
                let edge = self.attempts[outer as usize].edge;
                put(&mut self.tries, slot, Facts { subject: number, edge, ..NOBODY });
            }
            (Subject::Attempt { slot, .. }, Step::AttemptBegan { of }) => {
                let edge = self.tries[of as usize].edge;
                put(&mut self.attempts, slot, Facts { subject: number, edge, ..NOBODY });
            }
            (Subject::Attempt { slot, .. }, Step::ConnectionOpening { connection, .. }) => {
                let edge = self.attempts[slot as usize].edge;
                let facts = Facts { edge, connection: Some(number), ..NOBODY };
                put(&mut self.connections, connection, facts);
            }
            _ => {}
        }
    }
}

impl Recorder for Notes {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        self.begin(subject, step);
        let facts = match subject {
            Subject::Try { slot, .. } => self.tries[slot as usize],
            Subject::Attempt { slot, .. } => self.attempts[slot as usize],
            Subject::Connection { slot } => self.connections[slot as usize],
            Subject::Cluster { .. } | Subject::Tunnels { .. } => NOBODY,
        };
        let connection = match step {
            Step::ConnectionOpening { connection, .. } | Step::ConnectionReused { connection } => {
                self.connections[connection as usize].connection
            }
            _ => facts.connection,
        };
        self.told.push((at, Facts { pod, connection, ..facts }, step));
    }
}

struct Recorded {
    plan: Arc<Plan>,
    statistics: RunStatistics,
    told: Vec<(SimTime, Facts, Step)>,
}

impl Recorded {
    fn series(&self) -> Series {
        self.series_in(Series::new(&self.plan))
    }

    fn series_in(&self, mut series: Series) -> Series {
        for (entry, (at, facts, step)) in (0..).zip(&self.told) {
            series.take(entry, *at, *facts, *step);
        }
        series
    }

    fn edge(&self, from: &str, to: &str) -> usize {
        let layout = &self.plan.layout;
        let mut edges = layout.edges.iter();
        let found = edges.position(|edge| {
            layout.origin_name(edge.from) == from && layout.service_name(edge.to) == to
        });
        found.expect("the edge exists")
    }
}

fn service(name: &str, replicas: u32) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, ports: [{{containerPort: 8080}}]}}]}}
---
"
    )
}

/// `web` calls `api`, which is slow at times and has too small a queue, and `stock`.
fn scenario(data_paths: &str) -> String {
    format!(
        "version: 1
duration: 4s
seed: 3
{data_paths}
workloads:
  web:
    routes:
      - steps:
          - work: {{exponential: {{mean: 2ms}}}}
          - call: {{to: api, timeout: 40ms, retries: 1}}
          - call: {{to: stock}}
  api:
    workers: 1
    queue_limit: 2
    routes: [{{steps: [{{work: {{lognormal: {{p50: 6ms, p99: 60ms}}}}}}]}}]
  stock: {{routes: [{{steps: [{{work: 1ms}}]}}]}}
traffic:
  - {{name: shoppers, to: web, load: {{arrivals: {{poisson: {{rate: 60/s}}}}}}}}
"
    )
}

fn recorded(data_paths: &str) -> Recorded {
    let manifests = [service("web", 2), service("api", 1), service("stock", 1)].concat();
    let mut sources = SourceSet::default();
    let file = sources.add("manifests.yaml", manifests);
    let scenario_file = sources.add("scenario.yaml", scenario(data_paths));
    let manifests = load(&sources, [file]);
    let scenario = scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
    let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources }];
    let prepared = prepare(&clusters, &scenario, &CostProfile::built_in());
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let mut engine = Engine::new(prepared.plan.clone(), Seed(3), Notes::default());
    engine.run_until(prepared.plan.end).expect("it goes on to its end");
    let statistics = engine.statistics().clone();
    let mut told = engine.into_recorder().told;
    told.retain(|(at, ..)| *at <= prepared.plan.end);
    told.sort_by_key(|(at, ..)| *at);
    Recorded { plan: prepared.plan, statistics, told }
}

#[test]
fn over_the_whole_run_the_series_count_what_the_engine_counts() {
    let run = recorded("data_path: istio-sidecar");
    let series = run.series();
    let look = series.upto(series.until());
    let mut failed = 0;
    for (row, counters) in run.statistics.edges.iter().enumerate() {
        let edge = look.since_start(Row::Edge(row));
        assert_eq!(edge.count(Signal::Ended), counters.requests());
        assert_eq!(edge.success().expect("calls ended").part, counters.successes());
        assert_eq!(edge.count(Signal::Retried), counters.retries.total());
        assert_eq!(edge.count(Signal::Connections), counters.connections_opened);
        assert_eq!(edge.count(Signal::Handshakes), counters.tls_handshakes);
        let begun = edge.count(Signal::Begun);
        assert_eq!(begun - edge.count(Signal::Ended), edge.level(Gauge::InFlight));
        let endings: u64 = edge.endings.iter().map(|(_, count)| count).sum();
        assert_eq!(endings, counters.endings.total());
        for (near, q) in [(edge.latency(0.5), 0.5), (edge.latency(0.99), 0.99)] {
            let exact_ns = counters.latency.quantile(q).expect("calls ended").as_ns() as f64;
            let near_ns = near.expect("calls ended").as_ns() as f64;
            assert!((near_ns - exact_ns).abs() < 0.025 * exact_ns, "{near_ns} for {exact_ns}");
        }
        failed += edge.count(Signal::Failed);
    }
    assert!(failed > 0, "the queue of api is too small");
    let source = look.since_start(Row::Source(0));
    assert_eq!(source.count(Signal::Begun), run.statistics.traffic[0].sent);
    assert_eq!(source.count(Signal::Ended), run.statistics.traffic[0].endings.total());
}

#[test]
fn workers_are_as_busy_as_the_engine_says() {
    let run = recorded("data_path: none");
    let series = run.series();
    let look = series.upto(Cut { time: run.plan.end, entry: u64::MAX });
    for (row, counters) in run.statistics.workloads.iter().enumerate() {
        let workload = look.since_start(Row::Workload(row));
        let span_ns = workload.span().as_ns() as f64;
        let capacity = workload.capacity.expect("workloads have workers") as f64;
        let busy = counters.busy_ns as f64 / span_ns / capacity;
        let saturation = workload.saturation().expect("it has workers");
        assert!((saturation - busy).abs() < 1e-3, "{saturation} for {busy}");
        let waiting = counters.queued_request_ns as f64 / span_ns;
        assert!((workload.mean(Gauge::Waiting) - waiting).abs() < 1e-2);
        assert_eq!(workload.count(Signal::TurnedAway), counters.rejected);
        assert_eq!(workload.count(Signal::Begun), counters.arrived);
    }
}

#[test]
fn a_service_adds_up_all_that_call_it() {
    let run = recorded("data_path: none");
    let series = run.series();
    let look = series.upto(series.until());
    let api = run.edge("default/web", "default/api");
    let service = run.plan.layout.edges[api].to;
    let (edge, whole) = (look.since_start(Row::Edge(api)), look.since_start(Row::Service(service)));
    assert_eq!(edge, Figures { capacity: edge.capacity, ..whole });
}

#[test]
fn the_way_each_request_went_out_says_what_protected_it() {
    let paths = |text: &str| {
        let run = recorded(text);
        let series = run.series();
        let edge = run.edge("default/web", "default/api");
        series.upto(series.until()).since_start(Row::Edge(edge)).protections()
    };
    let only = |protections: Vec<(Protection, u64)>| match protections[..] {
        [(protection, count)] if count > 100 => protection,
        ref several => panic!("{several:?}"),
    };
    assert_eq!(only(paths("data_path: none")), Protection::Plaintext);
    assert_eq!(only(paths("data_path: istio-sidecar")), Protection::MutualTls);
    assert_eq!(only(paths("data_path: istio-ambient")), Protection::Hbone);
    let mixed = "data_path: istio-sidecar\ndata_paths: {default/api: none}";
    assert_eq!(only(paths(mixed)), Protection::Plaintext);
}

#[test]
fn nothing_of_what_comes_later_is_seen() {
    let run = recorded("data_path: istio-sidecar");
    let whole = run.series();
    let rows = [Row::Source(0), Row::Edge(0), Row::Edge(1), Row::Workload(1), Row::Service(1)];
    for cut in (0..run.told.len()).step_by(997) {
        let mut short = Series::new(&run.plan);
        for (entry, (at, facts, step)) in (0..=cut as u64).zip(&run.told) {
            short.take(entry, *at, *facts, *step);
        }
        let moment = Cut { time: run.told[cut].0, entry: cut as u64 };
        let (then, later) = (short.upto(moment), whole.upto(moment));
        for row in rows {
            let known = |mut figures: Figures| {
                // Endings are numbered as they come: the numbers agree, the order of equals too.
                figures.endings.sort();
                figures
            };
            assert_eq!(
                known(then.since_start(row)),
                known(later.since_start(row)),
                "{cut} {row:?}"
            );
            assert_eq!(then.windows(row).len(), later.windows(row).len());
        }
    }
}

#[test]
fn a_timeline_keeps_the_same_series_as_it_records() {
    for path in ["data_path: istio-sidecar", "data_path: istio-ambient"] {
        let run = recorded(path);
        let mut timeline = Timeline::begin(run.plan.clone(), Seed(3), TimelineLimits::default());
        while timeline.record(10_000).complete.is_none() {}
        let (ours, theirs) = (run.series(), timeline.series());
        let cut = ours.until();
        let rows = [Row::Source(0), Row::Edge(0), Row::Edge(1), Row::Workload(0), Row::Service(2)];
        for row in rows {
            let whole = |series: &Series| series.upto(cut).since_start(row);
            assert_eq!(whole(theirs), whole(&ours), "{row:?}");
        }
    }
}

#[test]
fn windows_follow_each_other_without_a_gap_and_add_up() {
    let run = recorded("data_path: none");
    let series = run.series();
    let whole = series.upto(series.until()).since_start(Row::Service(1));
    let windows = series.windows(Row::Service(1));
    assert!(windows.len() > 100, "{}", windows.len());
    for pair in windows.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
        assert_eq!(pair[0].level(Gauge::InFlight) as i64, pair[1].levels[0]);
    }
    for signal in [Signal::Begun, Signal::Ended, Signal::Failed, Signal::Attempts] {
        let sum: u64 = windows.iter().map(|window| window.count(signal)).sum();
        assert_eq!(sum, whole.count(signal), "{signal:?}");
    }
    let area = |figures: &Figures| figures.mean(Gauge::InFlight) * figures.span().as_secs_f64();
    let sum: f64 = windows.iter().map(area).sum();
    assert!((sum - area(&whole)).abs() < 1e-6, "{sum} {}", area(&whole));
}

#[test]
fn windows_double_when_there_is_too_much_in_them_and_nothing_is_lost() {
    let run = recorded("data_path: none");
    let (wide, narrow) =
        (run.series_in(Series { table: small(&run), ..Series::new(&run.plan) }), run.series());
    assert!(wide.width() > narrow.width(), "{} {}", wide.width(), narrow.width());
    for row in [Row::Source(0), Row::Edge(1), Row::Workload(0)] {
        let whole = |series: &Series| series.upto(series.until()).since_start(row);
        assert_eq!(whole(&wide), whole(&narrow));
    }
}

fn small(run: &Recorded) -> Table {
    Table::new(Series::new(&run.plan).rows.len(), run.plan.end).holding_at_most(3_000)
}

#[test]
fn the_next_and_the_previous_entry_of_an_edge_are_found() {
    let run = recorded("data_path: none");
    let series = run.series();
    let row = Row::Edge(run.edge("default/web", "default/api"));
    let first = series.next_of(row, 0).expect("web calls api");
    assert!(matches!(run.told[first as usize].2, Step::CallBegan { .. }));
    let second = series.next_of(row, first).expect("it goes on");
    assert_eq!(series.previous_of(row, second), Some(first));
    assert_eq!(series.previous_of(row, first), None);
    assert_eq!(series.next_of(row, series.until().entry), None);
}

proptest! {
    #[test]
    fn any_moves_of_a_gauge_have_the_same_mean_in_windows_of_any_width(
        moves in prop::collection::vec((0u64..10_000, any::<bool>()), 1..40),
        doublings in 0u32..6,
    ) {
        let mut moves = moves;
        moves.sort();
        let mut tables = [1, 2].map(|_| Table::new(1, SimTime::from_ns(10_000)));
        for (at, rises) in &moves {
            let happening = if *rises {
                Happening::Rose(Gauge::Waiting)
            } else {
                Happening::Fell(Gauge::Waiting)
            };
            tables.iter_mut().for_each(|table| table.take(0, SimTime::from_ns(*at), happening));
        }
        let [narrow, mut wide] = tables;
        (0..doublings).for_each(|_| wide.widen());
        let mean = |table: &Table| {
            let last = 16_000_u64.div_ceil(table.width().as_ns());
            let span = table.start_of(last).since(SimTime::ZERO);
            table.merged(0, 0, last).mean(Gauge::Waiting, 0, span) * span.as_ns() as f64
                + moves.iter().map(|(_, rises)| if *rises { 1.0 } else { -1.0 }).sum::<f64>()
                    * (1e6 - span.as_ns() as f64)
        };
        prop_assert!((mean(&narrow) - mean(&wide)).abs() < 1e-3);
    }
}
