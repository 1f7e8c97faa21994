//! Where the readers put what they find; it bounds how much is kept of one source.

use std::collections::BTreeMap;

use super::report::{LoadReport, ReportBuilder};
use super::{Diagnostic, Place, Severity, SourceId, SourceSet};

/// How many diagnostics of one severity are kept for one source. A file that is wrong throughout
/// would otherwise need more memory for its findings than for itself.
const DIAGNOSTICS_MAX: u64 = 200;

/// Diagnostics and the load report, as they grow.
#[derive(Debug)]
pub(super) struct Findings<'s> {
    pub(super) report: ReportBuilder<'s>,
    kept: Kept,
}

#[derive(Debug, Default)]
struct Kept {
    diagnostics: Vec<Diagnostic>,
    counts: BTreeMap<(SourceId, Severity), u64>,
    errors: u64,
}

impl<'s> Findings<'s> {
    pub(super) fn new(sources: &'s SourceSet) -> Self {
        Self { report: ReportBuilder::new(sources), kept: Kept::default() }
    }

    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        self.kept.add(diagnostic);
    }

    /// How many errors were added, kept or not.
    pub(super) fn errors(&self) -> u64 {
        self.kept.errors
    }

    /// The report and the diagnostics; where some were left out, a note says how many.
    pub(super) fn finish(self) -> (LoadReport, Vec<Diagnostic>) {
        let Self { report, mut kept } = self;
        let (report, warnings) = report.finish();
        warnings.into_iter().for_each(|warning| kept.add(warning));
        (report, kept.finish())
    }
}

impl Kept {
    fn add(&mut self, diagnostic: Diagnostic) {
        self.errors += u64::from(diagnostic.severity == Severity::Error);
        if let Some(place) = diagnostic.place() {
            let count = self.counts.entry((place.source, diagnostic.severity)).or_insert(0);
            *count += 1;
            if *count > DIAGNOSTICS_MAX {
                return;
            }
        }
        self.diagnostics.push(diagnostic);
    }

    fn finish(mut self) -> Vec<Diagnostic> {
        for (&(source, severity), &count) in &self.counts {
            if count > DIAGNOSTICS_MAX {
                let noun = match severity {
                    Severity::Error => "errors",
                    Severity::Warning => "warnings",
                    Severity::Note => "notes",
                };
                let more = count - DIAGNOSTICS_MAX;
                self.diagnostics.push(
                    Diagnostic::note("manifest.more", format!("{more} more {noun} in this file"))
                        .at(Place { source, line: 1, column: 1 }, "in this file")
                        .help("repair the first ones and read it again"),
                );
            }
        }
        self.diagnostics
    }
}
