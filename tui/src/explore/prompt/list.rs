//! Short lists that lie over a screen: the breakpoints and the marks. What a key means for the
//! selected row is said here; whoever holds the rows does it.

use crate::explore::keys::{Chord, Held, Key};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Listed {
    /// Where to stop.
    Breakpoints,
    /// Where to come back to.
    Marks,
}

/// An open list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) struct List {
    /// Of what.
    pub(in crate::explore) of: Listed,
    selected: usize,
}

/// What is to be done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Chosen {
    /// Nothing; the list stays.
    Stays,
    /// The list is closed.
    Closes,
    /// Go there, or change it where it is no place.
    Opens(usize),
    /// Switch it off, or on again.
    Switches(usize),
    /// Delete it.
    Deletes(usize),
    /// Add one.
    Adds,
}

impl List {
    /// At its first row.
    pub(in crate::explore) const fn new(of: Listed) -> Self {
        Self { of, selected: 0 }
    }

    /// Which row is selected, of so many.
    pub(in crate::explore) fn selected(self, count: usize) -> usize {
        self.selected.min(count.saturating_sub(1))
    }

    /// Takes a key, with so many rows there.
    pub(in crate::explore) fn press(&mut self, chord: Chord, count: usize) -> Chosen {
        let at = self.selected(count);
        let last = count.saturating_sub(1);
        let some = |chosen: Chosen| if count == 0 { Chosen::Stays } else { chosen };
        match (chord.held, chord.key) {
            (Held::Nothing, Key::Esc | Key::Char('q')) => return Chosen::Closes,
            (Held::Nothing, Key::Enter) => return some(Chosen::Opens(at)),
            (Held::Nothing, Key::Char('d') | Key::Delete) => return some(Chosen::Deletes(at)),
            (Held::Nothing, Key::Char(' ')) if self.of == Listed::Breakpoints => {
                return some(Chosen::Switches(at));
            }
            (Held::Nothing, Key::Char('a')) if self.of == Listed::Breakpoints => {
                return Chosen::Adds;
            }
            (Held::Nothing, Key::Char('j') | Key::Down) => self.selected = (at + 1).min(last),
            (Held::Nothing, Key::Char('k') | Key::Up) => self.selected = at.saturating_sub(1),
            (Held::Nothing, Key::Home) => self.selected = 0,
            (Held::Nothing, Key::End) => self.selected = last,
            _ => {}
        }
        Chosen::Stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::keys::chords;

    fn press(list: &mut List, keys: &str, count: usize) -> Chosen {
        let chords = chords(keys).expect("keys");
        chords.into_iter().map(|chord| list.press(chord, count)).last().expect("a key")
    }

    #[test]
    fn rows_are_walked_and_chosen() {
        let mut list = List::new(Listed::Breakpoints);
        assert_eq!(press(&mut list, "j j j enter", 3), Chosen::Opens(2));
        assert_eq!(press(&mut list, "k d", 3), Chosen::Deletes(1));
        assert_eq!(press(&mut list, "space", 1), Chosen::Switches(0));
        assert_eq!(press(&mut list, "esc", 1), Chosen::Closes);
    }

    #[test]
    fn an_empty_list_has_nothing_to_choose() {
        let mut list = List::new(Listed::Marks);
        for key in ["enter", "d", "space", "a", "j", "end"] {
            assert_eq!(press(&mut list, key, 0), Chosen::Stays, "{key}");
        }
        assert_eq!(press(&mut List::new(Listed::Breakpoints), "a", 0), Chosen::Adds);
    }
}
