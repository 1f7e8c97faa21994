//! Where the panes of the screen are, and how they are drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::explore::frame::pane;
use crate::explore::frame::room::Room;
use crate::explore::look::Sign;
use crate::explore::scene::Scene;

use super::item::{self, Item};
use super::model::Model;
use super::{CHOICES, DECISION, ELSEWHERE, FLIPS, IDENTITY, LISTS, PANES, PROOF, proof, selected};

/// How high the proof is beside the tree, and where there is little room.
const PROOF_HEIGHT: u16 = 12;
const PROOF_HEIGHT_SMALL: u16 = 8;
/// How high the data paths are: one line for each, and some that are long.
const ELSEWHERE_HEIGHT: u16 = 11;

/// Draws the screen.
pub(super) fn draw(scene: &Scene<'_>, model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = scene.view.focus().min(PROOF);
    match Room::for_screen(scene, area) {
        Room::Narrow => narrow(scene, model, focus, area, buffer),
        Room::Middle => {
            let [left, right] = halves(area, 58);
            draw_left(scene, model, (focus, PROOF_HEIGHT_SMALL + 2), left, buffer);
            let beside = if (IDENTITY..=FLIPS).contains(&focus) { focus } else { IDENTITY };
            let below = if beside == FLIPS { ELSEWHERE } else { FLIPS };
            let [top, bottom] =
                Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(right);
            draw_list(scene, model, beside, top, buffer);
            draw_list(scene, model, below, bottom, buffer);
        }
        Room::Wide => {
            let [left, right] = halves(area, 56);
            draw_left(scene, model, (focus, PROOF_HEIGHT), left, buffer);
            let heights = [
                Constraint::Fill(3),
                Constraint::Fill(2),
                Constraint::Length(ELSEWHERE_HEIGHT),
                Constraint::Fill(3),
            ];
            let areas: [Rect; 4] = Layout::vertical(heights).areas(right);
            for (pane, area) in [IDENTITY, CHOICES, ELSEWHERE, FLIPS].into_iter().zip(areas) {
                draw_list(scene, model, pane, area, buffer);
            }
        }
    }
}

fn halves(area: Rect, percent: u16) -> [Rect; 2] {
    let widths = [Constraint::Percentage(percent), Constraint::Fill(1)];
    Layout::horizontal(widths).areas(area)
}

/// One pane, and what proves its selected row.
fn narrow(scene: &Scene<'_>, model: &Model, focus: usize, area: Rect, buffer: &mut Buffer) {
    if focus == PROOF {
        return draw_proof(scene, model, area, buffer);
    }
    let heights = [Constraint::Fill(1), Constraint::Length(PROOF_HEIGHT_SMALL)];
    let [top, bottom] = Layout::vertical(heights).areas(area);
    draw_list(scene, model, focus, top, buffer);
    draw_proof(scene, model, bottom, buffer);
}

fn draw_left(
    scene: &Scene<'_>,
    model: &Model,
    (_, proof): (usize, u16),
    area: Rect,
    buffer: &mut Buffer,
) {
    let heights = [Constraint::Fill(1), Constraint::Length(proof)];
    let [top, bottom] = Layout::vertical(heights).areas(area);
    draw_list(scene, model, DECISION, top, buffer);
    draw_proof(scene, model, bottom, buffer);
}

fn draw_list(scene: &Scene<'_>, model: &Model, pane: usize, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, pane, &title(scene, model, pane), area, buffer);
    let inner = if pane == DECISION { headline(scene, model, inner, buffer) } else { inner };
    let selected = selected(scene, model, pane);
    item::draw(scene, (pane, selected), &model.lists[pane], inner, buffer);
}

/// The name of a pane; that of the decision names the entry.
fn title(scene: &Scene<'_>, model: &Model, pane: usize) -> String {
    let name = PANES[pane];
    let name = match model.about.as_ref().and_then(|about| about.decision) {
        Some(event) if pane == DECISION => format!("{name} {}", event.dense_name()),
        _ => name.to_owned(),
    };
    let is_alone = scene.view.focus() == pane && pane < LISTS;
    if is_alone { format!("{name}  {} of {}", pane + 1, PANES.len()) } else { name }
}

/// Draws what stands above the tree, and gives what is left.
fn headline(scene: &Scene<'_>, model: &Model, inner: Rect, buffer: &mut Buffer) -> Rect {
    let width = usize::from(inner.width);
    // The tree keeps more than half of the room.
    let most = usize::from(inner.height) * 2 / 5;
    // The verdict and what became of the request come first and may take two lines each.
    let most_of = |at: usize| if at < 2 { 2 } else { 1 };
    let items = model.headline.iter().enumerate();
    let lines = items.flat_map(|(at, item)| shortened(scene, item, width, most_of(at)));
    let lines: Vec<Line<'_>> = lines.take(most.max(2)).collect();
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line.render(Rect { y, height: 1, ..inner }, buffer);
    }
    let taken = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(inner.height);
    Rect { y: inner.y + taken, height: inner.height - taken, ..inner }
}

/// A row in so many lines; a sign says that there is more.
fn shortened(scene: &Scene<'_>, item: &Item, width: usize, most: usize) -> Vec<Line<'static>> {
    let mut lines = item.lines(scene, width);
    if lines.len() <= most {
        return lines;
    }
    lines.truncate(most);
    let more = scene.look.sign(Sign::Ellipsis);
    let last = lines.last_mut().and_then(|line| line.spans.last_mut());
    if let Some(span) = last {
        let room = width.saturating_sub(more.chars().count() + 1);
        let kept: String = span.content.chars().take(room).collect();
        span.content = format!("{} {more}", kept.trim_end()).into();
    }
    lines
}

fn draw_proof(scene: &Scene<'_>, model: &Model, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, PROOF, PANES[PROOF], area, buffer);
    let size = (usize::from(inner.width), usize::from(inner.height));
    let lines = proof::lines(scene, shown(scene, model), size);
    pane::text(scene.look, &lines, inner, buffer);
}

/// The row whose proof is shown: the selected one of the pane with the focus.
pub(super) fn shown<'m>(scene: &Scene<'_>, model: &'m Model) -> Option<&'m Item> {
    let focus = scene.view.focus();
    let pane = if focus < LISTS { focus } else { DECISION };
    model.lists[pane].get(selected(scene, model, pane))
}
