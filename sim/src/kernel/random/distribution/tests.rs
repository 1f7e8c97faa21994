//! Moments, percentiles and refusals of the distributions.

use super::*;
use crate::kernel::random::{Seed, Stream};

const SAMPLES: u32 = 200_000;

fn us(us: u64) -> SimDuration {
    SimDuration::from_us(us)
}

fn stream() -> Stream {
    Seed(2024).stream("distribution", "test")
}

fn samples(distribution: &Distribution) -> Vec<f64> {
    let mut draws = stream();
    (0..SAMPLES).map(|_| distribution.sample(&mut draws).as_ns() as f64).collect()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
}

fn percentile(values: &[f64], quantile: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(quantile * (sorted.len() - 1) as f64) as usize]
}

/// One of each, with the squared coefficient of variation that theory gives.
fn one_of_each() -> Vec<(Distribution, f64)> {
    let sigma = libm::log(10.0) / normal_quantile(0.99);
    let table = [(0.0, us(10)), (0.5, us(20)), (1.0, us(60))];
    vec![
        (Distribution::constant(us(5)), 0.0),
        (Distribution::uniform(us(10), us(30)).unwrap(), 1.0 / 12.0),
        (Distribution::exponential(us(50)).unwrap(), 1.0),
        (Distribution::lognormal(us(10), us(100)).unwrap(), libm::exp(sigma * sigma) - 1.0),
        (Distribution::gamma(us(40), 4.0).unwrap(), 0.25),
        (Distribution::gamma(us(40), 0.5).unwrap(), 2.0),
        // Second moment of the two straight pieces, over the squared mean of 27.5, less one.
        (
            Distribution::empirical(&table).unwrap(),
            (0.5 * (100.0 + 200.0 + 400.0) / 3.0 + 0.5 * (400.0 + 1_200.0 + 3_600.0) / 3.0)
                / (27.5 * 27.5)
                - 1.0,
        ),
    ]
}

#[test]
fn the_mean_of_many_samples_is_the_mean_by_formula() {
    for (distribution, _) in one_of_each() {
        let (mean, variance) = mean_and_variance(&samples(&distribution));
        let standard_error = (variance / f64::from(SAMPLES)).sqrt();
        let expected = distribution.mean_ns();
        // Half a nanosecond is for rounding.
        assert!(
            (mean - expected).abs() <= 4.0 * standard_error + 0.5,
            "{distribution:?}: {mean} instead of {expected}"
        );
    }
}

#[test]
fn the_spread_of_many_samples_is_the_spread_by_theory() {
    for (distribution, expected) in one_of_each() {
        let (mean, variance) = mean_and_variance(&samples(&distribution));
        let found = variance / (mean * mean);
        assert!((found - expected).abs() <= 0.06 * expected, "{distribution:?}: {found}");
    }
}

#[test]
fn a_lognormal_goes_through_its_two_percentiles() {
    let values = samples(&Distribution::lognormal(us(10), us(100)).unwrap());
    let (p50, p99) = (percentile(&values, 0.5), percentile(&values, 0.99));
    assert!((p50 / 10_000.0 - 1.0).abs() < 0.015, "{p50}");
    assert!((p99 / 100_000.0 - 1.0).abs() < 0.04, "{p99}");
    let flat = Distribution::lognormal(us(10), us(10)).unwrap();
    assert_eq!(flat.sample(&mut stream()), us(10));
}

#[test]
fn the_lines_of_a_lognormal_keep_to_its_curve() {
    for p99 in [us(10), us(11), us(50), us(100)] {
        let Ok(Distribution::LogNormal(it)) = Distribution::lognormal(us(10), p99) else {
            panic!("a lognormal distribution");
        };
        let lines = (1..10_000).map(|step| f64::from(step) / 10_000.0);
        let met = lines.filter_map(|at| Some((at, it.line_ns(at)?)));
        let worst = met.map(|(at, ns)| (ns / it.quantile_ns(at) - 1.0).abs()).fold(0.0, f64::max);
        assert!(worst < 3e-4, "{worst} off at p99 {p99}");
        assert!(it.line_ns(0.5).is_some() && it.line_ns(0.999).is_none());
    }
}

#[test]
fn an_empirical_table_is_met_at_its_points_and_between_them() {
    let table = [(0.0, us(10)), (0.9, us(100)), (1.0, us(1_000))];
    let values = samples(&Distribution::empirical(&table).unwrap());
    for (quantile, expected) in [(0.45, 55_000.0), (0.9, 100_000.0), (0.95, 550_000.0)] {
        let found = percentile(&values, quantile);
        assert!((found / expected - 1.0).abs() < 0.03, "{quantile}: {found}");
    }
    assert!(values.iter().all(|value| (10_000.0..=1_000_000.0).contains(value)));
}

#[test]
fn a_uniform_range_includes_both_ends_and_nothing_else() {
    let die = Distribution::uniform(SimDuration::from_ns(1), SimDuration::from_ns(6)).unwrap();
    let values = samples(&die);
    assert_eq!((percentile(&values, 0.0), percentile(&values, 1.0)), (1.0, 6.0));
    let all = Distribution::uniform(SimDuration::ZERO, SimDuration::MAX).unwrap();
    assert!(all.sample(&mut stream()) > SimDuration::from_secs(1));
}

/// Sums of samples, to see a change of generator, formula or rounding on any platform.
#[test]
fn the_samples_are_pinned() {
    let sums: Vec<u64> = one_of_each()
        .iter()
        .map(|(distribution, _)| {
            let mut draws = stream();
            (0..100).map(|_| distribution.sample(&mut draws).as_ns()).sum()
        })
        .collect();
    assert_eq!(sums, [500_000, 2_006_440, 5_002_292, 1_690_666, 3_978_909, 4_448_700, 2_743_863]);
}

#[test]
fn wrong_parameters_are_refused() {
    use DistributionError as Error;
    assert!(matches!(Distribution::uniform(us(2), us(1)), Err(Error::EmptyRange { .. })));
    assert_eq!(Distribution::exponential(us(0)), Err(Error::Zero("mean")));
    assert_eq!(Distribution::lognormal(us(0), us(1)), Err(Error::Zero("p50")));
    assert!(matches!(Distribution::lognormal(us(2), us(1)), Err(Error::Percentiles { .. })));
    assert_eq!(Distribution::gamma(us(0), 1.0), Err(Error::Zero("mean")));
    for shape in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-4] {
        assert!(matches!(Distribution::gamma(us(1), shape), Err(Error::Shape(_))), "{shape}");
    }
}

#[test]
fn a_table_with_gaps_or_steps_back_is_refused() {
    use DistributionError as Error;
    let of = |table: &[(f64, u64)]| {
        let table: Vec<_> = table.iter().map(|(quantile, value)| (*quantile, us(*value))).collect();
        Distribution::empirical(&table)
    };
    for ends in [&[][..], &[(0.0, 1)], &[(0.1, 1), (1.0, 2)], &[(0.0, 1), (0.9, 2)]] {
        assert_eq!(of(ends), Err(Error::TableEnds), "{ends:?}");
    }
    for middle in [0.0, -0.5, 1.0, 1.5, f64::NAN] {
        let table = [(0.0, 1), (middle, 2), (1.0, 3)];
        assert!(matches!(of(&table), Err(Error::TableOrder { .. })), "{middle}");
    }
    assert!(matches!(of(&[(0.0, 2), (1.0, 1)]), Err(Error::TableFalls { .. })));
}

#[test]
fn extreme_parameters_stay_within_the_range_of_durations() {
    let mut draws = stream();
    let longest = SimDuration::MAX;
    for distribution in [
        Distribution::exponential(longest).unwrap(),
        Distribution::lognormal(SimDuration::from_ns(1), longest).unwrap(),
        Distribution::gamma(longest, 0.001).unwrap(),
        Distribution::gamma(longest, 1e6).unwrap(),
    ] {
        assert!(distribution.mean_ns().is_finite());
        let most = (0..1_000).map(|_| distribution.sample(&mut draws)).max();
        assert!(most > Some(SimDuration::ZERO), "{distribution:?}");
    }
}
