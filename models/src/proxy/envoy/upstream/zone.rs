//! Zone-aware routing: how much of a proxy's load stays in its own zone, and where the rest goes.
//!
//! Source: Envoy, `regenerateLocalityRoutingStructures` and `tryChooseLocalLocalityHosts` in
//! `load_balancer_impl.cc`. Shares are counted in hundredths of a percent, as there.

use std::collections::BTreeMap;

use super::super::config::{Locality, ZoneAware};
use super::super::{Dice, Purpose};
use super::hosts::Level;
use super::view::LevelView;
use crate::units::Ppm;

const WHOLE: u64 = 10_000;

/// Where the proxies of the local cluster run, and this one among them.
#[derive(Clone, Debug, Default)]
pub(super) struct LocalCluster {
    pub(super) own: Locality,
    /// Proxies by locality.
    pub(super) proxies: BTreeMap<Locality, u32>,
}

/// How one proxy routes by zone at the first priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ZoneRouting {
    /// Zones are not looked at.
    Off,
    /// All requests stay in the own zone.
    Direct,
    /// Some stay; the others follow what the other zones have to spare.
    Residual {
        /// How many stay, in hundredths of a percent.
        to_local: u64,
        /// What zones have to spare, each added to those before it.
        spare: Vec<u64>,
    },
}

impl ZoneRouting {
    /// The routing at `level`, as `view` has it.
    pub(super) fn of(
        config: &ZoneAware,
        local: &LocalCluster,
        level: &Level,
        view: &LevelView,
    ) -> Self {
        let proxies: u64 = local.proxies.values().copied().map(u64::from).sum();
        let zones_of_proxies = local.proxies.values().filter(|&&count| count > 0).count();
        let beside_us = local.proxies.get(&local.own).copied().unwrap_or(0);
        let healthy = view.healthy.hosts.len() as u64;
        let pointless = view.localities.len() < 2
            || zones_of_proxies < 2
            || beside_us == 0
            || healthy < config.min_cluster_size;
        if pointless {
            return Self::Off;
        }
        // Our share of the proxies and of the hosts, zone by zone.
        let shares: Vec<(u64, u64)> = level
            .localities
            .iter()
            .zip(&view.localities)
            .map(|(zone, view)| {
                let hosts = view.healthy.hosts.len() as u64;
                if hosts == 0 {
                    return (0, 0);
                }
                let ours = local.proxies.get(&zone.locality).copied().unwrap_or(0);
                (WHOLE * u64::from(ours) / proxies, WHOLE * hosts / healthy.max(1))
            })
            .collect();
        let (ours, theirs) = shares[0];
        if level.has_local && theirs > 0 && theirs >= ours {
            return Self::Direct;
        }
        let to_local = if level.has_local && ours > 0 { theirs * WHOLE / ours } else { 0 };
        let mut sum = 0;
        let spare = shares.iter().enumerate().map(|(at, &(ours, theirs))| {
            if at > 0 || !level.has_local {
                sum += theirs.saturating_sub(ours);
            }
            sum
        });
        Self::Residual { to_local, spare: spare.collect() }
    }

    /// The number of the zone for one request; `None` if zones are not looked at.
    pub(super) fn choose(&self, config: &ZoneAware, dice: &mut impl Dice) -> Option<u32> {
        if *self == Self::Off || !happens(config.enabled, dice) {
            return None;
        }
        let Self::Residual { to_local, spare } = self else {
            return Some(0);
        };
        if dice.roll(Purpose::Balance) % WHOLE < *to_local {
            return Some(0);
        }
        let draw = dice.roll(Purpose::Balance);
        let at = match spare.last() {
            None | Some(0) => draw % (spare.len() as u64).max(1),
            Some(all) => spare.partition_point(|&sum| sum <= draw % all) as u64,
        };
        Some(at as u32)
    }
}

/// Whether a share of the requests, rolled in whole percent, has this one.
fn happens(share: Ppm, dice: &mut impl Dice) -> bool {
    let percent = u64::from((share.as_ppm() + 5_000) / 10_000);
    percent >= 100 || (percent > 0 && dice.roll(Purpose::Balance) % 100 < percent)
}
