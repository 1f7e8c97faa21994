//! The line of time: where the cursor is in its request, or in the whole run, with what failed and
//! what was decided on it.

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::{EventId, Unit, is_decision, is_failure};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::fit::fit;
use crate::explore::look::{Role, Sign};
use crate::explore::mouse::Target;
use crate::explore::scene::Scene;
use crate::explore::screen::Screen;

/// So many cells of a name are always shown.
const NAME_MIN: usize = 16;

/// What the line stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    /// What it is, in a word.
    name: String,
    from: SimTime,
    to: SimTime,
    /// What is known of it ends here.
    known_to: SimTime,
    ticks: Vec<(SimTime, Tick)>,
}

/// What stands at a moment of it; the later one hides the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tick {
    Decision,
    Failure,
}

/// Draws it.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let now = scene.log().get(scene.event()).map_or(SimTime::ZERO, |entry| entry.time);
    let left = format!(" t={now} ");
    let stretch = match (scene.view.screen, of_request(scene)) {
        (Screen::Step | Screen::Ladder | Screen::Why | Screen::Time, Some(request)) => request,
        _ => of_run(scene, usize::from(area.width)),
    };
    let ends = format!(", ends at {} ", stretch.to);
    // A long name leaves a quarter of the line to the time.
    let room = (usize::from(area.width) * 3 / 4).saturating_sub(left.len() + ends.len());
    let name = fit(&stretch.name, room.max(NAME_MIN), scene.look.sign(Sign::Ellipsis));
    let right = format!(" {name}{ends}");
    let bar = scene.look.sign(Sign::Bar);
    let taken = left.chars().count() + right.chars().count() + 2;
    let width = usize::from(area.width).saturating_sub(taken);
    if width == 0 {
        return;
    }
    let before = u16::try_from(left.chars().count() + 1).unwrap_or(u16::MAX);
    let line = Rect {
        x: area.x.saturating_add(before),
        width: u16::try_from(width).unwrap_or(u16::MAX),
        ..area
    };
    scene.targets.add(line, Target::Time(stretch.from, stretch.to));
    let mut spans = vec![Span::raw(left), Span::raw(bar)];
    spans.extend(cells(scene, &stretch, now, width));
    spans.extend([Span::raw(bar), Span::raw(right)]);
    Line::from(spans).render(area, buffer);
}

/// One span for each column.
fn cells(scene: &Scene<'_>, stretch: &Stretch, now: SimTime, width: usize) -> Vec<Span<'static>> {
    let mut ticks = vec![None; width];
    for (time, tick) in &stretch.ticks {
        let place = &mut ticks[stretch.column(*time, width)];
        *place = (*place).max(Some(*tick));
    }
    let (at, known) = (stretch.column(now, width), stretch.column(stretch.known_to, width));
    let look = scene.look;
    let cell = |(column, tick): (usize, Option<Tick>)| match tick {
        _ if column == at => Span::styled(look.sign(Sign::Here), look.style(Role::Cursor)),
        Some(Tick::Failure) => Span::styled(look.sign(Sign::Bad), look.style(Role::Bad)),
        Some(Tick::Decision) => Span::styled(look.sign(Sign::Decision), look.style(Role::Info)),
        None if column > known => Span::raw(" "),
        None if column > at => Span::styled(look.sign(Sign::Line), look.style(Role::Dim)),
        None => Span::raw(look.sign(Sign::Line)),
    };
    ticks.into_iter().enumerate().map(cell).collect()
}

/// The request that the cursor is in.
fn of_request(scene: &Scene<'_>) -> Option<Stretch> {
    let log = scene.log();
    let request = log.request_at(scene.event())?;
    let events = log.events_of_request(request);
    let (first, last) = (*events.first()?, *events.last()?);
    let tick = |id: &EventId| {
        let tick = if is_failure(log.step(*id)) {
            Tick::Failure
        } else if is_decision(log.kind(*id)) {
            Tick::Decision
        } else {
            return None;
        };
        Some((log.time(*id), tick))
    };
    let to = log.time(last);
    Some(Stretch {
        name: log.request_name(request),
        from: log.time(first),
        to,
        known_to: to,
        ticks: events.iter().filter_map(tick).collect(),
    })
}

/// The whole run; at most one failure for each of `columns`.
fn of_run(scene: &Scene<'_>, columns: usize) -> Stretch {
    let log = scene.log();
    let to = scene.session.plan().end;
    let mut stretch = Stretch {
        name: "the run".to_owned(),
        from: SimTime::ZERO,
        to,
        known_to: scene.timeline.recording().now,
        ticks: Vec::new(),
    };
    let width_ns = (to.as_ns() / columns.max(1) as u64).max(1);
    let mut next = log.next(Unit::Failure, EventId(0));
    while let Some(failure) = next {
        let time = log.time(failure);
        stretch.ticks.push((time, Tick::Failure));
        let after = SimTime::from_ns((time.as_ns() / width_ns + 1).saturating_mul(width_ns));
        next = log.at_time(after).and_then(|id| log.next(Unit::Failure, id.max(failure)));
    }
    stretch
}

impl Stretch {
    /// The column of a moment among so many.
    fn column(&self, time: SimTime, width: usize) -> usize {
        let length = u128::from(self.to.as_ns().saturating_sub(self.from.as_ns()).max(1));
        let place = u128::from(time.as_ns().saturating_sub(self.from.as_ns()));
        let last = width.saturating_sub(1);
        usize::try_from(place * last as u128 / length).unwrap_or(last).min(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::look::Look;
    use crate::explore::testing;

    fn line(screen: Screen, event: u32) -> String {
        let mut app = testing::app("basics/policies.yaml", &["duration=1s"], Look::MONO);
        app.show(screen);
        app.go_to(EventId(event));
        let buffer = app.draw(100, 30);
        let rows = testing::text(&buffer);
        rows.lines().nth(27).expect("the third line from below").to_owned()
    }

    #[test]
    fn screens_of_a_request_show_its_own_time_with_decisions_and_failures() {
        let line = line(Screen::Step, 24);
        assert!(line.contains("batch#0") && line.contains('✗') && line.contains('◆'), "{line}");
    }

    #[test]
    fn screens_of_the_run_show_all_of_it() {
        let line = line(Screen::Metrics, 24);
        assert!(line.contains("the run") && line.contains("1s"), "{line}");
    }

    #[test]
    fn first_and_last_moment_have_the_first_and_last_column() {
        let [from, to] = [5, 905].map(SimTime::from_ns);
        let stretch = Stretch { name: String::new(), from, to, known_to: to, ticks: Vec::new() };
        assert_eq!((stretch.column(from, 40), stretch.column(to, 40)), (0, 39));
        assert_eq!(stretch.column(SimTime::from_ns(9_999), 40), 39);
    }
}
