//! Keys and pasted text: to what is open, or else to what is bound.

use super::App;
use super::effect::Effect;
use crate::explore::action::{Action, Expected, Id};
use crate::explore::keys::{Chord, Typed};
use crate::explore::prompt::{
    Answered, Chosen, History, List, Listed, Overlay, Palette, PaletteChosen, Prompt, Purpose,
};
use crate::explore::view::{Active, Stop};

impl App {
    /// Takes a key.
    pub(crate) fn press(&mut self, chord: Chord) -> Option<Effect> {
        if chord == Chord::CTRL_C {
            return self.update(Action::of(Id::QuitNow));
        }
        match self.view.overlay.take() {
            Some(Overlay::Prompt(prompt)) => self.press_in_prompt(prompt, chord),
            Some(Overlay::Palette(palette)) => self.press_in_palette(palette, chord),
            Some(Overlay::List(list)) => {
                self.press_in_list(list, chord);
                None
            }
            None => self.press_bound(chord),
        }
    }

    /// Adds pasted text to what is typed; without a prompt it is no key of anything.
    pub(crate) fn paste(&mut self, text: &str) {
        match &mut self.view.overlay {
            Some(Overlay::Prompt(prompt)) => prompt.paste(text),
            Some(Overlay::Palette(palette)) => palette.paste(text),
            _ => {}
        }
    }

    /// No key has come for a while: digits that were typed showed screens, and are no count.
    pub(crate) fn pause(&mut self) {
        self.resolver.pause();
    }

    /// Whether a pause would mean anything.
    pub(crate) fn awaits_pause(&self) -> bool {
        self.resolver.counts()
    }

    fn press_bound(&mut self, chord: Chord) -> Option<Effect> {
        match self.resolver.press(chord, &self.bindings, self.view.screen) {
            Typed::Waits => None,
            Typed::Forgotten => {
                self.view.message = None;
                None
            }
            Typed::Run(actions) => {
                let mut effect = None;
                for action in actions {
                    effect = self.update(action).or(effect);
                }
                effect
            }
            Typed::Unbound(keys) => {
                let help = self.bindings.keys_of(Id::Palette).into_iter().next();
                let help = help.map(|key| format!("; {key} lists what is")).unwrap_or_default();
                self.refuse(format!("{keys} is not bound{help}"));
                None
            }
        }
    }

    fn press_in_prompt(&mut self, mut prompt: Prompt, chord: Chord) -> Option<Effect> {
        let mut history = std::mem::take(self.history_of(prompt.purpose()));
        let answered = self.with_words(|words| prompt.press(chord, &mut history, words));
        *self.history_of(prompt.purpose()) = history;
        match answered {
            Answered::Stays => self.view.overlay = Some(Overlay::Prompt(prompt)),
            Answered::Closes => {}
            Answered::Does(action) => return self.update(action),
            Answered::Breaks(row, condition) => {
                self.view.breaks.change(row, Stop::Condition(condition));
                self.view.overlay = Some(Overlay::List(List::new(Listed::Breakpoints)));
            }
        }
        None
    }

    /// Conditions, searches and commands are remembered apart.
    fn history_of(&mut self, purpose: Purpose) -> &mut History {
        match purpose {
            Purpose::Argument(_, Expected::Condition) | Purpose::Breakpoint(_) => {
                &mut self.conditions
            }
            Purpose::Argument(_, Expected::Search) => &mut self.searches,
            Purpose::Command | Purpose::Argument(..) => &mut self.commands,
        }
    }

    fn press_in_palette(&mut self, mut palette: Palette, chord: Chord) -> Option<Effect> {
        match palette.press(chord, &self.bindings, self.view.screen) {
            PaletteChosen::Stays => self.view.overlay = Some(Overlay::Palette(palette)),
            PaletteChosen::Closes => {}
            PaletteChosen::Runs(id) => return self.update(Action::of(id)),
        }
        None
    }

    fn press_in_list(&mut self, mut list: List, chord: Chord) {
        let chosen = list.press(chord, self.list_rows(list.of).len());
        self.view.overlay = Some(Overlay::List(list));
        match (list.of, chosen) {
            (_, Chosen::Stays) => {}
            (_, Chosen::Closes) => self.view.overlay = None,
            (Listed::Breakpoints, Chosen::Opens(row)) => self.open_break(row),
            (Listed::Breakpoints, Chosen::Switches(row)) => self.view.breaks.switch(row),
            (Listed::Breakpoints, Chosen::Deletes(row)) => self.view.breaks.delete(row),
            (Listed::Breakpoints, Chosen::Adds) => self.ask(Id::BreakWhen, Expected::Condition),
            (Listed::Marks, Chosen::Opens(row)) => {
                self.view.overlay = None;
                if let Some(letter) = self.view.marks.keys().nth(row).copied() {
                    self.go_to_mark(letter);
                }
            }
            (Listed::Marks, Chosen::Deletes(row)) => {
                let letter = self.view.marks.keys().nth(row).copied();
                letter.map(|letter| self.view.marks.remove(&letter));
            }
            (Listed::Marks, Chosen::Switches(_) | Chosen::Adds) => {}
        }
    }

    fn open_break(&mut self, row: usize) {
        let Some(there) = self.view.breaks.all().get(row) else { return };
        match there.stop.clone() {
            Stop::Event(event, _) => {
                self.view.overlay = None;
                self.jump_to(event);
            }
            Stop::Condition(text) => {
                self.view.overlay = Some(Overlay::Prompt(Prompt::breakpoint(row, &text)));
            }
        }
    }

    /// The rows of a list, as text.
    pub(in crate::explore) fn list_rows(&self, listed: Listed) -> Vec<String> {
        let log = self.timeline.log();
        match listed {
            Listed::Breakpoints => {
                let rows = self.view.breaks.all().iter().enumerate().map(|(row, it)| {
                    let active = match it.active {
                        Active::On => "on ",
                        Active::Off => "off",
                    };
                    let stop = match &it.stop {
                        Stop::Event(event, name) => format!("at {}  {name}", event.dense_name()),
                        Stop::Condition(text) => format!("where {text}"),
                    };
                    format!("B{}  {active}  {stop}", row + 1)
                });
                rows.collect()
            }
            Listed::Marks => {
                let rows = self.view.marks.iter().map(|(letter, cursor)| {
                    let event = cursor.event;
                    format!(
                        "{letter}  {:>8}  {:>10}  {}",
                        event.dense_name(),
                        log.time(event).to_string(),
                        log.name(event)
                    )
                });
                rows.collect()
            }
        }
    }
}
