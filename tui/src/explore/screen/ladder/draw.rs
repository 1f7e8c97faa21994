//! Draws the ladder in cells: a column for each box, a line for each message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::explore::frame::pane;
use crate::explore::look::{Look, Role, Sign};
use crate::explore::scene::Scene;

use super::model::{Basis, Column, Keys, Ladder, Message, Note, Outcome, Rung, What};
use super::scene::Shown;
use super::{BELIEFS, LADDER, PANES, WHY, say};
use crate::explore::screen::step::{fitted, time_ms, wrap};

/// The cells before the first column: marks, entry and time.
const GUTTER: usize = 20;
/// The cells between two boxes of one pod, where there is room and where there is not.
const IN_POD_GAP: (usize, usize) = (13, 8);
/// The least cells for the wide gaps.
const WIDE_GAPS_MIN: usize = 90;
/// The least cells between the two ends.
const WIRE_GAP_MIN: usize = 20;
/// The cells behind the last column, as above.
const MARGIN: (usize, usize) = (12, 8);

/// Draws the ladder.
pub(super) fn ladder(
    scene: &Scene<'_>,
    shown: Option<&Shown<'_>>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(shown) = shown else {
        let inner = pane::border(scene, LADDER, PANES[LADDER], area, buffer);
        pane::text(scene.look, &[Line::from(say::NOTHING)], inner, buffer);
        return;
    };
    let title = fitted(&say::title(shown), usize::from(area.width) - 6, scene.look);
    let inner = pane::border(scene, LADDER, &title, area, buffer);
    if inner.height < 5 {
        return;
    }
    let grid = Grid::of(&shown.ladder, usize::from(inner.width));
    let look = scene.look;
    let top = [grid.names(look, &shown.ladder.columns), grid.whats(look, &shown.ladder.columns)];
    for (offset, line) in top.iter().enumerate() {
        let y = inner.y + offset as u16;
        buffer.set_stringn(inner.x, y, line, inner.width.into(), look.style(Role::Title));
    }
    let list = Rect { y: inner.y + 2, height: inner.height - 3, ..inner };
    let selected = scene.view.chosen(LADDER).or(shown.at).unwrap_or(0);
    let lines: Vec<Line<'_>> = shown
        .ladder
        .rungs
        .iter()
        .enumerate()
        .map(|(place, rung)| grid.rung(look, shown, (place, rung)))
        .collect();
    pane::rows(scene, (LADDER, selected), &lines, list, buffer);
    let legend = legend(look, &shown.ladder);
    let y = inner.y + inner.height - 1;
    let legend = fitted(&legend, usize::from(inner.width), look);
    buffer.set_string(inner.x, y, legend, look.style(Role::Dim));
}

fn legend(look: &Look, ladder: &Ladder) -> String {
    let (plain, encrypted) = (look.sign(Sign::Plain), look.sign(Sign::Encrypted));
    let more = match ladder.left_out {
        0 => String::new(),
        count => format!("  {count} more requests used it"),
    };
    format!(
        " ~ derived  {plain} plain  {encrypted} encrypted  {{..}} handshake keys  {} fatal  {} \
         here{more}",
        look.sign(Sign::Bad),
        look.sign(Sign::Here),
    )
}

/// Where the columns stand.
struct Grid {
    /// The cell of each lifeline.
    at: Vec<usize>,
    width: usize,
}

impl Grid {
    fn of(ladder: &Ladder, width: usize) -> Self {
        // The mark of the selected row takes the first cell.
        let width = width - 1;
        let count = ladder.columns.len();
        let is_wide = width >= WIDE_GAPS_MIN;
        let (in_pod, margin) = match is_wide {
            true => (IN_POD_GAP.0, MARGIN.0),
            false => (IN_POD_GAP.1, MARGIN.1),
        };
        let in_pods = in_pod * count.saturating_sub(2);
        let wire = width.saturating_sub(GUTTER + in_pods + margin).max(WIRE_GAP_MIN);
        let mut at = vec![GUTTER];
        for column in 1..count {
            let gap = if column == ladder.ends.1 { wire } else { in_pod };
            at.push(at[column - 1] + gap);
        }
        Self { at, width }
    }

    /// The cells that a column's title may take.
    fn room(&self, column: usize) -> usize {
        let end = self.at.get(column + 1).copied().unwrap_or(self.width + 1);
        end.saturating_sub(self.at[column] + 1)
    }

    fn heading<'t>(&self, look: &Look, text: impl Iterator<Item = &'t str>) -> String {
        let mut line = " ".repeat(GUTTER + 1);
        for (column, text) in text.enumerate() {
            let room = self.room(column);
            line.push_str(&format!("{:<1$}", fitted(text, room, look), room + 1));
        }
        line
    }

    fn names(&self, look: &Look, columns: &[Column]) -> String {
        // What it is stands below its name.
        let names = columns.iter().map(|it| match it.name.strip_suffix(it.what) {
            Some(short) if !short.trim_end().is_empty() => short.trim_end(),
            _ => it.name.as_str(),
        });
        self.heading(look, names)
    }

    fn whats(&self, look: &Look, columns: &[Column]) -> String {
        self.heading(look, columns.iter().map(|it| it.what))
    }

    fn rung<'a>(&self, look: &Look, shown: &Shown<'_>, (place, rung): (usize, &Rung)) -> Line<'a> {
        let is_here = shown.at == Some(place);
        let mut cells = Cells::new(self, look);
        let role = match &rung.what {
            What::Message(message) => {
                cells.message(self, look, message);
                role_of(message)
            }
            What::Note(note) => {
                cells.note(self, look, note);
                if note.outcome == Outcome::Fatal { Role::Bad } else { Role::Text }
            }
        };
        let style = match shown.at {
            _ if is_here => look.style(Role::Title),
            Some(at) if place > at => look.style(Role::Dim),
            None => look.style(Role::Dim),
            Some(_) => look.style(role),
        };
        let gutter = gutter(rung, if is_here { look.sign(Sign::Here) } else { " " });
        Line::from(vec![Span::styled(gutter, style), Span::styled(cells.text(), style)])
    }
}

fn role_of(message: &Message) -> Role {
    match (message.outcome, message.protection) {
        (Outcome::Fatal, _) => Role::Bad,
        (_, Keys::None) => Role::Text,
        (_, Keys::Handshake | Keys::Application) => Role::Encrypted,
    }
}

/// `*~ e12      2.404`: the sign of whether it is here, how it is known, which entry, when.
fn gutter(rung: &Rung, here: &str) -> String {
    match rung.basis {
        Basis::Derived => format!("{here}~{:17} ", ""),
        Basis::Recorded => {
            let at = rung.at.map_or(String::new(), |at| time_ms(at.as_ns()));
            // A long number takes its room from the time, so that lifelines stay where they are.
            let name = format!("{:<6}", rung.anchor.dense_name());
            let rest = GUTTER.saturating_sub(4 + name.len());
            format!("{here} {name} {at:>rest$} ")
        }
    }
}

/// The cells of one row, from the first lifeline on.
struct Cells(Vec<String>);

impl Cells {
    fn new(grid: &Grid, look: &Look) -> Self {
        let mut cells = vec![" ".to_owned(); grid.width.saturating_sub(GUTTER)];
        for at in &grid.at {
            if let Some(cell) = cells.get_mut(at - GUTTER) {
                *cell = look.sign(Sign::Bar).to_owned();
            }
        }
        Self(cells)
    }

    fn put(&mut self, at: usize, text: &str) {
        for (offset, sign) in text.chars().enumerate() {
            if let Some(cell) = self.0.get_mut(at + offset) {
                *cell = sign.to_string();
            }
        }
    }

    fn message(&mut self, grid: &Grid, look: &Look, message: &Message) {
        let (low, high) = (message.from.min(message.to), message.from.max(message.to));
        let (start, end) = (grid.at[low] - GUTTER + 1, grid.at[high] - GUTTER);
        let width = end.saturating_sub(start);
        let sign = match message.protection {
            Keys::None => look.sign(Sign::Plain),
            Keys::Handshake | Keys::Application => look.sign(Sign::Encrypted),
        };
        let one: String = sign.chars().take(1).collect();
        self.put(start, &one.repeat(width));
        if message.from < message.to {
            self.put(end - 1, look.sign(Sign::Right));
        } else {
            self.put(start, look.sign(Sign::Left));
        }
        let fatal = message.outcome == Outcome::Fatal;
        if fatal {
            let at = if message.from < message.to { end.saturating_sub(3) } else { start + 1 };
            self.put(at, look.sign(Sign::Bad));
        }
        let (long, short) = message.kind.words();
        let is_tight = width < WIRE_GAP_MIN - 2;
        let room = width.saturating_sub(if is_tight { 4 } else { 6 });
        let is_whole = |text: &str| text.chars().count() <= room;
        let text = match (is_whole(&long), is_whole(&short), is_tight) {
            (true, ..) => long,
            (false, true, _) => short,
            // A piece of a word says less than an arrow.
            (false, false, true) => String::new(),
            (false, false, false) => fitted(&short, room, look),
        };
        if !text.is_empty() {
            self.put(start + if is_tight { 1 } else { 3 }, &format!(" {text} "));
        }
    }

    /// Text at the right of its lifeline, or at the left where there is more room.
    fn note(&mut self, grid: &Grid, look: &Look, note: &Note) {
        let at = grid.at[note.column] - GUTTER;
        let right = self.0.len().saturating_sub(at + 2);
        let length = note.text.chars().count();
        let sign = if note.outcome == Outcome::Fatal { look.sign(Sign::Bad) } else { "" };
        let text =
            if sign.is_empty() { note.text.clone() } else { format!("{sign} {}", note.text) };
        if length + 2 <= right || at < right {
            self.put(at + 2, &fitted(&text, right, look));
        } else {
            let text = fitted(&text, at.saturating_sub(2), look);
            self.put(at - 1 - text.chars().count(), &text);
        }
    }

    fn text(self) -> String {
        self.0.concat().trim_end().to_owned()
    }
}

/// Draws what each end believes.
pub(super) fn beliefs(
    scene: &Scene<'_>,
    shown: Option<&Shown<'_>>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let title = "What each end believes at the cursor";
    let inner = pane::border(scene, BELIEFS, title, area, buffer);
    let Some(shown) = shown else { return };
    let (client, server) = shown.ladder.ends;
    let width = usize::from(inner.width);
    let side = width.saturating_sub(13) / 2;
    let look = scene.look;
    let head = |column: usize| fitted(&shown.ladder.columns[column].name, side, look);
    let heading = format!(" {:<11}{:<side$} {}", "", head(client), head(server));
    let mut lines = vec![Line::from(Span::styled(heading, look.style(Role::Title)))];
    let is_alone = usize::from(inner.height) > 2 * shown.beliefs.len() + 2;
    for belief in &shown.beliefs {
        let (of_client, of_server) = if is_alone {
            (wrap(&belief.client, side), wrap(&belief.server, side))
        } else {
            let one = |text: &str| vec![fitted(text, side, look)];
            (one(&belief.client), one(&belief.server))
        };
        for row in 0..of_client.len().max(of_server.len()) {
            let about = if row == 0 { belief.about } else { "" };
            let text = |of: &[String]| of.get(row).cloned().unwrap_or_default();
            lines.push(Line::from(format!(
                " {about:<11}{:<side$} {}",
                text(&of_client),
                text(&of_server)
            )));
        }
    }
    pane::text(scene.look, &lines, inner, buffer);
}

/// Draws why it is so.
pub(super) fn why(scene: &Scene<'_>, shown: Option<&Shown<'_>>, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, WHY, PANES[WHY], area, buffer);
    let Some(shown) = shown else { return };
    let width = usize::from(inner.width);
    let lines: Vec<Line<'_>> = say::why(shown, scene)
        .iter()
        .flat_map(|text| wrap(text, width))
        .map(|piece| Line::from(Span::styled(piece, Style::new())))
        .collect();
    pane::text(scene.look, &lines, inner, buffer);
}
