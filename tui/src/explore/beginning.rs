//! Where a session begins: from the name of an entry, a moment or a condition, and the name of a
//! screen, as somebody writes them on the command line, to a cursor and a view.

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::condition::{Condition, ConditionError};
use meshwalk_sim::timeline::{EventId, Recording};

use super::action::{Argument, Id, place};
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

    /// Puts the cursor where `text` says: on the entry of this number or name, on the last one at
    /// or before a moment, or on the first for which a condition holds. Records the run as far as
    /// it takes.
    pub(crate) fn begin_at(&mut self, text: &str) -> Result<(), Failure> {
        match place(text) {
            Some(Argument::Event(number)) => self.begin_at_name(&format!("e{number}")),
            Some(Argument::Time(time)) => {
                self.begin_at_time(time);
                Ok(())
            }
            Some(_) => self.begin_at_name(text),
            None => self.begin_where(text),
        }
    }

    fn begin_at_name(&mut self, name: &str) -> Result<(), Failure> {
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

    fn begin_at_time(&mut self, time: SimTime) {
        let is_before = |it: Recording| it.complete.is_none() && it.now <= time;
        while is_before(self.timeline.recording()) {
            self.timeline.record(FIRST_SLICE_EVENTS);
        }
        if let Some(event) = self.timeline.log().at_time(time) {
            self.go_to(event);
        }
    }

    /// Goes to the first entry for which a condition holds.
    fn begin_where(&mut self, text: &str) -> Result<(), Failure> {
        let condition = Condition::compile(text, &self.names)
            .map_err(|error| self.neither_place_nor_condition(text, error))?;
        let mut at = 0;
        loop {
            let log = self.timeline.log();
            let entries = u32::try_from(log.len()).unwrap_or(u32::MAX);
            let mut new = (at..entries).map(EventId);
            if let Some(event) = new.find(|it| condition.holds(log, *it, &self.names)) {
                self.go_to(event);
                return Ok(());
            }
            if self.timeline.recording().complete.is_some() {
                return Err(self.holds_nowhere(text));
            }
            at = entries;
            self.timeline.record(FIRST_SLICE_EVENTS);
        }
    }

    /// A word alone is likely to be meant for an event; anything longer for a condition.
    fn neither_place_nor_condition(&mut self, text: &str, error: ConditionError) -> Failure {
        let is_word = |it: char| it.is_alphanumeric() || "#/_-".contains(it);
        let meant = error.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
        if text.chars().all(is_word) && !meant {
            self.record_all();
            return self.no_such_entry(text);
        }
        let failure = Failure::new(format!("no condition over events: {}", error.message))
            .shown(text, error.at);
        match error.help {
            Some(help) => failure.help(help),
            None => failure.help(
                "write a condition such as `decision && verdict == \"deny\"`, an event such as \
                 `e25`, or a moment such as `412ms`",
            ),
        }
    }

    fn holds_nowhere(&self, text: &str) -> Failure {
        let Some(last) = self.timeline.log().last() else { return self.no_such_entry(text) };
        Failure::new(format!("there is no event of the run for which this holds: {text}"))
            .help(format!("all events were looked at, from `e1` to `{}`", last.dense_name()))
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
             of an event, its stable name such as `{}`, a request such as `{}`, a moment such as \
             `412ms`, or a condition such as `failed`",
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
    fn a_moment_leads_to_the_last_event_before_it_and_a_condition_to_the_first_it_holds_for() {
        let mut app = app();
        app.begin_at("1.2s").expect("the run is longer");
        let log = app.timeline.log();
        let event = app.view.cursor.event;
        assert!(log.time(event).as_secs_f64() <= 1.2, "{event:?}");
        assert!(log.time(EventId(event.0 + 1)).as_secs_f64() > 1.2, "{event:?}");
        app.begin_at("step == \"call_ended\" && status == 403").expect("somebody is denied");
        let log = app.timeline.log();
        let found = app.view.cursor.event;
        let holds = |it: EventId| {
            let condition =
                Condition::compile("step == \"call_ended\" && status == 403", &app.names);
            condition.expect("it is one").holds(log, it, &app.names)
        };
        assert!(holds(found) && !(0..found.0).map(EventId).any(holds), "{found:?}");
    }

    fn printed(failure: &Failure) -> String {
        let mut text = Vec::new();
        failure.print(&mut text, &crate::terminal::Look::PLAIN).expect("a writable buffer");
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn what_is_wrong_in_a_condition_is_shown_at_its_place() {
        let mut app = app();
        let failure = app.begin_at("failed && verdct == \"deny\"").expect_err("it is mistyped");
        insta::assert_snapshot!(printed(&failure), @r#"
        error: no condition over events: there is no variable `verdct`
          failed && verdct == "deny"
                    ^

          help: did you mean `verdict`?
        "#);
        let failure = app.begin_at("failed &&").expect_err("something is missing");
        insta::assert_snapshot!(printed(&failure), @r#"
        error: no condition over events: this is no CEL expression: at column 10: mismatched input the end
          failed &&
                   ^

          help: write it like `step == "call_ended" && status >= 500 && latency > duration("100ms")`
        "#);
        let failure = app.begin_at("faild").expect_err("it is mistyped");
        insta::assert_snapshot!(printed(&failure), @"
        error: no condition over events: there is no variable `faild`
          faild
          ^

          help: did you mean `failed`?
        ");
        let failure = app.begin_at("status == 299").expect_err("nobody answers so");
        assert!(printed(&failure).contains("for which this holds: status == 299"));
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
