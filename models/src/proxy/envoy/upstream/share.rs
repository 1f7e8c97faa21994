//! Which share of a cluster's requests each host gets in the long run, as long as all hosts answer
//! alike. Nothing is chosen here; the same views are read that choices are made of.

use std::collections::BTreeMap;

use super::super::config::{LoadBalancer, LocalityMode};
use super::hashing::Table;
use super::load::Tier;
use super::roster::Roster;
use super::subset;
use super::view::{Group, LevelView, LocalityView, View};
use super::zone::ZoneRouting;
use super::{ClusterState, NoHost};

/// Hosts with a share each, or localities.
type Shares = Vec<(u32, f64)>;

impl Roster {
    /// The share of each host in the order of their ids, as long as none is ejected, of requests
    /// that ask for `labels`. Together they are one, or less if some requests find no host.
    ///
    /// # Errors
    /// When no host has the labels, and there is no fallback.
    pub fn shares(&self, labels: Option<&BTreeMap<String, String>>) -> Result<Vec<f64>, NoHost> {
        let Some(config) = &self.cluster.subsets else {
            return Ok(self.shares_of(&self.view));
        };
        Ok(self.shares_of(&subset::view(self, config, labels, &[])?))
    }

    fn shares_of(&self, view: &View) -> Vec<f64> {
        let mut shares = vec![0.0; self.len()];
        let loads = &view.spread.loads;
        for (tier, loads) in [(Tier::Healthy, &loads.healthy), (Tier::Degraded, &loads.degraded)] {
            for (priority, &load) in loads.iter().enumerate().filter(|(_, load)| **load > 0) {
                for (host, share) in self.shares_at(view, priority, tier) {
                    shares[host as usize] += share * f64::from(load) / 100.0;
                }
            }
        }
        shares
    }

    fn shares_at(&self, view: &View, priority: usize, tier: Tier) -> Shares {
        if let Some(table) = view.tables.get(priority) {
            return shares_of_table(table);
        }
        let level = &view.levels[priority];
        if view.spread.panic[priority] {
            let fails = self.cluster.balancing.fail_traffic_on_panic;
            return if fails { Vec::new() } else { self.shares_in(&level.all) };
        }
        let group = match tier {
            Tier::Healthy => &level.healthy,
            Tier::Degraded => &level.degraded,
        };
        let together = self.shares_in(group);
        let (zones, apart) = match &self.cluster.balancing.locality {
            LocalityMode::Unaware => return together,
            LocalityMode::Weighted => (self.weighted(level, tier), 1.0),
            LocalityMode::ZoneAware(_) if priority > 0 => return together,
            LocalityMode::ZoneAware(config) => {
                (zones(&view.zones), config.enabled.as_percent_f64().min(100.0) / 100.0)
            }
        };
        if zones.is_empty() {
            return together;
        }
        let in_zones = zones.into_iter().flat_map(|(at, part)| {
            let hosts = self.shares_in(eligible(&level.localities[at as usize], tier));
            hosts.into_iter().map(move |(host, share)| (host, share * part * apart))
        });
        let rest = together.into_iter().map(|(host, share)| (host, share * (1.0 - apart)));
        in_zones.chain(rest).collect()
    }

    /// By weight, which the random balancer does not look at.
    fn shares_in(&self, group: &Group) -> Shares {
        let random = self.cluster.balancer.value == LoadBalancer::Random;
        let weight = |host| if random { 1.0 } else { f64::from(self.table.weight(host)) };
        normalised(group.hosts.iter().map(|&host| (host, weight(host))).collect())
    }

    fn weighted(&self, level: &LevelView, tier: Tier) -> Shares {
        let weight = |locality| self.locality_weight(locality, tier);
        normalised((0..).zip(level.localities.iter().map(weight)).collect())
    }

    /// The weight of a locality, lowered if too few of its hosts are of `tier`. Source: Envoy,
    /// `effectiveLocalityWeight` in `locality_wrr.cc`.
    pub(super) fn locality_weight(&self, locality: &LocalityView, tier: Tier) -> f64 {
        let whole = locality.all.hosts.len() as u32 - locality.excluded;
        if whole == 0 {
            return 0.0;
        }
        let share = eligible(locality, tier).hosts.len() as f64 / f64::from(whole);
        let factor = f64::from(self.factors.overprovisioning) / 100.0;
        f64::from(locality.weight) * (factor * share).min(1.0)
    }
}

impl ClusterState {
    /// As [`Roster::shares`], as the workers see the hosts now.
    ///
    /// # Errors
    /// When no host has the labels, and there is no fallback.
    pub fn shares(&self, labels: Option<&BTreeMap<String, String>>) -> Result<Vec<f64>, NoHost> {
        let Some(config) = &self.roster.cluster.subsets else {
            return Ok(self.roster.shares_of(&self.crew.view));
        };
        let ejected = self.rare.as_ref().map_or([].as_slice(), |rare| &rare.known_ejected);
        Ok(self.roster.shares_of(&subset::view(&self.roster, config, labels, ejected)?))
    }
}

fn eligible(locality: &LocalityView, tier: Tier) -> &Group {
    match tier {
        Tier::Healthy => &locality.healthy,
        Tier::Degraded => &locality.degraded,
    }
}

/// All shares over their sum; nothing if that is zero.
fn normalised(mut shares: Shares) -> Shares {
    let sum: f64 = shares.iter().map(|&(_, share)| share).sum();
    shares.retain(|&(_, share)| share > 0.0);
    shares.iter_mut().for_each(|(_, share)| *share /= sum);
    shares
}

fn zones(routing: &ZoneRouting) -> Shares {
    match routing {
        ZoneRouting::Off => Vec::new(),
        ZoneRouting::Direct => vec![(0, 1.0)],
        ZoneRouting::Residual { to_local, spare } => {
            let local = *to_local as f64 / 10_000.0;
            let before = std::iter::once(&0).chain(spare);
            let parts = spare.iter().zip(before).map(|(sum, before)| (sum - before) as f64);
            let mut parts = normalised((0..).zip(parts).collect());
            if parts.is_empty() {
                // No zone has anything to spare: rounding only, and any zone will do.
                parts = normalised((0..spare.len() as u32).map(|at| (at, 1.0)).collect());
            }
            parts.iter_mut().for_each(|(_, part)| *part *= 1.0 - local);
            parts.push((0, local));
            parts
        }
    }
}

/// By what part of all hashes belongs to each.
fn shares_of_table(table: &Table) -> Shares {
    const HASHES: f64 = 18_446_744_073_709_551_616.0;
    match table {
        Table::Maglev(entries) => {
            entries.iter().map(|&host| (host, 1.0 / entries.len() as f64)).collect()
        }
        Table::Ring(ring) => {
            let Some(&(last, _)) = ring.last() else {
                return Vec::new();
            };
            // The first entry also takes the hashes behind the last one.
            let before = std::iter::once(last).chain(ring.iter().map(|&(hash, _)| hash));
            let arc = |hash: u64, before: u64| hash.wrapping_sub(before) as f64 / HASHES;
            let arcs = ring.iter().zip(before);
            let shares: Shares =
                arcs.map(|(&(hash, host), before)| (host, arc(hash, before))).collect();
            if let [(host, _)] = *shares { vec![(host, 1.0)] } else { shares }
        }
    }
}
