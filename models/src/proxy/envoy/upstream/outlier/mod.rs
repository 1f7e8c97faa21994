//! Outlier detection: which hosts are ejected because of what was seen of them, and when they
//! come back. It tells its decisions as [`HealthChange`]; when workers learn of them is
//! `delivery`'s business.
//!
//! Source: Envoy, `outlier_detection_impl.cc`.

mod change;
mod explain;
mod monitor;
mod sweep;
#[cfg(test)]
mod tests;

pub use change::{Change, Detector, HealthChange, Spared};
pub(super) use explain::explain;
pub use monitor::UpstreamResult;

use monitor::Monitor;

use super::super::config::OutlierDetection;
use super::super::{Dice, Purpose};
use super::update::carried;
use super::{Counters, HostId, Watched};
use crate::profile::EjectionShare;
use crate::units::{SimDuration, SimTime};

const NS_PER_MS: u64 = 1_000_000;

/// What outlier detection knows of the hosts of one cluster in one proxy.
#[derive(Clone, Debug)]
pub(super) struct Outliers {
    monitors: Vec<Monitor>,
    /// How many are ejected now.
    ejected: u32,
    share: EjectionShare,
    /// When the sweeps began to be counted.
    started: SimTime,
    /// The next sweep that matters; none while there is nothing that a sweep would change.
    next_sweep: Option<SimTime>,
}

/// What the detection is about to do for one host.
struct Finding {
    host: u32,
    by: Detector,
    /// The share of successes that was measured and the one below which a host is an outlier, in
    /// percent.
    rates: Option<(f64, f64)>,
}

impl Outliers {
    pub(super) fn new(hosts: usize, share: EjectionShare, now: SimTime) -> Self {
        Self {
            monitors: vec![Monitor::default(); hosts],
            ejected: 0,
            share,
            started: now,
            next_sweep: None,
        }
    }

    /// The hosts changed, and are `len` now.
    pub(super) fn carry(&mut self, moved: &[Option<HostId>], len: usize) {
        self.monitors = carried(&self.monitors, moved, len);
        self.ejected = self.monitors.iter().filter(|monitor| monitor.ejected).count() as u32;
    }

    pub(super) fn is_ejected(&self, host: u32) -> bool {
        self.monitors[host as usize].ejected
    }

    /// The ejected hosts, in order.
    pub(super) fn ejected(&self) -> impl Iterator<Item = u32> {
        (0..self.monitors.len() as u32).filter(|&host| self.is_ejected(host))
    }

    /// From when on a sweep brings the host back.
    pub(super) fn returns_from(&self, host: u32, config: &OutlierDetection) -> Option<SimTime> {
        let monitor = &self.monitors[host as usize];
        monitor.ejected.then(|| monitor.ejected_at + monitor.time_out(config))
    }

    /// How often the host was ejected.
    pub(super) fn ejections(&self, host: u32) -> u32 {
        self.monitors[host as usize].ejections
    }

    /// What is counted of the host.
    pub(super) fn watched(&self, host: u32) -> Watched {
        self.monitors[host as usize].watched()
    }

    pub(super) fn next_sweep(&self) -> Option<SimTime> {
        self.next_sweep
    }

    /// Takes note of how a request to `host` went.
    pub(super) fn report(
        &mut self,
        host: u32,
        result: UpstreamResult,
        config: &OutlierDetection,
        counters: &mut Counters,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> Vec<HealthChange> {
        let mut changes = Vec::new();
        let split = config.split_local_origin;
        for (origin, status) in result.effects(split) {
            let monitor = &mut self.monitors[host as usize];
            let reached = monitor.note(origin, status, config);
            for by in reached.into_iter().flatten() {
                self.on_consecutive(host, by, config, counters, now, dice, &mut changes);
            }
        }
        self.plan_sweep(host, config, now);
        changes
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one decision, named one by one")]
    fn on_consecutive(
        &mut self,
        host: u32,
        by: Detector,
        config: &OutlierDetection,
        counters: &mut Counters,
        now: SimTime,
        dice: &mut impl Dice,
        changes: &mut Vec<HealthChange>,
    ) {
        if self.is_ejected(host) {
            return;
        }
        let finding = Finding { host, by, rates: None };
        changes.push(self.detected(&finding, config, counters, now, dice));
        self.monitors[host as usize].restart(by);
    }

    /// Ejects the host, unless the limit or the share of enforcement spares it.
    fn detected(
        &mut self,
        finding: &Finding,
        config: &OutlierDetection,
        counters: &mut Counters,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> HealthChange {
        let by = finding.by;
        *counters.detected.entry(by).or_default() += 1;
        let change = if !self.may_eject_another(config) {
            counters.ejections_overflow += 1;
            Change::Spared { by, why: Spared::Limit }
        } else if !enforced(by.enforcing(config), dice) {
            Change::Spared { by, why: Spared::NotEnforced }
        } else {
            *counters.enforced.entry(by).or_default() += 1;
            self.ejected += 1;
            let monitor = &mut self.monitors[finding.host as usize];
            monitor.eject(config, now, jitter(config, dice));
            Change::Ejected { by, returns_from: now + monitor.time_out(config) }
        };
        HealthChange {
            host: HostId::new(finding.host),
            at: now,
            change,
            ejected: self.ejected,
            hosts: self.monitors.len() as u32,
            rates: finding.rates,
            seen_from: now,
        }
    }

    /// Whether the greatest share of ejected hosts leaves room for one more.
    fn may_eject_another(&self, config: &OutlierDetection) -> bool {
        let counted = match self.share {
            EjectionShare::BeforeEjection => self.ejected,
            EjectionShare::AfterEjection => self.ejected + 1,
        };
        let percent = 100.0 * f64::from(counted) / self.monitors.len() as f64;
        let limit = config.max_ejection_share.as_percent_f64().min(100.0);
        let room = match self.share {
            EjectionShare::BeforeEjection => percent < limit,
            EjectionShare::AfterEjection => percent <= limit,
        };
        room || (config.always_eject_one && self.ejected == 0)
    }

    /// Arms the next sweep if there is anything that it would change. Sweeps keep their rhythm,
    /// also when some are left out.
    fn plan_sweep(&mut self, host: u32, config: &OutlierDetection, now: SimTime) {
        if self.next_sweep.is_none() && self.monitors[host as usize].needs_sweep() {
            let interval = interval(config);
            let passed = (now - self.started).as_ns() / interval.as_ns();
            let next = interval.as_ns().saturating_mul(passed + 1);
            self.next_sweep = Some(self.started + SimDuration::from_ns(next));
        }
    }
}

/// Between sweeps; the proxy counts in whole milliseconds and refuses zero.
fn interval(config: &OutlierDetection) -> SimDuration {
    SimDuration::from_ns(config.interval.as_ns().max(NS_PER_MS))
}

fn enforced(percent: u32, dice: &mut impl Dice) -> bool {
    match percent {
        0 => false,
        100.. => true,
        _ => dice.roll(Purpose::Ejection) % 100 < u64::from(percent),
    }
}

fn jitter(config: &OutlierDetection, dice: &mut impl Dice) -> SimDuration {
    let most = config.max_ejection_jitter.as_ns() / NS_PER_MS;
    if most == 0 {
        return SimDuration::ZERO;
    }
    SimDuration::from_ns(dice.roll(Purpose::Ejection) % (most + 1) * NS_PER_MS)
}
