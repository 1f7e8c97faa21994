//! The prices that a command goes by: those of a machine that was measured, or a user's file. What
//! the file means is decided in `models`.

use std::io::Read;
use std::path::PathBuf;

use meshwalk_models::cost::{CostProfile, Machine, read_costs};
use meshwalk_models::manifest::Diagnostic;

use super::{Limits, Sources, collect, read_all};

/// The prices that `named` stands for: the name of a machine, or a file. `None` when the file cannot
/// be used; the findings say why.
pub(crate) fn costs(
    named: Option<&str>,
    stdin: &mut dyn Read,
    sources: &mut Sources,
) -> Option<CostProfile> {
    let Some(named) = named else { return Some(CostProfile::built_in()) };
    if let Some(machine) = Machine::of_name(named) {
        return Some(CostProfile::of_machine(machine));
    }
    let found = collect(&[PathBuf::from(named)], &Limits::DEFAULT);
    let ids = read_all(found, stdin, &Limits::DEFAULT, sources);
    // Without a text there is a finding already, but for a folder that holds none.
    let read = match ids.as_slice() {
        [only] => read_costs(&sources.set, *only),
        _ => Err(vec![Diagnostic::error(
            "costs.invalid",
            format!("expected one file with prices, or a machine, got {named}"),
        )]),
    };
    match read {
        Ok(costs) => Some(costs),
        Err(findings) => {
            sources.findings.extend(findings);
            None
        }
    }
}
