//! Panes: a border that shows which one has the focus, and rows of which one is selected.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::mouse::Target;
use crate::explore::scene::Scene;

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_FOCUS: border::Set<'static> =
    border::Set { horizontal_top: "=", horizontal_bottom: "=", ..ASCII };

/// The border of what has the focus.
pub(in crate::explore) const fn focused(glyphs: Glyphs) -> border::Set<'static> {
    match glyphs {
        Glyphs::Ascii => ASCII_FOCUS,
        Glyphs::Unicode => border::DOUBLE,
    }
}

/// Draws the border of a pane with its title, and gives what is inside of it.
pub(in crate::explore) fn border(
    scene: &Scene<'_>,
    pane: usize,
    title: &str,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    scene.targets.add(area, Target::Pane(pane));
    let has_focus = scene.view.focus() == pane;
    let set = match (scene.look.glyphs, has_focus) {
        (glyphs, true) => focused(glyphs),
        (Glyphs::Ascii, false) => ASCII,
        (Glyphs::Unicode, false) => border::PLAIN,
    };
    let role = if has_focus { Role::Focus } else { Role::Border };
    let title = Line::from(Span::styled(format!(" {title} "), scene.look.style(Role::Title)));
    let block = Block::bordered().border_set(set).border_style(scene.look.style(role)).title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Draws rows of which the one at `selected` is marked where the pane has the focus, scrolled so
/// that it can be seen.
pub(in crate::explore) fn rows(
    scene: &Scene<'_>,
    (pane, selected): (usize, usize),
    rows: &[Line<'_>],
    inner: Rect,
    buffer: &mut Buffer,
) {
    let seen = seen(selected, rows.len(), inner);
    let has_focus = scene.view.focus() == pane;
    for (offset, row) in rows.iter().enumerate().skip(seen.start).take(seen.len()) {
        let y = inner.y + u16::try_from(offset - seen.start).unwrap_or(u16::MAX);
        let area = Rect { x: inner.x, y, width: inner.width, height: 1 };
        scene.targets.add(area, Target::Row(pane, offset));
        let is_selected = offset == selected;
        let mark = if is_selected { scene.look.sign(Sign::Cursor) } else { " " };
        let style =
            if is_selected && has_focus { scene.look.style(Role::Selected) } else { Style::new() };
        buffer.set_string(area.x, y, mark, style);
        let text = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        line(scene.look, row, text, buffer);
        buffer.set_style(area, style);
    }
}

/// Draws the first lines of a text, as many as there is room for.
pub(in crate::explore) fn text(look: &Look, lines: &[Line<'_>], inner: Rect, buffer: &mut Buffer) {
    for (it, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line(look, it, Rect { y, height: 1, ..inner }, buffer);
    }
}

/// Draws one line; what is cut ends with a sign.
fn line(look: &Look, line: &Line<'_>, area: Rect, buffer: &mut Buffer) {
    line.render(area, buffer);
    if line.width() > usize::from(area.width)
        && let Some(cell) = buffer.cell_mut((area.right().saturating_sub(1), area.y))
    {
        cell.set_symbol(look.sign(Sign::Ellipsis));
    }
}

/// The rows that [`rows`] shows of so many: others need not be made.
pub(in crate::explore) fn seen(selected: usize, rows: usize, inner: Rect) -> Range<usize> {
    let height = usize::from(inner.height);
    let top = first_row(selected, rows, height);
    top..top + height
}

/// The first row to show, so that the selected one is in the middle where it can be.
pub(in crate::explore) fn first_row(selected: usize, rows: usize, height: usize) -> usize {
    selected.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_cut_ends_with_the_sign_of_the_look() {
        let ascii = Look { glyphs: Glyphs::Ascii, ..Look::MONO };
        for look in [Look::MONO, ascii] {
            let area = Rect::new(0, 0, 8, 2);
            let mut buffer = Buffer::empty(area);
            text(
                &look,
                &[Line::from("too long for it"), Line::from("it fits!")],
                area,
                &mut buffer,
            );
            let cells = |y: u16| (0..8).map(|x| buffer[(x, y)].symbol()).collect::<String>();
            assert_eq!(cells(0), format!("too lon{}", look.sign(Sign::Ellipsis)));
            assert_eq!(cells(1), "it fits!");
        }
    }

    #[test]
    fn the_selected_row_is_always_seen() {
        for rows in 0..40 {
            for height in 1..20 {
                for selected in 0..rows {
                    let top = first_row(selected, rows, height);
                    assert!((top..top + height).contains(&selected), "{rows} {height} {selected}");
                    assert!(top == 0 || top + height <= rows, "no room is left empty");
                }
            }
        }
    }
}
