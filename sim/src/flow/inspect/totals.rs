//! What was counted so far of an edge or a service, in the measured part of the run.

use meshwalk_models::units::SimDuration;

use crate::flow::engine::Engine;
use crate::flow::state::{Caller, TryStage};
use crate::log::Recorder;
use crate::stats::{EdgeCounters, Full};

/// What was counted so far of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalsState {
    /// The row of the layout's edges or services.
    pub row: u32,
    /// Calls that ended.
    pub requests: u64,
    /// Of these, those that ended well.
    pub successes: u64,
    /// Calls under way, those of the warm-up included.
    pub under_way: u64,
    /// Attempts that began.
    pub attempts: u64,
    /// Attempts after the first of a call.
    pub retries: u64,
    /// Attempts that had to wait for a connection.
    pub waited_for_connection: u64,
    /// What breakers had no place for, in the order connections, pending, requests, retries.
    pub overflows: [u64; 4],
    /// Hosts that were ejected, each time and in each proxy.
    pub ejections: u64,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// TLS handshakes.
    pub tls_handshakes: u64,
    /// What policy ended.
    pub rulings: u64,
    /// The latency that half of the calls that ended stayed below.
    pub p50: Option<SimDuration>,
    /// The latency that 99 of 100 calls stayed below.
    pub p99: Option<SimDuration>,
    /// Payload sent, in bytes.
    pub request_bytes: u64,
    /// Payload received, in bytes.
    pub response_bytes: u64,
}

/// What breakers count, in the order of [`TotalsState::overflows`].
const FULL: [Full; 4] = [Full::Connections, Full::Pending, Full::Requests, Full::Retries];

impl TotalsState {
    fn of(row: u32, counters: &EdgeCounters, under_way: u64) -> Self {
        let overflow = |of: Full| {
            counters.overflow.iter().filter(|(it, _)| *it == of).map(|(_, count)| count).sum()
        };
        Self {
            row,
            requests: counters.requests(),
            successes: counters.successes(),
            under_way,
            attempts: counters.attempts,
            retries: counters.retries.total(),
            waited_for_connection: counters.pending,
            overflows: FULL.map(overflow),
            ejections: counters.ejections,
            connections_opened: counters.connections_opened,
            tls_handshakes: counters.tls_handshakes,
            rulings: counters.rulings.total(),
            p50: counters.latency.quantile(0.5),
            p99: counters.latency.quantile(0.99),
            request_bytes: counters.request_bytes,
            response_bytes: counters.response_bytes,
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn edge_totals(&self, row: u32) -> Option<TotalsState> {
        let under_way = self.calls_under_way();
        self.edge_totals_with(row, &under_way)
    }

    /// As [`Engine::edge_totals`], where the calls under way are counted by edge.
    pub(super) fn edge_totals_with(&self, row: u32, under_way: &[u64]) -> Option<TotalsState> {
        let counters = self.meter.edge(row)?;
        Some(TotalsState::of(row, counters, under_way.get(row as usize).copied().unwrap_or(0)))
    }

    pub(super) fn service_totals(&self, row: u32) -> Option<TotalsState> {
        let service = self.plan.layout.services.get(row as usize)?;
        let by_edge = self.calls_under_way();
        let (mut sum, mut under_way) = (EdgeCounters::default(), 0);
        for edge in &service.edges {
            sum.merge(self.meter.edge(*edge as u32)?);
            under_way += by_edge.get(*edge).copied().unwrap_or(0);
        }
        Some(TotalsState::of(row, &sum, under_way))
    }

    /// Calls under way, by edge: a call that is tried again is one, and what a waypoint does for
    /// one is none of its own.
    pub(super) fn calls_under_way(&self) -> Vec<u64> {
        let mut under_way = vec![0; self.plan.layout.edges.len()];
        for (_, it) in self.tries.iter() {
            let is_over = it.stage == TryStage::GivenUp;
            if !is_over && !matches!(it.caller, Caller::Relay(_)) {
                under_way[self.plan.calls[it.call as usize].edge as usize] += 1;
            }
        }
        under_way
    }
}
