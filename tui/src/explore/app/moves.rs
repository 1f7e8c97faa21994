//! How actions move the cursor and the selection: steps, jumps, marks, panes and screens.

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::{EventId, Unit, Way};

use super::App;
use super::effect::Effect;
use crate::explore::cursor::Cursor;
use crate::explore::screen::{Jump, Screen};
use crate::explore::view::Zoom;

impl App {
    /// Steps through the log.
    pub(super) fn step(&mut self, unit: Unit, way: Way, times: u32) {
        if unit == Unit::Event && self.view.filter.is_some() {
            return self.step_filtered(way, times);
        }
        let from = self.view.cursor.event;
        let to = self.stepped(unit, way, times);
        if to == from {
            let later = match way {
                Way::On => "later",
                Way::Back => "earlier",
            };
            let recorded = match way {
                Way::On if self.timeline.recording().complete.is_none() => " so far",
                _ => "",
            };
            return self.refuse(format!("there is no {later} {}{recorded}", unit.name()));
        }
        match unit {
            Unit::Event | Unit::OfRequest | Unit::Hop => self.go_to(to),
            _ => self.jump_to(to),
        }
    }

    fn stepped(&self, unit: Unit, way: Way, times: u32) -> EventId {
        let log = self.timeline.log();
        let mut event = self.view.cursor.event;
        if unit == Unit::Event {
            let last = log.last().unwrap_or(event);
            return match way {
                Way::On => EventId(event.0.saturating_add(times).min(last.0)),
                Way::Back => EventId(event.0.saturating_sub(times)),
            };
        }
        for _ in 0..times {
            match log.step_by(unit, event, way) {
                Some(next) => event = next,
                None => break,
            }
        }
        event
    }

    /// Goes to an entry, and keeps where it was left.
    pub(super) fn jump_to(&mut self, event: EventId) {
        if event != self.view.cursor.event {
            self.view.jumps.leave(self.view.cursor);
            self.go_to(event);
        }
        self.view.follow_cursor();
    }

    /// Goes to an entry by its number, from 1.
    pub(super) fn go_to_number(&mut self, number: u64) {
        let count = self.timeline.log().len() as u64;
        let recording = self.timeline.recording().complete.is_none();
        let to = number.min(count).saturating_sub(1);
        self.jump_to(EventId(u32::try_from(to).unwrap_or(u32::MAX)));
        if number > count {
            match (recording, number) {
                (true, _) => self.done(format!("recorded as far as e{count}; it goes on")),
                (false, u64::MAX) => {}
                (false, _) => self.done(format!("e{count} is the last event")),
            }
        }
    }

    pub(super) fn go_to_time(&mut self, time: SimTime) {
        let recording = self.timeline.recording();
        if let Some(event) = self.timeline.log().at_time(time) {
            self.jump_to(event);
        }
        if recording.complete.is_none() && recording.now < time {
            self.done(format!("recorded as far as {}; it goes on", recording.now));
        }
    }

    pub(super) fn go_to_name(&mut self, name: &str) {
        match self.timeline.log().find(name) {
            Some(event) => self.jump_to(event),
            None => self.refuse(format!("no event is called {name}")),
        }
    }

    pub(super) fn set_mark(&mut self, letter: char) {
        self.view.marks.insert(letter, self.view.cursor);
        self.done(format!("{letter} marks {}", self.view.cursor.event.dense_name()));
    }

    pub(super) fn go_to_mark(&mut self, letter: char) {
        match self.view.marks.get(&letter).copied() {
            Some(Cursor { event, .. }) => self.jump_to(event),
            None => self.refuse(format!("{letter} marks nothing; m{letter} marks this event")),
        }
    }

    pub(super) fn jump_back(&mut self, times: u32) {
        for done in 0..times {
            match self.view.jumps.back(self.view.cursor) {
                Some(cursor) => self.go_to(cursor.event),
                None if done == 0 => return self.refuse("there is no jump to go back from"),
                None => break,
            }
        }
        self.view.follow_cursor();
    }

    pub(super) fn jump_forward(&mut self, times: u32) {
        for done in 0..times {
            match self.view.jumps.forward() {
                Some(cursor) => self.go_to(cursor.event),
                None if done == 0 => return self.refuse("there is no jump to go forward to"),
                None => break,
            }
        }
        self.view.follow_cursor();
    }

    pub(super) fn select_by(&mut self, way: Way, times: u32) {
        let pane = self.view.focus();
        let count = self.view.screen.rows(&self.scene(), pane);
        let at = self.selected_row();
        let times = times as usize;
        let to = match way {
            Way::On => at.saturating_add(times).min(count.saturating_sub(1)),
            Way::Back => at.saturating_sub(times),
        };
        self.view.select(pane, to);
    }

    /// The selected row of the pane with the focus.
    fn selected_row(&self) -> usize {
        let pane = self.view.focus();
        let resting = || self.view.screen.resting(&self.scene(), pane);
        self.view.chosen(pane).unwrap_or_else(resting)
    }

    pub(super) fn focus_by(&mut self, way: Way) {
        let count = self.view.screen.panes().len();
        let at = self.view.focus();
        self.view.set_focus(around(at, count, way));
    }

    pub(super) fn screen_by(&mut self, way: Way) {
        let at = Screen::ALL.iter().position(|screen| *screen == self.view.screen).unwrap_or(0);
        let to = around(at, Screen::ALL.len(), way);
        self.show(Screen::ALL[to]);
    }

    pub(super) fn enter(&mut self) {
        let (pane, row) = (self.view.focus(), self.selected_row());
        match self.view.screen.enter(&self.scene(), pane, row) {
            Some(jump) => self.follow(jump),
            None => self.refuse("this row leads nowhere"),
        }
    }

    pub(super) fn follow(&mut self, jump: Jump) {
        if let Some((pane, key)) = jump.unfold {
            self.view.turn_over(pane, key);
        }
        if let Some(event) = jump.event {
            self.jump_to(event);
        }
        if let Some(screen) = jump.screen {
            self.show(screen);
        }
        if let Some((pane, key)) = jump.pick {
            self.view.pick(pane, key);
        }
        if let Some(call) = jump.look_again {
            self.asking.look_again(call.call, call.pod, call.at);
        }
        if let Some(pane) = jump.focus {
            self.view.set_focus(pane);
        }
        if let Some(filter) = jump.filter {
            self.filter(&filter);
        }
    }

    /// Stops, closes or goes back by one thing, the innermost first.
    pub(super) fn leave(&mut self) {
        if self.stop() {
            return;
        }
        if self.view.zoom == Zoom::Alone {
            self.view.zoom = Zoom::Shared;
            return;
        }
        if self.view.forget_picks() {
            return;
        }
        if let Some((pane, key)) = self.view.screen.widened(&self.scene()) {
            self.view.turn_over(pane, key);
            return;
        }
        match self.view.screen_before.take() {
            Some(screen) => {
                self.view.screen = screen;
                self.look_around();
            }
            None => self.done("nothing is open; q quits, ? lists all actions"),
        }
    }

    /// The command line that shows this screen again.
    pub(super) fn copy(&mut self) -> Effect {
        let name = self.timeline.log().name(self.view.cursor.event);
        let screen = self.view.screen.word();
        let line = format!("{} --at {name} --screen {screen}", self.session.command);
        self.done(format!("copied: {line}"));
        Effect::Copy(line)
    }
}

/// The next of so many, around.
fn around(at: usize, count: usize, way: Way) -> usize {
    let count = count.max(1);
    match way {
        Way::On => (at + 1) % count,
        Way::Back => (at + count - 1) % count,
    }
}
