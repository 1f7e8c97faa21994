//! The proxy's draws, from the simulator's named streams.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::{Dice, Purpose};
use meshwalk_sim::kernel::{Draws as _, Seed, Stream};

/// One stream for each purpose.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    seed: Seed,
    streams: BTreeMap<Purpose, Stream>,
}

impl Draws {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, streams: BTreeMap::new() }
    }
}

impl Dice for Draws {
    fn roll(&mut self, purpose: Purpose) -> u64 {
        let seed = self.seed;
        let stream = || seed.stream("proxy", &format!("{purpose:?}"));
        self.streams.entry(purpose).or_insert_with(stream).next_u64()
    }
}
