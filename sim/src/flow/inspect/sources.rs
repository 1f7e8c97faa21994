//! Sources of traffic.

use crate::flow::engine::Engine;
use crate::flow::plan::SourceLoad;
use crate::log::Recorder;

/// A source of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its row.
    pub source: u32,
    /// Requests sent so far, the warm-up included.
    pub sent: u32,
    /// Of these, the ones under way.
    pub under_way: u32,
    /// Users of a closed loop; `None` where requests arrive by themselves.
    pub users: Option<u32>,
}

impl<R: Recorder> Engine<R> {
    pub(super) fn source_state(&self, row: u32) -> Option<SourceState> {
        self.source_state_with(row, &self.requests_under_way())
    }

    /// As [`Engine::source_state`], where the requests under way are counted by source.
    pub(super) fn source_state_with(&self, row: u32, under_way: &[u32]) -> Option<SourceState> {
        let plan = self.plan.sources.get(row as usize)?;
        let sent = self.sources.get(row as usize)?.sent;
        Some(SourceState {
            source: row,
            sent,
            under_way: under_way.get(row as usize).copied().unwrap_or(0),
            users: match plan.load {
                SourceLoad::Open(_) => None,
                SourceLoad::Closed { users, .. } => Some(users),
            },
        })
    }

    /// Requests of each source that are under way.
    pub(super) fn requests_under_way(&self) -> Vec<u32> {
        let mut under_way = vec![0; self.plan.sources.len()];
        for (_, it) in self.tries.iter().filter(|(_, it)| it.is_root()) {
            under_way[usize::from(it.source)] += 1;
        }
        under_way
    }
}
