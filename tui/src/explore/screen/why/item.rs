//! Rows that may take several lines, of which one is selected: how they are wrapped and drawn.

use meshwalk_models::explain::RuleId;
use meshwalk_models::world::Origin;
use meshwalk_sim::timeline::EventId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;
use crate::report::tree::wrap;

/// How deep rows are set in at most.
const INDENT_MAX: usize = 12;

/// A row of a pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// How deep it stands.
    pub(super) depth: usize,
    /// What can be unfolded, and whether it is.
    pub(super) fold: Option<Fold>,
    /// What stands before it.
    pub(super) sign: Option<Sign>,
    /// What it is.
    pub(super) role: Role,
    /// What it says.
    pub(super) text: String,
    /// Lines below it; those that stand below each other, mark by mark, are not wrapped.
    pub(super) below: Vec<(Role, String)>,
    /// The entry that it is about.
    pub(super) event: Option<EventId>,
    /// The line that makes it so.
    pub(super) origin: Option<Origin>,
    /// The rule behind it.
    pub(super) rule: Option<RuleId>,
}

/// Something that can be unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fold {
    /// Its name among those of its pane.
    pub(super) key: String,
    /// Whether it is unfolded.
    pub(super) state: FoldState,
}

/// Whether what lies below is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldState {
    /// It is.
    Open,
    /// It is not.
    Closed,
}

impl Item {
    /// A row that says something.
    pub(super) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            depth: 0,
            fold: None,
            sign: None,
            role,
            text: text.into(),
            below: Vec::new(),
            event: None,
            origin: None,
            rule: None,
        }
    }

    /// The same about an entry.
    pub(super) fn about(self, event: EventId) -> Self {
        Self { event: Some(event), ..self }
    }

    /// The same with a sign before it.
    pub(super) fn signed(self, sign: Sign) -> Self {
        Self { sign: Some(sign), ..self }
    }

    /// The same with the line that makes it so.
    pub(super) fn from(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// The same with the rule behind it.
    pub(super) fn by(self, rule: RuleId) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// It in lines of a width.
    pub(super) fn lines(&self, scene: &Scene<'_>, width: usize) -> Vec<Line<'static>> {
        let look = scene.look;
        let indent = " ".repeat((self.depth * 2).min(INDENT_MAX));
        let fold = match self.fold.as_ref().map(|fold| fold.state) {
            Some(FoldState::Open) => format!("{} ", look.sign(Sign::Unfolded)),
            Some(FoldState::Closed) => format!("{} ", look.sign(Sign::Folded)),
            None => String::new(),
        };
        let sign = self.sign.map_or_else(String::new, |sign| format!("{} ", look.sign(sign)));
        let lead = format!("{indent}{fold}{sign}");
        let taken = lead.chars().count();
        let rest = " ".repeat(taken);
        let style = look.style(self.role);
        let room = width.saturating_sub(taken).max(12);
        let wrapped = broken(&self.text, room);
        let mut lines: Vec<Line<'static>> = wrapped
            .into_iter()
            .enumerate()
            .map(|(at, text)| {
                let lead = if at == 0 { lead.clone() } else { rest.clone() };
                Line::from(vec![Span::styled(lead, style), Span::styled(text, style)])
            })
            .collect();
        for (role, text) in &self.below {
            let texts = match role {
                Role::Dim => broken(text, room),
                _ => vec![text.clone()],
            };
            lines.extend(texts.into_iter().map(|text| {
                Line::from(vec![Span::raw(rest.clone()), Span::styled(text, look.style(*role))])
            }));
        }
        lines
    }
}

/// A text in lines of a width; a word that is longer is broken.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in wrap(text, width) {
        let characters: Vec<char> = line.chars().collect();
        match characters.len() <= width {
            true => lines.push(line),
            false => lines.extend(characters.chunks(width).map(|part| part.iter().collect())),
        }
    }
    lines
}

/// Draws rows so that the selected one can be seen.
pub(super) fn draw(
    scene: &Scene<'_>,
    (pane, selected): (usize, usize),
    items: &[Item],
    area: Rect,
    buffer: &mut Buffer,
) {
    let height = usize::from(area.height);
    let width = usize::from(area.width).saturating_sub(2);
    let blocks: Vec<Vec<Line<'_>>> = items.iter().map(|item| item.lines(scene, width)).collect();
    let before: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let total: usize = blocks.iter().map(Vec::len).sum();
    let own = blocks.get(selected).map_or(0, Vec::len);
    // A third of what can be seen stands before the selected row, and all of that row.
    let top = before.saturating_sub(height / 3).max((before + own).saturating_sub(height));
    let top = top.min(total.saturating_sub(height)).min(before);
    let has_focus = scene.view.focus() == pane;
    let lines = blocks.iter().enumerate().flat_map(|(at, block)| {
        block.iter().enumerate().map(move |(line, text)| (at == selected, line == 0, text))
    });
    for ((is_selected, is_first, line), y) in lines.skip(top).zip(area.y..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        let mark = if is_selected && is_first { scene.look.sign(Sign::Cursor) } else { " " };
        buffer.set_string(row.x, y, mark, scene.look.style(Role::Text));
        line.render(Rect { x: row.x + 2, width: row.width.saturating_sub(2), ..row }, buffer);
        if is_selected && has_focus {
            buffer.set_style(row, scene.look.style(Role::Selected));
        }
    }
}
