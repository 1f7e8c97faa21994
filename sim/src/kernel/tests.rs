//! A small world on the whole kernel: going on from a snapshot is going straight.

use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use super::*;

const WORK: u8 = 1;
const ALARM: u8 = 2;

/// Jobs that take random turns under an alarm: some end, some are cut off, all leave a trace.
struct World {
    kernel: Kernel,
    jobs: Slab<Job>,
    visits: Paged<u32>,
    alarms: TimerLane,
    lengths: Histogram,
    turn: Distribution,
    draws: Stream,
}

#[derive(Clone)]
struct Job {
    started: SimTime,
    alarm: TimerHandle,
}

/// A world put aside.
struct Saved {
    kernel: KernelSnapshot,
    jobs: SlabSnapshot<Job>,
    visits: PagedSnapshot<u32>,
    alarms: LaneSnapshot,
    lengths: HistogramSnapshot,
    draws: Stream,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            kernel: Kernel::new(),
            jobs: Slab::new(),
            visits: Paged::new(),
            alarms: TimerLane::new(SimDuration::from_us(30), ALARM, 0),
            lengths: Histogram::new(),
            turn: Distribution::exponential(SimDuration::from_us(20)).unwrap(),
            draws: Seed(seed).stream("world", "turns"),
        };
        (0..300).for_each(|_| {
            world.visits.push(0);
        });
        (0..40).for_each(|_| world.start_job());
        world
    }

    fn start_job(&mut self) {
        let started = self.kernel.now();
        // The slot is not known before the job is stored, but it is the next one given out.
        let placeholder = self.alarms.start(&mut self.kernel, 0);
        let slot = self.jobs.insert(Job { started, alarm: placeholder });
        self.alarms.cancel(placeholder);
        self.jobs[slot].alarm = self.alarms.start(&mut self.kernel, slot);
        let delay = self.turn.sample(&mut self.draws);
        self.kernel.schedule_in(delay, WORK, slot);
    }

    fn end_job(&mut self, slot: u32) {
        let job = self.jobs.remove(slot).expect("only running jobs end");
        self.alarms.cancel(job.alarm);
        let length = self.kernel.now().since(job.started);
        self.lengths.record(length);
        let visit = self.draws.below(300);
        self.visits[visit] += 1;
        self.kernel.mix(length.as_ns() ^ u64::from(self.visits[visit]));
        self.start_job();
    }

    fn run_until(&mut self, limit: SimTime) {
        while let Some(event) = self.kernel.next_until(limit) {
            if event.kind() == WORK {
                // A job that was cut off leaves its event behind; whoever has its slot now ends
                // early. That is this world's rule, and it makes stale events count.
                if self.jobs.contains(event.slot()) {
                    self.end_job(event.slot());
                }
            } else {
                while let Some(owner) = self.alarms.expire(&mut self.kernel) {
                    self.end_job(owner);
                }
            }
        }
    }

    fn save(&mut self) -> Saved {
        Saved {
            kernel: self.kernel.snapshot(),
            jobs: self.jobs.checkpoint(),
            visits: self.visits.checkpoint(),
            alarms: self.alarms.checkpoint(),
            lengths: self.lengths.checkpoint(),
            draws: self.draws.clone(),
        }
    }

    fn restore(&mut self, saved: &Saved) {
        self.kernel.restore(&saved.kernel);
        self.jobs.restore(&saved.jobs);
        self.visits.restore(&saved.visits);
        self.alarms.restore(&saved.alarms);
        self.lengths.restore(&saved.lengths);
        self.draws = saved.draws.clone();
    }

    fn result(&self) -> (u64, u64, u128, Vec<u32>) {
        let kernel = &self.kernel;
        let visits = self.visits.as_slice().to_vec();
        (kernel.state_hash(), kernel.events_processed(), self.lengths.sum_ns(), visits)
    }
}

fn us(us: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_us(us)
}

#[test]
fn another_seed_gives_another_hash_and_the_same_seed_the_same() {
    let run = |seed| {
        let mut world = World::new(seed);
        world.run_until(us(500));
        world.result()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

#[test]
fn stopping_on_the_way_changes_nothing() {
    let mut straight = World::new(3);
    straight.run_until(us(400));
    let mut stepwise = World::new(3);
    (0..=400).for_each(|limit| stepwise.run_until(us(limit)));
    assert_eq!(straight.result(), stepwise.result());
}

#[test]
fn the_hash_is_the_same_in_every_build_and_on_every_machine() {
    let mut world = World::new(5);
    world.run_until(us(500));
    assert_eq!(world.kernel.state_hash(), 13_040_723_394_215_881_989);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Jump between snapshots as a reader does who scrolls forwards and backwards.
    #[test]
    fn continuing_from_any_snapshot_gives_the_run_that_went_straight(
        seed in 0u64..1_000,
        mut stops in prop::collection::vec(0u64..400, 1..6),
        jumps in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        stops.sort_unstable();
        let mut straight = World::new(seed);
        straight.run_until(us(450));

        let mut world = World::new(seed);
        let saved: Vec<Saved> = stops
            .iter()
            .map(|stop| {
                world.run_until(us(*stop));
                world.save()
            })
            .collect();
        for jump in jumps {
            world.restore(&saved[jump.index(saved.len())]);
            world.run_until(us(450));
            prop_assert_eq!(world.result(), straight.result());
        }
        let mut fresh = World::new(seed + 1);
        fresh.restore(&saved[0]);
        fresh.run_until(us(450));
        prop_assert_eq!(fresh.result(), straight.result());
    }
}
