//! What the workers of one proxy know of a cluster or a subset, and what each of them remembers.
//! What they make of it is `pick`'s business.

use std::sync::Arc;

use super::super::hash::xx_hash_64;
use super::rotation::{Source, Worker};
use super::view::View;
use crate::units::SimTime;

/// More worker threads than any machine has.
const MAX_WORKERS: u32 = 1_024;

/// What the workers of a proxy know and remember of one cluster or subset.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    pub view: Arc<View>,
    /// Counts views.
    generation: u32,
    workers: u32,
    /// What the random beginnings of rotations are made of.
    seed: u64,
    /// When the view reached the workers.
    pub since: SimTime,
    /// One a worker; empty before one is needed.
    memories: Vec<Worker>,
    /// A copy of [`View::two_of`], so that the usual choice looks no further.
    pub two_of: u32,
}

impl Crew {
    pub(super) fn new(view: Arc<View>, workers: u32, seed: u64, since: SimTime) -> Self {
        let workers = workers.clamp(1, MAX_WORKERS);
        let two_of = view.two_of;
        Self { view, generation: 0, workers, seed, since, memories: Vec::new(), two_of }
    }

    /// The crew's view of a part of the hosts; `number` tells parts apart.
    pub(super) fn beside(&self, view: Arc<View>, number: u32) -> Self {
        let seed = xx_hash_64(&number.to_le_bytes(), self.seed);
        Self::new(view, self.workers, seed, self.since)
    }

    /// What the workers know, and what `worker` remembers.
    pub(super) fn open(&mut self, worker: u32) -> (&View, Memory<'_>) {
        let Self { view, generation, workers, seed, since, memories, .. } = self;
        let (generation, workers, seed, since) = (*generation, *workers, *seed, *since);
        (view, Memory { generation, since, workers, seed, all: memories, worker })
    }

    pub(super) fn renew(&mut self, view: Arc<View>, now: SimTime) {
        self.two_of = view.two_of;
        self.view = view;
        self.generation += 1;
        self.since = now;
    }
}

/// What the workers remember; made with random beginnings when the first of them needs it.
pub(super) struct Memory<'a> {
    /// Counts the views, of which schedules are made.
    pub(super) generation: u32,
    /// When the view reached the workers.
    pub(super) since: SimTime,
    workers: u32,
    seed: u64,
    all: &'a mut Vec<Worker>,
    worker: u32,
}

impl Memory<'_> {
    pub(super) fn open(&mut self) -> &mut Worker {
        if self.all.is_empty() {
            let seed = |worker: u32| xx_hash_64(&worker.to_le_bytes(), self.seed);
            self.all.extend((0..self.workers).map(|worker| Worker::new(seed(worker))));
        }
        let last = self.all.len() - 1;
        &mut self.all[(self.worker as usize).min(last)]
    }

    /// The next of `items` by weight; see [`Worker::scheduled`].
    pub(super) fn scheduled(
        &mut self,
        source: Source,
        items: impl FnOnce() -> Vec<u32>,
        first: impl Fn(u32) -> f64,
        again: impl Fn(u32) -> f64,
    ) -> Option<u32> {
        let generation = self.generation;
        self.open().scheduled(source, generation, items, first, again)
    }
}
