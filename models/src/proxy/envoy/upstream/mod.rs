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
mod share;
mod slow_start;
mod snapshot;
mod subset;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod workers;
mod zone;

use std::sync::Arc;

pub use breaker::{BreakerState, Breakers, Overflow, Resource, limit_set_by};
pub use context::{NoHost, PickContext};
pub use hosts::HostId;
pub use load::PriorityLoads;
pub use outlier::{Change, Detector, HealthChange, Spared, UpstreamResult};
pub use previous_priorities::PreviousPriorities;
pub use roster::Roster;
pub use snapshot::{Counters, HostState, LevelState, Watched};
pub use update::Moved;

use delivery::Deliveries;
use hosts::Standing;
use load::Spread;
use outlier::Outliers;
use pick::Desk;
use slow_start::Newcomers;
use subset::{Known, SubsetCrews};
use workers::Crew;

use super::config::{Cluster, Endpoint, LoadAssignment, Locality, RoutingPriority};
use super::{Dice, Purpose};
use crate::explain::{Explanation, Probe};
use crate::profile::EnvoyFacts;
use crate::units::SimTime;

/// The state of one cluster in one proxy.
#[derive(Clone, Debug)]
pub struct ClusterState {
    roster: Arc<Roster>,
    crew: Crew,
    /// Active requests by host; empty before the first.
    active: Vec<u32>,
    breakers: breaker::Counters,
    /// What most clusters never need; large worlds have many of them.
    rare: Option<Box<Rare>>,
}

/// What only some clusters need.
#[derive(Clone, Debug, Default)]
struct Rare {
    outliers: Option<Outliers>,
    newcomers: Option<Newcomers>,
    subsets: SubsetCrews,
    deliveries: Deliveries,
    /// The ejected hosts that the workers know of, sorted.
    known_ejected: Vec<u32>,
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
        let crew = Crew::new(Arc::clone(&roster.view), workers, dice.roll(Purpose::Balance), now);
        let cluster = &roster.cluster;
        let share = facts.ejection_share.value;
        let outliers = cluster.outlier.as_ref().map(|_| Outliers::new(roster.len(), share, now));
        let newcomers = roster.slow_start().map(|_| Newcomers::new(roster.len(), now));
        let rare = (outliers.is_some() || newcomers.is_some() || cluster.subsets.is_some())
            .then(|| Box::new(Rare { outliers, newcomers, ..Rare::default() }));
        let breakers = breaker::Counters::new(cluster);
        let mut state = Self { roster, crew, active: Vec::new(), breakers, rare };
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
        let Self { roster, crew, active, rare, .. } = self;
        let Some(special) = rare.as_deref_mut() else {
            let mut desk = Desk { roster, active, newcomers: None, now, panics: 0 };
            let picked = desk.choose(crew, worker, context, dice, probe);
            if desk.panics > 0 {
                rare.get_or_insert_default().counters.healthy_panic += desk.panics;
            }
            return picked.map(HostId::new);
        };
        let newcomers = special.newcomers.as_ref();
        let mut desk = Desk { roster, active, newcomers, now, panics: 0 };
        let crew = match &roster.cluster.subsets {
            None => crew,
            Some(config) => {
                let known = Known { roster, ejected: &special.known_ejected, crew };
                special.subsets.find(config, context.subset, &known, probe)?
            }
        };
        let picked = desk.choose(crew, worker, context, dice, probe);
        special.counters.healthy_panic += desk.panics;
        picked.map(HostId::new)
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
        let Some(rare) = &mut self.rare else {
            return Vec::new();
        };
        let (Some(outliers), Some(config)) = (&mut rare.outliers, &self.roster.cluster.outlier)
        else {
            return Vec::new();
        };
        let mut changes =
            outliers.report(host.raw(), result, config, &mut rare.counters, now, dice);
        self.spread_word(&mut changes, now);
        changes
    }

    /// When [`ClusterState::advance`] has something to do next.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        let rare = self.rare.as_ref()?;
        let sweep = rare.outliers.as_ref().and_then(|outliers| outliers.next_sweep());
        rare.deliveries.due().into_iter().chain(sweep).min()
    }

    /// Does what is due by `now`: sweeps of outlier detection, and news for the workers.
    pub fn advance(&mut self, now: SimTime, dice: &mut impl Dice) -> Vec<HealthChange> {
        let mut all = Vec::new();
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            let Some(rare) = &mut self.rare else {
                break;
            };
            if rare.deliveries.due() == Some(due) {
                self.deliver(&[], due);
                continue;
            }
            let (Some(outliers), Some(config)) = (&mut rare.outliers, &self.roster.cluster.outlier)
            else {
                break;
            };
            let mut changes = outliers.sweep(config, &mut rare.counters, due, dice);
            self.spread_word(&mut changes, due);
            all.append(&mut changes);
        }
        all
    }

    /// The breakers of routes with this priority.
    pub fn breakers(&mut self, priority: RoutingPriority) -> Breakers<'_> {
        self.breakers.lend(&self.roster.cluster, priority)
    }

    /// How full the breakers of routes with this priority are.
    #[must_use]
    pub fn breaker_states(&self, priority: RoutingPriority) -> [BreakerState; 4] {
        breaker::show(&self.breakers, &self.roster.cluster, priority)
    }

    /// The hosts of each priority as the workers see them, the first priority first.
    pub fn levels(&self) -> impl Iterator<Item = LevelState> {
        let spread = self.spread();
        self.crew.view.levels.iter().enumerate().map(|(at, level)| {
            let count = level.count();
            LevelState {
                hosts: count.hosts,
                healthy: count.healthy,
                degraded: count.degraded,
                load_percent: [&spread.loads.healthy, &spread.loads.degraded]
                    .map(|loads| loads.get(at).copied().unwrap_or(0))
                    .iter()
                    .sum(),
                panics: spread.panic.get(at).copied().unwrap_or(false),
            }
        })
    }

    /// When outlier detection looks at all hosts next; `None` while it would change nothing.
    #[must_use]
    pub fn next_sweep(&self) -> Option<SimTime> {
        self.outliers().and_then(Outliers::next_sweep)
    }

    /// How the workers spread the load over priorities.
    #[must_use]
    pub fn loads(&self) -> &PriorityLoads {
        &self.crew.view.spread.loads
    }

    fn spread(&self) -> &Spread {
        &self.crew.view.spread
    }

    /// What happened so often.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.rare.as_ref().map_or(&snapshot::NONE, |rare| &rare.counters)
    }

    fn outliers(&self) -> Option<&Outliers> {
        self.rare.as_ref().and_then(|rare| rare.outliers.as_ref())
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
        self.outliers().map_or(0, |outliers| outliers.ejected().count())
    }

    /// All hosts as they stand now.
    pub fn hosts(&self) -> impl Iterator<Item = HostState<'_>> {
        (0..self.roster.len() as u32).map(|host| {
            let outliers = self.outliers();
            let config = self.roster.cluster.outlier.as_ref();
            let level = &self.crew.view.levels[self.roster.table.priority(host) as usize];
            HostState {
                id: HostId::new(host),
                endpoint: self.roster.table.endpoint(host),
                active: self.active(HostId::new(host)),
                ejected: outliers.is_some_and(|outliers| outliers.is_ejected(host)),
                returns_from: outliers.zip(config).and_then(|(o, c)| o.returns_from(host, c)),
                ejections: outliers.map_or(0, |outliers| outliers.ejections(host)),
                used: level.healthy.hosts.contains(&host),
                watched: outliers.map(|outliers| outliers.watched(host)),
            }
        })
    }

    /// Lets the workers know of changes, now or when their window ends. Changes of one moment
    /// happen one after the other, so that the first may be known before the next.
    fn spread_word(&mut self, changes: &mut [HealthChange], now: SimTime) {
        let window = self.roster.cluster.balancing.update_merge_window;
        for at in 0..changes.len() {
            let Some(rare) = self.rare.as_mut().filter(|_| changes[at].is_news()) else {
                continue;
            };
            changes[at].seen_from = rare.deliveries.change(window, now);
            if changes[at].seen_from == now {
                self.deliver(&changes[at + 1..], now);
            }
        }
    }

    /// Gives the workers the view that the main thread had before `later` happened.
    fn deliver(&mut self, later: &[HealthChange], now: SimTime) {
        let rare = self.rare.get_or_insert_default();
        rare.known_ejected.clear();
        rare.known_ejected.extend(rare.outliers.iter().flat_map(|outliers| outliers.ejected()));
        for change in later {
            change.undo(&mut rare.known_ejected);
        }
        let view = if rare.known_ejected.is_empty() {
            Arc::clone(&self.roster.view)
        } else {
            Arc::new(self.roster.maker(&rare.known_ejected).make(|_| true))
        };
        self.crew.renew(view, now);
        rare.subsets.renew(&self.roster, &rare.known_ejected, now);
        rare.deliveries.delivered(now);
        self.greet_newcomers(now);
    }

    /// Starts the slow start of hosts that are healthy for the first time.
    fn greet_newcomers(&mut self, now: SimTime) {
        let (Some(rare), Some(slow)) = (&mut self.rare, self.roster.slow_start()) else {
            return;
        };
        if let Some(newcomers) = &mut rare.newcomers {
            let table = &self.roster.table;
            let healthy = |host: &u32| table.declared(*host) == Standing::Healthy;
            let ejected = |host: &u32| rare.outliers.as_ref().is_some_and(|o| o.is_ejected(*host));
            let hosts = (0..table.len() as u32).filter(healthy).filter(|host| !ejected(host));
            newcomers.see(hosts, slow, now);
        }
    }
}
