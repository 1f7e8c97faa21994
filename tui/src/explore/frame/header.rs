//! The two lines at the top: what is explored and where, and the screens.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use unicode_width::UnicodeWidthStr;

use super::fit::fit;
use crate::explore::look::{Role, Sign};
use crate::explore::mouse::Target;
use crate::explore::scene::Scene;
use crate::explore::screen::Screen;

/// How many hexadecimal digits of the state's hash are shown: enough for two people to see whether
/// they look at the same state.
const HASH_DIGITS: usize = 4;

/// Draws what is explored: title, data path, seed, branch and the state's hash.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let separator = format!(" {} ", scene.look.sign(Sign::Separator));
    let hash = format!("{:016x}", scene.timeline.here().state_hash());
    let right = [
        format!("seed {}", scene.session.scenario.file.seed),
        scene.view.cursor.branch.name(),
        format!("state {}", &hash[..HASH_DIGITS]),
    ]
    .join(&separator);
    let left = format!(" meshwalk{separator}{}", scene.session.title);
    let width = usize::from(area.width);
    let room = width.saturating_sub(right.chars().count() + separator.chars().count() + 1);
    let left = fit(&left, room, scene.look.sign(Sign::Ellipsis));
    let gap = " ".repeat(room.saturating_sub(left.width()));
    let style = scene.look.style(Role::Title);
    let line = Line::from(vec![
        Span::styled(left, style),
        Span::raw(gap),
        Span::styled(separator, scene.look.style(Role::Border)),
        Span::styled(right, style),
    ]);
    line.render(area, buffer);
}

/// Draws the screens, the one that is shown marked.
pub(super) fn draw_tabs(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let mut spans = vec![Span::raw(" ")];
    let mut x = area.x + 1;
    for (row, screen) in Screen::ALL.into_iter().enumerate() {
        let number = row + 1;
        let text = if screen == scene.view.screen {
            Span::styled(format!("[{number} {}]", screen.title()), scene.look.style(Role::Selected))
        } else {
            Span::styled(format!(" {number} {} ", screen.title()), scene.look.style(Role::Text))
        };
        let width = u16::try_from(text.content.len()).unwrap_or(u16::MAX);
        let tab = Rect { x, width, ..area };
        scene.targets.add(tab, Target::Tab(screen));
        x = x.saturating_add(width);
        spans.push(text);
    }
    Line::from(spans).render(area, buffer);
}
