//! The catalogue of rules as a list.

use std::io::{self, Write};

use meshwalk_models::explain::{Fidelity, Rule};

use crate::terminal::{Look, Paint};

use super::format::counted;
use super::json;

/// Prints each rule with its sentence, source and test.
pub(crate) fn print(out: &mut dyn Write, rules: &[&Rule], look: &Look) -> io::Result<()> {
    for rule in rules {
        let id = look.paint(Paint::Heading, rule.id.0);
        writeln!(out, "{id}  {}", word(rule.fidelity))?;
        writeln!(out, "    {}", rule.sentence)?;
        writeln!(out, "    {} {}", look.paint(Paint::Faint, "source:"), rule.source)?;
        writeln!(out, "    {} {}", look.paint(Paint::Faint, "test:"), rule.test)?;
    }
    let of = |fidelity| rules.iter().filter(|rule| rule.fidelity == fidelity).count();
    writeln!(
        out,
        "\n{}: {} exact, {} simplified, {} assumed",
        counted(rules.len() as u64, "rule"),
        of(Fidelity::Exact),
        of(Fidelity::Simplified),
        of(Fidelity::Assumed),
    )
}

/// Prints the rules as a JSON list of `id`, `sentence`, `source`, `fidelity` and `test`.
pub(crate) fn print_json(out: &mut dyn Write, rules: &[&Rule]) -> io::Result<()> {
    json::print(out, &rules)
}

const fn word(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Exact => "exact",
        Fidelity::Simplified => "simplified",
        Fidelity::Assumed => "assumed",
    }
}
