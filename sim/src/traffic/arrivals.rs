//! Open-loop arrivals: constant gaps, and Poisson processes whose rate may change over time.
//!
//! A Poisson process with a changing rate is one with rate 1 on another clock: the clock of
//! expected arrivals. Each step draws how far that clock advances and finds the time at which it
//! has done so. One draw makes one arrival whatever the rate does, so two runs that are compared
//! under one seed stay in step. A rate of zero ends or interrupts the arrivals; it never loops.

use std::f64::consts::TAU;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::Draws;
use crate::scenario::file::Arrivals;

const NS_PER_S: f64 = 1e9;

/// The state of one source's arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivalProcess {
    shape: Shape,
    start: SimTime,
    stop: SimTime,
    /// Arrivals so far, which keep constant gaps from drifting.
    count: u64,
}

/// Rates per nanosecond, spans in nanoseconds, times from the start of the source.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Constant { rate: f64 },
    Poisson { rate: f64 },
    Ramp { from: f64, to: f64, over: f64 },
    Burst { base: f64, peak: f64, every: f64, lasts: f64 },
    Diurnal { mean: f64, swing: f64, period: f64 },
}

impl ArrivalProcess {
    /// Arrivals from `start` (included) to `stop` (excluded).
    #[must_use]
    pub fn new(arrivals: &Arrivals, start: SimTime, stop: SimTime) -> Self {
        let span = |span: SimDuration| span.as_ns() as f64;
        let shape = match arrivals {
            Arrivals::Constant { rate } => Shape::Constant { rate: rate.per_s() / NS_PER_S },
            Arrivals::Poisson { rate } => Shape::Poisson { rate: rate.per_s() / NS_PER_S },
            Arrivals::Ramp { from, to, over } => Shape::Ramp {
                from: from.per_s() / NS_PER_S,
                to: to.per_s() / NS_PER_S,
                over: span(*over),
            },
            Arrivals::Burst { base, peak, every, lasts } => Shape::Burst {
                base: base.per_s() / NS_PER_S,
                peak: peak.per_s() / NS_PER_S,
                every: span(*every),
                lasts: span(*lasts).min(span(*every)),
            },
            Arrivals::Diurnal { mean, peak, period } => Shape::Diurnal {
                mean: mean.per_s() / NS_PER_S,
                swing: (peak.per_s() - mean.per_s()) / NS_PER_S,
                period: span(*period),
            },
        };
        Self { shape, start, stop, count: 0 }
    }

    /// The arrival after the one at `now` (or, at first, after any time up to the start): never
    /// before `now`, and `None` when no further one comes before the end.
    pub fn next(&mut self, now: SimTime, draws: &mut impl Draws) -> Option<SimTime> {
        let now_ns = now.since(self.start).as_ns() as f64;
        let at_ns = match &self.shape {
            // Computed from the start, so that rounding does not add up.
            Shape::Constant { rate } => self.count as f64 / rate,
            shape => shape.after(now_ns, -libm::log(draws.uniform_open())),
        };
        // Overflow of the conversion lands at the end of time, beyond every `stop`.
        let at = (self.start + SimDuration::from_ns_f64(at_ns)).max(now);
        // The comparison also refuses the NaN and infinity that a rate of zero gives.
        if !at_ns.is_finite() || at >= self.stop {
            return None;
        }
        self.count += 1;
        Some(at)
    }
}

impl Shape {
    /// The time at which `expected` arrivals are to be expected after `now`; infinite when they
    /// never are.
    fn after(&self, now: f64, expected: f64) -> f64 {
        match *self {
            Self::Constant { rate } | Self::Poisson { rate } => now + expected / rate,
            Self::Ramp { from, to, over } => after_on_ramp(now, expected, from, to, over),
            Self::Burst { base, peak, every, lasts } => {
                let burst = Burst { base, peak, every, lasts };
                burst.time_of(burst.expected_until(now) + expected).max(now)
            }
            Self::Diurnal { mean, swing, period } => {
                let day = Day { mean, swing, period };
                day.time_of(day.expected_until(now) + expected).max(now)
            }
        }
    }
}

/// Solves the quadratic for a rate that changes evenly and then stays.
fn after_on_ramp(now: f64, expected: f64, from: f64, to: f64, over: f64) -> f64 {
    if now >= over {
        return now + expected / to;
    }
    let slope = (to - from) / over;
    let rate_now = from + slope * now;
    let rest = over - now;
    let until_end = (rate_now + to) / 2.0 * rest;
    if expected >= until_end {
        return over + (expected - until_end) / to;
    }
    // rate_now * t + slope / 2 * t² = expected, in the form that is stable for a slope near 0.
    let root = libm::sqrt((rate_now * rate_now + 2.0 * slope * expected).max(0.0));
    now + 2.0 * expected / (rate_now + root)
}

/// A rate that is higher at the beginning of each cycle.
struct Burst {
    base: f64,
    peak: f64,
    every: f64,
    lasts: f64,
}

impl Burst {
    fn expected_in_burst(&self) -> f64 {
        self.peak * self.lasts
    }

    fn expected_in_cycle(&self) -> f64 {
        self.expected_in_burst() + self.base * (self.every - self.lasts)
    }

    fn expected_until(&self, time: f64) -> f64 {
        let cycles = (time / self.every).floor();
        let into = time - cycles * self.every;
        let in_burst = into.min(self.lasts);
        cycles * self.expected_in_cycle() + self.peak * in_burst + self.base * (into - in_burst)
    }

    fn time_of(&self, expected: f64) -> f64 {
        let cycles = (expected / self.expected_in_cycle()).floor();
        let rest = expected - cycles * self.expected_in_cycle();
        let into = if rest <= self.expected_in_burst() {
            rest / self.peak
        } else {
            // Between bursts without traffic, nothing is left but rounding: the next one begins.
            (self.lasts + (rest - self.expected_in_burst()) / self.base).min(self.every)
        };
        cycles * self.every + into
    }
}

/// A rate that follows a sine and begins at the mean, rising.
struct Day {
    mean: f64,
    swing: f64,
    period: f64,
}

impl Day {
    fn expected_until(&self, time: f64) -> f64 {
        let phase = TAU * (time / self.period - (time / self.period).floor());
        self.mean * time + self.swing * self.period / TAU * (1.0 - libm::cos(phase))
    }

    /// Halving: the expectation never falls, and lies within one swing of the mean's line.
    fn time_of(&self, expected: f64) -> f64 {
        // Doubles hold 53 bits; more halvings change nothing.
        const HALVINGS: u32 = 64;
        let mut high = expected / self.mean;
        if !high.is_finite() {
            return high;
        }
        let mut low = (high - self.swing * self.period / (self.mean * TAU) * 2.0).max(0.0);
        for _ in 0..HALVINGS {
            let middle = low + (high - low) / 2.0;
            if self.expected_until(middle) < expected {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}
