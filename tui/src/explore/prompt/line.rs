//! One line of text that is being typed, with the keys that readline has taught everybody. What
//! the text means is not known here.

use unicode_width::UnicodeWidthChar;

use crate::explore::keys::{Chord, Held, Key};

/// More characters than anybody types; what is pasted beyond them is cut.
const CHARACTERS_MAX: usize = 2_000;

/// A line with a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Line {
    text: String,
    /// Before which byte the next character is put; a border of characters.
    at: usize,
}

/// Whether a key was one of editing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Edited {
    /// The text has changed.
    Text,
    /// Only the place has.
    Place,
    /// It was none.
    No,
}

impl Line {
    /// A text, with the place at its end.
    pub(in crate::explore) fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at: text.len(), text }
    }

    /// The text.
    pub(in crate::explore) fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the place.
    pub(in crate::explore) fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Puts `text` in the place of what stands between `from` and the place.
    pub(in crate::explore) fn replace_from(&mut self, from: usize, text: &str) {
        self.text.replace_range(from..self.at, text);
        self.at = from + text.len();
    }

    /// Adds what was pasted, as one line.
    pub(in crate::explore) fn paste(&mut self, text: &str) {
        for char in text.trim_end_matches(['\r', '\n']).chars() {
            self.insert(if char.is_control() { ' ' } else { char });
        }
    }

    /// Takes a key.
    pub(in crate::explore) fn press(&mut self, chord: Chord) -> Edited {
        if let Some(char) = chord.typed() {
            self.insert(char);
            return Edited::Text;
        }
        let to = match (chord.held, chord.key) {
            (Held::Nothing, Key::Left) | (Held::Ctrl, Key::Char('b')) => self.left(),
            (Held::Nothing, Key::Right) | (Held::Ctrl, Key::Char('f')) => self.right(),
            (Held::Nothing, Key::Home) | (Held::Ctrl, Key::Char('a')) => 0,
            (Held::Nothing, Key::End) | (Held::Ctrl, Key::Char('e')) => self.text.len(),
            (Held::Alt | Held::Ctrl, Key::Left) | (Held::Alt, Key::Char('b')) => self.word_left(),
            (Held::Alt | Held::Ctrl, Key::Right) | (Held::Alt, Key::Char('f')) => self.word_right(),
            _ => return self.delete(chord),
        };
        self.at = to;
        Edited::Place
    }

    fn delete(&mut self, chord: Chord) -> Edited {
        let range = match (chord.held, chord.key) {
            (Held::Nothing, Key::Backspace) | (Held::Ctrl, Key::Char('h')) => self.left()..self.at,
            (Held::Nothing, Key::Delete) | (Held::Ctrl, Key::Char('d')) => self.at..self.right(),
            (Held::Ctrl, Key::Char('w')) | (Held::Alt, Key::Backspace) => self.word_left()..self.at,
            (Held::Ctrl, Key::Char('u')) => 0..self.at,
            (Held::Ctrl, Key::Char('k')) => self.at..self.text.len(),
            _ => return Edited::No,
        };
        self.at = range.start;
        self.text.replace_range(range, "");
        Edited::Text
    }

    fn insert(&mut self, char: char) {
        if self.text.chars().count() < CHARACTERS_MAX {
            self.text.insert(self.at, char);
            self.at += char.len_utf8();
        }
    }

    fn left(&self) -> usize {
        self.before().char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let next = self.text[self.at..].chars().next();
        self.at + next.map_or(0, char::len_utf8)
    }

    /// Where the word before the place begins.
    fn word_left(&self) -> usize {
        let trimmed = self.before().trim_end_matches(|char: char| !char.is_alphanumeric());
        trimmed
            .rfind(|char: char| !char.is_alphanumeric())
            .map_or(0, |at| at + trimmed[at..].chars().next().map_or(0, char::len_utf8))
    }

    /// Where the word after the place ends.
    fn word_right(&self) -> usize {
        let rest = &self.text[self.at..];
        let word = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
        let end = rest[word..].find(|char: char| !char.is_alphanumeric());
        self.at + end.map_or(rest.len(), |end| word + end)
    }

    /// As much of it as fits in `width` columns, with the place in it, and the place's column.
    pub(in crate::explore) fn shown(&self, width: usize) -> (String, usize) {
        let columns = |text: &str| text.chars().map(|it| it.width().unwrap_or(0)).sum::<usize>();
        let mut start = 0;
        // The place itself takes a column behind the last character.
        while columns(&self.text[start..self.at]) >= width.max(1) {
            start += self.text[start..].chars().next().map_or(1, char::len_utf8);
        }
        let mut shown = String::new();
        let mut used = 0;
        for char in self.text[start..].chars() {
            used += char.width().unwrap_or(0);
            if used > width {
                break;
            }
            shown.push(char);
        }
        (shown, columns(&self.text[start..self.at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::keys::chords;

    fn typed(text: &str, keys: &str) -> (String, usize) {
        let mut line = Line::of(text);
        for chord in chords(keys).expect("keys") {
            line.press(chord);
        }
        (line.text.clone(), line.at)
    }

    #[test]
    fn readline_keys_edit() {
        for (text, keys, after, at) in [
            ("abc", "left left x", "axbc", 2),
            ("abc", "ctrl-a X", "Xabc", 1),
            ("next failed", "ctrl-w", "next ", 5),
            ("next failed", "alt-b alt-b N", "Nnext failed", 1),
            ("a && b", "ctrl-u", "", 0),
            ("a && b", "home alt-right ctrl-k", "a", 1),
            ("héé", "backspace", "hé", 3),
            ("日本", "left delete", "日", 3),
            ("", "backspace delete ctrl-w left right", "", 0),
        ] {
            assert_eq!(typed(text, keys), (after.to_owned(), at), "{text} {keys}");
        }
    }

    #[test]
    fn the_place_stays_in_sight() {
        let mut line = Line::of("abcdefghij");
        assert_eq!(line.shown(5), ("ghij".to_owned(), 4));
        line.press(Chord::plain(Key::Home));
        assert_eq!(line.shown(5), ("abcde".to_owned(), 0));
        assert_eq!(Line::of("日本語").shown(5), ("本語".to_owned(), 4));
        assert_eq!(Line::of("abc").shown(0).1, 0);
    }

    #[test]
    fn what_is_pasted_is_one_line_of_bounded_length() {
        let mut line = Line::default();
        line.paste("a\nb\tc\n");
        assert_eq!(line.text(), "a b c");
        line.paste(&"x".repeat(10_000));
        assert_eq!(line.text().chars().count(), CHARACTERS_MAX);
    }
}
