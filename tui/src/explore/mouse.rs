//! The mouse: where on the screen that was drawn last what stands, and what a click on it means.
//! It can do nothing that keys cannot.

use std::cell::RefCell;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use meshwalk_models::units::SimTime;
use ratatui::layout::{Position, Rect};

use super::action::{Action, Argument, Id};
use super::keys::chords;
use super::screen::Screen;
use super::{App, Effect};

/// How many rows one turn of the wheel moves.
const WHEEL_ROWS: u32 = 3;

/// Something that can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Target {
    /// The tab of a screen.
    Tab(Screen),
    /// The line of time, from and to these moments.
    Time(SimTime, SimTime),
    /// A pane, for the wheel and the focus.
    Pane(usize),
    /// A row of a pane.
    Row(usize, usize),
    /// A hint: the keys that it names.
    Keys(String),
}

/// What can be clicked on the screen that was drawn last.
#[derive(Clone, Debug, Default)]
pub(in crate::explore) struct Targets(RefCell<Vec<(Rect, Target)>>);

impl Targets {
    /// Forgets the screen before.
    pub(in crate::explore) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// There is something in an area; what is added later lies on top.
    pub(in crate::explore) fn add(&self, area: Rect, target: Target) {
        self.0.borrow_mut().push((area, target));
    }

    fn at(&self, place: Position) -> Option<(Rect, Target)> {
        let targets = self.0.borrow();
        targets.iter().rev().find(|(area, _)| area.contains(place)).cloned()
    }
}

impl App {
    /// Takes what somebody did with the mouse.
    pub(crate) fn mouse(&mut self, mouse: MouseEvent) -> Option<Effect> {
        // What is open has its own keys, and lies over all of this.
        if self.view.overlay.is_some() {
            return None;
        }
        let place = Position::new(mouse.column, mouse.row);
        let (area, target) = self.targets.at(place)?;
        match mouse.kind {
            MouseEventKind::ScrollDown => self.wheel(&target, Id::Down),
            MouseEventKind::ScrollUp => self.wheel(&target, Id::Up),
            MouseEventKind::Down(MouseButton::Left) => self.click(area, target, place),
            MouseEventKind::Drag(MouseButton::Left) if matches!(target, Target::Time(..)) => {
                self.click(area, target, place)
            }
            _ => None,
        }
    }

    fn wheel(&mut self, target: &Target, id: Id) -> Option<Effect> {
        match *target {
            Target::Row(pane, _) | Target::Pane(pane) => {
                self.view.set_focus(pane);
                self.update(Action::counted(id, WHEEL_ROWS))
            }
            // Over the line of time the wheel goes through time.
            Target::Time(..) if id == Id::Down => self.update(Action::of(Id::NextEvent)),
            Target::Time(..) => self.update(Action::of(Id::PreviousEvent)),
            Target::Tab(_) | Target::Keys(_) => None,
        }
    }

    fn click(&mut self, area: Rect, target: Target, place: Position) -> Option<Effect> {
        match target {
            Target::Tab(screen) => self.update(Action::of(Id::Show(screen))),
            Target::Time(from, to) => {
                let time = time_at(area, place, (from, to));
                self.update(Action::with(Id::GoToTime, Argument::Time(time)))
            }
            Target::Pane(pane) => {
                self.view.set_focus(pane);
                None
            }
            Target::Row(pane, row) => {
                let was_selected = self.view.focus() == pane && self.view.chosen(pane) == Some(row);
                self.view.set_focus(pane);
                self.view.select(pane, row);
                // The second click on a row opens it.
                if was_selected { self.update(Action::of(Id::Enter)) } else { None }
            }
            Target::Keys(keys) => {
                let mut effect = None;
                for chord in chords(&keys).unwrap_or_default() {
                    effect = self.press(chord).or(effect);
                }
                effect
            }
        }
    }
}

/// The moment at a place on the line of time.
fn time_at(area: Rect, place: Position, (from, to): (SimTime, SimTime)) -> SimTime {
    let length = u128::from(to.as_ns().saturating_sub(from.as_ns()));
    let column = u128::from(place.x.saturating_sub(area.x));
    let last = u128::from(area.width.saturating_sub(1).max(1));
    let ns = length * column.min(last) / last;
    SimTime::from_ns(from.as_ns().saturating_add(u64::try_from(ns).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;
    use crate::explore::look::Look;
    use crate::explore::testing;

    fn app() -> App {
        testing::app("basics/policies.yaml", &["duration=2s"], Look::MONO)
    }

    /// Does something with the mouse where `text` stands on the screen.
    fn mouse_at(app: &mut App, kind: MouseEventKind, text: &str) -> Option<Effect> {
        let lines = testing::text(&app.draw(120, 36));
        let found = lines.lines().enumerate().find_map(|(row, line)| {
            line.find(text).map(|byte| (line[..byte].chars().count(), row))
        });
        let (column, row) = found.unwrap_or_else(|| panic!("{text} is not in\n{lines}"));
        let place = |it: usize| u16::try_from(it).expect("a small screen");
        let (column, row) = (place(column), place(row));
        app.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    }

    const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

    #[test]
    fn a_click_on_a_tab_shows_its_screen() {
        let mut app = app();
        mouse_at(&mut app, CLICK, "4 Why");
        assert_eq!(app.view.screen, Screen::Why);
        mouse_at(&mut app, CLICK, "7 Metrics");
        assert_eq!(app.view.screen, Screen::Metrics);
    }

    #[test]
    fn the_end_of_the_line_of_time_is_later_than_its_beginning() {
        let mut app = app();
        app.show(Screen::Map);
        app.draw(120, 36);
        let targets = app.targets.0.borrow().clone();
        let found = targets.iter().find_map(|(area, it)| match it {
            Target::Time(_, to) => Some((*area, *to)),
            _ => None,
        });
        let (line, to) = found.expect("the line of time is on every screen");
        let click = |app: &mut App, column| {
            let modifiers = KeyModifiers::NONE;
            app.mouse(MouseEvent { kind: CLICK, column, row: line.y, modifiers });
            app.view.cursor.event
        };
        let end = click(&mut app, line.right() - 1);
        assert_eq!(Some(end), app.timeline.log().at_time(to));
        app.draw(120, 36);
        assert!(click(&mut app, line.x) < end);
    }

    #[test]
    fn a_hint_does_what_its_key_does() {
        let mut app = app();
        mouse_at(&mut app, CLICK, ": command");
        assert!(app.view.overlay.is_some(), "the command line is open");
        let screen = app.view.screen;
        mouse_at(&mut app, CLICK, "4 Why");
        assert_eq!(app.view.screen, screen, "what is open lies over the tabs");
    }

    #[test]
    fn the_wheel_goes_down_the_rows_of_the_pane_below_it() {
        let mut app = app();
        app.show(Screen::State);
        app.draw(120, 36);
        let targets = app.targets.0.borrow().clone();
        let row = targets.iter().find(|(_, it)| matches!(it, Target::Row(_, 1)));
        let (area, target) = row.expect("a pane with rows");
        let Target::Row(pane, _) = *target else { return };
        let modifiers = KeyModifiers::NONE;
        let (column, row) = (area.x, area.y);
        app.mouse(MouseEvent { kind: CLICK, column, row, modifiers });
        assert_eq!((app.view.focus(), app.view.chosen(pane)), (pane, Some(1)));
        app.draw(120, 36);
        app.mouse(MouseEvent { kind: MouseEventKind::ScrollDown, column, row, modifiers });
        assert!(app.view.chosen(pane) > Some(1));
    }
}
