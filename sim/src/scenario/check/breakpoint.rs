//! Breakpoints that have names and conditions; what conditions speak of is looked up when the run
//! is explored.

use std::collections::BTreeSet;

use super::Findings;
use crate::scenario::file::Breakpoint;
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::BREAKPOINTS_MAX;

pub(super) fn check(breakpoints: &[Breakpoint], at: &KeyPath, findings: &mut Findings) {
    if breakpoints.len() > BREAKPOINTS_MAX {
        let message = format!("expected at most {BREAKPOINTS_MAX}, got {}", breakpoints.len());
        findings.add(at.clone(), message, None);
    }
    let mut names = BTreeSet::new();
    for (index, breakpoint) in breakpoints.iter().enumerate() {
        let at = at.index(index);
        if breakpoint.name.trim().is_empty() {
            findings.add(at.key("name"), "a breakpoint has a name", None);
        } else if !names.insert(breakpoint.name.as_str()) {
            let message = format!("there is another breakpoint `{}`", breakpoint.name);
            findings.add(at.key("name"), message, None);
        }
        check_condition(&breakpoint.when, at.key("when"), findings);
    }
}

#[cfg(feature = "expectations")]
fn check_condition(text: &str, at: KeyPath, findings: &mut Findings) {
    use crate::timeline::condition::{Condition, ConditionNames};
    if let Err(error) = Condition::compile(text, &ConditionNames::default()) {
        let message = match error.help {
            Some(help) => format!("{} ({help})", error.message),
            None => error.message,
        };
        findings.add(at, message, None);
    }
}

#[cfg(not(feature = "expectations"))]
fn check_condition(_: &str, _: KeyPath, _: &mut Findings) {}
