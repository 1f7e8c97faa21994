//! How overlays look: a line at the bottom with what it can go on with above it, and boxes over
//! the middle of the screen. At 80x24 all of them fit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Block, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::Overlay;
use super::entry::{Judgement, Prompt, Purpose};
use super::line::Line;
use super::list::{List, Listed};
use super::palette::{self, Palette};
use super::words::Words;
use crate::explore::frame::Parts;
use crate::explore::frame::fit::fit;
use crate::explore::frame::pane::focused;
use crate::explore::keys::Bindings;
use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::screen::Screen;

/// The most candidates that are shown at once.
const CANDIDATES_SHOWN: usize = 8;

/// The most columns that a box takes.
const BOX_WIDTH_MAX: u16 = 110;

/// What overlays show beside their own state.
pub(in crate::explore) struct Shown<'a> {
    /// What the run knows by name.
    pub(in crate::explore) words: &'a Words<'a>,
    /// The keys.
    pub(in crate::explore) bindings: &'a Bindings,
    /// The screen below.
    pub(in crate::explore) screen: Screen,
    /// The rows of the open list, as text.
    pub(in crate::explore) rows: &'a [String],
    /// How anything looks.
    pub(in crate::explore) look: &'a Look,
}

/// Draws what is open over a screen whose parts are given.
pub(in crate::explore) fn draw(
    overlay: &Overlay,
    shown: &Shown<'_>,
    parts: &Parts,
    buffer: &mut Buffer,
) {
    match overlay {
        Overlay::Prompt(prompt) => draw_prompt(prompt, shown, parts, buffer),
        Overlay::Palette(palette) => draw_palette(palette, shown, parts.body, buffer),
        Overlay::List(list) => draw_list(*list, shown, parts.body, buffer),
    }
}

fn draw_prompt(prompt: &Prompt, shown: &Shown<'_>, parts: &Parts, buffer: &mut Buffer) {
    let look = shown.look;
    let label = Span::styled(format!(" {}", prompt.purpose().label()), look.style(Role::Key));
    draw_line(label, prompt.line(), look, parts.status, buffer);
    let (how, verdict) = match prompt.judge(shown.words) {
        Judgement::Right => ((Role::Good, Some(Sign::Good)), "right; Enter takes it".to_owned()),
        Judgement::Unfinished => ((Role::Dim, None), "it can go on; Tab completes it".to_owned()),
        Judgement::Wrong(why) => ((Role::Bad, Some(Sign::Bad)), why),
        Judgement::Empty => ((Role::Dim, None), invitation(prompt.purpose())),
    };
    Clear.render(parts.hints, buffer);
    say(look, how, &verdict, parts.hints, buffer);
    draw_candidates(prompt, shown, parts.body, buffer);
}

/// What an empty line says.
fn invitation(purpose: Purpose) -> String {
    match purpose {
        Purpose::Command => {
            "a command, a number, a time or a name, such as 25 or 412ms; Tab completes".to_owned()
        }
        Purpose::Argument(_, expected) => {
            format!(
                "{}, such as {}; Tab completes, esc closes",
                expected.noun(),
                expected.example()
            )
        }
        Purpose::Breakpoint(_) => "a condition; esc leaves it as it is".to_owned(),
    }
}

/// One line, cut with a sign where it is longer than the area.
fn say(
    look: &Look,
    (role, sign): (Role, Option<Sign>),
    text: &str,
    area: Rect,
    buffer: &mut Buffer,
) {
    let sign = sign.map(|sign| format!("{} ", look.sign(sign))).unwrap_or_default();
    let line = cut(look, &format!(" {sign}{text}"), area);
    Text::from(Span::styled(line, look.style(role))).render(area, buffer);
}

/// A line as long as an area is wide, with a sign where something is missing.
fn cut(look: &Look, text: &str, area: Rect) -> String {
    fit(text, usize::from(area.width), look.sign(Sign::Ellipsis))
}

/// A line that is typed, with its place as a reversed cell.
fn draw_line(label: Span<'_>, line: &Line, look: &Look, area: Rect, buffer: &mut Buffer) {
    Clear.render(area, buffer);
    let before = u16::try_from(label.content.width()).unwrap_or(u16::MAX).min(area.width);
    let rest = area.width - before;
    let (text, place) = line.shown(usize::from(rest.saturating_sub(1)));
    Text::from(vec![label, Span::raw(text)]).render(area, buffer);
    let column = area.x + before + u16::try_from(place).unwrap_or(u16::MAX).min(rest);
    if column < area.right()
        && let Some(cell) = buffer.cell_mut((column, area.y))
    {
        cell.set_style(look.style(Role::Cursor));
    }
}

fn draw_candidates(prompt: &Prompt, shown: &Shown<'_>, body: Rect, buffer: &mut Buffer) {
    let (candidates, at) = prompt.candidates(shown.words);
    let count = candidates.all.len();
    if count == 0 || prompt.line().text().is_empty() {
        return;
    }
    let height = count.min(CANDIDATES_SHOWN);
    let first = at.map_or(0, |at| (at + 1).saturating_sub(height));
    let window = &candidates.all[first..(first + height).min(count)];
    let widest = window.iter().map(|candidate| candidate.text.width()).max().unwrap_or(0);
    let rows: Vec<String> = window
        .iter()
        .map(|candidate| {
            let gap = " ".repeat(widest - candidate.text.width());
            format!(" {}{gap}  {}", candidate.text, candidate.note)
        })
        .collect();
    let title = match count {
        1 => "1 way to go on".to_owned(),
        _ => format!("{count} ways to go on"),
    };
    let rows_high = u16::try_from(height).unwrap_or(u16::MAX);
    let area = Rect {
        x: body.x,
        y: body.bottom().saturating_sub(rows_high + 2).max(body.y),
        width: body.width.min(BOX_WIDTH_MAX),
        height: (rows_high + 2).min(body.height),
    };
    let inner = draw_box(&title, shown.look, area, buffer);
    draw_rows(&rows, at.map(|at| at - first), shown.look, inner, buffer);
}

fn draw_palette(palette: &Palette, shown: &Shown<'_>, body: Rect, buffer: &mut Buffer) {
    let look = shown.look;
    let area = middle(body, body.height);
    let listed = palette.listed(shown.bindings, shown.screen);
    let selected = palette.selected(listed.len());
    let inner = draw_box("Actions: type to search, Enter runs one, ? closes", look, area, buffer);
    let [top, rest] = split_top(inner);
    let label = Span::styled("search: ", look.style(Role::Key));
    draw_line(label, palette.line(), look, top, buffer);
    if listed.is_empty() {
        let none = (Role::Warn, Some(Sign::Bad));
        say(look, none, "no action is called so", rest, buffer);
        return;
    }
    let [rest, detail] = split_bottom(rest, 2);
    let (rows, place) = palette_rows(palette, &listed, selected);
    let height = usize::from(rest.height);
    // A heading above the first row stays in sight.
    let first = if selected == 0 { 0 } else { scrolled(place, rows.len(), height) };
    for ((role, text), row) in rows.iter().skip(first).zip(rest.rows()) {
        Text::from(Span::styled(cut(look, text, row), look.style(*role))).render(row, buffer);
    }
    if let Some(row) = rest.rows().nth(place - first) {
        mark(look, row, buffer);
    }
    let it = &listed[selected];
    let more = format!("{}  or  :{}", it.keys, it.row.usage());
    for ((role, text), row) in
        [(Role::Key, more.as_str()), (Role::Text, it.row.sentence)].into_iter().zip(detail.rows())
    {
        say(look, (role, None), text, row, buffer);
    }
}

/// The rows of the list with their roles, and the place of the selected one among them.
fn palette_rows(
    palette: &Palette,
    listed: &[palette::Listed],
    selected: usize,
) -> (Vec<(Role, String)>, usize) {
    let searched = !palette.line().text().trim().is_empty();
    // One key is enough to learn; the line below the list has all of them.
    let key = |it: &palette::Listed| it.keys.split("  ").next().unwrap_or_default().to_owned();
    let keys_wide = listed.iter().map(|it| key(it).width()).max().unwrap_or(0);
    let names_wide = listed.iter().map(|it| it.row.name.width()).max().unwrap_or(0);
    let mut rows = Vec::new();
    let mut place = 0;
    let mut group = None;
    for (index, it) in listed.iter().enumerate() {
        // Groups order what is not ordered by a search.
        if !searched && group != Some(it.row.group) {
            group = Some(it.row.group);
            rows.push((Role::Title, it.row.group.word().to_uppercase()));
        }
        if index == selected {
            place = rows.len();
        }
        let (key, name, sentence) = (key(it), it.row.name, it.row.sentence);
        rows.push((Role::Text, format!(" {key:<keys_wide$}  {name:<names_wide$}  {sentence}")));
    }
    (rows, place)
}

fn draw_list(list: List, shown: &Shown<'_>, body: Rect, buffer: &mut Buffer) {
    let look = shown.look;
    let count = shown.rows.len();
    let (title, keys, none) = match list.of {
        Listed::Breakpoints => (
            "Breakpoints",
            "Enter edit or go there  space on/off  d delete  a add  esc close",
            "There are no breakpoints: a adds one by a condition, b sets one at an event.",
        ),
        Listed::Marks => (
            "Marks",
            "Enter go there  d delete  esc close",
            "There are no marks: m and a letter mark an event.",
        ),
    };
    let rows_high = u16::try_from(count.max(1)).unwrap_or(u16::MAX).saturating_add(4);
    let area = middle(body, rows_high.min(body.height));
    let inner = draw_box(title, look, area, buffer);
    let rows = Rect { height: inner.height.saturating_sub(2), ..inner };
    if count == 0 {
        say(look, (Role::Text, None), none, rows, buffer);
    } else {
        let texts: Vec<String> = shown.rows.iter().map(|row| format!(" {row}")).collect();
        let selected = list.selected(count);
        let first = scrolled(selected, count, usize::from(rows.height));
        draw_rows(&texts[first..], Some(selected - first), look, rows, buffer);
    }
    let bottom = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
    say(look, (Role::Dim, None), keys, bottom, buffer);
}

/// The first row to show so that `place` is in sight.
fn scrolled(place: usize, count: usize, height: usize) -> usize {
    let middle = place.saturating_sub(height / 2);
    middle.min(count.saturating_sub(height))
}

fn split_top(area: Rect) -> [Rect; 2] {
    let top = Rect { height: area.height.min(1), ..area };
    let rest = Rect { y: area.y + top.height, height: area.height - top.height, ..area };
    [top, rest]
}

fn split_bottom(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    let top = Rect { height: area.height - height, ..area };
    [top, Rect { y: area.y + top.height, height, ..area }]
}

/// A box of this height in the middle of an area.
fn middle(area: Rect, height: u16) -> Rect {
    let width = area.width.saturating_sub(2).min(BOX_WIDTH_MAX);
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// Clears an area, draws a border with a title, and gives what is inside.
fn draw_box(title: &str, look: &Look, area: Rect, buffer: &mut Buffer) -> Rect {
    Clear.render(area, buffer);
    let title = Text::from(Span::styled(format!(" {title} "), look.style(Role::Title)));
    let block = Block::bordered()
        .border_set(focused(look.glyphs))
        .border_style(look.style(Role::Focus))
        .style(Style::new())
        .title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

fn draw_rows(
    rows: &[String],
    selected: Option<usize>,
    look: &Look,
    area: Rect,
    buffer: &mut Buffer,
) {
    for (index, (text, row)) in rows.iter().zip(area.rows()).enumerate() {
        Text::from(cut(look, text, row)).render(row, buffer);
        if selected == Some(index) {
            mark(look, row, buffer);
        }
    }
}

/// Marks a row as selected: by a sign and by its style.
fn mark(look: &Look, row: Rect, buffer: &mut Buffer) {
    buffer.set_style(row, look.style(Role::Selected));
    if let Some(cell) = buffer.cell_mut((row.x, row.y))
        && cell.symbol() == " "
    {
        cell.set_symbol(look.sign(Sign::Cursor));
    }
}
