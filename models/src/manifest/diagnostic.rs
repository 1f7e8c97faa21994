//! What is wrong with an input, where, and what to do; drawing it is the terminal's business.

use std::fmt;

use miette::{LabeledSpan, SourceCode};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Place, SourceSet};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input cannot be used as it is written.
    Error,
    /// It was read, but probably not as its author meant it.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A few words that fit under the quoted line.
    pub text: String,
}

/// One finding about the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable id such as `manifest.wrong-type`.
    pub code: &'static str,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The places it is about; the first is the main one.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error: the input cannot be used as it is written.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A warning: it was read, but probably not as meant.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    /// A note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message.into())
    }

    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self { severity, code, message, labels: Vec::new(), help: None }
    }

    /// Adds a place; the first one added is the main one.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The main place.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }

    /// The finding together with the texts it quotes: for miette, or as JSON.
    #[must_use]
    pub fn with_sources<'s>(&'s self, sources: &'s SourceSet) -> SourcedDiagnostic<'s> {
        // miette quotes one text for a diagnostic; labels in other files become related ones.
        let main = self.place().map(|place| place.source);
        let (labels, others) =
            self.labels.iter().partition(|label| Some(label.place.source) == main);
        let others: Vec<&Label> = others;
        let elsewhere = others.into_iter().map(|label| Elsewhere { label, sources }).collect();
        SourcedDiagnostic { diagnostic: self, labels, elsewhere, sources }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// A [`Diagnostic`] that can quote its sources.
///
/// As JSON it has the stable fields `severity`, `code`, `message`, `help`, and `labels`: a list of
/// `file`, `line`, `column` and `text`, the main place first.
#[derive(Debug)]
pub struct SourcedDiagnostic<'s> {
    diagnostic: &'s Diagnostic,
    labels: Vec<&'s Label>,
    elsewhere: Vec<Elsewhere<'s>>,
    sources: &'s SourceSet,
}

impl fmt::Display for SourcedDiagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl std::error::Error for SourcedDiagnostic<'_> {}

impl miette::Diagnostic for SourcedDiagnostic<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let place = self.diagnostic.place()?;
        Some(self.sources.get(place.source))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        Some(Box::new(self.labels.iter().map(|label| span_of(label, self.sources))))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

impl Serialize for SourcedDiagnostic<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct LabelOut<'s> {
            file: &'s str,
            line: u32,
            column: u32,
            text: &'s str,
        }
        let labels: Vec<LabelOut<'_>> = self
            .diagnostic
            .labels
            .iter()
            .map(|label| LabelOut {
                file: self.sources.name(label.place.source),
                line: label.place.line,
                column: label.place.column,
                text: &label.text,
            })
            .collect();
        let mut out = serializer.serialize_struct("Diagnostic", 5)?;
        out.serialize_field("severity", &self.diagnostic.severity)?;
        out.serialize_field("code", self.diagnostic.code)?;
        out.serialize_field("message", &self.diagnostic.message)?;
        out.serialize_field("labels", &labels)?;
        out.serialize_field("help", &self.diagnostic.help)?;
        out.end()
    }
}

/// A label in another file than the main one, as miette's related diagnostic.
#[derive(Debug)]
struct Elsewhere<'s> {
    label: &'s Label,
    sources: &'s SourceSet,
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label.text)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.sources.get(self.label.place.source))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(span_of(self.label, self.sources))))
    }
}

/// How much of a word is underlined.
const WORD_CHARACTERS_MAX: usize = 60;

/// The span of a label: the word that begins at its place.
fn span_of(label: &Label, sources: &SourceSet) -> LabeledSpan {
    let source = sources.get(label.place.source);
    let offset = source.offset_of(label.place);
    let rest = source.rest_of_line(offset);
    let word = rest.find([' ', '\t', ',']).map_or(rest, |end| &rest[..end]);
    // A word without an end would be underlined over many screens.
    let word = word.char_indices().nth(WORD_CHARACTERS_MAX).map_or(word, |(end, _)| &word[..end]);
    LabeledSpan::new(Some(label.text.clone()), offset, word.len())
}

/// `text` in backquotes, cut to a length that fits a message.
pub(crate) fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let shown = text.char_indices().nth(CHARACTERS_MAX).map_or(text, |(end, _)| &text[..end]);
    let ellipsis = if shown.len() < text.len() { "…" } else { "" };
    // A control character would disturb the terminal or the line structure of the message.
    format!("`{}{ellipsis}`", shown.replace(char::is_control, " "))
}

/// The name among `known` that is nearest to `name`, if one is near enough to be meant.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Names of fields are short; a long one is no typo, and comparing it would be slow.
    const NAME_BYTES_MAX: usize = 64;
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_ascii_lowercase());
    let (steps, nearest) = known
        .into_iter()
        .filter(|other| *other != name)
        .map(|other| (distance(other), other))
        .min()?;
    let steps_max = (name.chars().count() / 3).clamp(1, 3);
    (steps <= steps_max).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic as _;

    use super::*;

    #[test]
    fn a_finding_in_two_files_quotes_both() {
        let mut sources = SourceSet::new();
        let one = sources.add("one.yaml", "a: 1\n");
        let two = sources.add("two.yaml", "b:\n  c: 2\n");
        let finding = Diagnostic::warning("test.twice", "said twice")
            .at(Place { source: two, line: 2, column: 3 }, "here")
            .at(Place { source: one, line: 1, column: 1 }, "first said here")
            .help("say it once");
        let sourced = finding.with_sources(&sources);
        let labels: Vec<_> = sourced.labels().expect("the main label").collect();
        assert_eq!((labels.len(), labels[0].offset(), labels[0].len()), (1, 5, 2));
        assert_eq!(sourced.related().expect("the other file").count(), 1);
        let json = serde_json::to_value(&sourced).expect("plain data");
        assert_eq!(json["labels"][0]["file"], "two.yaml");
        assert_eq!(json["labels"][1]["line"], 1);
        assert_eq!(json["severity"], "warning");
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["targetPort", "protocol", "name"];
        assert_eq!(nearest("targetport", known), Some("targetPort"));
        assert_eq!(nearest("protcol", known), Some("protocol"));
        assert_eq!(nearest("readinessProbe", known), None);
    }

    #[test]
    fn long_text_is_cut_in_messages() {
        assert!(quoted(&"x".repeat(10_000)).chars().count() < 70);
        assert_eq!(quoted("a\nb"), "`a b`");
    }
}
