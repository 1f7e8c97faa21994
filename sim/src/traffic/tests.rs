//! Stories and laws of arrivals.

use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use super::{ArrivalProcess, WeightedChoice};
use crate::kernel::{Draws, Seed};
use crate::scenario::file::{Arrivals, Rate};

const fn secs(s: u64) -> SimDuration {
    SimDuration::from_secs(s)
}

fn at(s: u64) -> SimTime {
    SimTime::ZERO + secs(s)
}

fn rate(per_s: u32) -> Rate {
    Rate::from_per_s(per_s)
}

/// All arrivals from second 10 to second 110.
fn times(arrivals: &Arrivals, seed: u64) -> Vec<SimTime> {
    let mut draws = Seed(seed).stream("shoppers", "arrivals");
    let mut process = ArrivalProcess::new(arrivals, at(10), at(110));
    let mut now = SimTime::ZERO;
    let mut times = Vec::new();
    while let Some(next) = process.next(now, &mut draws) {
        times.push(next);
        now = next;
        assert!(times.len() < 1_000_000, "arrivals come to an end");
    }
    times
}

/// Arrivals in a part of the run, in seconds from the start of the source.
fn count_between(times: &[SimTime], from: u64, to: u64) -> usize {
    times.iter().filter(|time| (at(10 + from)..at(10 + to)).contains(time)).count()
}

/// Poisson counts have a variance equal to their mean; five deviations make false alarms rare.
fn assert_about(count: usize, mean: f64) {
    let (count, margin) = (count as f64, 5.0 * mean.sqrt());
    assert!((count - mean).abs() <= margin, "{count} is not {mean} ± {margin}");
}

#[test]
fn poisson_arrivals_have_their_rate_and_scatter() {
    let times = times(&Arrivals::Poisson { rate: rate(200) }, 1);
    assert_about(times.len(), 20_000.0);
    // Exponential gaps: the share of those longer than the mean is 1/e.
    let long = times.windows(2).filter(|pair| pair[1] - pair[0] > SimDuration::from_ms(5)).count();
    assert_about(long, 20_000.0 / std::f64::consts::E);
}

#[test]
fn constant_arrivals_neither_drift_nor_scatter() {
    let times = times(&Arrivals::Constant { rate: rate(3) }, 1);
    assert_eq!(times.len(), 300);
    assert_eq!((times[0], times[299]), (at(10), at(110 - 1) + SimDuration::from_ns(666_666_667)));
}

#[test]
fn a_ramp_climbs_evenly_and_stays() {
    let ramp = Arrivals::Ramp { from: rate(0), to: rate(400), over: secs(50) };
    let times = times(&ramp, 2);
    assert_about(count_between(&times, 0, 25), 2_500.0);
    assert_about(count_between(&times, 25, 50), 7_500.0);
    assert_about(count_between(&times, 50, 100), 20_000.0);
}

#[test]
fn a_ramp_to_nothing_falls_silent() {
    let ramp = Arrivals::Ramp { from: rate(400), to: rate(0), over: secs(50) };
    let times = times(&ramp, 3);
    assert_about(count_between(&times, 0, 25), 7_500.0);
    assert_about(count_between(&times, 25, 50), 2_500.0);
    assert_eq!(count_between(&times, 50, 100), 0);
}

#[test]
fn bursts_come_at_the_beginning_of_every_cycle() {
    let burst =
        Arrivals::Burst { base: rate(50), peak: rate(1_000), every: secs(20), lasts: secs(5) };
    let times = times(&burst, 4);
    for cycle in [0, 20, 40, 60, 80] {
        assert_about(count_between(&times, cycle, cycle + 5), 5_000.0);
        assert_about(count_between(&times, cycle + 5, cycle + 20), 750.0);
    }
}

#[test]
fn between_bursts_nothing_may_happen_at_all() {
    let burst =
        Arrivals::Burst { base: rate(0), peak: rate(1_000), every: secs(20), lasts: secs(5) };
    let times = times(&burst, 5);
    assert_about(times.len(), 25_000.0);
    assert_eq!(count_between(&times, 5, 20), 0);
}

#[test]
fn a_day_begins_at_the_mean_and_rises() {
    let day = Arrivals::Diurnal { mean: rate(200), peak: rate(400), period: secs(100) };
    let times = times(&day, 6);
    let swing = 200.0 * 100.0 / std::f64::consts::TAU;
    assert_about(count_between(&times, 0, 25), 5_000.0 + swing);
    assert_about(count_between(&times, 25, 50), 5_000.0 + swing);
    assert_about(count_between(&times, 50, 75), 5_000.0 - swing);
    // At its lowest, three quarters in, the rate is zero.
    assert!(count_between(&times, 74, 76) < 20);
}

#[test]
fn a_rate_of_zero_sends_nothing_and_does_not_hang() {
    let none = rate(0);
    for arrivals in [
        Arrivals::Poisson { rate: none },
        Arrivals::Constant { rate: none },
        Arrivals::Ramp { from: none, to: none, over: secs(10) },
        Arrivals::Burst { base: none, peak: none, every: secs(10), lasts: secs(1) },
        Arrivals::Diurnal { mean: none, peak: none, period: secs(10) },
    ] {
        let found = times(&arrivals, 7).len();
        assert_eq!(found, 0, "{arrivals:?}");
    }
}

#[test]
fn weights_are_shares() {
    let mut draws = Seed(8).stream("shoppers", "requests");
    let choice = WeightedChoice::new([3, 0, 1]);
    let mut counts = [0; 3];
    for _ in 0..40_000 {
        counts[choice.choose(&mut draws)] += 1;
    }
    assert_about(counts[0], 30_000.0);
    assert_eq!(counts[1], 0);
    assert_eq!(WeightedChoice::new([]).choose(&mut draws), 0);
}

#[test]
fn a_single_template_takes_no_draw() {
    let mut draws = Seed(9).stream("shoppers", "requests");
    let mut untouched = draws.clone();
    assert_eq!(WeightedChoice::new([5]).choose(&mut draws), 0);
    assert_eq!(draws.next_u64(), untouched.next_u64());
}

prop_compose! {
    fn any_rate()(thousandths in 0u32..2_000_000) -> Rate {
        format!("{}/min", f64::from(thousandths) / 1_000.0).parse().expect("a rate")
    }
}

fn any_span() -> impl Strategy<Value = SimDuration> {
    (1u64..=40_000_000_000).prop_map(SimDuration::from_ns)
}

fn any_arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![
        any_rate().prop_map(|rate| Arrivals::Poisson { rate }),
        any_rate().prop_map(|rate| Arrivals::Constant { rate }),
        (any_rate(), any_rate(), any_span()).prop_map(|(from, to, over)| Arrivals::Ramp {
            from,
            to,
            over
        }),
        (any_rate(), any_rate(), any_span(), any_span()).prop_map(|(base, peak, a, b)| {
            Arrivals::Burst { base, peak, every: a.max(b), lasts: a.min(b) }
        }),
        (1u32..20, 0.0f64..=1.0, any_span()).prop_map(|(mean, swing, period)| {
            let peak = format!("{}/s", f64::from(mean) * (1.0 + swing));
            Arrivals::Diurnal { mean: rate(mean), peak: peak.parse().expect("a rate"), period }
        }),
    ]
}

proptest! {
    #[test]
    fn arrivals_are_in_order_and_inside_and_the_same_for_the_same_draws(
        arrivals in any_arrivals(),
        seed in any::<u64>(),
    ) {
        let found = times(&arrivals, seed);
        prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert!(found.iter().all(|time| (at(10)..at(110)).contains(time)));
        prop_assert_eq!(times(&arrivals, seed), found);
    }

    #[test]
    fn a_cloned_process_goes_on_like_the_original(
        arrivals in any_arrivals(),
        seed in any::<u64>(),
        steps in 0usize..20,
    ) {
        let mut draws = Seed(seed).stream("shoppers", "arrivals");
        let mut process = ArrivalProcess::new(&arrivals, at(10), at(110));
        let mut now = SimTime::ZERO;
        for _ in 0..steps {
            let Some(next) = process.next(now, &mut draws) else { break };
            now = next;
        }
        let (mut clone, mut same_draws) = (process.clone(), draws.clone());
        prop_assert_eq!(process.next(now, &mut draws), clone.next(now, &mut same_draws));
    }
}
