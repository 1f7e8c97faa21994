//! Findings with the lines they are about, in an order that depends on the input alone.

use std::io::{self, Write};

use meshwalk_models::manifest::{Diagnostic, Severity, SourceSet, SourcedDiagnostic};
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::terminal::{Charset, Colors, Look, Paint};

use super::format::counted;

/// How many findings of each severity there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Counts {
    /// Errors.
    pub(crate) errors: u64,
    /// Warnings.
    pub(crate) warnings: u64,
    /// Notes.
    pub(crate) notes: u64,
}

impl Counts {
    /// Counts `findings`.
    pub(crate) fn of(findings: &[Diagnostic]) -> Self {
        let count = |severity| {
            findings.iter().filter(|finding| finding.severity == severity).count() as u64
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    /// `2 errors, 1 warning`; empty where there is nothing to count.
    pub(crate) fn sentence(self) -> String {
        [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, noun)| counted(count, noun))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Sorts by file name, line and column; what has no place comes first.
pub(crate) fn sort(findings: &mut [Diagnostic], sources: &SourceSet) {
    findings.sort_by(|a, b| {
        let place = |finding: &Diagnostic| {
            finding.place().map(|at| (sources.name(at.source), at.line, at.column))
        };
        (place(a), a.severity, a.code, &a.message).cmp(&(place(b), b.severity, b.code, &b.message))
    });
}

/// Prints the findings, each with its lines.
pub(crate) fn print<'d>(
    out: &mut dyn Write,
    findings: impl IntoIterator<Item = &'d Diagnostic>,
    sources: &SourceSet,
    look: &Look,
) -> io::Result<()> {
    let handler = handler(look);
    for finding in findings {
        if has_endless_line(finding, sources) {
            print_plainly(out, finding, sources)?;
            continue;
        }
        let sourced: SourcedDiagnostic<'_> = finding.with_sources(sources);
        let mut text = String::new();
        // Drawing fails only where a span lies outside its text; the message is then enough.
        if handler.render_report(&mut text, &sourced).is_err() {
            text = format!("{}: {finding}\n", name_of(finding.severity));
        }
        writeln!(out, "{}", text.trim_end())?;
        writeln!(out)?;
    }
    Ok(())
}

/// Longer lines are not drawn: a file that is one line would be printed whole for each finding.
const LINE_BYTES_MAX: usize = 2_000;

fn has_endless_line(finding: &Diagnostic, sources: &SourceSet) -> bool {
    finding.labels.iter().any(|label| {
        // The lines before and behind are drawn too.
        let source = sources.get(label.place.source);
        let lines = label.place.line.saturating_sub(1)..=label.place.line.saturating_add(1);
        lines.into_iter().any(|line| source.line_text(line).len() > LINE_BYTES_MAX)
    })
}

/// A finding with its places alone.
fn print_plainly(out: &mut dyn Write, finding: &Diagnostic, sources: &SourceSet) -> io::Result<()> {
    writeln!(out, "{}\n\n  {}: {}", finding.code, name_of(finding.severity), finding.message)?;
    for label in &finding.labels {
        writeln!(out, "    {}: {}", sources.show(label.place), label.text)?;
    }
    if let Some(help) = &finding.help {
        writeln!(out, "  help: {help}")?;
    }
    writeln!(out)
}

/// How many findings are printed where they are not the point; `lint` prints all.
const SHOWN_MAX: usize = 20;

/// Prints errors and warnings ahead of a run, and how many are left out.
pub(crate) fn print_briefly(
    out: &mut dyn Write,
    findings: &[Diagnostic],
    sources: &SourceSet,
    look: &Look,
) -> io::Result<()> {
    // Errors first: they must not be crowded out.
    let of = |severity| findings.iter().filter(move |finding| finding.severity == severity);
    let grave: Vec<_> = of(Severity::Error).chain(of(Severity::Warning)).collect();
    print(out, grave.iter().copied().take(SHOWN_MAX), sources, look)?;
    if let Some(hidden) = grave.len().checked_sub(SHOWN_MAX).filter(|&hidden| hidden > 0) {
        let hidden = counted(hidden as u64, "more finding");
        writeln!(
            out,
            "{}\n",
            look.paint(Paint::Faint, &format!("{hidden}; `meshwalk lint` prints all"))
        )?;
    }
    Ok(())
}

fn handler(look: &Look) -> GraphicalReportHandler {
    let theme = match (look.charset, look.colors) {
        (Charset::Unicode, Colors::Ansi) => GraphicalTheme::unicode(),
        (Charset::Unicode, Colors::None) => GraphicalTheme::unicode_nocolor(),
        (Charset::Ascii, Colors::Ansi) => GraphicalTheme {
            characters: miette::ThemeCharacters::ascii(),
            styles: miette::ThemeStyles::ansi(),
        },
        (Charset::Ascii, Colors::None) => GraphicalTheme::none(),
    };
    // Links are escape sequences, which a file or an old terminal would show as rubbish.
    GraphicalReportHandler::new_themed(theme)
        .with_width(look.width)
        .with_links(false)
        .with_primary_span_start()
}

fn name_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use meshwalk_models::manifest::{Place, SourceId};

    use super::*;

    fn sources() -> SourceSet {
        let mut sources = SourceSet::new();
        sources.add("web.yaml", "kind: Service\nspec:\n  prots: []\n");
        sources.add("cart.yaml", "kind: Servcie\n");
        sources
    }

    fn at(source: u32, line: u32, column: u32) -> Place {
        Place { source: SourceId(source), line, column }
    }

    fn findings() -> Vec<Diagnostic> {
        vec![
            Diagnostic::warning("manifest.unknown-field", "Service has no field `spec.prots`")
                .at(at(0, 3, 3), "has no effect")
                .help("did you mean `ports`?"),
            Diagnostic::note("manifest.note", "a note on the first line").at(at(0, 1, 1), "here"),
            Diagnostic::error("manifest.kind", "unknown kind").at(at(1, 1, 7), "this"),
            Diagnostic::error("input.unreadable", "cannot read gone.yaml: no such file"),
        ]
    }

    #[test]
    fn findings_are_sorted_by_file_and_line_whatever_the_order_of_reading() {
        let sources = sources();
        let mut sorted = findings();
        sort(&mut sorted, &sources);
        let codes: Vec<_> = sorted.iter().map(|finding| finding.code).collect();
        assert_eq!(
            codes,
            ["input.unreadable", "manifest.kind", "manifest.note", "manifest.unknown-field"]
        );
        let mut reversed: Vec<_> = findings().into_iter().rev().collect();
        sort(&mut reversed, &sources);
        assert_eq!(sorted, reversed);
    }

    #[test]
    fn a_finding_shows_its_line() {
        let mut out = Vec::new();
        print(&mut out, &findings()[..1], &sources(), &Look::PLAIN).expect("memory");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        manifest.unknown-field

          ⚠ Service has no field `spec.prots`
           ╭─[web.yaml:3:3]
         2 │ spec:
         3 │   prots: []
           ·   ───┬──
           ·      ╰── has no effect
           ╰────
          help: did you mean `ports`?
        ");
    }

    #[test]
    fn a_line_without_end_is_not_drawn() {
        let mut sources = SourceSet::new();
        sources.add("one.yaml", "x".repeat(LINE_BYTES_MAX + 1));
        let finding =
            Diagnostic::error("a.b", "it is wrong").at(at(0, 1, 7), "here").help("mend it");
        let mut out = Vec::new();
        print(&mut out, [&finding], &sources, &Look::PLAIN).expect("memory");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        a.b

          error: it is wrong
            one.yaml:1:7: here
          help: mend it
        ");
    }

    #[test]
    fn errors_come_before_warnings_and_a_flood_is_cut() {
        let mut flood: Vec<_> = (0..30).map(|_| findings().swap_remove(0)).collect();
        flood.push(findings().swap_remove(2));
        let mut out = Vec::new();
        print_briefly(&mut out, &flood, &sources(), &Look::PLAIN).expect("memory");
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("manifest.kind"), "{text}");
        assert!(text.contains("11 more findings; `meshwalk lint` prints all"), "{text}");
    }

    #[test]
    fn counts_are_a_sentence() {
        assert_eq!(Counts::of(&findings()).sentence(), "2 errors, 1 warning, 1 note");
        assert_eq!(Counts::default().sentence(), "");
    }
}
