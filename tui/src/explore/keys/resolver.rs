//! Keys that are half typed: rows of keys, counts before them and letters behind them. A small
//! state machine without a clock; whoever has one says when somebody has paused.
//!
//! Digits show screens at once, and are the beginning of a count too: `23G` goes to event 23 and
//! puts the screen back that was shown before the 2. A pause ends a count, so that `2`, a look at
//! the screen, and `G` is the end of the run. One digit alone that shows a screen counts only
//! before `G`: nobody who presses `2` and at once `l` means two events.

use super::bindings::{Bindings, Lead};
use super::chord::{Chord, Key};
use crate::explore::action::{Action, Argument, Expected, Id, Takes};
use crate::explore::screen::Screen;

/// More digits than any count needs are forgotten.
const DIGITS_MAX: usize = 12;

/// What is half typed.
#[derive(Clone, Debug, Default)]
pub(in crate::explore) struct Resolver {
    typed: Vec<Chord>,
    digits: Vec<char>,
    /// The screen that was shown before the first digit that shows one.
    before: Option<Screen>,
    /// The action that waits for its letter.
    letter_for: Option<Id>,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::explore) enum Typed {
    /// More has to follow.
    Waits,
    /// What was half typed is forgotten.
    Forgotten,
    /// To be done in this order.
    Run(Vec<Action>),
    /// Nothing is bound to what was typed.
    Unbound(String),
}

impl Resolver {
    /// Takes a key that is pressed on `screen`.
    pub(in crate::explore) fn press(
        &mut self,
        chord: Chord,
        bindings: &Bindings,
        screen: Screen,
    ) -> Typed {
        if chord == Chord::CTRL_C {
            self.forget();
            return Typed::Run(vec![Action::of(Id::QuitNow)]);
        }
        if let Some(id) = self.letter_for.take() {
            return letter(id, chord);
        }
        if chord.key == Key::Esc && !self.typed.is_empty() {
            self.forget();
            return Typed::Forgotten;
        }
        if self.typed.is_empty()
            && let Some(typed) = self.digit(chord, bindings, screen)
        {
            return typed;
        }
        self.typed.push(chord);
        match bindings.lead(&self.typed, screen) {
            Lead::Further => Typed::Waits,
            Lead::Action(id) => self.finish(id),
            Lead::Nowhere => {
                let unbound: Vec<String> = self.typed.iter().map(Chord::to_string).collect();
                self.forget();
                Typed::Unbound(unbound.join(" "))
            }
        }
    }

    /// Somebody has paused: digits that are typed are no count any more.
    pub(in crate::explore) fn pause(&mut self) {
        self.digits.clear();
        self.before = None;
    }

    /// Whether a pause would change anything.
    pub(in crate::explore) fn counts(&self) -> bool {
        !self.digits.is_empty()
    }

    /// Waits for the letter of an action, as if its key had been pressed.
    pub(in crate::explore) fn ask_letter(&mut self, id: Id) {
        self.forget();
        self.letter_for = Some(id);
    }

    /// What is half typed and what may follow, for the footer.
    pub(in crate::explore) fn waiting(
        &self,
        bindings: &Bindings,
        screen: Screen,
    ) -> Option<(String, Vec<(String, Id)>)> {
        if let Some(id) = self.letter_for {
            let key = bindings.keys_of(id).into_iter().next().unwrap_or_default();
            return Some((key, vec![("a-z".to_owned(), id)]));
        }
        let first = self.typed.first()?;
        let typed =
            self.typed.iter().skip(1).fold(first.to_string(), |text, it| text + &it.to_string());
        Some((typed, bindings.following(&self.typed, screen)))
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    /// A digit that begins or goes on with a count.
    fn digit(&mut self, chord: Chord, bindings: &Bindings, screen: Screen) -> Option<Typed> {
        let digit = chord.typed().filter(char::is_ascii_digit)?;
        let lead = bindings.lead(&[chord], screen);
        let typed = match lead {
            Lead::Action(id @ Id::Show(_)) => Typed::Run(vec![Action::of(id)]),
            // A count does not begin with 0.
            Lead::Nowhere if digit != '0' || !self.digits.is_empty() => Typed::Waits,
            // Somebody has bound it to something else.
            _ => return None,
        };
        // Not only the first digit can show a screen: `83G` passes by one as well.
        if self.before.is_none() && matches!(typed, Typed::Run(_)) {
            self.before = Some(screen);
        }
        if self.digits.len() < DIGITS_MAX {
            self.digits.push(digit);
        }
        Some(typed)
    }

    fn finish(&mut self, id: Id) -> Typed {
        let Self { digits, before, .. } = std::mem::take(self);
        let row = id.row();
        if row.takes == Takes::Must(Expected::Mark) {
            self.letter_for = Some(id);
            return Typed::Waits;
        }
        let number: Option<u64> = digits.iter().collect::<String>().parse().ok();
        // One digit that showed a screen was meant for it.
        let alone = digits.len() == 1 && before.is_some();
        let put_back = before.map(|screen| Action::of(Id::Show(screen)));
        let counted = match (id, number) {
            (Id::GoToEnd, Some(number)) => {
                Some(Action::with(Id::GoToEvent, Argument::Event(number)))
            }
            (_, Some(number)) if row.takes == Takes::May(Expected::Count) && !alone => {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                Some(Action::counted(id, number))
            }
            _ => None,
        };
        match counted {
            Some(action) => Typed::Run(put_back.into_iter().chain([action]).collect()),
            None => Typed::Run(vec![Action::of(id)]),
        }
    }
}

/// The letter behind `m` or `'`.
fn letter(id: Id, chord: Chord) -> Typed {
    if chord.key == Key::Esc {
        return Typed::Forgotten;
    }
    match chord.typed() {
        Some(letter @ 'a'..='z') => Typed::Run(vec![Action::with(id, Argument::Mark(letter))]),
        _ => Typed::Unbound(format!("{chord} (a mark is a letter from a to z)")),
    }
}
