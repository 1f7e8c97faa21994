//! The boxes that neither call nor are called, in one line below the graph. Where the graph itself
//! stands is not its business.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;

use super::model::{Item, Model, box_title};

/// Whether there is anything to list.
pub(super) fn is_needed(model: &Model<'_>) -> bool {
    model.graph.linked().contains(&false)
}

/// Draws the line; where it is too long it begins with what is selected.
pub(super) fn draw(scene: &Scene<'_>, model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    let look = scene.look;
    let selected = model.selected(scene);
    let linked = model.graph.linked();
    let alone: Vec<usize> = (0..linked.len()).filter(|node| !linked[*node]).collect();
    let title = |node: &usize| format!(" {} ", box_title(&model.graph.nodes[*node]));
    let lead = "without calls:";
    let length: usize =
        lead.len() + alone.iter().map(|node| 1 + title(node).chars().count()).sum::<usize>();
    let of_selected = alone.iter().position(|node| selected == Some(Item::Node(*node)));
    let first = if length <= area.width.into() { 0 } else { of_selected.unwrap_or(0) };
    let mut x = area.x;
    let mut write = |text: &str, role: Role| {
        let room = usize::from(area.right().saturating_sub(x));
        (x, _) = buffer.set_stringn(x, area.y, text, room, look.style(role));
    };
    write(lead, Role::Dim);
    for node in &alone[first..] {
        let (sign, role) = match (model.here == Some(*node), selected == Some(Item::Node(*node))) {
            (true, _) => (look.sign(Sign::Here), Role::Selected),
            (false, true) => (look.sign(Sign::Cursor), Role::Selected),
            (false, false) => (" ", Role::Text),
        };
        write(sign, Role::Info);
        write(title(node).trim_start(), role);
    }
}
