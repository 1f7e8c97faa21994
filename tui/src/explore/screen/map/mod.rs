//! The Map screen: who calls whom, with how much traffic, success and encryption at the cursor, and
//! the way of the request that the cursor is on. It computes nothing that the engine or the
//! evaluators decide.

mod canvas;
mod detail;
mod draw;
mod fold;
mod graph;
mod list;
mod model;
mod plan;
mod say;
#[cfg(test)]
mod tests;

use meshwalk_sim::timeline::EventId;
use meshwalk_sim::timeline::series::Row;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::scene::Scene;

use super::Jump;
use graph::NodeKind;
use model::{Item, Model};

pub(in crate::explore::screen) use model::cut;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["Map", "Selected"];

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    draw::draw(scene, area, buffer);
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    let model = Model::of(scene);
    match pane {
        draw::DETAIL => model.selected(scene).map_or(0, |item| detail::rows(&model, item).len()),
        _ => model.items.len(),
    }
}

/// Where Enter leads: to the next entry that counts for what is selected, or, after the last one,
/// to the first. A namespace is unfolded.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let model = Model::of(scene);
    let item = match pane {
        draw::DETAIL => model.selected(scene)?,
        _ => *model.items.get(row)?,
    };
    let rows: &[Row] = match item {
        Item::Node(node) if model.graph.nodes[node].kind == NodeKind::Namespace => {
            let key = model::fold_key(&model.graph.nodes[node].namespace);
            return Some(Jump { unfold: Some((model::MAP, key)), ..Jump::default() });
        }
        Item::Node(node) => &model.graph.nodes[node].rows,
        Item::Edge(edge) => &model.graph.edges[edge].rows,
    };
    let series = scene.timeline.series();
    let after = |entry: u64| rows.iter().filter_map(|row| series.next_of(*row, entry)).min();
    let next = after(u64::from(scene.event().0)).or_else(|| after(0))?;
    let event = EventId(u32::try_from(next).ok()?);
    Some(Jump { event: Some(event), ..Jump::default() })
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    say::sentences(&Model::of(scene))
}
