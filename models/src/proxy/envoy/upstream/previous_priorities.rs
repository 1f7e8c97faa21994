//! Retries that pass over priorities: after every so many attempts the priorities that were tried
//! are left out, until none is left and all count again.
//!
//! Source: Envoy, `previous_priorities.cc`.

use super::load::Availability;
use super::{ClusterState, HostId, PriorityLoads};

/// What one request remembers of the priorities that it tried; made anew for each request whose
/// retry policy has `previous_priorities`.
#[derive(Clone, Debug)]
pub struct PreviousPriorities {
    /// After how many attempts the loads change.
    every: usize,
    tried: Vec<u32>,
    left_out: Vec<bool>,
    loads: Option<PriorityLoads>,
}

impl PreviousPriorities {
    /// Loads change after every `every` attempts; zero counts as one.
    #[must_use]
    pub fn new(every: u32) -> Self {
        let every = every.max(1) as usize;
        Self { every, tried: Vec::new(), left_out: Vec::new(), loads: None }
    }

    /// An attempt goes to `host`.
    pub fn attempted(&mut self, state: &ClusterState, host: HostId) {
        self.tried.push(state.roster().priority(host));
    }

    /// The loads for the next attempt, for [`super::PickContext::loads`]; `None` while they are
    /// the cluster's own.
    pub fn loads(&mut self, state: &ClusterState) -> Option<&PriorityLoads> {
        if self.tried.len() < self.every {
            return None;
        }
        if self.tried.len().is_multiple_of(self.every) {
            let available = &state.spread().availability;
            self.left_out.resize(available.healthy.len(), false);
            for &priority in &self.tried {
                if let Some(left_out) = self.left_out.get_mut(priority as usize) {
                    *left_out = true;
                }
            }
            self.loads = self.adjusted(available);
        }
        self.loads.as_ref()
    }

    fn adjusted(&mut self, available: &Availability) -> Option<PriorityLoads> {
        let mut rest = self.rest(available);
        if rest.total() == 0 {
            self.left_out.fill(false);
            self.tried.clear();
            rest = self.rest(available);
        }
        let total = rest.total();
        if total == 0 {
            return None;
        }
        let levels = rest.healthy.len();
        let mut loads = PriorityLoads { healthy: vec![0; levels], degraded: vec![0; levels] };
        let mut left = 100;
        // A second round gives away what rounding left over.
        while left > 0 {
            let tiers =
                [(&mut loads.healthy, &rest.healthy), (&mut loads.degraded, &rest.degraded)];
            for (loads, available) in tiers {
                for (load, share) in loads.iter_mut().zip(available) {
                    let more = (share * 100 / total).min(left);
                    *load += more;
                    left -= more;
                }
            }
        }
        Some(loads)
    }

    /// What the priorities that are not left out can take.
    fn rest(&self, available: &Availability) -> Availability {
        let keep = |shares: &[u32]| {
            let kept = shares.iter().zip(&self.left_out);
            kept.map(|(&share, &left_out)| if left_out { 0 } else { share }).collect()
        };
        Availability { healthy: keep(&available.healthy), degraded: keep(&available.degraded) }
    }
}
