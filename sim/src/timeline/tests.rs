//! Worlds for tests, and the law of a timeline: however one gets to a moment, it is the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::flow::Engine;
use crate::flow::plan::Plan;
use crate::flow::tests::rig;
use crate::kernel::Seed;
use crate::log::StatisticsOnly;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare, run};
use crate::scenario;
use crate::scenario::file::{Breakpoint, DataPathSpec, ScenarioFile};

use super::{Bound, Ended, EventId, Timeline, TimelineLimits, Unit, Way};

/// A shop that is too small for its load, beside sidecars and in ambient.
pub(super) const WORLDS: [&str; 2] = ["istio-sidecar", "istio-ambient"];

fn scenario_on(data_path: &str) -> String {
    format!(
        "version: 1
duration: 1500ms
warm_up: 300ms
data_path: {data_path}
workloads:
  web:
    routes:
      - steps:
          - work: {{ exponential: {{ mean: 1ms }} }}
          - parallel:
              - {{ to: api, timeout: 40ms, retries: 1, retry_backoff: 5ms }}
              - {{ to: api, probability: 0.5, optional: true }}
          - chance: {{ probability: 0.3, steps: [{{ call: {{ to: db, protocol: tcp }} }}] }}
  api:
    workers: 1
    queue_limit: 4
    routes: [{{ error_rate: 0.05, steps: [{{ work: {{ exponential: {{ mean: 9ms }} }} }}] }}]
  db: {{ workers: 2, idle_timeout: 100ms, routes: [{{ steps: [{{ work: 2ms }}] }}] }}
traffic:
  - name: shoppers
    to: web
    timeout: 100ms
    load: {{ arrivals: {{ poisson: {{ rate: 80/s }} }} }}
  - {{ name: jobs, from: web, to: api, load: {{ users: {{ count: 3, think_time: 25ms }} }} }}
"
    )
}

pub(super) fn prepared(data_path: &str) -> Prepared {
    rig::prepared(&rig::services(&[("web", 2), ("api", 2), ("db", 1)]), &scenario_on(data_path))
}

/// A scenario of this repository with its manifests, cut short.
fn of_this_repository(
    path: &str,
    duration_ms: u64,
    change: impl FnOnce(&mut ScenarioFile),
) -> Prepared {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(path);
    let mut sources = SourceSet::default();
    let text = fs::read_to_string(&path).expect("it is text");
    let file = sources.add("scenario.yaml", text);
    let mut scenario = scenario::read(&mut sources, file, &[]).expect("a good scenario");
    scenario.file.duration = SimDuration::from_ms(duration_ms);
    scenario.file.warm_up = SimDuration::from_ms(duration_ms / 5);
    change(&mut scenario.file);
    let folder = path.parent().expect("it stands in a folder");
    let mut files = Vec::new();
    scenario.file.manifests.iter().for_each(|part| collect(&folder.join(part), &mut files));
    files.sort();
    let files: Vec<_> = files
        .iter()
        .map(|file| sources.add(file.display().to_string(), fs::read_to_string(file).unwrap()))
        .collect();
    let manifests = load(&sources, files);
    let name = scenario.file.topology.clusters.first();
    let name = name.map_or(DEFAULT_CLUSTER, |cluster| cluster.name.as_str());
    let clusters = [ClusterInput { name, resources: &manifests.resources }];
    prepare(&clusters, &scenario, &CostProfile::built_in())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("it can be read");
        entries.for_each(|entry| collect(&entry.expect("it can be read").path(), files));
    } else if path.extension().is_some_and(|it| it == "yaml") {
        files.push(path.to_owned());
    }
}

/// Real scenarios, cut short.
fn real() -> [Prepared; 3] {
    let ambient = |file: &mut ScenarioFile| file.data_path = DataPathSpec::IstioAmbientWaypoint;
    [
        of_this_repository("shop/baseline.yaml", 500, |_| ()),
        of_this_repository("shop/baseline.yaml", 400, ambient),
        of_this_repository("basics/policies.yaml", 4_000, |_| ()),
    ]
}

pub(super) fn recorded(plan: &Arc<Plan>, seed: u64) -> Timeline {
    let mut timeline = Timeline::begin(plan.clone(), Seed(seed), TimelineLimits::default());
    while timeline.record(1_000).complete.is_none() {}
    timeline
}

#[test]
fn a_recording_goes_on_in_slices_to_the_end_of_the_run() {
    let plan = prepared(WORLDS[0]).plan;
    let mut timeline = Timeline::begin(plan.clone(), Seed(1), TimelineLimits::default());
    assert_eq!((timeline.recording().entries, timeline.recording().complete), (0, None));
    let first = timeline.record(500);
    assert!(first.entries > 100 && first.now < first.end && first.complete.is_none());
    while timeline.record(500).complete.is_none() {}
    let last = timeline.recording();
    assert_eq!((last.now, last.complete), (plan.end, Some(Ended::Whole)));
    assert!(last.entries > first.entries);
    assert_eq!(timeline.record(500), last, "there is nothing more to record");
}

#[test]
fn a_recording_that_meets_its_bound_ends_and_says_so() {
    let plan = prepared(WORLDS[0]).plan;
    let limits = TimelineLimits { entries_max: 700, ..TimelineLimits::default() };
    let mut timeline = Timeline::begin(plan.clone(), Seed(1), limits);
    let whole = recorded(&plan, 1);
    let recording = timeline.record(u64::MAX);
    assert_eq!(recording.complete, Some(Ended::Bound(Bound::Entries)));
    assert!((500..1_000).contains(&recording.entries), "{}", recording.entries);
    for id in (0..recording.entries as u32).map(EventId) {
        assert_eq!(timeline.log().entry(id), whole.log().entry(id));
    }
}

#[test]
fn the_last_moment_is_the_end_of_the_run() {
    for world in WORLDS {
        let plan = prepared(world).plan;
        let statistics = run(&plan, Seed(1)).expect("the run is short");
        let mut timeline = recorded(&plan, 1);
        let mut moment = timeline.at_time(plan.end);
        assert_eq!(moment.state_hash(), statistics.state_hash);
        assert_eq!(format!("{:?}", moment.statistics()), format!("{statistics:?}"));
    }
}

#[cfg(feature = "expectations")]
#[test]
fn breakpoints_are_checked_against_the_names_of_the_run() {
    let made = |when: &str| {
        let breakpoint = Breakpoint { name: "it fails".to_owned(), when: when.to_owned() };
        let change = |file: &mut ScenarioFile| file.breakpoints = vec![breakpoint];
        of_this_repository("shop/baseline.yaml", 100, change)
    };
    let prepared = made("failed && service == \"cart\"");
    assert_eq!(prepared.breakpoints[0].name, "it fails");
    let prepared = made("failed && service == \"crat\"");
    let wrong = prepared.findings.iter().find(|it| it.code == "breakpoint.invalid");
    let wrong = wrong.expect("there is no such service");
    assert_eq!(wrong.message, "breakpoints[0].when: there is no service `crat`");
    assert_eq!(wrong.help.as_deref(), Some("did you mean `cart`?"));
    assert!(wrong.place().is_some() && prepared.breakpoints.is_empty());
}

/// One move of somebody who explores.
#[derive(Clone, Copy, Debug)]
enum Move {
    By(Unit, Way),
    To(prop::sample::Index),
    After(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let unit = prop::sample::select(Unit::ALL.to_vec());
    let one = prop_oneof![
        4 => (unit, prop::sample::select(vec![Way::On, Way::Back]))
            .prop_map(|(unit, way)| Move::By(unit, way)),
        2 => any::<prop::sample::Index>().prop_map(Move::To),
        1 => (0u64..1_600).prop_map(Move::After),
    ];
    prop::collection::vec(one, 1..12)
}

/// Goes about in a recording, and compares every moment with going straight there.
fn however_one_gets_there(
    plan: &Arc<Plan>,
    seed: u64,
    moves: &[Move],
) -> Result<(), TestCaseError> {
    let mut timeline = recorded(plan, seed);
    let mut at = EventId(0);
    for step in moves {
        let log = timeline.log();
        at = match *step {
            Move::By(unit, way) => log.step_by(unit, at, way).unwrap_or(at),
            Move::To(place) => EventId(place.index(log.len()) as u32),
            Move::After(ms) => {
                let time = SimTime::ZERO + SimDuration::from_ms(ms);
                log.at_time(time).expect("it has entries")
            }
        };
        let time = log.time(at).min(plan.end);
        let mut moment = timeline.at(at);
        prop_assert_eq!(moment.now(), time);
        let reached = (moment.state_hash(), format!("{:?}", moment.statistics()));
        let mut straight = Engine::new(plan.clone(), Seed(seed), StatisticsOnly);
        straight.run_until(time).expect("the run is short");
        let expected = (straight.state_hash(), format!("{:?}", straight.statistics()));
        prop_assert_eq!(reached, expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn however_one_gets_to_a_moment_it_is_the_same_state(
        world in 0..WORLDS.len(),
        seed in 0u64..4,
        moves in moves(),
    ) {
        let plan = prepared(WORLDS[world]).plan;
        however_one_gets_there(&plan, seed, &moves)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn in_real_scenarios_too(moves in moves()) {
        for prepared in real() {
            however_one_gets_there(&prepared.plan, 1, &moves)?;
        }
    }
}
