//! Latency histograms: counts on a log-linear scale, merged as integers.
//!
//! It does not know what was measured nor over which window. Each power of two is cut into 64
//! equal buckets, so an answer from the middle of a bucket is within 0.8 % of the sample it stands
//! for, and exact below 128 ns. Powers of two take memory only once a sample falls into them.

use meshwalk_models::units::SimDuration;

use super::store::{PAGE_ELEMENTS, Paged, PagedSnapshot};

/// Buckets a power of two; just one page, so that a checkpoint copies what was written to.
const BUCKETS: u32 = PAGE_ELEMENTS as u32;
const BUCKET_BITS: u32 = BUCKETS.ilog2();

/// Counts of durations.
///
/// A bucket holds at most `u32::MAX` samples and stays there; count, sum, minimum and maximum stay
/// exact beyond that. Merging gives the same result in every order.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    totals: Totals,
    /// 64 buckets for each octave in use, in ascending order.
    buckets: Paged<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Totals {
    count: u64,
    sum_ns: u128,
    min_ns: u64,
    max_ns: u64,
    /// One bit for each octave in use. Octave 0 is 0..64 ns, octave `k` starts at 2^(k + 5) ns.
    octaves: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Self { count: 0, sum_ns: 0, min_ns: u64::MAX, max_ns: 0, octaves: 0 }
    }
}

/// A [`Histogram`] at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct HistogramSnapshot {
    totals: Totals,
    buckets: PagedSnapshot<u32>,
}

impl Histogram {
    /// An empty histogram. It takes no memory beyond itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one sample.
    pub fn record(&mut self, sample: SimDuration) {
        let ns = sample.as_ns();
        let totals = &mut self.totals;
        totals.count += 1;
        totals.sum_ns += u128::from(ns);
        totals.min_ns = totals.min_ns.min(ns);
        totals.max_ns = totals.max_ns.max(ns);
        let (octave, bucket) = place_of(ns);
        let index = self.first_bucket(octave) + bucket;
        let counter = &mut self.buckets[index];
        *counter = counter.saturating_add(1);
    }

    /// Adds the samples of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.totals.count += other.totals.count;
        self.totals.sum_ns += other.totals.sum_ns;
        self.totals.min_ns = self.totals.min_ns.min(other.totals.min_ns);
        self.totals.max_ns = self.totals.max_ns.max(other.totals.max_ns);
        for (octave, theirs) in other.octaves() {
            let first = self.first_bucket(octave);
            for (bucket, more) in (first..).zip(theirs) {
                if *more > 0 {
                    let counter = &mut self.buckets[bucket];
                    *counter = counter.saturating_add(*more);
                }
            }
        }
    }

    /// The samples that were added since `earlier`, which is this histogram at an earlier moment.
    ///
    /// Count and sum are exact. So are minimum and maximum if they are new; otherwise they are
    /// those of the buckets, within 0.8 %.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut added = Self::new();
        for (octave, now) in self.octaves() {
            let before = earlier.octaves().find(|(other, _)| *other == octave);
            for (bucket, samples) in (0..).zip(now) {
                let before = before.map_or(0, |(_, buckets)| buckets[bucket as usize]);
                let more = samples.saturating_sub(before);
                if more == 0 {
                    continue;
                }
                let index = added.first_bucket(octave) + bucket;
                added.buckets[index] = more;
                let middle_ns =
                    middle_ns(octave, bucket).clamp(self.totals.min_ns, self.totals.max_ns);
                added.totals.min_ns = added.totals.min_ns.min(middle_ns);
                added.totals.max_ns = added.totals.max_ns.max(middle_ns);
            }
        }
        added.totals.count = self.totals.count.saturating_sub(earlier.totals.count);
        added.totals.sum_ns = self.totals.sum_ns.saturating_sub(earlier.totals.sum_ns);
        if self.totals.min_ns < earlier.totals.min_ns {
            added.totals.min_ns = self.totals.min_ns;
        }
        if self.totals.max_ns > earlier.totals.max_ns {
            added.totals.max_ns = self.totals.max_ns;
        }
        added
    }

    /// How many samples there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.totals.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals.count == 0
    }

    /// The exact sum of all samples in nanoseconds.
    #[must_use]
    pub fn sum_ns(&self) -> u128 {
        self.totals.sum_ns
    }

    /// The exact mean in nanoseconds, if there is a sample.
    #[must_use]
    pub fn mean_ns(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.totals.sum_ns as f64 / self.totals.count as f64)
    }

    /// The smallest sample, exactly.
    #[must_use]
    pub fn min(&self) -> Option<SimDuration> {
        (!self.is_empty()).then(|| SimDuration::from_ns(self.totals.min_ns))
    }

    /// The largest sample, exactly.
    #[must_use]
    pub fn max(&self) -> Option<SimDuration> {
        (!self.is_empty()).then(|| SimDuration::from_ns(self.totals.max_ns))
    }

    /// The smallest sample that at least the share `q` of all samples does not exceed, within
    /// 0.8 %; `None` if there is no sample. A `q` below 0 counts as 0 and one above 1 as 1: the
    /// minimum and the maximum, both exact.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        let (min, max) = (self.min()?, self.max()?);
        let count = self.totals.count;
        let rank = ((q * count as f64).ceil() as u64).clamp(1, count);
        if rank == 1 {
            return Some(min);
        }
        if rank == count {
            return Some(max);
        }
        let mut seen = 0;
        for (octave, buckets) in self.octaves() {
            for (bucket, samples) in (0..).zip(buckets) {
                seen += u64::from(*samples);
                if seen >= rank {
                    let middle = SimDuration::from_ns(middle_ns(octave, bucket));
                    return Some(middle.clamp(min, max));
                }
            }
        }
        // Only saturated buckets hold fewer samples than were counted.
        Some(max)
    }

    /// As [`Histogram::quantile`], in nanoseconds and spread evenly over the bucket by rank: for
    /// differences that are smaller than a bucket is wide. Where many samples fall into a bucket,
    /// its error is far below 0.8 %.
    #[must_use]
    pub fn interpolated_quantile(&self, q: f64) -> Option<f64> {
        let (min, max) = (self.totals.min_ns as f64, self.totals.max_ns as f64);
        let last = self.totals.count.checked_sub(1)?;
        // The sample of rank r counts as the middle of its share of the bucket.
        let rank = (q * last as f64).clamp(0.0, last as f64);
        let mut below = 0.0;
        for (octave, buckets) in self.octaves() {
            for (bucket, samples) in (0..).zip(buckets) {
                let samples = f64::from(*samples);
                if below + samples > rank {
                    let (start_ns, width_ns) = span_ns(octave, bucket);
                    let share = (rank - below + 0.5) / samples;
                    let ns = start_ns as f64 + share.min(1.0) * width_ns as f64;
                    return Some(ns.clamp(min, max));
                }
                below += samples;
            }
        }
        // Only saturated buckets hold fewer samples than were counted.
        Some(max)
    }

    /// Puts the present counts aside, sharing the octaves that did not change since the previous
    /// checkpoint.
    pub fn checkpoint(&mut self) -> HistogramSnapshot {
        HistogramSnapshot { totals: self.totals, buckets: self.buckets.checkpoint() }
    }

    /// Brings the counts of `snapshot` back.
    pub fn restore(&mut self, snapshot: &HistogramSnapshot) {
        self.totals = snapshot.totals;
        self.buckets.restore(&snapshot.buckets);
    }

    /// The octaves in use with their buckets, in ascending order.
    fn octaves(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let used = (0..u64::BITS).filter(|octave| self.totals.octaves & 1 << octave != 0);
        used.zip(self.buckets.as_slice().chunks_exact(PAGE_ELEMENTS))
    }

    /// Where the buckets of `octave` begin; takes room for them if there is none yet.
    fn first_bucket(&mut self, octave: u32) -> u32 {
        let bit = 1 << octave;
        let first = (self.totals.octaves & (bit - 1)).count_ones() * BUCKETS;
        if self.totals.octaves & bit == 0 {
            self.totals.octaves |= bit;
            self.open_octave(first);
        }
        first
    }

    /// Makes 64 empty buckets at `first`, moving later octaves up.
    #[cold]
    fn open_octave(&mut self, first: u32) {
        let len = self.buckets.len() as u32;
        for _ in 0..BUCKETS {
            self.buckets.push(0);
        }
        for from in (first..len).rev() {
            self.buckets[from + BUCKETS] = self.buckets[from];
        }
        for bucket in first..first + BUCKETS {
            self.buckets[bucket] = 0;
        }
    }
}

/// Two histograms are equal when they counted the same.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.totals == other.totals && self.buckets.as_slice() == other.buckets.as_slice()
    }
}

/// The octave of a sample and its bucket there.
fn place_of(ns: u64) -> (u32, u32) {
    // Everything below 64 counts as one octave, in buckets of 1 ns.
    let shift = (ns | u64::from(BUCKETS)).ilog2() - BUCKET_BITS;
    let octave = shift + u32::from(ns >= u64::from(BUCKETS));
    (octave, (ns >> shift) as u32 % BUCKETS)
}

/// The middle of a bucket, rounded down.
fn middle_ns(octave: u32, bucket: u32) -> u64 {
    let (start_ns, width_ns) = span_ns(octave, bucket);
    start_ns + (width_ns - 1) / 2
}

/// Where a bucket begins and how wide it is.
fn span_ns(octave: u32, bucket: u32) -> (u64, u64) {
    let Some(shift) = octave.checked_sub(1) else { return (u64::from(bucket), 1) };
    (u64::from(BUCKETS | bucket) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram_of(samples: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        samples.iter().for_each(|ns| histogram.record(SimDuration::from_ns(*ns)));
        histogram
    }

    /// All magnitudes, not only the large ones that uniform bits give.
    fn sample() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    #[test]
    fn nothing_is_added_since_now() {
        let histogram = histogram_of(&[5, 1_000_000]);
        assert_eq!(histogram.since(&histogram), Histogram::new());
        assert_eq!(histogram.since(&Histogram::new()), histogram);
    }

    proptest! {
        #[test]
        fn what_was_added_is_what_was_recorded_in_between(
            before in prop::collection::vec(sample(), 0..50),
            after in prop::collection::vec(sample(), 1..50),
        ) {
            let earlier = histogram_of(&before);
            let mut later = earlier.clone();
            after.iter().for_each(|ns| later.record(SimDuration::from_ns(*ns)));
            let (added, alone) = (later.since(&earlier), histogram_of(&after));
            prop_assert_eq!(added.buckets.as_slice(), alone.buckets.as_slice());
            prop_assert_eq!((added.count(), added.sum_ns()), (alone.count(), alone.sum_ns()));
            for q in [0.0, 0.5, 0.99, 1.0] {
                let (near, exact) = (added.quantile(q).unwrap(), alone.quantile(q).unwrap());
                let error = near.as_ns().abs_diff(exact.as_ns()) as f64;
                prop_assert!(error <= 0.008 * exact.as_ns() as f64 + 0.5, "{} {}", near, exact);
            }
        }
    }

    #[test]
    fn an_empty_histogram_answers_nothing_and_takes_no_memory() {
        let histogram = Histogram::new();
        assert_eq!((histogram.quantile(0.5), histogram.mean_ns()), (None, None));
        assert_eq!((histogram.min(), histogram.max()), (None, None));
        assert_eq!(histogram.buckets.len(), 0);
    }

    #[test]
    fn only_octaves_with_samples_take_memory() {
        let histogram = histogram_of(&[u64::MAX, 0, 1_000_000, 1_000_001]);
        assert_eq!(histogram.buckets.len(), 3 * PAGE_ELEMENTS);
    }

    #[test]
    fn a_full_bucket_stays_full_and_the_totals_stay_exact() {
        let mut histogram = histogram_of(&[5, 5, 5, 9]);
        let bucket = histogram.first_bucket(0) + 5;
        histogram.buckets[bucket] = u32::MAX - 1;
        for _ in 0..3 {
            histogram.record(SimDuration::from_ns(5));
        }
        assert_eq!(histogram.buckets[bucket], u32::MAX);
        assert_eq!((histogram.count(), histogram.sum_ns()), (7, 39));
        let full = histogram.clone();
        histogram.merge(&full);
        assert_eq!((histogram.buckets[bucket], histogram.count()), (u32::MAX, 14));
    }

    #[test]
    fn a_checkpoint_shares_the_octaves_that_nobody_wrote_to() {
        let mut histogram = histogram_of(&[10, 1_000, 1_000_000]);
        let first = histogram.checkpoint();
        histogram.record(SimDuration::from_ns(1_000));
        let second = histogram.checkpoint();
        assert_eq!(second.buckets.shared_pages(&first.buckets), 2);
        histogram.restore(&first);
        assert_eq!(histogram, histogram_of(&[10, 1_000, 1_000_000]));
    }

    proptest! {
        #[test]
        fn every_quantile_is_within_the_promised_error(
            mut samples in prop::collection::vec(sample(), 1..200),
            q in 0.0f64..=1.0,
        ) {
            let histogram = histogram_of(&samples);
            samples.sort_unstable();
            let rank = ((q * samples.len() as f64).ceil() as usize).max(1);
            let truth = samples[rank - 1];
            let answer = histogram.quantile(q).unwrap().as_ns();
            prop_assert!(answer.abs_diff(truth) <= truth / 128, "{answer} instead of {truth}");
        }

        #[test]
        fn the_totals_are_exact(samples in prop::collection::vec(sample(), 1..100)) {
            let histogram = histogram_of(&samples);
            let sum: u128 = samples.iter().map(|ns| u128::from(*ns)).sum();
            prop_assert_eq!((histogram.count(), histogram.sum_ns()), (samples.len() as u64, sum));
            prop_assert_eq!(histogram.mean_ns(), Some(sum as f64 / samples.len() as f64));
            let (min, max) = (samples.iter().min().unwrap(), samples.iter().max().unwrap());
            prop_assert_eq!(histogram.quantile(0.0), Some(SimDuration::from_ns(*min)));
            prop_assert_eq!(histogram.quantile(1.0), Some(SimDuration::from_ns(*max)));
            prop_assert_eq!((histogram.min(), histogram.max()), (histogram.quantile(0.0), histogram.quantile(1.0)));
        }

        #[test]
        fn merging_in_any_order_is_recording_together(
            parts in prop::collection::vec(prop::collection::vec(sample(), 0..40), 1..6),
        ) {
            let merged = |order: &mut dyn Iterator<Item = &Vec<u64>>| {
                let mut total = Histogram::new();
                order.for_each(|part| total.merge(&histogram_of(part)));
                total
            };
            let together = histogram_of(&parts.concat());
            prop_assert_eq!(&merged(&mut parts.iter()), &together);
            prop_assert_eq!(&merged(&mut parts.iter().rev()), &together);
        }

        #[test]
        fn the_buckets_of_neighbouring_samples_follow_each_other(ns in sample()) {
            let (here, next) = (place_of(ns), place_of(ns.saturating_add(1)));
            prop_assert!(here <= next, "{here:?} {next:?}");
            prop_assert!(here.0 < u64::BITS && here.1 < BUCKETS);
        }
    }

    #[test]
    fn an_interpolated_quantile_sees_a_shift_that_is_smaller_than_a_bucket() {
        // Around 20 ms a bucket is 262 us wide; everything is moved by 40 us.
        let spread = |shift_us: u64| -> Vec<u64> {
            (0..20_000).map(|i| (18_000 + shift_us) * 1_000 + i * 250).collect()
        };
        let median = |shift_us| {
            let ns = histogram_of(&spread(shift_us)).interpolated_quantile(0.5);
            ns.expect("there are samples") / 1_000.0
        };
        let moved_us = median(40) - median(0);
        assert!((moved_us - 40.0).abs() < 2.0, "{moved_us}");
        assert!((median(0) - 20_500.0).abs() < 5.0, "{}", median(0));
    }

    #[test]
    fn an_interpolated_quantile_stays_between_the_extremes() {
        assert_eq!(Histogram::new().interpolated_quantile(0.5), None);
        let one = histogram_of(&[1_000_003]);
        assert_eq!(one.interpolated_quantile(0.99), Some(1_000_003.0));
        let two = histogram_of(&[10, 1 << 40]);
        assert_eq!(two.interpolated_quantile(0.0), Some(10.5));
        assert_eq!(two.interpolated_quantile(1.0), Some((1u64 << 40) as f64));
    }
}
