//! The Time screen: the waterfall of the request at the cursor, with its calls, tries, attempts,
//! pauses and time limits on one axis, and the account of its time and of its services' work
//! beside it. It computes nothing that the engine or the evaluators decide: the waterfall is
//! `meshwalk-sim`'s.

mod accounting;
mod axis;
mod decisions;
mod draw;
mod figures;
mod naming;
mod picture;
mod prose;
mod rows;
mod settings;
#[cfg(test)]
mod tests;

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::EventId;
use meshwalk_sim::waterfall::{Waterfall, of_log};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::scene::Scene;

use super::Jump;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["Timeline", "Accounting", "Retries", "Settings"];

/// The places of the panes.
const TIMELINE: usize = 0;
const ACCOUNTING: usize = 1;
const RETRIES: usize = 2;
const SETTINGS: usize = 3;

/// The request at the cursor.
struct Subject {
    /// `shoppers#1042`.
    name: String,
    waterfall: Waterfall,
    /// When it is at the cursor.
    now: SimTime,
}

impl Subject {
    fn of(scene: &Scene<'_>) -> Option<Self> {
        let log = scene.log();
        let entry = log.get(scene.event())?;
        let row = log.request_at(entry.id)?;
        let waterfall = of_log(log, row)?;
        Some(Self { name: log.request_name(row), waterfall, now: entry.time })
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<rows::Row> {
        let is_folded = |key: &str| scene.view.is_turned_over(TIMELINE, key);
        let limits = |number: usize| settings::limits(scene, &self.waterfall, number);
        rows::rows(&self.waterfall, &is_folded, &limits)
    }
}

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    draw::draw(scene, Subject::of(scene).as_ref(), area, buffer);
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    let Some(subject) = Subject::of(scene) else { return 0 };
    match pane {
        TIMELINE => subject.rows(scene).len(),
        ACCOUNTING => draw::accounting(scene, &subject).len(),
        RETRIES => draw::retries(scene, &subject).len(),
        SETTINGS => draw::settings(scene, &subject).len(),
        _ => 0,
    }
}

/// Where Enter leads: rows below others fold, the others and decisions lead to their first entry.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let subject = Subject::of(scene)?;
    let event = |entry: u64| u32::try_from(entry).ok().map(EventId);
    match pane {
        TIMELINE => {
            let rows = subject.rows(scene);
            let row = rows.get(row)?;
            if row.below > 0 {
                let unfold = Some((TIMELINE, row.key.clone()));
                return Some(Jump { unfold, ..Jump::default() });
            }
            Some(Jump { event: event(row.entry), ..Jump::default() })
        }
        RETRIES => {
            let lines = draw::retries(scene, &subject);
            let entry = lines.get(row)?.0?;
            Some(Jump { event: event(entry), ..Jump::default() })
        }
        _ => None,
    }
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    match Subject::of(scene) {
        None => vec![NO_REQUEST.to_owned()],
        Some(subject) => {
            let rows = subject.rows(scene);
            prose::sentences(scene, &subject.name, &subject.waterfall, &rows, subject.now)
        }
    }
}

/// What is said where the entry at the cursor belongs to no request.
const NO_REQUEST: &str = "The event at the cursor belongs to no request.";
