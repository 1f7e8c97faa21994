//! Slow start: a host that is new gets less than its weight at first. It knows when hosts came;
//! it balances nothing.
//!
//! Source: Envoy, `EdfLoadBalancerBase::applySlowStartFactor` and `recalculateHostsInSlowStart`.

use super::super::config::SlowStart;
use super::HostId;
use super::update::carried;
use crate::units::{SimDuration, SimTime};

const NS_PER_MS: u64 = 1_000_000;

/// When hosts became healthy for the first time. An ejection does not make a host new again.
#[derive(Clone, Debug)]
pub(super) struct Newcomers {
    since: Vec<Option<SimTime>>,
    /// When the newest of them came, or the cluster itself.
    latest: SimTime,
}

impl Newcomers {
    pub(super) fn new(hosts: usize, now: SimTime) -> Self {
        Self { since: vec![None; hosts], latest: now }
    }

    /// Notes hosts that are healthy; those that were so before keep their time.
    pub(super) fn see(
        &mut self,
        healthy: impl Iterator<Item = u32>,
        slow: &SlowStart,
        now: SimTime,
    ) {
        for host in healthy {
            let since = *self.since[host as usize].get_or_insert(now);
            if since > self.latest && whole_ms(now - since) <= whole_ms(slow.window.value) {
                self.latest = since;
            }
        }
    }

    /// The hosts changed, and are `len` now.
    pub(super) fn carry(&mut self, moved: &[Option<HostId>], len: usize) {
        self.since = carried(&self.since, moved, len);
    }

    /// Whether any host may still be new.
    pub(super) fn any(&self, slow: &SlowStart, now: SimTime) -> bool {
        whole_ms(now - self.latest) <= whole_ms(slow.window.value)
    }

    /// What `weight` is multiplied by.
    pub(super) fn factor(&self, host: u32, slow: &SlowStart, now: SimTime) -> f64 {
        let Some(since) = self.since[host as usize] else {
            return 1.0;
        };
        let (age, window) = (whole_ms(now - since), whole_ms(slow.window.value));
        if age >= window {
            return 1.0;
        }
        let time = age.max(1) as f64 / window as f64;
        let aggression = slow.aggression.as_percent_f64() / 100.0;
        let risen = if aggression == 1.0 || aggression <= 0.0 || time == 1.0 {
            time
        } else {
            libm::pow(time, 1.0 / aggression)
        };
        risen.max(slow.min_weight.as_percent_f64() / 100.0)
    }
}

fn whole_ms(span: SimDuration) -> u64 {
    span.as_ns() / NS_PER_MS
}
