//! Latencies of one window: counts on a log-linear scale, sparse. It does not know what was
//! measured.
//!
//! The histogram of the kernel keeps whole octaves, for one set of samples of a whole run. There
//! are many windows with few samples each, so this one keeps only what was hit, in 32 buckets a
//! power of two: an answer is within 1.6 % of the sample it stands for.

use meshwalk_models::units::SimDuration;

/// Buckets a power of two.
const BUCKETS: u64 = 32;
const BUCKET_BITS: u32 = BUCKETS.ilog2();

/// Counts of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// How many samples each bucket holds, in ascending order of buckets; none is empty.
    buckets: Vec<(u16, u32)>,
    /// The longest sample, in nanoseconds.
    max_ns: u64,
}

impl Sketch {
    /// Counts one sample.
    pub fn record(&mut self, sample: SimDuration) {
        let ns = sample.as_ns();
        self.max_ns = self.max_ns.max(ns);
        self.add(bucket_of(ns), 1);
    }

    /// Adds the samples of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.max_ns = self.max_ns.max(other.max_ns);
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        for (bucket, count) in &other.buckets {
            self.add(*bucket, *count);
        }
    }

    fn add(&mut self, bucket: u16, count: u32) {
        match self.buckets.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(place) => {
                let counted = &mut self.buckets[place].1;
                *counted = counted.saturating_add(count);
            }
            Err(place) => self.buckets.insert(place, (bucket, count)),
        }
    }

    /// How many samples there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// How many buckets hold samples: what it takes of memory.
    #[must_use]
    pub(super) fn width(&self) -> usize {
        self.buckets.len()
    }

    /// The longest sample, exactly.
    #[must_use]
    pub fn max(&self) -> Option<SimDuration> {
        (!self.buckets.is_empty()).then(|| SimDuration::from_ns(self.max_ns))
    }

    /// The smallest sample that at least the share `q` of all samples does not exceed, within
    /// 1.6 %; `None` if there is no sample. A `q` below 0 counts as 0 and one above 1 as 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        let count = self.count();
        let rank = ((q * count as f64).ceil() as u64).max(1);
        if rank >= count {
            return self.max();
        }
        let mut seen = 0;
        let bucket = self.buckets.iter().find(|(_, samples)| {
            seen += u64::from(*samples);
            seen >= rank
        })?;
        Some(SimDuration::from_ns(middle_ns(bucket.0).min(self.max_ns)))
    }
}

fn bucket_of(ns: u64) -> u16 {
    // Everything below 32 counts as one octave, in buckets of 1 ns.
    let shift = (ns | BUCKETS).ilog2() - BUCKET_BITS;
    let octave = u64::from(shift) + u64::from(ns >= BUCKETS);
    (octave * BUCKETS + (ns >> shift) % BUCKETS) as u16
}

/// The middle of a bucket, rounded down.
fn middle_ns(bucket: u16) -> u64 {
    let (octave, place) = (u64::from(bucket) / BUCKETS, u64::from(bucket) % BUCKETS);
    let Some(shift) = octave.checked_sub(1) else { return place };
    ((BUCKETS | place) << shift) + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch_of(samples: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        samples.iter().for_each(|ns| sketch.record(SimDuration::from_ns(*ns)));
        sketch
    }

    #[test]
    fn without_samples_there_is_no_quantile() {
        assert_eq!((Sketch::default().quantile(0.5), Sketch::default().max()), (None, None));
    }

    proptest! {
        #[test]
        fn every_quantile_is_within_its_promise(
            mut samples in prop::collection::vec((any::<u64>(), 0u32..64), 1..60),
            q in 0.0f64..=1.0,
        ) {
            let mut samples: Vec<u64> =
                samples.drain(..).map(|(bits, shift)| bits >> shift).collect();
            let found = sketch_of(&samples).quantile(q).unwrap().as_ns();
            samples.sort_unstable();
            let rank = ((q * samples.len() as f64).ceil() as usize).max(1);
            let exact = samples[rank - 1];
            let error = found.abs_diff(exact) as f64;
            prop_assert!(error <= 0.016 * exact as f64 + 0.5, "{found} for {exact}");
        }

        #[test]
        fn merging_counts_as_if_all_had_been_recorded_in_one(
            first in prop::collection::vec(any::<u64>(), 0..30),
            second in prop::collection::vec(any::<u64>(), 0..30),
        ) {
            let mut merged = sketch_of(&first);
            merged.merge(&sketch_of(&second));
            let all: Vec<u64> = first.iter().chain(&second).copied().collect();
            prop_assert_eq!(merged, sketch_of(&all));
        }
    }
}
