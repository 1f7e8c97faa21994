//! The documents of one source, one at a time; a broken one does not hide the next.

use granit_parser::{ErrorKind, Event, Marker, Parser, ScanError, StrInput};

use crate::manifest::source::{Damage, Source};
use crate::manifest::{Diagnostic, Place, Severity, SourceId, SourceSet};

use super::DEPTH_MAX;
use super::build::{Builder, too_deep};
use super::document::Document;

/// What became of one document of a source.
#[derive(Debug)]
pub struct Parsed {
    /// The tree; `None` when the document is broken.
    pub document: Option<Document>,
    /// What was found wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the documents of a source, one at a time.
#[must_use]
pub fn documents(sources: &SourceSet, source: SourceId) -> Documents<'_> {
    let located = sources.get(source);
    let text = sources.text(source);
    let options = granit_parser::options! {
        emit_comments: false,
        block_nesting_limit: DEPTH_MAX + 1,
        flow_nesting_limit: DEPTH_MAX + 1,
    };
    Documents {
        source,
        located,
        text,
        damage: damage_report(sources, source),
        parser: Parser::new_from_str_with_options(text, options),
        builder: Builder::new(),
        templates: Templates::Unseen,
    }
}

/// Reads a source that must hold exactly one document, such as a scenario file. Beside the
/// document stand the findings that do not spoil it.
///
/// # Errors
/// When the source is broken, empty, or holds several documents.
pub fn single_document(
    sources: &SourceSet,
    source: SourceId,
) -> Result<(Document, Vec<Diagnostic>), Diagnostic> {
    let mut found: Option<Document> = None;
    let mut notes = Vec::new();
    for mut parsed in documents(sources, source) {
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        if let Some(at) = parsed.diagnostics.iter().position(is_error) {
            return Err(parsed.diagnostics.swap_remove(at));
        }
        notes.append(&mut parsed.diagnostics);
        let Some(document) = parsed.document.filter(|document| !document.is_empty()) else {
            continue;
        };
        if let Some(first) = &found {
            return Err(Diagnostic::error("yaml.several-documents", "expected one YAML document")
                .at(document.root().place(), "a second document begins here")
                .at(first.root().place(), "the first one")
                .help("remove the `---` line, or split the file"));
        }
        found = Some(document);
    }
    let start = Place { source, line: 1, column: 1 };
    let document = found.ok_or_else(|| {
        Diagnostic::error("yaml.empty", "the file is empty").at(start, "nothing here")
    })?;
    Ok((document, notes))
}

/// Where the lines of a text stand that is part of another one.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Where the first line stands that is not empty.
    pub scalar: Place,
    /// Whether the lines stand one below the other as in the text; if not, only the place of the
    /// whole can be told.
    pub is_literal: bool,
}

impl Lines {
    /// The place of something in `text`, whose first `empty` lines are empty.
    fn place_of(self, inner: Place, empty: u32) -> Place {
        if !self.is_literal {
            return self.scalar;
        }
        Place {
            source: self.scalar.source,
            line: (self.scalar.line + inner.line).saturating_sub(empty + 1),
            column: inner.column.saturating_add(self.scalar.column - 1),
        }
    }
}

/// Reads the first document of a text that stands within a scalar of another source.
#[must_use]
pub fn embedded(text: &str, lines: Lines) -> Parsed {
    let mut sources = SourceSet::new();
    let inner = sources.add("", text);
    let nothing = Parsed { document: None, diagnostics: Vec::new() };
    let located = sources.get(inner);
    let lines_of_text = (1..=to_u32(located.line_count())).map(|line| located.line_text(line));
    let empty = to_u32(lines_of_text.take_while(|line| line.trim().is_empty()).count());
    let mut parsed = documents(&sources, inner).next().unwrap_or(nothing);
    if let Some(document) = &mut parsed.document {
        document.nodes.iter_mut().for_each(|node| node.place = lines.place_of(node.place, empty));
    }
    for label in parsed.diagnostics.iter_mut().flat_map(|finding| &mut finding.labels) {
        label.place = lines.place_of(label.place, empty);
    }
    parsed
}

/// Whether broken documents of a source were already explained as templates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Templates {
    Unseen,
    Reported,
}

/// The documents of one source; see [`documents`].
pub struct Documents<'s> {
    source: SourceId,
    located: &'s Source,
    text: &'s str,
    damage: Option<Diagnostic>,
    parser: Parser<'s, StrInput<'s>>,
    builder: Builder,
    templates: Templates,
}

impl Iterator for Documents<'_> {
    type Item = Parsed;

    fn next(&mut self) -> Option<Parsed> {
        if let Some(damage) = self.damage.take() {
            return Some(Parsed { document: None, diagnostics: vec![damage] });
        }
        let mut start = Place { source: self.source, line: 1, column: 1 };
        let mut diagnostics = Vec::new();
        loop {
            let (event, span) = match self.parser.next()? {
                Ok(next) => next,
                Err(error) => {
                    let finding = self.explain(&error);
                    return Some(self.give_up(finding, error.marker(), diagnostics));
                }
            };
            let place = self.place_of(&span.start);
            match event {
                Event::StreamStart => {}
                Event::StreamEnd => return None,
                Event::DocumentStart(..) => start = place,
                Event::DocumentEnd => {
                    let document = Some(self.builder.finish(start));
                    return Some(Parsed { document, diagnostics });
                }
                event => {
                    if let Err(finding) = self.builder.take(event, place, &mut diagnostics) {
                        return Some(self.give_up(finding, &span.start, diagnostics));
                    }
                }
            }
        }
    }
}

impl Documents<'_> {
    /// Leaves the broken document; the next call goes on behind the next `---` line.
    fn give_up(
        &mut self,
        finding: Diagnostic,
        marker: &Marker,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Parsed {
        self.builder.abandon();
        diagnostics.extend(self.or_template(finding, marker.byte_offset().unwrap_or(0)));
        // Text in memory cannot fail to be read, the one error that is left here; the parser
        // would then be exhausted and the next call ends the stream.
        let _ = self.parser.proceed_next_document();
        Parsed { document: None, diagnostics }
    }

    fn explain(&self, error: &ScanError) -> Diagnostic {
        let place = self.place_of(error.marker());
        match error.kind() {
            ErrorKind::UnknownAnchor => {
                Diagnostic::error("yaml.unknown-alias", "the alias has no anchor before it")
                    .at(place, "no such anchor")
                    .help(
                        "anchors do not reach over `---` lines; quote a word that begins with `*`",
                    )
            }
            ErrorKind::RecursionLimitExceeded => too_deep(place),
            _ => Diagnostic::error("yaml.syntax", format!("broken YAML: {}", error.info()))
                .at(place, "here")
                .help("this document is skipped; reading goes on at the next `---` line"),
        }
    }

    /// What is wrong with a document that breaks at `offset`: where it has the braces of a
    /// template, that is said instead, once for the whole source.
    fn or_template(&mut self, finding: Diagnostic, offset: usize) -> Option<Diagnostic> {
        let template = match finding.code {
            "yaml.syntax" | "yaml.complex-key" => self.template_offset(offset),
            _ => None,
        };
        let Some(offset) = template else { return Some(finding) };
        if self.templates == Templates::Reported {
            return None;
        }
        self.templates = Templates::Reported;
        let (line, column) = self.located.line_and_column(offset);
        let action = Place { source: self.source, line, column };
        Some(
            Diagnostic::error("yaml.template", "this looks like a template, not YAML")
                .at(action, "a template action")
                .help("render it first, for example with `helm template`"),
        )
    }

    /// Where the first `{{` of the document around `offset` stands, if it has one that is closed.
    fn template_offset(&self, offset: usize) -> Option<usize> {
        const SEPARATOR: &str = "---";
        let (before, after) = self.text.split_at_checked(offset)?;
        let begins_a_line = |&at: &usize| self.text[..at].ends_with(['\n', '\r']);
        let mut earlier = before.rmatch_indices(SEPARATOR).map(|(at, _)| at);
        let mut later = after.match_indices(SEPARATOR).map(|(at, _)| offset + at);
        let start = earlier.find(begins_a_line).map_or(0, |at| at + SEPARATOR.len());
        let end = later.find(begins_a_line).unwrap_or(self.text.len());
        let document = &self.text[start..end];
        let open = document.find("{{")?;
        document[open..].contains("}}").then_some(start + open)
    }

    fn place_of(&self, marker: &Marker) -> Place {
        Place {
            source: self.source,
            line: to_u32(marker.line().max(1)),
            column: to_u32(marker.col() + 1),
        }
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("sources are at most 1 GiB long")
}

fn damage_report(sources: &SourceSet, source: SourceId) -> Option<Diagnostic> {
    let place = Place { source, line: 1, column: 1 };
    Some(match sources.get(source).damage()? {
        Damage::Binary => Diagnostic::error("yaml.binary", "this is a binary file")
            .at(place, "skipped")
            .help("leave it out of the paths"),
        Damage::Utf16 => Diagnostic::error("yaml.encoding", "this file is UTF-16, not UTF-8")
            .at(place, "skipped")
            .help("save it as UTF-8"),
        Damage::TooLarge => Diagnostic::error("yaml.too-large", "this file is larger than 1 GiB")
            .at(place, "skipped")
            .help("split it"),
        Damage::InvalidUtf8 { offset } => {
            let (line, column) = sources.get(source).line_and_column(offset);
            Diagnostic::error("yaml.encoding", "a byte is not valid UTF-8")
                .at(Place { source, line, column }, "read as `\u{FFFD}`")
                .help("save the file as UTF-8; the rest of it is read")
        }
    })
}
