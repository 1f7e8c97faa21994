//! Which keys lead to which action: the defaults of the table, with what a file changes. No key
//! means two things on one screen, and none hides a longer row of keys.

use std::collections::BTreeMap;

use super::chord::Chord;
use super::problem::Problem;
use super::sequence::Sequence;
use crate::explore::action::{Id, Row, rows};
use crate::explore::screen::Screen;

/// Where a binding is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the table of actions.
    Default,
    /// At a line and column of the file.
    File {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
}

/// A row of keys and what it leads to.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) sequence: Sequence,
    pub(super) row: &'static Row,
    pub(super) origin: Origin,
}

/// All bindings.
#[derive(Clone, Debug)]
pub(crate) struct Bindings {
    /// In the order of the table, and of the keys in each row.
    all: Vec<Binding>,
}

/// Where a row of keys leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Lead {
    /// To an action.
    Action(Id),
    /// To nothing yet; a longer one begins like it.
    Further,
    /// Nowhere.
    Nowhere,
}

impl Default for Bindings {
    fn default() -> Self {
        Self::with(&BTreeMap::new())
    }
}

impl Bindings {
    /// The keys of `file` in the place of an action's own.
    pub(super) fn with(file: &BTreeMap<Id, Vec<(Sequence, Origin)>>) -> Self {
        let mut all = Vec::new();
        for row in rows() {
            // What ends the program in every state has its key and keeps it.
            if let Some(keys) = file.get(&row.id) {
                let own = keys.iter().cloned();
                all.extend(own.map(|(sequence, origin)| Binding { sequence, row, origin }));
                continue;
            }
            for key in row.keys {
                let sequence = Sequence::parse(key).expect("a test reads every default");
                all.push(Binding { sequence, row, origin: Origin::Default });
            }
        }
        Self { all }
    }

    /// The keys of an action, as they are written; the first is the one to show.
    pub(in crate::explore) fn keys_of(&self, id: Id) -> Vec<String> {
        let own = self.all.iter().filter(|binding| binding.row.id == id);
        own.map(|binding| binding.sequence.to_string()).collect()
    }

    /// Where `typed` leads on `screen`.
    pub(in crate::explore) fn lead(&self, typed: &[Chord], screen: Screen) -> Lead {
        let mut lead = Lead::Nowhere;
        for binding in self.all.iter().filter(|binding| binding.row.counts_on(screen)) {
            let chords = binding.sequence.chords();
            if chords == typed {
                return Lead::Action(binding.row.id);
            }
            if chords.starts_with(typed) {
                lead = Lead::Further;
            }
        }
        lead
    }

    /// What may follow `typed` on `screen`: the rest of the keys and the action.
    pub(in crate::explore) fn following(
        &self,
        typed: &[Chord],
        screen: Screen,
    ) -> Vec<(String, Id)> {
        let here = self.all.iter().filter(|binding| binding.row.counts_on(screen));
        let rests = here.filter_map(|binding| {
            let rest = binding.sequence.chords().strip_prefix(typed)?;
            let rest: Vec<String> = rest.iter().map(Chord::to_string).collect();
            (!rest.is_empty()).then(|| (rest.join(" "), binding.row.id))
        });
        rests.collect()
    }

    /// What collides, told at the line of the file that made it collide.
    pub(super) fn conflicts(&self, file: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, later) in self.all.iter().enumerate() {
            for earlier in &self.all[..index] {
                problems.extend(conflict(earlier, later, file));
            }
        }
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }
}

/// What is wrong with two bindings together.
fn conflict(one: &Binding, other: &Binding, file: &str) -> Option<Problem> {
    if !one.row.meets(other.row) {
        return None;
    }
    // It is told at the later of the two lines.
    let line = |binding: &Binding| match binding.origin {
        Origin::Default => (0, 0),
        Origin::File { line, column } => (line, column),
    };
    let (earlier, later) = if line(one) > line(other) { (other, one) } else { (one, other) };
    let (short, long) = (earlier.sequence.chords(), later.sequence.chords());
    let how = if short == long {
        "is bound twice"
    } else if long.starts_with(short) {
        "would never be seen"
    } else if short.starts_with(long) {
        "would hide longer keys"
    } else {
        return None;
    };
    let (line, column) = line(later);
    let also = match earlier.origin {
        Origin::File { line, .. } => {
            format!("`{}` is bound to `{}` on line {line}", earlier.sequence, earlier.row.name)
        }
        Origin::Default => format!(
            "`{}` is bound to `{}` by default; give that other keys, or none with `{} = []`",
            earlier.sequence, earlier.row.name, earlier.row.name
        ),
    };
    let message = format!("`{}` of `{}` {how}: {also}", later.sequence, later.row.name);
    Some(Problem { file: file.to_owned(), line, column, message })
}
