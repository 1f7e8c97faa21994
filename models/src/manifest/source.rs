//! The texts that were read and their names; it reads no files and parses nothing.

use std::fmt;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::{Place, SourceId};

/// The largest source, in bytes; a larger one is refused, so that offsets fit in 32 bits.
pub const SOURCE_BYTES_MAX: usize = 1 << 30;

/// How much of a source a diagnostic quotes at most: a whole dump may stand on one line.
const WINDOW_BYTES_MAX: usize = 4000;

/// What is then shown before and after the span.
const ENDLESS_LINE_MARGIN_BYTES: usize = 60;

const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Every text of a run, numbered in the order in which it was added.
#[derive(Debug, Default)]
pub struct SourceSet {
    sources: Vec<Source>,
}

impl SourceSet {
    /// No sources yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text; a byte order mark at its start is dropped.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let text = text.into();
        let damage = damage_of_text(&text);
        self.push(name.into(), text, damage)
    }

    /// Adds the bytes of a file. Bytes that are not text make a source that reads as damaged: it
    /// yields a diagnostic in place of its content, or beside it where the rest is legible.
    pub fn add_bytes(&mut self, name: impl Into<String>, mut bytes: Vec<u8>) -> SourceId {
        if bytes.starts_with(BYTE_ORDER_MARK.as_bytes()) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return self.push(name.into(), String::new(), Some(Damage::Utf16));
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.add(name, text),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let damage = damage_of_text(&text).unwrap_or(Damage::InvalidUtf8 { offset });
                self.push(name.into(), text, Some(damage))
            }
        }
    }

    fn push(&mut self, name: String, mut text: String, damage: Option<Damage>) -> SourceId {
        if damage.is_some_and(|damage| !damage.is_legible()) {
            text = String::new();
        }
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len());
        }
        let number = u32::try_from(self.sources.len()).expect("fewer than 2^32 sources fit memory");
        let line_starts = line_starts(&text);
        self.sources.push(Source { name, text, line_starts, damage });
        SourceId(number)
    }

    /// The source with this number.
    ///
    /// # Panics
    /// When `id` comes from another set.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// The name that was given to a source.
    #[must_use]
    pub fn name(&self, id: SourceId) -> &str {
        &self.get(id).name
    }

    /// The text of a source.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        &self.get(id).text
    }

    /// The numbers of all sources, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..u32::try_from(self.sources.len()).expect("checked when a source is added"))
            .map(SourceId)
    }

    /// `place` as people and editors write it: `file:line:column`.
    #[must_use]
    pub fn show(&self, place: Place) -> ShownPlace<'_> {
        ShownPlace { name: self.name(place.source), place }
    }

    /// The text of the line at `place`, without its line break.
    #[must_use]
    pub fn line_text(&self, place: Place) -> &str {
        self.get(place.source).line_text(place.line)
    }
}

/// A place with the name of its file; displays as `file:line:column`.
#[derive(Clone, Copy, Debug)]
pub struct ShownPlace<'s> {
    name: &'s str,
    place: Place,
}

impl fmt::Display for ShownPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.place.line, self.place.column)
    }
}

/// Why a source cannot be read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It holds a NUL character.
    Binary,
    /// It begins with a byte order mark of UTF-16.
    Utf16,
    /// It is larger than [`SOURCE_BYTES_MAX`].
    TooLarge,
    /// A byte at this offset is no UTF-8; such bytes were replaced and the rest is read.
    InvalidUtf8 { offset: usize },
}

impl Damage {
    /// Whether the text is still worth reading.
    pub(crate) const fn is_legible(self) -> bool {
        matches!(self, Self::InvalidUtf8 { .. })
    }
}

/// One text with its name and the starts of its lines.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offsets; the first is 0.
    line_starts: Vec<u32>,
    damage: Option<Damage>,
}

impl Source {
    pub(crate) const fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// How many lines there are; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The text of a line, counted from 1, without its line break; empty past the end.
    #[must_use]
    pub fn line_text(&self, line: u32) -> &str {
        let index = line.max(1) as usize - 1;
        let Some(&start) = self.line_starts.get(index) else { return "" };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The byte offset of a place; a place past the end of its line is moved back to that end.
    #[must_use]
    pub fn offset_of(&self, place: Place) -> usize {
        let index = place.line.max(1) as usize - 1;
        let Some(&start) = self.line_starts.get(index) else { return self.text.len() };
        let line = self.line_text(place.line);
        let column = place.column.max(1) as usize - 1;
        let within = line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
        start as usize + within
    }

    /// What stands on the line from a byte offset on.
    pub(super) fn rest_of_line(&self, offset: usize) -> &str {
        let rest = self.text.get(offset..).unwrap_or("");
        rest.split(['\n', '\r']).next().unwrap_or("")
    }

    /// The line and column, from 1, of a byte offset.
    pub(crate) fn line_and_column(&self, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let before = self.text.get(start..offset).unwrap_or("");
        (to_u32(line), to_u32(before.chars().count() + 1))
    }
}

impl SourceCode for Source {
    /// Finds the lines by the index, where miette's own implementation would scan a large file
    /// from its start for every diagnostic.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let last = span.offset().saturating_add(span.len());
        if last > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let line_at =
            |offset: usize| self.line_starts.partition_point(|&at| at as usize <= offset) - 1;
        let first_line = line_at(span.offset()).saturating_sub(lines_before);
        let end_line = line_at(last).saturating_add(lines_after).saturating_add(1);
        // Without lines before it, a window begins at the span: from such a window miette takes the
        // place that it prints above the quoted lines.
        let line_start = self.line_starts[first_line] as usize;
        let mut start = if lines_before == 0 { span.offset() } else { line_start };
        let mut end = self.line_starts.get(end_line).map_or(self.text.len(), |&at| at as usize);
        if end - start > WINDOW_BYTES_MAX {
            let margin = ENDLESS_LINE_MARGIN_BYTES;
            start = start.max(self.text.floor_char_boundary(span.offset().saturating_sub(margin)));
            end = end.min(self.text.ceil_char_boundary(last.saturating_add(margin)));
        }
        let (line, column) = self.line_and_column(start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            SourceSpan::from((start, end - start)),
            line as usize - 1,
            column as usize - 1,
            self.line_starts.len(),
        )))
    }
}

fn damage_of_text(text: &str) -> Option<Damage> {
    if text.len() > SOURCE_BYTES_MAX {
        return Some(Damage::TooLarge);
    }
    text.as_bytes().contains(&0).then_some(Damage::Binary)
}

/// YAML breaks lines at LF, CR LF and a lone CR (YAML 1.2.2, section 5.4).
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let breaks = bytes.iter().enumerate().filter(|&(at, &byte)| {
        byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    });
    std::iter::once(0).chain(breaks.map(|(at, _)| to_u32(at + 1))).collect()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("sources are at most SOURCE_BYTES_MAX long")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: u32) -> Place {
        Place { source: SourceId(0), line, column }
    }

    #[test]
    fn a_place_is_shown_as_editors_write_it() {
        let mut sources = SourceSet::new();
        let id = sources.add("shop/web.yaml", "a: 1\nb: 2\n");
        let place = Place { source: id, line: 2, column: 4 };
        assert_eq!(sources.show(place).to_string(), "shop/web.yaml:2:4");
        assert_eq!(sources.line_text(place), "b: 2");
    }

    #[test]
    fn offsets_count_characters_and_know_every_kind_of_line_break() {
        let mut sources = SourceSet::new();
        let id = sources.add("x", "ä: 1\r\nb: 2\rc: 3\n");
        let source = sources.get(id);
        assert_eq!(source.offset_of(place(1, 2)), 2);
        assert_eq!(source.line_text(2), "b: 2");
        assert_eq!(source.line_text(3), "c: 3");
        assert_eq!(source.line_text(9), "");
        assert_eq!(source.line_and_column(source.offset_of(place(3, 4))), (3, 4));
        assert_eq!(source.offset_of(place(2, 99)), "ä: 1\r\nb: 2".len());
    }

    #[test]
    fn a_byte_order_mark_does_not_shift_columns() {
        let mut sources = SourceSet::new();
        let id = sources.add_bytes("x", b"\xEF\xBB\xBFa: 1".to_vec());
        assert_eq!(sources.text(id), "a: 1");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_as_damaged() {
        let mut sources = SourceSet::new();
        let binary = sources.add_bytes("b", vec![0x7F, b'E', 0, 1]);
        let utf16 = sources.add_bytes("u", vec![0xFF, 0xFE, b'a', 0]);
        let latin1 = sources.add_bytes("l", b"a: caf\xE9\nb: 2\n".to_vec());
        assert_eq!(sources.get(binary).damage(), Some(Damage::Binary));
        assert_eq!(sources.get(utf16).damage(), Some(Damage::Utf16));
        assert_eq!(sources.get(latin1).damage(), Some(Damage::InvalidUtf8 { offset: 6 }));
        assert_eq!(sources.get(latin1).line_text(2), "b: 2");
    }

    #[test]
    fn a_diagnostic_window_holds_the_lines_around_the_span() {
        let mut sources = SourceSet::new();
        let id = sources.add("x", "one\ntwo\nthree\nfour\n");
        let source = sources.get(id);
        let span = SourceSpan::from((source.offset_of(place(3, 1)), 5));
        let window = source.read_span(&span, 1, 0).expect("the span lies inside");
        assert_eq!(window.data(), b"two\nthree\n");
        assert_eq!((window.line(), window.column()), (1, 0));
        let inner = SourceSpan::from((source.offset_of(place(2, 3)), 1));
        let bare = source.read_span(&inner, 0, 0).expect("the span lies inside");
        assert_eq!((bare.line(), bare.column()), (1, 2));
        assert!(source.read_span(&SourceSpan::from((99, 1)), 1, 1).is_err());
    }

    #[test]
    fn a_diagnostic_about_an_endless_line_quotes_a_part_of_it() {
        let mut sources = SourceSet::new();
        let id = sources.add("x", format!("first\n{}", "é".repeat(100_000)));
        let source = sources.get(id);
        let span = SourceSpan::from((source.offset_of(place(2, 50_001)), 2));
        let window = source.read_span(&span, 1, 1).expect("the span lies inside");
        assert!(window.data().len() < 200 && std::str::from_utf8(window.data()).is_ok());
        assert_eq!((window.line(), window.column()), (1, 49_970));
    }
}
