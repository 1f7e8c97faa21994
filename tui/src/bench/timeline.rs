//! Recording a run and going back and forth in it: the shop, and a world of a thousand services.

use std::sync::Arc;

use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::kernel::Seed;
use meshwalk_sim::kernel::random::mix;
use meshwalk_sim::timeline::condition::{Condition, ConditionNames, Found, Search};
use meshwalk_sim::timeline::{EventId, Log, Timeline, TimelineLimits, Unit, Way};

use super::clock::{p99_and_worst, timed};
use super::{Aim, Measurement, Size, comparison, large};

/// Events of the kernel in one slice of recording.
const SLICE: u64 = 10_000;

/// What is measured of one world, by name.
struct Names {
    speed: &'static str,
    entry: &'static str,
    series: &'static str,
    snapshots: &'static str,
    slice: &'static str,
    worst: &'static str,
    p99: &'static str,
    back: &'static str,
    by_kind: &'static str,
    by_pod: &'static str,
    /// What a jump may take, in seconds.
    jump_s: f64,
}

const SHOP: Names = Names {
    speed: "shop, recording",
    entry: "shop, an entry with its indexes",
    series: "shop, an entry in the series",
    snapshots: "shop, all snapshots",
    slice: "shop, the longest slice of recording",
    worst: "shop, the longest jump",
    p99: "shop, jumps, p99",
    back: "shop, the longest step back",
    by_kind: "shop, searching it by kind of step",
    by_pod: "shop, searching it by pod",
    jump_s: 0.016,
};

const THOUSAND: Names = Names {
    speed: "1000 services, recording",
    entry: "1000 services, an entry with its indexes",
    series: "1000 services, an entry in the series",
    snapshots: "1000 services, all snapshots",
    slice: "1000 services, the longest slice of recording",
    worst: "1000 services, the longest jump",
    p99: "1000 services, jumps, p99",
    back: "1000 services, the longest step back",
    by_kind: "1000 services, searching it by kind of step",
    by_pod: "1000 services, searching it by pod",
    jump_s: 0.1,
};

/// Records both worlds and jumps about in them.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let entries_max = size.pick(200_000, 1_000_000);
    let jumps = size.pick(50, 500);
    let mut found = explored(&comparison::shop(), &SHOP, entries_max, jumps);
    found.extend(explored(&large::thousand_services(), &THOUSAND, entries_max, jumps));
    found
}

fn explored(plan: &Arc<Plan>, names: &Names, entries_max: u32, jumps: u64) -> Vec<Measurement> {
    let limits = TimelineLimits { entries_max, ..TimelineLimits::default() };
    let mut timeline = Timeline::begin(plan.clone(), Seed(1), limits);
    let mut slices = Vec::new();
    loop {
        let (recording, seconds) = timed(|| timeline.record(SLICE));
        slices.push(seconds);
        if recording.complete.is_some() {
            break;
        }
    }
    let entries = timeline.log().len();
    let bytes = timeline.log().bytes();
    let series = timeline.series().bytes();
    let there = |_: &Log, place: u64| EventId((mix(7, place) % entries as u64) as u32);
    let mut far = times(&mut timeline, jumps, there);
    let mut at = timeline.log().last().expect("it has entries");
    let mut near = times(&mut timeline, jumps, |log, _| {
        at = log.previous(Unit::OfRequest, at).or(log.previous(Unit::Event, at)).unwrap_or(at);
        at
    });
    let (_, worst) = p99_and_worst(&mut slices);
    let (far_p99, far_worst) = p99_and_worst(&mut far);
    let (_, near_worst) = p99_and_worst(&mut near);
    vec![
        Measurement::new(names.speed, entries as f64 / slices.iter().sum::<f64>(), "entries/s"),
        Measurement::new(names.entry, bytes as f64 / entries as f64, "bytes"),
        Measurement::new(names.series, series as f64 / entries as f64, "bytes"),
        Measurement::new(names.snapshots, timeline.snapshot_bytes() as f64, "bytes"),
        Measurement::new(names.slice, worst, "s"),
        Measurement::new(names.worst, far_worst, "s").aim(Aim::AtMost(names.jump_s)),
        Measurement::new(names.p99, far_p99, "s").aim(Aim::AtMost(names.jump_s)),
        Measurement::new(names.back, near_worst, "s").aim(Aim::AtMost(names.jump_s)),
        Measurement::new(names.by_kind, searched(&timeline, "status == 599"), "s"),
        Measurement::new(names.by_pod, searched(&timeline, "pod.startsWith(\"!\")"), "s"),
    ]
}

/// The seconds of a search for something that is nowhere.
fn searched(timeline: &Timeline, text: &str) -> f64 {
    let names = ConditionNames::new(timeline.plan());
    let condition = Condition::compile(text, &names).expect("the condition is well-formed");
    let mut search = Search::new(condition, EventId(0), Way::On);
    let (found, seconds) = timed(|| search.advance(timeline.log(), &names, u64::MAX));
    assert_eq!(found, Some(Found::Nothing), "it is nowhere");
    seconds
}

/// The seconds of each of so many jumps.
fn times(
    timeline: &mut Timeline,
    jumps: u64,
    mut target: impl FnMut(&Log, u64) -> EventId,
) -> Vec<f64> {
    let jump = |number| {
        let event = target(timeline.log(), number);
        timed(|| timeline.at(event).state_hash()).1
    };
    (0..jumps).map(jump).collect()
}
