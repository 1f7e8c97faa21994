//! The Metrics screen: charts of the golden signals over the run, with the cursor drawn on them. It
//! computes nothing that the engine or the evaluators decide.

mod chart;
mod draw;
mod list;
mod model;
mod say;
#[cfg(test)]
mod tests;

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::EventId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::scene::Scene;

use super::Jump;
use model::{Axis, CHARTS};

pub(in crate::explore) use model::{Subject, subjects};

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["Signals", "Charts"];

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    draw::draw(scene, area, buffer);
}

/// How many rows can be selected: subjects, or windows.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        CHARTS => Axis::of(scene).windows,
        _ => scene.session.subjects().len(),
    }
}

/// The row that is selected while nobody selects another: the window of the cursor.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        CHARTS => Axis::of(scene).selected,
        _ => scene.view.selected(pane),
    }
}

/// Where Enter leads: to the next entry that counts for a subject, or to where a window begins.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let event = match pane {
        CHARTS => first_since(scene, Axis::of(scene).start(row))?,
        _ => {
            let subject = scene.session.subjects().get(row)?;
            let series = scene.timeline.series();
            let next = series.next_of(subject.row, u64::from(scene.event().0));
            EventId(u32::try_from(next.or_else(|| series.next_of(subject.row, 0))?).ok()?)
        }
    };
    Some(Jump { event: Some(event), ..Jump::default() })
}

/// The first entry that is not before a moment; the last one where nothing comes later.
fn first_since(scene: &Scene<'_>, time: SimTime) -> Option<EventId> {
    let log = scene.log();
    let Some(before) = time.as_ns().checked_sub(1).map(SimTime::from_ns) else {
        return log.last().map(|_| EventId(0));
    };
    let earlier = log.at_time(before)?;
    if log.time(earlier) > before {
        return Some(earlier);
    }
    Some(EventId(earlier.0 + 1).min(log.last()?))
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    say::sentences(scene)
}
