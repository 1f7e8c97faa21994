//! The Map screen: who calls whom, with how much traffic, success and encryption at the cursor, and
//! the way of the request that the cursor is on. It computes nothing that the engine or the
//! evaluators decide.

mod alone;
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
mod whole;

use meshwalk_sim::timeline::series::Row;
use meshwalk_sim::timeline::{EventId, Way};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::scene::Scene;

use super::Jump;
use graph::{Edge, NodeKind};
use model::{Item, Model};

pub(in crate::explore::screen) use model::cut;
pub(in crate::explore) use whole::Whole;

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

/// The row of a pane that is selected while nobody selects another: in the graph the box where the
/// request is.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        draw::DETAIL => scene.view.selected(pane),
        _ => Model::of(scene).resting(scene),
    }
}

/// The next row of the graph that has all these words in its name, and where it leads: it is
/// picked.
pub(in crate::explore) fn named(scene: &Scene<'_>, words: &[String], way: Way) -> Option<Jump> {
    let model = Model::of(scene);
    let names = |item: &Item| match item {
        Item::Node(_) => model.key_of(*item).to_lowercase(),
        // Its ends are found as boxes.
        Item::Edge(_) => String::new(),
    };
    let all: Vec<String> = model.items.iter().map(names).collect();
    let row = super::next_named(&all, words, model.selected_row(scene), way)?;
    let pick = Some((model::MAP, model.key_of(model.items[row])));
    Some(Jump { pick, ..Jump::default() })
}

/// A condition for the entries of what is selected, as somebody would type it.
pub(in crate::explore) fn condition(scene: &Scene<'_>) -> Option<String> {
    let model = Model::of(scene);
    let condition = |node: usize, variable: &str| {
        let node = &model.graph.nodes[node];
        match node.kind {
            NodeKind::Source => format!("source == \"{}\"", node.name),
            NodeKind::Namespace => format!("namespace == \"{}\"", node.name),
            NodeKind::Service => format!("to == \"{}\"", node.full_name()),
            NodeKind::Workload => format!("{variable} == \"{}\"", node.full_name()),
        }
    };
    Some(match model.selected(scene)? {
        Item::Node(node) => condition(node, "workload"),
        Item::Edge(edge) => {
            let Edge { from, to, .. } = model.graph.edges[edge];
            let services = &model.graph.nodes[to].services;
            let to = match &services[..] {
                [only] => format!("to == \"{only}\""),
                _ => condition(to, "workload"),
            };
            format!("{} && {to}", condition(from, "from"))
        }
    })
}

/// Where Enter leads: to the next entry that counts for what is selected, or, after the last one,
/// to the first; it stays picked. A namespace is unfolded.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let model = Model::of(scene);
    let item = match pane {
        draw::DETAIL => model.selected(scene)?,
        _ => *model.items.get(row)?,
    };
    let own: &[Row] = match item {
        Item::Node(node) if model.graph.nodes[node].kind == NodeKind::Namespace => {
            let key = model::fold_key(&model.graph.nodes[node].namespace);
            return Some(Jump { unfold: Some((model::MAP, key)), ..Jump::default() });
        }
        Item::Node(node) => &model.graph.nodes[node].rows,
        Item::Edge(edge) => &model.graph.edges[edge].rows,
    };
    let series = scene.timeline.series();
    let next_of = |rows: &[Row]| {
        let after = |entry: u64| rows.iter().filter_map(|row| series.next_of(*row, entry)).min();
        after(u64::from(scene.event().0)).or_else(|| after(0))
    };
    // Whom nobody calls has the events of the calls that it makes.
    let calls = || match item {
        Item::Node(node) => {
            let edges = model.graph.calls_from(node);
            next_of(
                &edges.flat_map(|edge| model.graph.edges[edge].rows.clone()).collect::<Vec<_>>(),
            )
        }
        Item::Edge(_) => None,
    };
    let next = next_of(own).or_else(calls)?;
    let event = EventId(u32::try_from(next).ok()?);
    let pick = Some((model::MAP, model.key_of(item)));
    Some(Jump { event: Some(event), pick, ..Jump::default() })
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    say::sentences(&Model::of(scene))
}
