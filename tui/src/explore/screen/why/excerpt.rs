//! Lines of the user's own files, with the columns that are meant. It reads no files and draws
//! nothing.

use meshwalk_models::manifest::{Place, SourceSet};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExcerptLine {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Its text; tabs are one blank.
    pub(super) text: String,
    /// The columns that are meant, in characters from 0.
    pub(super) marked: Option<(usize, usize)>,
}

/// The name of the file, and so many lines around a place; none before the beginning of the
/// document that the place is in.
pub(super) fn excerpt(
    sources: &SourceSet,
    place: Place,
    height: usize,
) -> (String, Vec<ExcerptLine>) {
    let source = sources.get(place.source);
    let name = sources.name(place.source).to_owned();
    let count = u32::try_from(source.line_count()).unwrap_or(u32::MAX);
    let height = u32::try_from(height).unwrap_or(u32::MAX).max(1);
    // Most of what explains a line stands before it.
    let mut first = place.line.saturating_sub(height.saturating_mul(2) / 3).max(1);
    first = first.min(count.saturating_add(1).saturating_sub(height).max(1));
    let begins = (first..place.line).rev().find(|line| source.line_text(*line).starts_with("---"));
    if let Some(begins) = begins {
        first = begins + 1;
    }
    let last = first.saturating_add(height - 1).min(count);
    let lines = (first..=last).map(|number| {
        let text: String = source.line_text(number).chars().map(plain).collect();
        let marked = (number == place.line).then(|| value_at(&text, place.column));
        ExcerptLine { number, text, marked }
    });
    (name, lines.collect())
}

/// Nothing in a file moves the cursor of a terminal.
fn plain(character: char) -> char {
    match character {
        '\t' => ' ',
        other if other.is_control() => '\u{FFFD}',
        other => other,
    }
}

/// The columns of the value or the key that begins at a column, which counts from 1.
fn value_at(text: &str, column: u32) -> (usize, usize) {
    let from = (column.max(1) - 1) as usize;
    let rest: Vec<char> = text.chars().skip(from).collect();
    let length = match rest.first() {
        Some(&quote @ ('"' | '\'')) => {
            rest.iter().skip(1).position(|it| *it == quote).map_or(rest.len(), |at| at + 2)
        }
        Some('[') => closed(&rest, '[', ']'),
        Some('{') => closed(&rest, '{', '}'),
        _ => plain_length(&rest),
    };
    (from, from + length.max(1))
}

/// As far as the bracket that closes the first one, or the end of the line.
fn closed(rest: &[char], open: char, close: char) -> usize {
    let mut depth = 0usize;
    for (at, it) in rest.iter().enumerate() {
        if *it == open {
            depth += 1;
        } else if *it == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    rest.len()
}

fn plain_length(rest: &[char]) -> usize {
    let ends = |at: usize| {
        let next = rest.get(at + 1).copied().unwrap_or(' ');
        match rest[at] {
            ',' | ']' | '}' => true,
            ':' | ' ' => next == ' ' || next == '#',
            _ => false,
        }
    };
    (0..rest.len()).find(|at| ends(*at)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\n---\nspec:\n  rules:\n    - from: [{ source: { principals: [\"c/ns/a\", x] } }]\n      when: b # c\n";

    fn at(line: u32, column: u32, height: usize) -> (String, Vec<ExcerptLine>) {
        let mut sources = SourceSet::new();
        let source = sources.add("policies.yaml", TEXT);
        excerpt(&sources, Place { source, line, column }, height)
    }

    fn marked(line: u32, column: u32) -> String {
        let lines = at(line, column, 1).1;
        let (from, to) = lines[0].marked.expect("the line is marked");
        lines[0].text.chars().skip(from).take(to - from).collect()
    }

    #[test]
    fn lines_stand_around_the_place_and_not_before_its_document() {
        let (name, lines) = at(5, 1, 4);
        assert_eq!(name, "policies.yaml");
        let numbers: Vec<u32> = lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [3, 4, 5, 6]);
    }

    #[test]
    fn the_value_or_the_key_is_marked_as_far_as_it_goes() {
        assert_eq!(marked(5, 38), "[\"c/ns/a\", x]");
        assert_eq!(marked(5, 39), "\"c/ns/a\"");
        assert_eq!(marked(5, 49), "x");
        assert_eq!(marked(5, 7), "from");
        assert_eq!(marked(6, 13), "b");
        assert_eq!(marked(1, 4), "1");
    }

    #[test]
    fn a_place_beyond_its_line_is_marked_all_the_same() {
        let lines = at(3, 40, 1).1;
        assert_eq!(lines[0].marked, Some((39, 40)));
    }
}
