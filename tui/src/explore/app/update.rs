//! Carries out actions: the one place that matches on them. How each moves the cursor, or what it
//! opens, stands in the files beside this.

use std::sync::Arc;

use meshwalk_sim::timeline::{Unit, Way};

use super::App;
use super::effect::Effect;
use crate::explore::action::{Action, Argument, Expected, Id};
use crate::explore::prompt::{List, Listed, Overlay, Palette, Prompt};
use crate::explore::screen::Screen;
use crate::explore::sought::Sought;
use crate::explore::view::{Message, Stop, Toggled, Zoom};

/// How many rows half a page is; panes differ in height, and this is about half of one.
const PAGE: u32 = 10;

/// What is said when there is no room for another breakpoint.
const TOO_MANY: &str = "there are too many breakpoints; B lists them";

/// Whether an action means anything where there is no entry to stand at.
const fn does_without_log(id: Id) -> bool {
    matches!(id, Id::Quit | Id::QuitNow | Id::Suspend | Id::Redraw | Id::Leave | Id::Palette)
}

impl App {
    /// Carries out an action; what it needs and was not given is asked for.
    pub(in crate::explore) fn update(&mut self, action: Action) -> Option<Effect> {
        self.view.message = None;
        if self.timeline.log().is_empty() && !does_without_log(action.id) {
            self.refuse("nothing happens in this run");
            return None;
        }
        if let Some(expected) = action.missing() {
            self.ask(action.id, expected);
            return None;
        }
        if let Some((unit, way)) = motion(action.id) {
            self.step(unit, way, action.times());
            return None;
        }
        let times = action.times();
        match action.id {
            Id::GoToBegin => self.go_to_number(1),
            Id::GoToEnd => self.go_to_number(u64::MAX),
            Id::RunToNextBreak => self.run_to_break(Way::On),
            Id::RunToPreviousBreak => self.run_to_break(Way::Back),
            Id::ToggleBreak => self.toggle_break(),
            Id::Breaks => self.open_list(Listed::Breakpoints),
            Id::ClearBreaks => self.clear_breaks(),
            Id::Down => self.select_by(Way::On, times),
            Id::Up => self.select_by(Way::Back, times),
            Id::PageDown => self.select_by(Way::On, times.saturating_mul(PAGE)),
            Id::PageUp => self.select_by(Way::Back, times.saturating_mul(PAGE)),
            Id::NextPane => self.focus_by(Way::On),
            Id::PreviousPane => self.focus_by(Way::Back),
            Id::Zoom => self.zoom(),
            Id::ZoomIn => self.view.zoom_axis(Way::On, times),
            Id::ZoomOut => self.view.zoom_axis(Way::Back, times),
            Id::Enter => self.enter(),
            Id::Leave => self.leave(),
            Id::JumpBack => self.jump_back(times),
            Id::JumpForward => self.jump_forward(times),
            Id::WhyThis => self.why(),
            Id::CopyRepro => return Some(self.copy()),
            Id::Recentre => self.view.follow_cursor(),
            Id::NextMatch => self.next_match(Way::On, times),
            Id::PreviousMatch => self.next_match(Way::Back, times),
            Id::ClearFilter => self.clear_filter(),
            Id::Marks => self.open_list(Listed::Marks),
            Id::Show(screen) => self.show(screen),
            Id::NextScreen => self.screen_by(Way::On),
            Id::PreviousScreen => self.screen_by(Way::Back),
            Id::CommandLine => self.view.overlay = Some(Overlay::Prompt(Prompt::command(""))),
            Id::Palette => self.view.overlay = Some(Overlay::Palette(Palette::default())),
            Id::Redraw => return Some(Effect::Redraw),
            Id::Suspend => return Some(Effect::Suspend),
            Id::Quit | Id::QuitNow => return Some(Effect::Quit),
            _ => self.update_with(action.id, action.argument),
        }
        None
    }

    /// Carries out an action that has an argument.
    fn update_with(&mut self, id: Id, argument: Argument) {
        match (id, argument) {
            (_, Argument::Event(number)) => self.go_to_number(number),
            (_, Argument::Time(time)) => self.go_to_time(time),
            (_, Argument::Name(name)) => self.go_to_name(&name),
            (Id::SetMark, Argument::Mark(letter)) => self.set_mark(letter),
            (_, Argument::Mark(letter)) => self.go_to_mark(letter),
            (Id::RunToNext, Argument::Condition(text)) => self.run_to(&text, Way::On),
            (Id::RunToPrevious, Argument::Condition(text)) => self.run_to(&text, Way::Back),
            (Id::BreakWhen, Argument::Condition(text)) => self.break_when(text),
            (Id::Filter, Argument::Condition(text)) => self.filter(&text),
            (Id::BreakOnStep, Argument::Step(step)) => self.break_on_step(&step),
            (Id::BreakOnStep, _) => {
                let here = self.timeline.log().kind(self.view.cursor.event).name();
                self.break_on_step(here);
            }
            (_, Argument::Search(text)) => self.search(&text),
            // Every other action was carried out without an argument, or has asked for one.
            _ => {}
        }
    }

    /// Asks for what an action needs.
    pub(super) fn ask(&mut self, id: Id, expected: Expected) {
        self.view.overlay = None;
        if expected == Expected::Mark {
            self.resolver.ask_letter(id);
            return;
        }
        // What is on is there to be changed; without it what is selected is offered.
        let text = match id {
            Id::Filter => match &self.view.filter {
                Some(filter) => Some(filter.text().to_owned()),
                None => self.view.screen.condition(&self.scene()),
            },
            _ => None,
        };
        let prompt = Prompt::argument(id, expected, &text.unwrap_or_default());
        self.view.overlay = Some(Overlay::Prompt(prompt));
    }

    fn open_list(&mut self, listed: Listed) {
        self.view.overlay = Some(Overlay::List(List::new(listed)));
    }

    /// Tells what was done.
    pub(super) fn done(&mut self, text: impl Into<String>) {
        self.view.message = Some(Message::Done(text.into()));
    }

    /// Tells what could not be done.
    pub(super) fn refuse(&mut self, text: impl Into<String>) {
        self.view.message = Some(Message::Refused(text.into()));
    }

    fn zoom(&mut self) {
        self.view.zoom = match self.view.zoom {
            Zoom::Shared => Zoom::Alone,
            Zoom::Alone => Zoom::Shared,
        };
    }

    fn why(&mut self) {
        if self.view.screen == Screen::Why {
            self.view.follow_cursor();
        } else {
            self.show(Screen::Why);
        }
    }

    fn toggle_break(&mut self) {
        let event = self.view.cursor.event;
        let name = self.timeline.log().name(event);
        self.toggle(Stop::Event(event, name), &event.dense_name());
    }

    /// Sets a breakpoint at what is called so, or takes it away.
    fn toggle(&mut self, stop: Stop, at: &str) {
        match self.view.breaks.toggle(stop) {
            Toggled::Set => self.done(format!("breakpoint at {at}")),
            Toggled::TakenAway => self.done(format!("no breakpoint at {at} any more")),
            Toggled::NoRoom => self.refuse(TOO_MANY),
        }
    }

    fn break_when(&mut self, text: String) {
        let done = format!("breakpoint where {text}");
        if self.view.breaks.set(Stop::Condition(text)) {
            self.done(done);
        } else {
            self.refuse(TOO_MANY);
        }
    }

    fn break_on_step(&mut self, step: &str) {
        let condition = format!("step == \"{step}\"");
        self.toggle(Stop::Condition(condition), &format!("every {step}"));
    }

    /// Sets the breakpoints that the scenario brings along.
    pub(super) fn set_breakpoints_of_scenario(&mut self) {
        let session = Arc::clone(&self.session);
        for breakpoint in &session.scenario.file.breakpoints {
            match Sought::condition(&breakpoint.when, &self.names) {
                Ok(_) => {
                    self.view.breaks.set(Stop::Condition(breakpoint.when.clone()));
                }
                Err(why) => self.refuse(format!("breakpoint {}: {why}", breakpoint.name)),
            }
        }
    }

    fn clear_breaks(&mut self) {
        match self.view.breaks.clear() {
            0 => self.refuse("there are no breakpoints"),
            1 => self.done("1 breakpoint deleted"),
            count => self.done(format!("{count} breakpoints deleted")),
        }
    }
}

/// The unit and the way of actions that step through the log.
const fn motion(id: Id) -> Option<(Unit, Way)> {
    Some(match id {
        Id::NextEvent => (Unit::Event, Way::On),
        Id::PreviousEvent => (Unit::Event, Way::Back),
        Id::NextOfRequest => (Unit::OfRequest, Way::On),
        Id::PreviousOfRequest => (Unit::OfRequest, Way::Back),
        Id::NextHop => (Unit::Hop, Way::On),
        Id::PreviousHop => (Unit::Hop, Way::Back),
        Id::NextDecision => (Unit::Decision, Way::On),
        Id::PreviousDecision => (Unit::Decision, Way::Back),
        Id::NextFailure => (Unit::Failure, Way::On),
        Id::PreviousFailure => (Unit::Failure, Way::Back),
        Id::NextRequest => (Unit::Request, Way::On),
        Id::PreviousRequest => (Unit::Request, Way::Back),
        Id::NextConnection => (Unit::Connection, Way::On),
        Id::PreviousConnection => (Unit::Connection, Way::Back),
        _ => return None,
    })
}
