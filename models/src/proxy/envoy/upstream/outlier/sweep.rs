//! The sweep at the end of each interval: hosts come back, success rates are judged, and the
//! multiplier of quiet hosts falls.

use super::monitor::{Origin, Rate};
use super::{Change, Detector, Finding, HealthChange, Monitor, Outliers, interval};
use crate::units::SimTime;

use super::super::super::Dice;
use super::super::super::config::OutlierDetection;
use super::super::{Counters, HostId};

impl Outliers {
    /// One sweep. Source: Envoy, `DetectorImpl::onIntervalTimer`.
    pub(crate) fn sweep(
        &mut self,
        config: &OutlierDetection,
        counters: &mut Counters,
        now: SimTime,
        dice: &mut impl Dice,
    ) -> Vec<HealthChange> {
        let mut changes = Vec::new();
        for host in 0..self.monitors.len() {
            changes.extend(self.bring_back(host, config, now));
            let monitor = &mut self.monitors[host];
            monitor.external.turn();
            monitor.local.turn();
        }
        for origin in [Origin::External, Origin::Local] {
            for finding in self.judge_rates(origin, config) {
                // A host that its success rate ejected is not ejected again for its failures.
                if self.is_ejected(finding.host) {
                    *counters.detected.entry(finding.by).or_default() += 1;
                } else {
                    changes.push(self.detected(&finding, config, counters, now, dice));
                }
            }
        }
        for monitor in self.monitors.iter_mut().filter(|monitor| !monitor.ejected) {
            if monitor.returned_at.is_some_and(|at| now - at >= interval(config)) {
                monitor.backoff = monitor.backoff.saturating_sub(1);
            }
        }
        let again = self.monitors.iter().any(Monitor::needs_sweep);
        self.next_sweep = again.then(|| now + interval(config));
        changes
    }

    fn bring_back(
        &mut self,
        host: usize,
        config: &OutlierDetection,
        now: SimTime,
    ) -> Option<HealthChange> {
        let hosts = self.monitors.len() as u32;
        let monitor = &mut self.monitors[host];
        let out = now - monitor.ejected_at;
        if !monitor.ejected || out < monitor.time_out(config) {
            return None;
        }
        monitor.bring_back(now);
        self.ejected -= 1;
        Some(HealthChange {
            host: HostId::new(host as u32),
            at: now,
            change: Change::Returned { after: out },
            ejected: self.ejected,
            hosts,
            rates: None,
            seen_from: now,
        })
    }

    /// Source: Envoy, `DetectorImpl::processSuccessRateEjections`.
    fn judge_rates(&self, origin: Origin, config: &OutlierDetection) -> Vec<Finding> {
        let rate = |monitor: &Monitor| -> Rate {
            match origin {
                Origin::External => monitor.external,
                Origin::Local => monitor.local,
            }
        };
        let (by_rate, by_failures) = match origin {
            Origin::External => (Detector::SuccessRate, Detector::FailurePercentage),
            Origin::Local => {
                (Detector::LocalOriginSuccessRate, Detector::LocalOriginFailurePercentage)
            }
        };
        let judged = |volume: u32| -> Vec<(u32, f64)> {
            (0u32..)
                .zip(&self.monitors)
                .filter(|(_, monitor)| !monitor.ejected)
                .map(|(host, monitor)| (host, rate(monitor).last))
                .filter(|(_, last)| last.total > 0 && last.total >= volume)
                .map(|(host, last)| (host, f64::from(last.good) * 100.0 / f64::from(last.total)))
                .collect()
        };
        let mut findings = Vec::new();
        let hosts = judged(config.success_rate_request_volume);
        if !hosts.is_empty() && hosts.len() >= config.success_rate_min_hosts as usize {
            let threshold = threshold(&hosts, config.success_rate_stdev_factor);
            findings.extend(hosts.iter().filter(|(_, rate)| *rate < threshold).map(
                |&(host, rate)| Finding { host, by: by_rate, rates: Some((rate, threshold)) },
            ));
        }
        let hosts = judged(config.failure_percentage_request_volume);
        if !hosts.is_empty() && hosts.len() >= config.failure_percentage_min_hosts as usize {
            let most = f64::from(config.failure_percentage_threshold);
            findings.extend(hosts.iter().filter(|(_, rate)| 100.0 - rate >= most).map(
                |&(host, rate)| Finding {
                    host,
                    by: by_failures,
                    rates: Some((rate, 100.0 - most)),
                },
            ));
        }
        findings
    }
}

/// The mean less some standard deviations.
fn threshold(hosts: &[(u32, f64)], thousandths: u32) -> f64 {
    let count = hosts.len() as f64;
    let mean = hosts.iter().map(|(_, rate)| rate).sum::<f64>() / count;
    let variance = hosts.iter().map(|(_, rate)| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    mean - f64::from(thousandths) / 1000.0 * libm::sqrt(variance)
}
