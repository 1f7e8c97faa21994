//! Clusters in callers' proxies: breakers, hosts with what outlier detection counts of them, and
//! how the load is spread.

use meshwalk_models::proxy::envoy::config::{DeclaredHealth, RoutingPriority};
use meshwalk_models::proxy::envoy::upstream::{BreakerState, LevelState, Watched};
use meshwalk_models::units::SimTime;

use crate::flow::engine::Engine;
use crate::flow::plan::{OutlierWatch, Picks};
use crate::flow::state::NONE;
use crate::log::Recorder;

/// A cluster in the proxy of a caller.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterState {
    /// The how-manieth that was used.
    pub cluster: u32,
    /// The row of the pod whose proxy has it.
    pub client: u32,
    /// The row of the plan's clusters.
    pub plan: u32,
    /// How often a host is picked.
    pub picks: Picks,
    /// Its breakers for ordinary priority, in the order connections, pending, requests, retries.
    pub breakers: [BreakerState; 4],
    /// Its hosts, in the order of the load assignment.
    pub hosts: Vec<HostState>,
    /// Its priorities, the first one first.
    pub levels: Vec<LevelState>,
    /// Whether hosts that fail are ejected.
    pub outlier: OutlierWatch,
    /// When outlier detection looks at all hosts next; `None` while it would change nothing.
    pub next_sweep: Option<SimTime>,
    /// Counters of outlier detection and panic that are not zero, under Envoy's names.
    pub counters: Vec<(&'static str, u64)>,
    /// The rows of its pools, first and count, for exclusive and for shared connections.
    pub pools: [Option<(u32, u32)>; 2],
}

/// A host of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct HostState {
    /// The row of its pod.
    pub pod: u32,
    /// Its port.
    pub port: u16,
    /// Requests under way to it; connections where those are balanced.
    pub active: u32,
    /// Whether it gets requests.
    pub health: Health,
    /// Whether the workers count it as healthy: they learn of an ejection a little later.
    pub used: Used,
    /// How often it was ejected.
    pub ejections: u32,
    /// What outlier detection counts of it; `None` without.
    pub watched: Option<Watched>,
}

/// Whether a host gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Healthy,
    /// Outlier detection has ejected it; the first sweep from this time on brings it back.
    Ejected(SimTime),
    /// The control plane says in this word that it is not well.
    Declared(&'static str),
}

/// Whether the workers of a proxy count a host as healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// They do.
    Yes,
    /// They do not.
    No,
}

impl Health {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Ejected(_) => "ejected",
            Self::Declared(word) => word,
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn cluster_state(&self, slot: u32) -> Option<ClusterState> {
        let own = self.clusters.get(slot)?;
        let plan = self.plan.mesh.clusters.get(own.row as usize)?;
        let state = &own.state;
        // Without growing: a capture asks for tens of thousands.
        let mut hosts = Vec::with_capacity(plan.hosts.len());
        hosts.extend(state.hosts().map(|host| {
            let place = host.id.index();
            HostState {
                pod: plan.hosts.get(place).copied().unwrap_or(NONE),
                port: plan.ports.get(place).copied().unwrap_or(0),
                active: host.active,
                health: match (host.returns_from.filter(|_| host.ejected), host.endpoint.health) {
                    (Some(until), _) => Health::Ejected(until),
                    (None, DeclaredHealth::Unknown | DeclaredHealth::Healthy) => Health::Healthy,
                    (None, DeclaredHealth::Unhealthy | DeclaredHealth::Timeout) => {
                        Health::Declared("unhealthy")
                    }
                    (None, DeclaredHealth::Draining) => Health::Declared("draining"),
                    (None, DeclaredHealth::Degraded) => Health::Declared("degraded"),
                },
                used: if host.used { Used::Yes } else { Used::No },
                ejections: host.ejections,
                watched: host.watched.filter(|_| plan.outlier == OutlierWatch::On),
            }
        }));
        let count = match plan.picks {
            Picks::PerRequest => plan.hosts.len() as u32,
            Picks::PerConnection => 1,
        };
        Some(ClusterState {
            cluster: slot,
            client: own.client,
            plan: own.row,
            picks: plan.picks,
            breakers: state.breaker_states(RoutingPriority::Default),
            hosts,
            levels: state.levels().collect(),
            outlier: plan.outlier,
            next_sweep: state.next_sweep(),
            counters: state.counters().named(),
            pools: own.pools.map(|first| (first != NONE).then_some((first, count))),
        })
    }

    /// The clusters in the proxy of a pod that were used so far.
    #[must_use]
    pub fn clusters_of(&self, client: u32) -> Vec<u32> {
        let own = |slot: &u32| self.clusters[*slot].client == client;
        (0..self.clusters.len() as u32).filter(own).collect()
    }
}
