//! What the kernel's parts cost: queue, lane, histogram, distributions, snapshots.
//!
//! The queues run the hold model: take the earliest event, push it back a random delay later, at a
//! constant number of pending events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::kernel::{
    CounterDraw, Distribution, Draws, EventQueue, Histogram, Kernel, PackedHeap, Paged, Payload,
    Seed, Stream, TimerLane, Wheel,
};

fn main() {
    divan::main();
}

const PENDING: [usize; 4] = [100, 10_000, 100_000, 1_000_000];
const HOLDS: usize = 10_000;
const SAMPLES: usize = 10_000;

fn stream() -> Stream {
    Seed(1).stream("bench", "draws")
}

fn exponential(mean: SimDuration) -> Distribution {
    Distribution::exponential(mean).expect("the mean is not zero")
}

/// Drawn beforehand, so that only the part under test is measured.
fn delays(count: usize) -> Vec<SimDuration> {
    let (mut draws, millisecond) = (stream(), exponential(SimDuration::from_ms(1)));
    (0..count).map(|_| millisecond.sample(&mut draws)).collect()
}

/// What the hold model asks of a queue.
trait Hold: Default {
    fn put(&mut self, time: SimTime);
    fn take(&mut self) -> Option<SimTime>;
}

/// One of the kernel's own queues.
#[derive(Default)]
struct Own<Q>(Q);

impl<Q: EventQueue> Hold for Own<Q> {
    fn put(&mut self, time: SimTime) {
        self.0.push(time, Payload::new(1, 7));
    }

    fn take(&mut self) -> Option<SimTime> {
        self.0.pop().map(|event| event.time())
    }
}

/// The standard library's heap, as the yardstick.
#[derive(Default)]
struct StdHeap {
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    pushed: u32,
}

impl Hold for StdHeap {
    fn put(&mut self, time: SimTime) {
        self.heap.push(Reverse((time.as_ns(), self.pushed, 7)));
        self.pushed += 1;
    }

    fn take(&mut self) -> Option<SimTime> {
        self.heap.pop().map(|Reverse((time_ns, ..))| SimTime::from_ns(time_ns))
    }
}

#[divan::bench(types = [Own<Wheel>, Own<PackedHeap>, StdHeap], args = PENDING, sample_count = 500, sample_size = 1)]
fn hold<Q: Hold>(bencher: Bencher<'_, '_>, pending: usize) {
    let delays = delays(1 << 20);
    let mut queue = Q::default();
    delays.iter().cycle().take(pending).for_each(|delay| queue.put(SimTime::ZERO + *delay));
    let mut delays = delays.iter().cycle();
    let mut hold = move || {
        for delay in delays.by_ref().take(HOLDS) {
            if let Some(now) = queue.take() {
                queue.put(now + *delay);
            }
        }
    };
    // Past the first fill, whose delays all began at zero.
    (0..pending.div_ceil(HOLDS) * 3).for_each(|_| hold());
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(hold);
}

/// The whole step of an engine: take an event, hash it, schedule the next.
#[divan::bench(args = PENDING, sample_count = 500, sample_size = 1)]
fn kernel_step(bencher: Bencher<'_, '_>, pending: usize) {
    let delays = delays(1 << 20);
    let mut kernel: Kernel = Kernel::new();
    delays.iter().cycle().take(pending).for_each(|delay| kernel.schedule_in(*delay, 1, 7));
    let mut delays = delays.iter().cycle();
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(move || {
        for delay in delays.by_ref().take(HOLDS) {
            let event = kernel.next_until(SimTime::MAX);
            kernel.schedule_in(*delay, 1, event.map_or(0, |event| event.slot()));
        }
        kernel.state_hash()
    });
}

#[divan::bench(args = PENDING)]
fn kernel_snapshot(bencher: Bencher<'_, '_>, pending: usize) {
    let mut kernel: Kernel = Kernel::new();
    delays(pending).iter().for_each(|delay| kernel.schedule_in(*delay, 1, 7));
    bencher.bench_local(|| kernel.snapshot());
}

/// A checkpoint after one element in a thousand was written.
#[divan::bench(args = PENDING)]
fn paged_checkpoint(bencher: Bencher<'_, '_>, elements: usize) {
    let mut paged: Paged<[u64; 8]> = Paged::new();
    (0..elements).for_each(|_| {
        paged.push([0u64; 8]);
    });
    let mut draws = stream();
    bencher.bench_local(move || {
        for _ in 0..elements / 1_000 {
            let index = draws.below(elements as u32);
            paged[index][0] += 1;
        }
        paged.checkpoint()
    });
}

/// A timer that is started, and cancelled when a thousand others have been started after it.
#[divan::bench]
fn lane_start_and_cancel(bencher: Bencher<'_, '_>) {
    let mut kernel: Kernel = Kernel::new();
    let mut lane = TimerLane::new(SimDuration::from_secs(15), 1, 0);
    let mut running: std::collections::VecDeque<_> =
        (0..1_000).map(|owner| lane.start(&mut kernel, owner)).collect();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(move || {
        for _ in 0..SAMPLES {
            running.push_back(lane.start(&mut kernel, 1));
            let oldest = running.pop_front();
            black_box(oldest.and_then(|handle| lane.cancel(handle)));
        }
    });
}

#[divan::bench]
fn histogram_record(bencher: Bencher<'_, '_>) {
    let delays = delays(SAMPLES);
    let mut histogram = Histogram::new();
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(move || delays.iter().for_each(|delay| histogram.record(*delay)));
}

/// Ten thousand histograms in turn: the cache misses of a large world.
#[divan::bench]
fn histogram_record_scattered(bencher: Bencher<'_, '_>) {
    let delays = delays(SAMPLES);
    let mut histograms = vec![Histogram::new(); SAMPLES];
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(move || {
        histograms.iter_mut().zip(&delays).for_each(|(histogram, delay)| histogram.record(*delay));
    });
}

/// A distribution under its name in the report.
struct Named(&'static str, Distribution);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

fn distributions() -> Vec<Named> {
    let us = SimDuration::from_us;
    let table = [(0.0, us(1)), (0.5, us(5)), (0.9, us(20)), (0.99, us(80)), (1.0, us(500))];
    let made = [
        ("constant", Ok(Distribution::constant(us(5)))),
        ("uniform", Distribution::uniform(us(1), us(9))),
        ("exponential", Distribution::exponential(us(5))),
        ("lognormal", Distribution::lognormal(us(5), us(50))),
        ("gamma", Distribution::gamma(us(5), 2.5)),
        ("empirical", Distribution::empirical(&table)),
    ];
    made.into_iter().map(|(name, one)| Named(name, one.expect("valid parameters"))).collect()
}

#[divan::bench(args = distributions())]
fn sample(bencher: Bencher<'_, '_>, Named(_, distribution): &Named) {
    let mut draws = stream();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(move || {
        (0..SAMPLES).map(|_| distribution.sample(&mut draws).as_ns()).fold(0, u64::wrapping_add)
    });
}

#[divan::bench]
fn draw_from_a_stream(bencher: Bencher<'_, '_>) {
    let mut draws = stream();
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(move || (0..SAMPLES).map(|_| draws.next_u64()).fold(0, u64::wrapping_add));
}

#[divan::bench]
fn first_draw_of_a_key(bencher: Bencher<'_, '_>) {
    let mut key = 0;
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(move || {
        (0..SAMPLES).fold(0, |sum: u64, _| {
            key += 1;
            sum.wrapping_add(CounterDraw::keyed(key, 3).next_u64())
        })
    });
}
