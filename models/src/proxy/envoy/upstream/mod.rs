//! The upstream side of one proxy: the hosts of a cluster, who of them gets the next request, who
//! is ejected, and how much may be under way. A state machine without I/O: time and draws come in
//! as arguments.
//!
//! Requests, retries and connections are the router's and the pool's business; they ask here for a
//! host, and tell how it went. All workers of a proxy share health and breakers; what a balancer
//! remembers, each worker has for itself.

mod breaker;
mod context;
mod delivery;
mod edf;
mod hashing;
mod hosts;
mod load;
mod outlier;
mod pick;
mod previous_priorities;
mod roster;
mod rotation;
mod rules;
mod slow_start;
mod subset;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod zone;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use breaker::{Breakers, Overflow, Resource};
pub use context::{NoHost, PickContext};
pub use hosts::HostId;
pub use load::PriorityLoads;
pub use outlier::{Change, Detector, HealthChange, Spared, UpstreamResult};
pub use previous_priorities::PreviousPriorities;
pub use roster::Roster;
pub use update::Moved;

use delivery::Deliveries;
use hosts::Standing;
use load::Spread;
use outlier::Outliers;
use pick::{Desk, Pool};
use slow_start::Newcomers;
use subset::{Known, SubsetPools};

use super::Dice;
use super::config::{Cluster, DeclaredHealth, Endpoint, LoadAssignment, Locality, RoutingPriority};
use crate::explain::{Explanation, Probe};
use crate::profile::EnvoyFacts;
use crate::units::SimTime;

/// What happened so often; the names are those of Envoy's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `lb_healthy_panic`: requests for which hosts were chosen whatever their health.
    pub healthy_panic: u64,
    /// `outlier_detection.ejections_detected_*`.
    pub detected: BTreeMap<Detector, u64>,
    /// `outlier_detection.ejections_enforced_*`; their sum is `ejections_enforced_total`.
    pub enforced: BTreeMap<Detector, u64>,
    /// `outlier_detection.ejections_overflow`: ejections that the greatest share forbade.
    pub ejections_overflow: u64,
}

/// A host as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct HostState<'a> {
    /// The host.
    pub id: HostId,
    /// Its endpoint.
    pub endpoint: &'a Endpoint,
    /// Requests under way to it.
    pub active: u32,
    /// `failed_outlier_check`: it is ejected.
    pub ejected: bool,
    /// From when on a sweep brings it back.
    pub returns_from: Option<SimTime>,
    /// How often it was ejected.
    pub ejections: u32,
    /// Whether the workers count it as healthy.
    pub used: bool,
}

impl HostState<'_> {
    /// The health flags as Envoy's admin interface words them; empty for a healthy host.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let declared = match self.endpoint.health {
            DeclaredHealth::Unknown | DeclaredHealth::Healthy => None,
            DeclaredHealth::Unhealthy => Some("failed_eds_health"),
            DeclaredHealth::Timeout => Some("failed_eds_health"),
            DeclaredHealth::Draining => Some("eds_status_draining"),
            DeclaredHealth::Degraded => Some("degraded_eds_health"),
        };
        self.ejected.then_some("failed_outlier_check").into_iter().chain(declared)
    }
}

/// The state of one cluster in one proxy.
#[derive(Clone, Debug)]
pub struct ClusterState {
    roster: Arc<Roster>,
    pool: Pool,
    subsets: SubsetPools,
    /// The ejected hosts that the workers know of, sorted.
    known_ejected: Vec<u32>,
    /// Active requests by host; empty before the first.
    active: Vec<u32>,
    outliers: Option<Box<Outliers>>,
    newcomers: Option<Box<Newcomers>>,
    deliveries: Deliveries,
    breakers: breaker::Counters,
    counters: Counters,
}

impl ClusterState {
    /// The state of `cluster` in a proxy in `local` with so many `workers`. Proxies that share all
    /// of this take a common [`Roster`] and [`ClusterState::sharing`].
    #[must_use]
    pub fn new(
        cluster: Arc<Cluster>,
        assignment: Arc<LoadAssignment>,
        facts: &EnvoyFacts,
        local: &Locality,
        workers: u32,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> Self {
        let roster = Arc::new(Roster::new(cluster, assignment, local));
        Self::sharing(roster, facts, workers, now, dice)
    }

    /// The state of the cluster of `roster` in a proxy with so many `workers`; zero counts as one.
    #[must_use]
    pub fn sharing(
        roster: Arc<Roster>,
        facts: &EnvoyFacts,
        workers: u32,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> Self {
        let pool = Pool::new(Arc::clone(&roster.view), workers, now, dice);
        let outliers = roster
            .cluster
            .outlier
            .as_ref()
            .map(|_| Box::new(Outliers::new(roster.len(), facts.ejection_share.value, now)));
        let newcomers = roster.slow_start().map(|_| Box::new(Newcomers::new(roster.len(), now)));
        let mut state = Self {
            roster,
            pool,
            subsets: SubsetPools::default(),
            known_ejected: Vec::new(),
            active: Vec::new(),
            outliers,
            newcomers,
            deliveries: Deliveries::default(),
            breakers: breaker::Counters::default(),
            counters: Counters::default(),
        };
        state.greet_newcomers(now);
        state
    }

    /// What the proxy shares with others.
    #[must_use]
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The endpoint behind `host`.
    #[must_use]
    pub fn endpoint(&self, host: HostId) -> &Endpoint {
        self.roster.endpoint(host)
    }

    /// Chooses a host for a request that `worker` handles. Call [`ClusterState::advance`] first
    /// for what is due by `now`.
    ///
    /// # Errors
    /// Why there is no host.
    pub fn pick(
        &mut self,
        worker: u32,
        context: &PickContext<'_>,
        now: SimTime,
        dice: &mut impl Dice,
        probe: &mut impl Probe,
    ) -> Result<HostId, NoHost> {
        let pool = match &self.roster.cluster.subsets {
            None => &mut self.pool,
            Some(config) => {
                let known = Known {
                    roster: &self.roster,
                    ejected: &self.known_ejected,
                    workers: self.pool.workers.len() as u32,
                    since: self.pool.since,
                };
                self.subsets.find(config, context.subset, &known, dice, probe)?
            }
        };
        let mut desk = Desk {
            roster: &self.roster,
            active: &self.active,
            newcomers: self.newcomers.as_deref(),
            counters: &mut self.counters,
            now,
        };
        desk.choose(pool, worker, context, dice, probe).map(HostId::new)
    }

    /// A request to `host` begins.
    pub fn begin_request(&mut self, host: HostId) {
        if self.active.is_empty() {
            self.active.resize(self.roster.len(), 0);
        }
        let active = &mut self.active[host.index()];
        *active = active.saturating_add(1);
    }

    /// A request to `host` ends.
    pub fn end_request(&mut self, host: HostId) {
        if let Some(active) = self.active.get_mut(host.index()) {
            debug_assert!(*active > 0, "more requests end than began");
            *active = active.saturating_sub(1);
        }
    }

    /// Requests under way to `host`.
    #[must_use]
    pub fn active(&self, host: HostId) -> u32 {
        self.active.get(host.index()).copied().unwrap_or(0)
    }

    /// Takes note of how a request or a connection to `host` went; answers with what outlier
    /// detection makes of it.
    pub fn report(
        &mut self,
        host: HostId,
        result: UpstreamResult,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> Vec<HealthChange> {
        let (Some(outliers), Some(config)) = (&mut self.outliers, &self.roster.cluster.outlier)
        else {
            return Vec::new();
        };
        let mut changes =
            outliers.report(host.raw(), result, config, &mut self.counters, now, dice);
        self.spread_word(&mut changes, now);
        changes
    }

    /// When [`ClusterState::advance`] has something to do next.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        let sweep = self.outliers.as_ref().and_then(|outliers| outliers.next_sweep());
        self.deliveries.due().into_iter().chain(sweep).min()
    }

    /// Does what is due by `now`: sweeps of outlier detection, and news for the workers.
    pub fn advance(&mut self, now: SimTime, dice: &mut impl Dice) -> Vec<HealthChange> {
        let mut all = Vec::new();
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            if self.deliveries.due() == Some(due) {
                self.deliver(due);
                continue;
            }
            let (Some(outliers), Some(config)) = (&mut self.outliers, &self.roster.cluster.outlier)
            else {
                break;
            };
            let mut changes = outliers.sweep(config, &mut self.counters, due, dice);
            self.spread_word(&mut changes, due);
            all.append(&mut changes);
        }
        all
    }

    /// The breakers of routes with this priority.
    pub fn breakers(&mut self, priority: RoutingPriority) -> Breakers<'_> {
        self.breakers.lend(&self.roster.cluster, priority)
    }

    /// How the workers spread the load over priorities.
    #[must_use]
    pub fn loads(&self) -> &PriorityLoads {
        &self.pool.view.spread.loads
    }

    fn spread(&self) -> &Spread {
        &self.pool.view.spread
    }

    /// What happened so often.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Why outlier detection decided as it did.
    #[must_use]
    pub fn explain(&self, change: &HealthChange) -> Option<Explanation> {
        let config = self.roster.cluster.outlier.as_ref()?;
        Some(outlier::explain(change, config, self.endpoint(change.host)))
    }

    /// How many hosts are ejected now.
    #[must_use]
    pub fn ejected(&self) -> usize {
        self.outliers.as_ref().map_or(0, |outliers| outliers.ejected().count())
    }

    /// All hosts as they stand now.
    pub fn hosts(&self) -> impl Iterator<Item = HostState<'_>> {
        (0..self.roster.len() as u32).map(|host| {
            let outliers = self.outliers.as_deref();
            let config = self.roster.cluster.outlier.as_ref();
            let level = &self.pool.view.levels[self.roster.table.priority(host) as usize];
            HostState {
                id: HostId::new(host),
                endpoint: self.roster.table.endpoint(host),
                active: self.active(HostId::new(host)),
                ejected: outliers.is_some_and(|outliers| outliers.is_ejected(host)),
                returns_from: outliers.zip(config).and_then(|(o, c)| o.returns_from(host, c)),
                ejections: outliers.map_or(0, |outliers| outliers.ejections(host)),
                used: level.healthy.hosts.contains(&host),
            }
        })
    }

    /// Lets the workers know of changes, now or when their window ends.
    fn spread_word(&mut self, changes: &mut [HealthChange], now: SimTime) {
        let window = self.roster.cluster.balancing.update_merge_window;
        for change in changes.iter_mut().filter(|change| change.is_news()) {
            change.seen_from = self.deliveries.change(window, now);
        }
        if changes.iter().any(|change| change.is_news() && change.seen_from == now) {
            self.deliver(now);
        }
    }

    /// Gives the workers the view that the main thread has.
    fn deliver(&mut self, now: SimTime) {
        self.known_ejected.clear();
        self.known_ejected.extend(self.outliers.iter().flat_map(|outliers| outliers.ejected()));
        let view = if self.known_ejected.is_empty() {
            Arc::clone(&self.roster.view)
        } else {
            Arc::new(self.roster.maker(&self.known_ejected).make(|_| true))
        };
        self.pool.renew(view, now);
        self.subsets.renew(&self.roster, &self.known_ejected, now);
        self.deliveries.delivered(now);
        self.greet_newcomers(now);
    }

    /// Starts the slow start of hosts that are healthy for the first time.
    fn greet_newcomers(&mut self, now: SimTime) {
        if let (Some(newcomers), Some(slow)) = (&mut self.newcomers, self.roster.slow_start()) {
            let table = &self.roster.table;
            let healthy = |host: &u32| table.declared(*host) == Standing::Healthy;
            let outliers = self.outliers.as_deref();
            let ejected = |host: &u32| outliers.is_some_and(|outliers| outliers.is_ejected(*host));
            let hosts = (0..table.len() as u32).filter(healthy).filter(|host| !ejected(host));
            newcomers.see(hosts, slow, now);
        }
    }
}
