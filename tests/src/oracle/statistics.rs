//! Compares statistical cases with their recorded samples.
//!
//! The model runs [`RUNS`] times, each with a seed of its own, and gives the mean and the standard
//! deviation of every count. Each recorded sample must lie within 4.5 standard deviations of the
//! mean plus one, and the mean of the samples within 4.5 of its own standard deviations plus one
//! half: with a model that is right, one in a hundred thousand counts fails. Where endpoints share
//! requests, the samples must also scatter as the model does: so little scatter as was recorded
//! must have a chance of one in ten thousand at least. Pauses may be longer than the model's by
//! what a real proxy and network add, [`OVERHEAD_MS`].

use std::collections::BTreeMap;

use meshwalk_sim::kernel::Seed;

use super::SEED;
use super::case::{Case, Sampled};
use super::drive::{self, CallOutcome};
use super::json::Json;

/// How often the model runs.
const RUNS: u64 = 60;
/// How many standard deviations are allowed.
const DEVIATIONS: f64 = 4.5;
/// What a real proxy and network add to a pause, in milliseconds.
const OVERHEAD_MS: f64 = 10.0;
/// The chance below which samples that scatter too little are not believed.
const SCATTER_CHANCE: f64 = 1e-4;

/// Counts of one run, by group and key.
type Counts = BTreeMap<(String, String), f64>;

/// One run, ours or recorded.
#[derive(Debug, Default)]
struct Sample {
    counts: Counts,
    /// Pauses before the n-th retry.
    gaps: BTreeMap<String, Pauses>,
    /// Times of all attempts in milliseconds, sorted.
    times: Vec<f64>,
}

/// Pauses before one retry, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    n: f64,
    min: f64,
    mean: f64,
    max: f64,
    /// Unknown for recordings, and zero there.
    deviation: f64,
}

/// Compares a case with its samples.
///
/// # Errors
/// The first thing that is outside of its interval.
pub(super) fn check(case: &Case, kind: Sampled, recorded: &[Json]) -> Result<(), String> {
    let recorded: Vec<Sample> = recorded.iter().map(read).collect::<Result<_, _>>()?;
    let ours = (0..RUNS).map(|run| sample(case, kind, Seed(SEED + run)));
    let ours: Vec<Sample> = ours.collect::<Result<_, _>>()?;
    check_counts(&recorded, &ours)?;
    check_scatter(&recorded, &ours)?;
    match kind {
        Sampled::Counts => Ok(()),
        Sampled::Gaps => check_gaps(&recorded, &ours),
        Sampled::Times => check_times(case, &recorded, &ours),
    }
}

/// Reads a recorded sample.
fn read(json: &Json) -> Result<Sample, String> {
    let mut sample = Sample::default();
    for group in ["per_endpoint", "status", "flags"] {
        let Some(Json::Object(members)) = json.get(group) else {
            return Err(format!("a sample lacks `{group}`"));
        };
        for (key, count) in members {
            let count = count.as_number().ok_or_else(|| format!("{group}.{key} is no number"))?;
            sample.counts.insert((group.to_owned(), key.clone()), count);
        }
    }
    if let Some(Json::Object(gaps)) = json.get("gap_ms_by_retry") {
        for (retry, gap) in gaps {
            let part = |name| gap.get(name).and_then(Json::as_number).unwrap_or(f64::NAN);
            let (n, min, mean, max) = (part("n"), part("min"), part("mean"), part("max"));
            sample.gaps.insert(retry.clone(), Pauses { n, min, mean, max, deviation: 0.0 });
        }
    }
    if let Some(Json::List(times)) = json.get("attempt_times_ms") {
        sample.times = times.iter().filter_map(Json::as_number).collect();
        sample.times.sort_by(f64::total_cmp);
    }
    Ok(sample)
}

/// Runs the model once.
fn sample(case: &Case, kind: Sampled, seed: Seed) -> Result<Sample, String> {
    let outcome = drive::run(case, seed)?;
    let mut sample = Sample::default();
    let mut count = |group: &str, key: String| {
        *sample.counts.entry((group.to_owned(), key)).or_default() += 1.0;
    };
    for call in &outcome.calls {
        let status = call.answer.status.filter(|_| call.answer.failure.is_none());
        count("status", status.map_or("None".to_owned(), |status| status.to_string()));
        count("flags", call.log.as_ref().map_or("-".to_owned(), |log| log.flags.to_string()));
        for seen in &call.seen {
            count("per_endpoint", seen.endpoint.clone());
        }
    }
    if kind == Sampled::Gaps {
        sample.gaps = gaps(&outcome.calls);
    }
    if kind == Sampled::Times {
        let first = outcome.calls.iter().map(|call| call.started).min();
        let seen = outcome.calls.iter().flat_map(|call| &call.seen);
        let since = |at| first.map_or(0.0, |first| ms(at - first));
        sample.times = seen.map(|seen| since(seen.at)).collect();
        sample.times.sort_by(f64::total_cmp);
    }
    Ok(sample)
}

fn ms(span: meshwalk_models::units::SimDuration) -> f64 {
    span.as_ns() as f64 / 1e6
}

fn gaps(calls: &[CallOutcome]) -> BTreeMap<String, Pauses> {
    let mut by_retry: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for call in calls {
        for (retry, pair) in call.seen.windows(2).enumerate() {
            let gap = ms(pair[1].at - pair[0].at);
            by_retry.entry((retry + 1).to_string()).or_default().push(gap);
        }
    }
    let pauses = |(retry, gaps): (String, Vec<f64>)| {
        let (mean, deviation) = mean_and_deviation(&gaps);
        let min = gaps.iter().copied().fold(f64::INFINITY, f64::min);
        let max = gaps.iter().copied().fold(0.0, f64::max);
        (retry, Pauses { n: gaps.len() as f64, min, mean, max, deviation })
    };
    by_retry.into_iter().map(pauses).collect()
}

fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// The counts of one key in all samples; a key that is absent counts zero.
fn column(samples: &[Sample], key: &(String, String)) -> Vec<f64> {
    samples.iter().map(|sample| sample.counts.get(key).copied().unwrap_or(0.0)).collect()
}

fn check_counts(recorded: &[Sample], ours: &[Sample]) -> Result<(), String> {
    let keys: std::collections::BTreeSet<&(String, String)> =
        recorded.iter().chain(ours).flat_map(|sample| sample.counts.keys()).collect();
    let (samples, runs) = (recorded.len() as f64, ours.len() as f64);
    for key in keys {
        let (mean, deviation) = mean_and_deviation(&column(ours, key));
        let theirs = column(recorded, key);
        let reach = |samples: f64| DEVIATIONS * deviation * (1.0 / samples + 1.0 / runs).sqrt();
        let told = format!(
            "{}.{}: recorded {theirs:?}, the model has {mean:.1} with a deviation of {deviation:.2}",
            key.0, key.1
        );
        if theirs.iter().any(|count| (count - mean).abs() > reach(1.0) + 1.0) {
            return Err(told);
        }
        if (mean_and_deviation(&theirs).0 - mean).abs() > reach(samples) + 0.5 {
            return Err(format!("{told}; their mean is too far off"));
        }
    }
    Ok(())
}

/// Whether endpoints share requests as evenly as was recorded, or at random.
fn check_scatter(recorded: &[Sample], ours: &[Sample]) -> Result<(), String> {
    let keys: std::collections::BTreeSet<&(String, String)> = recorded
        .iter()
        .flat_map(|sample| sample.counts.keys())
        .filter(|(group, _)| group == "per_endpoint")
        .collect();
    // The last share follows from the others.
    let free = keys.len().saturating_sub(1);
    let (mut scatter, mut used) = (0.0, 0usize);
    for key in keys.into_iter().take(free) {
        let (_, deviation) = mean_and_deviation(&column(ours, key));
        if deviation < 0.5 {
            continue;
        }
        let theirs = column(recorded, key);
        let (mean, _) = mean_and_deviation(&theirs);
        // Counts are whole, so a quarter is the least that means anything.
        let terms = theirs.iter().map(|count| (count - mean).powi(2) + 0.25);
        scatter += terms.sum::<f64>() / deviation.powi(2);
        used += 1;
    }
    let freedom = used * recorded.len().saturating_sub(1);
    if used > 0 && chance_of_less(scatter, freedom) < SCATTER_CHANCE {
        return Err(format!(
            "the recorded shares of endpoints scatter by {scatter:.3} of what the model's do, \
             {freedom} degrees of freedom: too evenly for the model"
        ));
    }
    Ok(())
}

/// The chance that a chi-square variable of so many degrees of freedom is below `limit`; odd
/// degrees are rounded up, which makes the chance smaller than it is by little.
fn chance_of_less(limit: f64, freedom: usize) -> f64 {
    let half = limit / 2.0;
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..freedom.div_ceil(2) {
        if k > 0 {
            term *= half / k as f64;
        }
        sum += term;
    }
    (1.0 - libm::exp(-half) * sum).max(0.0)
}

fn check_gaps(recorded: &[Sample], ours: &[Sample]) -> Result<(), String> {
    for theirs in recorded {
        for (retry, gap) in &theirs.gaps {
            let known: Vec<&Pauses> =
                ours.iter().filter_map(|sample| sample.gaps.get(retry)).collect();
            if known.is_empty() {
                return Err(format!("the model never makes retry {retry}"));
            }
            let over = |part: fn(&Pauses) -> f64| -> Vec<f64> {
                known.iter().map(|pauses| part(pauses)).collect()
            };
            let (mean, _) = mean_and_deviation(&over(|pauses| pauses.mean));
            let (deviation, _) = mean_and_deviation(&over(|pauses| pauses.deviation));
            let reach = DEVIATIONS * deviation / gap.n.max(1.0).sqrt();
            let min = over(|pauses| pauses.min).into_iter().fold(f64::INFINITY, f64::min);
            let max = over(|pauses| pauses.max).into_iter().fold(0.0, f64::max);
            let fits = gap.mean >= mean - reach
                && gap.mean <= mean + reach + OVERHEAD_MS
                && gap.min >= min - 1.0
                && gap.max <= max + OVERHEAD_MS;
            if !fits {
                return Err(format!(
                    "pause before retry {retry}: recorded {:.1} to {:.1} ms, {:.1} on average; \
                     the model has {min:.1} to {max:.1}, {mean:.1} on average",
                    gap.min, gap.max, gap.mean
                ));
            }
        }
    }
    Ok(())
}

/// The n-th attempt of a recording must come when the n-th attempts of the model's runs come.
fn check_times(case: &Case, recorded: &[Sample], ours: &[Sample]) -> Result<(), String> {
    let tolerance_ms = case.terms.tolerance_ms as f64;
    for theirs in recorded {
        for (at, time) in theirs.times.iter().enumerate() {
            let known = ours.iter().filter_map(|sample| sample.times.get(at).copied());
            let known: Vec<f64> = known.collect();
            let min = known.iter().copied().fold(f64::INFINITY, f64::min);
            let max = known.iter().copied().fold(0.0, f64::max);
            if !known.is_empty() && !(min - tolerance_ms..=max + tolerance_ms).contains(time) {
                return Err(format!(
                    "attempt {} of all: recorded after {time:.0} ms, the model has {min:.0} to \
                     {max:.0} ms",
                    at + 1
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(counts: &[&[f64]]) -> Vec<Sample> {
        let sample = |counts: &&[f64]| {
            let keyed = counts
                .iter()
                .enumerate()
                .map(|(at, count)| (("per_endpoint".to_owned(), format!("a{at}")), *count));
            Sample { counts: keyed.collect(), ..Sample::default() }
        };
        counts.iter().map(sample).collect()
    }

    /// Shares that scatter by about eight.
    fn scattered() -> Vec<Sample> {
        let run =
            |run: u32| [100.0 + f64::from(run % 25) - 12.0, 100.0 - f64::from(run % 25) + 12.0];
        let runs: Vec<[f64; 2]> = (0..50).map(run).collect();
        samples(&runs.iter().map(|run| run.as_slice()).collect::<Vec<_>>())
    }

    #[test]
    fn samples_within_the_interval_pass_and_others_do_not() {
        let even = samples(&[&[100.0, 100.0], &[90.0, 110.0], &[105.0, 95.0]]);
        assert_eq!(check_counts(&even, &scattered()), Ok(()));
        assert_eq!(check_scatter(&even, &scattered()), Ok(()));
        let skewed = samples(&[&[120.0, 80.0], &[125.0, 75.0], &[122.0, 78.0]]);
        assert!(check_counts(&skewed, &scattered()).is_err());
        let unknown = samples(&[&[100.0, 98.0, 2.0][..]; 3]);
        assert!(check_counts(&unknown, &scattered()).is_err());
    }

    #[test]
    fn turns_are_not_taken_for_chance() {
        let turns = samples(&[&[100.0, 100.0, 100.0][..]; 3]);
        let run = |run: u32| {
            let (a, b) = (f64::from(run * 7 % 41) - 20.0, f64::from(run * 11 % 37) - 18.0);
            [100.0 + a, 100.0 + b, 100.0 - a - b]
        };
        let runs: Vec<[f64; 3]> = (0..60).map(run).collect();
        let chance = samples(&runs.iter().map(|run| run.as_slice()).collect::<Vec<_>>());
        assert!(check_scatter(&turns, &chance).is_err());
        assert!(check_counts(&chance[..3], &turns).is_err());
    }

    #[test]
    fn the_chance_of_little_scatter_is_that_of_chi_square() {
        // Tabulated: the 5 % point of four degrees of freedom is 0.711, the median of two 1.386.
        assert!((chance_of_less(0.711, 4) - 0.05).abs() < 1e-3);
        assert!((chance_of_less(1.386, 2) - 0.5).abs() < 1e-3);
    }
}
