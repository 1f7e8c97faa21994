//! Proxies: their workers, what they hold and what they did so far.

use meshwalk_models::units::SimTime;

use crate::flow::engine::Engine;
use crate::log::Recorder;
use crate::stats::{BoxCounters, BoxKind};

/// A proxy with its workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyState {
    /// Its row.
    pub proxy: u32,
    /// What it is.
    pub kind: BoxKind,
    /// When each of its workers is free; what lies in the past is since when it is.
    pub workers_free_at: Vec<SimTime>,
    /// How many of them work now.
    pub busy: u32,
    /// Requests in the window of half a second that is under way.
    pub requests_in_window: u32,
    /// Requests in the window before it.
    pub requests_in_last_window: u32,
    /// Connections on either side.
    pub connections: u32,
    /// Tunnels of its own.
    pub tunnels: u32,
    /// What it did in the measured part so far.
    pub counters: BoxCounters,
}

impl<R: Recorder> Engine<R> {
    pub(super) fn proxy_state(&self, row: u32) -> Option<ProxyState> {
        let plan = self.plan.boxes.get(row as usize)?;
        let now = self.kernel.now();
        let workers = plan.first_worker..plan.first_worker + plan.workers;
        let free_at: Vec<SimTime> =
            workers.filter_map(|worker| self.workers_free_at.get(worker).copied()).collect();
        let busy = free_at.iter().filter(|free| **free > now).count() as u32;
        let (requests_in_window, requests_in_last_window) = self.paces.get(row)?.windows_at(now);
        let (connections, tunnels, counters) = self.meter.held_by(row)?;
        Some(ProxyState {
            proxy: row,
            kind: plan.kind,
            workers_free_at: free_at,
            busy,
            requests_in_window,
            requests_in_last_window,
            connections,
            tunnels,
            counters,
        })
    }
}
