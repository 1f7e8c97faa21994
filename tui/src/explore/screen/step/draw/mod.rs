//! Draws the panes of the Step screen in cells.

mod events;
mod layers;
mod path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::explore::frame::pane;
use crate::explore::look::Role;
use crate::explore::scene::Scene;

use super::model::Model;
use super::{PANES, WHY, why};

pub(super) use events::draw as events;
pub(super) use layers::draw as layers;
pub(super) use path::draw as path;

/// Draws the last decision.
pub(super) fn why(scene: &Scene<'_>, model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    let decision = why::last_decision(scene);
    let title = match decision {
        Some(event) => format!("{}: last decision, {}", PANES[WHY], event.dense_name()),
        None => PANES[WHY].to_owned(),
    };
    let inner = pane::border(scene, WHY, &title, area, buffer);
    let Some(event) = decision else {
        let text = "nothing was decided yet for this request";
        let line = Line::from(Span::styled(text, scene.look.style(Role::Dim)));
        pane::text(scene.look, &[line], inner, buffer);
        return;
    };
    let width = usize::from(inner.width);
    let lines = why::lines(&model.words, model.log, event);
    let mut wrapped = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let role = if place == 0 { Role::Text } else { Role::Dim };
        for piece in wrap(line, width) {
            wrapped.push(Line::from(Span::styled(piece, scene.look.style(role))));
        }
    }
    pane::text(scene.look, &wrapped, inner, buffer);
}

/// Breaks text at spaces into lines of at most `width` cells; words that are longer are cut apart.
pub(in crate::explore::screen) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        let fits = |line: &str, word: &str| {
            let gap = usize::from(!line.is_empty());
            line.chars().count() + gap + word.chars().count() <= width
        };
        if !fits(&line, word) && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while word.chars().count() > width {
            let cut = word.char_indices().nth(width).map_or(word.len(), |(at, _)| at);
            lines.push(word[..cut].to_owned());
            word = &word[cut..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
