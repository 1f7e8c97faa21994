//! The Why screen: the decision at the cursor with its reasons, near misses, the way of the
//! identity, what was chosen, the same request elsewhere, and what would change it. It computes
//! nothing that the engine or the evaluators decide.

mod about;
mod agreement;
mod chain;
mod choices;
mod draw;
mod excerpt;
mod item;
mod model;
mod near;
mod proof;
#[cfg(test)]
mod tests;
mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::look::Sign;
use crate::explore::scene::Scene;

use self::item::Item;
use self::model::Model;
use super::Jump;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] =
    &["Decision", "Identity", "Choices", "Other data paths", "What would change it", "Proof"];

const DECISION: usize = 0;
const IDENTITY: usize = 1;
const CHOICES: usize = 2;
const ELSEWHERE: usize = 3;
const FLIPS: usize = 4;
const PROOF: usize = 5;
/// How many panes are lists.
const LISTS: usize = 5;

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    draw::draw(scene, &Model::of(scene), area, buffer);
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    Model::of(scene).lists.get(pane).map_or(0, Vec::len)
}

/// Where Enter leads: it folds and unfolds what lies below a row; else to the entry that a row is
/// about, or to its line in its file; or it looks again for what was stopped.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let model = Model::of(scene);
    let item = model.lists.get(pane)?.get(row)?;
    if let Some(fold) = &item.fold {
        return Some(Jump { unfold: Some((pane, fold.key.clone())), ..Jump::default() });
    }
    if let Some(event) = item.event {
        return Some(Jump { event: Some(event), ..Jump::default() });
    }
    if pane == DECISION && item.origin.is_some() {
        return Some(Jump { focus: Some(PROOF), ..Jump::default() });
    }
    let call = model.about.as_ref().map(|about| about.call);
    let again = call.filter(|_| item.sign == Some(Sign::Pause));
    again.map(|call| Jump { look_again: Some(call), ..Jump::default() })
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    let model = Model::of(scene);
    let mut all: Vec<String> = model.headline.iter().map(|item| item.text.clone()).collect();
    for (pane, items) in model.lists.iter().enumerate() {
        if items.is_empty() {
            continue;
        }
        all.push(format!("{}:", PANES[pane]));
        all.extend(items.iter().map(sentence));
    }
    if let Some(item) = draw::shown(scene, &model) {
        all.push(format!("{}:", PANES[PROOF]));
        all.extend(proof::sentences(scene, item));
    }
    all
}

/// A row with what was compared.
fn sentence(item: &Item) -> String {
    let below: Vec<&str> = item.below.iter().map(|(_, text)| text.trim()).collect();
    let indent = "  ".repeat(item.depth + 1);
    if below.is_empty() {
        return format!("{indent}{}", item.text);
    }
    format!("{indent}{} ({})", item.text, below.join("; "))
}

/// The row of a pane that is selected while nobody selects another.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    Model::of(scene).first.get(pane).copied().unwrap_or(0)
}

/// The selected row of a pane: the one that somebody chose since the cursor moved, or the one that
/// matters most.
fn selected(scene: &Scene<'_>, model: &Model, pane: usize) -> usize {
    let last = model.lists[pane].len().saturating_sub(1);
    scene.view.chosen(pane).unwrap_or(model.first[pane]).min(last)
}
