//! `rules`: the catalogue of rules.

use meshwalk_models::explain;

use crate::Exit;
use crate::cli::{AnswerFormat, RulesArgs};
use crate::failure::Failure;
use crate::report::rules as report;
use crate::terminal::Look;

use super::Streams;

/// Carries out `meshwalk rules`.
pub(super) fn rules(
    args: &RulesArgs,
    look: &Look,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let prefix = args.prefix.as_deref().unwrap_or_default();
    let rules: Vec<_> = explain::rules().filter(|rule| rule.id.0.starts_with(prefix)).collect();
    if rules.is_empty() {
        return Err(Failure::new(format!("no rule begins with `{prefix}`"))
            .help("`meshwalk rules` lists all"));
    }
    match args.output {
        AnswerFormat::Text => report::print(streams.out, &rules, look)?,
        AnswerFormat::Json => report::print_json(streams.out, &rules)?,
    }
    Ok(Exit::Fine)
}
