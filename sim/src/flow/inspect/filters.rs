//! What filters of callers' proxies keep between requests.

use meshwalk_models::proxy::envoy::filters::{BucketState, FilterCounts};

use crate::flow::engine::Engine;
use crate::log::Recorder;

/// What the filters of one connection manager of a proxy keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiltersState {
    /// The row of the pod.
    pub pod: u32,
    /// The number of the connection manager.
    pub manager: u32,
    /// Requests with an injected fault that is not over yet.
    pub active_faults: u32,
    /// Tokens of rate limits.
    pub buckets: Vec<BucketState>,
    /// What happened so far.
    pub counts: FilterCounts,
}

impl<R: Recorder> Engine<R> {
    pub(super) fn filters_state(&self, pod: u32, manager: u32) -> Option<FiltersState> {
        let state = self.filter_states.get(&(pod, manager))?;
        Some(FiltersState {
            pod,
            manager,
            active_faults: state.active_faults(),
            buckets: state.buckets(self.kernel.now()).collect(),
            counts: state.counts,
        })
    }
}
