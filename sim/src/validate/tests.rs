//! Short runs: the laws hold within wide intervals, and a broken one is found out.

use super::law::{Effort, Law, laws};
use super::{LawResult, Standard, judge};

/// A 256th of the full length.
const SHORT: Effort = Effort { replications: 16, shorter_by: 32 };

/// At this length the interval of a mean wait is a third of its value.
const LOOSE: Standard = Standard { joint_confidence: 0.999, relative_half_width_max: 0.5 };

fn measure(law: &Law) -> Vec<Vec<f64>> {
    let replicate = |number| law.replicate(number).expect("no station is overloaded");
    (0..law.replications()).map(replicate).collect()
}

fn judged(change: impl Fn(usize, &mut Vec<Vec<f64>>), standard: Standard) -> Vec<LawResult> {
    let laws = laws(SHORT);
    let mut measured: Vec<_> = laws.iter().map(measure).collect();
    for (row, figures) in measured.iter_mut().enumerate() {
        change(row, figures);
    }
    judge(&laws, &measured, standard)
}

#[test]
fn the_laws_hold_at_short_length_within_wide_intervals() {
    let results = judged(|_, _| {}, LOOSE);
    assert_eq!(results.len(), 18);
    let broken: Vec<_> = results.iter().filter(|result| !result.holds).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// As if one law's engine were twice as slow: only its checks may fail, and all of them must.
#[test]
fn a_law_that_is_broken_fails_and_the_others_still_hold() {
    let double = |row, figures: &mut Vec<Vec<f64>>| {
        if row == 1 {
            figures.iter_mut().flatten().for_each(|figure| *figure *= 2.0);
        }
    };
    for result in judged(double, LOOSE) {
        assert_eq!(result.holds, result.law != "M/M/4", "{result:?}");
    }
}

/// The stations are not their theory's: constant service where the law says exponential.
#[test]
fn the_closed_form_of_another_station_does_not_pass() {
    let laws = laws(SHORT);
    let (exponential, constant) = (&laws[0], &laws[2]);
    let found = judge(std::slice::from_ref(exponential), &[measure(constant)], LOOSE);
    let wait = found.iter().find(|result| result.quantity == "mean wait (ms)");
    assert!(!wait.expect("every station has a wait").holds, "{found:#?}");
}

#[test]
fn an_interval_that_is_too_wide_proves_nothing() {
    let results = judged(|_, _| {}, Standard::STRICT);
    let wait = results.iter().find(|result| result.quantity == "mean wait (ms)");
    assert!(!wait.expect("every station has a wait").holds);
}

#[test]
fn a_law_without_replications_does_not_hold() {
    let laws = laws(Effort { replications: 0, ..SHORT });
    let nothing: Vec<_> = laws.iter().map(measure).collect();
    assert!(judge(&laws, &nothing, LOOSE).iter().all(|result| !result.holds));
}

#[test]
fn a_replication_is_the_same_every_time_and_unlike_the_next() {
    let law = &laws(SHORT)[0];
    let replicate = |number| law.replicate(number).expect("the station is not overloaded");
    assert_eq!(replicate(1), replicate(1));
    assert_ne!(replicate(1), replicate(2));
}
