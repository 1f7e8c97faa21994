//! What all replications together say about each expectation.

use super::compile::Expectations;
use super::monitor::Observed;
use crate::stats::{ExpectationResult, FirstBroken};

/// The results, in the order of the scenario. `replications` holds what was observed in each
/// replication, in order; `broken` what broke each expectation, where it was found.
///
/// An expectation failed if it failed in any replication, and held if it held in all.
#[must_use]
pub fn results(
    expectations: &Expectations,
    replications: &[Vec<Observed>],
    broken: &[Option<FirstBroken>],
) -> Vec<ExpectationResult> {
    let all = expectations.all.iter().enumerate();
    all.map(|(index, expectation)| {
        let observed: Vec<&Observed> =
            replications.iter().filter_map(|replication| replication.get(index)).collect();
        let failed = observed.iter().filter(|it| it.passed == Some(false)).count();
        let passed = match failed {
            0 if !observed.is_empty() && observed.iter().all(|it| it.passed == Some(true)) => {
                Some(true)
            }
            0 => None,
            _ => Some(false),
        };
        // The replication that decided speaks for all.
        let witness = observed.iter().find(|it| it.passed == passed);
        ExpectationResult {
            name: expectation.name.clone(),
            expression: expectation.expression.clone(),
            form: expectation.form.name(),
            passed,
            message: witness.and_then(|it| it.message.clone()),
            values: witness.map(|it| it.values.clone()).unwrap_or_default(),
            failed_replications: u32::try_from(failed).unwrap_or(u32::MAX),
            first_broken: broken.get(index).cloned().flatten(),
        }
    })
    .collect()
}
