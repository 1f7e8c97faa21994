//! What stands below the table: what could not be run or told, what holds on each path in words,
//! and what was assumed.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meshwalk_sim::compare::{Cell, Comparison, ObjectSupport, Unit};

use crate::report::format::exact_share;
use crate::terminal::{Look, Paint};

use super::cells;

/// How many assumptions are printed.
const ASSUMPTIONS_MAX: usize = 10;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// What differs between the paths.
    Differences,
    /// All of it.
    Everything,
}

/// Prints everything below a table in columns.
pub(super) fn print(
    out: &mut dyn Write,
    comparison: &Comparison,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    for (heading, lines) in sections(comparison, detail) {
        writeln!(out, "\n{}", look.paint(Paint::Heading, &heading))?;
        for line in lines {
            writeln!(out, "- {line}")?;
        }
    }
    let identity = &comparison.identity;
    let line = format!("seed {}, meshwalk {}", identity.seed, identity.engine);
    writeln!(out, "\n{}", look.paint(Paint::Faint, &line))
}

/// Prints everything below a table in Markdown.
pub(super) fn print_markdown(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    for (heading, lines) in sections(comparison, Detail::Everything) {
        writeln!(out, "\n### {heading}\n")?;
        for line in lines {
            writeln!(out, "- {line}")?;
        }
    }
    Ok(())
}

/// Headings with their lines, those that have any.
fn sections(comparison: &Comparison, detail: Detail) -> Vec<(String, Vec<String>)> {
    let mut sections = vec![("Not run".to_owned(), refused(comparison))];
    sections.extend(words(comparison));
    sections.push((objects_heading(detail).to_owned(), objects(comparison, detail)));
    sections.push(("Not modelled in the table".to_owned(), unknown(comparison)));
    sections.push(("How to read it".to_owned(), reading(comparison)));
    sections.push(("Assumed".to_owned(), assumptions(comparison, detail)));
    sections.retain(|(_, lines)| !lines.is_empty());
    sections
}

fn refused(comparison: &Comparison) -> Vec<String> {
    let paths = comparison.data_paths.iter();
    let lines = paths.filter_map(|path| {
        let reason = path.not_modelled.as_ref()?;
        Some(format!("{}: not modelled: {reason}", path.name))
    });
    lines.collect()
}

/// What is said in words, a section for each figure; paths of which the same is said stand together.
fn words(comparison: &Comparison) -> Vec<(String, Vec<String>)> {
    let figures = comparison.figures.iter().filter(|it| it.unit == Unit::Text);
    let sections = figures.map(|figure| {
        let (section, title) = cells::title(figure);
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for (path, cell) in comparison.data_paths.iter().zip(&figure.cells) {
            let text = match cell {
                Cell::Text { text } => text.clone(),
                Cell::NotModelled { not_modelled } => format!("not modelled: {not_modelled}"),
                Cell::None { .. } | Cell::Value(_) => "nothing".to_owned(),
            };
            match lines.iter_mut().find(|(said, _)| *said == text) {
                Some((_, paths)) => paths.push(&path.name),
                None => lines.push((text, vec![&path.name])),
            }
        }
        let lines = lines.into_iter().map(|(text, paths)| format!("{}: {text}", paths.join(", ")));
        (format!("{section}: {title}"), lines.collect())
    });
    sections.collect()
}

const fn objects_heading(detail: Detail) -> &'static str {
    match detail {
        Detail::Differences => "Objects that the data paths treat differently",
        Detail::Everything => "Objects",
    }
}

/// The user's objects, each with a line for what some paths make of it.
fn objects(comparison: &Comparison, detail: Detail) -> Vec<String> {
    let mut lines = Vec::new();
    for object in &comparison.objects {
        let mut verdicts: Vec<(&ObjectSupport, Vec<&str>)> = Vec::new();
        for (path, support) in comparison.data_paths.iter().zip(&object.paths) {
            match verdicts.iter_mut().find(|(known, _)| *known == support) {
                Some((_, paths)) => paths.push(&path.name),
                None => verdicts.push((support, vec![&path.name])),
            }
        }
        let supports: Vec<&str> = object.paths.iter().map(|it| it.support).collect();
        let is_same = supports.windows(2).all(|pair| pair[0] == pair[1]);
        if detail == Detail::Differences && is_same {
            continue;
        }
        let told = verdicts.iter().map(|(support, paths)| {
            format!("\n    {} on {}: {}", support.support, paths.join(", "), support.reason)
        });
        let told: String = told.collect();
        lines.push(format!("{} {}  {}{told}", object.kind, object.name, object.line));
    }
    lines
}

/// Why single cells say nothing; columns that were not run say it themselves.
fn unknown(comparison: &Comparison) -> Vec<String> {
    let mut reasons: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for figure in comparison.figures.iter().filter(|it| it.unit != Unit::Text) {
        for (path, cell) in comparison.data_paths.iter().zip(&figure.cells) {
            let Cell::NotModelled { not_modelled } = cell else { continue };
            if path.not_modelled.is_none() {
                let titles = reasons.entry(not_modelled).or_default();
                let title = cells::title(figure).1;
                if !titles.contains(&title) {
                    titles.push(title);
                }
            }
        }
    }
    reasons.into_iter().map(|(reason, titles)| format!("{}: {reason}", titles.join(", "))).collect()
}

fn reading(comparison: &Comparison) -> Vec<String> {
    let mut lines = vec![
        "every data path has the same arrivals and the same work of applications, seed by seed; \
         users in a closed loop ask again when they have their answer"
            .to_owned(),
    ];
    if !comparison.kept_out.is_empty() {
        lines.push(format!(
            "the scenario keeps {} out of the mesh, and so does every column",
            comparison.kept_out.join(", ")
        ));
    }
    let precision = &comparison.precision;
    match (&precision.missed, precision.relative, precision.floor_ms) {
        (Some(missed), Some(relative), Some(floor_ms)) => lines.push(format!(
            "after {} replications not every difference is known to {} of itself or {}: {missed}",
            comparison.replications,
            exact_share(relative),
            crate::report::format::span_ms(floor_ms),
        )),
        (None, Some(relative), Some(floor_ms)) => lines.push(format!(
            "every difference is known to {} of itself or {}",
            exact_share(relative),
            crate::report::format::span_ms(floor_ms),
        )),
        _ => {}
    }
    lines.push(
        "cores of proxies include what they use without traffic; their memory is their base, their \
         configuration, and each proxy's connections at the peak of the measured time"
            .to_owned(),
    );
    lines.push(
        "the control plane's memory follows from the proxies and Services that it serves; its \
         cores are the default request, for what it uses is not known"
            .to_owned(),
    );
    lines.push("times are modelled, not measured: they rank causes and compare designs".to_owned());
    lines
}

fn assumptions(comparison: &Comparison, detail: Detail) -> Vec<String> {
    let all = &comparison.assumptions;
    let shown = match detail {
        Detail::Differences => all.len().min(ASSUMPTIONS_MAX),
        Detail::Everything => all.len(),
    };
    let mut lines: Vec<String> = all[..shown].iter().map(|it| it.sentence.clone()).collect();
    if shown < all.len() {
        lines.push(format!("and {} more; `-o json` lists all", all.len() - shown));
    }
    lines
}
