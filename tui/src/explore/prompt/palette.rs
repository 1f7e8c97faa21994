//! The list of all actions, which is searched by typing and runs what is chosen: everything can
//! be found here, and its key is learnt on the way.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::line::{Edited, Line};
use crate::explore::action::{Id, Row, rows};
use crate::explore::keys::{Bindings, Chord, Held, Key};
use crate::explore::screen::Screen;

/// How far a page goes.
const PAGE: usize = 10;

/// The open list.
#[derive(Clone, Debug, Default)]
pub(in crate::explore) struct Palette {
    line: Line,
    selected: usize,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Chosen {
    /// The list stays.
    Stays,
    /// It is closed and nothing is done.
    Closes,
    /// It is closed, and this is done.
    Runs(Id),
}

/// An action as it is listed.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Listed {
    /// Which.
    pub(in crate::explore) row: &'static Row,
    /// Its keys, the first being the one to learn.
    pub(in crate::explore) keys: String,
}

impl Palette {
    /// What is searched for.
    pub(in crate::explore) const fn line(&self) -> &Line {
        &self.line
    }

    /// Which row is selected, of so many.
    pub(in crate::explore) fn selected(&self, count: usize) -> usize {
        self.selected.min(count.saturating_sub(1))
    }

    /// What is found, the best first; without a search all actions in the order of the table.
    pub(in crate::explore) fn listed(&self, bindings: &Bindings, screen: Screen) -> Vec<Listed> {
        let listed = |row: &'static Row| {
            let keys = bindings.keys_of(row.id).join("  ");
            Listed { row, keys }
        };
        let here = rows().filter(|row| row.counts_on(screen)).map(listed);
        let pattern = self.line.text().trim();
        if pattern.is_empty() {
            return here.collect();
        }
        let sought = Sought::new(pattern);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut found: Vec<(u32, Listed)> = here
            .filter_map(|listed| {
                let score = score(&sought, &listed, &mut matcher)?;
                Some((score, listed))
            })
            .collect();
        // Stable: alike scores keep the table's order.
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, listed)| listed).collect()
    }

    /// Takes a key.
    pub(in crate::explore) fn press(
        &mut self,
        chord: Chord,
        bindings: &Bindings,
        screen: Screen,
    ) -> Chosen {
        let listed = self.listed(bindings, screen);
        let last = listed.len().saturating_sub(1);
        let at = self.selected(listed.len());
        self.selected =
            match (chord.held, chord.key) {
                (Held::Nothing, Key::Esc | Key::Char('?') | Key::Function(1)) => {
                    return Chosen::Closes;
                }
                (Held::Nothing, Key::Enter) => {
                    return listed.get(at).map_or(Chosen::Stays, |it| Chosen::Runs(it.row.id));
                }
                (Held::Nothing, Key::Up)
                | (Held::Shift, Key::Tab)
                | (Held::Ctrl, Key::Char('p')) => at.checked_sub(1).unwrap_or(last),
                (Held::Nothing, Key::Down | Key::Tab) | (Held::Ctrl, Key::Char('n')) => {
                    if at == last { 0 } else { at + 1 }
                }
                (Held::Nothing, Key::PageUp) => at.saturating_sub(PAGE),
                (Held::Nothing, Key::PageDown) => (at + PAGE).min(last),
                _ => {
                    let edited = self.line.press(chord);
                    if edited == Edited::Text { 0 } else { at }
                }
            };
        Chosen::Stays
    }

    /// Adds what was pasted.
    pub(in crate::explore) fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.selected = 0;
    }
}

/// How well an action fits what is searched for: its key counts most, then its name, then
/// its sentence, where the words have to stand as they are, and last its name with letters left out.
fn score(sought: &Sought, listed: &Listed, matcher: &mut Matcher) -> Option<u32> {
    const KEY_BONUS: u32 = 20_000;
    const NAME_BONUS: u32 = 10_000;
    const WORDS_BONUS: u32 = 5_000;
    let row = listed.row;
    let mut buffer = Vec::new();
    let mut of =
        |pattern: &Pattern, text: &str| pattern.score(Utf32Str::new(text, &mut buffer), matcher);
    let by_key = listed.keys.split("  ").any(|key| key == sought.typed);
    if by_key {
        return Some(KEY_BONUS);
    }
    let name = row.name.replace('-', " ");
    let rest = format!("{name} {} {} {}", row.group.word(), row.words.join(" "), row.sentence);
    let by_words = of(&sought.words, &rest);
    // Letters that are scattered over a name say less than a word that stands in the sentence.
    let is_whole = of(&sought.words, &name).is_some();
    if by_words.is_some() && !is_whole {
        return by_words.map(|score| score + WORDS_BONUS);
    }
    if let Some(score) = of(&sought.letters, &name) {
        // The whole name goes before a longer one that holds its letters.
        let whole = if name == sought.typed { NAME_BONUS / 2 } else { 0 };
        let bonus = if is_whole { NAME_BONUS } else { 0 };
        return Some(score + bonus + whole);
    }
    None
}

/// What is searched for.
struct Sought {
    typed: String,
    letters: Pattern,
    words: Pattern,
}

impl Sought {
    fn new(typed: &str) -> Self {
        let (case, normalization) = (CaseMatching::Ignore, Normalization::Smart);
        Self {
            typed: typed.to_owned(),
            letters: Pattern::new(typed, case, normalization, AtomKind::Fuzzy),
            words: Pattern::new(typed, case, normalization, AtomKind::Substring),
        }
    }
}
