//! The wheel against the heap, and the laws both keep.

use proptest::prelude::*;

use super::*;

/// One thing that an engine does with its queue.
#[derive(Clone, Debug)]
enum Step {
    /// Push this far behind the present.
    Push(u64),
    /// Push several at the same time.
    Burst {
        delay_ns: u64,
        count: u8,
    },
    /// Push at this time, even if it has passed.
    PushAt(u64),
    Pop,
    /// Pop everything up to this far behind the present, which is then the present.
    PopUntil(u64),
    Peek,
    Clone,
}

/// Delays of all magnitudes, so that every level of the wheel and its borders are met.
fn delay_ns() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0u64..4,
        6 => (any::<u64>(), 0u32..64).prop_map(|(bits, shift)| bits >> shift),
        2 => (0u32..11, -2i64..=2).prop_map(|(level, off)| (1u64 << (6 * level)).saturating_add_signed(off)),
        1 => (0u64..3).prop_map(|below| u64::MAX - below),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => delay_ns().prop_map(Step::Push),
        3 => (delay_ns(), 1u8..=255).prop_map(|(delay_ns, count)| Step::Burst { delay_ns, count }),
        2 => delay_ns().prop_map(Step::PushAt),
        10 => Just(Step::Pop),
        3 => delay_ns().prop_map(Step::PopUntil),
        2 => Just(Step::Peek),
        1 => Just(Step::Clone),
    ]
}

/// All pending events, sorted.
fn pending(queue: &impl EventQueue) -> Vec<u128> {
    let mut keys = Vec::new();
    queue.for_each(|event| keys.push(event.key()));
    keys.sort_unstable();
    keys
}

/// Runs both queues side by side and compares all they answer.
struct Pair {
    wheel: Wheel,
    heap: PackedHeap,
    now: SimTime,
    pushed: u32,
}

impl Pair {
    fn numbered_from(sequence: u32) -> Self {
        Self {
            wheel: Wheel::numbered_from(sequence),
            heap: PackedHeap::numbered_from(sequence),
            now: SimTime::ZERO,
            pushed: 0,
        }
    }

    fn push(&mut self, time: SimTime) {
        // The payload names the push, so that a swap of two equal times is seen.
        let payload = Payload::new((self.pushed % 16) as u8, self.pushed);
        self.pushed += 1;
        self.wheel.push(time, payload);
        self.heap.push(time, payload);
    }

    fn push_in(&mut self, delay_ns: u64) {
        self.push(SimTime::from_ns(self.now.as_ns().saturating_add(delay_ns)));
    }

    fn pop_until(&mut self, limit: SimTime) -> Result<Option<Event>, TestCaseError> {
        let (wheel, heap) = (self.wheel.pop_until(limit), self.heap.pop_until(limit));
        prop_assert_eq!(wheel, heap);
        prop_assert_eq!(self.wheel.len(), self.heap.len());
        self.now = self.now.max(wheel.map_or(SimTime::ZERO, Event::time));
        Ok(wheel)
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Push(delay_ns) => self.push_in(delay_ns),
            Step::Burst { delay_ns, count } => (0..count).for_each(|_| self.push_in(delay_ns)),
            Step::PushAt(time_ns) => self.push(SimTime::from_ns(time_ns)),
            Step::Pop => {
                self.pop_until(SimTime::MAX)?;
            }
            Step::PopUntil(delay_ns) => {
                let limit = SimTime::from_ns(self.now.as_ns().saturating_add(delay_ns));
                while self.pop_until(limit)?.is_some() {}
                self.now = limit;
            }
            Step::Peek => {
                prop_assert_eq!(self.wheel.next_time(), self.heap.next_time());
                prop_assert_eq!(pending(&self.wheel), pending(&self.heap));
            }
            Step::Clone => self.wheel = self.wheel.clone(),
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), TestCaseError> {
        let mut left = self.wheel.len();
        while self.pop_until(SimTime::MAX)?.is_some() {
            left -= 1;
        }
        prop_assert_eq!(left, 0, "every pushed event pops");
        prop_assert!(self.wheel.is_empty());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_wheel_pops_what_the_heap_pops(steps in prop::collection::vec(step(), 1..120)) {
        let mut pair = Pair::numbered_from(0);
        for step in steps {
            pair.step(step)?;
        }
        pair.drain()?;
    }

    /// The numbers run out somewhere within the steps.
    #[test]
    fn the_order_survives_the_end_of_the_numbers(
        steps in prop::collection::vec(step(), 1..60),
        left in 0u32..600,
    ) {
        let mut pair = Pair::numbered_from(u32::MAX - left);
        for step in steps {
            pair.step(step)?;
        }
        pair.drain()?;
    }

    /// The heap against sorting, which is the definition.
    #[test]
    fn the_heap_sorts_by_time_and_then_by_insertion(
        times in prop::collection::vec(0u64..50, 0..300),
        left in 0u32..300,
    ) {
        let mut heap = PackedHeap::numbered_from(u32::MAX - left);
        for (slot, time_ns) in (0..).zip(&times) {
            heap.push(SimTime::from_ns(*time_ns), Payload::new(0, slot));
        }
        let mut expected: Vec<(u64, u32)> = times.into_iter().zip(0..).collect();
        expected.sort_unstable();
        let popped: Vec<(u64, u32)> =
            std::iter::from_fn(|| heap.pop()).map(|event| (event.time_ns(), event.slot())).collect();
        prop_assert_eq!(popped, expected);
    }
}

#[test]
fn a_busy_nanosecond_does_not_grow_the_wheel() {
    let mut wheel = Wheel::default();
    let payload = Payload::new(0, 0);
    (0..200).for_each(|_| wheel.push(SimTime::from_ns(9), payload));
    for _ in 0..100_000 {
        let event = wheel.pop().unwrap();
        wheel.push(event.time(), payload);
    }
    assert_eq!(wheel.len(), 200);
    assert!(wheel.room() < 2_000, "{}", wheel.room());
}

#[test]
fn chunks_are_used_again() {
    let mut wheel = Wheel::default();
    let mut time_ns = 0;
    (0..1_000).for_each(|slot| wheel.push(SimTime::from_ns(slot * 977), Payload::new(0, 0)));
    let before = wheel.room();
    for _ in 0..200_000u64 {
        let event = wheel.pop().unwrap();
        time_ns = (time_ns * 25 + 7) % 1_000_003;
        wheel.push(
            event.time() + meshwalk_models::units::SimDuration::from_ns(time_ns),
            event.payload(),
        );
    }
    // 1000 events fill at least 63 chunks; half-empty buckets may take one each.
    assert!(wheel.room() < before + 704 * 16, "{before} {}", wheel.room());
}

/// A crowd that arrives in a window already opened must not cost its square.
#[test]
fn a_crowd_within_an_open_window_goes_back_to_the_wheel() {
    let mut wheel = Wheel::default();
    wheel.push(SimTime::from_ns(1 << 40), Payload::new(0, 0));
    wheel.push(SimTime::from_ns((1 << 40) + 1), Payload::new(0, 0));
    assert!(wheel.pop().is_some());
    for slot in (0..100_000).rev() {
        wheel.push(SimTime::from_ns((1 << 40) + 2 + u64::from(slot)), Payload::new(0, slot));
    }
    assert!(wheel.ready_len() < 200, "{}", wheel.ready_len());
    wheel.pop();
    for slot in 0..100_000 {
        assert_eq!(wheel.pop().unwrap().slot(), slot);
    }
}
