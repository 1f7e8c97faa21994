//! The load report: what was read, and what of it has no effect, in three sorts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meshwalk_models::manifest::{
    Diagnostic, KindCount, LoadReport, NotModelled, Sort, SourceSet, SourcedDiagnostic,
};
use serde::Serialize;

use crate::input::Skipped;
use crate::terminal::{Look, Paint};

use super::columns::{Align, Columns};
use super::diagnostics::{self, Counts};
use super::format::{ABSENT, counted};

/// Everything that `meshwalk lint` found.
pub(crate) struct Lint<'l> {
    /// The texts.
    pub(crate) sources: &'l SourceSet,
    /// How many of them were read.
    pub(crate) files: usize,
    /// What was passed over in folders.
    pub(crate) skipped: &'l [Skipped],
    /// What is wrong, sorted.
    pub(crate) findings: &'l [Diagnostic],
    /// What was read.
    pub(crate) report: &'l LoadReport,
    /// The fingerprint of the modelled content.
    pub(crate) digest: &'l str,
}

/// `meshwalk lint -o json`; the names of the fields are stable.
#[derive(Serialize)]
struct Document<'l> {
    files: usize,
    skipped: &'l [Skipped],
    counts: Counts,
    diagnostics: Vec<SourcedDiagnostic<'l>>,
    kinds: &'l [KindCount],
    not_modelled: &'l [NotModelled],
    left_out: u64,
    manifests: &'l str,
}

/// Prints the report as JSON.
pub(crate) fn print_json(out: &mut dyn Write, lint: &Lint<'_>) -> io::Result<()> {
    let quoted = lint.findings.iter().map(|finding| finding.with_sources(lint.sources));
    let document = Document {
        files: lint.files,
        skipped: lint.skipped,
        counts: Counts::of(lint.findings),
        diagnostics: quoted.collect(),
        kinds: &lint.report.kinds,
        not_modelled: &lint.report.not_modelled,
        left_out: lint.report.left_out,
        manifests: lint.digest,
    };
    super::json::print(out, &document)
}

/// Prints the report for people.
pub(crate) fn print(out: &mut dyn Write, lint: &Lint<'_>, look: &Look) -> io::Result<()> {
    diagnostics::print(out, lint.findings, lint.sources, look)?;
    print_kinds(out, lint.report, look)?;
    for sort in [Sort::Unknown, Sort::NotModelledYet, Sort::Irrelevant] {
        print_sort(out, sort, &lint.report.not_modelled, look)?;
    }
    if lint.report.left_out > 0 {
        let more = counted(lint.report.left_out, "more occurrence");
        writeln!(out, "\n{more} of further kinds and fields: there are too many to list")?;
    }
    print_skipped(out, lint.skipped, look)?;
    let files = counted(lint.files as u64, "file");
    let objects: u64 = lint.report.kinds.iter().map(|kind| kind.count).sum();
    let modelled = lint.report.kinds.iter().filter(|kind| kind.modelled);
    let modelled: u64 = modelled.map(|kind| kind.count).sum();
    let objects = counted(objects, "object");
    writeln!(out, "\n{files}, {objects}, {modelled} modelled: {}", verdict(lint.findings))
}

fn verdict(findings: &[Diagnostic]) -> String {
    let sentence = Counts::of(findings).sentence();
    if sentence.is_empty() { "no findings".to_owned() } else { sentence }
}

fn print_kinds(out: &mut dyn Write, report: &LoadReport, look: &Look) -> io::Result<()> {
    let mut columns = Columns::new([
        ("KIND", Align::Left),
        ("API VERSION", Align::Left),
        ("OBJECTS", Align::Right),
        ("MODELLED", Align::Left),
    ]);
    for kind in &report.kinds {
        let modelled = if kind.modelled { "yes" } else { "no" };
        columns.row(vec![
            kind.kind.clone(),
            kind.api_version.clone(),
            kind.count.to_string(),
            modelled.to_owned(),
        ]);
    }
    if columns.is_empty() { Ok(()) } else { columns.print(out, look) }
}

fn print_sort(
    out: &mut dyn Write,
    sort: Sort,
    entries: &[NotModelled],
    look: &Look,
) -> io::Result<()> {
    let mut entries = entries.iter().filter(|entry| entry.sort == sort).peekable();
    if entries.peek().is_none() {
        return Ok(());
    }
    let title = match sort {
        Sort::Unknown => "Unknown: probably typos, without effect",
        Sort::NotModelledYet => "Not modelled yet: matters to traffic, without effect here",
        Sort::Irrelevant => "Irrelevant to traffic",
    };
    writeln!(out, "\n{}", look.paint(Paint::Heading, title))?;
    let mut columns = Columns::new([
        ("KIND", Align::Left),
        ("FIELD", Align::Left),
        ("TIMES", Align::Right),
        ("FIRST", Align::Left),
        ("REASON", Align::Left),
    ]);
    for entry in entries {
        columns.row(vec![
            entry.kind.clone(),
            entry.field.clone().unwrap_or_else(|| ABSENT.to_owned()),
            entry.count.to_string(),
            entry.places.first().cloned().unwrap_or_else(|| ABSENT.to_owned()),
            reason(entry),
        ]);
    }
    columns.print(out, look)
}

fn reason(entry: &NotModelled) -> String {
    match &entry.suggestion {
        Some(near) => format!("{}; did you mean `{near}`?", entry.reason),
        None => entry.reason.clone(),
    }
}

/// Prints how much was passed over, by reason; the JSON lists every path.
fn print_skipped(out: &mut dyn Write, skipped: &[Skipped], look: &Look) -> io::Result<()> {
    let mut by_reason = BTreeMap::<&str, (u64, &str)>::new();
    for entry in skipped {
        by_reason.entry(entry.reason).or_insert((0, &entry.path)).0 += 1;
    }
    if by_reason.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Skipped"))?;
    for (reason, (count, first)) in by_reason {
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        writeln!(out, "{first}{others}: {reason}")?;
    }
    Ok(())
}
