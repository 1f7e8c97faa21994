//! Where a session begins: from the name of an entry and of a screen, as somebody writes them on
//! the command line, to a cursor and a view.

use super::action::Id;
use super::view::Message;
use super::{App, Screen};
use crate::failure::Failure;

/// How many events of the kernel are recorded between two looks for a name. The looks double
/// their distance, so that all of them together cost about as much as the last.
const FIRST_SLICE_EVENTS: u64 = 50_000;

/// How many events are recorded between two looks at the keys: a few milliseconds.
const SLICE_EVENTS: u64 = 2_000;

/// How many names an error lists.
const NAMES_MAX: usize = 5;

impl App {
    /// Shows the screen of this name.
    pub(crate) fn begin_on(&mut self, name: &str) -> Result<(), Failure> {
        let Some(screen) = Screen::named(name) else {
            let words: Vec<_> = Screen::ALL.into_iter().map(Screen::word).collect();
            return Err(Failure::new(format!("there is no screen `{name}`"))
                .help(format!("the screens are {}", words.join(", "))));
        };
        self.show(screen);
        Ok(())
    }

    /// Puts the cursor on the entry of this name, and records the run as far as it takes.
    pub(crate) fn begin_at(&mut self, name: &str) -> Result<(), Failure> {
        let mut slice = FIRST_SLICE_EVENTS;
        loop {
            if let Some(event) = self.timeline.log().find(name) {
                self.go_to(event);
                return Ok(());
            }
            if self.timeline.recording().complete.is_some() {
                return Err(self.no_such_entry(name));
            }
            self.timeline.record(slice);
            slice = slice.saturating_mul(2);
        }
    }

    /// Tells somebody who is here for the first time how to go on; until the first key.
    pub(crate) fn greet(&mut self) {
        let ways = [
            (Id::Palette, "finds all that can be done"),
            (Id::NextFailure, "goes to the next failure"),
            (Id::WhyThis, "says why"),
        ];
        let hints = ways.into_iter().filter_map(|(id, does)| {
            let key = self.bindings.keys_of(id).into_iter().next()?;
            Some(format!("{key} {does}"))
        });
        let text = hints.collect::<Vec<_>>().join(", ");
        self.view.message = (!text.is_empty()).then_some(Message::Done(text));
    }

    /// Records the run on by a few milliseconds; whether there was more to record.
    pub(crate) fn record_on(&mut self) -> bool {
        let is_recording = self.timeline.recording().complete.is_none();
        if is_recording {
            self.timeline.record(SLICE_EVENTS);
        }
        is_recording
    }

    /// How many entries are recorded.
    pub(crate) fn entries(&self) -> usize {
        self.timeline.log().len()
    }

    /// Records the run to its end, or to where there is no more room for it.
    pub(crate) fn record_all(&mut self) {
        while self.timeline.record(u64::MAX).complete.is_none() {}
    }

    /// Finishes what a key began, as if somebody had waited for it.
    pub(crate) fn settle(&mut self) {
        while self.is_busy() {
            self.record_on();
            self.work();
        }
    }

    /// What a picture of the screen is called.
    pub(crate) fn caption(&self) -> String {
        let event = self.view.cursor.event;
        let place = match self.timeline.log().get(event) {
            Some(_) => format!(" at {}, {}", event.dense_name(), self.timeline.log().name(event)),
            None => String::new(),
        };
        format!("meshwalk: {}, {}{place}", self.session.title, self.view.screen.word())
    }

    fn no_such_entry(&self, name: &str) -> Failure {
        let log = self.timeline.log();
        let failure = Failure::new(format!("there is no event `{name}` in the log of the run"));
        let Some(last) = log.last() else {
            return failure.help("the log is empty: there is no traffic in the run");
        };
        let (events, requests) = (log.len(), log.subjects().requests().len());
        let sources = log.sources().iter().take(NAMES_MAX);
        let examples: Vec<String> = sources.map(|source| format!("{source}#0")).collect();
        failure.help(format!(
            "there are {events} events, from `e1` to `{}`, of {requests} requests; write the number \
             of an event, its stable name such as `{}`, or a request such as `{}`",
            last.dense_name(),
            log.name(last),
            examples.join("`, `"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Look;
    use crate::explore::testing;

    fn app() -> App {
        App::new(testing::session("basics/policies.yaml", &["duration=2s"]), Look::MONO)
    }

    #[test]
    fn an_entry_has_a_number_and_a_name_and_both_lead_to_it() {
        let mut app = app();
        app.begin_at("e25").expect("the run has as many events");
        let cursor = app.view.cursor;
        assert_eq!(cursor.event.dense_name(), "e25");
        let name = app.timeline.log().name(cursor.event);
        app.begin_at("e1").expect("there is a first");
        app.begin_at(&name).expect("the entry has this name");
        assert_eq!(app.view.cursor, cursor);
        assert!(app.caption().contains(&name), "{}", app.caption());
    }

    #[test]
    fn what_does_not_exist_is_answered_with_what_there_is() {
        let mut app = app();
        for name in ["e0", "e999999999", "", "nobody#3", "audit#99999999", "e-1", "step"] {
            let failure = app.begin_at(name).expect_err("there is no such event");
            let mut text = Vec::new();
            failure.print(&mut text, &crate::terminal::Look::PLAIN).expect("a writable buffer");
            let text = String::from_utf8(text).expect("text");
            assert!(text.contains("`e1` to `e"), "{text}");
        }
        let mut text = Vec::new();
        let failure = app.begin_on("steps").expect_err("there is no such screen");
        failure.print(&mut text, &crate::terminal::Look::PLAIN).expect("a writable buffer");
        assert!(String::from_utf8(text).expect("text").contains("map, step, ladder"));
    }
}
