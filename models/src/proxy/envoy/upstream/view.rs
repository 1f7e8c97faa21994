//! What the workers of a proxy know of a cluster's hosts: who is healthy, in which locality, and
//! how the load is spread. A view never changes; news make a new one.

use std::sync::Arc;

use super::super::config::{LeastRequest, LoadBalancer, ZoneAware};
use super::hashing::Table;
use super::hosts::{HostTable, Level, Standing};
use super::load::{Factors, LevelCount, Spread};
use super::zone::{LocalCluster, ZoneRouting};

/// Hosts among which one balancer chooses.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub hosts: Arc<[u32]>,
    /// Whether all weigh the same.
    pub even: bool,
}

impl Group {
    fn new(hosts: Vec<u32>, table: &HostTable) -> Self {
        let even = hosts.windows(2).all(|pair| table.weight(pair[0]) == table.weight(pair[1]));
        Self { hosts: hosts.into(), even }
    }
}

/// The hosts of one locality at one priority.
#[derive(Clone, Debug)]
pub(super) struct LocalityView {
    pub all: Group,
    pub excluded: u32,
    pub weight: u32,
    pub healthy: Group,
    pub degraded: Group,
}

/// The hosts of one priority.
#[derive(Clone, Debug)]
pub(super) struct LevelView {
    pub all: Group,
    pub healthy: Group,
    pub degraded: Group,
    pub excluded: u32,
    /// In the order of [`Level::localities`]; empty where the cluster does not tell them apart.
    pub localities: Vec<LocalityView>,
}

impl LevelView {
    pub(super) fn count(&self) -> LevelCount {
        LevelCount {
            hosts: self.all.hosts.len() as u32,
            excluded: self.excluded,
            healthy: self.healthy.hosts.len() as u32,
            degraded: self.degraded.hosts.len() as u32,
        }
    }
}

/// Whether a view tells localities apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Localities {
    Together,
    Apart,
}

/// What shares of a hashing balancer follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// The hosts' weights alone.
    Hosts,
    /// The localities' weights, and within each the hosts'.
    Localities,
}

/// What the workers know.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub levels: Vec<LevelView>,
    pub spread: Spread,
    /// For balancers that choose by hash: a table a priority.
    pub tables: Vec<Table>,
    /// How the first priority is routed by zone; other priorities never are.
    pub zones: ZoneRouting,
    /// How many hosts there are, if all of them are alike and the less busy of two takes a
    /// request; otherwise zero. Nearly all clusters of Istio are so.
    pub two_of: u32,
}

/// How a view is made.
pub(super) struct ViewMaker<'a> {
    pub balancer: &'a LoadBalancer,
    pub weights: Weights,
    /// Routing by zone, if it is configured and the local cluster is known.
    pub zones: Option<(&'a ZoneAware, &'a LocalCluster)>,
    pub table: &'a HostTable,
    pub factors: Factors,
    pub localities: Localities,
    /// The ejected hosts, sorted.
    pub ejected: &'a [u32],
}

impl ViewMaker<'_> {
    /// The same for subsets, which do not look at the weights of localities
    /// (`locality_weight_aware` is off).
    pub(super) fn for_subset(self) -> Self {
        match self.weights {
            Weights::Hosts => self,
            Weights::Localities => {
                Self { weights: Weights::Hosts, localities: Localities::Together, ..self }
            }
        }
    }

    /// The view of the hosts that `member` accepts.
    pub(super) fn make(&self, member: impl Fn(u32) -> bool) -> View {
        let levels: Vec<_> =
            self.table.levels.iter().map(|level| self.level(level, &member)).collect();
        let counts: Vec<_> = levels.iter().map(LevelView::count).collect();
        let spread = Spread::of(&counts, self.factors);
        let tables = levels
            .iter()
            .zip(&spread.panic)
            .filter_map(|(level, &panic)| {
                Table::of(self.balancer, self.table, level, self.weights, panic)
            })
            .collect();
        let zones = self.zones.map_or(ZoneRouting::Off, |(config, local)| {
            ZoneRouting::of(config, local, &self.table.levels[0], &levels[0])
        });
        let two_of = self.two_of(&levels, &spread, &zones);
        View { levels, spread, tables, zones, two_of }
    }

    fn two_of(&self, levels: &[LevelView], spread: &Spread, zones: &ZoneRouting) -> u32 {
        let plain = matches!(
            self.balancer,
            LoadBalancer::LeastRequest(LeastRequest {
                choices: 2,
                full_scan: false,
                slow_start: None,
                ..
            })
        );
        let [level] = levels else {
            return 0;
        };
        let hosts = &level.healthy.hosts;
        let all = hosts.len() == self.table.len() && level.healthy.even;
        let anywhere = self.weights == Weights::Hosts && *zones == ZoneRouting::Off;
        if plain && all && anywhere && !spread.panic.contains(&true) {
            hosts.len() as u32
        } else {
            0
        }
    }

    pub(super) fn standing(&self, host: u32) -> Standing {
        match self.table.declared(host) {
            Standing::Healthy | Standing::Degraded if self.ejected.binary_search(&host).is_ok() => {
                Standing::Unhealthy
            }
            declared => declared,
        }
    }

    fn level(&self, level: &Level, member: &impl Fn(u32) -> bool) -> LevelView {
        let all: Vec<u32> = level.hosts.iter().copied().filter(|&host| member(host)).collect();
        let localities = match self.localities {
            Localities::Together => Vec::new(),
            Localities::Apart => level
                .localities
                .iter()
                .map(|locality| {
                    let members: Vec<u32> =
                        locality.hosts.iter().copied().filter(|&host| member(host)).collect();
                    LocalityView {
                        excluded: self.count(&members, Standing::Draining),
                        weight: locality.weight,
                        healthy: self.only(&members, Standing::Healthy),
                        degraded: self.only(&members, Standing::Degraded),
                        all: Group::new(members, self.table),
                    }
                })
                .collect(),
        };
        let healthy = self.only(&all, Standing::Healthy);
        let degraded = self.only(&all, Standing::Degraded);
        let excluded = self.count(&all, Standing::Draining);
        // Most of the time all hosts are healthy: one list serves for both.
        let all = if healthy.hosts.len() == all.len() {
            healthy.clone()
        } else {
            Group::new(all, self.table)
        };
        LevelView { all, healthy, degraded, excluded, localities }
    }

    fn only(&self, hosts: &[u32], wanted: Standing) -> Group {
        let kept = hosts.iter().copied().filter(|&host| self.standing(host) == wanted).collect();
        Group::new(kept, self.table)
    }

    fn count(&self, hosts: &[u32], wanted: Standing) -> u32 {
        hosts.iter().filter(|&&host| self.standing(host) == wanted).count() as u32
    }
}
