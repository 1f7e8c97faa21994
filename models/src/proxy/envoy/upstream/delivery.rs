//! When workers learn what the main thread knows of hosts: a change soon after another waits, and
//! what came meanwhile is delivered with it.
//!
//! Source: Envoy, `ClusterManagerImpl::scheduleUpdate`, and `update_merge_window` in
//! `cluster.proto`.

use crate::units::{SimDuration, SimTime};

const NS_PER_MS: u64 = 1_000_000;

/// The deliveries of one cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deliveries {
    last: Option<SimTime>,
    due: Option<SimTime>,
}

impl Deliveries {
    /// A change that may wait happened; answers when the workers learn of it.
    pub(super) fn change(&mut self, window: SimDuration, now: SimTime) -> SimTime {
        let whole_ms = |span: SimDuration| span.as_ns() / NS_PER_MS;
        let waits = whole_ms(window) > 0
            && self.last.is_some_and(|last| whole_ms(now - last) <= whole_ms(window));
        if waits {
            return *self.due.get_or_insert(now + window);
        }
        self.delivered(now);
        now
    }

    /// When what waits is delivered, if anything waits.
    pub(super) fn due(&self) -> Option<SimTime> {
        self.due
    }

    /// All that is known was delivered.
    pub(super) fn delivered(&mut self, now: SimTime) {
        self.last = Some(now);
        self.due = None;
    }
}
